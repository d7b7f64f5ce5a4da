//! A universe as it is written: only what disclosure depends on. Other fields and other facts are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Universe {
    pub seed: u64,
    pub now: String,
    pub facts: Vec<Fact>,
    pub decisions: Vec<Row>,
}

/// What the engine decided of one thing, by organization.
#[derive(Deserialize)]
pub struct Row {
    /// `Release::"r1"` or `Evidence::"e1"`.
    pub thing: String,
    pub levels: BTreeMap<String, Level>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    #[default]
    Hidden,
    Exists,
    Outcome,
    Redacted,
    Full,
    FullAndReshare,
}

impl Level {
    pub const ALL: [Level; 6] =
        [Self::Hidden, Self::Exists, Self::Outcome, Self::Redacted, Self::Full, Self::FullAndReshare];
}

#[derive(Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    Organization {
        id: String,
    },
    Link(Link),
    LinkAccepted {
        id: String,
    },
    LinkEnded {
        id: String,
    },
    Product {
        id: String,
        supplier: String,
    },
    Release(Release),
    Evidence(Box<Evidence>),
    Received {
        evidence: String,
        receipt: Receipt,
    },
    ReleaseReceived {
        release: String,
        receipt: Receipt,
    },
    Emergency {
        releases: Vec<(String, Vec<String>)>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub struct Link {
    pub id: String,
    pub supplier: String,
    pub customer: String,
    pub products: Option<Vec<String>>,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
}

#[derive(Deserialize)]
pub struct Release {
    pub id: String,
    pub product: String,
    pub parts: Vec<String>,
    pub receipt: Option<Receipt>,
}

/// That it came from another instance: for whom, and how much of it.
#[derive(Deserialize)]
pub struct Receipt {
    pub by: String,
    pub level: Level,
}

#[derive(Deserialize)]
pub struct Evidence {
    pub id: String,
    pub kind: String,
    pub issuer: String,
    pub release: Option<String>,
    pub system: Option<String>,
    pub tlp: Option<String>,
    pub embargo_until: Option<String>,
    pub effect: Effect,
    pub receipt: Option<Receipt>,
}

#[derive(Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    Grant(Grant),
    Withdraw {
        target: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub struct Grant {
    pub audience: Vec<String>,
    pub scope: Scope,
    pub types: Option<Vec<String>>,
    pub level: Level,
    pub valid_until: Option<String>,
    pub emergency: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Scope {
    Everything,
    Product { id: String },
    Release { id: String },
    System { id: String },
    Evidence { id: String },
}

impl Scope {
    /// How narrowly it names: the narrowest grant decides.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Everything => 0,
            Self::Product { .. } => 1,
            Self::Release { .. } | Self::System { .. } => 2,
            Self::Evidence { .. } => 3,
        }
    }
}
