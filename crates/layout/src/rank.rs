//! In which rank does a node lie?
#![expect(clippy::indexing_slicing, reason = "arcs name nodes; one entry per node everywhere")]

use crate::Edge;

/// Longest way from a start, in edges, for a graph without cycles. A start is then moved down next to what it leads to.
pub(crate) fn ranks(nodes: usize, arcs: &[Edge]) -> Vec<usize> {
    let mut leaving = vec![Vec::new(); nodes];
    let mut entering = vec![0usize; nodes];
    for arc in arcs {
        leaving[arc.from].push(arc.to);
        entering[arc.to] += 1;
    }
    let mut rank = vec![0; nodes];
    let mut waiting = entering.clone();
    let mut ready: Vec<usize> = (0..nodes).filter(|&n| entering[n] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &leaving[node] {
            rank[to] = rank[to].max(rank[node] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    for node in (0..nodes).filter(|&n| entering[n] == 0) {
        if let Some(nearest) = leaving[node].iter().map(|&to| rank[to]).min() {
            rank[node] = nearest - 1;
        }
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_lies_below_everything_that_leads_to_it() {
        let arcs = [(0, 1), (1, 2), (0, 2), (3, 2)].map(|(from, to)| Edge { from, to });
        assert_eq!(ranks(4, &arcs), [0, 1, 2, 1]);
    }
}
