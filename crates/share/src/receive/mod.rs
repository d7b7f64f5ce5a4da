//! Taking evidence that another instance has logged: verified here once more, with what the peer's trust file pins.
//!
//! What is taken is the issuer's own statement, under the issuer's name; the peer vouches only for which release it is
//! about, and for how much its receiver may have of it. It becomes evidence like any other, in our log too, with the
//! logs it passed through kept beside it. What was here before, or began here, is not taken again: there are no loops.

mod own;
mod parts;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use record::Sha256;
use statement::{
    DisclosureLevel, EvidenceType, KeyId, KeyRing, PartialView, ReadEnvelopeError, Statement, Timestamp,
    Unverified, Verified, VerifyError, log_entry,
};
use tlog::note::Verifier;
use tlog::{Checkpoint, LogPolicy, ProofFile, leaf_hash, verify_inclusion};

use crate::error::WriteError;
use crate::fact::{EvidenceFact, Fact, Hop, Receipt};
use crate::ids::{AccountId, EvidenceId, OrganizationId, ReleaseId};
use crate::peer::{Peer, Source};
use crate::platform::{Platform, Writing};
use crate::receive::parts::Partial;
use crate::register::{Registration, superseded};
use crate::target::Target;
use crate::universe::Universe;
use crate::view::{OrganizationKind, ProductKind, Tlp};
use crate::viewer::{Role, Viewer};

/// Most logs a statement may have passed through.
const MAX_HOPS: usize = 16;

/// Most artifacts of a release.
const MAX_ARTIFACTS: usize = 10_000;

/// A statement that a peer has logged.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The DSSE envelope.
    pub envelope: Vec<u8>,
    /// Its place in the peer's log: C2SP tlog-proof with key id and salt. None from a server without a log.
    pub proof: Option<String>,
    /// Logs before the peer's, the issuer's own instance first.
    pub hops: Vec<Hop>,
    /// What the peer discloses of it.
    pub level: DisclosureLevel,
    /// The release it is about; not for withdrawals and keys.
    pub release: Option<OfferedRelease>,
    /// Traffic light.
    pub tlp: Option<Tlp>,
    /// Not shown to others before.
    pub embargo_until: Option<Timestamp>,
    /// What organizations do, by their keys.
    pub kinds: BTreeMap<KeyId, OrganizationKind>,
    /// What the peer shows of the document, where the statement is the commitment to one.
    pub view: Option<PartialView>,
}

/// A release as the peer knows it.
#[derive(Clone, Debug)]
pub struct OfferedRelease {
    /// Keys of its supplier; one of them must be pinned.
    pub supplier_keys: Vec<KeyId>,
    /// Name of the product.
    pub product: String,
    /// What the product is.
    pub kind: ProductKind,
    /// Version.
    pub version: String,
    /// Name, digest and bytes of the delivered files.
    pub artifacts: Vec<(String, Sha256, Option<u64>)>,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is evidence here now.
    New(EvidenceId),
    /// It was here already, and another organization has it now, or has more of it.
    Received(EvidenceId),
    /// It was here already, or it began here.
    Known,
}

