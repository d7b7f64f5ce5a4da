//! Directed graphs in ranks.

use crate::acyclic::closing_edges;
use crate::{
    Bending, Direction, Edge, Graph, LayoutError, Limits, Picture, Point, Rect, Size, Spacing, layers, order,
    place, rank, route,
};

/// How far a loop reaches out of its node's side.
const LOOP: u32 = 14;

/// Positions of a directed graph. Edges that close a cycle lead backwards; a loop lies at the far side of its node.
///
/// Errors: a size beyond `limits`, or an edge to a node that is not there.
pub fn layered(
    graph: &Graph,
    direction: Direction,
    spacing: &Spacing,
    limits: &Limits,
) -> Result<Picture, LayoutError> {
    limits.check(&graph.nodes, &graph.edges)?;
    match direction {
        Direction::Down => down(graph, spacing, limits),
        Direction::Right => down(&turned(graph), spacing, limits).map(turned_back),
    }
}

fn down(graph: &Graph, spacing: &Spacing, limits: &Limits) -> Result<Picture, LayoutError> {
    let closing = closing_edges(graph.nodes.len(), &graph.edges);
    let arcs = arcs(&graph.edges, &closing);
    let rank = rank::ranks(graph.nodes.len(), &arcs);
    let mut layers = layers::layers(&with_loops(graph), &arcs, &rank, limits)?;
    let mut work = limits.work;
    let settled = order::settle(&mut layers, &mut work);
    let left = place::place(&layers, spacing.node, &mut work);
    let bands = route::bands(&layers, spacing.rank);
    let mut boxes = route::boxes(&layers, &left, &bands);
    let looped: Vec<(&mut Rect, &Size)> = boxes.iter_mut().zip(&graph.nodes).collect();
    looped.into_iter().for_each(|(rect, size)| rect.width = size.width);
    let lines = route::lines(&layers, &boxes, &bands);
    boxes.truncate(graph.nodes.len());
    let edges = in_order(&graph.edges, &closing, lines, &boxes);
    Ok(framed(boxes, edges, Bending::Vertical, settled, spacing.margin))
}

/// Everything but loops, with closing edges turned round.
fn arcs(edges: &[Edge], closing: &[bool]) -> Vec<Edge> {
    let between = edges.iter().zip(closing).filter(|(e, _)| e.from != e.to);
    between.map(|(e, &closes)| if closes { Edge { from: e.to, to: e.from } } else { *e }).collect()
}

fn with_loops(graph: &Graph) -> Graph {
    let mut wider = graph.clone();
    for edge in graph.edges.iter().filter(|e| e.from == e.to) {
        let own = graph.nodes.get(edge.from).map_or(0, |n| n.width);
        if let Some(node) = wider.nodes.get_mut(edge.from) {
            node.width = own + LOOP;
        }
    }
    wider
}

/// Lines per edge as asked: loops put back in, closing edges turned back.
fn in_order(edges: &[Edge], closing: &[bool], lines: Vec<Vec<Point>>, boxes: &[Rect]) -> Vec<Vec<Point>> {
    let mut lines = lines.into_iter();
    let line = |(edge, &closes): (&Edge, &bool)| {
        if edge.from == edge.to {
            return boxes.get(edge.from).map(|&node| loop_line(node)).unwrap_or_default();
        }
        let mut line = lines.next().unwrap_or_default();
        if closes {
            line.reverse();
        }
        line
    };
    edges.iter().zip(closing).map(line).collect()
}

fn loop_line(node: Rect) -> Vec<Point> {
    let (right, third) = (node.right(), i64::from(node.height / 3));
    let out = right + i64::from(LOOP);
    let (upper, lower) = (node.y + third, node.bottom() - third);
    [(right, upper), (out, upper), (out, lower), (right, lower)].map(|(x, y)| Point { x, y }).to_vec()
}

/// Moves everything into a frame that begins at the origin.
pub(crate) fn framed(
    mut nodes: Vec<Rect>,
    mut edges: Vec<Vec<Point>>,
    bending: Bending,
    settled: bool,
    margin: u32,
) -> Picture {
    let margin = i64::from(margin);
    nodes.iter_mut().for_each(|n| (n.x, n.y) = (n.x + margin, n.y + margin));
    edges.iter_mut().flatten().for_each(|p| (p.x, p.y) = (p.x + margin, p.y + margin));
    let right = nodes.iter().map(|n| n.right()).chain(edges.iter().flatten().map(|p| p.x)).max();
    let bottom = nodes.iter().map(|n| n.bottom()).chain(edges.iter().flatten().map(|p| p.y)).max();
    let side = |end: Option<i64>| u32::try_from(end.unwrap_or(margin) + margin).unwrap_or(u32::MAX);
    Picture { size: Size { width: side(right), height: side(bottom) }, nodes, edges, bending, settled }
}

fn turned(graph: &Graph) -> Graph {
    let nodes = graph.nodes.iter().map(|n| Size { width: n.height, height: n.width }).collect();
    Graph { nodes, edges: graph.edges.clone() }
}

fn turned_back(picture: Picture) -> Picture {
    let node = |n: Rect| Rect { x: n.y, y: n.x, width: n.height, height: n.width };
    let point = |p: Point| Point { x: p.y, y: p.x };
    Picture {
        size: Size { width: picture.size.height, height: picture.size.width },
        nodes: picture.nodes.into_iter().map(node).collect(),
        edges: picture.edges.into_iter().map(|line| line.into_iter().map(point).collect()).collect(),
        bending: Bending::Horizontal,
        settled: picture.settled,
    }
}
