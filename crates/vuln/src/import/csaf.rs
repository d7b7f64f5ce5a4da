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
use crate::matching::package_key;
use crate::merge::{Contribution, Source};
use crate::{Bound, Configuration, Criterion, Node, PackageRange, Rating, Span, Status, Vulnerability};

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
    let ranges = product.version.as_deref().map_or_else(|| vec![(None, None)], ranges);
    let criterion = |(start, end)| Criterion { cpe: name.clone(), start, end, vulnerable: true, derived };
    ranges.into_iter().map(criterion).collect()
}

type Range = (Option<Bound>, Option<Bound>);

/// `vers:all/<V4.5`, `>= 1.0 | <= 1.32`, `All versions < 2`, `1.2`, as publishers write them. What cannot be read as
/// versions gives a range without ends: the record names no versions.
fn ranges(text: &str) -> Vec<Range> {
    let text = text
        .strip_prefix("vers:")
        .and_then(|rest| rest.split_once('/'))
        .map_or(text, |(_, rest)| rest)
        .trim();
    let Some(first) = text.find(['<', '>']) else {
        return vec![
            single(text)
                .map_or((None, None), |version| (Some(bound(version, true)), Some(bound(version, true)))),
        ];
    };
    let (mut out, mut range): (Vec<Range>, Range) = (Vec::new(), (None, None));
    let mut rest = text.get(first..).unwrap_or_default();
    while let Some(sign) = rest.chars().next().filter(|c| matches!(c, '<' | '>')) {
        let inclusive = rest.get(1..2) == Some("=");
        let after = rest.get(1 + usize::from(inclusive)..).unwrap_or_default();
        let end = after.find(['<', '>']).unwrap_or(after.len());
        let (version, next) = after.split_at_checked(end).unwrap_or((after, ""));
        let version = single(version.split('|').next().unwrap_or(version).trim_end_matches("and ").trim());
        match (sign, version) {
            ('>', Some(version)) => range = (Some(bound(version, inclusive)), None),
            (_, Some(version)) => out.push((range.0.take(), Some(bound(version, inclusive)))),
            (_, None) => return vec![(None, None)],
        }
        rest = next;
    }
    if range.0.is_some() {
        out.push(range);
    }
    out
}

fn bound(version: &str, inclusive: bool) -> Bound {
    Bound { version: version.to_owned(), inclusive }
}

/// A version, without the `V` before it; `None` for words.
fn single(text: &str) -> Option<&str> {
    let text = text.trim();
    let bare = text
        .strip_prefix(['v', 'V'])
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text);
    let version = bare.starts_with(|c: char| c.is_ascii_digit()) || bare.len() < 12;
    let plain = !bare.is_empty()
        && bare.contains(|c: char| c.is_ascii_digit())
        && bare.split_whitespace().count() <= 3;
    (version && plain).then_some(bare)
}

/// Ranges of packages: those that are fixed are affected before, those that are affected are so in this version.
fn packages(
    status: &BTreeMap<String, Vec<String>>,
    products: &BTreeMap<String, Product>,
    advisory: &str,
) -> Vec<PackageRange> {
    let purls = |wanted: &[&str]| {
        let found = of_status(status, products, wanted).into_iter();
        found.filter_map(|product| product.helper.purl.as_deref()?.parse::<Purl>().ok()).collect::<Vec<_>>()
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
    for purl in purls(&["first_fixed", "fixed"]) {
        if let Some(version) = purl.version() {
            let end = Some(bound(version, false));
            take(&purl, Some(Span { introduced: "0".to_owned(), end }));
        }
    }
    for purl in purls(AFFECTED) {
        match purl.version() {
            Some(_) => take(&purl, None),
            None => take(&purl, Some(Span { introduced: "0".to_owned(), end: None })),
        }
    }
    ranges.into_values().collect()
}

/// `9` of `rhel-9`.
fn release_of(distro: &str) -> String {
    distro.rsplit('-').next().unwrap_or(distro).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_publishers_write_them() {
        let shown = |text: &str| {
            let one = |bound: Option<Bound>, signs: [&str; 2]| {
                bound.map(|b| format!("{}{}", signs[usize::from(b.inclusive)], b.version)).unwrap_or_default()
            };
            let of = |(start, end)| {
                format!("{} {}", one(start, [">", ">="]), one(end, ["<", "<="])).trim().to_owned()
            };
            ranges(text).into_iter().map(of).collect::<Vec<_>>().join(" or ")
        };
        for (text, expected) in [
            ("vers:all/<V4.3.8", "<4.3.8"),
            ("vers:all/*", ""),
            (">= 1.0 | <= 1.32", ">=1.0 <=1.32"),
            (">= V7.80 < V9.30", ">=7.80 <9.30"),
            ("All versions < V4.8 SP2 HF9", "<4.8 SP2 HF9"),
            (">=V8.3", ">=8.3"),
            ("1.15", ">=1.15 <=1.15"),
            ("All versions", ""),
            ("<=the_first_5_digits_of_serial_number_22081", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

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
}
