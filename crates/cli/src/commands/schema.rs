//! `sukashi schema`: JSON Schemas of the formats this program reads and writes.

use anyhow::bail;
use record::Format;
use schemars::Schema;

use crate::commands::Context;
use crate::outcome::Outcome;

/// Print the JSON Schema of a format, or list the formats.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi schema
  sukashi schema system > system.schema.json
  sukashi schema inspection > inspection.schema.json")]
pub(crate) struct Args {
    /// Such as `system` or `sukashi.system/1`.
    name: Option<String>,
}

/// Short name, name, schema.
type Known = (&'static str, &'static str, fn() -> Schema);

/// All formats, sorted by short name: documents, models, and bodies of statements.
fn formats() -> Vec<Known> {
    let mut formats: Vec<Known> = vec![
        ("assessment", "sukashi.assessment/1", || record::schema_of(Format::Assessment)),
        ("inspection", "sukashi.inspection/1", || record::schema_of(Format::Inspection)),
        ("status", "sukashi.status/1", || record::schema_of(Format::Status)),
        ("system", "sukashi.system/1", ::system::schema),
    ];
    formats.extend(statement::PREDICATE_SCHEMAS.iter().map(|known| {
        let name = if known.name == "trust" { "sukashi.trust/1" } else { "body of a statement" };
        (known.name, name, known.schema)
    }));
    formats.sort_by_key(|(short, ..)| *short);
    formats
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let Some(name) = &args.name else {
        for (short, name, _) in formats() {
            context.output.line(&format!("{short:<24}{name}"))?;
        }
        return Ok(Outcome::Clean);
    };
    let Some((.., schema)) = formats().into_iter().find(|(short, full, _)| short == name || full == name)
    else {
        bail!("no format `{name}`; hint: `sukashi schema` lists them");
    };
    context.output.json(&schema())?;
    Ok(Outcome::Clean)
}
