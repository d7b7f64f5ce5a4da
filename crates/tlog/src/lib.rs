//! Was it logged, and is the log append-only?
//!
//! The Merkle tree of RFC 6962 ([`struct@Hash`], [`inclusion`], [`consistency`]), stored as the tiles of C2SP tlog-tiles
//! ([`Tile`], [`Edge`]), with checkpoints that are C2SP signed notes ([`Checkpoint`], [`note`]). Witnesses say that they
//! saw a checkpoint ([`Cosigner`], [`AddCheckpoint`]); a [`ProofFile`] shows all of it to somebody offline.
//!
//! Everything is arithmetic. Appending gives the tiles to write; proving first names the tiles it needs and then
//! reads them from a [`TileReader`]. Where tiles lie is the caller's business.
//!
//! Not here: what is logged; storage; network.

mod append;
mod checkpoint;
mod cosignature;
mod hash;
pub mod note;
mod proof;
mod proof_file;
mod subtree;
mod tile;
mod tree;
mod witness;

pub use append::{Edge, EdgeError};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::Cosigner;
pub use hash::{Hash, leaf_hash, root_of};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use proof_file::{LogPolicy, MAX_PROOF_BYTES, PolicyError, ProofFile, ReadProofError};
pub use subtree::{verify_subtree_consistency, verify_subtree_inclusion};
pub use tile::{EntryBundle, ParseTileError, TILE_WIDTH, Tile};
pub use tree::{
    MissingTile, TileReader, consistency, inclusion, root, tiles_of_consistency, tiles_of_inclusion,
};
pub use witness::{AddCheckpoint, MAX_PROOF_LINES, ReadRequestError, Refusal};
