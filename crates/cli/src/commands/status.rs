//! `sukashi status`: what is known of everything one runs or delivers.

use clap::ValueEnum;
use record::{AspectState, AspectStatus, Status, StatusNode};

use crate::commands::Context;
use crate::commands::platform::Platform;
use crate::escape;
use crate::outcome::Outcome;

/// Show the status map of a platform: configuration, inspection and risk of each system and its parts.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi status
  sukashi status --format json
  sukashi status --fail-on stale")]
pub(crate) struct Args {
    #[command(flatten)]
    platform: Platform,
    /// How it looks.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Exit with 1 if an aspect of anything at the top is in this state or a worse one.
    #[arg(long, default_value = "never")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for people.
    Human,
    /// `sukashi.status/1`.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Partial,
    Stale,
    None,
    Never,
}

impl FailOn {
    fn least(self) -> Option<AspectState> {
        match self {
            Self::Partial => Some(AspectState::Partial),
            Self::Stale => Some(AspectState::Stale),
            Self::None => Some(AspectState::None),
            Self::Never => None,
        }
    }
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let status = args.platform.connect(&context.settings)?.status()?;
    match args.format {
        Format::Json => context.output.json(&status)?,
        Format::Human => context.output.write(human(&status).as_bytes())?,
    }
    let worst = status.nodes.iter().flat_map(aspects).map(|aspect| aspect.state).max();
    let least = args.fail_on.least();
    Ok(Outcome::found(least.is_some_and(|least| worst.is_some_and(|worst| worst >= least))))
}

fn aspects(node: &StatusNode) -> [&AspectStatus; 3] {
    [&node.configuration, &node.inspection, &node.risk]
}

fn word(state: AspectState) -> &'static str {
    match state {
        AspectState::Known => "known",
        AspectState::Partial => "partial",
        AspectState::Stale => "stale",
        AspectState::None => "none",
    }
}

/// One line a node, indented by its depth; then, for each aspect that is not known, why.
fn human(status: &Status) -> String {
    let mut text = format!("{:<48} {:<14} {:<11} {}\n", "", "configuration", "inspection", "risk");
    let mut open: Vec<(usize, &StatusNode)> = status.nodes.iter().rev().map(|node| (0, node)).collect();
    while let Some((depth, node)) = open.pop() {
        let name = format!("{}{}", "  ".repeat(depth), escape::line(&node.name));
        let [configuration, inspection, risk] = aspects(node).map(|aspect| word(aspect.state));
        text += &format!("{name:<48} {configuration:<14} {inspection:<11} {risk}\n");
        if node.children.is_empty() || depth == 0 {
            for aspect in aspects(node).into_iter().filter(|a| a.state != AspectState::Known) {
                text += &format!("{}  {}\n", "  ".repeat(depth), escape::line(&aspect.why));
            }
        }
        open.extend(node.children.iter().rev().map(|child| (depth + 1, child)));
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use record::{NodeKind, StatusFormat};

    use super::*;

    fn aspect(state: AspectState, why: &str) -> AspectStatus {
        AspectStatus {
            state,
            by: None,
            at: None,
            valid_until: None,
            evidence: None,
            coverage: None,
            why: why.to_owned(),
        }
    }

    fn node(name: &str, risk: AspectStatus, children: Vec<StatusNode>) -> StatusNode {
        let known = aspect(AspectState::Known, "");
        StatusNode {
            id: name.to_owned(),
            kind: NodeKind::System,
            name: name.to_owned(),
            supplier: None,
            configuration: known.clone(),
            inspection: known,
            risk,
            children,
        }
    }

    #[test]
    fn the_tree_is_indented_and_says_why_something_is_not_known() {
        let rtu = node("rtu1", aspect(AspectState::None, "not assessed"), Vec::new());
        let plant = node("Plant", aspect(AspectState::None, "not assessed"), vec![rtu]);
        let text = human(&Status { schema: StatusFormat::V1, nodes: vec![plant] });
        expect![[r#"
                                                             configuration  inspection  risk
            Plant                                            known          known       none
              not assessed
              rtu1                                           known          known       none
                not assessed
        "#]]
        .assert_eq(&text);
    }
}
