//! Advisories in CSAF 2.0 and 2.1: every vulnerability of a document, with the products it affects or repairs.
//!
//! A product is known by its identification helper (CPE, package URL), else by the names of its branches. Package URLs of
//! distributions give ranges of their packages: what is fixed ends the range. What is said of one product only
//! (not affected, under investigation) is VEX, and read there.
//!
//! Source: OASIS CSAF 2.0, sections 3.2.2 and 3.2.3; 2.1 renames `scores` to `metrics` and `cwe` to `cwes`.

use std::collections::BTreeMap;

use ident::Purl;
use ident::cpe::{Attribute, Cpe, Value as CpeValue};
use serde::Deserialize;
use serde_json::Value;

use super::text::{Reference, is_cve, urls, weakness};
use super::{Context, Fact, cpe};
use crate::csaf::tree::{Branch, Helper, MAX_DEPTH, Tree};
use crate::csaf::versions::{bound, ranges as ranges_of};
use crate::matching::package_key;
use crate::merge::{Contribution, Source};
use crate::{Configuration, Criterion, Node, PackageRange, Rating, Span, Status, Vulnerability};

/// Products of one document.
const MAX_PRODUCTS: usize = 100_000;

#[derive(Deserialize)]
struct Advisory {
    document: About,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    title: String,
    tracking: Tracking,
    publisher: Publisher,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    #[serde(default)]
    initial_release_date: String,
    #[serde(default)]
    current_release_date: String,
}

#[derive(Deserialize)]
struct Publisher {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Entry {
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    notes: Vec<Note>,
    cwe: Option<Weakness>,
    #[serde(default)]
    cwes: Vec<Weakness>,
    #[serde(default)]
    product_status: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    scores: Vec<serde_json::Map<String, Value>>,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Id {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    category: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(default)]
    content: serde_json::Map<String, Value>,
}

/// What is known of a product.
#[derive(Clone, Default)]
struct Product {
    vendor: String,
    name: String,
    /// A version or a range, as the branch writes it.
    version: Option<String>,
    helper: Helper,
}

pub(super) fn recognise(head: &str) -> bool {
    head.starts_with('{') && (head.contains("\"csaf_version\"") || head.contains("\"product_tree\""))
}

pub(super) fn read(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let advisory: Advisory = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let products = products(advisory.product_tree)?;
    for entry in advisory.vulnerabilities {
        let record = vulnerability(entry, &advisory.document, &products);
        out.push(Fact::Said(Box::new(Contribution { source: Source::Advisory, record })));
    }
    Ok(())
}

/// Products by id.
fn products(tree: Tree) -> Result<BTreeMap<String, Product>, String> {
    let mut out: BTreeMap<String, Product> = BTreeMap::new();
    let mut work: Vec<(Product, usize, Branch)> =
        tree.branches.into_iter().map(|branch| (Product::default(), 0, branch)).collect();
    while let Some((mut product, depth, branch)) = work.pop() {
        match branch.category.as_str() {
            "vendor" => product.vendor = branch.name,
            "product_name" => product.name = branch.name,
            "product_version" | "product_version_range" => product.version = Some(branch.name),
            _ => {}
        }
        if depth < MAX_DEPTH {
            work.extend(branch.branches.into_iter().map(|inside| (product.clone(), depth + 1, inside)));
        }
        if let Some(full) = branch.product {
            product.helper = full.product_identification_helper;
            out.insert(full.product_id, product);
        }
        if out.len() > MAX_PRODUCTS {
            return Err(format!("it has more than {MAX_PRODUCTS} products"));
        }
    }
    for full in tree.full_product_names {
        let product = Product { helper: full.product_identification_helper, ..Product::default() };
        out.insert(full.product_id, product);
    }
    // A component inside of a product goes by its own name.
    for relationship in tree.relationships.into_iter().take(MAX_PRODUCTS) {
        let mut product = out.get(&relationship.product_reference).cloned().unwrap_or_default();
        let Helper { cpe, purl, .. } = relationship.full_product_name.product_identification_helper;
        product.helper.cpe = cpe.or(product.helper.cpe);
        product.helper.purl = purl.or(product.helper.purl);
        out.insert(relationship.full_product_name.product_id, product);
    }
    Ok(out)
}

fn vulnerability(entry: Entry, about: &About, products: &BTreeMap<String, Product>) -> Vulnerability {
    let advisory = about.tracking.id.clone();
    let cve = entry.cve.filter(|cve| is_cve(cve));
    let own = entry.ids.into_iter().map(|id| id.text).find(|text| !text.is_empty());
    let note =
        |kind: &str| entry.notes.iter().find(|note| note.category == kind).map(|note| note.text.clone());
    let text = note("description").or_else(|| note("summary")).or_else(|| note("details"));
    let title = if entry.title.is_empty() { about.title.clone() } else { entry.title };
    let metrics = entry.metrics.iter().map(|metric| &metric.content).chain(&entry.scores);
    let vectors =
        metrics.flat_map(|score| score.values()).filter_map(|value| value.get("vectorString")?.as_str());
    let source = about.publisher.name.to_lowercase();
    let references = entry.references.into_iter().chain(about.references.iter().cloned());
    Vulnerability {
        id: cve.or(own).unwrap_or_else(|| advisory.clone()),
        aliases: vec![advisory.clone()],
        status: Status::Active,
        description: text.unwrap_or(title),
        published: about.tracking.initial_release_date.clone(),
        modified: about.tracking.current_release_date.clone(),
        ratings: vectors.map(|v| Rating { source: source.clone(), vector: v.to_owned() }).collect(),
        weaknesses: entry.cwe.iter().chain(&entry.cwes).filter_map(|cwe| weakness(&cwe.id)).collect(),
        references: urls(references.collect()),
        configurations: configurations(&entry.product_status, products),
        packages: packages(&entry.product_status, products, &advisory),
        sources: vec!["csaf".to_owned()],
        ..Vulnerability::default()
    }
}

fn of_status<'p>(
    status: &BTreeMap<String, Vec<String>>,
    products: &'p BTreeMap<String, Product>,
    wanted: &[&str],
) -> Vec<&'p Product> {
    let ids = wanted.iter().filter_map(|name| status.get(*name)).flatten();
    ids.filter_map(|id| products.get(id)).collect()
}

