//! All evidence in the order of registration, found by its id. Lists of evidence hold places, so that walking along one
//! compares no ids: a list may be long, and is walked for each request.

use std::collections::HashMap;

use crate::ids::EvidenceId;
use crate::universe::Evidence;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    all: Vec<Evidence>,
    places: HashMap<EvidenceId, usize>,
}

impl Shelf {
    /// Puts it behind all others.
    pub(crate) fn push(&mut self, evidence: Evidence) {
        self.places.insert(evidence.fact.id.clone(), self.all.len());
        self.all.push(evidence);
    }

    /// How much there is; the place of what comes next.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: &EvidenceId) -> Option<&Evidence> {
        self.at(*self.places.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &EvidenceId) -> Option<&mut Evidence> {
        self.all.get_mut(*self.places.get(id)?)
    }

    pub(crate) fn at(&self, place: usize) -> Option<&Evidence> {
        self.all.get(place)
    }

    /// What stands at these places.
    pub(crate) fn among<'a>(
        &'a self,
        places: Option<&'a Vec<usize>>,
    ) -> impl DoubleEndedIterator<Item = &'a Evidence> + Clone {
        places.into_iter().flatten().filter_map(|place| self.at(*place))
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Evidence> {
        self.all.iter()
    }
}
