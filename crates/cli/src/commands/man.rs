//! `sukashi man`: manual pages, made from the same definitions as the help.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::commands::Context;
use crate::outcome::Outcome;
use crate::output::Target;

/// Print a manual page, or write all of them into a folder.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi man | man -l -
  sukashi man system check | man -l -
  sukashi man -o ~/.local/share/man/man1/")]
pub(crate) struct Args {
    /// Of which command; of the program itself if left out.
    command: Vec<String>,
    /// Folder for the pages of all commands.
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let mut root = crate::args::command().disable_help_flag(true);
    root.build();
    if let Some(folder) = &args.output {
        let target = Target::Folder(folder.clone());
        for (name, page) in pages(&root)? {
            target.write(&name, &page, &mut context.output)?;
        }
        return Ok(Outcome::Clean);
    }
    let mut command = &root;
    for name in &args.command {
        let Some(inner) = command.find_subcommand(name) else {
            let names: Vec<_> = command.get_subcommands().map(|c| format!("`{}`", c.get_name())).collect();
            bail!("no command `{name}`; hint: there are {}", names.join(", "));
        };
        command = inner;
    }
    context.output.write(&page(command)?)?;
    Ok(Outcome::Clean)
}

fn page(command: &clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).context("cannot write a manual page")?;
    Ok(page)
}

/// File names and pages of a command and all inside it.
fn pages(command: &clap::Command) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut all = vec![(format!("{name}.1"), page(command)?)];
    for inner in command.get_subcommands() {
        all.extend(pages(inner)?);
    }
    Ok(all)
}