/// Why an offer is not taken. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Not an envelope.
    #[error("not a signed statement")]
    Envelope(#[from] ReadEnvelopeError),
    /// Not signed by a key that is pinned, or that a pinned key introduced.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// It is not in the peer's log.
    #[error("its log proof does not hold: {why}")]
    Proof {
        /// What is wrong.
        why: String,
    },
    /// It is not in a log it is said to have passed through.
    #[error("the proof of log {place} that it passed through does not hold")]
    Hop {
        /// Which one, from 1.
        place: usize,
    },
    /// Only statements about releases, and what follows from them, are handed on between instances.
    #[error("statements of this kind stay where they are registered")]
    Kind,
    /// Less than the whole statement is disclosed, and no parts with proof.
    #[error("it is not disclosed in full, nor in parts with proof")]
    Level,
    /// The parts do not belong to the commitment.
    #[error("what is shown of the document is not what was signed: {why}")]
    View {
        /// What is wrong.
        why: String,
    },
    /// No subject is a file of the release.
    #[error("no subject of the statement is a file of the release that the peer names")]
    Subject,
    /// Its supplier is nobody in the trust file.
    #[error("the supplier of the release is not in the trust file")]
    Supplier,
    /// A release of that name and version is here, with other files.
    #[error("`{product}` {version} has other files here")]
    OtherRelease {
        /// Product.
        product: String,
        /// Version.
        version: String,
    },
    /// Another organization has the name here.
    #[error(
        "another organization is called `{name}` here; hint: add the pinned key to it if it is the same one"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// It cannot be registered.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Key id, salt: what a proof adds to a payload to make the log entry.
fn entry_of(proof: &ProofFile, payload: Sha256) -> Option<(KeyId, Sha256)> {
    let (key_id, salt) = proof.extra.as_deref()?.split_first_chunk::<32>()?;
    let key_id = KeyId(Sha256(*key_id));
    Some((key_id, log_entry(payload, key_id, Sha256(salt.try_into().ok()?))))
}

fn proof_error(why: impl ToString) -> ReceiveError {
    ReceiveError::Proof { why: why.to_string() }
}

/// The key whose signature counts, and the peer's log entry of it with its proof.
struct Logged {
    key_id: KeyId,
    entry: Option<Sha256>,
    hop: Option<Hop>,
}

/// What a peer says of a statement's place in its log; where it has no log, the signature stands alone.
fn logged(peer: &Peer, offer: &Offer, statement: &Verified<Statement>) -> Result<Logged, ReceiveError> {
    match (&peer.source, &offer.proof, statement.signers().first()) {
        (Source::Tea, None, Some(signer)) => Ok(Logged { key_id: signer.key_id, entry: None, hop: None }),
        (Source::Instance(policy), Some(text), _) => {
            let (key_id, entry) = proven(policy, text, statement)?;
            let hop = Hop { log: policy.log.to_string(), proof: text.clone() };
            Ok(Logged { key_id, entry: Some(entry), hop: Some(hop) })
        }
        (Source::Tea, Some(_), _) => Err(proof_error("the peer has no log")),
        _ => Err(proof_error("there is none")),
    }
}

/// The key whose signature a log holds, and the entry.
fn proven(
    policy: &LogPolicy,
    text: &str,
    statement: &Verified<Statement>,
) -> Result<(KeyId, Sha256), ReceiveError> {
    let proof = ProofFile::read(text).map_err(proof_error)?;
    let entry = entry_of(&proof, statement.payload_sha256());
    let (key_id, entry) = entry.ok_or_else(|| proof_error("it has no key and salt"))?;
    if !statement.signers().iter().any(|s| s.key_id == key_id) {
        return Err(proof_error("it is about the signature of another key"));
    }
    proof.verify(leaf_hash(&entry.0), policy).map_err(proof_error)?;
    Ok((key_id, entry))
}

/// Earlier logs are not pinned; what they say must still be of one piece, each by its own key.
fn passed(hop: &Hop, payload: Sha256) -> Option<()> {
    let (key, proof) = (hop.log.parse::<Verifier>().ok()?, ProofFile::read(&hop.proof).ok()?);
    let (checkpoint, _) = Checkpoint::open(&proof.checkpoint, &[key]).ok()?;
    let (_, entry) = entry_of(&proof, payload)?;
    verify_inclusion(proof.index, checkpoint.size, leaf_hash(&entry.0), &proof.hashes, checkpoint.root).ok()
}

/// Whether statements of a kind are handed on between instances.
pub fn is_handed_on(kind: EvidenceType) -> bool {
    use EvidenceType::{
        Inspection, KeyRevocation, KeyRotation, Other, Provenance, Sbom, VerificationSummary, Vex, Withdrawal,
    };
    matches!(
        kind,
        Inspection
            | KeyRevocation
            | KeyRotation
            | Other
            | Provenance
            | Sbom
            | VerificationSummary
            | Vex
            | Withdrawal
    )
}

/// Registers in the name of an organization that signed, and for nothing else.
fn signer(organization: OrganizationId) -> Viewer {
    Viewer {
        account: AccountId::new("peer"),
        organization,
        role: Role::Administrator,
        instance_administrator: false,
    }
}

impl Universe {
    /// The logs that evidence passed through on its shortest way to `organization`; else, on any way.
    pub(crate) fn hops(&self, organization: &OrganizationId, id: &EvidenceId) -> Vec<Hop> {
        let receipts = self.receipts.get(id).map(Vec::as_slice).unwrap_or_default();
        let shortest = receipts.iter().min_by_key(|r| (r.by != *organization, r.hops.len()));
        shortest.map(|r| r.hops.clone()).unwrap_or_default()
    }
}

impl Platform {
    /// How much of a peer's log entry an organization has here already.
    pub fn has_received(&self, organization: &OrganizationId, entry: Sha256) -> Option<DisclosureLevel> {
        self.universe().received_entries.get(&(organization.clone(), entry)).copied()
    }

    /// Digests of the envelopes that an organization received.
    pub fn received_envelopes(&self, organization: &OrganizationId) -> BTreeSet<Sha256> {
        let universe = self.universe();
        let theirs = universe.receipts.iter().filter(|(_, all)| all.iter().any(|r| r.by == *organization));
        theirs.filter_map(|(id, _)| universe.evidence.get(id)).map(|e| e.fact.statement).collect()
    }

    /// Keys whose word is accepted from a peer: those its trust file pins, and those they introduced.
    pub fn accepted(&self, peer: &Peer) -> KeyRing {
        let (universe, mut ring) = (self.universe(), peer.trust.key_ring());
        for pinned in &peer.trust.organizations {
            let known =
                pinned.keys.iter().find_map(|k| universe.keys.get(&k.key_id)).map(|k| &k.organization);
            for key in universe.keys.values().filter(|k| Some(&k.organization) == known && !k.revoked) {
                ring.accept(key.public, &pinned.name);
            }
        }
        ring
    }

    /// Takes what a peer offers, or says why not. All of it, or nothing.
    pub async fn receive(&self, peer: &Peer, mut offer: Offer) -> Result<Taken, ReceiveError> {
        let claim = Unverified::<Statement>::read(offer.envelope.as_slice())?;
        let statement = claim.verify(&self.accepted(peer))?;
        let Logged { key_id, entry, hop } = logged(peer, &offer, &statement)?;
        if offer.hops.len() >= MAX_HOPS {
            return Err(ReceiveError::Hop { place: offer.hops.len() });
        }
        let payload = statement.payload_sha256();
        if let Some(wrong) = offer.hops.iter().position(|hop| passed(hop, payload).is_none()) {
            return Err(ReceiveError::Hop { place: wrong.saturating_add(1) });
        }
        let own = self.log_key();
        if offer.hops.iter().any(|hop| hop.log == own) {
            return Ok(Taken::Known);
        }
        let partial = match offer.view.take() {
            Some(view) => Some(Partial::verified(statement.value().clone(), view).await?),
            None => None,
        };
        let level = match &partial {
            Some(_) => DisclosureLevel::Redacted,
            None => offer.level,
        };
        if offer.level < DisclosureLevel::Redacted || (partial.is_none() && level < DisclosureLevel::Full) {
            return Err(ReceiveError::Level);
        }
        let signed = statement.value().predicate_type().evidence_type();
        let kind = partial.as_ref().map_or(signed, |partial| partial.kind());
        if !is_handed_on(kind) {
            return Err(ReceiveError::Kind);
        }
        let receipt = Receipt {
            by: peer.organization.clone(),
            level,
            entry,
            hops: offer.hops.iter().cloned().chain(hop).collect(),
        };
        let stored = self.store_envelope(&statement).await?;
        let parts = match &partial {
            Some(partial) => Some(self.store_parts(partial).await?),
            None => None,
        };
        let mut turn = self.write().await.map_err(WriteError::from)?;
        let issuer = self.organization_of(&mut turn, peer, &[key_id], &offer.kinds).await?;
        let issuer = signer(issuer.ok_or(ReceiveError::Supplier)?);
        // With the keys as they are now: one that was revoked is not believed.
        let statement = Unverified::from(statement.envelope().clone()).verify(&self.own_keys(&issuer))?;
        if let Some(known) = self.known(&issuer.organization, payload) {
            return self.received_again(&mut turn, known, receipt).await;
        }
        let release = self.release_of(&mut turn, peer, &offer, &statement, level).await?;
        let (tlp, embargo_until) = (offer.tlp, offer.embargo_until);
        let registration = Registration { tlp, embargo_until, ..Registration::default() };
        let claim = self.claim(&issuer, &statement)?;
        let fact = match release {
            // Its issuer need not have it here: who receives it does.
            Some(release) => {
                let about = (Target::Release(release), claim.effect.clone());
                self.prepare_about(&issuer, &statement, &registration, claim, about)?
            }
            None => self.prepare(&issuer, &statement, &registration, claim)?,
        };
        let mut fact = EvidenceFact { statement: stored, receipt: Some(receipt), parts, ..fact };
        if let Some(partial) = &partial {
            partial.describe(&mut fact);
            fact.supersedes = superseded(&self.universe(), &fact, None)?;
        }
        Ok(Taken::New(self.admit(&mut turn, &issuer, fact).await?.id))
    }

    fn known(&self, issuer: &OrganizationId, payload: Sha256) -> Option<EvidenceId> {
        self.universe().evidence_by_payload.get(&(issuer.clone(), payload)).cloned()
    }

    /// It is here; perhaps it was received by somebody else, or the peer discloses more now.
    async fn received_again(
        &self,
        turn: &mut Writing<'_>,
        evidence: EvidenceId,
        receipt: Receipt,
    ) -> Result<Taken, ReceiveError> {
        let (release, has) = {
            let universe = self.universe();
            let fact = universe.evidence.get(&evidence).map(|e| &e.fact);
            let mine = universe.receipts.get(&evidence).into_iter().flatten().filter(|r| r.by == receipt.by);
            let own = fact.is_some_and(|f| f.owner() == &receipt.by);
            (fact.and_then(|f| f.release.clone()), own || mine.map(|r| r.level).max() >= Some(receipt.level))
        };
        if has {
            return Ok(Taken::Known);
        }
        if let Some(release) = release {
            self.release_received(turn, release, &receipt).await?;
        }
        turn.add(Fact::Received { evidence: evidence.clone(), receipt }).await?;
        Ok(Taken::Received(evidence))
    }

    async fn release_received(
        &self,
        turn: &mut Writing<'_>,
        release: ReleaseId,
        receipt: &Receipt,
    ) -> Result<(), WriteError> {
        let has = {
            let universe = self.universe();
            let mine = universe.release_receipts.get(&release).into_iter().flatten();
            let best = mine.filter(|r| r.by == receipt.by).map(|r| r.level).max();
            universe.supplier_of(&release) == Some(&receipt.by) || best >= Some(receipt.level)
        };
        if has {
            return Ok(());
        }
        let receipt = Receipt { entry: None, hops: Vec::new(), ..receipt.clone() };
        turn.add(Fact::ReleaseReceived { release, receipt }).await
    }
}
