//! The bundle: statements with their log proofs in one file, to be carried where no network is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use statement::{KeyId, PartialView, Timestamp};

use crate::answers::Hop;

/// Longest bundle that is read, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 1 << 30;

/// Most items in one.
const MAX_ITEMS: usize = 1_000_000;

/// The format's name and major version; a document of another format does not read as this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BundleFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.bundle/1")]
    V1,
}

/// Statements and what is needed to check them offline.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// Always `sukashi.bundle/1`.
    pub schema: BundleFormat,
    /// Statements, in the order of the log.
    pub items: Vec<Item>,
    /// For each supplier, what should be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosed: Vec<Disclosed>,
    /// Why the checkpoints of the items belong to one log; none is needed where all are the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consistency: Vec<Consistency>,
}

/// One statement.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The DSSE envelope.
    #[schemars(with = "serde_json::Value")]
    pub envelope: Box<RawValue>,
    /// C2SP tlog-proof; its extra data are key id and salt, 32 bytes each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What is shown of the document, where the statement is a commitment to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<PartialView>,
    /// Where it came to the platform from another instance: the logs before, the issuer's own instance first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
    /// What the platform says beside the statement, for whoever takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
}

/// What a platform says beside a statement: how much of it whoever wrote the bundle may have, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offered {
    /// Id of the evidence there.
    pub id: String,
    /// `full` or `full-and-reshare`.
    pub level: String,
    /// The release it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<OfferedRelease>,
    /// Traffic light.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlp: Option<String>,
    /// Not shown to others before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embargo_until: Option<Timestamp>,
}

/// A release as a platform knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedRelease {
    /// Its supplier's name there.
    pub supplier: String,
    /// What the supplier does.
    pub supplier_kind: String,
    /// The supplier's keys.
    pub supplier_keys: Vec<KeyId>,
    /// Name of the product.
    pub product: String,
    /// `software`, `equipment` or `system`.
    pub kind: String,
    /// Version.
    pub version: String,
    /// The delivered files.
    pub artifacts: Vec<OfferedArtifact>,
}

/// A delivered file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedArtifact {
    /// Name.
    pub name: String,
    /// Digest.
    pub sha256: record::Sha256,
    /// Bytes.
    pub size: Option<u64>,
}

/// What a supplier discloses over a supply link, item by item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosed {
    /// Id of the supply link.
    pub link: String,
    /// Log entries, in the order of registration; their digest is what heads sign.
    pub entries: Vec<record::Sha256>,
}

/// Proof that the log with `old` leaves is a beginning of the one with `new`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consistency {
    /// Leaves of the earlier checkpoint.
    pub old: u64,
    /// Leaves of the later one.
    pub new: u64,
    /// Hashes of the proof.
    pub hashes: Vec<record::Sha256>,
}

/// Why bytes are not a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBundleError {
    /// Not the JSON of a bundle.
    #[error("not a bundle (`sukashi.bundle/1`)")]
    Json(#[from] serde_json::Error),
    /// Too long.
    #[error("bundle has {found} {what}, limit is {limit}")]
    Limit {
        /// Bytes or items.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many at most.
        limit: usize,
    },
}

impl Bundle {
    /// Reads a bundle; nothing in it is verified.
    pub fn read(json: &[u8]) -> Result<Self, ReadBundleError> {
        if json.len() > MAX_BUNDLE_BYTES {
            return Err(ReadBundleError::Limit { what: "bytes", found: json.len(), limit: MAX_BUNDLE_BYTES });
        }
        let bundle: Self = serde_json::from_slice(json)?;
        match bundle.items.len() {
            found if found > MAX_ITEMS => {
                Err(ReadBundleError::Limit { what: "items", found, limit: MAX_ITEMS })
            }
            _ => Ok(bundle),
        }
    }

    /// Whether `json` says of itself that it is a bundle.
    pub fn is_one(json: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Named {
            #[allow(dead_code, reason = "that it reads is the answer")]
            schema: BundleFormat,
        }
        serde_json::from_slice::<Named>(json).is_ok()
    }
}
