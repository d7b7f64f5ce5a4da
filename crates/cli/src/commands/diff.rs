//! `sukashi diff`: what a new delivery has that the old one had not, and what it would change in a system.

use std::path::{Path, PathBuf};

use anyhow::bail;
use bom::{Bom, ComponentKind};
use clap::ValueEnum;
use inspect::Difference;
use pipeline::Delivered;
use record::{Assessment, AssessmentDifference, Finding, Inspection, Sha256};
use serde::Serialize;
use system::System;
use tracing::info;

use crate::commands::bom::difference_human;
use crate::commands::{Context, assess as assessing, inspect as records, system as models};
use crate::escape;
use crate::outcome::Outcome;
use crate::progress::Bar;

/// Compare two deliveries: components, files, capabilities, findings, goals reached; exit 1 if they differ.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi diff router-3.2.0.bin router-3.2.1.bin
  sukashi diff old.json new.json --format json
  sukashi diff router-3.2.0.bin router-3.2.1.bin --system plant.yaml --at host:router")]
pub(crate) struct Args {
    /// The old image, or its inspection record.
    old: PathBuf,
    /// The new image, or its inspection record.
    new: PathBuf,
    /// A system in which it is installed, as a model: its goals are compared with the old and with the new one.
    #[arg(long, value_name = "FILE")]
    system: Vec<PathBuf>,
    /// Where it is installed: `host:ID`, or `host:ID/software:ID`; without it, where the model states its digest.
    #[arg(long, value_name = "ASSET", requires = "system")]
    at: Vec<String>,
    /// The vulnerability database; without one, vulnerabilities of components are not compared.
    #[arg(long, value_name = "FILE", requires = "system")]
    vuln_db: Option<PathBuf>,
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
    /// Only with a system.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<InSystem>,
}

/// What the new delivery would change in a system.
#[derive(Serialize)]
struct InSystem {
    /// Name of the system.
    name: String,
    /// Where the delivery is installed in it.
    at: Vec<String>,
    /// Goals that are reached with the old one, by id.
    reached_before: Vec<String>,
    /// Goals that are reached with the new one, by id.
    reached_after: Vec<String>,
    #[serde(flatten)]
    difference: AssessmentDifference,
    #[serde(skip)]
    complete: bool,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let (old, new) = (delivery(&args.old)?, delivery(&args.new)?);
    let components =
        old.components.as_ref().zip(new.components.as_ref()).map(|(old, new)| bom::diff(old, new));
    if components.is_none() {
        info!("components are not compared: that needs both deliveries, not their records");
    }
    let difference = inspect::difference(&old.inspection, &new.inspection);
    let system = match args.system.as_slice() {
        [] => None,
        model => Some(in_system(&models::read(model)?, &old, &new, args, context)?),
    };
    let answer = Answer { difference, components, system };
    match args.format {
        Format::Json => context.output.json(&answer)?,
        Format::Human => context.output.write(human(&answer).as_bytes())?,
    }
    let same = answer.difference.is_empty()
        && answer.components.as_ref().is_none_or(bom::Difference::is_empty)
        && answer.system.as_ref().is_none_or(|system| system.difference == AssessmentDifference::default());
    let complete = old.inspection.complete
        && new.inspection.complete
        && answer.system.as_ref().is_none_or(|system| system.complete);
    let found = Outcome::found(!same);
    Ok(if complete { found } else { found.max(Outcome::Partial) })
}

fn in_system(
    system: &System,
    old: &Delivery,
    new: &Delivery,
    args: &Args,
    context: &Context,
) -> anyhow::Result<InSystem> {
    let digests: Vec<Sha256> =
        [old, new].into_iter().filter_map(|delivery| delivery.inspection.subject.sha256).collect();
    let at = match args.at.as_slice() {
        [] => pipeline::installed_at(system, &digests),
        named => named.to_vec(),
    };
    if at.is_empty() {
        bail!(
            "`{}` does not say where the delivery is installed; hint: name the place with `--at host:ID`, or state \
             `release: {{product: …, sha256: …}}` at the host",
            escape::line(system.name())
        );
    }
    let snapshot = assessing::snapshot(args.vuln_db.as_deref(), &context.settings)?;
    let with = |delivery: &Delivery| -> anyhow::Result<Assessment> {
        let delivered =
            Delivered { inspection: &delivery.inspection, components: delivery.components.as_ref() };
        let options = assess::Options::default();
        Ok(pipeline::assess_with(system, &at, delivered, snapshot.as_ref(), &options)?)
    };
    let (before, after) = (with(old)?, with(new)?);
    let reached = |of: &Assessment| of.goals.iter().filter(|g| g.reached).map(|g| g.id.clone()).collect();
    Ok(InSystem {
        name: system.name().to_owned(),
        reached_before: reached(&before),
        reached_after: reached(&after),
        difference: assess::compare(&before, &after),
        complete: before.complete && after.complete,
        at,
    })
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
    let Answer { difference, components, system } = answer;
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
    text += &system.as_ref().map(system_human).unwrap_or_default();
    text
}

fn system_human(system: &InSystem) -> String {
    let goals = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let text = format!(
        "in {}, at {}: goals reached {} → {}\n{}",
        system.name,
        system.at.join(", "),
        goals(&system.reached_before),
        goals(&system.reached_after),
        assess::render::difference(&system.difference)
    );
    escape::escape(&text, &['\n']).into_owned()
}
