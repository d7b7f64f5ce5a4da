//! Sentences with `{Variable}` in them.

use std::collections::BTreeMap;

/// Names that stand in braces, in order.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// Each `{name}` replaced by its value; unknown names stay as they are.
pub(crate) fn fill(template: &str, values: &BTreeMap<String, String>) -> String {
    let mut parts = template.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}').and_then(|(name, rest)| values.get(name).map(|value| (value, rest))) {
            Some((value, rest)) => {
                out.push_str(value);
                out.push_str(rest);
            }
            None => {
                out.push('{');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_and_others_stay() {
        let values = BTreeMap::from([("H".to_owned(), "web1".to_owned())]);
        assert_eq!(fill("on {H} as {U}, {", &values), "on web1 as {U}, {");
        assert_eq!(names("on {H} as {U}").collect::<Vec<_>>(), ["H", "U"]);
    }
}
