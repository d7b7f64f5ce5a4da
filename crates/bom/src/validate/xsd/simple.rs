//! Simple types: what a text may be (XML Schema part 2).

use std::borrow::Cow;
use std::collections::HashSet;

use regex::Regex;

use super::{Schema, Type, TypeId};

/// A simple type.
#[derive(Debug)]
pub(super) struct Simple {
    pub(super) variety: Variety,
    pub(super) facets: Facets,
}

#[derive(Debug)]
pub(super) enum Variety {
    Builtin(Builtin),
    Restriction(TypeId),
    Union(Vec<TypeId>),
}

#[derive(Debug, Default)]
pub(super) struct Facets {
    pub(super) enumeration: HashSet<String>,
    /// Several in one restriction are alternatives.
    pub(super) patterns: Vec<Regex>,
    pub(super) min_length: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

macro_rules! builtins {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Builtin { $($variant,)+ }

        impl Builtin {
            pub(super) const ALL: &[(&str, Self)] = &[$(($name, Self::$variant),)+];
        }
    };
}

builtins! {
    AnyUri = "anyURI",
    Boolean = "boolean",
    Date = "date",
    DateTime = "dateTime",
    Decimal = "decimal",
    Integer = "integer",
    NonNegativeInteger = "nonNegativeInteger",
    NormalizedString = "normalizedString",
    PositiveInteger = "positiveInteger",
    String = "string",
    Token = "token",
}

/// What is wrong with a text, if anything.
pub(super) fn fault(schema: &Schema, kind: TypeId, text: &str) -> Option<String> {
    let Some(Type::Simple(simple)) = schema.types.get(kind) else { return None };
    let text = normalized(schema, kind, text);
    match &simple.variety {
        Variety::Builtin(builtin) => {
            (!builtin.accepts(&text)).then(|| format!("`{}` is no {}", shown(&text), builtin.title()))
        }
        Variety::Restriction(base) => fault(schema, *base, &text).or_else(|| simple.facets.fault(&text)),
        Variety::Union(members) => {
            let faults: Vec<String> =
                members.iter().map_while(|member| fault(schema, *member, &text)).collect();
            (faults.len() == members.len()).then(|| faults.join(", and "))
        }
    }
}

fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        text.chars().take(MOST).chain(['…']).collect()
    }
}

/// White space as the primitive type wants it.
fn normalized<'t>(schema: &Schema, kind: TypeId, text: &'t str) -> Cow<'t, str> {
    let mut kind = kind;
    loop {
        match schema.types.get(kind) {
            Some(Type::Simple(Simple { variety: Variety::Restriction(base), .. })) => kind = *base,
            Some(Type::Simple(Simple { variety: Variety::Builtin(Builtin::String), .. })) => {
                return text.into();
            }
            Some(Type::Simple(Simple { variety: Variety::Builtin(Builtin::NormalizedString), .. })) => {
                return text.replace(['\t', '\n', '\r'], " ").into();
            }
            Some(Type::Simple(Simple { variety: Variety::Builtin(_), .. })) => {
                return text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into();
            }
            _ => return text.into(),
        }
    }
}

impl Facets {
    fn fault(&self, text: &str) -> Option<String> {
        let number = || text.parse::<f64>().ok();
        if !self.enumeration.is_empty() && !self.enumeration.contains(text) {
            return Some(format!(
                "`{}` is none of the {} allowed values",
                shown(text),
                self.enumeration.len()
            ));
        }
        if !self.patterns.is_empty() && !self.patterns.iter().any(|pattern| pattern.is_match(text)) {
            return Some(format!("`{}` has not the form it must have", shown(text)));
        }
        let length = text.chars().count();
        if self.min_length.is_some_and(|min| length < min) {
            return Some(format!("`{}` is too short", shown(text)));
        }
        if self.max_length.is_some_and(|max| length > max) {
            return Some(format!("`{}` is too long", shown(text)));
        }
        let outside = |bound: Option<f64>, beyond: fn(&f64, &f64) -> bool| {
            bound.is_some_and(|bound| number().is_none_or(|number| beyond(&number, &bound)))
        };
        (outside(self.min, f64::lt) || outside(self.max, f64::gt))
            .then(|| format!("`{}` is out of range", shown(text)))
    }
}

