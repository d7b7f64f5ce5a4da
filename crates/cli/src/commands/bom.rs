//! `sukashi bom`: bills of materials, made, judged, converted, compared.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bom::{Bom, Document, ReadLimits, Target as BomFormat};
use clap::{Subcommand, ValueEnum};
use tracing::warn;

use crate::commands::Context;
use crate::outcome::Outcome;
use crate::output::Target;
use crate::progress::Bar;
use crate::{escape, input};

/// Make, judge, convert and compare bills of materials.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi bom generate router.bin
  sukashi bom validate vendor.cdx.json")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the components of an image, package, program or folder.
    #[command(before_help = "Examples:
  sukashi bom generate router.bin -o router.cdx.json
  sukashi bom generate rootfs/ --format cyclonedx-1.6")]
    Generate {
        /// What to look into.
        path: PathBuf,
        /// Format of the document.
        #[arg(long, default_value = "cyclonedx-1.7")]
        format: Format,
        /// Where to write it.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// Judge a document by its standard: 0 valid, 1 not, 2 if it is none.
    #[command(before_help = "Examples:
  sukashi bom validate vendor.cdx.json
  sukashi bom validate - --format json < vendor.spdx.json")]
    Validate {
        /// CycloneDX or SPDX; `-` reads standard input.
        file: PathBuf,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Answer,
    },
    /// Write a document in another format, and say what that cannot carry.
    #[command(before_help = "Examples:
  sukashi bom convert vendor.spdx.json --to cyclonedx-1.7 -o vendor.cdx.json")]
    Convert {
        /// CycloneDX or SPDX; `-` reads standard input.
        file: PathBuf,
        /// Format to write.
        #[arg(long)]
        to: Format,
        /// Where to write it.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// Components that came, went, moved or changed; exit 1 if any.
    #[command(before_help = "Examples:
  sukashi bom diff old.cdx.json new.cdx.json")]
    Diff {
        /// The old document.
        old: PathBuf,
        /// The new document.
        new: PathBuf,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Answer,
    },
    /// Join documents, the most trusted first; where they differ, the first keeps its word.
    #[command(before_help = "Examples:
  sukashi bom merge own.cdx.json vendor.spdx.json -o all.cdx.json")]
    Merge {
        /// CycloneDX or SPDX.
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// Format of the document.
        #[arg(long, default_value = "cyclonedx-1.7")]
        format: Format,
        /// Where to write it.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// How much does a document say of what it should? (NTIA, METI, CISA)
    #[command(before_help = "Examples:
  sukashi bom quality vendor.cdx.json")]
    Quality {
        /// CycloneDX or SPDX; `-` reads standard input.
        file: PathBuf,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Answer,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Answer {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    #[value(name = "cyclonedx-1.6")]
    CycloneDx1_6,
    #[value(name = "cyclonedx-1.7")]
    CycloneDx1_7,
    #[value(name = "spdx-2.3")]
    Spdx2_3,
}

impl From<Format> for BomFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::CycloneDx1_6 => Self::CycloneDx1_6,
            Format::CycloneDx1_7 => Self::CycloneDx1_7,
            Format::Spdx2_3 => Self::Spdx2_3,
        }
    }
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Generate { path, format, output } => generate(path, *format, output.as_deref(), context),
        Command::Validate { file, format } => validate(file, *format, context),
        Command::Convert { file, to, output } => convert(file, *to, output.as_deref(), context),
        Command::Diff { old, new, format } => diff(old, new, *format, context),
        Command::Merge { file, format, output } => merge(file, *format, output.as_deref(), context),
        Command::Quality { file, format } => quality(file, *format, context),
    }
}

/// Reads a document of any format.
///
/// # Errors
/// If it cannot be read, with its name.
pub(crate) fn read(file: &Path) -> anyhow::Result<Document> {
    let bytes = input::bytes(file)?;
    bom::read(&bytes, &ReadLimits::default()).with_context(|| format!("cannot use `{}`", input::name(file)))
}

fn generate(
    path: &Path,
    format: Format,
    output: Option<&Path>,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let bar = Bar::new("bill of materials");
    let generated = pipeline::components(path, &pipeline::Limits::default())?;
    drop(bar);
    write(&generated.bom, format, output, &name_of(path), context)?;
    for spot in &generated.blind_spots {
        let place = spot.artifact.as_deref().unwrap_or("the image");
        warn!("not seen in `{}`: {} ({})", place, spot.what, spot.why);
    }
    Ok(if generated.blind_spots.is_empty() { Outcome::Clean } else { Outcome::Partial })
}

