//! The transparency log.

use schemars::JsonSchema;
use serde::Serialize;
use statement::KeyId;

use crate::fact::Hop;

views! {
    /// The transparency log.
    LogView {
        /// First line of its checkpoints.
        origin: String,
        /// Leaves under the checkpoint.
        tree_size: u64,
        /// Root, hexadecimal.
        root_hash: String,
        /// The signed note.
        checkpoint: String,
        /// Verifier key of its signature.
        key: String,
    }
    /// Proof that a registration is in the log. The entry is SHA-256 over `sukashi.leaf/1`, payload digest, key id and
    /// salt, each behind its length in four big-endian bytes.
    LogProof {
        /// Which leaf.
        log_index: u64,
        /// Leaves under the checkpoint.
        tree_size: u64,
        /// Its hash, hexadecimal.
        leaf_hash: String,
        /// The key whose signature was registered.
        key_id: KeyId,
        /// Salt of the entry, hexadecimal.
        salt: String,
        /// From the leaf up, hexadecimal.
        hashes: Vec<String>,
        /// The signed note.
        checkpoint: String,
        /// Where it came from another instance: the logs it passed through, the issuer's own instance first.
        hops: Vec<Hop>,
    }
}
