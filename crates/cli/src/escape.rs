//! Strings from analysed files, made harmless for a terminal.

use std::borrow::Cow;

/// `text` with everything escaped that moves the cursor, changes colours, hides text or reorders it. With
/// `keep` some control characters stay, such as the line ends of our own messages.
pub(crate) fn escape<'a>(text: &'a str, keep: &[char]) -> Cow<'a, str> {
    let harmful = |c: char| is_harmful(c) && !keep.contains(&c);
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// One line for a table or a message.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, &[])
}

/// Control and format characters, and the separators that some terminals take for line ends (Unicode categories Cc, Cf,
/// Zl, Zp; "Trojan Source", 2021, for the bidirectional ones).
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let table = [
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("a\nb\t\r", r"a\nb\t\r"),
            ("\u{202e}gpj.exe", r"\u{202e}gpj.exe"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("ab\u{200b}c", r"ab\u{200b}c"),
        ];
        for (hostile, shown) in table {
            assert_eq!(line(hostile), shown);
        }
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        for text in ["/bin/sh -c 'id'", "水道局の監視サーバー", "naïve – €"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
    }
}
