//! `sukashi diff`: what a new delivery has that the old one had not.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use inspect::Difference;
use record::{Finding, Inspection};

use crate::commands::{Context, inspect as records};
use crate::escape;
use crate::outcome::Outcome;
use crate::progress::Bar;

/// Compare two deliveries: files, capabilities, findings; exit 1 if they differ.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi diff router-3.2.0.bin router-3.2.1.bin
  sukashi diff old.json new.json --format json")]
pub(crate) struct Args {
    /// The old image, or its inspection record.
    old: PathBuf,
    /// The new image, or its inspection record.
    new: PathBuf,
    /// How the answer looks.
    #[arg(long, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let (old, new) = (record(&args.old)?, record(&args.new)?);
    let difference = inspect::difference(&old, &new);
    match args.format {
        Format::Json => context.output.json(&difference)?,
        Format::Human => context.output.write(human(&difference).as_bytes())?,
    }
    let found = Outcome::found(!difference.is_empty());
    Ok(if old.complete && new.complete { found } else { found.max(Outcome::Partial) })
}

/// A record is read, anything else inspected.
fn record(path: &Path) -> anyhow::Result<Inspection> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return records::read_record(path);
    }
    let bar = Bar::new(&path.to_string_lossy());
    Ok(pipeline::examine(path, &pipeline::Limits::default(), &bar)?.inspection)
}

fn human(difference: &Difference) -> String {
    let mut text = String::new();
    let finding = |mark: char, f: &Finding| {
        let place = escape::line(&f.artifact);
        format!("{mark} finding {} {} in `{place}`: {}\n", f.score, f.rule, escape::line(&f.title))
    };
    text.extend(difference.appeared.iter().map(|f| finding('+', f)));
    text.extend(difference.gone.iter().map(|f| finding('-', f)));
    for change in &difference.capabilities {
        let (artifact, name) = (escape::line(&change.artifact), escape::line(&change.name));
        text += &format!("~ {name} in `{artifact}`: {} -> {} places\n", change.before, change.after);
    }
    let path = |mark: char, path: &String| format!("{mark} {}\n", escape::line(path));
    text.extend(difference.added.iter().map(|p| path('+', p)));
    text.extend(difference.removed.iter().map(|p| path('-', p)));
    text.extend(difference.changed.iter().map(|p| path('~', p)));
    text
}
