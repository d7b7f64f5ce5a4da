//! The texts of a program, as documentation of itself.

use program::image::Image;

/// Texts looked at.
const MAX_TEXTS: usize = 200_000;

/// Every text of an image, in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    all: Vec<String>,
}

impl Texts {
    pub(crate) fn of(image: &Image) -> Self {
        let all = image.strings(4).take(MAX_TEXTS).map(|text| text.text.to_ascii_lowercase());
        Self { all: all.collect() }
    }

    /// Does another text mention the first word of this value: a help text, a list of commands, a message?
    pub(crate) fn document(&self, value: &[u8]) -> bool {
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        let word = value.split([' ', '=', ':', '\t', '\r', '\n']).find(|word| word.len() >= 3);
        let Some(word) = word else { return false };
        let longer = |text: &&String| text.trim() != value.trim() && text.len() > word.len() + 3;
        self.all.iter().filter(longer).any(|text| mentions(text, word))
    }
}

/// Does a word stand in a text, with no letter or digit beside it?
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let free = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric());
        free(before) && free(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_texts_document_and_the_value_itself_does_not() {
        let texts = Texts {
            all: vec!["reboot              restart the device".to_owned(), "sdk_diag 8841".to_owned()],
        };
        assert!(texts.document(b"REBOOT"));
        assert!(!texts.document(b"sdk_diag 8841"));
        assert!(!texts.document(b"boot"));
    }
}
