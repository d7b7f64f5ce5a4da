//! Checking a bundle with a trust file and nothing else.
//!
//! Items are taken in the order of the log: a key that a trusted key introduces is trusted from there on, and a key that
//! was revoked is not believed after its revocation. Then each statement's signature and log proof, the checkpoints'
//! common history, and the heads of the supply links are checked. A fault in one item is reported and does not hide
//! the others.

use std::collections::{BTreeMap, BTreeSet};

use record::Sha256;
use statement::{
    Commitment, Head, KeyId, KeyRevocation, KeyRing, KeyRotation, Predicate as _, Signer, Statement,
    Timestamp, Trust, Unverified, Verified, VerifyError, ViewError, log_entry,
};
use tlog::{Checkpoint, Hash, LogPolicy, PolicyError, ProofFile, leaf_hash};

use crate::bundle::{Bundle, Disclosed, Item};

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The envelope does not read.
    #[error("not a signed statement")]
    Envelope(#[from] statement::ReadEnvelopeError),
    /// Not signed by an accepted key.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// Signed only by keys that were revoked before.
    #[error("key `{key_id}` was revoked before this was logged")]
    Revoked {
        /// The key.
        key_id: KeyId,
    },
    /// The trust file pins a log, and there is no proof.
    #[error("no log proof, although the trust file pins a log; hint: pull it from the platform again")]
    NoProof,
    /// The proof does not read, or its extra data are not key id and salt.
    #[error("log proof does not read")]
    ReadProof,
    /// The proof names a key that did not sign.
    #[error("log proof is for a signature by key `{key_id}`, which is not on the statement")]
    OtherKey {
        /// The key.
        key_id: KeyId,
    },
    /// The proof does not hold.
    #[error("log proof does not hold")]
    Proof(#[from] PolicyError),
    /// The log or witness key of the trust file does not read.
    #[error("trust file pins a key that does not read")]
    Policy(#[from] tlog::note::KeyError),
    /// Two checkpoints without common history.
    #[error("checkpoints over {old} and {new} leaves are not proven to be of one log")]
    Split {
        /// Leaves of the smaller tree.
        old: u64,
        /// Leaves of the larger one.
        new: u64,
    },
    /// Two heads of one supply link with the same count and different lists.
    #[error("supplier signed two different lists of {count} statements for supply link `{link}`")]
    Equivocation {
        /// The link.
        link: String,
        /// Statements in both lists.
        count: u64,
    },
    /// A later head with fewer statements.
    #[error(
        "supplier took back statements: a later head of supply link `{link}` counts {count}, an earlier one more"
    )]
    Rollback {
        /// The link.
        link: String,
        /// Statements in the later list.
        count: u64,
    },
    /// The list is not the one the head signs.
    #[error("head of supply link `{link}` counts {count} statements, which are not the ones given")]
    Omission {
        /// The link.
        link: String,
        /// Statements in the signed list.
        count: u64,
    },
    /// The newest head is too old.
    #[error("stale: the newest head of supply link `{link}` was valid until {until}")]
    Stale {
        /// The link.
        link: String,
        /// Until when.
        until: Timestamp,
    },
    /// What is shown does not belong to the commitment.
    #[error("what is shown of the document is not what was signed")]
    View(#[from] ViewError),
}

/// A statement that was checked.
#[derive(Debug)]
pub struct CheckedItem {
    /// The statement, if its signature holds.
    pub statement: Option<Verified<Statement>>,
    /// Leaf and tree size, if its log proof holds.
    pub logged: Option<(u64, u64)>,
    /// Leaves of the document that are not shown, where the statement is a commitment.
    pub opaque: Option<u64>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// A bundle that was checked.
#[derive(Debug)]
pub struct Checked {
    /// In the order of the bundle.
    pub items: Vec<CheckedItem>,
    /// What is wrong with the whole.
    pub faults: Vec<Fault>,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.items.iter().all(|i| i.faults.is_empty())
    }
}

/// Key id and salt as the extra data of a log proof.
pub fn proof_extra(key_id: KeyId, salt: Sha256) -> Vec<u8> {
    [key_id.0.0, salt.0].concat()
}

/// Key id and log entry that `proof` is about, for a statement with this payload. `None` if its extra data do not read.
pub fn proof_entry(proof: &ProofFile, payload: Sha256) -> Option<(KeyId, Sha256)> {
    let (key_id, salt) = proof.extra.as_ref()?.split_first_chunk::<32>()?;
    let key_id = KeyId(Sha256(*key_id));
    Some((key_id, log_entry(payload, key_id, Sha256(salt.try_into().ok()?))))
}

/// What is known while items are read in the order of the log.
struct Reading {
    ring: KeyRing,
    revoked: BTreeSet<KeyId>,
    policy: Option<LogPolicy>,
    checkpoints: BTreeMap<u64, Hash>,
    heads: Vec<(Timestamp, Head)>,
}

impl Bundle {
    /// Checks everything against `trust`; `now` decides whether heads are stale.
    ///
    /// # Errors
    /// If the trust file pins a log or witness key that does not read.
    pub fn verify(&self, trust: &Trust, now: Timestamp) -> Result<Checked, Fault> {
        let mut reading = Reading {
            ring: trust.key_ring(),
            revoked: BTreeSet::new(),
            policy: policy(trust)?,
            checkpoints: BTreeMap::new(),
            heads: Vec::new(),
        };
        let proofs: Vec<_> = self.items.iter().map(|i| i.proof.as_deref().map(ProofFile::read)).collect();
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|n| {
            proofs.get(*n).and_then(|p| p.as_ref()?.as_ref().ok()).map_or(u64::MAX, |p| p.index)
        });
        let mut checked: BTreeMap<usize, CheckedItem> = BTreeMap::new();
        for n in order {
            let (Some(item), Some(proof)) = (self.items.get(n), proofs.get(n)) else { continue };
            let proof = match proof {
                None => Ok(None),
                Some(Ok(proof)) => Ok(Some(proof)),
                Some(Err(_)) => Err(Fault::ReadProof),
            };
            checked.insert(n, reading.check(item, proof));
        }
        let mut faults = self.splits(&reading.checkpoints);
        let heads: Vec<Head> = reading.heads.into_iter().map(|(_, head)| head).collect();
        faults.extend(head_faults(&heads, &self.disclosed, now));
        Ok(Checked { items: checked.into_values().collect(), faults })
    }

    /// Neighbouring checkpoints that are not proven to continue each other.
    fn splits(&self, checkpoints: &BTreeMap<u64, Hash>) -> Vec<Fault> {
        let pairs = checkpoints.iter().zip(checkpoints.iter().skip(1));
        let proven = |old: u64, new: u64, roots: (Hash, Hash)| {
            let proofs = self.consistency.iter().filter(|c| c.old == old && c.new == new);
            proofs.into_iter().any(|c| {
                let hashes: Vec<_> = c.hashes.iter().map(|h| Hash(h.0)).collect();
                tlog::verify_consistency(old, new, &hashes, roots.0, roots.1).is_ok()
            })
        };
        let split = pairs.filter(|((old, a), (new, b))| !proven(**old, **new, (**a, **b)));
        split.map(|((old, _), (new, _))| Fault::Split { old: *old, new: *new }).collect()
    }
}

