//! Small readings of JSON shared by the importers.

use serde::Deserialize;

/// Text with its language.
#[derive(Deserialize)]
pub(super) struct Text {
    #[serde(default)]
    pub(super) lang: String,
    #[serde(default)]
    pub(super) value: String,
}

/// The English text, else the first.
pub(super) fn english(texts: Vec<Text>) -> String {
    let english = texts.iter().position(|text| text.lang.starts_with("en")).unwrap_or(0);
    texts.into_iter().nth(english).map(|text| text.value).unwrap_or_default()
}

/// Number of `CWE-79`.
pub(super) fn weakness(text: &str) -> Option<u32> {
    let digits = text.trim().strip_prefix("CWE-")?;
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// `CVE-2021-44228`.
pub(crate) fn is_cve(id: &str) -> bool {
    let mut parts = id.splitn(3, '-');
    let digits =
        |part: Option<&str>| part.is_some_and(|p| p.len() >= 4 && p.bytes().all(|b| b.is_ascii_digit()));
    parts.next() == Some("CVE") && digits(parts.next()) && digits(parts.next())
}

/// An object with a URL.
#[derive(Clone, Deserialize)]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) url: String,
}

pub(super) fn urls(references: Vec<Reference>) -> Vec<String> {
    references.into_iter().map(|reference| reference.url).filter(|url| !url.is_empty()).collect()
}
