//! Which points does an edge go through?
//!
//! Between two layers an edge goes from where it leaves the upper one to where it enters the lower one; within a layer it
//! goes straight down. So it never touches a node that it does not belong to.
#![expect(clippy::indexing_slicing, reason = "slots are numbered by `layers`; one entry per slot and row")]

use std::collections::BTreeMap;

use crate::layers::Layers;
use crate::{Point, Rect};

/// Top and bottom of each row.
pub(crate) fn bands(layers: &Layers, gap: u32) -> Vec<(i64, i64)> {
    let mut top = 0;
    let heights =
        layers.rows.iter().map(|row| row.iter().map(|&s| layers.sizes[s].height).max().unwrap_or(0));
    heights
        .map(|height| {
            let band = (top, top + i64::from(height));
            top = band.1 + i64::from(gap);
            band
        })
        .collect()
}

/// Boxes of all slots; passages are as high as their row.
pub(crate) fn boxes(layers: &Layers, left: &[i64], bands: &[(i64, i64)]) -> Vec<Rect> {
    let mut boxes = vec![Rect::default(); layers.sizes.len()];
    for (row, &(top, bottom)) in layers.rows.iter().zip(bands) {
        for &slot in row {
            let size = layers.sizes[slot];
            let height = if layers.is_passage(slot) { (bottom - top) as u32 } else { size.height };
            boxes[slot] = Rect { x: left[slot], y: top, width: size.width, height };
        }
    }
    boxes
}

/// One line per chain, from top to bottom.
pub(crate) fn lines(layers: &Layers, boxes: &[Rect], bands: &[(i64, i64)]) -> Vec<Vec<Point>> {
    let leaving = ports(layers, boxes, End::Upper);
    let entering = ports(layers, boxes, End::Lower);
    let bottom_of_row = row_bottoms(layers, bands);
    let line = |(id, chain): (usize, &Vec<usize>)| {
        let (first, last) = (chain[0], chain[chain.len() - 1]);
        let start = Point { x: leaving[id], y: boxes[first].bottom() };
        let mut points = vec![start, Point { y: bottom_of_row[first], ..start }];
        for &slot in &chain[1..chain.len() - 1] {
            let x = boxes[slot].centre().x;
            points.extend([Point { x, y: boxes[slot].y }, Point { x, y: boxes[slot].bottom() }]);
        }
        points.push(Point { x: entering[id], y: boxes[last].y });
        points.dedup();
        points
    };
    layers.chains.iter().enumerate().map(line).collect()
}

fn row_bottoms(layers: &Layers, bands: &[(i64, i64)]) -> Vec<i64> {
    let mut bottoms = vec![0; layers.sizes.len()];
    for (row, &(_, bottom)) in layers.rows.iter().zip(bands) {
        for &slot in row {
            bottoms[slot] = bottom;
        }
    }
    bottoms
}

#[derive(Clone, Copy)]
enum End {
    Upper,
    Lower,
}

/// Where each chain meets the node at one of its ends: spread over the side, in the order of where they go.
fn ports(layers: &Layers, boxes: &[Rect], end: End) -> Vec<i64> {
    let mut by_node: BTreeMap<usize, Vec<(i64, usize)>> = BTreeMap::new();
    for (id, chain) in layers.chains.iter().enumerate() {
        let (node, next) = match end {
            End::Upper => (chain[0], chain[1]),
            End::Lower => (chain[chain.len() - 1], chain[chain.len() - 2]),
        };
        by_node.entry(node).or_default().push((boxes[next].centre().x, id));
    }
    let mut x = vec![0; layers.chains.len()];
    for (node, mut chains) in by_node {
        chains.sort_unstable();
        let parts = chains.len() as i64 + 1;
        for (at, (_, id)) in chains.into_iter().enumerate() {
            x[id] = boxes[node].x + i64::from(boxes[node].width) * (at as i64 + 1) / parts;
        }
    }
    x
}