impl Builtin {
    fn title(self) -> &'static str {
        Self::ALL.iter().find(|(_, builtin)| *builtin == self).map_or("text", |(name, _)| name)
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::String | Self::NormalizedString | Self::Token => true,
            Self::AnyUri => is_uri(text),
            Self::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Self::Decimal => is_decimal(text),
            Self::Integer => is_integer(text),
            Self::NonNegativeInteger => is_integer(text) && (!text.starts_with('-') || is_zero(text)),
            Self::PositiveInteger => is_integer(text) && !text.starts_with('-') && !is_zero(text),
            Self::Date => date(text).is_some_and(is_zone),
            Self::DateTime => date(text).and_then(|rest| time(rest.strip_prefix('T')?)).is_some_and(is_zone),
        }
    }
}

/// RFC 3987 with the leniency of the schema standard: what can be escaped may stand unescaped.
fn is_uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    let escapes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    escapes.into_iter().all(|(at, _)| hex(at + 1) && hex(at + 2))
        && bytes.iter().filter(|byte| **byte == b'#').count() <= 1
        && !text.starts_with(':')
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_integer(text: &str) -> bool {
    is_digits(unsigned(text))
}

fn is_zero(text: &str) -> bool {
    unsigned(text).bytes().all(|byte| byte == b'0')
}

fn is_decimal(text: &str) -> bool {
    let text = unsigned(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.is_empty() || is_digits(part);
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// Takes `YYYY-MM-DD` off; the year may be longer or negative.
fn date(text: &str) -> Option<&str> {
    let sign = usize::from(text.starts_with('-'));
    let dash = sign + text.get(sign..)?.find('-')?;
    let year = text.get(sign..dash)?;
    let (month, day) = (number(text, dash + 1)?, number(text, dash + 4)?);
    let between = text.as_bytes().get(dash + 3) == Some(&b'-');
    let right = year.len() >= 4
        && is_digits(year)
        && !(year.len() > 4 && year.starts_with('0'))
        && between
        && (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day);
    if right { text.get(dash + 6..) } else { None }
}

fn days(year: &str, month: u8) -> u8 {
    // The rule of leap years looks at the last four digits only: 400 divides 10000.
    let year: u32 = year.get(year.len().saturating_sub(4)..).and_then(|y| y.parse().ok()).unwrap_or(0);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Two digits.
fn number(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..at + 2)?;
    if is_digits(digits) { digits.parse().ok() } else { None }
}

/// Takes `hh:mm:ss.fff` off.
fn time(text: &str) -> Option<&str> {
    let (hour, minute, second) = (number(text, 0)?, number(text, 3)?, number(text, 6)?);
    let colons = text.as_bytes().get(2) == Some(&b':') && text.as_bytes().get(5) == Some(&b':');
    let mut rest = text.get(8..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() == fraction.len() {
            return None;
        }
        rest = after;
    }
    let midnight = hour == 24 && minute == 0 && second == 0;
    (colons && (hour < 24 || midnight) && minute < 60 && second < 60).then_some(rest)
}

/// Nothing, `Z`, or up to fourteen hours.
fn is_zone(text: &str) -> bool {
    if text.is_empty() || text == "Z" {
        return true;
    }
    let (Some(hour), Some(minute)) = (number(text, 1), number(text, 4)) else { return false };
    text.len() == 6
        && text.starts_with(['+', '-'])
        && text.as_bytes().get(3) == Some(&b':')
        && (hour < 14 && minute < 60 || hour == 14 && minute == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_types_accept_their_lexical_space() {
        use Builtin::{
            AnyUri, Boolean, Date, DateTime, Decimal, Integer, NonNegativeInteger, PositiveInteger,
        };
        for (kind, text, expected) in [
            (Boolean, "true", true),
            (Boolean, "True", false),
            (Integer, "-07", true),
            (Integer, "1.0", false),
            (NonNegativeInteger, "-0", true),
            (NonNegativeInteger, "-1", false),
            (PositiveInteger, "+1", true),
            (PositiveInteger, "00", false),
            (Decimal, ".5", true),
            (Decimal, "1e3", false),
            (Decimal, ".", false),
            (Date, "2024-02-29", true),
            (Date, "2023-02-29", false),
            (Date, "2024-01-01+14:00", true),
            (Date, "2024-01-01+14:01", false),
            (DateTime, "2024-01-01T24:00:00Z", true),
            (DateTime, "2024-01-01T10:00:00.5-05:00", true),
            (DateTime, "2024-01-01", false),
            (DateTime, "2024-01-01T10:00", false),
            (DateTime, "2024-01-01T10:60:00Z", false),
            (AnyUri, "https://a b/%20", true),
            (AnyUri, "https://a/%2", false),
            (AnyUri, "a#b#c", false),
        ] {
            assert_eq!(kind.accepts(text), expected, "{text}");
        }
    }
}
