//! Appending: the right edge of the tree and the tiles that change.

use crate::hash::{Hash, root_of};
use crate::tile::{MAX_LEVEL, TILE_WIDTH, Tile};

/// The partial tiles at the right edge of a tree: all that appending needs to know of what came before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// One row a level, each with fewer than 256 hashes.
    rows: Vec<Vec<Hash>>,
}

/// Stored rows do not belong to a tree of the stated size.
#[derive(Debug, thiserror::Error)]
#[error("tree of {size} leaves needs {expected} hashes at the edge of level {level}, found {found}")]
pub struct EdgeError {
    size: u64,
    level: u8,
    expected: u64,
    found: usize,
}

impl Edge {
    /// Which partial tiles the edge of a tree of `size` leaves consists of.
    pub fn tiles(size: u64) -> Vec<Tile> {
        let tile = |level: u8| {
            let index = size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            let width = u16::try_from(Tile::width_in(level, index, size)).ok()?;
            (width > 0).then_some(Tile { level, index, width })
        };
        (0..=MAX_LEVEL).filter_map(tile).collect()
    }

    /// The edge of a tree of `size` leaves; `row` gives the hashes of a tile of [`Edge::tiles`].
    pub fn load(size: u64, mut row: impl FnMut(Tile) -> Vec<Hash>) -> Result<Self, EdgeError> {
        let mut rows: Vec<Vec<Hash>> = Vec::new();
        for tile in Self::tiles(size) {
            let hashes = row(tile);
            if hashes.len() != usize::from(tile.width) {
                let (level, expected, found) = (tile.level, tile.width.into(), hashes.len());
                return Err(EdgeError { size, level, expected, found });
            }
            rows.resize(usize::from(tile.level) + 1, Vec::new());
            if let Some(last) = rows.last_mut() {
                *last = hashes;
            }
        }
        Ok(Self { size, rows })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree so far.
    pub fn root(&self) -> Hash {
        // Each row continues the tree to the right of the one above it, so the upper rows' roots come first.
        let peaks = |row: &Vec<Hash>| peaks(row);
        let all: Vec<Hash> = self.rows.iter().rev().flat_map(peaks).collect();
        all.into_iter()
            .rev()
            .reduce(|right, left| crate::hash::node_hash(left, right))
            .unwrap_or_else(crate::hash::empty_root)
    }

    /// Adds a leaf. Returns the tiles that are new or longer than before, each with all its hashes.
    pub fn push(&mut self, leaf: Hash) -> Vec<(Tile, Vec<Hash>)> {
        let (mut written, mut hash, mut level) = (Vec::new(), leaf, 0_u8);
        loop {
            let row = self.row(level);
            row.push(hash);
            let (full, width) = (row.len() as u64 == TILE_WIDTH, row.len());
            let hashes = if full { std::mem::take(row) } else { row.clone() };
            let index = (self.size >> (8 * (u32::from(level)))) / TILE_WIDTH;
            let above = root_of(&hashes);
            written.push((Tile { level, index, width: u16::try_from(width).unwrap_or(u16::MAX) }, hashes));
            if !full || level == MAX_LEVEL {
                break;
            }
            (hash, level) = (above, level + 1);
        }
        self.size += 1;
        written
    }

    fn row(&mut self, level: u8) -> &mut Vec<Hash> {
        let level = usize::from(level);
        if self.rows.len() <= level {
            self.rows.resize(level + 1, Vec::new());
        }
        #[expect(clippy::indexing_slicing, reason = "resized above")]
        &mut self.rows[level]
    }
}

/// Roots of the complete subtrees of a row, from the largest (leftmost) to the smallest.
fn peaks(row: &[Hash]) -> Vec<Hash> {
    let (mut rest, mut peaks) = (row, Vec::new());
    while let Some(bits) = rest.len().checked_ilog2() {
        let (left, right) = rest.split_at(1 << bits);
        peaks.push(root_of(left));
        rest = right;
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use std::collections::BTreeMap;

    #[test]
    fn the_edge_has_the_root_of_all_leaves_and_loads_back_at_every_size() {
        let (mut edge, mut leaves, mut tiles) = (Edge::default(), Vec::new(), BTreeMap::new());
        for n in 0..1_100_u32 {
            let leaf = leaf_hash(&n.to_be_bytes());
            leaves.push(leaf);
            tiles.extend(edge.push(leaf));
            assert_eq!(edge.root(), root_of(&leaves), "size {}", leaves.len());
            let loaded = Edge::load(edge.size(), |tile| tiles[&tile].clone()).unwrap();
            assert_eq!((loaded.size(), loaded.root()), (edge.size(), edge.root()));
        }
        assert_eq!(tiles[&Tile { level: 1, index: 0, width: 4 }].len(), 4);
    }

    #[test]
    fn rows_of_another_size_are_refused() {
        let error = Edge::load(3, |_| Vec::new()).unwrap_err().to_string();
        assert_eq!(error, "tree of 3 leaves needs 3 hashes at the edge of level 0, found 0");
    }

    #[test]
    fn the_empty_tree_has_the_root_of_rfc_6962() {
        assert!(Edge::default().root().to_string().starts_with("e3b0c442"));
    }
}
