//! What was typed.

use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::log::LogFormat;

/// Hold a system to the light: inspect binaries, assess systems, share what is known.
#[derive(Debug, Parser)]
#[command(name = "sukashi", version, subcommand_required = true, arg_required_else_help = true)]
#[command(before_help = "Examples:
  sukashi demo
  sukashi inspect router.bin
  sukashi bom generate router.bin -o router.cdx.json
  sukashi vuln match router.cdx.json
  sukashi assess plant.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Settings instead of those in `~/.config/sukashi/sukashi.toml`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Only errors.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More messages; twice for details.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How messages on standard error look.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// Help begins with examples; the rest follows.
const HELP: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The whole command line, also for completions and manual pages.
pub(crate) fn command() -> clap::Command {
    fn shape(command: clap::Command) -> clap::Command {
        let command = command.help_template(HELP).disable_help_subcommand(true);
        command.mut_subcommands(shape)
    }
    shape(Args::command())
}

/// Reads this process's arguments.
///
/// # Errors
/// Wrong usage; help and version, too, as they end the program.
pub(crate) fn parse() -> Result<Args, clap::Error> {
    Args::from_arg_matches(&command().try_get_matches()?)
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    /// Every command and subcommand with its full name.
    fn all(command: &clap::Command, prefix: &str) -> Vec<(String, clap::Command)> {
        let name = format!("{prefix}{}", command.get_name());
        let inner = command.get_subcommands().flat_map(|c| all(c, &format!("{name} ")));
        std::iter::once((name.clone(), command.clone())).chain(inner).collect()
    }

    fn examples(command: &clap::Command) -> Vec<String> {
        let text = command.get_before_help().map(ToString::to_string).unwrap_or_default();
        text.lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }

    /// As a shell would split it, up to the first redirection.
    fn assert_parses(line: &str) {
        let typed = line.split([';', '<', '>', '|']).next().unwrap();
        let words = typed.split('\'').enumerate().flat_map(|(at, part)| {
            let quoted = at % 2 == 1;
            if quoted { vec![part] } else { part.split_whitespace().collect() }
        });
        command().try_get_matches_from(words).unwrap_or_else(|e| panic!("`{line}`: {e}"));
    }

    #[test]
    fn definitions_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_command_begins_with_examples_that_parse() {
        for (name, inner) in all(&command(), "") {
            let examples = examples(&inner);
            assert!(!examples.is_empty(), "`{name}` has no examples");
            for example in examples {
                assert!(example.starts_with(&name), "`{example}` is no example of `{name}`");
                assert_parses(&example);
            }
        }
    }

    #[test]
    fn every_command_line_of_the_manual_parses() {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/manual");
        let mut seen = 0;
        for page in std::fs::read_dir(manual).unwrap() {
            let text = std::fs::read_to_string(page.unwrap().path()).unwrap();
            for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                // Variables set for one command stand before it.
                let start = line.find("sukashi ").unwrap_or_else(|| panic!("`{line}` is not ours"));
                assert_parses(line[start..].replace('"', "'").as_str());
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn help_pages_are_as_recorded() {
        for (name, mut inner) in all(&command(), "") {
            let page = inner.render_long_help().to_string().replace(env!("CARGO_PKG_VERSION"), "VERSION");
            expect_file![format!("../tests/help/{}.txt", name.replace(' ', "-"))].assert_eq(&page);
        }
    }
}
