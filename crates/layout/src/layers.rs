//! Slots in layers: every node has one, and so has every passage of a longer edge through a layer.
#![expect(clippy::indexing_slicing, reason = "slots and layers are numbered here, one entry each")]

use crate::graph::within;
use crate::{Edge, Graph, LayoutError, Limits, Part, Size};

/// The graph made proper: arcs join slots of adjacent layers only.
pub(crate) struct Layers {
    /// Slots by layer, in their order from the left.
    pub(crate) rows: Vec<Vec<usize>>,
    /// Width and height of a slot; those below `nodes` are the nodes themselves, the rest passages.
    pub(crate) sizes: Vec<Size>,
    /// Slots one layer up that lead here.
    pub(crate) above: Vec<Vec<usize>>,
    /// Slots one layer down that this leads to.
    pub(crate) below: Vec<Vec<usize>>,
    /// Number of nodes.
    pub(crate) nodes: usize,
    /// Per arc, its slots from top to bottom.
    pub(crate) chains: Vec<Vec<usize>>,
}

impl Layers {
    pub(crate) fn is_passage(&self, slot: usize) -> bool {
        slot >= self.nodes
    }

    fn slot(&mut self, row: usize, size: Size) -> usize {
        let slot = self.sizes.len();
        self.sizes.push(size);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.rows[row].push(slot);
        slot
    }

    fn chain(&mut self, arc: Edge, rank: &[usize]) {
        let mut chain = vec![arc.from];
        chain.extend(
            (rank[arc.from] + 1..rank[arc.to]).map(|row| self.slot(row, Size { width: 2, height: 0 })),
        );
        chain.push(arc.to);
        for pair in chain.windows(2) {
            self.below[pair[0]].push(pair[1]);
            self.above[pair[1]].push(pair[0]);
        }
        self.chains.push(chain);
    }
}

/// Arcs must lead from a lower to a higher rank.
pub(crate) fn layers(
    graph: &Graph,
    arcs: &[Edge],
    rank: &[usize],
    limits: &Limits,
) -> Result<Layers, LayoutError> {
    let bends = arcs.iter().map(|a| rank[a.to] - rank[a.from] - 1).fold(0usize, usize::saturating_add);
    within(Part::Bends, bends, limits.bends)?;
    let rows = rank.iter().max().map_or(0, |deepest| deepest + 1);
    let mut layers = Layers {
        rows: vec![Vec::new(); rows],
        sizes: Vec::new(),
        above: Vec::new(),
        below: Vec::new(),
        nodes: graph.nodes.len(),
        chains: Vec::with_capacity(arcs.len()),
    };
    for (size, &row) in graph.nodes.iter().zip(rank) {
        layers.slot(row, *size);
    }
    for arc in arcs {
        layers.chain(*arc, rank);
    }
    Ok(layers)
}
