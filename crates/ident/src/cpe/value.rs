//! Values of attributes.

use std::borrow::Cow;

/// Value of one attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Value {
    /// `*`: any value, or not stated.
    #[default]
    Any,
    /// `-`: the attribute does not apply.
    NotApplicable,
    /// Text as in a formatted string: lower case, everything but letters, digits, `_`, `.` and `-` behind a
    /// backslash; `*` and `?` without backslash are wildcards.
    Text(Box<str>),
}

impl Value {
    /// The value that means this very text, whatever characters it has.
    pub fn literal(text: &str) -> Self {
        if text.is_empty() {
            return Self::Any;
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars().map(|c| c.to_ascii_lowercase()) {
            if !is_plain(c) {
                out.push('\\');
            }
            out.push(c);
        }
        // A single hyphen would mean "not applicable".
        if out == "-" { Self::Text("\\-".into()) } else { Self::Text(out.into()) }
    }

    /// The text with backslashes removed; `None` for `*` and `-`.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let Self::Text(text) = self else { return None };
        if !text.contains('\\') {
            return Some(Cow::Borrowed(text));
        }
        let mut escaped = false;
        let unescaped = text.chars().filter(|&c| {
            escaped = c == '\\' && !escaped;
            !escaped
        });
        Some(Cow::Owned(unescaped.collect()))
    }

    /// Whether the text has wildcards.
    pub fn has_wildcards(&self) -> bool {
        let Self::Text(text) = self else { return false };
        let mut escaped = false;
        text.chars().any(|c| {
            let wild = !escaped && (c == '*' || c == '?');
            escaped = c == '\\' && !escaped;
            wild
        })
    }

    /// As in a formatted string.
    pub(super) fn formatted(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::NotApplicable => "-",
            Self::Text(text) => text,
        }
    }
}

/// Characters that need no backslash in a formatted string.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') || !c.is_ascii()
}
