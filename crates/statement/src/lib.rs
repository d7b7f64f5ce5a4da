//! Who claims what about which digest?
//!
//! A [`Statement`] is an in-toto Statement v1: subjects with digests, and a predicate that says something about them.
//! It is signed into a DSSE [`Envelope`] by one or several Ed25519 keys. What arrives from outside is an
//! [`Unverified`] claim; the only way to a [`Verified`] one is [`Unverified::verify`] against a [`KeyRing`], which
//! comes from a [`Trust`] file or from a platform's records. Readers of statements take only `Verified`.
//!
//! The bytes that were signed are kept: a predicate is read from them and never written anew, so a signature stays
//! valid whatever a later version of a format adds.
//!
//! Not here: storage, HTTP, the log. The only I/O are the helpers that read and write a key file.

mod base64_text;
mod body;
mod envelope;
mod key;
mod key_file;
mod leaf;
mod openpgp;
mod predicate;
mod redactable;
mod schema;
mod statement;
mod time;
mod trust;
mod verify;

pub use base64_text::encode as base64;
pub use body::{
    Answer, AnswerVerdict, AssetKind, CountermeasureApplied, DeclaredAsset, DeclaredRelease, Delegation,
    DisclosureGrant, DisclosureLevel, GrantScope, Head, KeyRevocation, KeyRotation, SystemRegistration,
    Withdrawal,
};
pub use envelope::{Envelope, MAX_ENVELOPE_BYTES, MAX_SIGNATURES, ReadEnvelopeError, Signature, pae};
pub use key::{KeyId, ParseKeyError, ParseKeyIdError, PublicKey, RandomError, SigningKey, random_seed};
pub use key_file::{KeyFileError, OpenKeyError, SealedKey, read_key_file, write_key_file, write_private};
pub use leaf::{list_digest, log_entry};
pub use openpgp::OpenPgpSignature;
pub use predicate::{EvidenceType, Predicate, PredicateType};
pub use redactable::{
    Commitment, Leaf, MAX_LEAVES, OpenDocumentError, PartialView, Redactable, ShownLeaf, Step, ViewError,
};
pub use schema::{PREDICATE_SCHEMAS, PredicateSchema};
pub use statement::{
    PAYLOAD_TYPE, PredicateError, ReadStatementError, Statement, Subject, WriteStatementError,
};
pub use time::{ParseTimestampError, Timestamp};
pub use trust::{PinnedKey, PinnedLog, PinnedOrganization, Trust, TrustError, TrustFormat, WitnessPolicy};
pub use verify::{AcceptedKey, KeyRing, Signer, Unverified, Verified, VerifyError};
