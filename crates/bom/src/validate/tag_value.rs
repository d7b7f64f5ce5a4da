//! SPDX 2.2 and 2.3 tag-value text: which tags there are, where they stand, how often, and what they may say.
//!
//! Source: SPDX 2.3, clauses 6–12. There is no official schema for this encoding.

use std::collections::{BTreeMap, HashMap};

use crate::Place;
use crate::read::Tags;

/// To what a tag belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Document,
    Package,
    File,
    Snippet,
    Licence,
    Annotation,
    Review,
    /// Stands anywhere.
    Anywhere,
}

/// How often a tag stands in its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Often {
    /// Exactly once.
    Once,
    /// At most once.
    Optional,
    /// At least once.
    Some,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Id,
    Date,
    Party,
    Creator,
    Checksum,
    Relationship,
    DataLicence,
    Boolean,
    Locator,
    ExternalRef,
    Uri,
    OneOf(&'static [&'static str]),
}

const FILE_TYPES: Form = Form::OneOf(&[
    "SOURCE",
    "BINARY",
    "ARCHIVE",
    "APPLICATION",
    "AUDIO",
    "IMAGE",
    "TEXT",
    "VIDEO",
    "DOCUMENTATION",
    "SPDX",
    "OTHER",
]);
const PURPOSES: Form = Form::OneOf(&[
    "APPLICATION",
    "FRAMEWORK",
    "LIBRARY",
    "CONTAINER",
    "OPERATING-SYSTEM",
    "OPERATING_SYSTEM",
    "DEVICE",
    "FIRMWARE",
    "SOURCE",
    "ARCHIVE",
    "FILE",
    "INSTALL",
    "OTHER",
]);

