//! The Transparency Exchange Identifier: `urn:tei:TYPE:DOMAIN:IDENTIFIER`.

use std::str::FromStr;

/// Longest identifier that is read, in bytes.
const MAX_BYTES: usize = 4096;

/// Types of the standard.
const TYPES: &[&str] = &["asin", "eanupc", "gtin", "hash", "purl", "swid", "udi", "uuid"];

/// What a supplier prints on a delivery, so that others find what there is to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tei {
    whole: String,
    domain: String,
}

/// Why a text is no TEI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no TEI; hint: write it like `urn:tei:uuid:products.example.com:…`")]
pub struct TeiError {
    /// What was given.
    text: String,
}

impl Tei {
    /// Whether `text` means to be one.
    pub fn is_meant(text: &str) -> bool {
        text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("urn:tei:"))
    }

    /// The name whose web server knows where its interface is.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.whole
    }
}

/// Letters, digits and inner hyphens in each label (RFC 1123).
fn is_domain(text: &str) -> bool {
    let label = |l: &str| {
        let plain = l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl FromStr for Tei {
    type Err = TeiError;

    fn from_str(text: &str) -> Result<Self, TeiError> {
        let error = || TeiError { text: text.chars().take(200).collect() };
        let mut parts = text.splitn(5, ':');
        let (Some(_), Some(_), Some(kind), Some(domain), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(error());
        };
        let known = TYPES.contains(&kind.to_ascii_lowercase().as_str()) && is_domain(domain);
        let fits = Self::is_meant(text) && known && !name.is_empty() && text.len() <= MAX_BYTES;
        if !fits || text.contains(char::is_control) {
            return Err(error());
        }
        Ok(Self { whole: text.to_owned(), domain: domain.to_ascii_lowercase() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_read() {
        let table = [
            (
                "urn:tei:purl:cyclonedx.org:pkg:pypi/cyclonedx-python-lib@8.4.0?extension=whl&qualifier=py3-none-any",
                "cyclonedx.org",
            ),
            ("urn:tei:hash:cyclonedx.org:SHA256:fd44efd6", "cyclonedx.org"),
            (
                "urn:tei:uuid:Products.Example.com:d4d9f54a-abcf-11ee-ac79-1a52914d44b1",
                "products.example.com",
            ),
            ("urn:tei:eanupc:cyclonedx.org:1234567890123", "cyclonedx.org"),
        ];
        for (text, domain) in table {
            let tei: Tei = text.parse().unwrap();
            assert_eq!((tei.as_str(), tei.domain()), (text, domain));
        }
    }

    #[test]
    fn what_could_lead_elsewhere_does_not_read() {
        let wrong = [
            "",
            "urn:tei:uuid:example.com",
            "urn:tei:uuid:example.com:",
            "urn:tei:nose:example.com:1",
            "urn:uuid:uuid:example.com:1",
            "urn:tei:uuid:a@example.com:1",
            "urn:tei:uuid:example.com/x:1",
            "urn:tei:uuid:-a.com:1",
            "urn:tei:uuid:a..com:1",
            "urn:tei:uuid::1",
            "urn:tei:uuid:example.com:1\r\n2",
        ];
        for text in wrong {
            assert!(text.parse::<Tei>().is_err(), "{text:?}");
        }
    }
}
