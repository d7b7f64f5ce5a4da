//! `sukashi diff`: what a new delivery has that the old one had not.

use std::path::{Path, PathBuf};

use bom::{Bom, ComponentKind};
use clap::ValueEnum;
use inspect::Difference;
use record::{Finding, Inspection};
use serde::Serialize;
use tracing::info;

use crate::commands::bom::difference_human;
use crate::commands::{Context, inspect as records};
use crate::escape;
use crate::outcome::Outcome;
use crate::progress::Bar;

/// Compare two deliveries: components, files, capabilities, findings; exit 1 if they differ.
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

/// One delivery, as far as it is known.
struct Delivery {
    inspection: Inspection,
    /// Only if it was inspected just now: a record names its components by their digest.
    components: Option<Bom>,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    difference: Difference,
    /// Null if one of the two is a record.
    components: Option<bom::Difference>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let (old, new) = (delivery(&args.old)?, delivery(&args.new)?);
    let components =
        old.components.as_ref().zip(new.components.as_ref()).map(|(old, new)| bom::diff(old, new));
    if components.is_none() {
        info!("components are not compared: that needs both deliveries, not their records");
    }
    let answer = Answer { difference: inspect::difference(&old.inspection, &new.inspection), components };
    match args.format {
        Format::Json => context.output.json(&answer)?,
        Format::Human => context.output.write(human(&answer).as_bytes())?,
    }
    let same =
        answer.difference.is_empty() && answer.components.as_ref().is_none_or(bom::Difference::is_empty);
    let found = Outcome::found(!same);
    Ok(if old.inspection.complete && new.inspection.complete { found } else { found.max(Outcome::Partial) })
}

/// A record is read, anything else inspected.
fn delivery(path: &Path) -> anyhow::Result<Delivery> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return Ok(Delivery { inspection: records::read_record(path)?, components: None });
    }
    let bar = Bar::new(&path.to_string_lossy());
    let mut examined = pipeline::examine(path, &pipeline::Limits::default(), &bar)?;
    leave_out_itself(&mut examined.bom, &examined.inspection);
    Ok(Delivery { inspection: examined.inspection, components: Some(examined.bom) })
}

/// A delivery is no part of itself: its name, which tells the version, would come and go. A single program is its delivery.
fn leave_out_itself(bom: &mut Bom, record: &Inspection) {
    let subject = bom.metadata.subject.take();
    let only = match record.artifacts.as_slice() {
        [only] => Some(&only.path).filter(|path| **path == record.subject.name),
        _ => None,
    };
    let is_itself = |part: &bom::Component| {
        subject.as_ref() == Some(&part.reference)
            || part.kind == ComponentKind::File && Some(&part.name) == only
    };
    bom.components.retain(|part| !is_itself(part));
}

fn human(answer: &Answer) -> String {
    let Answer { difference, components } = answer;
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
    text += &components.as_ref().map(difference_human).unwrap_or_default();
    text
}
