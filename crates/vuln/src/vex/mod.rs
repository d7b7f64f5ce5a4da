//! Vulnerability Exploitability eXchange: what a supplier says of its own product. One format a file.
//!
//! **Which statement counts.** Of several on one component and one vulnerability: the one that names the product most
//! exactly ([`Product`], by its order), then the newest, then the most cautious (affected, under investigation, fixed, not
//! affected). So an older word on this very version is not overruled by a newer one on the product in general, and two
//! words of one day cannot make a component safe. Documents from whom to take are the caller's to choose: VEX is a claim
//! of whoever wrote it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ident::cpe::{Attribute, Cpe, Relation};
use ident::{Purl, Scheme};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::csaf::versions::Range;
use crate::{Bound, Query};

mod csaf;
mod cyclonedx;
mod openvex;

/// Longest document read, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Statements of one document.
const MAX_STATEMENTS: usize = 1_000_000;

/// What a supplier says of a product and a vulnerability; the most cautious comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VexStatus {
    /// It is affected.
    Affected,
    /// Nobody knows yet.
    UnderInvestigation,
    /// It was, and is repaired.
    Fixed,
    /// It is not.
    NotAffected,
}

/// Why a product is not affected, by the names of OpenVEX and CSAF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The component is not in the product.
    ComponentNotPresent,
    /// Nor is the vulnerable code.
    VulnerableCodeNotPresent,
    /// It is never run.
    VulnerableCodeNotInExecutePath,
    /// An attacker cannot get at it.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something else in the product prevents it.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    const NAMES: [(&'static str, Self); 13] = [
        ("code_not_present", Self::VulnerableCodeNotPresent),
        ("code_not_reachable", Self::VulnerableCodeNotInExecutePath),
        ("component_not_present", Self::ComponentNotPresent),
        ("inline_mitigations_already_exist", Self::InlineMitigationsAlreadyExist),
        ("protected_at_perimeter", Self::InlineMitigationsAlreadyExist),
        ("protected_at_runtime", Self::InlineMitigationsAlreadyExist),
        ("protected_by_compiler", Self::InlineMitigationsAlreadyExist),
        ("protected_by_mitigating_control", Self::InlineMitigationsAlreadyExist),
        ("requires_configuration", Self::VulnerableCodeCannotBeControlledByAdversary),
        ("requires_dependency", Self::VulnerableCodeCannotBeControlledByAdversary),
        ("requires_environment", Self::VulnerableCodeCannotBeControlledByAdversary),
        (
            "vulnerable_code_cannot_be_controlled_by_adversary",
            Self::VulnerableCodeCannotBeControlledByAdversary,
        ),
        ("vulnerable_code_not_in_execute_path", Self::VulnerableCodeNotInExecutePath),
    ];

    /// The justification of this name; those of CycloneDX mean the nearest of these.
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "vulnerable_code_not_present" => Some(Self::VulnerableCodeNotPresent),
            _ => {
                Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, justification)| *justification)
            }
        }
    }
}

/// How a statement names what it speaks of; the least exact comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// A CPE name with any version.
    AnyCpe(String),
    /// A package URL without version.
    Package(String),
    /// One of those in some of its versions.
    Versions {
        /// The name without version.
        of: Box<Product>,
        /// Ends of each range; without an end there is none.
        ranges: Vec<(Option<Bound>, Option<Bound>)>,
    },
    /// A CPE name with a version.
    Cpe(String),
    /// A package URL with version, or another identifier of one release.
    Release(String),
    /// A component inside of one product.
    Part {
        /// The product; one of these names suffices.
        of: Vec<Product>,
        /// The component.
        part: Box<Product>,
    },
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The vulnerability, by all its names.
    pub vulnerabilities: Vec<String>,
    /// What it is about.
    pub products: Vec<Product>,
    /// What is said.
    pub status: VexStatus,
    /// Why it is not affected.
    pub justification: Option<Justification>,
    /// Why, or what to do, in words.
    pub text: String,
    /// RFC 3339, as stated; empty if not.
    pub time: String,
    /// Who says so, and in which document.
    pub source: String,
}

/// Statements of one or more documents.
#[derive(Clone, Debug, Default)]
pub struct Vex {
    statements: Vec<Statement>,
    by_vulnerability: BTreeMap<String, Vec<usize>>,
}

/// A statement that counts for a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applied<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The name by which it names the component.
    pub product: &'a Product,
}

/// Why bytes are no VEX document.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadVexError {
    /// More bytes than are read.
    #[error("the document has {bytes} bytes, the limit is {limit}", limit = MAX_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No format that is known.
    #[error(
        "no OpenVEX, CSAF or CycloneDX with statements; hint: OpenVEX needs `@context`, CSAF `document`, CycloneDX `vulnerabilities`"
    )]
    Unknown,
    /// Broken syntax, or a value that cannot be what it should be.
    #[error("{message}")]
    Malformed {
        /// What is wrong, with its place.
        message: String,
    },
    /// More statements than are read.
    #[error("more than {limit} statements", limit = MAX_STATEMENTS)]
    TooMany,
}

/// Reads the statements of a document.
///
/// # Errors
/// See [`ReadVexError`].
pub fn read_vex(bytes: &[u8]) -> Result<Vec<Statement>, ReadVexError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadVexError::TooLong { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let malformed = |error: serde_json::Error| ReadVexError::Malformed { message: error.to_string() };
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    let named = [
        head.context.is_some_and(|context| context.mentions("openvex")),
        head.document.is_some(),
        head.bom_format.as_deref() == Some("CycloneDX"),
    ];
    let statements = match named {
        [true, false, false] => openvex::read(bytes),
        [false, true, false] => csaf::read(bytes),
        [false, false, true] => cyclonedx::read(bytes),
        [false, false, false] => return Err(ReadVexError::Unknown),
        _ => return Err(ReadVexError::Malformed { message: "it is of two formats at once".to_owned() }),
    };
    let statements = statements.map_err(malformed)?;
    if statements.len() > MAX_STATEMENTS { Err(ReadVexError::TooMany) } else { Ok(statements) }
}

