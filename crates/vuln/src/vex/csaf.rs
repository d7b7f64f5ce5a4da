//! CSAF: product status with flags (justifications), threats (impact) and remediations.
//!
//! Source: OASIS CSAF 2.0, section 3.2.3, and profile 5 (VEX). Products are those with an identification helper, in the
//! versions of the branch that they stand in; a component inside of a product is meant as a part.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Justification, Product, Statement, VexStatus};
use crate::csaf::tree::{Branch, FullName, Helper, MAX_DEPTH, Tree};
use crate::csaf::versions::ranges;

#[derive(Deserialize)]
struct Document {
    document: About,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
struct About {
    publisher: Publisher,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Publisher {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Tracking {
    #[serde(default)]
    id: String,
    #[serde(default)]
    current_release_date: String,
}

#[derive(Deserialize)]
struct Entry {
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    product_status: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Remark>,
    #[serde(default)]
    threats: Vec<Remark>,
    #[serde(default)]
    remediations: Vec<Remark>,
}

#[derive(Deserialize)]
struct Id {
    #[serde(default)]
    text: String,
}

/// A flag, threat or remediation.
#[derive(Deserialize)]
struct Remark {
    #[serde(default)]
    label: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    product_ids: Vec<String>,
    #[serde(default)]
    group_ids: Vec<String>,
}

const KINDS: [(&str, VexStatus); 7] = [
    ("first_affected", VexStatus::Affected),
    ("known_affected", VexStatus::Affected),
    ("last_affected", VexStatus::Affected),
    ("first_fixed", VexStatus::Fixed),
    ("fixed", VexStatus::Fixed),
    ("known_not_affected", VexStatus::NotAffected),
    ("under_investigation", VexStatus::UnderInvestigation),
];

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Statement>, serde_json::Error> {
    let Document { document, product_tree, vulnerabilities } = serde_json::from_slice(bytes)?;
    let groups: BTreeMap<&str, &[String]> =
        product_tree.product_groups.iter().map(|g| (g.group_id.as_str(), g.product_ids.as_slice())).collect();
    let source = format!("{} {}", document.publisher.name, document.tracking.id).trim().to_owned();
    let mut statements = Vec::new();
    let speaks = |about: &Remark, id: &String| {
        let mut grouped = about.group_ids.iter().filter_map(|group| groups.get(group.as_str()));
        about.product_ids.contains(id) || grouped.any(|ids| ids.contains(id))
    };
    let names = names(&product_tree);
    for entry in &vulnerabilities {
        let ids: Vec<String> = entry.cve.iter().chain(entry.ids.iter().map(|id| &id.text)).cloned().collect();
        for (kind, status) in KINDS {
            for id in entry.product_status.get(kind).into_iter().flatten() {
                let Some(products) = names.get(id.as_str()).filter(|products| !products.is_empty()) else {
                    continue;
                };
                let flag = entry.flags.iter().find(|flag| speaks(flag, id));
                let texts = entry.threats.iter().chain(&entry.remediations);
                let text = texts.filter(|about| speaks(about, id)).map(|about| about.details.clone()).next();
                let time = flag.and_then(|flag| flag.date.clone());
                statements.push(Statement {
                    vulnerabilities: ids.clone(),
                    products: products.iter().map(|name| cautious(name, status)).collect(),
                    status,
                    justification: flag.and_then(|flag| Justification::from_name(&flag.label)),
                    text: text.unwrap_or_default(),
                    time: time.unwrap_or_else(|| document.tracking.current_release_date.clone()),
                    source: source.clone(),
                });
            }
        }
    }
    Ok(statements)
}

/// Names of every product by id.
fn names(tree: &Tree) -> BTreeMap<&str, BTreeSet<Product>> {
    let mut out: BTreeMap<&str, BTreeSet<Product>> = BTreeMap::new();
    let mut work: Vec<(usize, &Branch, Option<&str>)> =
        tree.branches.iter().map(|branch| (0, branch, None)).collect();
    let mut full: Vec<(&FullName, Option<&str>)> =
        tree.full_product_names.iter().map(|name| (name, None)).collect();
    while let Some((depth, branch, above)) = work.pop() {
        let version = match branch.category.as_str() {
            "product_version" | "product_version_range" => Some(branch.name.as_str()),
            _ => above,
        };
        full.extend(branch.product.as_ref().map(|name| (name, version)));
        if depth < MAX_DEPTH {
            work.extend(branch.branches.iter().map(|inside| (depth + 1, inside, version)));
        }
    }
    for (name, version) in full {
        let names = of(&name.product_identification_helper).into_iter();
        let names = names.map(|name| match version {
            Some(version) => in_version(name, version),
            None => name,
        });
        out.entry(&name.product_id).or_default().extend(names);
    }
    for relationship in &tree.relationships {
        let own = of(&relationship.full_product_name.product_identification_helper);
        let known = |id: &str| out.get(id).into_iter().flatten().cloned().collect::<Vec<_>>();
        let of = known(&relationship.relates_to_product_reference);
        let parts = known(&relationship.product_reference).into_iter().chain(own);
        let parts: Vec<Product> =
            parts.map(|part| Product::Part { of: of.clone(), part: Box::new(part) }).collect();
        out.entry(&relationship.full_product_name.product_id).or_default().extend(parts);
    }
    out
}

/// A name in the versions of its branch. One that has a version already says it all; where the branch does not tell
/// versions that can be read, there are none.
fn in_version(name: Product, branch: &str) -> Product {
    match name {
        Product::AnyCpe(_) | Product::Package(_) => {
            Product::Versions { of: Box::new(name), ranges: ranges(branch).unwrap_or_default() }
        }
        exact => exact,
    }
}

/// What is said of versions that nobody can read: nobody is safe by it, and everybody is warned.
fn cautious(name: &Product, status: VexStatus) -> Product {
    match name {
        Product::Versions { of, ranges }
            if ranges.is_empty() && matches!(status, VexStatus::Affected | VexStatus::UnderInvestigation) =>
        {
            (**of).clone()
        }
        name => name.clone(),
    }
}

fn of(helper: &Helper) -> Vec<Product> {
    let texts = helper.purl.iter().chain(&helper.purls).chain(&helper.cpe);
    texts.map(|text| Product::from_name(text)).collect()
}
