//! Binding and unbinding: formatted strings, URIs, well-formed names.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::value::is_plain;
use super::{Attribute, Cpe, Part, Value};

/// Longest name read, in bytes.
pub const MAX_CPE_BYTES: usize = 1 << 13;

/// Why a text is not a name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseCpeError {
    /// More than [`MAX_CPE_BYTES`].
    #[error("a name of {bytes} bytes, the limit is {limit}", limit = MAX_CPE_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Neither `cpe:2.3:` nor `cpe:/`.
    #[error("`{text}` is no CPE name; hint: it begins with `cpe:2.3:` or `cpe:/`")]
    Prefix {
        /// What was read.
        text: String,
    },
    /// Not as many attributes as the binding has.
    #[error("`{text}` has {count} attributes, not {expected}")]
    Count {
        /// What was read.
        text: String,
        /// Attributes found.
        count: usize,
        /// Attributes of the binding.
        expected: usize,
    },
    /// The part is none of `a`, `o`, `h`, `*`, `-`.
    #[error("`{part}` is no part; hint: `a`, `o` or `h`")]
    Part {
        /// What was read.
        part: String,
    },
    /// A value has a character or a wildcard where none is allowed.
    #[error("`{value}` is no value of an attribute: {why}")]
    Value {
        /// What was read.
        value: String,
        /// Which rule it breaks.
        why: &'static str,
    },
}

impl FromStr for Cpe {
    type Err = ParseCpeError;

    /// Unbinds a formatted string or a URI.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_CPE_BYTES {
            return Err(ParseCpeError::TooLong { bytes: text.len() });
        }
        let lower = text.to_lowercase();
        if let Some(rest) = lower.strip_prefix("cpe:2.3:") {
            unbind_formatted(text, rest)
        } else if let Some(rest) = lower.strip_prefix("cpe:/") {
            unbind_uri(text, rest)
        } else {
            Err(ParseCpeError::Prefix { text: text.to_owned() })
        }
    }
}

fn part(text: &str) -> Result<Part, ParseCpeError> {
    match text {
        "*" | "" => Ok(Part::Any),
        "-" => Ok(Part::NotApplicable),
        "a" => Ok(Part::Application),
        "o" => Ok(Part::OperatingSystem),
        "h" => Ok(Part::Hardware),
        other => Err(ParseCpeError::Part { part: other.to_owned() }),
    }
}

fn part_sign(part: Part) -> &'static str {
    match part {
        Part::Any => "*",
        Part::NotApplicable => "-",
        Part::Application => "a",
        Part::OperatingSystem => "o",
        Part::Hardware => "h",
    }
}

fn unbind_formatted(whole: &str, rest: &str) -> Result<Cpe, ParseCpeError> {
    let fields = split_unescaped(rest);
    let [first, others @ ..] = fields.as_slice() else {
        return Err(ParseCpeError::Prefix { text: whole.to_owned() });
    };
    if others.len() != Attribute::ALL.len() {
        return Err(ParseCpeError::Count { text: whole.to_owned(), count: fields.len(), expected: 11 });
    }
    let mut cpe = Cpe::new(part(first)?);
    for (slot, field) in cpe.values.iter_mut().zip(others) {
        *slot = formatted_value(field)?;
    }
    Ok(cpe)
}

/// Splits at colons that no backslash precedes.
fn split_unescaped(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(move |c: char| {
        let colon = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        colon
    })
    .collect()
}

fn formatted_value(field: &str) -> Result<Value, ParseCpeError> {
    let refuse = |why| ParseCpeError::Value { value: field.to_owned(), why };
    match field {
        "*" => return Ok(Value::Any),
        "-" => return Ok(Value::NotApplicable),
        "" => return Err(refuse("it is empty")),
        _ => {}
    }
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => push_escaped(chars.next().ok_or_else(|| refuse("a backslash ends it"))?, &mut out),
            '*' | '?' => out.push(c),
            c if is_plain(c) => out.push(c),
            // Real lists carry such characters without the backslash; reading them is harmless.
            c if c.is_ascii_punctuation() => push_escaped(c, &mut out),
            _ => return Err(refuse("it has a space or control character")),
        }
    }
    finish(out).ok_or_else(|| refuse("a wildcard stands inside"))
}

/// `None` if a wildcard stands where none may. A hyphen alone keeps its backslash: without it, it means something else.
fn finish(text: String) -> Option<Value> {
    let text = if text == "-" { "\\-".to_owned() } else { text };
    wildcards_at_ends(&text).then(|| Value::Text(text.into()))
}

fn push_escaped(c: char, out: &mut String) {
    if !is_plain(c) {
        out.push('\\');
    }
    out.push(c);
}

/// NISTIR 7695, 5.3.2: `*` once at either end, `?` repeated at either end.
fn wildcards_at_ends(text: &str) -> bool {
    let mut kinds: Vec<Option<char>> = Vec::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if escaped {
            kinds.push(None);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else {
            kinds.push(Some(c).filter(|c| matches!(c, '*' | '?')));
        }
    }
    let (Some(first), Some(last)) =
        (kinds.iter().position(Option::is_none), kinds.iter().rposition(Option::is_none))
    else {
        return kinds.len() == 1 || kinds.iter().all(|kind| *kind == Some('?'));
    };
    let inside = kinds.get(first..=last).unwrap_or_default();
    let end_ok = |end: &[Option<char>]| end.iter().all(|k| *k == Some('?')) || end == [Some('*')];
    inside.iter().all(Option::is_none)
        && end_ok(kinds.get(..first).unwrap_or_default())
        && end_ok(kinds.get(last + 1..).unwrap_or_default())
}

