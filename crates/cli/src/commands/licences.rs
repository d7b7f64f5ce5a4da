//! `sukashi licences`: whose work and data this program contains, on which terms.

use crate::commands::Context;
use crate::outcome::Outcome;

/// Print whose work and data this program contains, on which terms.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi licences")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    context.output.write(include_bytes!("../../../../NOTICE"))?;
    Ok(Outcome::Clean)
}
