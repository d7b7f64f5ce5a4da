//! The control flow of a finding, laid out.

use record::{ControlFlow, FlowBlock, FlowEdge, FlowEdgeKind, FlowMark};

use crate::{Direction, Drawing, Edge, Graph, LayoutError, Limits, Mark, NodeText, Spacing, layered};

/// Characters of one line.
const MAX_COLUMNS: usize = 56;

/// Positions and texts: one node a block, the route marked.
///
/// # Errors
/// [`LayoutError`] for a record that names blocks that are not there, or is too large; ours are neither.
pub fn control_flow(flow: &ControlFlow) -> Result<Drawing, LayoutError> {
    let texts: Vec<NodeText> = flow.blocks.iter().map(|block| node(flow, block)).collect();
    let edges = flow.edges.iter().map(|edge| Edge { from: edge.from as usize, to: edge.to as usize });
    let graph = Graph { nodes: texts.iter().map(NodeText::size).collect(), edges: edges.collect() };
    let picture = layered(&graph, Direction::Down, &Spacing::default(), &Limits::default())?;
    Ok(Drawing { picture, texts, marks: flow.edges.iter().map(line).collect() })
}

fn line(edge: &FlowEdge) -> Mark {
    match (edge.on_route, edge.kind) {
        (true, _) => Mark::Middle,
        (false, FlowEdgeKind::Call) => Mark::Muted,
        (false, _) => Mark::Plain,
    }
}

fn node(flow: &ControlFlow, block: &FlowBlock) -> NodeText {
    let function = flow.functions.get(block.function as usize);
    let name = function.map(|f| f.name.as_str()).unwrap_or_default();
    let begins = function.is_some_and(|f| f.entry == block.address);
    let head = if begins { format!("{name} {}", block.address) } else { block.address.to_string() };
    let mut lines = vec![cut(&head)];
    if block.omitted_lines > 0 {
        lines.push(format!("… {} more", block.omitted_lines));
    }
    lines.extend(block.lines.iter().map(|line| cut(&line.text)));
    NodeText { lines, badge: badge(&block.marks), mark: mark(block) }
}

fn mark(block: &FlowBlock) -> Mark {
    match block.on_route {
        _ if block.marks.contains(&FlowMark::Payload) => Mark::Last,
        _ if block.marks.contains(&FlowMark::Source) => Mark::First,
        true => Mark::Middle,
        false => Mark::Plain,
    }
}

fn badge(marks: &[FlowMark]) -> Option<String> {
    let names: Vec<&str> = marks
        .iter()
        .map(|mark| match mark {
            FlowMark::Source => "source",
            FlowMark::Trigger => "trigger",
            FlowMark::Payload => "payload",
        })
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Names come from the inspected file and may be of any length.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_COLUMNS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Address, Evidence, FlowFunction};

    fn block(address: u64, marks: &[FlowMark]) -> FlowBlock {
        FlowBlock {
            function: 0,
            address: Address(address),
            lines: vec![Evidence { address: Some(Address(address)), text: "jal 0x40".to_owned() }],
            omitted_lines: 0,
            on_route: !marks.is_empty(),
            marks: marks.to_vec(),
        }
    }

    #[test]
    fn the_route_is_marked_and_ends_are_told_apart() {
        let flow = ControlFlow {
            functions: vec![FlowFunction { name: "serve".to_owned(), entry: Address(0x10) }],
            blocks: vec![
                block(0x10, &[FlowMark::Source]),
                block(0x20, &[]),
                block(0x30, &[FlowMark::Trigger, FlowMark::Payload]),
            ],
            edges: vec![
                FlowEdge { from: 0, to: 1, kind: FlowEdgeKind::Fallthrough, on_route: false },
                FlowEdge { from: 0, to: 2, kind: FlowEdgeKind::Taken, on_route: true },
            ],
            omitted_blocks: 0,
        };
        let drawing = control_flow(&flow).unwrap();
        let marks: Vec<Mark> = drawing.texts.iter().map(|text| text.mark).collect();
        assert_eq!(marks, [Mark::First, Mark::Plain, Mark::Last]);
        assert_eq!(drawing.marks, [Mark::Plain, Mark::Middle]);
        assert_eq!(drawing.texts[0].lines[0], "serve 0x10");
        assert_eq!(drawing.texts[2].badge.as_deref(), Some("trigger, payload"));
    }

    #[test]
    fn an_edge_to_a_block_that_is_not_there_is_refused() {
        let edge = FlowEdge { from: 0, to: 1, kind: FlowEdgeKind::Taken, on_route: false };
        let flow = ControlFlow { edges: vec![edge], ..ControlFlow::default() };
        assert!(control_flow(&flow).is_err());
    }
}
