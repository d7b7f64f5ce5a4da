//! What every picture promises, for random graphs and nests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use layout::{
    Direction, Edge, Graph, LayoutError, Limits, Nest, NestBox, Part, Picture, Point, Rect, Size, Spacing,
    layered, nested,
};
use proptest::prelude::*;

fn size() -> impl Strategy<Value = Size> {
    (1u32..200, 1u32..90).prop_map(|(width, height)| Size { width, height })
}

fn graph() -> impl Strategy<Value = Graph> {
    prop::collection::vec(size(), 1..40).prop_flat_map(|nodes| {
        let ends = 0..nodes.len();
        let edge = (ends.clone(), ends).prop_map(|(from, to)| Edge { from, to });
        prop::collection::vec(edge, 0..80).prop_map(move |edges| Graph { nodes: nodes.clone(), edges })
    })
}

fn nest() -> impl Strategy<Value = Nest> {
    prop::collection::vec((size(), any::<prop::sample::Index>(), any::<bool>()), 1..60).prop_map(|list| {
        let holder =
            |at: usize, index: prop::sample::Index, top: bool| (at > 0 && !top).then(|| index.index(at));
        let boxes: Vec<NestBox> = list
            .iter()
            .enumerate()
            .map(|(at, &(size, index, top))| NestBox { holder: holder(at, index, top), size })
            .collect();
        let edges = (1..boxes.len()).map(|to| Edge { from: to / 2, to }).collect();
        Nest { boxes, edges }
    })
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Down), Just(Direction::Right)]
}

fn of_graph(graph: &Graph, direction: Direction) -> Picture {
    layered(graph, direction, &Spacing::default(), &Limits::default()).unwrap()
}

fn frame(picture: &Picture) -> Rect {
    Rect { x: 0, y: 0, width: picture.size.width, height: picture.size.height }
}

/// Between two points a line stays in the rectangle they span (so do its curves).
fn spanned(a: Point, b: Point) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: (a.x - b.x).unsigned_abs() as u32, height: (a.y - b.y).unsigned_abs() as u32 }
}