/// What is wrong with the heads of supply links that somebody was given, of links whose lists were given with them.
pub fn head_faults(heads: &[Head], disclosed: &[Disclosed], now: Timestamp) -> Vec<Fault> {
    let mut by_link: BTreeMap<&str, Vec<&Head>> = BTreeMap::new();
    for head in heads {
        by_link.entry(&head.link).or_default().push(head);
    }
    let mut faults = Vec::new();
    for (link, mut heads) in by_link {
        heads.sort_by_key(|h| (h.issued, h.count));
        faults.extend(contradictions(link, &heads));
        let Some(newest) = heads.last() else { continue };
        if newest.valid_until <= now {
            faults.push(Fault::Stale { link: link.to_owned(), until: newest.valid_until });
        }
        let given = disclosed.iter().find(|d| d.link == link);
        if given.is_some_and(|given| list_digest(&given.entries, newest.count) != Some(newest.list_sha256)) {
            faults.push(Fault::Omission { link: link.to_owned(), count: newest.count });
        }
    }
    faults
}

/// Digest of the first `count` entries; `None` if there are fewer.
fn list_digest(entries: &[Sha256], count: u64) -> Option<Sha256> {
    let entries = entries.get(..usize::try_from(count).ok()?)?;
    Some(statement::list_digest(entries))
}

/// `heads` of one link, by the time they were issued.
fn contradictions(link: &str, heads: &[&Head]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (n, head) in heads.iter().enumerate() {
        let before = heads.get(..n).unwrap_or_default();
        let count = head.count;
        if before.iter().any(|b| b.count == count && b.list_sha256 != head.list_sha256) {
            faults.push(Fault::Equivocation { link: link.to_owned(), count });
        }
        if before.iter().any(|b| b.count > count) {
            faults.push(Fault::Rollback { link: link.to_owned(), count });
        }
    }
    faults
}

