//! Which nodes count: those the index names, then those of the buds in the order they were written.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::{COMMIT, INDEX, MASTER, Node, REFERENCE};
use crate::Cause;
use crate::formats::number::{le16, le32, le64};

/// Two erase blocks that hold copies of the master node.
const MASTERS: [usize; 2] = [1, 2];
/// First bytes of an index node, before its branches of place, offset, length and key.
const BRANCHES: usize = 28;
const BRANCH: usize = 20;

/// Nodes, oldest first where it matters, and problems of the volume.
type Nodes<'a> = (Vec<Node<'a>>, Vec<(String, Cause)>);

struct Media<'a> {
    data: &'a [u8],
    size: usize,
    /// Erase blocks that may still be read from end to end: each one once in its own role, and some.
    scans: Cell<usize>,
}

impl<'a> Media<'a> {
    /// The node at an offset of an erase block.
    fn node(&self, block: u32, offset: u32) -> Option<Node<'a>> {
        let at = (block as usize).checked_mul(self.size)?.checked_add(offset as usize)?;
        Node::read(self.data, at)
    }

    /// Nodes behind each other from an offset of an erase block to its end; padding is skipped.
    fn nodes(&self, block: usize, offset: usize) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let start = block.saturating_mul(self.size);
        let bytes = self.data.get(start..).unwrap_or_default();
        let left = self.scans.get();
        self.scans.set(left.saturating_sub(1));
        let size = if left > 0 { self.size.min(bytes.len()) } else { 0 };
        let bytes = bytes.get(..size).unwrap_or_default();
        let mut at = offset;
        std::iter::from_fn(move || {
            while at < bytes.len() {
                match Node::read(bytes, at) {
                    Some(node) => {
                        at += node.bytes.len().next_multiple_of(8);
                        return Some(node);
                    }
                    None => at += 8,
                }
            }
            None
        })
    }
}

/// The nodes that make the volume's present state.
pub(super) fn nodes(data: &[u8], size: usize) -> Result<Nodes<'_>, Cause> {
    let media = Media { data, size, scans: Cell::new(2 * (data.len() / size + 1)) };
    let masters =
        MASTERS.into_iter().flat_map(|block| media.nodes(block, 0)).filter(|node| node.kind == MASTER);
    let master = masters.max_by_key(|node| node.sequence());
    let master = master.ok_or_else(|| Cause::Damaged { how: "there is no master node".to_owned() })?;
    let (mut nodes, lost) = indexed(&media, master);
    nodes.extend(journal(&media, master));
    let how = format!("{lost} nodes that the index names are not there");
    let problems = if lost > 0 { vec![(String::new(), Cause::Damaged { how })] } else { Vec::new() };
    Ok((nodes, problems))
}

/// The leaves of the index tree, and how many are missing.
fn indexed<'a>(media: &Media<'a>, master: Node<'a>) -> (Vec<Node<'a>>, usize) {
    let word = |at| le32(master.bytes, at).unwrap_or(0);
    let (mut nodes, mut lost) = (Vec::new(), 0);
    let mut todo = vec![(word(48), word(52))];
    let mut seen = BTreeSet::new();
    while let Some(place) = todo.pop() {
        if !seen.insert(place) {
            continue;
        }
        match media.node(place.0, place.1) {
            Some(node) if node.kind == INDEX => todo.extend(branches(node)),
            Some(node) => nodes.push(node),
            None => lost += 1,
        }
    }
    (nodes, lost)
}

/// Places that an index node points to; with authentication each branch carries a hash as well.
fn branches(node: Node<'_>) -> Vec<(u32, u32)> {
    let count = usize::from(le16(node.bytes, 24).unwrap_or(0));
    let all = node.bytes.get(BRANCHES..).unwrap_or_default();
    let step = (all.len() / count.max(1)).max(BRANCH);
    let place = |branch: &[u8]| Some((le32(branch, 0)?, le32(branch, 4)?));
    all.chunks_exact(step).take(count).filter_map(place).collect()
}

/// Nodes in the buds since the last commit, oldest first.
fn journal<'a>(media: &Media<'a>, master: Node<'a>) -> Vec<Node<'a>> {
    let commit = le64(master.bytes, 32).unwrap_or(0);
    let first = le32(master.bytes, 44).unwrap_or(0) as usize;
    let log = le32(media.data, 56).unwrap_or(0) as usize;
    // The log is a ring behind the masters.
    let ring = (0..log).map(|i| 3 + (first.saturating_sub(3) + i) % log.max(1));
    let mut since = None;
    let mut buds = BTreeSet::new();
    for node in ring.take(media.data.len() / media.size).flat_map(|block| media.nodes(block, 0)) {
        match node.kind {
            COMMIT if le64(node.bytes, 24) == Some(commit) => since = Some(node.sequence()),
            REFERENCE if since.is_some_and(|since| node.sequence() > since) => {
                buds.insert((
                    le32(node.bytes, 24).unwrap_or(0) as usize,
                    le32(node.bytes, 28).unwrap_or(0) as usize,
                ));
            }
            _ => {}
        }
    }
    let mut nodes: Vec<Node<'_>> =
        buds.into_iter().flat_map(|(block, offset)| media.nodes(block, offset)).collect();
    nodes.retain(|node| since.is_some_and(|since| node.sequence() > since));
    nodes.sort_by_key(|node| node.sequence());
    nodes
}
