//! Several component graphs as one.
//!
//! Components are one if they have the same package URL, or else the same kind, group, name, version and digests. What
//! one document leaves open, another may fill in; where two differ, the first keeps its word and the other is reported.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Bom, Component, ComponentRef, Relation};

/// The one graph, and where the documents differed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The graph.
    pub bom: Bom,
    /// Values that were not taken.
    pub conflicts: Vec<Conflict>,
}

/// Two documents say different things about one component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conflict {
    /// Name of the component.
    pub component: String,
    /// Name of the field.
    pub field: &'static str,
    /// The value of the earlier document.
    pub kept: String,
    /// The value of the later document.
    pub dropped: String,
}

type Key = (Option<String>, String, Option<String>, Vec<String>);

fn key(component: &Component) -> Key {
    match &component.purl {
        Some(purl) => (Some(purl.clone()), String::new(), None, Vec::new()),
        None => {
            let name = format!("{:?} {}", component.kind, component.full_name());
            (None, name, component.version.clone(), component.hashes.values().cloned().collect())
        }
    }
}

/// Joins graphs, the most trusted first. The subject is kept if all that have one agree on it.
pub fn merge(boms: &[Bom]) -> Merged {
    let mut merged = Merged::default();
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut subjects: BTreeSet<ComponentRef> = BTreeSet::new();
    for bom in boms {
        let mut renamed: BTreeMap<&ComponentRef, ComponentRef> = BTreeMap::new();
        for component in &bom.components {
            let at = *known.entry(key(component)).or_insert(merged.bom.components.len());
            if let Some(first) = merged.bom.components.get_mut(at) {
                join(first, component, &mut merged.conflicts);
            } else {
                let id = free(&component.reference.0, &ids);
                ids.insert(id.clone());
                merged.bom.components.push(Component { reference: ComponentRef(id), ..component.clone() });
            }
            let id = merged.bom.components.get(at).map(|component| component.reference.clone());
            renamed.insert(&component.reference, id.unwrap_or_default());
        }
        let renamed = |id: &ComponentRef| renamed.get(id).cloned();
        subjects.extend(bom.metadata.subject.as_ref().and_then(renamed));
        merged.bom.relations.extend(bom.relations.iter().filter_map(|relation| {
            Some(Relation { from: renamed(&relation.from)?, kind: relation.kind, to: renamed(&relation.to)? })
        }));
        add_new(&mut merged.bom.metadata.authors, &bom.metadata.authors);
        add_new(&mut merged.bom.metadata.tools, &bom.metadata.tools);
        add_new(&mut merged.bom.metadata.lifecycles, &bom.metadata.lifecycles);
    }
    if subjects.len() == 1 {
        merged.bom.metadata.subject = subjects.pop_first();
    }
    merged.bom.sort_relations();
    // A component joined with itself says nothing; what makes a relation of it was one component in two documents.
    merged.bom.relations.retain(|relation| relation.from != relation.to);
    merged.conflicts.sort();
    merged.conflicts.dedup();
    merged
}

fn free(id: &str, ids: &BTreeSet<String>) -> String {
    let mut free = id.to_owned();
    for number in 2.. {
        if !ids.contains(&free) {
            break;
        }
        free = format!("{id}#{number}");
    }
    free
}

fn add_new<T: Clone + PartialEq>(list: &mut Vec<T>, more: &[T]) {
    for value in more {
        if !list.contains(value) {
            list.push(value.clone());
        }
    }
}

fn join(first: &mut Component, other: &Component, conflicts: &mut Vec<Conflict>) {
    let name = first.full_name();
    let fields = [
        ("version", &mut first.version, &other.version),
        ("supplier", &mut first.supplier, &other.supplier),
        ("originator", &mut first.originator, &other.originator),
        ("description", &mut first.description, &other.description),
        ("copyright", &mut first.copyright, &other.copyright),
    ];
    for (field, mine, theirs) in fields {
        match (mine.as_ref(), theirs) {
            (None, _) => mine.clone_from(theirs),
            (Some(kept), Some(dropped)) if kept != dropped => conflicts.push(Conflict {
                component: name.clone(),
                field,
                kept: kept.clone(),
                dropped: dropped.clone(),
            }),
            _ => {}
        }
    }
    for (algorithm, digest) in &other.hashes {
        let kept = first.hashes.entry(*algorithm).or_insert_with(|| digest.clone());
        if kept != digest {
            let (kept, dropped) = (kept.clone(), digest.clone());
            conflicts.push(Conflict { component: name.clone(), field: "hashes", kept, dropped });
        }
    }
    add_new(&mut first.cpes, &other.cpes);
    add_new(&mut first.licences, &other.licences);
    add_new(&mut first.evidence, &other.evidence);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Metadata, RelationKind};

    fn component(id: &str, purl: Option<&str>, supplier: Option<&str>) -> Component {
        Component {
            reference: ComponentRef(id.to_owned()),
            name: id.to_owned(),
            purl: purl.map(str::to_owned),
            supplier: supplier.map(str::to_owned),
            ..Component::default()
        }
    }

    fn graph(components: Vec<Component>, relation: (&str, &str)) -> Bom {
        let relations = vec![Relation {
            from: ComponentRef(relation.0.to_owned()),
            kind: RelationKind::DependsOn,
            to: ComponentRef(relation.1.to_owned()),
        }];
        let subject = components.first().map(|component| component.reference.clone());
        Bom { metadata: Metadata { subject, ..Metadata::default() }, components, relations }
    }

    #[test]
    fn one_package_in_two_documents_is_one_component_and_relations_follow_it() {
        let left =
            graph(vec![component("app", None, None), component("1", Some("pkg:a/z@1"), None)], ("app", "1"));
        let right = graph(
            vec![
                component("app", None, None),
                component("x", Some("pkg:a/z@1"), Some("Z")),
                component("1", None, None),
            ],
            ("x", "1"),
        );
        let merged = merge(&[left, right]).bom;
        let ids: Vec<&str> = merged.components.iter().map(|c| c.reference.0.as_str()).collect();
        assert_eq!(ids, ["app", "1", "1#2"]);
        assert_eq!(merged.components[1].supplier.as_deref(), Some("Z"));
        let ends: Vec<(&str, &str)> =
            merged.relations.iter().map(|r| (r.from.0.as_str(), r.to.0.as_str())).collect();
        assert_eq!(ends, [("1", "1#2"), ("app", "1")]);
        assert_eq!(merged.subject().unwrap().name, "app");
    }

    #[test]
    fn the_first_document_keeps_its_word_and_the_difference_is_told() {
        let one = |supplier| graph(vec![component("a", Some("pkg:a/a@1"), Some(supplier))], ("a", "a"));
        let merged = merge(&[one("X"), one("Y")]);
        assert_eq!(merged.bom.components[0].supplier.as_deref(), Some("X"));
        assert_eq!((merged.conflicts[0].kept.as_str(), merged.conflicts[0].dropped.as_str()), ("X", "Y"));
    }

    #[test]
    fn merging_a_graph_with_itself_changes_nothing() {
        let bom = graph(vec![component("a", None, None), component("b", None, Some("B"))], ("a", "b"));
        let merged = merge(&[bom.clone(), bom.clone()]);
        assert_eq!((merged.bom, merged.conflicts), (bom, Vec::new()));
    }
}
