//! Rule texts, places in them, and how a mistake is shown to its author.

use std::fmt;

/// A text of rules or facts and the name it is reported under.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Usually a file name.
    pub name: &'a str,
    /// The text, at most [`MAX_SOURCE_BYTES`].
    pub text: &'a str,
}

/// Longest text that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 64 << 20;

/// Bytes `start..end` of one of the texts that were loaded together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index of the text.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    pub(crate) fn to(self, other: Span) -> Span {
        Span { end: other.end.max(self.end), ..self }
    }
}

/// One mistake with its place, the line it stands on, and what would be right where that can be guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Name of the text.
    pub source: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    snippet: String,
    width: usize,
}

impl Diagnostic {
    pub(crate) fn new(sources: &[Source<'_>], span: Span, message: String, hint: Option<String>) -> Self {
        let source = sources.get(span.source as usize);
        let text = source.map_or("", |s| s.text);
        let start = floor(text, span.start as usize);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let snippet = rest.lines().next().unwrap_or_default().replace(['\t', '\r'], " ");
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let marked = text.get(start..floor(text, span.end as usize)).unwrap_or_default();
        let width = marked.lines().next().map_or(1, |l| l.chars().count().max(1));
        let line = before.matches('\n').count() + 1;
        let source = source.map_or_else(String::new, |s| s.name.to_owned());
        Self { source, line, column, message, hint, snippet, width }
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.source, self.line, self.column, self.message)?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let shown: String =
            self.snippet.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        writeln!(f, "{margin} |\n{number} | {shown}")?;
        write!(f, "{margin} | {}{}", " ".repeat(self.column - 1), "^".repeat(self.width))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

/// `did you mean …` for the candidate nearest to `word`, if one is near enough to be a slip of the hand.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |c: &str| strsim::damerau_levenshtein(word, c);
    let near = |c: &&str| distance(c) <= 1 + word.chars().count() / 4;
    let best = candidates.into_iter().filter(near).min_by_key(|c| (distance(c), *c));
    best.map(|c| format!("did you mean `{c}`?"))
}
