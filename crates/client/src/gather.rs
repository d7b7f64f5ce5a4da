//! Fetching statements with what belongs to each: its log proof, the logs before, and the release it is about.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use statement::PartialView;

use crate::answers::{Evidence, Organization};
use crate::bundle::{Item, Offered, OfferedRelease};
use crate::remote::{Remote, RemoteError};

/// Fetches from one platform; what many statements have in common is asked for once.
#[derive(Debug)]
pub struct Gathering<'a> {
    remote: &'a Remote,
    /// Leaves of the tree that proofs are asked for in.
    size: Option<u64>,
    organizations: Option<Vec<Organization>>,
    releases: BTreeMap<String, Option<OfferedRelease>>,
}

fn absent<T>(answer: Result<T, RemoteError>) -> Result<Option<T>, RemoteError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(RemoteError::Http(error)) if error.status() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

impl<'a> Gathering<'a> {
    /// Proofs are in the tree of `size` leaves, where that is given.
    pub fn new(remote: &'a Remote, size: Option<u64>) -> Self {
        Self { remote, size, organizations: None, releases: BTreeMap::new() }
    }

    /// Evidence with the whole statement. `None` where the tree does not hold it yet, or it is not shown any more.
    pub fn item(&mut self, evidence: &Evidence) -> Result<Option<Item>, RemoteError> {
        let Some(item) = self.statement(&evidence.id, None)? else { return Ok(None) };
        self.offered(item, evidence).map(Some)
    }

    /// What is shown of evidence with proof, and the commitment that proves it. `None` where there is no commitment, the
    /// tree does not hold it yet, or it is not shown any more.
    pub fn parts(&mut self, evidence: &Evidence) -> Result<Option<Item>, RemoteError> {
        let Some((commitment, view)) = self.remote.view(&evidence.id)? else { return Ok(None) };
        let Some(item) = self.statement(&commitment, Some(view))? else { return Ok(None) };
        self.offered(item, evidence).map(Some)
    }

    fn offered(&mut self, mut item: Item, evidence: &Evidence) -> Result<Item, RemoteError> {
        let release = evidence.release.as_ref().map(|r| self.release(&r.id)).transpose()?.flatten();
        item.offered = Some(Offered {
            id: evidence.id.clone(),
            level: evidence.level.clone(),
            release,
            tlp: evidence.tlp.clone(),
            embargo_until: evidence.embargo_until,
        });
        Ok(item)
    }

    /// A statement, perhaps with what is shown of the document that it commits to.
    pub fn statement(&mut self, id: &str, view: Option<PartialView>) -> Result<Option<Item>, RemoteError> {
        let Some(logged) = absent(self.remote.proof(id, self.size))? else { return Ok(None) };
        let Some(envelope) = absent(self.remote.statement(id))? else { return Ok(None) };
        let unreadable = || RemoteError::Statement { id: id.to_owned() };
        let envelope = String::from_utf8(envelope).map_err(|_| unreadable())?;
        let envelope = RawValue::from_string(envelope).map_err(|_| unreadable())?;
        let proof = Some(logged.proof.write());
        Ok(Some(Item { envelope, proof, view, hops: logged.hops, offered: None }))
    }

    fn release(&mut self, id: &str) -> Result<Option<OfferedRelease>, RemoteError> {
        if let Some(known) = self.releases.get(id) {
            return Ok(known.clone());
        }
        let found = self.fetch_release(id)?;
        self.releases.insert(id.to_owned(), found.clone());
        Ok(found)
    }

    fn fetch_release(&mut self, id: &str) -> Result<Option<OfferedRelease>, RemoteError> {
        let Some(release) = absent(self.remote.release(id))? else { return Ok(None) };
        let Some(kind) = absent(self.remote.kind_of_product(&release.product))? else { return Ok(None) };
        let organizations = match self.organizations.take() {
            Some(known) => known,
            None => self.remote.organizations()?,
        };
        let supplier = organizations.iter().find(|o| o.id == release.supplier.id).cloned();
        self.organizations = Some(organizations);
        Ok(supplier.map(|supplier| OfferedRelease {
            supplier: supplier.name,
            supplier_kind: supplier.kind,
            supplier_keys: supplier.keys.into_iter().map(|k| k.key_id).collect(),
            product: release.name,
            kind,
            version: release.version,
            artifacts: release.artifacts,
        }))
    }
}
