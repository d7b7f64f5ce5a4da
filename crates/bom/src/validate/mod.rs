//! Is this document valid?
//!
//! The verdict follows the official JSON and XML Schemas, which are built in, and those rules of the standards that a
//! schema cannot say (ids are unique, references lead somewhere, no key stands twice). Every problem has a place.

mod locate;
mod rules;
mod schema;
mod tag_value;
mod xsd;

use serde::Serialize;
use serde_json::Value;

use crate::{Format, JsonTree, Place, Recognised, recognise};

/// Problems listed; of more, only the number is given.
const MAX_LISTED: usize = 1000;

/// Longest document that is checked, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// JSON pointer (RFC 6901) of the value; in XML the path of elements, `/bom/components[1]`; empty for the whole
    /// document.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// What the check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The standard the document claims to follow; `None` if it claims none that we know.
    pub format: Option<Format>,
    /// Version of the standard, as stated.
    pub version: Option<String>,
    /// What is wrong, by place; at most 1000.
    pub violations: Vec<Violation>,
    /// How many more there are.
    pub more: usize,
    /// Rules that were not checked, and why.
    pub unchecked: Vec<String>,
}

/// What a verdict says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was checked and nothing is wrong.
    Valid,
    /// Something is wrong.
    Invalid,
    /// Nothing wrong was found, but not everything was checked.
    Unchecked,
    /// The document claims no format that we know.
    Unknown,
}

impl Verdict {
    /// What it says.
    pub fn outcome(&self) -> Outcome {
        match (self.format, self.violations.is_empty(), self.unchecked.is_empty()) {
            (None, ..) => Outcome::Unknown,
            (_, false, _) => Outcome::Invalid,
            (_, true, false) => Outcome::Unchecked,
            (_, true, true) => Outcome::Valid,
        }
    }

    /// `valid CycloneDX 1.6`, `invalid SPDX 2.3`; `None` if the document claims no format.
    pub fn summary(&self) -> Option<String> {
        let word = match self.outcome() {
            Outcome::Valid => "valid",
            Outcome::Invalid => "invalid",
            Outcome::Unchecked => "unchecked",
            Outcome::Unknown => return None,
        };
        let version = self.version.as_deref().unwrap_or("of unknown version");
        Some(format!("{word} {} {}", self.format?.standard(), version.trim_start_matches("SPDX-")))
    }

    fn of(recognised: &Recognised) -> Self {
        Self { format: Some(recognised.format), version: recognised.version.clone(), ..Self::default() }
    }

    /// With these violations, in the order of their places; of very many, the first.
    fn with(mut self, violations: impl Iterator<Item = Violation>) -> Self {
        self.violations.extend(violations);
        self.more = self.violations.len().saturating_sub(MAX_LISTED);
        self.violations.truncate(MAX_LISTED);
        self.violations.sort();
        self
    }

    fn only(mut self, place: Place, message: impl Into<String>) -> Self {
        let (line, column) = (place.line, place.column);
        self.violations.push(Violation { line, column, path: String::new(), message: message.into() });
        self
    }
}

/// A problem before its place is known.
#[derive(Debug)]
struct Finding {
    /// JSON pointer.
    path: String,
    message: String,
}

/// Checks a document.
pub fn validate(bytes: &[u8]) -> Verdict {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(recognised) = recognise(bytes) else { return Verdict::default() };
    let mut verdict = Verdict::of(&recognised);
    if bytes.len() > MAX_BYTES {
        verdict.unchecked.push(format!("all rules: the document has more than {MAX_BYTES} bytes"));
        return verdict;
    }
    match recognised.format {
        Format::CycloneDxJson | Format::SpdxJson | Format::SpdxJsonLd => json(bytes, verdict),
        Format::CycloneDxXml => xml(bytes, verdict),
        Format::SpdxTagValue => text(bytes, verdict),
    }
}

fn text(bytes: &[u8], verdict: Verdict) -> Verdict {
    verdict.with(tag_value::check(bytes).into_iter().map(|(line, message)| Violation {
        line,
        column: 1,
        path: String::new(),
        message,
    }))
}

fn json(bytes: &[u8], mut verdict: Verdict) -> Verdict {
    let document = match JsonTree::parse(bytes) {
        Ok(tree) => tree.value,
        Err(error) => return verdict.only(error.place, error.message),
    };
    verdict.version = stated_version(&document, verdict.format).or(verdict.version);
    let version = verdict.version.clone().unwrap_or_default();
    let Some(schema) = verdict.format.and_then(|format| schema::of(format, &version)) else {
        return verdict.only(Place { line: 1, column: 1 }, no_version(&version));
    };
    let mut findings = schema.check(&document);
    findings.extend(rules::check(verdict.format, &document));
    let listed = findings.len();
    let verdict = verdict.with(findings.into_iter().take(MAX_LISTED).map(|Finding { path, message }| {
        let Place { line, column } = locate::place(bytes, &path);
        Violation { line, column, path, message }
    }));
    Verdict { more: listed.saturating_sub(MAX_LISTED), ..verdict }
}

fn xml(bytes: &[u8], verdict: Verdict) -> Verdict {
    let version = verdict.version.clone().unwrap_or_default();
    let Some(schema) = schema::of_xml(&version) else {
        return verdict.only(Place { line: 1, column: 1 }, no_version(&version));
    };
    let checked = match schema {
        Ok(schema) => xsd::check(schema, bytes),
        Err(message) => Err((0, message.clone())),
    };
    match checked {
        Ok(findings) => verdict.with(findings.into_iter().map(|(at, path, message)| {
            let Place { line, column } = Place::of_offset(bytes, at);
            Violation { line, column, path, message }
        })),
        Err((at, message)) => verdict.only(Place::of_offset(bytes, at), message),
    }
}

fn no_version(version: &str) -> String {
    format!("there is no version `{version}` of this format")
}

fn stated_version(document: &Value, format: Option<Format>) -> Option<String> {
    let key = match format? {
        Format::CycloneDxJson => "specVersion",
        Format::SpdxJson => "spdxVersion",
        _ => return None,
    };
    document.get(key)?.as_str().map(str::to_owned)
}
