//! Checking proofs with nothing but hashes. Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2 (same trees as RFC 6962).

use crate::hash::{Hash, node_hash};

/// Why a proof does not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf lies outside of the tree, or the older tree is empty or larger.
    #[error("{inner} is not within a tree of {size} leaves")]
    Range {
        /// Leaf index or old size.
        inner: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// Too many or too few hashes.
    #[error("proof has the wrong number of hashes: {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("proof leads to another root than the checkpoint's")]
    Root,
}

/// Whether `leaf` (a leaf hash) is leaf `index` of the tree with `size` leaves and `root`.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: Hash,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range { inner: index, size });
    }
    let length = ProofError::Length { found: proof.len() };
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(*sibling, hash);
            let up = climb(place);
            (place, last) = (place.checked_shr(up).unwrap_or(0), last.checked_shr(up).unwrap_or(0));
        } else {
            hash = node_hash(hash, *sibling);
            (place, last) = (place >> 1, last >> 1);
        }
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(length),
    }
}

/// Levels to rise after a left sibling: one, and past all levels where we are a lonely right edge.
fn climb(place: u64) -> u32 {
    if place & 1 == 1 { 1 } else { place.trailing_zeros().saturating_add(1) }
}

/// Whether the tree with `old` leaves and `old_root` is a beginning of the one with `new` leaves and `new_root`.
/// Everything begins with the empty tree, so nothing is proven from it: `old` 0 is an error.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: Hash,
    new_root: Hash,
) -> Result<(), ProofError> {
    if old == 0 || old > new {
        return Err(ProofError::Range { inner: old, size: new });
    }
    let length = ProofError::Length { found: proof.len() };
    if old == new {
        return match (proof.is_empty(), old_root == new_root) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(length),
        };
    }
    // Where the old tree is a complete subtree, its root is the first hash of the proof and is left out.
    let (first, rest) = match old.is_power_of_two() {
        true => (old_root, proof),
        false => proof.split_first().map(|(f, r)| (*f, r)).ok_or(length)?,
    };
    walk(old, new, first, rest, (old_root, new_root))
        .unwrap_or(Err(ProofError::Length { found: proof.len() }))
}

/// `None` if the number of hashes is wrong.
fn walk(
    old: u64,
    new: u64,
    first: Hash,
    rest: &[Hash],
    roots: (Hash, Hash),
) -> Option<Result<(), ProofError>> {
    let up = (old - 1).trailing_ones();
    let (mut place, mut last) =
        ((old - 1).checked_shr(up).unwrap_or(0), (new - 1).checked_shr(up).unwrap_or(0));
    let (mut to_old, mut to_new) = (first, first);
    for hash in rest {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            (to_old, to_new) = (node_hash(*hash, to_old), node_hash(*hash, to_new));
            let up = climb(place);
            (place, last) = (place.checked_shr(up).unwrap_or(0), last.checked_shr(up).unwrap_or(0));
        } else {
            to_new = node_hash(to_new, *hash);
            (place, last) = (place >> 1, last >> 1);
        }
    }
    let same = (to_old, to_new) == roots;
    (last == 0).then_some(if same { Ok(()) } else { Err(ProofError::Root) })
}
