//! Proofs about a part of a tree: leaves `start .. end` that form a subtree. Source:
//! draft-ietf-plants-merkle-tree-certs-02, section 4 ("Subtrees").

use std::ops::Range;

use crate::hash::{Hash, empty_root, node_hash};
use crate::proof::{ProofError, verify_inclusion};

/// Whether `leaves` can be a subtree: they begin at a multiple of the smallest power of two that holds them.
fn is_subtree(leaves: &Range<u64>) -> bool {
    let count = leaves.end.checked_sub(leaves.start).filter(|count| *count > 0);
    let width = count.and_then(u64::checked_next_power_of_two);
    width.is_some_and(|width| leaves.start.is_multiple_of(width))
}

/// Whether `leaf` (a leaf hash) is leaf `index` of the tree, within the subtree over `leaves` with `root`.
pub fn verify_subtree_inclusion(
    index: u64,
    leaves: Range<u64>,
    leaf: Hash,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    let outside = ProofError::Range { inner: index, size: leaves.end };
    if !is_subtree(&leaves) || !leaves.contains(&index) {
        return Err(outside);
    }
    verify_inclusion(index - leaves.start, leaves.end - leaves.start, leaf, proof, root)
}

/// Whether the subtree over `leaves` with `subtree_root` is a part of the tree with `size` leaves and `root`. An empty
/// subtree is a part of every tree.
pub fn verify_subtree_consistency(
    leaves: Range<u64>,
    size: u64,
    proof: &[Hash],
    subtree_root: Hash,
    root: Hash,
) -> Result<(), ProofError> {
    let length = ProofError::Length { found: proof.len() };
    if leaves.start == leaves.end && leaves.end <= size {
        return match (proof.is_empty(), subtree_root == empty_root()) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(length),
        };
    }
    if !is_subtree(&leaves) || leaves.end > size {
        return Err(ProofError::Range { inner: leaves.end, size });
    }
    match Walk::begin(&leaves, size).roots(proof, subtree_root) {
        Some(roots) if roots == (subtree_root, root) => Ok(()),
        Some(_) => Err(ProofError::Root),
        None => Err(length),
    }
}

/// First and last leaf of the subtree and last leaf of the tree, as seen from the level that the proof has reached.
struct Walk {
    first: u64,
    last: u64,
    end: u64,
}

impl Walk {
    fn up(&mut self, levels: u32) {
        let shift = |n: u64| n.checked_shr(levels).unwrap_or(0);
        (self.first, self.last, self.end) = (shift(self.first), shift(self.last), shift(self.end));
    }

    /// At the level where the subtree and the tree first differ: below it nothing has to be proven.
    fn begin(leaves: &Range<u64>, size: u64) -> Self {
        let mut walk = Self { first: leaves.start, last: leaves.end - 1, end: size - 1 };
        let apart = u64::BITS - (walk.first ^ walk.last).leading_zeros();
        let complete = walk.last.trailing_ones();
        let levels = if walk.last == walk.end { apart } else { apart.min(complete) };
        walk.up(levels);
        walk
    }

    /// Roots of subtree and tree that `proof` leads to; `None` if it has the wrong number of hashes.
    fn roots(mut self, proof: &[Hash], subtree_root: Hash) -> Option<(Hash, Hash)> {
        let (start, rest) = match self.first == self.last {
            true => (subtree_root, proof),
            false => proof.split_first().map(|(first, rest)| (*first, rest))?,
        };
        let (mut of_subtree, mut of_tree) = (start, start);
        for hash in rest {
            if self.end == 0 {
                return None;
            }
            if self.last & 1 == 1 || self.last == self.end {
                if self.first < self.last {
                    of_subtree = node_hash(*hash, of_subtree);
                }
                of_tree = node_hash(*hash, of_tree);
                self.up(self.last.trailing_zeros().min(u64::BITS - 1));
            } else {
                of_tree = node_hash(of_tree, *hash);
            }
            self.up(1);
        }
        (self.end == 0).then_some((of_subtree, of_tree))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{leaf_hash, root_of};

    #[test]
    fn leaves_that_are_no_subtree_are_refused() {
        for leaves in [1..3, 2..5, 2..6, 1..15] {
            assert!(!is_subtree(&leaves), "{leaves:?}");
        }
        for leaves in [0..1, 0..7, 4..6, 4..7, 8..16, 7..8] {
            assert!(is_subtree(&leaves), "{leaves:?}");
        }
    }

    #[test]
    fn a_leaf_is_proven_within_its_subtree_and_the_subtree_within_the_tree() {
        let leaves: Vec<_> = (0..5_u8).map(|n| leaf_hash(&[n])).collect();
        let (root, pair) = (root_of(&leaves), root_of(&leaves[2..4]));
        verify_subtree_inclusion(3, 2..4, leaves[3], &[leaves[2]], pair).unwrap();
        assert!(verify_subtree_inclusion(1, 2..4, leaves[1], &[leaves[0]], pair).is_err());
        let proof = [root_of(&leaves[..2]), leaves[4]];
        verify_subtree_consistency(2..4, 5, &proof, pair, root).unwrap();
        assert!(verify_subtree_consistency(2..4, 5, &proof[..1], pair, root).is_err());
        assert!(verify_subtree_consistency(2..4, 5, &proof, root, root).is_err());
    }
}