fn policy(trust: &Trust) -> Result<Option<LogPolicy>, Fault> {
    let Some(log) = &trust.log else { return Ok(None) };
    let witnesses = trust.witnesses.as_ref();
    let keys = witnesses.iter().flat_map(|w| &w.keys).map(|k| k.parse()).collect::<Result<Vec<_>, _>>()?;
    let threshold = witnesses.map_or(0, |w| w.threshold as usize);
    Ok(Some(LogPolicy { origin: log.origin.clone(), log: log.key.parse()?, witnesses: keys, threshold }))
}

impl Reading {
    fn check(&mut self, item: &Item, proof: Result<Option<&ProofFile>, Fault>) -> CheckedItem {
        let mut checked = CheckedItem { statement: None, logged: None, opaque: None, faults: Vec::new() };
        let verified = match self.verified(item) {
            Ok(verified) => verified,
            Err(fault) => {
                checked.faults.push(fault);
                return checked;
            }
        };
        match proof.and_then(|proof| self.logged(&verified, proof)) {
            Ok(logged) => checked.logged = logged,
            Err(fault) => checked.faults.push(fault),
        }
        if let Err(fault) = self.learn(&verified, item, &mut checked.opaque) {
            checked.faults.push(fault);
        }
        checked.statement = Some(verified);
        checked
    }

    fn verified(&self, item: &Item) -> Result<Verified<Statement>, Fault> {
        let claim = Unverified::<Statement>::read(item.envelope.get().as_bytes())?;
        let verified = claim.verify(&self.ring)?;
        let good = |s: &&Signer| !self.revoked.contains(&s.key_id);
        match (verified.signers().iter().find(good), verified.signers().first()) {
            (None, Some(signer)) => Err(Fault::Revoked { key_id: signer.key_id }),
            _ => Ok(verified),
        }
    }

    fn logged(
        &mut self,
        verified: &Verified<Statement>,
        proof: Option<&ProofFile>,
    ) -> Result<Option<(u64, u64)>, Fault> {
        let (policy, proof) = match (&self.policy, proof) {
            (None, _) => return Ok(None),
            (Some(_), None) => return Err(Fault::NoProof),
            (Some(policy), Some(proof)) => (policy, proof),
        };
        let (key_id, entry) = proof_entry(proof, verified.payload_sha256()).ok_or(Fault::ReadProof)?;
        if !verified.signers().iter().any(|s| s.key_id == key_id) {
            return Err(Fault::OtherKey { key_id });
        }
        let Checkpoint { size, root, .. } = proof.verify(leaf_hash(&entry.0), policy)?;
        match self.checkpoints.insert(size, root) {
            Some(other) if other != root => Err(Fault::Split { old: size, new: size }),
            _ => Ok(Some((proof.index, size))),
        }
    }

    /// Takes in what a verified statement says of keys, lists and views.
    fn learn(
        &mut self,
        verified: &Verified<Statement>,
        item: &Item,
        opaque: &mut Option<u64>,
    ) -> Result<(), Fault> {
        let kind = verified.value().predicate_type();
        let organization = || verified.signers().first().map(|s| s.organization.clone()).unwrap_or_default();
        if *kind == KeyRotation::TYPE {
            if let Ok(rotation) = verified.predicate::<KeyRotation>() {
                let rotation = rotation.value();
                let mut new = KeyRing::default();
                new.accept(rotation.public_key, organization());
                // The new key signs as well: nobody can claim a key of somebody else.
                Unverified::from(verified.envelope().clone()).verify(&new)?;
                self.ring.accept(rotation.public_key, organization());
                let own = |key: &KeyId| self.ring.key(*key).is_some_and(|k| k.organization == organization());
                self.revoked.extend(rotation.replaces.filter(own));
            }
        } else if *kind == KeyRevocation::TYPE {
            let own = |key: &KeyId| self.ring.key(*key).is_some_and(|k| k.organization == organization());
            let keys: Vec<_> =
                verified.value().subjects().iter().map(|s| KeyId(s.sha256())).filter(own).collect();
            self.revoked.extend(keys);
        } else if *kind == Head::TYPE {
            if let Ok(head) = verified.predicate::<Head>() {
                self.heads.push((head.value().issued, head.value().clone()));
            }
        } else if let (Ok(commitment), Some(view)) = (verified.predicate::<Commitment>(), &item.view) {
            view.verify(commitment.value())?;
            *opaque = Some(view.opaque(commitment.value()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