/// Section, tag, how often, form. The first tag of a section opens it.
const TAGS: &[(Section, &str, Often, Form)] = &[
    (Section::Document, "SPDXVersion", Often::Once, Form::Text),
    (Section::Document, "DataLicense", Often::Once, Form::DataLicence),
    (Section::Document, "SPDXID", Often::Once, Form::Id),
    (Section::Document, "DocumentName", Often::Once, Form::Text),
    (Section::Document, "DocumentNamespace", Often::Once, Form::Uri),
    (Section::Document, "ExternalDocumentRef", Often::Any, Form::Text),
    (Section::Document, "LicenseListVersion", Often::Optional, Form::Text),
    (Section::Document, "Creator", Often::Some, Form::Creator),
    (Section::Document, "Created", Often::Once, Form::Date),
    (Section::Document, "CreatorComment", Often::Optional, Form::Text),
    (Section::Document, "DocumentComment", Often::Optional, Form::Text),
    (Section::Package, "PackageName", Often::Once, Form::Text),
    (Section::Package, "SPDXID", Often::Once, Form::Id),
    (Section::Package, "PackageVersion", Often::Optional, Form::Text),
    (Section::Package, "PackageFileName", Often::Optional, Form::Text),
    (Section::Package, "PackageSupplier", Often::Optional, Form::Party),
    (Section::Package, "PackageOriginator", Often::Optional, Form::Party),
    (Section::Package, "PackageDownloadLocation", Often::Once, Form::Locator),
    (Section::Package, "FilesAnalyzed", Often::Optional, Form::Boolean),
    (Section::Package, "PackageVerificationCode", Often::Optional, Form::Text),
    (Section::Package, "PackageChecksum", Often::Any, Form::Checksum),
    (Section::Package, "PackageHomePage", Often::Optional, Form::Locator),
    (Section::Package, "PackageSourceInfo", Often::Optional, Form::Text),
    (Section::Package, "PackageLicenseConcluded", Often::Optional, Form::Text),
    (Section::Package, "PackageLicenseInfoFromFiles", Often::Any, Form::Text),
    (Section::Package, "PackageLicenseDeclared", Often::Optional, Form::Text),
    (Section::Package, "PackageLicenseComments", Often::Optional, Form::Text),
    (Section::Package, "PackageCopyrightText", Often::Optional, Form::Text),
    (Section::Package, "PackageSummary", Often::Optional, Form::Text),
    (Section::Package, "PackageDescription", Often::Optional, Form::Text),
    (Section::Package, "PackageComment", Often::Optional, Form::Text),
    (Section::Package, "ExternalRef", Often::Any, Form::ExternalRef),
    (Section::Package, "ExternalRefComment", Often::Any, Form::Text),
    (Section::Package, "PackageAttributionText", Often::Any, Form::Text),
    (Section::Package, "PrimaryPackagePurpose", Often::Optional, PURPOSES),
    (Section::Package, "ReleaseDate", Often::Optional, Form::Date),
    (Section::Package, "BuiltDate", Often::Optional, Form::Date),
    (Section::Package, "ValidUntilDate", Often::Optional, Form::Date),
    (Section::File, "FileName", Often::Once, Form::Text),
    (Section::File, "SPDXID", Often::Once, Form::Id),
    (Section::File, "FileType", Often::Any, FILE_TYPES),
    (Section::File, "FileChecksum", Often::Some, Form::Checksum),
    (Section::File, "LicenseConcluded", Often::Optional, Form::Text),
    (Section::File, "LicenseInfoInFile", Often::Any, Form::Text),
    (Section::File, "LicenseComments", Often::Optional, Form::Text),
    (Section::File, "FileCopyrightText", Often::Optional, Form::Text),
    (Section::File, "FileComment", Often::Optional, Form::Text),
    (Section::File, "FileNotice", Often::Optional, Form::Text),
    (Section::File, "FileContributor", Often::Any, Form::Text),
    (Section::File, "FileAttributionText", Often::Any, Form::Text),
    (Section::File, "FileDependency", Often::Any, Form::Text),
    (Section::File, "ArtifactOfProjectName", Often::Any, Form::Text),
    (Section::File, "ArtifactOfProjectHomePage", Often::Any, Form::Text),
    (Section::File, "ArtifactOfProjectURI", Often::Any, Form::Text),
    (Section::Snippet, "SnippetSPDXID", Often::Once, Form::Id),
    (Section::Snippet, "SnippetFromFileSPDXID", Often::Once, Form::Text),
    (Section::Snippet, "SnippetByteRange", Often::Once, Form::Text),
    (Section::Snippet, "SnippetLineRange", Often::Optional, Form::Text),
    (Section::Snippet, "SnippetLicenseConcluded", Often::Optional, Form::Text),
    (Section::Snippet, "LicenseInfoInSnippet", Often::Any, Form::Text),
    (Section::Snippet, "SnippetLicenseComments", Often::Optional, Form::Text),
    (Section::Snippet, "SnippetCopyrightText", Often::Optional, Form::Text),
    (Section::Snippet, "SnippetComment", Often::Optional, Form::Text),
    (Section::Snippet, "SnippetName", Often::Optional, Form::Text),
    (Section::Snippet, "SnippetAttributionText", Often::Any, Form::Text),
    (Section::Licence, "LicenseID", Often::Once, Form::Text),
    (Section::Licence, "ExtractedText", Often::Once, Form::Text),
    (Section::Licence, "LicenseName", Often::Optional, Form::Text),
    (Section::Licence, "LicenseCrossReference", Often::Any, Form::Text),
    (Section::Licence, "LicenseComment", Often::Optional, Form::Text),
    (Section::Annotation, "Annotator", Often::Once, Form::Creator),
    (Section::Annotation, "AnnotationDate", Often::Once, Form::Date),
    (Section::Annotation, "AnnotationType", Often::Once, Form::OneOf(&["REVIEW", "OTHER"])),
    (Section::Annotation, "AnnotationComment", Often::Once, Form::Text),
    (Section::Annotation, "SPDXREF", Often::Once, Form::Text),
    (Section::Review, "Reviewer", Often::Once, Form::Creator),
    (Section::Review, "ReviewDate", Often::Optional, Form::Date),
    (Section::Review, "ReviewComment", Often::Optional, Form::Text),
    (Section::Anywhere, "Relationship", Often::Any, Form::Relationship),
    (Section::Anywhere, "RelationshipComment", Often::Any, Form::Text),
];

/// SPDX 2.3, clause 11.1, table 68.
const RELATIONSHIPS: &[&str] = &[
    "AMENDS",
    "ANCESTOR_OF",
    "BUILD_DEPENDENCY_OF",
    "BUILD_TOOL_OF",
    "CONTAINED_BY",
    "CONTAINS",
    "COPY_OF",
    "DATA_FILE_OF",
    "DEPENDENCY_MANIFEST_OF",
    "DEPENDENCY_OF",
    "DEPENDS_ON",
    "DESCENDANT_OF",
    "DESCRIBED_BY",
    "DESCRIBES",
    "DEV_DEPENDENCY_OF",
    "DEV_TOOL_OF",
    "DISTRIBUTION_ARTIFACT",
    "DOCUMENTATION_OF",
    "DYNAMIC_LINK",
    "EXAMPLE_OF",
    "EXPANDED_FROM_ARCHIVE",
    "FILE_ADDED",
    "FILE_DELETED",
    "FILE_MODIFIED",
    "GENERATED_FROM",
    "GENERATES",
    "HAS_PREREQUISITE",
    "METAFILE_OF",
    "OPTIONAL_COMPONENT_OF",
    "OPTIONAL_DEPENDENCY_OF",
    "OTHER",
    "PACKAGE_OF",
    "PATCH_APPLIED",
    "PATCH_FOR",
    "PREREQUISITE_FOR",
    "PROVIDED_DEPENDENCY_OF",
    "REQUIREMENT_DESCRIPTION_FOR",
    "RUNTIME_DEPENDENCY_OF",
    "SPECIFICATION_FOR",
    "STATIC_LINK",
    "TEST_CASE_OF",
    "TEST_DEPENDENCY_OF",
    "TEST_OF",
    "TEST_TOOL_OF",
    "VARIANT_OF",
];

