//! `sukashi config`: which settings are in force, and who set them.

use std::collections::BTreeMap;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::commands::Context;
use crate::escape;
use crate::outcome::Outcome;

/// Show the settings in force.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi config show")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every setting with its origin: flags beat `SUKASHI_*` variables, these beat `sukashi.toml`.
    #[command(before_help = "Examples:
  sukashi config show
  sukashi config show --config ./sukashi.toml --format json")]
    Show {
        /// How it looks.
        #[arg(long, default_value = "human")]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Serialize)]
struct Shown {
    value: String,
    origin: String,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let Command::Show { format } = &args.command;
    let shown: BTreeMap<&str, Shown> =
        context.settings.all().map(|(s, v, o)| (s.name(), show(s, v, o))).collect();
    match format {
        Format::Json => context.output.json(&shown)?,
        Format::Human => {
            for (name, Shown { value, origin }) in &shown {
                let setting = format!("{name} = \"{}\"", escape::line(value));
                context.output.line(&format!("{setting:<60} # {}", escape::line(origin)))?;
            }
        }
    }
    Ok(Outcome::Clean)
}

fn show(
    setting: crate::settings::Setting,
    value: &std::ffi::OsStr,
    origin: &crate::settings::Origin,
) -> Shown {
    let value = if setting.is_secret() { "(set)".into() } else { value.to_string_lossy() };
    Shown { value: value.into_owned(), origin: origin.to_string() }
}
