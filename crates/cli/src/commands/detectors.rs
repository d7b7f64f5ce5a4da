//! `sukashi detectors`: the manual page of each rule of inspection.

use anyhow::bail;

use crate::commands::Context;
use crate::outcome::Outcome;

/// Written from the detectors' own documentation.
const PAGE: &str = include_str!("../../../../docs/manual/detectors.md");

/// Print what a rule of inspection finds, misses and reports wrongly, or list the rules.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi detectors
  sukashi detectors hidden-command")]
pub(crate) struct Args {
    /// The rule that a finding names, such as `hidden-command`.
    rule: Option<String>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let Some(rule) = &args.rule else {
        for (rule, body) in pages() {
            let sentence = body.lines().next().unwrap_or_default();
            context.output.line(&format!("{rule:<24} {sentence}"))?;
        }
        return Ok(Outcome::Clean);
    };
    let Some((_, body)) = pages().find(|(name, _)| name == rule) else {
        bail!("no rule `{rule}`; hint: `sukashi detectors` lists them");
    };
    context.output.line(&body.replace("**", ""))?;
    Ok(Outcome::Clean)
}

/// Name and text of each rule, sorted by name.
fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("\n## ")
        .skip(1)
        .filter_map(|page| page.split_once("\n\n"))
        .map(|(rule, body)| (rule, body.trim_end()))
}
