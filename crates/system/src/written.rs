//! A document as people read it: YAML with the source of every entry beside it.
//!
//! An entry is a block, its fields are lines; what is inside of a field stands in flow style, on lines of their own where
//! it is long. It reads back as it was.

use std::fmt::Write;

use serde_json::Value;

use crate::document::Section;
use crate::{Document, Place};

/// Longest field that stands on one line, in characters.
const WIDTH: usize = 100;

/// Words that YAML 1.1 or 1.2 takes for something else than text.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// An entry of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name of its section, such as `hosts`.
    pub section: &'static str,
    /// Its id there.
    pub id: String,
    /// Where it was written.
    pub written: Place,
    value: Value,
}

/// Every entry of a document, in the order of the format.
pub fn entries(document: &Document) -> Vec<Entry> {
    let mut all = Vec::new();
    macro_rules! sections {
        ($($field:ident),*) => { $(list(stringify!($field), &document.$field, &mut all);)* };
    }
    sections!(
        zones,
        places,
        networks,
        hosts,
        filters,
        links,
        software,
        services,
        vulnerabilities,
        accounts,
        groups,
        credentials,
        people,
        usages,
        flows,
        data,
        processes,
        suppliers,
        attackers,
        goals,
        countermeasures
    );
    all
}

fn list<T: serde::Serialize>(section: &'static str, entries: &Section<T>, all: &mut Vec<Entry>) {
    all.extend(entries.iter().map(|(id, entry)| {
        // What derives its form from the types always has one.
        let value = serde_json::to_value(&entry.value).unwrap_or_default();
        Entry { section, id: id.clone(), written: entry.written, value }
    }));
}

/// The document as YAML. `source` tells where an entry (section, id) is from.
pub fn yaml(document: &Document, source: impl Fn(&'static str, &str) -> Option<String>) -> String {
    let mut out = String::from("schema: sukashi.system/1\n");
    if let Some(name) = &document.name {
        let _ = writeln!(out, "name: {}", text(name));
    }
    let mut last = "";
    for Entry { section, id, value, .. } in entries(document) {
        if section != last {
            let _ = writeln!(out, "{section}:");
            last = section;
        }
        let from = source(section, &id).map_or_else(String::new, |from| format!("  # {}", one_line(&from)));
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let _ = writeln!(out, "  {}:{from}", text(&id));
                fields.iter().for_each(|(key, value)| field(&mut out, key, value));
            }
            other => {
                let _ = writeln!(out, "  {}: {}{from}", text(&id), flow(&other));
            }
        }
    }
    if !document.remove.is_empty() {
        let gone: Vec<String> = document.remove.iter().map(|gone| text(&gone.value)).collect();
        let _ = writeln!(out, "remove: [{}]", gone.join(", "));
    }
    out
}

fn field(out: &mut String, key: &str, value: &Value) {
    let whole = flow(value);
    let lines: Vec<String> = match value {
        _ if whole.chars().count() <= WIDTH => Vec::new(),
        Value::Array(items) => items.iter().map(|item| format!("- {}", flow(item))).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| format!("{}: {}", text(key), flow(value))).collect()
        }
        _ => Vec::new(),
    };
    if lines.is_empty() {
        let _ = writeln!(out, "    {key}: {whole}");
        return;
    }
    let _ = writeln!(out, "    {key}:");
    for line in lines {
        let _ = writeln!(out, "      {line}");
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(plain) => text(plain),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{}: {}", text(key), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A text without quotes where nobody takes it for anything else; a JSON string is one of YAML as well.
fn text(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    match begins && plain && !RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"schema": "sukashi.system/1", "name": "yes", "zones": {"it": {}, "8": {}}, "networks": {
        "lan": {"zone": "it", "cidr": "10.0.1.0/24"}}, "hosts": {"web1": {"title": "a: # \"b\"\n\u2028é", "interfaces": [
            {"network": "lan", "address": "10.0.1.5"}, {"network": "lan", "address": "10.0.1.6"},
            {"network": "lan", "address": "10.0.1.7"}], "files": {
            "usr/bin/a": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "usr/bin/b": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}}}"#;

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        let document = crate::read("a.json", MODEL).unwrap();
        let written = yaml(&document, |section, id| Some(format!("scan.xml: {section}\n{id}")));
        assert_eq!(crate::read("a.yaml", &written).unwrap(), document, "{written}");
        assert!(written.contains("\n  web1:  # scan.xml: hosts\u{fffd}web1\n"), "{written}");
        assert!(written.contains("\n  it: {}  # scan.xml: zones\u{fffd}it\n"), "{written}");
        assert!(written.contains("\n      - {network: lan, address: \"10.0.1.6\"}\n"), "{written}");
        assert!(written.contains("\n      usr/bin/b: \"0123456789abcdef"), "{written}");
        assert!(written.starts_with("schema: sukashi.system/1\nname: \"yes\"\n"), "{written}");
    }

    #[test]
    fn every_text_reads_back_as_it_was() {
        for value in [
            "",
            " ",
            "~",
            "null",
            "No",
            "1e3",
            "0x1",
            "-",
            "a b",
            "a#b",
            "é",
            "'",
            "\"",
            "a:",
            "\u{85}",
            "?",
            "2026-01-01",
        ] {
            let named = Document { name: Some(value.to_owned()), ..Document::default() };
            let written = yaml(&named, |_, _| None);
            let read = crate::read("a.yaml", &written).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(read.name.as_deref(), Some(value), "{written}");
        }
    }
}