const AFFECTED: &[&str] = &["first_affected", "known_affected", "last_affected"];

fn configurations(
    status: &BTreeMap<String, Vec<String>>,
    products: &BTreeMap<String, Product>,
) -> Vec<Configuration> {
    let mut any_of: Vec<Criterion> =
        of_status(status, products, AFFECTED).into_iter().flat_map(criteria).collect();
    any_of.sort_by(|a, b| (&a.cpe, shown(a)).cmp(&(&b.cpe, shown(b))));
    any_of.dedup();
    if any_of.is_empty() {
        return Vec::new();
    }
    vec![Configuration { all_of: vec![Node { any_of, negate: false }] }]
}

fn shown(criterion: &Criterion) -> (Option<&str>, Option<&str>) {
    (criterion.start.as_ref().map(|b| b.version.as_str()), criterion.end.as_ref().map(|b| b.version.as_str()))
}

fn criteria(product: &Product) -> Vec<Criterion> {
    let stated = product.helper.cpe.as_deref().and_then(|cpe| cpe.parse::<Cpe>().ok());
    let derived = stated.is_none();
    let name = match stated {
        // A name with a version says it all.
        Some(name) if name.get(Attribute::Version).text().is_some() => {
            return vec![Criterion { cpe: name.to_string(), vulnerable: true, ..Criterion::default() }];
        }
        Some(name) => name.with(Attribute::Version, CpeValue::Any).to_string(),
        None => match cpe::from_words(&product.vendor, &product.name) {
            Some(name) => name,
            None => return Vec::new(),
        },
    };
    // What cannot be read as versions gives a range without ends: the record names no versions.
    let ranges = product.version.as_deref().and_then(ranges_of).unwrap_or_else(|| vec![(None, None)]);
    let criterion = |(start, end)| Criterion { cpe: name.clone(), start, end, vulnerable: true, derived };
    ranges.into_iter().map(criterion).collect()
}

/// Ranges of packages: those that are fixed are affected before, those that are affected are so in this version.
fn packages(
    status: &BTreeMap<String, Vec<String>>,
    products: &BTreeMap<String, Product>,
    advisory: &str,
) -> Vec<PackageRange> {
    let purls = |wanted: &[&str]| {
        let found = of_status(status, products, wanted).into_iter();
        let named =
            found.filter_map(|product| Some((product.helper.purl.as_deref()?.parse().ok()?, product)));
        named.collect::<Vec<(Purl, &Product)>>()
    };
    let mut ranges: BTreeMap<(String, Option<String>), PackageRange> = BTreeMap::new();
    let mut take = |purl: &Purl, span: Option<Span>| {
        let (package, release) = (package_key(purl), purl.qualifier("distro").map(release_of));
        let range = ranges.entry((package.clone(), release.clone())).or_insert_with(|| PackageRange {
            package,
            release,
            advisory: advisory.to_owned(),
            ..PackageRange::default()
        });
        match span {
            Some(span) if !range.spans.contains(&span) => range.spans.push(span),
            Some(_) => {}
            None => range.versions.extend(purl.version().map(str::to_owned)),
        }
    };
    for (purl, product) in purls(&["first_fixed", "fixed"]) {
        let version = purl.version().map(str::to_owned).or_else(|| first_fixed(product));
        if let Some(version) = version {
            let end = Some(bound(&version, false));
            take(&purl, Some(Span { introduced: "0".to_owned(), end }));
        }
    }
    for (purl, product) in purls(AFFECTED) {
        if purl.version().is_some() {
            take(&purl, None);
            continue;
        }
        // A name without version means the versions of its branch; where these cannot be read, all of them.
        let branch = product.version.as_deref().and_then(ranges_of);
        for (start, end) in branch.unwrap_or_else(|| vec![(None, None)]) {
            let introduced = start.map_or_else(|| "0".to_owned(), |start| start.version);
            take(&purl, Some(Span { introduced, end }));
        }
    }
    ranges.into_values().collect()
}