fn unbind_uri(whole: &str, rest: &str) -> Result<Cpe, ParseCpeError> {
    let fields: Vec<&str> = rest.split(':').collect();
    if fields.len() > 7 {
        return Err(ParseCpeError::Count { text: whole.to_owned(), count: fields.len(), expected: 7 });
    }
    let field = |at: usize| fields.get(at).copied().unwrap_or("");
    let mut cpe = Cpe::new(part(field(0))?);
    let plain = [Attribute::Vendor, Attribute::Product, Attribute::Version, Attribute::Update];
    for (at, attribute) in plain.into_iter().enumerate() {
        cpe = cpe.with(attribute, uri_value(field(at + 1))?);
    }
    cpe = cpe.with(Attribute::Language, uri_value(field(6))?);
    let Some(packed) = field(5).strip_prefix('~') else {
        return Ok(cpe.with(Attribute::Edition, uri_value(field(5))?));
    };
    let packed: Vec<&str> = packed.split('~').collect();
    if packed.len() != PACKED.len() {
        return Err(ParseCpeError::Count {
            text: whole.to_owned(),
            count: packed.len(),
            expected: PACKED.len(),
        });
    }
    for (attribute, text) in PACKED.into_iter().zip(packed) {
        cpe = cpe.with(attribute, uri_value(text)?);
    }
    Ok(cpe)
}

/// What a packed edition holds, in its order.
const PACKED: [Attribute; 5] = [
    Attribute::Edition,
    Attribute::SoftwareEdition,
    Attribute::TargetSoftware,
    Attribute::TargetHardware,
    Attribute::Other,
];

fn uri_value(text: &str) -> Result<Value, ParseCpeError> {
    let refuse = |why| ParseCpeError::Value { value: text.to_owned(), why };
    match text {
        "" => return Ok(Value::Any),
        "-" => return Ok(Value::NotApplicable),
        _ => {}
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => {}
            // No URI of the standard has it unencoded, but old lists do; NIST's own reader takes it for the wildcard.
            '?' => {
                out.push('?');
                continue;
            }
            _ => {
                push_escaped(c, &mut out);
                continue;
            }
        }
        let code: String = chars.by_ref().take(2).collect();
        match code.as_str() {
            "01" => out.push('?'),
            "02" => out.push('*'),
            _ => {
                let code = u8::from_str_radix(&code, 16).map_err(|_| refuse("percent-encoding is broken"))?;
                let c = Some(char::from(code)).filter(char::is_ascii_punctuation);
                push_escaped(c.ok_or_else(|| refuse("percent-encoding of what needs none"))?, &mut out);
            }
        }
    }
    finish(out).ok_or_else(|| refuse("a wildcard stands inside"))
}

impl fmt::Display for Cpe {
    /// The formatted string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cpe:2.3:{}", part_sign(self.part))?;
        self.values.iter().try_for_each(|value| write!(f, ":{}", value.formatted()))
    }
}

impl Cpe {
    /// The URI binding of CPE 2.2, with a packed edition where the name needs one.
    pub fn to_uri(&self) -> String {
        let bound = |attribute| bind_uri_value(self.get(attribute));
        let part = match self.part {
            Part::Any => "",
            part => part_sign(part),
        };
        let packed = PACKED.into_iter().skip(1).any(|attribute| *self.get(attribute) != Value::Any);
        let edition = if packed {
            PACKED
                .into_iter()
                .fold(String::new(), |packed, attribute| format!("{packed}~{}", bound(attribute)))
        } else {
            bound(Attribute::Edition)
        };
        let uri = format!(
            "cpe:/{part}:{}:{}:{}:{}:{edition}:{}",
            bound(Attribute::Vendor),
            bound(Attribute::Product),
            bound(Attribute::Version),
            bound(Attribute::Update),
            bound(Attribute::Language),
        );
        uri.trim_end_matches(':').to_owned()
    }

    /// The well-formed name, as the standard writes it in examples.
    pub fn to_wfn(&self) -> String {
        let mut out = String::from("wfn:[");
        if self.part != Part::Any {
            let _ = match self.part {
                Part::NotApplicable => write!(out, "part=NA,"),
                part => write!(out, "part=\"{}\",", part_sign(part)),
            };
        }
        for (attribute, value) in self.attributes() {
            let _ = match value {
                Value::Any => Ok(()),
                Value::NotApplicable => write!(out, "{}=NA,", attribute.name()),
                Value::Text(text) => write!(out, "{}=\"{}\",", attribute.name(), quoted(text)),
            };
        }
        format!("{}]", out.trim_end_matches(','))
    }
}

/// A well-formed name quotes `.` and `-` as well.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '.' | '-') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn bind_uri_value(value: &Value) -> String {
    let text = match value {
        Value::Any => return String::new(),
        Value::NotApplicable => return "-".to_owned(),
        Value::Text(text) => text,
    };
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let _ = chars.next().map(|c| write!(out, "%{:02x}", u32::from(c)));
            }
            '?' => out.push_str("%01"),
            '*' => out.push_str("%02"),
            c => out.push(c),
        }
    }
    out
}
