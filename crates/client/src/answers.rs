//! What the native interface of a platform answers and takes, as a client needs it. Fields we do not know are ignored.

use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statement::{KeyId, Timestamp};
use tlog::ProofFile;

use crate::bundle::OfferedArtifact;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Something with an id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A release, as evidence names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Id.
    pub id: String,
    /// The product's name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// Evidence in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Evidence {
    /// Id.
    pub id: String,
    /// Kind.
    pub r#type: String,
    /// What one gets.
    pub level: String,
    /// Whose word it is.
    pub issuer: Named,
    /// The release it is about.
    pub release: Option<Release>,
    /// The system it is about.
    pub system: Option<Named>,
    /// Where it stands.
    pub state: String,
    /// Its entry in the platform's log.
    pub log_entry: Sha256,
    /// The commitment that proves what is shown of it.
    #[serde(default)]
    pub commitment: Option<String>,
    /// Traffic light.
    #[serde(default)]
    pub tlp: Option<String>,
    /// Not shown to others before.
    #[serde(default)]
    pub embargo_until: Option<Timestamp>,
}

/// A log that a statement passed through, with the proof of its place there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// Verifier key of the log.
    pub log: String,
    /// C2SP tlog-proof; its extra data are key id and salt, 32 bytes each.
    pub proof: String,
}

/// A proof, how large its tree is, and the logs before that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// C2SP tlog-proof.
    pub proof: ProofFile,
    /// Leaves under its checkpoint.
    pub size: u64,
    /// Where the statement came from another instance: the logs before, the issuer's own instance first.
    pub hops: Vec<Hop>,
}

/// A release to add, with the product it belongs to.
#[derive(Clone, Debug)]
pub struct NewRelease<'a> {
    /// Name of the product; added if it is not there.
    pub product: &'a str,
    /// `software`, `equipment` or `system`.
    pub kind: &'a str,
    /// Version; added if it is not there.
    pub version: &'a str,
    /// Name, digest and bytes of the delivered files.
    pub artifacts: Vec<(String, Sha256, Option<u64>)>,
}

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is registered under this id.
    New(String),
    /// It was registered before.
    Known(String),
    /// It waits for the approval of a second person.
    Waiting(String),
}

#[derive(Deserialize)]
pub(crate) struct Id {
    pub(crate) id: String,
}

#[derive(Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) release_list: Option<Vec<Release>>,
}

#[derive(Deserialize)]
pub(crate) struct Proof {
    pub(crate) log_index: u64,
    pub(crate) tree_size: u64,
    pub(crate) key_id: statement::KeyId,
    pub(crate) salt: Sha256,
    pub(crate) hashes: Vec<Sha256>,
    pub(crate) checkpoint: String,
    #[serde(default)]
    pub(crate) hops: Vec<Hop>,
}

/// An organization, as far as a client needs to know it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) keys: Vec<OrganizationKey>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OrganizationKey {
    pub(crate) key_id: KeyId,
}

/// A release with its files.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ReleaseDetail {
    pub(crate) product: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) supplier: Named,
    pub(crate) artifacts: Vec<OfferedArtifact>,
}

#[derive(Deserialize)]
pub(crate) struct Kind {
    pub(crate) kind: String,
}

#[derive(Deserialize)]
pub(crate) struct Changes {
    pub(crate) items: Vec<serde::de::IgnoredAny>,
    pub(crate) next: Option<String>,
}

/// The keys of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstanceKeys {
    /// First line of its log's checkpoints.
    pub log_origin: String,
    /// Verifier key of its log.
    pub log_key: String,
    /// Verifier key of its cosignatures on other logs.
    pub witness_key: String,
}

#[derive(Deserialize)]
pub(crate) struct Consistency {
    pub(crate) hashes: Vec<Sha256>,
}

#[derive(Deserialize)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) state: String,
}

/// An instance that evidence is pulled from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub url: String,
    /// `instance` or `tea`.
    pub kind: String,
    /// For whom it is pulled.
    pub organization: Named,
    /// Leaves of its log under the last checkpoint that was verified.
    pub tree_size: u64,
    /// When it was last pulled without failure.
    pub pulled_at: Option<Timestamp>,
    /// Pulls that failed in a row.
    pub failures: u32,
    /// Why the last one failed.
    pub error: Option<String>,
    /// What is wrong with what suppliers say of how much there is.
    pub faults: Vec<String>,
}

/// What became of a pull or a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// Statements that are evidence now.
    pub taken: u64,
    /// Statements that were there.
    pub known: u64,
    /// What stays where it is: shown without proof, or of a kind that is not handed on.
    #[serde(default)]
    pub stays: u64,
    /// What was not taken.
    pub left: Vec<Left>,
}

/// A statement that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Its id where it came from, or its place in the bundle.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// What a supplier discloses over a link, to be signed as its head.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeadToSign {
    /// The link.
    pub link: String,
    /// Whether one supplies over it.
    pub own: bool,
    /// Who receives.
    pub customer: Named,
    /// A key of the receiver.
    pub customer_key: Option<statement::KeyId>,
    /// Log entries in the order of registration.
    pub entries: Vec<Sha256>,
}
