//! Paragraphs of `Key: value` lines, as dpkg, opkg and Python metadata have them.

use std::collections::BTreeMap;

/// Longest value kept, in bytes; descriptions and lists of digests are cut.
const MAX_VALUE: usize = 64 * 1024;

/// One paragraph: keys in lower case.
#[derive(Debug, Default)]
pub(super) struct Stanza(BTreeMap<String, String>);

impl Stanza {
    /// A value that is there and not empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first line of a value.
    pub(super) fn first_line(&self, key: &str) -> Option<&str> {
        self.get(key)?.lines().next()
    }
}

/// The paragraphs of a text with the offsets where they begin. Lines that begin with white space belong to the value
/// before them; lines that are nothing of this kind are passed over.
pub(super) fn stanzas(bytes: &[u8]) -> impl Iterator<Item = (u64, Stanza)> {
    let mut offset = 0_u64;
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    std::iter::from_fn(move || {
        let mut stanza = Stanza::default();
        let (mut start, mut key) = (None, String::new());
        for line in lines.by_ref() {
            let at = offset;
            offset += line.len() as u64;
            let line = String::from_utf8_lossy(line);
            let line = line.trim_end();
            if line.is_empty() {
                if start.is_some() {
                    break;
                }
                continue;
            }
            start.get_or_insert(at);
            take_line(line, &mut key, &mut stanza);
        }
        start.map(|start| (start, stanza))
    })
}

fn take_line(line: &str, key: &mut String, stanza: &mut Stanza) {
    if line.starts_with([' ', '\t']) {
        if let Some(value) = stanza.0.get_mut(key.as_str())
            && value.len() + line.len() < MAX_VALUE
        {
            value.push('\n');
            value.push_str(line.trim());
        }
    } else if let Some((name, value)) = line.split_once(':') {
        *key = name.trim().to_ascii_lowercase();
        stanza.0.insert(key.clone(), value.trim().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_split_at_empty_lines_and_know_their_offset() {
        let text = b"\nPackage: a\nDescription: one\n more\n\n\nPackage: b\r\nnonsense\n";
        let found: Vec<(u64, Stanza)> = stanzas(text).collect();
        assert_eq!(found.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), [1, 37]);
        assert_eq!(found[0].1.get("description"), Some("one\nmore"));
        assert_eq!(found[1].1.get("package"), Some("b"));
    }
}
