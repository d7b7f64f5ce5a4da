//! Tests on products: definitions, references, groups, branches, identification helpers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Faults;
use super::view::{
    AFFECTED, FIXED, NOT_AFFECTED, UNDER_INVESTIGATION, branches, each, groups, products, text, texts,
    vulnerabilities,
};

/// Everything that names a product which is defined elsewhere.
const REFERENCES: &[&str] = &[
    "/product_tree/product_groups[]/product_ids[]",
    "/product_tree/relationships[]/product_reference",
    "/product_tree/relationships[]/relates_to_product_reference",
    "/vulnerabilities[]/flags[]/product_ids[]",
    "/vulnerabilities[]/product_status/first_affected[]",
    "/vulnerabilities[]/product_status/first_fixed[]",
    "/vulnerabilities[]/product_status/fixed[]",
    "/vulnerabilities[]/product_status/known_affected[]",
    "/vulnerabilities[]/product_status/known_not_affected[]",
    "/vulnerabilities[]/product_status/last_affected[]",
    "/vulnerabilities[]/product_status/recommended[]",
    "/vulnerabilities[]/product_status/under_investigation[]",
    "/vulnerabilities[]/remediations[]/product_ids[]",
    "/vulnerabilities[]/scores[]/products[]",
    "/vulnerabilities[]/threats[]/product_ids[]",
];

const GROUP_REFERENCES: &[&str] = &[
    "/vulnerabilities[]/flags[]/group_ids[]",
    "/vulnerabilities[]/remediations[]/group_ids[]",
    "/vulnerabilities[]/threats[]/group_ids[]",
];

fn defined(document: &Value) -> Vec<(String, &str)> {
    let products = products(document).into_iter();
    products
        .filter_map(|(at, product)| Some((format!("{at}/product_id"), text(product, "/product_id")?)))
        .collect()
}

/// 6.1.1
pub(super) fn missing(document: &Value) -> Faults {
    let known: BTreeSet<&str> = defined(document).into_iter().map(|(_, id)| id).collect();
    let wrong = texts(document, REFERENCES).into_iter().filter(|(_, id)| !known.contains(id));
    wrong.map(|(at, id)| (at, format!("there is no product `{id}`"))).collect()
}

/// Values that an earlier place has already.
pub(super) fn repeated<'d>(values: impl IntoIterator<Item = (String, &'d str)>) -> Vec<(String, &'d str)> {
    let mut seen = BTreeSet::new();
    values.into_iter().filter(|(_, value)| !seen.insert(*value)).collect()
}

/// 6.1.2
pub(super) fn defined_twice(document: &Value) -> Faults {
    let twice = repeated(defined(document));
    twice.into_iter().map(|(at, id)| (at, format!("the product `{id}` is defined already"))).collect()
}

/// 6.1.3
pub(super) fn circular(document: &Value) -> Faults {
    let mut made_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let relationships = each(document, "/product_tree/relationships[]");
    for (_, relationship) in &relationships {
        let Some(id) = text(relationship, "/full_product_name/product_id") else { continue };
        let parts = ["/product_reference", "/relates_to_product_reference"];
        made_of.entry(id).or_default().extend(parts.iter().filter_map(|part| text(relationship, part)));
    }
    let reaches_itself = |start: &str| {
        let (mut seen, mut work) = (BTreeSet::new(), made_of.get(start).cloned().unwrap_or_default());
        while let Some(id) = work.pop() {
            if id == start {
                return true;
            }
            if seen.insert(id) {
                work.extend(made_of.get(id).into_iter().flatten());
            }
        }
        false
    };
    let wrong = relationships.iter().filter_map(|(at, relationship)| {
        let id = text(relationship, "/full_product_name/product_id").filter(|id| reaches_itself(id))?;
        Some((at.clone(), format!("the product `{id}` is made of itself")))
    });
    wrong.collect()
}

/// 6.1.4
pub(super) fn missing_groups(document: &Value) -> Faults {
    let groups = groups(document);
    let wrong = texts(document, GROUP_REFERENCES).into_iter().filter(|(_, id)| !groups.contains_key(id));
    wrong.map(|(at, id)| (at, format!("there is no group `{id}`"))).collect()
}

/// 6.1.5
pub(super) fn groups_defined_twice(document: &Value) -> Faults {
    let twice = repeated(texts(document, &["/product_tree/product_groups[]/group_id"]));
    twice.into_iter().map(|(at, id)| (at, format!("the group `{id}` is defined already"))).collect()
}

/// 6.1.6
pub(super) fn contradicting_status(document: &Value) -> Faults {
    let kinds: [(&str, &[&str]); 4] = [
        ("affected", AFFECTED),
        ("not affected", NOT_AFFECTED),
        ("fixed", FIXED),
        ("under investigation", UNDER_INVESTIGATION),
    ];
    let mut faults = Vec::new();
    for (at, vulnerability) in vulnerabilities(document) {
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for (kind, paths) in kinds {
            for (inside, id) in texts(vulnerability, paths) {
                let first = *said.entry(id).or_insert(kind);
                if first != kind {
                    faults.push((format!("{at}{inside}"), format!("`{id}` is {first} and {kind}")));
                }
            }
        }
    }
    faults
}

/// 6.1.13
pub(super) fn package_url(document: &Value) -> Faults {
    let helpers = products(document).into_iter();
    let purls = helpers.filter_map(|(at, product)| {
        let inside = "/product_identification_helper/purl";
        Some((format!("{at}{inside}"), text(product, inside)?))
    });
    let wrong = purls.filter(|(_, purl)| purl.parse::<ident::Purl>().is_err());
    wrong.map(|(at, purl)| (at, format!("`{purl}` is no package URL"))).collect()
}

