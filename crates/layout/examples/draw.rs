//! Lays out a graph given as JSON on standard input; answers the drawing as JSON, or as SVG with `--svg`.
//!
//! ```text
//! {"nodes": [{"lines": ["a"], "mark": "first", "badge": null}], "edges": [{"from": 0, "to": 0, "mark": "plain"}]}
//! ```

#![allow(clippy::print_stdout, reason = "a terminal program")]

use std::io::Read;

use layout::svg::{Caption, Sheet, document};
use layout::{Direction, Drawing, Edge, Graph, Limits, Mark, NodeText, Spacing, layered};
use serde::Deserialize;

#[derive(Deserialize)]
struct Input {
    nodes: Vec<Node>,
    edges: Vec<Link>,
}

#[derive(Deserialize)]
struct Node {
    lines: Vec<String>,
    #[serde(default)]
    badge: Option<String>,
    #[serde(default)]
    mark: Word,
}

#[derive(Deserialize)]
struct Link {
    from: usize,
    to: usize,
    #[serde(default)]
    mark: Word,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    #[default]
    Plain,
    Muted,
    First,
    Middle,
    Last,
}

impl From<Word> for Mark {
    fn from(word: Word) -> Self {
        match word {
            Word::Plain => Self::Plain,
            Word::Muted => Self::Muted,
            Word::First => Self::First,
            Word::Middle => Self::Middle,
            Word::Last => Self::Last,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let input: Input = serde_json::from_str(&text)?;
    let texts: Vec<NodeText> = input
        .nodes
        .into_iter()
        .map(|node| NodeText { lines: node.lines, badge: node.badge, mark: node.mark.into() })
        .collect();
    let edges = input.edges.iter().map(|e| Edge { from: e.from, to: e.to }).collect();
    let graph = Graph { nodes: texts.iter().map(NodeText::size).collect(), edges };
    let picture = layered(&graph, Direction::Down, &Spacing::default(), &Limits::default())?;
    let drawing = Drawing { picture, texts, marks: input.edges.iter().map(|e| e.mark.into()).collect() };
    if std::env::args().any(|a| a == "--svg") {
        print!(
            "{}",
            document(&drawing, &Caption { id: "graph", title: "Graph", description: "" }, Sheet::Inside)
        );
    } else {
        println!("{}", serde_json::to_string(&drawing)?);
    }
    Ok(())
}
