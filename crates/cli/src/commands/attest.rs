//! `sukashi attest`: a document becomes a signed statement.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use record::{Assessment, Inspection};
use statement::{PredicateType, Statement, Subject};

use crate::commands::Context;
use crate::commands::keys::{self, Passphrase};
use crate::input;
use crate::outcome::Outcome;
use crate::output::Target;

/// Sign what a document says about an artifact: an in-toto statement in a DSSE envelope.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi attest inspection router.json --key release -o router.intoto.json
  sukashi attest sbom router.cdx.json --artifact router.bin --key release")]
pub(crate) struct Args {
    /// What the document is.
    #[arg(value_name = "TYPE")]
    kind: Kind,
    /// The document, JSON; `-` reads standard input.
    file: PathBuf,
    /// Key file, or the name of a key in the folder of keys.
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// What it is about, where the document does not say by its digest.
    #[arg(long, value_name = "FILE")]
    artifact: Vec<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
    /// Where to write the envelope.
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// CycloneDX or SPDX.
    Sbom,
    /// `sukashi.inspection/1`.
    Inspection,
    /// `sukashi.assessment/1`.
    Assessment,
    /// OpenVEX.
    Vex,
    /// SLSA provenance.
    Provenance,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let text = input::text(&args.file)?;
    let statement =
        statement(args, &text).with_context(|| format!("cannot sign `{}`", input::name(&args.file)))?;
    let key = keys::find(&args.key, &context.settings)?.open(&args.passphrase.read()?)?;
    let mut envelope = statement.sign(&[&key])?.to_json()?;
    envelope.push(b'\n');
    let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
    Target::of(args.output.as_deref()).write(
        &format!("{name}.intoto.json"),
        &envelope,
        &mut context.output,
    )?;
    Ok(Outcome::Clean)
}

fn statement(args: &Args, text: &str) -> anyhow::Result<Statement> {
    let named: Vec<Subject> =
        args.artifact.iter().map(|path| subject(path)).collect::<anyhow::Result<_>>()?;
    let about = |own: Option<Subject>| match (named.is_empty(), own) {
        (false, _) => Ok(named.clone()),
        (true, Some(own)) => Ok(vec![own]),
        (true, None) => bail!("it does not say what it is about; hint: use `--artifact`"),
    };
    Ok(match args.kind {
        Kind::Inspection => {
            let record: Inspection = serde_json::from_str(text)?;
            let own = record.subject.sha256.map(|sha256| Subject::new(&record.subject.name, sha256));
            Statement::new(about(own)?, &record)?
        }
        Kind::Assessment => {
            let record: Assessment = serde_json::from_str(text)?;
            let own = Subject::new(&record.system.name, record.system.sha256);
            Statement::new(about(Some(own))?, &record)?
        }
        Kind::Sbom => Statement::of_document(about(None)?, sbom_type(text)?, text)?,
        Kind::Vex => Statement::of_document(about(None)?, PredicateType::OPENVEX, text)?,
        Kind::Provenance => Statement::of_document(about(None)?, PredicateType::SLSA_PROVENANCE, text)?,
    })
}

fn subject(path: &Path) -> anyhow::Result<Subject> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Subject::new(name, pipeline::digest(&input::bytes(path)?)))
}

fn sbom_type(text: &str) -> anyhow::Result<PredicateType> {
    let recognised = bom::recognise(text.as_bytes()).context("it is neither CycloneDX nor SPDX")?;
    Ok(if recognised.format.standard() == "CycloneDX" {
        PredicateType::CYCLONEDX
    } else {
        PredicateType::SPDX
    })
}