/// A digest: where it stands, algorithm, value.
type Digest<'d> = (String, &'d str, &'d str);

/// Lists of digests, each of one file.
fn digests(document: &Value) -> Vec<(String, Vec<Digest<'_>>)> {
    let mut out = Vec::new();
    for (at, product) in products(document) {
        for (inside, file) in each(product, "/product_identification_helper/hashes[]") {
            let hashes = each(file, "/file_hashes[]").into_iter().filter_map(|(index, hash)| {
                Some((
                    format!("{at}{inside}{index}"),
                    text(hash, "/algorithm")?,
                    text(hash, "/value").unwrap_or_default(),
                ))
            });
            out.push((format!("{at}{inside}/file_hashes"), hashes.collect()));
        }
    }
    out
}

/// 6.1.25
pub(super) fn same_hash_algorithm(document: &Value) -> Faults {
    let lists = digests(document).into_iter();
    let twice =
        lists.flat_map(|(_, hashes)| repeated(hashes.into_iter().map(|(at, algorithm, _)| (at, algorithm))));
    twice.map(|(at, algorithm)| (at, format!("there is a digest by `{algorithm}` already"))).collect()
}

fn only(document: &Value, weak: &str) -> Faults {
    let lists = digests(document).into_iter();
    let wrong =
        lists.filter(|(_, hashes)| !hashes.is_empty() && hashes.iter().all(|(_, name, _)| *name == weak));
    wrong
        .map(|(at, _)| (at, format!("`{weak}` is the only algorithm; hint: add a digest by `sha256`")))
        .collect()
}

/// 6.2.8
pub(super) fn only_md5(document: &Value) -> Faults {
    only(document, "md5")
}

/// 6.2.9
pub(super) fn only_sha1(document: &Value) -> Faults {
    only(document, "sha1")
}

/// 6.3.5
pub(super) fn short_hash(document: &Value) -> Faults {
    const LEAST: usize = 64;
    let hashes = digests(document).into_iter().flat_map(|(_, hashes)| hashes);
    let short = hashes.filter(|(_, _, value)| value.len() < LEAST);
    short.map(|(at, ..)| (at, format!("the digest has less than {LEAST} characters"))).collect()
}

/// 6.1.31
pub(super) fn range_as_version(document: &Value) -> Faults {
    const WORDS: &[&str] = &["<", ">", "after", "all", "before", "earlier", "later", "prior", "versions"];
    // The words stand alone: `after-eight` names a version.
    let is_range = |name: &str| {
        let name = name.to_lowercase();
        name.contains(['<', '>']) || name.split_whitespace().any(|word| WORDS.contains(&word))
    };
    let versions = branches(document).into_iter().filter(|branch| branch.category() == "product_version");
    let wrong = versions.filter(|branch| is_range(branch.name()));
    wrong.map(|b| (format!("{}/name", b.at), format!("`{}` is a range, not a version", b.name()))).collect()
}

/// 6.2.1
pub(super) fn unused(document: &Value) -> Faults {
    if text(document, "/document/category") == Some("csaf_informational_advisory") {
        return Vec::new();
    }
    let used: BTreeSet<&str> = texts(document, REFERENCES).into_iter().map(|(_, id)| id).collect();
    let wrong = defined(document).into_iter().filter(|(_, id)| !used.contains(id));
    wrong.map(|(at, id)| (at, format!("nothing speaks of the product `{id}`"))).collect()
}

/// 6.2.16
pub(super) fn no_helper(document: &Value) -> Faults {
    let bare =
        products(document).into_iter().filter(|(_, p)| p.get("product_identification_helper").is_none());
    bare.map(|(at, _)| (at, "there is no product identification helper".to_owned())).collect()
}

/// 6.2.18
pub(super) fn range_without_vers(document: &Value) -> Faults {
    let is_vers = |name: &str| {
        let (kind, range) =
            name.strip_prefix("vers:").and_then(|rest| rest.split_once('/')).unwrap_or_default();
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let starts = kind.starts_with(|c: char| known(c) && !c.is_ascii_digit());
        starts && kind.chars().all(known) && !range.is_empty()
    };
    let ranges = branches(document).into_iter().filter(|branch| branch.category() == "product_version_range");
    let wrong = ranges.filter(|branch| !is_vers(branch.name()));
    wrong.map(|b| (format!("{}/name", b.at), format!("`{}` is not of the form `vers:…`", b.name()))).collect()
}

/// 6.3.9
pub(super) fn branch_categories(document: &Value) -> Faults {
    let in_order = |categories: &[&str]| {
        let mut rest = categories.iter();
        ["vendor", "product_name", "product_version"]
            .iter()
            .all(|wanted| rest.any(|category| category == wanted))
    };
    let products = branches(document).into_iter().filter(|branch| branch.value.get("product").is_some());
    let wrong = products.filter(|branch| !in_order(&branch.categories));
    let message = "the branches above are not vendor, product name, product version in this order";
    wrong.map(|branch| (format!("{}/product", branch.at), message.to_owned())).collect()
}

/// 6.3.10
pub(super) fn version_range(document: &Value) -> Faults {
    let ranges = branches(document).into_iter().filter(|branch| branch.category() == "product_version_range");
    ranges
        .map(|branch| (format!("{}/category", branch.at), "a range of versions; hint: list them".to_owned()))
        .collect()
}

/// 6.3.11
pub(super) fn v_before_version(document: &Value) -> Faults {
    let versions = branches(document).into_iter().filter(|branch| branch.category() == "product_version");
    let marked = |name: &str| {
        name.strip_prefix(['v', 'V']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let wrong = versions.filter(|branch| marked(branch.name()));
    wrong
        .map(|b| (format!("{}/name", b.at), format!("`{}` has a `v` before the version", b.name())))
        .collect()
}
