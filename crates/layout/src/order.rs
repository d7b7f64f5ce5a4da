//! In which order do slots of a layer stand? Few edges should cross.
//!
//! Barycentre sweeps: each slot moves to the mean position of its neighbours in the layer before, downwards, then
//! upwards, until no sweep improves. The best order seen stays.
//!
//! Source: Sugiyama, Tagawa, Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981.
#![expect(clippy::indexing_slicing, reason = "slots are numbered by `layers`; one entry per slot everywhere")]

use crate::layers::Layers;

/// Sweeps without improvement before giving up.
const PATIENCE: u32 = 4;

/// Reorders the rows. False where `work` ended first; what it used is subtracted.
pub(crate) fn settle(layers: &mut Layers, work: &mut u64) -> bool {
    walk_order(layers);
    let cost = layers.below.iter().map(|b| b.len() as u64).sum::<u64>() + layers.sizes.len() as u64;
    let mut best = (crossings(layers), layers.rows.clone());
    let (mut idle, mut sweep) = (0, 0u32);
    while best.0 > 0 && idle < PATIENCE {
        let Some(rest) = work.checked_sub(2 * cost) else {
            layers.rows = best.1;
            return false;
        };
        *work = rest;
        pass(layers, sweep % 2 == 0);
        sweep += 1;
        let now = crossings(layers);
        if now < best.0 {
            best = (now, layers.rows.clone());
            idle = 0;
        } else {
            idle += 1;
        }
    }
    layers.rows = best.1;
    true
}

/// First order: as a depth-first walk from the top meets the slots, which keeps branches together.
fn walk_order(layers: &mut Layers) {
    let mut met = vec![usize::MAX; layers.sizes.len()];
    let mut count = 0;
    let starts: Vec<usize> =
        layers.rows.iter().flatten().copied().filter(|&s| layers.above[s].is_empty()).collect();
    for start in starts {
        let mut open = vec![start];
        while let Some(slot) = open.pop() {
            if met[slot] != usize::MAX {
                continue;
            }
            met[slot] = count;
            count += 1;
            open.extend(layers.below[slot].iter().rev());
        }
    }
    for row in &mut layers.rows {
        row.sort_by_key(|&slot| met[slot]);
    }
}

fn pass(layers: &mut Layers, downwards: bool) {
    let count = layers.rows.len();
    let mut position = positions(layers);
    for step in 1..count {
        let (row, near) = if downwards { (step, &layers.above) } else { (count - 1 - step, &layers.below) };
        let key =
            |slot: usize| (mean(&near[slot], &position).unwrap_or(position[slot] * SCALE), position[slot]);
        let mut slots = layers.rows[row].clone();
        slots.sort_by_key(|&slot| key(slot));
        for (at, &slot) in slots.iter().enumerate() {
            position[slot] = at as u64;
        }
        layers.rows[row] = slots;
    }
}

/// Means are compared in fractions of a position.
const SCALE: u64 = 1 << 16;

fn mean(neighbours: &[usize], position: &[u64]) -> Option<u64> {
    let sum: u64 = neighbours.iter().map(|&n| position[n]).sum();
    (sum * SCALE).checked_div(neighbours.len() as u64)
}

fn positions(layers: &Layers) -> Vec<u64> {
    let mut position = vec![0; layers.sizes.len()];
    for row in &layers.rows {
        for (at, &slot) in row.iter().enumerate() {
            position[slot] = at as u64;
        }
    }
    position
}

/// How many pairs of arcs cross, over all layers.
pub(crate) fn crossings(layers: &Layers) -> u64 {
    let position = positions(layers);
    layers.rows.iter().map(|row| crossings_below(layers, row, &position)).sum()
}

/// Arcs sorted by their upper end cross where their lower ends are out of order: inversions, counted with a Fenwick tree.
fn crossings_below(layers: &Layers, row: &[usize], position: &[u64]) -> u64 {
    let mut ends = Vec::new();
    for &slot in row {
        let mut below: Vec<u64> = layers.below[slot].iter().map(|&b| position[b]).collect();
        below.sort_unstable();
        ends.append(&mut below);
    }
    let width = ends.iter().max().map_or(0, |&m| m as usize + 1);
    let mut tree = vec![0u64; width + 1];
    let mut total = 0;
    for (seen, &end) in ends.iter().enumerate() {
        let mut at = end as usize + 1;
        let mut not_beyond = 0;
        while at > 0 {
            not_beyond += tree[at];
            at &= at - 1;
        }
        total += seen as u64 - not_beyond;
        let mut at = end as usize + 1;
        while at <= width {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edge, Graph, Limits, Size, layers::layers, rank::ranks};

    fn of(nodes: usize, list: &[(usize, usize)]) -> Layers {
        let arcs: Vec<Edge> = list.iter().map(|&(from, to)| Edge { from, to }).collect();
        let graph = Graph { nodes: vec![Size { width: 10, height: 10 }; nodes], edges: arcs.clone() };
        layers(&graph, &arcs, &ranks(nodes, &arcs), &Limits::default()).unwrap()
    }

    #[test]
    fn two_crossed_arcs_count_once_and_are_untangled() {
        let mut layers = of(4, &[(0, 3), (1, 2)]);
        assert_eq!(crossings(&layers), 1);
        assert!(settle(&mut layers, &mut 1_000));
        assert_eq!(crossings(&layers), 0);
    }

    #[test]
    fn the_complete_bipartite_graph_of_three_and_three_crosses_nine_times() {
        let all: Vec<(usize, usize)> = (0..3).flat_map(|a| (3..6).map(move |b| (a, b))).collect();
        assert_eq!(crossings(&of(6, &all)), 9);
    }

    #[test]
    fn without_budget_the_order_stays_unsettled() {
        let all: Vec<(usize, usize)> = (0..3).flat_map(|a| (3..6).map(move |b| (a, b))).collect();
        assert!(!settle(&mut of(6, &all), &mut 3));
    }
}
