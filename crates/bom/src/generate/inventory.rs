//! What was found so far: components made one where they are one, their files and their dependencies.

use std::collections::{BTreeMap, BTreeSet};

use record::BlindSpot;

use super::Generated;
use crate::{Bom, Component, ComponentRef, Evidence, Relation, RelationKind};

/// Places kept for each component; a kernel's modules would give hundreds.
const MAX_EVIDENCE: usize = 32;

/// A component as a package database or manifest states it.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) component: Component,
    /// Names under which others depend on it, besides its own.
    pub(crate) provides: Vec<String>,
    /// What it depends on: for each need, the names that satisfy it, best first.
    pub(crate) needs: Vec<Vec<String>>,
    /// Paths of its files.
    pub(crate) files: Vec<String>,
}

/// Index of a component in the [`Inventory`].
pub(crate) type Index = usize;

/// What makes two components one: group and name, version, purl, digest.
type Key = (String, Option<String>, Option<String>, Option<String>);

fn key(component: &Component) -> Key {
    let digest = component.hashes.values().next().cloned();
    (component.full_name(), component.version.clone(), component.purl.clone(), digest)
}

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    components: Vec<Component>,
    same: BTreeMap<Key, Index>,
    relations: BTreeSet<(Index, RelationKind, Index)>,
    owners: BTreeMap<String, Index>,
    blind_spots: BTreeSet<BlindSpot>,
}

impl Inventory {
    pub(crate) fn blind_spot(&mut self, path: &str, what: &str, why: impl Into<String>) {
        let artifact = (!path.is_empty()).then(|| path.to_owned());
        self.blind_spots.insert(BlindSpot { artifact, what: what.to_owned(), why: why.into() });
    }

    /// All packages of one database; their needs are looked up among themselves.
    pub(crate) fn packages(&mut self, packages: Vec<Package>) {
        let mut by_name: BTreeMap<String, Index> = BTreeMap::new();
        let mut needs = Vec::new();
        for package in packages {
            let names = [package.component.name.clone()];
            let index = self.component(package.component);
            for name in names.into_iter().chain(package.provides) {
                by_name.entry(name).or_insert(index);
            }
            package.files.into_iter().for_each(|path| self.own(path, index));
            needs.push((index, package.needs));
        }
        for (index, needs) in needs {
            for satisfied in needs.iter().filter_map(|names| names.iter().find_map(|name| by_name.get(name)))
            {
                self.relate(index, RelationKind::DependsOn, *satisfied);
            }
        }
    }

    /// Adds a component, or its evidence to the one that is the same.
    pub(crate) fn component(&mut self, component: Component) -> Index {
        match self.same.get(&key(&component)).copied() {
            Some(index) => {
                component.evidence.into_iter().for_each(|evidence| self.see(index, evidence));
                index
            }
            None => {
                let index = self.components.len();
                self.same.insert(key(&component), index);
                self.components.push(component);
                index
            }
        }
    }

    pub(crate) fn see(&mut self, index: Index, evidence: Evidence) {
        if let Some(component) = self.components.get_mut(index)
            && component.evidence.len() < MAX_EVIDENCE
            && !component.evidence.contains(&evidence)
        {
            component.evidence.push(evidence);
        }
    }

    pub(crate) fn components(&self) -> &[Component] {
        &self.components
    }

    pub(crate) fn component_mut(&mut self, index: Index) -> Option<&mut Component> {
        self.components.get_mut(index)
    }

    pub(crate) fn relate(&mut self, from: Index, kind: RelationKind, to: Index) {
        if from != to {
            self.relations.insert((from, kind, to));
        }
    }

    /// A file belongs to a component; the first owner keeps it.
    pub(crate) fn own(&mut self, path: String, owner: Index) {
        self.owners.entry(path).or_insert(owner);
    }

    /// The component to which a file belongs.
    pub(crate) fn owner(&self, path: &str) -> Option<Index> {
        self.owners.get(path).copied()
    }

    /// The graph, sorted, and the references by index.
    pub(crate) fn finish(self) -> (Generated, Vec<ComponentRef>) {
        let mut ids = BTreeSet::new();
        let mut components = self.components;
        for (index, component) in components.iter_mut().enumerate() {
            let mut id = component.purl.clone().unwrap_or_else(|| id_of(component));
            if !ids.insert(id.clone()) {
                id = format!("{id}#{index}");
                ids.insert(id.clone());
            }
            component.reference = ComponentRef(id);
        }
        let references: Vec<ComponentRef> = components.iter().map(|c| c.reference.clone()).collect();
        let id = |index: Index| references.get(index).cloned();
        let relation = |(from, kind, to): &(Index, RelationKind, Index)| {
            Some(Relation { from: id(*from)?, kind: *kind, to: id(*to)? })
        };
        let relations = self.relations.iter().filter_map(relation).collect();
        components.sort_by(|a, b| a.reference.cmp(&b.reference));
        let mut bom = Bom { components, relations, ..Bom::default() };
        bom.sort_relations();
        (Generated { bom, blind_spots: self.blind_spots.into_iter().collect() }, references)
    }
}

fn id_of(component: &Component) -> String {
    let place = component.evidence.first().map_or(component.name.as_str(), |evidence| &evidence.path);
    format!("file:{place}")
}
