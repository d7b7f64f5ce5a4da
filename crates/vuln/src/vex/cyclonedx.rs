//! CycloneDX 1.4 and later, JSON: `vulnerabilities` with `analysis` and `affects`.
//!
//! Source: CycloneDX 1.6. A reference may lead to a component of the document itself, or by BOM-Link to another document;
//! then the fragment is taken as the name (by convention a package URL).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Justification, Product, Statement, VexStatus};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    vulnerabilities: Vec<Entry>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    timestamp: String,
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default, rename = "bom-ref")]
    reference: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    purl: Option<String>,
    cpe: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affects>,
    #[serde(default)]
    updated: Option<String>,
    #[serde(default)]
    published: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    #[serde(default)]
    state: String,
    justification: Option<String>,
    #[serde(default)]
    detail: String,
    last_updated: Option<String>,
    first_issued: Option<String>,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    status: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Statement>, serde_json::Error> {
    let document: Document = serde_json::from_slice(bytes)?;
    let names = names(&document);
    let mut statements = Vec::new();
    for entry in &document.vulnerabilities {
        let vulnerabilities: Vec<String> = std::iter::once(&entry.id)
            .chain(entry.references.iter().map(|r| &r.id))
            .filter(|id| !id.is_empty())
            .cloned()
            .collect();
        let analysis = entry.analysis.as_ref();
        let state = analysis.and_then(|analysis| status(&analysis.state));
        for affects in &entry.affects {
            let listed = affects.versions.iter().any(|version| version.status == "affected");
            let Some(status) = state.or(listed.then_some(VexStatus::Affected)) else { continue };
            let time = analysis.and_then(|a| a.last_updated.as_ref().or(a.first_issued.as_ref()));
            let time = time.or(entry.updated.as_ref()).or(entry.published.as_ref());
            statements.push(Statement {
                vulnerabilities: vulnerabilities.clone(),
                products: products(&affects.reference, &names),
                status,
                justification: analysis
                    .and_then(|a| a.justification.as_deref())
                    .and_then(Justification::from_name),
                text: analysis.map(|a| a.detail.clone()).unwrap_or_default(),
                time: time.unwrap_or(&document.metadata.timestamp).clone(),
                source: document.serial_number.clone(),
            });
        }
    }
    Ok(statements)
}

fn status(state: &str) -> Option<VexStatus> {
    Some(match state {
        "exploitable" => VexStatus::Affected,
        "in_triage" => VexStatus::UnderInvestigation,
        "resolved" | "resolved_with_pedigree" => VexStatus::Fixed,
        "not_affected" | "false_positive" => VexStatus::NotAffected,
        _ => return None,
    })
}

/// Names of every component of the document by reference. Where the document describes a product, its components are
/// meant as parts of that.
fn names(document: &Document) -> BTreeMap<&str, Vec<Product>> {
    let mut out = BTreeMap::new();
    let subject = document.metadata.component.as_ref();
    let of = subject.map(own_names).unwrap_or_default();
    let mut work: Vec<&Component> = document
        .components
        .iter()
        .chain(subject.map(|s| s.components.as_slice()).unwrap_or_default())
        .collect();
    while let Some(component) = work.pop() {
        let part = |part| match of.is_empty() {
            true => part,
            false => Product::Part { of: of.clone(), part: Box::new(part) },
        };
        out.insert(component.reference.as_str(), own_names(component).into_iter().map(part).collect());
        work.extend(&component.components);
    }
    if let Some(subject) = subject {
        out.insert(subject.reference.as_str(), of);
    }
    out
}

fn own_names(component: &Component) -> Vec<Product> {
    let texts = component.purl.iter().chain(&component.cpe);
    let mut products: Vec<Product> = texts.map(|text| Product::from_name(text)).collect();
    if products.is_empty() && !component.name.is_empty() {
        let generic = format!("pkg:generic/{}@{}", component.name, component.version);
        products.push(Product::from_name(generic.trim_end_matches('@')));
    }
    products
}

fn products(reference: &str, names: &BTreeMap<&str, Vec<Product>>) -> Vec<Product> {
    if let Some(products) = names.get(reference) {
        return products.clone();
    }
    // `urn:cdx:serial/version#reference`
    let name = reference
        .strip_prefix("urn:cdx:")
        .and_then(|link| link.split_once('#'))
        .map_or(reference, |(_, name)| name);
    vec![Product::from_name(&decoded(name))]
}

/// Percent-decoded, if it is encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
