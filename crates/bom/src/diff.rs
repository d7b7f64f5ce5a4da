//! What is different between two component graphs.
//!
//! Components are the same if they have the same package URL without version and qualifiers, or else the same group and
//! name. Of equal components, equal versions are paired first (for files: equal digests), the others in order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Bom, Component, RelationKind};

/// Difference of two graphs; every list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Only in the new graph.
    pub added: Vec<Item>,
    /// Only in the old graph.
    pub removed: Vec<Item>,
    /// In both, with other values.
    pub changed: Vec<Change>,
    /// In both, at other places.
    pub moved: Vec<Move>,
}

/// A component by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Item {
    /// Group and name.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// Package URL.
    pub purl: Option<String>,
}

/// A component with other values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The component in the new graph.
    pub component: Item,
    /// What is different.
    pub fields: Vec<FieldChange>,
}

/// One different value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FieldChange {
    /// Name of the field: `version`, `supplier`, `licences`, `hashes`, `cpes`.
    pub field: &'static str,
    /// Old value; empty if there was none.
    pub before: String,
    /// New value; empty if there is none.
    pub after: String,
}

/// A component at other places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Move {
    /// The component.
    pub component: Item,
    /// Where it was, and is no more: paths, and names of what contained it.
    pub from: Vec<String>,
    /// Where it is now, and was not.
    pub to: Vec<String>,
}

impl Difference {
    /// Is nothing different?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two graphs.
pub fn diff(old: &Bom, new: &Bom) -> Difference {
    let (old_places, new_places) = (containers(old), containers(new));
    let (mut before, mut after) = (by_identity(old), by_identity(new));
    let identities: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let mut difference = Difference::default();
    for identity in identities {
        let (before, after) =
            (before.remove(&identity).unwrap_or_default(), after.remove(&identity).unwrap_or_default());
        let Pairs { pairs, removed, added } = pair(before, after);
        difference.removed.extend(removed.into_iter().map(item));
        difference.added.extend(added.into_iter().map(item));
        for (old, new) in pairs {
            let fields = fields(old, new);
            if !fields.is_empty() {
                difference.changed.push(Change { component: item(new), fields });
            }
            let (was, is) = (places(old, &old_places), places(new, &new_places));
            if was != is {
                let (from, to) =
                    (was.difference(&is).cloned().collect(), is.difference(&was).cloned().collect());
                difference.moved.push(Move { component: item(new), from, to });
            }
        }
    }
    difference.added.sort();
    difference.removed.sort();
    difference.changed.sort();
    difference.moved.sort();
    difference
}

fn item(component: &Component) -> Item {
    Item { name: component.full_name(), version: component.version.clone(), purl: component.purl.clone() }
}

/// `pkg:deb/debian/busybox` of `pkg:deb/debian/busybox@1.35.0?arch=armel`.
pub(crate) fn identity(component: &Component) -> String {
    component.purl.as_ref().map_or_else(
        || component.full_name(),
        |purl| {
            let end = purl.find(['?', '#']).unwrap_or(purl.len());
            let without = purl.get(..end).unwrap_or(purl);
            // A scope such as `@angular` is encoded in canonical text, but not everybody's.
            let version =
                without.rfind('@').filter(|at| without.rfind('/').is_some_and(|slash| *at > slash + 1));
            without.get(..version.unwrap_or(without.len())).unwrap_or(without).to_owned()
        },
    )
}

fn by_identity(bom: &Bom) -> BTreeMap<String, Vec<&Component>> {
    let mut groups: BTreeMap<String, Vec<&Component>> = BTreeMap::new();
    for component in &bom.components {
        groups.entry(identity(component)).or_default().push(component);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|component| (exact(component), &component.reference));
    }
    groups
}

/// What makes two components of one identity the same release.
fn exact(component: &Component) -> (Option<&String>, Option<&String>) {
    match &component.version {
        Some(version) => (Some(version), None),
        None => (None, component.hashes.values().next()),
    }
}

struct Pairs<'b> {
    pairs: Vec<(&'b Component, &'b Component)>,
    removed: Vec<&'b Component>,
    added: Vec<&'b Component>,
}

fn pair<'b>(before: Vec<&'b Component>, mut after: Vec<&'b Component>) -> Pairs<'b> {
    let (mut pairs, mut left) = (Vec::new(), Vec::new());
    for old in before {
        match after.iter().position(|new| exact(new) == exact(old)) {
            Some(at) => pairs.push((old, after.remove(at))),
            None => left.push(old),
        }
    }
    let changed = left.len().min(after.len());
    let added = after.split_off(changed);
    let removed = left.split_off(changed);
    pairs.extend(left.into_iter().zip(after));
    Pairs { pairs, removed, added }
}

