//! `sukashi schema`: JSON Schemas of the formats this program writes.

use anyhow::bail;
use record::Format;

use crate::commands::Context;
use crate::outcome::Outcome;

/// Print the JSON Schema of a format, or list the formats.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi schema
  sukashi schema inspection > inspection.schema.json")]
pub(crate) struct Args {
    /// Such as `inspection` or `sukashi.inspection/1`.
    name: Option<String>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let Some(name) = &args.name else {
        for format in Format::ALL {
            context.output.line(&format!("{:<12} {}", format.short_name(), format.name()))?;
        }
        return Ok(Outcome::Clean);
    };
    let Some(format) = Format::of_name(name) else {
        bail!("no format `{name}`; hint: `sukashi schema` lists them");
    };
    context.output.json(&record::schema_of(format))?;
    Ok(Outcome::Clean)
}
