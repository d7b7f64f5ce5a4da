//! Where in its row does a slot lie?
//!
//! Each slot wants to lie under (or over) the middle of its neighbours; the order and the gaps are fixed. The nearest
//! arrangement in the sense of least squares is an isotonic regression, computed by pooling adjacent violators.
#![expect(clippy::indexing_slicing, reason = "slots are numbered by `layers`; one entry per slot everywhere")]

use crate::layers::Layers;

/// Passes down and up again.
const ROUNDS: usize = 6;

/// How much more a passage insists on its place than a node does: long edges should be straight.
const PASSAGE_WEIGHT: i64 = 8;

/// Left ends by slot; the smallest is 0. Rounds end early where `work` does.
pub(crate) fn place(layers: &Layers, gap: u32, work: &mut u64) -> Vec<i64> {
    let gap = i64::from(gap);
    let mut left = packed(layers, gap);
    let cost = layers.below.iter().map(|b| b.len() as u64).sum::<u64>() + layers.sizes.len() as u64;
    for _ in 0..ROUNDS {
        let Some(rest) = work.checked_sub(2 * cost) else { break };
        *work = rest;
        for row in &layers.rows {
            arrange(layers, row, gap, &mut left, |slot| &layers.above[slot]);
        }
        for row in layers.rows.iter().rev() {
            arrange(layers, row, gap, &mut left, |slot| &layers.below[slot]);
        }
    }
    let least = left.iter().min().copied().unwrap_or(0);
    left.iter_mut().for_each(|x| *x -= least);
    left
}

fn packed(layers: &Layers, gap: i64) -> Vec<i64> {
    let mut left = vec![0; layers.sizes.len()];
    for row in &layers.rows {
        let mut x = 0;
        for &slot in row {
            left[slot] = x;
            x += width(layers, slot) + gap;
        }
    }
    left
}

fn width(layers: &Layers, slot: usize) -> i64 {
    i64::from(layers.sizes[slot].width)
}

fn arrange<'a>(
    layers: &'a Layers,
    row: &[usize],
    gap: i64,
    left: &mut [i64],
    near: impl Fn(usize) -> &'a Vec<usize>,
) {
    let mut pools: Vec<Pool> = Vec::new();
    let mut offset = 0;
    for &slot in row {
        let (wanted, weight) = wish(layers, slot, near(slot), left);
        pools.push(Pool { sum: (wanted - offset) * weight, weight, count: 1 });
        merge(&mut pools);
        offset += width(layers, slot) + gap;
    }
    let mut offset = 0;
    let places = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.mean(), pool.count));
    for (&slot, place) in row.iter().zip(places) {
        left[slot] = place + offset;
        offset += width(layers, slot) + gap;
    }
}

/// The left end a slot would like, and how much it insists. Without neighbours it likes where it is.
fn wish(layers: &Layers, slot: usize, near: &[usize], left: &[i64]) -> (i64, i64) {
    if near.is_empty() {
        return (left[slot], 1);
    }
    let middles: i64 = near.iter().map(|&n| left[n] + width(layers, n) / 2).sum();
    let wanted = middles.div_euclid(near.len() as i64) - width(layers, slot) / 2;
    let weight = if layers.is_passage(slot) { PASSAGE_WEIGHT } else { 1 + near.len() as i64 };
    (wanted, weight)
}

/// Slots that share one place, apart from their offsets.
struct Pool {
    sum: i64,
    weight: i64,
    count: usize,
}

impl Pool {
    fn mean(&self) -> i64 {
        self.sum.div_euclid(self.weight)
    }
}

/// Joins the last pools until their means ascend.
fn merge(pools: &mut Vec<Pool>) {
    while let [.., before, last] = pools.as_mut_slice() {
        if before.mean() <= last.mean() {
            return;
        }
        before.sum += last.sum;
        before.weight += last.weight;
        before.count += last.count;
        pools.pop();
    }
}
