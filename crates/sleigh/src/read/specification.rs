//! The default context in a processor specification (`.pspec`).
//!
//! Only `<context_set>` with its `<set name= val=>` items is looked at; the rest of that XML file is about analysis in
//! Ghidra. A scan for tags is enough for it: no entities, no nesting of the items wanted.

use crate::context::Context;
use crate::error::LoadError;
use crate::table::Table;

/// The values that all code starts with; variables that are not named are 0.
pub(super) fn default_context(pspec: &[u8], table: &Table) -> Result<Context, LoadError> {
    let text = String::from_utf8_lossy(pspec);
    let mut context = Context::default();
    let mut inside = false;
    for tag in tags(&text) {
        match tag.split_whitespace().next() {
            Some("context_set") => inside = true,
            Some("/context_set") => inside = false,
            Some("set" | "set/") if inside => context = set(context, table, tag)?,
            _ => {}
        }
    }
    Ok(context)
}

fn set(context: Context, table: &Table, tag: &str) -> Result<Context, LoadError> {
    let wrong = || LoadError::Specification { what: tag.to_owned() };
    let variable = attribute(tag, "name").and_then(|name| table.variable(name)).ok_or_else(wrong)?;
    let value = attribute(tag, "val").and_then(number).ok_or_else(wrong)?;
    Ok(context.with(variable, value))
}

/// What stands between `<` and `>`, comments left out.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.split_once('<')?.1;
            let comment = rest.strip_prefix("!--");
            match comment {
                Some(body) => rest = body.split_once("-->")?.1,
                None => {
                    let (tag, after) = rest.split_once('>')?;
                    rest = after;
                    return Some(tag);
                }
            }
        }
    })
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut words = tag.split_whitespace().filter_map(|word| word.split_once('='));
    let (_, value) = words.find(|(key, _)| *key == name)?;
    value.trim_end_matches('/').strip_prefix('"')?.strip_suffix('"')
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hide_tags_and_attributes_are_found_by_name() {
        let found: Vec<_> = tags("<a x=\"1\"/><!-- <b/> --><set val=\"0x10\" name=\"T\"/>").collect();
        assert_eq!(found, ["a x=\"1\"/", "set val=\"0x10\" name=\"T\"/"]);
        assert_eq!(attribute(found[1], "name"), Some("T"));
        assert_eq!(attribute(found[1], "val").and_then(number), Some(16));
    }
}
