//! `kind:id`, where the kind of what is named is open.

use std::fmt;
use std::str::FromStr;

/// Sections that a reference may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `account`
    Account,
    /// `attacker`
    Attacker,
    /// `countermeasure`
    Countermeasure,
    /// `credential`
    Credential,
    /// `data`
    Data,
    /// `filter`
    Filter,
    /// `flow`
    Flow,
    /// `goal`
    Goal,
    /// `group`
    Group,
    /// `host`
    Host,
    /// `link`
    Link,
    /// `network`
    Network,
    /// `person`
    Person,
    /// `place`
    Place,
    /// `process`
    Process,
    /// `service`
    Service,
    /// `software`
    Software,
    /// `supplier`
    Supplier,
    /// `usage`
    Usage,
    /// `vulnerability`
    Vulnerability,
    /// `zone`
    Zone,
}

impl Kind {
    /// All kinds, sorted by name.
    pub const ALL: &[Self] = &[
        Self::Account,
        Self::Attacker,
        Self::Countermeasure,
        Self::Credential,
        Self::Data,
        Self::Filter,
        Self::Flow,
        Self::Goal,
        Self::Group,
        Self::Host,
        Self::Link,
        Self::Network,
        Self::Person,
        Self::Place,
        Self::Process,
        Self::Service,
        Self::Software,
        Self::Supplier,
        Self::Usage,
        Self::Vulnerability,
        Self::Zone,
    ];

    /// The word before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Attacker => "attacker",
            Self::Countermeasure => "countermeasure",
            Self::Credential => "credential",
            Self::Data => "data",
            Self::Filter => "filter",
            Self::Flow => "flow",
            Self::Goal => "goal",
            Self::Group => "group",
            Self::Host => "host",
            Self::Link => "link",
            Self::Network => "network",
            Self::Person => "person",
            Self::Place => "place",
            Self::Process => "process",
            Self::Service => "service",
            Self::Software => "software",
            Self::Supplier => "supplier",
            Self::Usage => "usage",
            Self::Vulnerability => "vulnerability",
            Self::Zone => "zone",
        }
    }
}

/// A parsed `kind:id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Section.
    pub kind: Kind,
    /// Id in it.
    pub id: String,
}

/// A text that is not a reference.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseReferenceError {
    /// No colon.
    #[error("`{text}` is not a reference; hint: write `kind:id`, for example `host:{text}`")]
    NoKind {
        /// What was written.
        text: String,
    },
    /// A word before the colon that names no section.
    #[error("`{kind}` is not a kind of thing in a system model")]
    UnknownKind {
        /// What was written.
        kind: String,
    },
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, id) =
            text.split_once(':').ok_or_else(|| ParseReferenceError::NoKind { text: text.to_owned() })?;
        let found = Kind::ALL.iter().find(|k| k.name() == kind);
        let kind = *found.ok_or_else(|| ParseReferenceError::UnknownKind { kind: kind.to_owned() })?;
        Ok(Self { kind, id: id.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_as_it_was_written() {
        for &kind in Kind::ALL {
            let reference = Reference { kind, id: "a:b".to_owned() };
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
    }

    #[test]
    fn a_bare_id_and_an_unknown_kind_are_refused() {
        assert!(matches!("web1".parse::<Reference>(), Err(ParseReferenceError::NoKind { .. })));
        assert!(matches!("robot:r2".parse::<Reference>(), Err(ParseReferenceError::UnknownKind { .. })));
    }
}
