//! Values by path, and the parts of a document that many tests look at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tree::MAX_DEPTH;

/// Every value at a path such as `/vulnerabilities[]/flags[]/product_ids[]`, with its JSON pointer.
pub(super) fn each<'d>(document: &'d Value, path: &str) -> Vec<(String, &'d Value)> {
    let mut found = vec![(String::new(), document)];
    for step in path.split('/').skip(1) {
        let (key, list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let inside =
            found.into_iter().filter_map(|(at, value)| Some((format!("{at}/{key}"), value.get(key)?)));
        found = if list {
            inside.flat_map(|(at, value)| elements(&at, value)).collect()
        } else {
            inside.collect()
        };
    }
    found
}

fn elements<'d>(at: &str, value: &'d Value) -> Vec<(String, &'d Value)> {
    let values = value.as_array().into_iter().flatten().enumerate();
    values.map(|(index, value)| (format!("{at}/{index}"), value)).collect()
}

/// Texts at any of these paths.
pub(super) fn texts<'d>(document: &'d Value, paths: &[&str]) -> Vec<(String, &'d str)> {
    let all = paths.iter().flat_map(|path| each(document, path));
    all.filter_map(|(at, value)| Some((at, value.as_str()?))).collect()
}

pub(super) fn text<'d>(value: &'d Value, pointer: &str) -> Option<&'d str> {
    value.pointer(pointer)?.as_str()
}

/// A branch with its pointer and the categories from the root to it.
pub(super) struct Branch<'d> {
    pub(super) at: String,
    pub(super) value: &'d Value,
    pub(super) categories: Vec<&'d str>,
}

impl<'d> Branch<'d> {
    pub(super) fn category(&self) -> &'d str {
        self.categories.last().copied().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &'d str {
        text(self.value, "/name").unwrap_or_default()
    }
}

/// All branches of the product tree.
pub(super) fn branches(document: &Value) -> Vec<Branch<'_>> {
    let mut out = Vec::new();
    let mut work: Vec<Branch<'_>> = Vec::new();
    open(&mut work, "/product_tree", document.get("product_tree"), &[]);
    while let Some(branch) = work.pop() {
        if branch.categories.len() < MAX_DEPTH {
            open(&mut work, &branch.at, Some(branch.value), &branch.categories);
        }
        out.push(branch);
    }
    out.sort_by(|a, b| a.at.cmp(&b.at));
    out
}

fn open<'d>(work: &mut Vec<Branch<'d>>, at: &str, around: Option<&'d Value>, above: &[&'d str]) {
    let Some(list) = around.and_then(|value| value.get("branches")) else { return };
    for (at, value) in elements(&format!("{at}/branches"), list) {
        let category = text(value, "/category").unwrap_or_default();
        let categories = above.iter().copied().chain([category]).collect();
        work.push(Branch { at, value, categories });
    }
}

/// Every definition of a product: full product names, wherever they stand.
pub(super) fn products(document: &Value) -> Vec<(String, &Value)> {
    let inside = branches(document);
    let inside = inside.iter().filter_map(|b| Some((format!("{}/product", b.at), b.value.get("product")?)));
    inside
        .chain(each(document, "/product_tree/full_product_names[]"))
        .chain(each(document, "/product_tree/relationships[]/full_product_name"))
        .collect()
}

/// Ids of the members of each group.
pub(super) fn groups(document: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let groups = each(document, "/product_tree/product_groups[]");
    let members = |group| texts(group, &["/product_ids[]"]).into_iter().map(|(_, id)| id).collect();
    groups.into_iter().filter_map(|(_, group)| Some((text(group, "/group_id")?, members(group)))).collect()
}

/// Products that a flag, remediation or threat speaks of, directly or through groups.
pub(super) fn spoken_of<'d>(
    statement: &'d Value,
    groups: &BTreeMap<&str, BTreeSet<&'d str>>,
) -> BTreeSet<&'d str> {
    let direct = texts(statement, &["/product_ids[]"]).into_iter().map(|(_, id)| id);
    let named = texts(statement, &["/group_ids[]"]);
    let grouped = named.iter().filter_map(|(_, group)| groups.get(group)).flatten().copied();
    direct.chain(grouped).collect()
}

/// Kinds of status of which a product may have only one.
pub(super) const AFFECTED: &[&str] = &[
    "/product_status/first_affected[]",
    "/product_status/known_affected[]",
    "/product_status/last_affected[]",
];
pub(super) const NOT_AFFECTED: &[&str] = &["/product_status/known_not_affected[]"];
pub(super) const FIXED: &[&str] = &["/product_status/first_fixed[]", "/product_status/fixed[]"];
pub(super) const UNDER_INVESTIGATION: &[&str] = &["/product_status/under_investigation[]"];

/// Every vulnerability with its pointer.
pub(super) fn vulnerabilities(document: &Value) -> Vec<(String, &Value)> {
    each(document, "/vulnerabilities[]")
}