const CHECKSUMS: &[(&str, usize)] = &[
    ("ADLER32", 8),
    ("BLAKE2b-256", 64),
    ("BLAKE2b-384", 96),
    ("BLAKE2b-512", 128),
    ("BLAKE3", 0),
    ("MD2", 32),
    ("MD4", 32),
    ("MD5", 32),
    ("MD6", 0),
    ("SHA1", 40),
    ("SHA224", 56),
    ("SHA256", 64),
    ("SHA3-256", 64),
    ("SHA3-384", 96),
    ("SHA3-512", 128),
    ("SHA384", 96),
    ("SHA512", 128),
];

/// Line, and what is wrong there.
pub(super) fn check(bytes: &[u8]) -> Vec<(usize, String)> {
    let line = |at| Place::of_offset(bytes, at).line;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return vec![(line(error.valid_up_to()), "not UTF-8".to_owned())],
    };
    let mut checker = Checker::default();
    let mut tags = Tags::new(text);
    let mut lines = Lines { bytes, at: 0, line: 1 };
    loop {
        match tags.next_tag() {
            Ok(Some((at, tag, value))) => checker.take(lines.of(at), tag, value),
            Ok(None) => break,
            Err(at) => {
                checker.findings.push((line(at), "`<text>` without `</text>`".to_owned()));
                break;
            }
        }
    }
    checker.end()
}

/// Counts lines forward, so that a long document is read once.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, offset: usize) -> usize {
        let passed = self.bytes.get(self.at..offset).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = offset;
        self.line
    }
}

#[derive(Default)]
struct Checker {
    section: Option<(Section, usize, BTreeMap<&'static str, usize>)>,
    document: BTreeMap<&'static str, usize>,
    ids: HashMap<String, usize>,
    ends: Vec<(usize, String)>,
    external: Vec<String>,
    version_line: Option<(usize, String)>,
    findings: Vec<(usize, String)>,
}

impl Checker {
    fn take(&mut self, line: usize, tag: &str, value: &str) {
        let opens = TAGS.iter().position(|(section, name, ..)| {
            *name == tag
                && *section != Section::Document
                && TAGS.iter().find(|t| t.0 == *section).map(|t| t.1) == Some(tag)
        });
        if let Some((section, ..)) = opens.and_then(|at| TAGS.get(at)).filter(|t| t.0 != Section::Anywhere) {
            self.close();
            self.section = Some((*section, line, BTreeMap::new()));
        }
        let now = self.section.as_ref().map_or(Section::Document, |(section, ..)| *section);
        let known = |section: Section| TAGS.iter().find(|(s, name, ..)| *s == section && *name == tag);
        // Tags of the document may also stand after its packages, except the id, which then is that of another element.
        let found = known(now).or_else(|| known(Section::Anywhere));
        let found = found.or_else(|| known(Section::Document).filter(|_| tag != "SPDXID"));
        let Some((section, name, often, form)) = found else {
            let elsewhere = TAGS.iter().any(|(_, name, ..)| *name == tag);
            let why = if elsewhere { "does not belong here" } else { "is no tag of this format" };
            self.findings.push((line, format!("`{tag}` {why}")));
            return;
        };
        let counts = match &mut self.section {
            Some((now, _, counts)) if now == section => counts,
            _ => &mut self.document,
        };
        let count = counts.entry(name).or_default();
        *count += 1;
        if *count > 1 && matches!(often, Often::Once | Often::Optional) {
            self.findings.push((line, format!("`{tag}` stands twice")));
        }
        self.value(line, tag, value, *form);
    }

    fn value(&mut self, line: usize, tag: &str, value: &str, form: Form) {
        match (tag, form) {
            ("SPDXVersion", _) => self.version_line = Some((line, value.to_owned())),
            ("ExternalDocumentRef", _) => {
                self.external.extend(value.split_whitespace().next().map(str::to_owned));
            }
            (_, Form::Id) if is_id(value) => {
                if let Some(first) = self.ids.insert(value.to_owned(), line) {
                    self.findings.push((line, format!("the id `{value}` is that of line {first} already")));
                }
            }
            (_, Form::Relationship) => {
                let words: Vec<&str> = value.split_whitespace().collect();
                if let [from, kind, to] = words.as_slice()
                    && RELATIONSHIPS.binary_search(kind).is_ok()
                {
                    self.ends.extend([(line, (*from).to_owned()), (line, (*to).to_owned())]);
                    return;
                }
            }
            _ => {}
        }
        if !form.accepts(value) {
            self.findings.push((line, format!("`{value}` is no value of `{tag}`")));
        }
    }

