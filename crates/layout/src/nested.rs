//! Boxes in boxes: maps of things that hold things.
#![expect(
    clippy::indexing_slicing,
    reason = "holders and edges were checked to name boxes; one entry per box"
)]

use crate::layered::framed;
use crate::{Bending, Edge, LayoutError, Limits, Picture, Point, Rect, Size, Spacing};

/// A map of boxes, with lines between any two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nest {
    /// A box stands after the one that holds it. What one box holds is laid out in this order, in rows.
    pub boxes: Vec<NestBox>,
    /// Between indices of `boxes`.
    pub edges: Vec<Edge>,
}

/// A box that may hold others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NestBox {
    /// Index of the box that holds it; `None` at the top.
    pub holder: Option<usize>,
    /// Of its own text, which stands above what it holds.
    pub size: Size,
}

/// Positions of a map. Boxes with one holder do not overlap, and lie inside of it below its text.
///
/// Errors: a size beyond `limits`, an index that is not there, a holder after what it holds.
pub fn nested(nest: &Nest, spacing: &Spacing, limits: &Limits) -> Result<Picture, LayoutError> {
    let own: Vec<Size> = nest.boxes.iter().map(|b| b.size).collect();
    limits.check(&own, &nest.edges)?;
    let held = held(&nest.boxes)?;
    let (sizes, offsets) = measure(&own, &held, spacing);
    let nodes = positions(&nest.boxes, &sizes, &offsets);
    let edges = nest.edges.iter().map(|e| line(nodes[e.from], nodes[e.to])).collect();
    Ok(framed(nodes, edges, Bending::None, true, spacing.margin))
}

/// Per box what it holds; the last entry is the top.
fn held(boxes: &[NestBox]) -> Result<Vec<Vec<usize>>, LayoutError> {
    let mut held = vec![Vec::new(); boxes.len() + 1];
    for (index, one) in boxes.iter().enumerate() {
        match one.holder {
            None => held[boxes.len()].push(index),
            Some(name) if name >= boxes.len() => {
                return Err(LayoutError::NoSuchNode { name, nodes: boxes.len() });
            }
            Some(parent) if parent >= index => return Err(LayoutError::HolderAfterwards { index, parent }),
            Some(parent) => held[parent].push(index),
        }
    }
    Ok(held)
}

/// Sizes of all boxes with what they hold, and where each lies in its holder. Inner boxes come first: they stand later.
fn measure(own: &[Size], held: &[Vec<usize>], spacing: &Spacing) -> (Vec<Size>, Vec<Point>) {
    let mut sizes = own.to_vec();
    let mut offsets = vec![Point::default(); own.len()];
    for index in (0..own.len()).rev().filter(|&i| !held[i].is_empty()) {
        let pad = spacing.rank;
        let inner = pack(&held[index], &sizes, spacing, own[index].width, &mut offsets);
        let below = i64::from(own[index].height + pad / 2);
        for &child in &held[index] {
            offsets[child].x += i64::from(pad);
            offsets[child].y += below;
        }
        let width = inner.width.max(own[index].width).saturating_add(2 * pad);
        let height = inner.height.saturating_add(own[index].height).saturating_add(pad / 2 + pad);
        sizes[index] = Size { width, height };
    }
    pack(&held[own.len()], &sizes, spacing, 0, &mut offsets);
    (sizes, offsets)
}

/// Rows from left to right, about half as high as wide; returns what they fill.
fn pack(boxes: &[usize], sizes: &[Size], spacing: &Spacing, least: u32, offsets: &mut [Point]) -> Size {
    let gap = u64::from(spacing.node);
    let area: u64 =
        boxes.iter().map(|&b| (u64::from(sizes[b].width) + gap) * (u64::from(sizes[b].height) + gap)).sum();
    let widest = boxes.iter().map(|&b| u64::from(sizes[b].width)).max().unwrap_or(0);
    let limit = area.saturating_mul(2).isqrt().max(widest).max(u64::from(least));
    let (mut x, mut y, mut row, mut right) = (0u64, 0u64, 0u64, 0u64);
    for &one in boxes {
        let (width, height) = (u64::from(sizes[one].width), u64::from(sizes[one].height));
        if x > 0 && x + width > limit {
            (x, y, row) = (0, y + row + gap, 0);
        }
        offsets[one] = Point { x: x as i64, y: y as i64 };
        x += width + gap;
        row = row.max(height);
        right = right.max(x - gap);
    }
    let side = |length: u64| u32::try_from(length).unwrap_or(u32::MAX);
    Size { width: side(right), height: side(y + row) }
}

fn positions(boxes: &[NestBox], sizes: &[Size], offsets: &[Point]) -> Vec<Rect> {
    let mut nodes: Vec<Rect> = Vec::with_capacity(boxes.len());
    for ((one, size), offset) in boxes.iter().zip(sizes).zip(offsets) {
        let (x, y) = one.holder.map_or((0, 0), |holder| (nodes[holder].x, nodes[holder].y));
        nodes.push(Rect { x: x + offset.x, y: y + offset.y, width: size.width, height: size.height });
    }
    nodes
}

/// Straight from border to border; to a box around it, a box goes left.
fn line(from: Rect, to: Rect) -> Vec<Point> {
    if from.contains(to) || to.contains(from) {
        let y = if from.contains(to) { to.centre().y } else { from.centre().y };
        return vec![Point { x: from.x, y }, Point { x: to.x, y }];
    }
    vec![leave(from, to.centre()), leave(to, from.centre())]
}

/// Where the line from the middle of a box to a place outside of it crosses the border.
fn leave(rect: Rect, towards: Point) -> Point {
    let centre = rect.centre();
    let (dx, dy) = (towards.x - centre.x, towards.y - centre.y);
    let (half_width, half_height) = (i64::from(rect.width / 2), i64::from(rect.height / 2));
    if dx.abs() * half_height >= dy.abs() * half_width && dx != 0 {
        Point { x: centre.x + half_width * dx.signum(), y: centre.y + dy * half_width / dx.abs() }
    } else if dy != 0 {
        Point { x: centre.x + dx * half_height / dy.abs(), y: centre.y + half_height * dy.signum() }
    } else {
        centre
    }
}