fn properly_crosses(line: Rect, node: Rect) -> bool {
    line.x < node.right()
        && node.x < line.right().max(line.x + 1)
        && line.y < node.bottom()
        && node.y < line.bottom().max(line.y + 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nodes_keep_their_size_and_never_overlap(graph in graph(), direction in direction()) {
        let picture = of_graph(&graph, direction);
        prop_assert_eq!(picture.nodes.len(), graph.nodes.len());
        for (at, node) in picture.nodes.iter().enumerate() {
            prop_assert_eq!(Size { width: node.width, height: node.height }, graph.nodes[at]);
            prop_assert!(frame(&picture).contains(*node));
            prop_assert!(picture.nodes.iter().skip(at + 1).all(|other| !node.overlaps(*other)));
        }
    }

    #[test]
    fn edges_go_from_their_start_to_their_end(graph in graph(), direction in direction()) {
        let picture = of_graph(&graph, direction);
        prop_assert_eq!(picture.edges.len(), graph.edges.len());
        for (line, edge) in picture.edges.iter().zip(&graph.edges) {
            prop_assert!(line.len() >= 2);
            prop_assert!(picture.nodes[edge.from].touches(line[0]));
            prop_assert!(picture.nodes[edge.to].touches(line[line.len() - 1]));
            prop_assert!(line.iter().all(|p| frame(&picture).touches(*p)));
        }
    }

    #[test]
    fn edges_never_run_through_a_node_of_others(graph in graph(), direction in direction()) {
        let picture = of_graph(&graph, direction);
        for (line, edge) in picture.edges.iter().zip(&graph.edges) {
            for pair in line.windows(2) {
                let foreign = (0..graph.nodes.len()).filter(|n| *n != edge.from && *n != edge.to);
                let crossed = foreign.filter(|&n| properly_crosses(spanned(pair[0], pair[1]), picture.nodes[n]));
                prop_assert_eq!(crossed.collect::<Vec<_>>(), Vec::<usize>::new());
            }
        }
    }

    #[test]
    fn without_cycles_every_edge_leads_forward(graph in graph()) {
        let mut graph = graph;
        graph.edges.retain(|e| e.from < e.to);
        let picture = of_graph(&graph, Direction::Down);
        for edge in &graph.edges {
            prop_assert!(picture.nodes[edge.from].bottom() < picture.nodes[edge.to].y);
        }
    }

    #[test]
    fn the_same_graph_gives_the_same_picture(graph in graph(), direction in direction()) {
        prop_assert_eq!(of_graph(&graph, direction), of_graph(&graph, direction));
    }

    #[test]
    fn a_picture_without_budget_keeps_all_promises_but_settled(graph in graph()) {
        let limits = Limits { work: 0, ..Limits::default() };
        let picture = layered(&graph, Direction::Down, &Spacing::default(), &limits).unwrap();
        for (at, node) in picture.nodes.iter().enumerate() {
            prop_assert!(picture.nodes.iter().skip(at + 1).all(|other| !node.overlaps(*other)));
        }
    }

    #[test]
    fn boxes_lie_in_their_holder_below_its_text_and_beside_each_other(nest in nest()) {
        let picture = nested(&nest, &Spacing::default(), &Limits::default()).unwrap();
        for (at, one) in nest.boxes.iter().enumerate() {
            let own = picture.nodes[at];
            let around = one.holder.map_or(frame(&picture), |holder| picture.nodes[holder]);
            prop_assert!(around.contains(own));
            if let Some(holder) = one.holder {
                prop_assert!(own.y > around.y + i64::from(nest.boxes[holder].size.height));
            }
            let beside = (at + 1..nest.boxes.len()).filter(|&n| nest.boxes[n].holder == one.holder);
            prop_assert!(beside.into_iter().all(|n| !own.overlaps(picture.nodes[n])));
        }
    }

    #[test]
    fn lines_of_a_nest_touch_both_boxes(nest in nest()) {
        let picture = nested(&nest, &Spacing::default(), &Limits::default()).unwrap();
        for (line, edge) in picture.edges.iter().zip(&nest.edges) {
            prop_assert!(picture.nodes[edge.from].touches(line[0]));
            prop_assert!(picture.nodes[edge.to].touches(line[line.len() - 1]));
        }
    }
}

fn square(nodes: usize) -> Vec<Size> {
    vec![Size { width: 10, height: 10 }; nodes]
}

#[test]
fn an_empty_graph_is_an_empty_picture() {
    let picture = of_graph(&Graph::default(), Direction::Down);
    assert_eq!((picture.nodes.len(), picture.edges.len()), (0, 0));
}

#[test]
fn a_chain_is_straight() {
    let edges = (0..9).map(|from| Edge { from, to: from + 1 }).collect();
    let picture = of_graph(&Graph { nodes: square(10), edges }, Direction::Down);
    assert!(picture.nodes.iter().all(|n| n.x == picture.nodes[0].x));
}

#[test]
fn both_arms_of_a_branch_lie_beside_each_other_under_it() {
    let edges = [(0, 1), (0, 2), (1, 3), (2, 3)].map(|(from, to)| Edge { from, to }).to_vec();
    let picture = of_graph(&Graph { nodes: square(4), edges }, Direction::Down);
    let x: Vec<i64> = picture.nodes.iter().map(|n| n.x).collect();
    assert_eq!(x[0], x[3]);
    assert_eq!(x[0] - x[1], x[2] - x[0]);
}

#[test]
fn too_many_of_anything_are_refused_before_work_begins() {
    let edge = Edge { from: 0, to: 1 };
    let cases = [
        (Limits { nodes: 1, ..Limits::default() }, Part::Nodes),
        (Limits { edges: 0, ..Limits::default() }, Part::Edges),
        (Limits { side: 9, ..Limits::default() }, Part::Pixels),
    ];
    for (limits, expected) in cases {
        let graph = Graph { nodes: square(2), edges: vec![edge] };
        match layered(&graph, Direction::Down, &Spacing::default(), &limits) {
            Err(LayoutError::TooLarge { part, .. }) => assert_eq!(part, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn edges_over_very_many_ranks_are_refused() {
    let mut edges: Vec<Edge> = (0..499).map(|from| Edge { from, to: from + 1 }).collect();
    edges.extend((0..300).map(|from| Edge { from, to: 499 }));
    let graph = Graph { nodes: square(500), edges };
    let limits = Limits { bends: 50_000, ..Limits::default() };
    let error = layered(&graph, Direction::Down, &Spacing::default(), &limits).unwrap_err();
    assert!(matches!(error, LayoutError::TooLarge { part: Part::Bends, .. }), "{error}");
}

#[test]
fn an_edge_to_nowhere_and_a_holder_after_its_box_are_refused() {
    let graph = Graph { nodes: square(1), edges: vec![Edge { from: 0, to: 7 }] };
    let error = layered(&graph, Direction::Down, &Spacing::default(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "`7` names no node of a picture with 1 nodes");
    let boxes = [Some(1), None].map(|holder| NestBox { holder, size: square(1)[0] }).to_vec();
    let error = nested(&Nest { boxes, edges: vec![] }, &Spacing::default(), &Limits::default()).unwrap_err();
    assert_eq!(error, LayoutError::HolderAfterwards { index: 0, parent: 1 });
}

#[test]
fn a_long_chain_needs_no_deep_stack() {
    let edges = (0..4_999).map(|from| Edge { from, to: from + 1 }).collect();
    let picture = of_graph(&Graph { nodes: square(5_000), edges }, Direction::Right);
    assert_eq!(picture.nodes.len(), 5_000);
}