/// Where the branch of a repaired product begins.
fn first_fixed(product: &Product) -> Option<String> {
    let starts = ranges_of(product.version.as_deref()?)?.into_iter().map(|(start, _)| start);
    // Several ranges are several branches of development, of which none is repaired by the others.
    let [start] = starts.collect::<Vec<_>>().try_into().ok()?;
    Some(start?.version)
}

/// `9` of `rhel-9`.
fn release_of(distro: &str) -> String {
    distro.rsplit('-').next().unwrap_or(distro).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_named_by_helper_or_by_branches() {
        let text = r#"{"document": {"title": "T", "publisher": {"name": "Acme"}, "tracking": {"id": "A-1"}},
            "product_tree": {"branches": [{"category": "vendor", "name": "Acme Inc", "branches": [
                {"category": "product_name", "name": "Big Router", "branches": [
                    {"category": "product_version_range", "name": "< 2", "product": {"product_id": "p"}}]}]}],
                "full_product_names": [{"product_id": "q", "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl@3.0-2?distro=rhel-9"}}]},
            "vulnerabilities": [{"cve": "CVE-2024-0001", "product_status": {"known_affected": ["p"], "fixed": ["q"]}}]}"#;
        let mut out = Vec::new();
        read(text, &mut Context::default(), &mut out).unwrap();
        let [Fact::Said(said)] = out.as_slice() else { panic!("one record") };
        let criterion = &said.record.configurations[0].all_of[0].any_of[0];
        assert_eq!(
            (criterion.cpe.as_str(), criterion.derived),
            ("cpe:2.3:*:acme_inc:big_router:*:*:*:*:*:*:*:*", true)
        );
        let package = &said.record.packages[0];
        assert_eq!((package.package.as_str(), package.release.as_deref()), ("rpm/redhat/openssl", Some("9")));
        assert_eq!(package.spans[0].end, Some(bound("3.0-2", false)));
    }

    #[test]
    fn a_package_url_without_version_means_the_versions_of_its_branch() {
        let spans = |category: &str, branch: &str, status: &str| {
            let text = format!(
                r#"{{"document": {{"title": "T", "publisher": {{"name": "Acme"}}, "tracking": {{"id": "A-1"}}}},
                "product_tree": {{"branches": [{{"category": "{category}", "name": "{branch}", "product": {{"product_id": "p",
                    "product_identification_helper": {{"purl": "pkg:npm/left"}}}}}}]}},
                "vulnerabilities": [{{"cve": "CVE-2024-0001", "product_status": {{"{status}": ["p"]}}}}]}}"#
            );
            let mut out = Vec::new();
            read(&text, &mut Context::default(), &mut out).unwrap();
            let [Fact::Said(said)] = out.as_slice() else { panic!("one record") };
            let packages = said.record.packages.iter().flat_map(|package| package.spans.clone());
            packages
                .map(|span| (span.introduced, span.end.map(|b| (b.version, b.inclusive))))
                .collect::<Vec<_>>()
        };
        let span = |start: &str, end: Option<(&str, bool)>| {
            vec![(start.to_owned(), end.map(|(version, inclusive)| (version.to_owned(), inclusive)))]
        };
        let range = "product_version_range";
        assert_eq!(spans(range, "vers:npm/>=1|<2", "known_affected"), span("1", Some(("2", false))));
        assert_eq!(spans(range, "vers:npm/*", "known_affected"), span("0", None));
        assert_eq!(spans(range, "some of them", "known_affected"), span("0", None));
        assert_eq!(spans("product_version", "1.2", "known_affected"), span("1.2", Some(("1.2", true))));
        assert_eq!(spans(range, "vers:npm/>=2", "fixed"), span("0", Some(("2", false))));
        assert_eq!(spans("product_version", "2.1", "fixed"), span("0", Some(("2.1", false))));
    }
}
