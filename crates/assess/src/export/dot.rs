//! The reported attack paths as a Graphviz graph: boxes are facts, ellipses steps.

use std::collections::BTreeSet;
use std::fmt::Write;

use record::Assessment;

/// Text for `dot`. Facts that no step concludes are left out: they would hide the way.
pub fn dot(assessment: &Assessment) -> String {
    let steps: BTreeSet<(&str, &str, Vec<&str>)> = assessment
        .goals
        .iter()
        .flat_map(|goal| &goal.paths)
        .flat_map(|path| &path.steps)
        .map(|step| {
            (step.fact.as_str(), step.explain.as_str(), step.because.iter().map(String::as_str).collect())
        })
        .collect();
    let concluded: BTreeSet<&str> = steps.iter().map(|(fact, ..)| *fact).collect();
    let mut out = String::from("digraph attack {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
    // Writing to a string does not fail.
    for fact in &concluded {
        let _ = writeln!(out, "  {} [shape=box];", quoted(fact));
    }
    for (number, (fact, explain, because)) in steps.iter().enumerate() {
        let _ = writeln!(out, "  s{number} [shape=ellipse, label={}];", quoted(explain));
        let _ = writeln!(out, "  s{number} -> {};", quoted(fact));
        for premise in because.iter().filter(|p| concluded.contains(**p)) {
            let _ = writeln!(out, "  {} -> s{number};", quoted(premise));
        }
    }
    out.push_str("}\n");
    out
}

/// As Graphviz reads it back: backslashes and quotes are escaped, control characters are gone.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