fn fields(old: &Component, new: &Component) -> Vec<FieldChange> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let list = |values: Vec<&str>| {
        let sorted: BTreeSet<&str> = values.into_iter().collect();
        sorted.into_iter().collect::<Vec<_>>().join(", ")
    };
    let cpes = |component: &Component| list(component.cpes.iter().map(String::as_str).collect());
    let licences =
        |component: &Component| list(component.licences.iter().map(|licence| licence.text()).collect());
    let hashes = |component: &Component| list(component.hashes.values().map(String::as_str).collect());
    let all = [
        ("version", text(&old.version), text(&new.version)),
        ("supplier", text(&old.supplier), text(&new.supplier)),
        ("licences", licences(old), licences(new)),
        ("hashes", hashes(old), hashes(new)),
        ("cpes", cpes(old), cpes(new)),
    ];
    let changed = all.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| FieldChange { field, before, after }).collect()
}

/// Names of what contains a component, by its id.
fn containers(bom: &Bom) -> BTreeMap<&str, BTreeSet<String>> {
    let names: BTreeMap<&str, String> =
        bom.components.iter().map(|c| (c.reference.0.as_str(), identity(c))).collect();
    let mut containers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for relation in bom.relations.iter().filter(|relation| relation.kind == RelationKind::Contains) {
        let name = names.get(relation.from.0.as_str()).cloned();
        containers.entry(relation.to.0.as_str()).or_default().extend(name);
    }
    containers
}

fn places(component: &Component, containers: &BTreeMap<&str, BTreeSet<String>>) -> BTreeSet<String> {
    let paths = component.evidence.iter().map(|evidence| evidence.path.clone());
    let around = containers.get(component.reference.0.as_str()).into_iter().flatten().cloned();
    paths.chain(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ComponentRef, Evidence};
    use proptest::prelude::*;

    fn component(name: &str, version: &str, path: &str) -> Component {
        Component {
            reference: ComponentRef(format!("{name}@{version}")),
            name: name.to_owned(),
            version: Some(version.to_owned()),
            evidence: vec![Evidence { path: path.to_owned(), ..Evidence::default() }],
            ..Component::default()
        }
    }

    fn bom(components: Vec<Component>) -> Bom {
        Bom { components, ..Bom::default() }
    }

    #[test]
    fn each_kind_of_difference_is_told_apart() {
        let old = bom(vec![component("a", "1", "x"), component("b", "1", "x"), component("c", "1", "x")]);
        let new = bom(vec![component("a", "2", "x"), component("c", "1", "y"), component("d", "1", "x")]);
        let found = diff(&old, &new);
        let names = |items: &[Item]| items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
        assert_eq!((names(&found.added), names(&found.removed)), (vec!["d".into()], vec!["b".into()]));
        assert_eq!(
            found.changed[0].fields,
            [FieldChange { field: "version", before: "1".into(), after: "2".into() }]
        );
        assert_eq!(
            (&found.moved[0].from[..], &found.moved[0].to[..]),
            (&["x".into()][..], &["y".into()][..])
        );
    }

    #[test]
    fn an_identity_has_no_version_and_no_qualifiers() {
        for (purl, expected) in [
            ("pkg:deb/debian/x@1:2?arch=a", "pkg:deb/debian/x"),
            ("pkg:npm/@angular/core", "pkg:npm/@angular/core"),
            ("pkg:npm/%40angular/core@1#sub", "pkg:npm/%40angular/core"),
            ("pkg:npm/@angular", "pkg:npm/@angular"),
        ] {
            let component = Component { purl: Some(purl.to_owned()), ..Component::default() };
            assert_eq!(identity(&component), expected, "{purl}");
        }
    }

    proptest! {
        #[test]
        fn a_graph_does_not_differ_from_itself_and_swapping_swaps(
            left in prop::collection::vec(("[a-c]", "[1-3]", "[x-y]"), 0..8),
            right in prop::collection::vec(("[a-c]", "[1-3]", "[x-y]"), 0..8),
        ) {
            let build = |parts: &[(String, String, String)]| {
                bom(parts.iter().map(|(name, version, path)| component(name, version, path)).collect())
            };
            let (left, right) = (build(&left), build(&right));
            prop_assert!(diff(&left, &left).is_empty());
            let (there, back) = (diff(&left, &right), diff(&right, &left));
            prop_assert_eq!(&there.added, &back.removed);
            prop_assert_eq!(&there.removed, &back.added);
            prop_assert_eq!(there.changed.len(), back.changed.len());
        }
    }
}
