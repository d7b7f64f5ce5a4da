//! OpenVEX 0.2.0, and the 0.0.1 before it, where products are texts.
//!
//! Source: OpenVEX specification, version 0.2.0.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Justification, Product, Statement, VexStatus};

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "@id")]
    id: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    last_updated: Option<String>,
    #[serde(default)]
    statements: Vec<Raw>,
}

#[derive(Deserialize)]
struct Raw {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<RawProduct>,
    status: String,
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    action_statement: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    last_updated: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Named {
        #[serde(default)]
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawProduct {
    Id(String),
    Named(Named),
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, rename = "@id")]
    id: String,
    #[serde(default)]
    identifiers: BTreeMap<String, String>,
    #[serde(default)]
    subcomponents: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Id(String),
    Named {
        #[serde(default, rename = "@id")]
        id: String,
        #[serde(default)]
        identifiers: BTreeMap<String, String>,
    },
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Statement>, serde_json::Error> {
    let document: Document = serde_json::from_slice(bytes)?;
    let time = document.last_updated.unwrap_or(document.timestamp);
    let source = format!("{} {}", document.author, document.id).trim().to_owned();
    Ok(document.statements.into_iter().filter_map(|raw| statement(raw, &time, &source)).collect())
}

fn statement(raw: Raw, time: &str, source: &str) -> Option<Statement> {
    let vulnerabilities = match raw.vulnerability {
        Vulnerability::Name(name) => vec![name],
        Vulnerability::Named { name, aliases } => {
            std::iter::once(name).chain(aliases).filter(|n| !n.is_empty()).collect()
        }
    };
    let status = match raw.status.as_str() {
        "affected" => VexStatus::Affected,
        "under_investigation" => VexStatus::UnderInvestigation,
        "fixed" => VexStatus::Fixed,
        "not_affected" => VexStatus::NotAffected,
        _ => return None,
    };
    Some(Statement {
        vulnerabilities,
        products: raw.products.into_iter().flat_map(products).collect(),
        status,
        justification: raw.justification.as_deref().and_then(Justification::from_name),
        text: raw.impact_statement.or(raw.action_statement).unwrap_or_default(),
        time: raw.last_updated.or(raw.timestamp).unwrap_or_else(|| time.to_owned()),
        source: source.to_owned(),
    })
}

fn names(id: String, identifiers: BTreeMap<String, String>) -> Vec<Product> {
    let all = identifiers.into_values().chain((!id.is_empty()).then_some(id));
    all.map(|name| Product::from_name(&name)).collect()
}

/// Where a statement names parts of a product, it speaks of them.
fn products(raw: RawProduct) -> Vec<Product> {
    let named = match raw {
        RawProduct::Id(id) => return names(id, BTreeMap::new()),
        RawProduct::Named(named) => named,
    };
    if named.subcomponents.is_empty() {
        return names(named.id, named.identifiers);
    }
    let of = names(named.id, named.identifiers);
    let parts = named.subcomponents.into_iter().flat_map(|part| match part {
        Part::Id(id) => names(id, BTreeMap::new()),
        Part::Named { id, identifiers } => names(id, identifiers),
    });
    parts.map(|part| Product::Part { of: of.clone(), part: Box::new(part) }).collect()
}
