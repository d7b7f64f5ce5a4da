//! Versions of a product, as publishers write them into the names of branches.
//!
//! The standard wants `vers` in a range; most publishers write what people read.

use crate::Bound;

/// Versions from the one end to the other; without an end there is none.
pub(crate) type Range = (Option<Bound>, Option<Bound>);

/// `vers:all/<V4.5`, `>= 1.0 | <= 1.32`, `All versions < 2`, `1.2`, `1.2|1.3`. All versions are a range without ends.
/// `None` for what cannot be read as versions.
pub(crate) fn ranges(text: &str) -> Option<Vec<Range>> {
    let text = text
        .strip_prefix("vers:")
        .and_then(|rest| rest.split_once('/'))
        .map_or(text, |(_, rest)| rest)
        .trim();
    if matches!(text.to_lowercase().as_str(), "*" | "all" | "all versions") {
        return Some(vec![(None, None)]);
    }
    let Some(first) = text.find(['<', '>']) else { return exact(text).collect() };
    let (before, mut rest) = text.split_at_checked(first)?;
    // Words before a range tell people that there is one; versions before it are a list.
    let mut out: Vec<Range> = match before.contains('|') {
        true => exact(before).collect::<Option<_>>()?,
        false => Vec::new(),
    };
    let mut start = None;
    while let Some(sign) = rest.chars().next().filter(|c| matches!(c, '<' | '>')) {
        let inclusive = rest.get(1..2) == Some("=");
        let after = rest.get(1 + usize::from(inclusive)..).unwrap_or_default();
        let end = after.find(['<', '>']).unwrap_or(after.len());
        let (version, next) = after.split_at_checked(end).unwrap_or((after, ""));
        let (version, list) = version.split_once('|').unwrap_or((version, ""));
        let version = bound(single(version.trim_end_matches("and ").trim())?, inclusive);
        if sign == '>' {
            out.extend(start.replace(version).map(|start| (Some(start), None)));
        } else {
            out.push((start.take(), Some(version)));
        }
        for range in exact(list) {
            out.push(range?);
        }
        rest = next;
    }
    out.extend(start.map(|start| (Some(start), None)));
    Some(out)
}

/// Each of the versions between `|`.
fn exact(list: &str) -> impl Iterator<Item = Option<Range>> {
    let versions = list.split('|').map(str::trim).filter(|version| !version.is_empty());
    versions.map(|version| single(version).map(|v| (Some(bound(v, true)), Some(bound(v, true)))))
}

pub(crate) fn bound(version: &str, inclusive: bool) -> Bound {
    Bound { version: version.to_owned(), inclusive }
}

/// A version, without the `V` before it; `None` for words.
fn single(text: &str) -> Option<&str> {
    let text = text.trim();
    let bare = text
        .strip_prefix(['v', 'V', '='])
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text);
    let version = bare.starts_with(|c: char| c.is_ascii_digit()) || bare.len() < 12;
    let plain = !bare.contains(['!', '*'])
        && bare.contains(|c: char| c.is_ascii_digit())
        && bare.split_whitespace().count() <= 3;
    (version && plain).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_publishers_write_them() {
        let shown = |text: &str| {
            let one = |bound: Option<Bound>, signs: [&str; 2]| {
                bound.map(|b| format!("{}{}", signs[usize::from(b.inclusive)], b.version)).unwrap_or_default()
            };
            let of = |(start, end)| match format!("{} {}", one(start, [">", ">="]), one(end, ["<", "<="])) {
                both if both.trim().is_empty() => "any".to_owned(),
                both => both.trim().to_owned(),
            };
            ranges(text).map(|all| all.into_iter().map(of).collect::<Vec<_>>().join(" or "))
        };
        for (text, expected) in [
            ("vers:all/<V4.3.8", Some("<4.3.8")),
            ("vers:all/*", Some("any")),
            (">= 1.0 | <= 1.32", Some(">=1.0 <=1.32")),
            (">= V7.80 < V9.30", Some(">=7.80 <9.30")),
            ("All versions < V4.8 SP2 HF9", Some("<4.8 SP2 HF9")),
            (">=V8.3", Some(">=8.3")),
            ("1.15", Some(">=1.15 <=1.15")),
            ("All versions", Some("any")),
            ("vers:generic/1.2|1.3", Some(">=1.2 <=1.2 or >=1.3 <=1.3")),
            ("vers:generic/1|>=2|<3|5", Some(">=1 <=1 or >=2 <3 or >=5 <=5")),
            (">1 >2", Some(">1 or >2")),
            ("vers:generic/!=2", None),
            ("1.*", None),
            ("see the manual", None),
            ("<=the_first_5_digits_of_serial_number_22081", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
