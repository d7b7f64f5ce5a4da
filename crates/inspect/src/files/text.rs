//! Text of files: lines with numbers, escaped for people.

use unpack::{Bytes, Tree};

/// Larger files are no configuration or script that a person wrote.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The file as text if it is one: small, and without zero bytes.
pub(crate) fn text(content: &Bytes) -> Option<String> {
    let small = content.len() <= MAX_TEXT_BYTES && !content.contains(&0);
    small.then(|| String::from_utf8_lossy(content).into_owned())
}

/// Text files whose path satisfies `wanted`.
pub(crate) fn texts<'t>(
    tree: &'t Tree,
    wanted: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = (&'t str, String)> + 't {
    tree.files()
        .filter(move |(path, _)| wanted(path))
        .filter_map(|(path, content)| Some((path, text(content)?)))
}

/// Lines with their numbers, from 1.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(text.lines())
}

/// Bytes for people: control characters and what is no text are written as `\x..`.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.extend(chunk.valid().chars().map(visible));
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    out
}

/// One line for evidence, escaped and cut to 160 characters.
pub(crate) fn excerpt(line: &str) -> String {
    let shown: String = line.trim().chars().take(160).collect();
    escaped(shown.as_bytes())
}

/// Direction marks would turn text round on a terminal or page.
fn visible(c: char) -> String {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns { c.escape_unicode().to_string() } else { c.to_string() }
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether the path is, or ends in, `suffix` at the boundary of a folder.
pub(crate) fn ends_in(path: &str, suffix: &str) -> bool {
    path.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_direction_marks_are_escaped() {
        assert_eq!(escaped(b"a\x1b[31m\xffz"), "a\\u{1b}[31m\\xffz");
        assert_eq!(escaped("a\u{202e}b".as_bytes()), "a\\u{202e}b");
    }

    #[test]
    fn a_suffix_holds_at_folder_boundaries_only() {
        assert!(ends_in("etc/passwd", "etc/passwd") && ends_in("root/etc/passwd", "etc/passwd"));
        assert!(!ends_in("xetc/passwd", "etc/passwd"));
    }
}
