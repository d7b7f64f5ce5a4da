//! A mistake in a document, with its place and what to do about it.

use std::fmt;

/// A place in a document, counted from 1; 0 where it is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

/// One mistake. Rendered as `plant.yaml:4:12: message; hint: …`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Name of the document.
    pub document: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that can be guessed.
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.document)?;
        if self.place != Place::default() {
            write!(f, "{}:{}:", self.place.line, self.place.column)?;
        }
        write!(f, " {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; hint: {hint}"))
    }
}

/// `did you mean …` for the candidate nearest to `word`, if one is near enough to be a slip of the hand.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = |c: &&str| strsim::damerau_levenshtein(word, c) <= 1 + word.chars().count() / 4;
    let best = candidates.into_iter().filter(near).min_by_key(|c| (strsim::damerau_levenshtein(word, c), *c));
    best.map(|c| format!("did you mean `{c}`?"))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_slip_of_the_hand_finds_the_nearest_word() {
        assert_eq!(
            did_you_mean("intefaces", ["interfaces", "software"]).unwrap(),
            "did you mean `interfaces`?"
        );
    }

    #[test]
    fn another_word_altogether_finds_none() {
        assert_eq!(did_you_mean("colour", ["interfaces", "software"]), None);
    }
}
