//! `sukashi completions`: what a shell needs to complete our commands.

use clap::ValueEnum;
use clap_complete::Shell;

use crate::commands::Context;
use crate::outcome::Outcome;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi completions bash > ~/.local/share/bash-completion/completions/sukashi
  sukashi completions zsh > ~/.zfunc/_sukashi
  sukashi completions fish > ~/.config/fish/completions/sukashi.fish")]
pub(crate) struct Args {
    /// Whose.
    shell: Known,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Known {
    Bash,
    Fish,
    Zsh,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let shell = match args.shell {
        Known::Bash => Shell::Bash,
        Known::Fish => Shell::Fish,
        Known::Zsh => Shell::Zsh,
    };
    // Into memory first: the generator does not survive a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::args::command(), "sukashi", &mut script);
    context.output.write(&script)?;
    Ok(Outcome::Clean)
}
