//! From elements in the order of the document to a graph: ids made unique, nesting and references resolved.

use std::collections::HashMap;

use super::json::Reading;
use crate::{Bom, Component, ComponentRef, Metadata, Relation, RelationKind};

/// Components after which memory is given back.
const GIVEN_BACK: usize = 1 << 14;

/// A component as it stands in a document.
#[derive(Debug, Default)]
pub(super) struct RawComponent {
    /// Its stated id.
    pub(super) reference: Option<String>,
    pub(super) component: Component,
    /// Components written inside of it.
    pub(super) parts: Vec<RawComponent>,
    /// Relations written inside of it.
    pub(super) links: Vec<(RelationKind, String)>,
}

/// A graph in the making.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    bom: Bom,
    /// Components by their final ids.
    ids: HashMap<String, usize>,
    relations: Vec<(String, RelationKind, String)>,
    duplicates: u64,
}

impl Drafts {
    pub(super) fn new(metadata: Metadata) -> Self {
        Self { bom: Bom { metadata, ..Bom::default() }, ..Self::default() }
    }

    /// The component that the document describes.
    pub(super) fn subject(&mut self, subject: Option<RawComponent>) {
        let Some(subject) = subject else { return };
        let index = self.bom.components.len();
        self.components(vec![subject]);
        self.bom.metadata.subject =
            self.bom.components.get(index).map(|component| component.reference.clone());
    }

    /// Components and all that is written inside of them, in the order of the document.
    pub(super) fn components(&mut self, mut components: Vec<RawComponent>) {
        let mut work: Vec<(Option<String>, RawComponent)> = Vec::new();
        // From the end of the reversed list, whose memory is given back as the other grows: two whole lists would be
        // the most that reading ever holds.
        components.reverse();
        while let Some(component) = components.pop() {
            if components.len().is_multiple_of(GIVEN_BACK) {
                components.shrink_to_fit();
            }
            work.push((None, component));
            while let Some((whole, mut raw)) = work.pop() {
                let id = self.unique(raw.reference.take(), &raw.component);
                raw.component.reference = ComponentRef(id.clone());
                self.ids.insert(id.clone(), self.bom.components.len());
                self.bom.components.push(raw.component);
                if let Some(whole) = whole {
                    self.relations.push((whole, RelationKind::Contains, id.clone()));
                }
                self.relations.extend(raw.links.into_iter().map(|(kind, to)| (id.clone(), kind, to)));
                work.extend(raw.parts.into_iter().rev().map(|part| (Some(id.clone()), part)));
            }
        }
    }

    /// An id that no other component has: the stated one where possible.
    fn unique(&mut self, stated: Option<String>, component: &Component) -> String {
        let count = self.bom.components.len();
        match stated {
            Some(id) if !self.ids.contains_key(&id) => id,
            Some(id) => {
                self.duplicates += 1;
                self.free(format!("{id}#{count}"))
            }
            None => match &component.purl {
                Some(purl) if !self.ids.contains_key(purl) => purl.clone(),
                _ => self.free(format!("component-{count}")),
            },
        }
    }

    fn free(&self, mut id: String) -> String {
        while self.ids.contains_key(&id) {
            id.push('+');
        }
        id
    }

    pub(super) fn relation(&mut self, from: String, kind: RelationKind, to: String) {
        self.relations.push((from, kind, to));
    }

    /// Does a component with this id exist so far?
    pub(super) fn knows(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// The component with this id is the subject.
    pub(super) fn set_subject(&mut self, id: String) {
        self.bom.metadata.subject = Some(ComponentRef(id));
    }

    /// The graph. Relations to what is no component (services, other documents) are counted and left out.
    pub(super) fn finish(mut self, reading: &Reading) -> Bom {
        for (from, kind, to) in self.relations {
            if self.ids.contains_key(&from) && self.ids.contains_key(&to) {
                self.bom.relations.push(Relation { from: ComponentRef(from), kind, to: ComponentRef(to) });
            } else {
                reading.leave_out(format_args!("relation to something that is no component here"));
            }
        }
        for _ in 0..self.duplicates {
            reading.leave_out(format_args!("id that another component has already"));
        }
        self.bom.sort_relations();
        self.bom
    }
}