    /// What the section that ends here lacks.
    fn close(&mut self) {
        if let Some((section, line, counts)) = self.section.take() {
            self.missing(section, line, &counts);
        }
    }

    fn missing(&mut self, section: Section, line: usize, counts: &BTreeMap<&str, usize>) {
        let demanded = TAGS
            .iter()
            .filter(|(s, _, often, _)| *s == section && matches!(often, Often::Once | Often::Some));
        for (_, name, ..) in demanded.filter(|(_, name, ..)| !counts.contains_key(name)) {
            self.findings.push((line, format!("`{name}` is missing")));
        }
    }

    fn end(mut self) -> Vec<(usize, String)> {
        self.close();
        let document = std::mem::take(&mut self.document);
        self.missing(Section::Document, 1, &document);
        if let Some((line, version)) = &self.version_line
            && !matches!(version.as_str(), "SPDX-2.2" | "SPDX-2.3")
        {
            self.findings.push((*line, format!("there is no version `{version}` of this format")));
        }
        for (line, end) in &self.ends {
            let external =
                end.split_once(':').is_some_and(|(document, _)| self.external.iter().any(|e| e == document));
            if !(self.ids.contains_key(end) || external || matches!(end.as_str(), "NONE" | "NOASSERTION")) {
                self.findings.push((*line, format!("there is no element `{end}`")));
            }
        }
        self.findings.sort();
        self.findings
    }
}

impl Form {
    fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Id => is_id(value),
            Self::Date => is_date(value),
            Self::Party => value == "NOASSERTION" || is_party(value, &["Person:", "Organization:"]),
            Self::Creator => is_party(value, &["Person:", "Organization:", "Tool:"]),
            Self::Checksum => {
                value.split_once(':').is_some_and(|(name, digest)| is_checksum(name, digest.trim()))
            }
            Self::Relationship => false,
            Self::DataLicence => value == "CC0-1.0",
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Locator => matches!(value, "NONE" | "NOASSERTION") || value.contains(':'),
            Self::ExternalRef => {
                let mut words = value.split_whitespace();
                let category = words.next().map(|word| word.replace('_', "-"));
                let known = ["SECURITY", "PACKAGE-MANAGER", "PERSISTENT-ID", "OTHER"];
                category.is_some_and(|word| known.contains(&word.as_str())) && words.count() == 2
            }
            Self::Uri => value.contains(':') && !value.contains('#'),
            Self::OneOf(values) => values.contains(&value),
        }
    }
}

fn is_id(value: &str) -> bool {
    let text = value.strip_prefix("SPDXRef-").unwrap_or_default();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

fn is_party(value: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| value.strip_prefix(kind).is_some_and(|name| !name.trim().is_empty()))
}

/// `YYYY-MM-DDThh:mm:ssZ`.
fn is_date(value: &str) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    value.len() == shape.len()
        && value.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

fn is_checksum(name: &str, digest: &str) -> bool {
    let hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = CHECKSUMS.iter().find(|(known, _)| *known == name);
    known.is_some_and(|(_, length)| hex && (*length == 0 || digest.len() == *length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n\
        DocumentNamespace: https://x/1\nCreator: Tool: t\nCreated: 2024-01-01T00:00:00Z\n";

    fn faults(text: &str) -> Vec<(usize, String)> {
        check(format!("{HEAD}{text}").as_bytes())
    }

    #[test]
    fn a_document_with_all_it_needs_is_valid() {
        assert_eq!(
            faults(
                "PackageName: p\nSPDXID: SPDXRef-p\nPackageDownloadLocation: NONE\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-p\n"
            ),
            []
        );
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        for (text, line, message) in [
            ("PackageName: p\nSPDXID: SPDXRef-p\n", 8, "`PackageDownloadLocation` is missing"),
            ("Hello: x\n", 8, "`Hello` is no tag of this format"),
            ("FileChecksum: SHA1: 00\n", 8, "`FileChecksum` does not belong here"),
            ("SPDXVersion: SPDX-2.3\n", 8, "`SPDXVersion` stands twice"),
            ("Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-x\n", 8, "there is no element `SPDXRef-x`"),
            (
                "Relationship: SPDXRef-DOCUMENT EATS NONE\n",
                8,
                "`SPDXRef-DOCUMENT EATS NONE` is no value of `Relationship`",
            ),
            ("Creator: me\n", 8, "`me` is no value of `Creator`"),
        ] {
            assert_eq!(faults(text), [(line, message.to_owned())], "{text}");
        }
        assert!(RELATIONSHIPS.is_sorted() && CHECKSUMS.is_sorted());
    }
}
