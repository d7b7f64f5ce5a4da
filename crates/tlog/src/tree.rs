//! Reading a stored tree: roots and proofs from tiles.

use std::collections::BTreeSet;

use crate::hash::{Hash, empty_root, node_hash, root_of};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// Gives the hashes of a tile. The tile's width is how many are asked for; more may be returned.
pub trait TileReader {
    /// `None` if there is no such tile, or it is shorter.
    fn row(&self, tile: Tile) -> Option<&[Hash]>;
}

/// A tile that must be there is not.
#[derive(Debug, thiserror::Error)]
#[error("tile `{0}` is missing or too short")]
pub struct MissingTile(pub Tile);

/// A complete subtree: leaves `index << level .. (index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    level: u32,
    index: u64,
}

/// Leaves `start .. end` as complete subtrees, left to right. Together they are one node of an RFC 6962 tree.
fn cover(mut start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while start < end {
        // The largest aligned subtree that begins here and still fits.
        let fits = (end - start).ilog2();
        let aligned = if start == 0 { fits } else { start.trailing_zeros() };
        let level = fits.min(aligned);
        nodes.push(Node { level, index: start >> level });
        start += 1 << level;
    }
    nodes
}

/// Ranges of leaves whose hashes prove that leaf `index` is in a tree of `size`: RFC 6962, section 2.1.1.
fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end, mut ranges) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// Ranges of leaves whose hashes prove that the tree of `old` is a beginning of that of `new`: section 2.1.2.
fn consistency_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end, mut ranges, mut whole) = (0, new, Vec::new(), true);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((start, end));
    }
    ranges.reverse();
    ranges
}

/// Largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The tile that holds what `node` is computed from, in a tree of `size`, and the place of its hashes there.
fn place(node: Node, size: u64) -> (Tile, usize, usize) {
    let (level, above) = (node.level / TILE_HEIGHT, node.level % TILE_HEIGHT);
    let first = node.index << above;
    let index = first / TILE_WIDTH;
    let level = u8::try_from(level).unwrap_or(u8::MAX);
    let width = u16::try_from(Tile::width_in(level, index, size)).unwrap_or(0);
    let offset = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
    (Tile { level, index, width }, offset, 1 << above)
}

fn node_of(reader: &impl TileReader, node: Node, size: u64) -> Result<Hash, MissingTile> {
    let (tile, offset, count) = place(node, size);
    let row = reader.row(tile).ok_or(MissingTile(tile))?;
    let hashes = row.get(offset..offset.saturating_add(count)).ok_or(MissingTile(tile))?;
    Ok(root_of(hashes))
}

fn range_root(reader: &impl TileReader, range: (u64, u64), size: u64) -> Result<Hash, MissingTile> {
    let nodes: Result<Vec<_>, _> =
        cover(range.0, range.1).into_iter().map(|n| node_of(reader, n, size)).collect();
    Ok(nodes?.into_iter().rev().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root))
}

fn tiles_of(ranges: &[(u64, u64)], size: u64) -> BTreeSet<Tile> {
    let nodes = ranges.iter().flat_map(|(start, end)| cover(*start, *end));
    nodes.map(|node| place(node, size).0).collect()
}

/// Root of the first `size` leaves.
pub fn root(reader: &impl TileReader, size: u64) -> Result<Hash, MissingTile> {
    range_root(reader, (0, size), size)
}

/// The tiles that [`inclusion`] reads.
pub fn tiles_of_inclusion(index: u64, size: u64) -> BTreeSet<Tile> {
    tiles_of(&inclusion_ranges(index, size), size)
}

/// Proof that leaf `index` is in the tree of `size` leaves. `index` must be below `size`, else the proof is empty.
pub fn inclusion(reader: &impl TileReader, index: u64, size: u64) -> Result<Vec<Hash>, MissingTile> {
    inclusion_ranges(index, size).into_iter().map(|range| range_root(reader, range, size)).collect()
}

/// The tiles that [`consistency`] reads.
pub fn tiles_of_consistency(old: u64, new: u64) -> BTreeSet<Tile> {
    if old == 0 || old >= new { BTreeSet::new() } else { tiles_of(&consistency_ranges(old, new), new) }
}

/// Proof that the tree of `old` leaves is a beginning of the tree of `new`; empty for `old` 0 or `new`.
pub fn consistency(reader: &impl TileReader, old: u64, new: u64) -> Result<Vec<Hash>, MissingTile> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    consistency_ranges(old, new).into_iter().map(|range| range_root(reader, range, new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edge, leaf_hash, verify_consistency, verify_inclusion};
    use std::collections::BTreeMap;

    struct Stored(BTreeMap<(u8, u64), Vec<Hash>>);

    impl TileReader for Stored {
        fn row(&self, tile: Tile) -> Option<&[Hash]> {
            self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
        }
    }

    fn tree(size: u32) -> (Stored, Vec<Hash>) {
        let (mut edge, mut rows) = (Edge::default(), BTreeMap::new());
        let leaves: Vec<_> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        for leaf in &leaves {
            rows.extend(edge.push(*leaf).into_iter().map(|(t, row)| ((t.level, t.index), row)));
        }
        (Stored(rows), leaves)
    }

    #[test]
    fn every_leaf_of_small_trees_is_proven_and_no_other() {
        let (stored, leaves) = tree(70);
        for size in 1..=70_u64 {
            let root = root(&stored, size).unwrap();
            assert_eq!(root, root_of(&leaves[..size as usize]));
            for index in 0..size {
                let proof = inclusion(&stored, index, size).unwrap();
                verify_inclusion(index, size, leaves[index as usize], &proof, root).unwrap();
                let other = leaves[(index as usize + 1) % 70];
                assert!(verify_inclusion(index, size, other, &proof, root).is_err());
            }
        }
    }

    #[test]
    fn every_pair_of_small_trees_is_consistent() {
        let (stored, _) = tree(70);
        for new in 1..=70 {
            for old in 1..=new {
                let proof = consistency(&stored, old, new).unwrap();
                let roots = (root(&stored, old).unwrap(), root(&stored, new).unwrap());
                verify_consistency(old, new, &proof, roots.0, roots.1).unwrap();
            }
        }
    }

    #[test]
    fn proofs_cross_tiles_and_read_only_the_tiles_they_name() {
        let (stored, leaves) = tree(70_000);
        for (index, size) in
            [(0, 70_000), (65_535, 70_000), (65_536, 70_000), (69_999, 70_000), (300, 66_000)]
        {
            let named = tiles_of_inclusion(index, size);
            let rows = named.iter().map(|t| ((t.level, t.index), stored.row(*t).unwrap().to_vec())).collect();
            let proof = inclusion(&Stored(rows), index, size).unwrap();
            let root = root_of(&leaves[..size as usize]);
            verify_inclusion(index, size, leaves[index as usize], &proof, root).unwrap();
        }
        let named = tiles_of_consistency(300, 70_000);
        let rows = named.iter().map(|t| ((t.level, t.index), stored.row(*t).unwrap().to_vec())).collect();
        let proof = consistency(&Stored(rows), 300, 70_000).unwrap();
        verify_consistency(300, 70_000, &proof, root_of(&leaves[..300]), root_of(&leaves)).unwrap();
    }

    #[test]
    fn a_missing_tile_is_named() {
        let error = inclusion(&Stored(BTreeMap::new()), 1, 2).unwrap_err();
        assert_eq!(error.to_string(), "tile `0/000.p/2` is missing or too short");
    }
}
