//! `sukashi system`: the model of a real system.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use system::System;

use crate::commands::Context;
use crate::outcome::Outcome;
use crate::{escape, input};

/// Check and show system models.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi system check plant.yaml")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that a model can be read and that everything it names exists.
    #[command(before_help = "Examples:
  sukashi system check plant.yaml
  sukashi system check plant.yaml people.yaml")]
    Check {
        /// Documents of one system, merged in order; `-` reads standard input.
        #[arg(required = true)]
        file: Vec<PathBuf>,
    },
    /// Show what a model says.
    #[command(before_help = "Examples:
  sukashi system show plant.yaml
  sukashi system show plant.yaml --format facts")]
    Show {
        /// Documents of one system, merged in order; `-` reads standard input.
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// How it looks.
        #[arg(long, default_value = "human")]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Numbers of entries.
    Human,
    /// The merged document.
    Json,
    /// What the rules of the assessment see.
    Facts,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Check { file } => {
            let system = read(file)?;
            context.output.line(&format!("valid sukashi.system/1: {}", summary(&system)))?;
        }
        Command::Show { file, format } => show(&read(file)?, *format, context)?,
    }
    Ok(Outcome::Clean)
}

/// Reads, merges and checks the documents of one system.
///
/// # Errors
/// Every mistake that can be told from the others, with its place.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<System> {
    let mut documents = Vec::new();
    for file in files {
        let name = input::name(file);
        let document = system::read(&name, &input::text(file)?)?;
        documents.push((name, document));
    }
    Ok(System::new(&documents)?)
}

fn summary(system: &System) -> String {
    let counts = system.counts();
    let filled = counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = filled.map(|(kind, count)| format!("{count} × {}", kind.name())).collect();
    format!("`{}` with {}", escape::line(system.name()), counts.join(", "))
}

fn show(system: &System, format: Format, context: &mut Context) -> anyhow::Result<()> {
    match format {
        Format::Json => context.output.json(system.document()),
        Format::Facts => {
            let facts: String = system.facts().iter().map(|fact| format!("{fact}.\n")).collect();
            context.output.write(facts.as_bytes())
        }
        Format::Human => {
            context.output.line(&format!("{}\nsha256 {}", escape::line(system.name()), system.digest()))?;
            for (kind, count) in system.counts().into_iter().filter(|(_, count)| *count > 0) {
                context.output.line(&format!("{count:>7} {}", kind.name()))?;
            }
            Ok(())
        }
    }
}