/// What tells the formats apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "@context")]
    context: Option<Context>,
    document: Option<serde::de::IgnoredAny>,
    bom_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Context {
    One(String),
    Many(Vec<String>),
    Other(serde::de::IgnoredAny),
}

impl Context {
    fn mentions(&self, word: &str) -> bool {
        match self {
            Self::One(text) => text.contains(word),
            Self::Many(texts) => texts.iter().any(|text| text.contains(word)),
            Self::Other(_) => false,
        }
    }
}

impl Product {
    /// The kind of name that a text is.
    fn from_name(name: &str) -> Self {
        if let Ok(purl) = name.parse::<Purl>() {
            return if purl.version().is_some() {
                Self::Release(purl.to_string())
            } else {
                Self::Package(purl.to_string())
            };
        }
        match name.parse::<Cpe>() {
            Ok(cpe) if cpe.get(Attribute::Version).text().is_some() => Self::Cpe(cpe.to_string()),
            Ok(cpe) => Self::AnyCpe(cpe.to_string()),
            Err(_) => Self::Release(name.to_owned()),
        }
    }

    /// Whether a component bears the name; a part also wants its product to be the subject.
    fn names(&self, query: &Query, subject: Option<&Query>) -> bool {
        match self {
            Self::Part { of, part } => {
                let inside = subject.is_some_and(|subject| of.iter().any(|whole| whole.names(subject, None)));
                inside && part.names(query, None)
            }
            Self::Versions { of, ranges } => of.names(query, subject) && is_within(ranges, query),
            Self::AnyCpe(name) | Self::Cpe(name) => {
                let Ok(name) = name.parse::<Cpe>() else { return false };
                let own = query.cpes.iter().filter_map(|cpe| cpe.parse::<Cpe>().ok());
                own.into_iter()
                    .any(|own| matches!(name.relation_to(&own), Relation::Equal | Relation::Superset))
            }
            Self::Package(name) | Self::Release(name) => {
                let (Ok(name), Some(own)) =
                    (name.parse::<Purl>(), query.purl.as_deref().and_then(|p| p.parse::<Purl>().ok()))
                else {
                    return false;
                };
                // What the statement does not say (version, architecture, distribution) it does not restrict.
                crate::matching::package_key(&name) == crate::matching::package_key(&own)
                    && name.version().is_none_or(|version| own.version() == Some(version))
                    && name.qualifiers().all(|(key, value)| own.qualifier(key) == Some(value))
            }
        }
    }
}

impl Vex {
    /// All statements of some documents.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let mut vex = Self::default();
        for statement in statements {
            for id in &statement.vulnerabilities {
                vex.by_vulnerability.entry(id.clone()).or_default().push(vex.statements.len());
            }
            vex.statements.push(statement);
        }
        vex
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The statement that counts for a component and a vulnerability, if any does. `subject` is the product that the
    /// component is a part of, `ids` are the vulnerability's names.
    pub fn applied<'a>(
        &'a self,
        query: &Query,
        subject: Option<&Query>,
        ids: &[&str],
    ) -> Option<Applied<'a>> {
        let numbers = ids.iter().filter_map(|id| self.by_vulnerability.get(*id)).flatten();
        let statements = numbers.filter_map(|number| self.statements.get(*number));
        let named = statements.flat_map(|statement| {
            let products = statement.products.iter().filter(|product| product.names(query, subject));
            products.map(move |product| Applied { statement, product })
        });
        named.max_by(|a, b| {
            let key = |applied: &Applied<'a>| (rank(applied.product), instant(&applied.statement.time));
            key(a).cmp(&key(b)).then_with(|| b.statement.status.cmp(&a.statement.status))
        })
    }
}

/// Whether the component's version lies in one of the ranges, by the order of its kind of package. What has no version
/// lies in those of all versions alone.
fn is_within(ranges: &[Range], query: &Query) -> bool {
    let purl = query.purl.as_deref().and_then(|purl| purl.parse::<Purl>().ok());
    let scheme = purl.as_ref().and_then(|purl| purl.package_type().parse().ok()).unwrap_or(Scheme::Generic);
    let version = query.version.clone();
    let version = version.or_else(|| purl.as_ref()?.version().map(str::to_owned)).or_else(|| {
        let name: Cpe = query.cpes.first()?.parse().ok()?;
        name.get(Attribute::Version).text().map(std::borrow::Cow::into_owned)
    });
    ranges.iter().any(|(start, end)| match &version {
        Some(version) => {
            let order = |bound: &Bound| scheme.compare(version, &bound.version);
            let at = |bound: &Bound| bound.inclusive && order(bound) == Ordering::Equal;
            start.as_ref().is_none_or(|bound| order(bound) == Ordering::Greater || at(bound))
                && end.as_ref().is_none_or(|bound| order(bound) == Ordering::Less || at(bound))
        }
        None => start.is_none() && end.is_none(),
    })
}

/// A stated time, comparable across time zones; what is no time is older than any.
fn instant(time: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(time, &Rfc3339).ok()
}

/// How exactly a product is named.
fn rank(product: &Product) -> u8 {
    match product {
        Product::AnyCpe(_) => 0,
        Product::Package(_) => 1,
        Product::Versions { .. } => 2,
        Product::Cpe(_) => 3,
        Product::Release(_) => 4,
        Product::Part { part, .. } => 5 + rank(part).min(4),
    }
}

#[cfg(test)]
mod tests;
