//! Is this advisory a valid CSAF 2.0 document, and a good one?
//!
//! The verdict follows the official JSON Schema, which is built in, and the tests of section 6 of the standard: mandatory
//! ones decide on validity, optional and informative ones advise. [`TESTS`] is the list to extend. Nothing is fetched,
//! so that references are not resolved (6.3.6, 6.3.7), and there is no dictionary (6.3.8): the verdict says so.
//!
//! Source: OASIS, "Common Security Advisory Framework Version 2.0", 18 November 2022.

mod history;
mod language;
mod products;
mod profiles;
mod schema;
mod scores;
mod statements;
pub(crate) mod tree;
pub(crate) mod versions;
mod view;

use bom::JsonTree;
use serde::Serialize;
use serde_json::Value;

/// Longest document that is checked, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Findings listed; of more, only the number is given.
const MAX_LISTED: usize = 1_000;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CsafLevel {
    /// The document is invalid.
    Error,
    /// It is valid, but should not be like this.
    Warning,
    /// It could be better.
    Information,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CsafFinding {
    /// How much it weighs.
    pub level: CsafLevel,
    /// Section of the standard: `6.1.8`; `schema` for the JSON Schema.
    pub test: &'static str,
    /// JSON pointer (RFC 6901) of the value; empty for the whole document.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// What the check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CsafVerdict {
    /// Sorted by weight; at most 1000.
    pub findings: Vec<CsafFinding>,
    /// How many more there are.
    pub more: usize,
    /// Tests that were not made, and why.
    pub unchecked: Vec<String>,
}

impl CsafVerdict {
    /// Whether nothing forbids it.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.level != CsafLevel::Error)
    }
}

/// Where, and what is wrong there.
type Faults = Vec<(String, String)>;

type Test = fn(&Value) -> Faults;

/// Sections of the standard and what makes their test, in the order of the standard.
const TESTS: &[(&str, Test)] = &[
    ("6.1.1", products::missing),
    ("6.1.2", products::defined_twice),
    ("6.1.3", products::circular),
    ("6.1.4", products::missing_groups),
    ("6.1.5", products::groups_defined_twice),
    ("6.1.6", products::contradicting_status),
    ("6.1.7", scores::several_of_one_version),
    ("6.1.8", scores::invalid),
    ("6.1.9", scores::computed_wrongly),
    ("6.1.10", scores::inconsistent),
    ("6.1.11", statements::weakness),
    ("6.1.12", language::unknown),
    ("6.1.13", products::package_url),
    ("6.1.14", history::unsorted),
    ("6.1.15", statements::translator),
    ("6.1.16", history::latest),
    ("6.1.17", history::draft),
    ("6.1.18", history::released),
    ("6.1.19", history::pre_release_entries),
    ("6.1.20", history::non_draft),
    ("6.1.21", history::missing),
    ("6.1.22", history::twice),
    ("6.1.23", statements::same_cve),
    ("6.1.24", statements::involved_twice),
    ("6.1.25", products::same_hash_algorithm),
    ("6.1.26", profiles::prohibited_name),
    ("6.1.27.1", profiles::document_notes),
    ("6.1.27.2", profiles::document_references),
    ("6.1.27.3", profiles::no_vulnerabilities),
    ("6.1.27.4", profiles::product_tree),
    ("6.1.27.5", profiles::vulnerability_notes),
    ("6.1.27.6", profiles::product_status),
    ("6.1.27.7", profiles::vex_status),
    ("6.1.27.8", profiles::vulnerability_id),
    ("6.1.27.9", profiles::impact),
    ("6.1.27.10", profiles::action),
    ("6.1.27.11", profiles::vulnerabilities_exist),
    ("6.1.28", statements::translation),
    ("6.1.29", statements::remediation_without_product),
    ("6.1.30", history::mixed),
    ("6.1.31", products::range_as_version),
    ("6.1.32", statements::flag_without_product),
    ("6.1.33", statements::several_flags),
    ("6.2.1", products::unused),
    ("6.2.2", statements::missing_remediation),
    ("6.2.3", scores::missing),
    ("6.2.4", history::build_metadata),
    ("6.2.5", history::initial_date),
    ("6.2.6", history::current_date),
    ("6.2.7", statements::involvement_date),
    ("6.2.8", products::only_md5),
    ("6.2.9", products::only_sha1),
    ("6.2.10", statements::tlp_label),
    ("6.2.11", statements::canonical_url),
    ("6.2.12", language::missing),
    ("6.2.14", language::private),
    ("6.2.15", language::default),
    ("6.2.16", products::no_helper),
    ("6.2.17", statements::cve_as_id),
    ("6.2.18", products::range_without_vers),
    ("6.2.19", scores::of_fixed),
    ("6.2.20", schema::additional),
    ("6.3.1", scores::only_v2),
    ("6.3.2", scores::v3_0),
    ("6.3.3", statements::missing_cve),
    ("6.3.4", statements::missing_weakness),
    ("6.3.5", products::short_hash),
    ("6.3.9", products::branch_categories),
    ("6.3.10", products::version_range),
    ("6.3.11", products::v_before_version),
];

/// What is never checked.
const UNCHECKED: &[&str] =
    &["6.3.6 and 6.3.7: references are not resolved", "6.3.8: there is no dictionary for spelling"];

/// Checks a document.
pub fn check_csaf(bytes: &[u8]) -> CsafVerdict {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.len() > MAX_BYTES {
        let why = format!("all tests: the document has more than {MAX_BYTES} bytes");
        return CsafVerdict { unchecked: vec![why], ..CsafVerdict::default() };
    }
    let JsonTree { value: document, unsorted } = match JsonTree::parse(bytes) {
        Ok(tree) => tree,
        Err(error) => return verdict(vec![finding("schema", String::new(), error.to_string())]),
    };
    let mut findings: Vec<CsafFinding> = schema::faults(&document)
        .into_iter()
        .map(|(path, message)| finding("schema", path, message))
        .collect();
    for (test, run) in TESTS {
        findings.extend(run(&document).into_iter().map(|(path, message)| finding(test, path, message)));
    }
    findings.extend(
        unsorted.map(|key| finding("6.2.13", String::new(), format!("the key `{key}` is out of order"))),
    );
    verdict(findings)
}

fn finding(test: &'static str, path: String, message: String) -> CsafFinding {
    let level = match test.get(..4) {
        Some("6.2.") => CsafLevel::Warning,
        Some("6.3.") => CsafLevel::Information,
        _ => CsafLevel::Error,
    };
    CsafFinding { level, test, path, message }
}

fn verdict(mut findings: Vec<CsafFinding>) -> CsafVerdict {
    findings.sort_by_key(|finding| finding.level);
    let more = findings.len().saturating_sub(MAX_LISTED);
    findings.truncate(MAX_LISTED);
    CsafVerdict { findings, more, unchecked: UNCHECKED.iter().map(|text| (*text).to_owned()).collect() }
}

#[cfg(test)]
mod tests;