fn validate(file: &Path, format: Answer, context: &mut Context) -> anyhow::Result<Outcome> {
    let verdict = bom::validate(&input::bytes(file)?);
    let Some(summary) = verdict.summary() else {
        bail!("`{}` is neither CycloneDX nor SPDX", input::name(file));
    };
    match format {
        Answer::Json => {
            let rows = verdict.violations.iter();
            let rows: Vec<_> = rows
                .map(|v| serde_json::json!({"path": v.path, "line": v.line, "message": v.message}))
                .collect();
            context.output.json(&rows)?;
        }
        Answer::Human => {
            let name = input::name(file);
            let mut text = String::new();
            for violation in &verdict.violations {
                let bom::Violation { line, column, path, message } = violation;
                let place =
                    if path.is_empty() { String::new() } else { format!(" `{}`:", escape::line(path)) };
                text += &format!("{name}:{line}:{column}:{place} {}\n", escape::line(message));
            }
            if verdict.more > 0 {
                text += &format!("and {} more\n", verdict.more);
            }
            text.extend(
                verdict.unchecked.iter().map(|rule| format!("not checked: {}\n", escape::line(rule))),
            );
            context.output.write(format!("{text}{summary}\n").as_bytes())?;
        }
    }
    Ok(match verdict.outcome() {
        bom::Outcome::Valid => Outcome::Clean,
        bom::Outcome::Unchecked => Outcome::Partial,
        bom::Outcome::Invalid | bom::Outcome::Unknown => Outcome::Found,
    })
}

fn convert(file: &Path, to: Format, output: Option<&Path>, context: &mut Context) -> anyhow::Result<Outcome> {
    let document = read(file)?;
    for (what, count) in &document.not_carried {
        warn!("not carried over: {count} × `{what}`");
    }
    write(&document.bom, to, output, &name_of(file), context)?;
    Ok(Outcome::Clean)
}

fn write(
    bom: &Bom,
    format: Format,
    output: Option<&Path>,
    name: &str,
    context: &mut Context,
) -> anyhow::Result<()> {
    let written = bom::write(bom, format.into());
    for (what, count) in &written.lost {
        warn!("the format cannot say: {count} × {what}");
    }
    let kind = if matches!(format, Format::Spdx2_3) { "spdx" } else { "cdx" };
    Target::of(output).write(&format!("{name}.{kind}.json"), &written.bytes, &mut context.output)
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| "components".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn diff(old: &Path, new: &Path, format: Answer, context: &mut Context) -> anyhow::Result<Outcome> {
    let difference = bom::diff(&read(old)?.bom, &read(new)?.bom);
    match format {
        Answer::Json => context.output.json(&difference)?,
        Answer::Human => context.output.write(difference_human(&difference).as_bytes())?,
    }
    Ok(Outcome::found(!difference.is_empty()))
}

pub(super) fn difference_human(difference: &bom::Difference) -> String {
    let shown = |item: &bom::Item| {
        let version = item.version.as_deref().unwrap_or_default();
        format!("{} {}", escape::line(&item.name), escape::line(version))
    };
    let mut text = String::new();
    text.extend(difference.added.iter().map(|item| format!("+ {}\n", shown(item))));
    text.extend(difference.removed.iter().map(|item| format!("- {}\n", shown(item))));
    for change in &difference.changed {
        text += &format!("~ {}\n", shown(&change.component));
        let line = |f: &bom::FieldChange| {
            format!("    {}: {} -> {}\n", f.field, escape::line(&f.before), escape::line(&f.after))
        };
        text.extend(change.fields.iter().map(line));
    }
    for moved in &difference.moved {
        let (from, to) = (moved.from.join(", "), moved.to.join(", "));
        let (from, to) = (escape::line(&from).into_owned(), escape::line(&to).into_owned());
        text += &format!("> {}\n    {from} -> {to}\n", shown(&moved.component));
    }
    text
}

fn merge(
    files: &[PathBuf],
    format: Format,
    output: Option<&Path>,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let boms = files.iter().map(|file| Ok(read(file)?.bom)).collect::<anyhow::Result<Vec<Bom>>>()?;
    let merged = bom::merge(&boms);
    for conflict in &merged.conflicts {
        let bom::Conflict { component, field, kept, dropped } = conflict;
        warn!("`{component}`: {field} `{kept}` kept, `{dropped}` dropped");
    }
    write(&merged.bom, format, output, "merged", context)?;
    Ok(Outcome::Clean)
}

fn quality(file: &Path, format: Answer, context: &mut Context) -> anyhow::Result<Outcome> {
    let quality = bom::quality(&read(file)?.bom);
    match format {
        Answer::Json => context.output.json(&quality)?,
        Answer::Human => {
            let row =
                |e: &bom::Element| format!("{:>7}/{:<7} {:<28} {}\n", e.filled, e.of, e.name, e.demanded_by);
            let rows: String = quality.elements.iter().map(row).collect();
            let minimum = if quality.minimum_elements { "complete" } else { "incomplete" };
            let score = quality.score;
            context
                .output
                .write(format!("{rows}score {score} of 100, minimum elements {minimum}\n").as_bytes())?;
        }
    }
    Ok(Outcome::Clean)
}
