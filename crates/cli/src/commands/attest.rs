//! `sukashi attest`: a document becomes a signed statement.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use record::{Assessment, Inspection};
use statement::{
    CountermeasureApplied, Delegation, DisclosureGrant, OpenPgpSignature, Predicate as _, PredicateType,
    Redactable, SigningKey, Statement, Subject, SystemRegistration, Withdrawal,
};

use crate::commands::Context;
use crate::commands::keys::{self, Passphrase};
use crate::commands::register::now;
use crate::input;
use crate::outcome::Outcome;
use crate::output::Target;

/// Sign what a document says about an artifact: an in-toto statement in a DSSE envelope.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi attest inspection router.json --key release -o router.intoto.json
  sukashi attest sbom router.cdx.json --artifact router.bin --key release
  sukashi attest commitment router.cdx.json --artifact router.bin --seed-file router.seed --key release
  sukashi attest system plant.yaml --overlay usage.yaml --key plant
  sukashi attest openpgp advisory.json --owner psirt@kawa.example --artifact router.bin --key release
  sukashi attest withdrawal sbom.intoto.json --reason 'wrong file' --key release")]
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
    /// What it is about, by name and digest.
    #[arg(long, value_name = "NAME=SHA256", value_parser = named_digest)]
    subject: Vec<(String, record::Sha256)>,
    /// For a commitment: the seed of the salts; made where it is missing. Whoever has it can guess what is hidden.
    #[arg(long, value_name = "FILE", required_if_eq("kind", "commitment"))]
    seed_file: Option<PathBuf>,
    /// For an OpenPGP signature: whose key it is, such as a mail address.
    #[arg(long, value_name = "TEXT", required_if_eq("kind", "openpgp"))]
    owner: Option<String>,
    /// For a system: what is added to its model, such as who uses it how; may be repeated.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// For a withdrawal: why, for those who relied on it.
    #[arg(long, value_name = "TEXT", required_if_eq("kind", "withdrawal"))]
    reason: Option<String>,
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
    /// CSAF advisory or VEX.
    Csaf,
    /// Advisory in OSV's format.
    Osv,
    /// A document that those verify who have OpenPGP: signed with the same key once more, in their form.
    Openpgp,
    /// SLSA provenance.
    Provenance,
    /// A system model, YAML or JSON.
    System,
    /// Root over the document's salted parts, so that parts of it can be shown and checked.
    Commitment,
    /// A statement of one's own, to take it back.
    Withdrawal,
    /// Body of a disclosure grant (`docs/formats/`); subjects are key ids of those it is given to.
    Grant,
    /// Body of a countermeasure applied; the subject is the system's model.
    CountermeasureApplied,
    /// Body of a delegation; the subject is the platform's key.
    Delegation,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let text = input::text(&args.file)?;
    // What is wrong with the document is said before anybody types a passphrase.
    let made = match args.kind {
        Kind::Openpgp => None,
        _ => Some(
            statement(args, &text).with_context(|| format!("cannot sign `{}`", input::name(&args.file)))?,
        ),
    };
    let key = keys::find(&args.key, &context.settings)?.open(&args.passphrase.read()?)?;
    let statement = match made {
        Some(statement) => statement,
        None => openpgp(args, &text, &key)?,
    };
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
    if !args.overlay.is_empty() && !matches!(args.kind, Kind::System) {
        bail!("`--overlay` adds to the model of a system; hint: `attest system`");
    }
    let mut named: Vec<Subject> =
        args.artifact.iter().map(|path| subject(path)).collect::<anyhow::Result<_>>()?;
    named.extend(args.subject.iter().map(|(name, digest)| Subject::new(name, *digest)));
    let about = |own: Option<Subject>| match (named.is_empty(), own) {
        (false, _) => Ok(named.clone()),
        (true, Some(own)) => Ok(vec![own]),
        (true, None) => bail!("it does not say what it is about; hint: use `--artifact` or `--subject`"),
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
        Kind::Csaf => Statement::of_document(about(None)?, PredicateType::CSAF, text)?,
        Kind::Osv => Statement::of_document(about(None)?, PredicateType::OSV, text)?,
        Kind::Openpgp => bail!("an OpenPGP signature needs the key"),
        Kind::Provenance => Statement::of_document(about(None)?, PredicateType::SLSA_PROVENANCE, text)?,
        Kind::System => system_registration(&args.file, text, &args.overlay)?,
        Kind::Commitment => commitment(args, text, about)?,
        Kind::Withdrawal => {
            let reason = args.reason.clone().unwrap_or_default();
            Statement::new(vec![taken_back(text)?], &Withdrawal { reason })?
        }
        Kind::Grant => Statement::new(about(None)?, &serde_json::from_str::<DisclosureGrant>(text)?)?,
        Kind::CountermeasureApplied => {
            Statement::new(about(None)?, &serde_json::from_str::<CountermeasureApplied>(text)?)?
        }
        Kind::Delegation => {
            let body: Delegation = serde_json::from_str(text)?;
            let own = Subject::new("platform", body.public_key.id().0);
            Statement::new(about(Some(own))?, &body)?
        }
    })
}

/// The document is signed as the advisory's own statement has it: byte for byte, without space around it.
fn openpgp(args: &Args, text: &str, key: &SigningKey) -> anyhow::Result<Statement> {
    let (owner, document) = (args.owner.clone().unwrap_or_default(), text.trim());
    let mut about: Vec<Subject> =
        args.artifact.iter().map(|path| subject(path)).collect::<anyhow::Result<_>>()?;
    about.extend(args.subject.iter().map(|(name, digest)| Subject::new(name, *digest)));
    if about.is_empty() {
        bail!(
            "it does not say what it is about; hint: use `--artifact` or `--subject` as for the document itself"
        );
    }
    Ok(Statement::new(about, &OpenPgpSignature::new(key, &owner, document.as_bytes(), now()?))?)
}

fn named_digest(text: &str) -> Result<(String, record::Sha256), String> {
    let (name, digest) = text.rsplit_once('=').ok_or("write NAME=SHA256")?;
    Ok((name.to_owned(), digest.parse().map_err(|_| "write 64 lower-case hexadecimal digits after `=`")?))
}

fn system_registration(file: &Path, text: &str, overlays: &[PathBuf]) -> anyhow::Result<Statement> {
    let read = |path: &Path, text: &str| -> anyhow::Result<_> {
        let name = input::name(path);
        Ok((name.clone(), ::system::read(&name, text)?))
    };
    let mut documents = vec![read(file, text)?];
    for overlay in overlays {
        documents.push(read(overlay, &input::text(overlay)?)?);
    }
    let system = ::system::System::new(&documents)?;
    let body = SystemRegistration {
        model: serde_json::to_value(system.document())?,
        assets: pipeline::assets(&system),
    };
    Ok(Statement::new(vec![Subject::new(system.name(), system.digest())], &body)?)
}

fn commitment(
    args: &Args,
    text: &str,
    about: impl Fn(Option<Subject>) -> anyhow::Result<Vec<Subject>>,
) -> anyhow::Result<Statement> {
    let path = args.seed_file.as_deref().context("no file for the seed; hint: use `--seed-file`")?;
    let seed = if path.exists() { read_seed(path)? } else { new_seed(path)? };
    let inspection = serde_json::from_str::<Inspection>(text).ok();
    let own = inspection.as_ref().and_then(|i| i.subject.sha256.map(|d| Subject::new(&i.subject.name, d)));
    let kind = if inspection.is_some() { Inspection::TYPE } else { sbom_type(text)? };
    let redactable = Redactable::open(text, &seed)?;
    Ok(Statement::new(about(own)?, &redactable.commitment(kind))?)
}

/// 32 bytes in hexadecimal.
///
/// # Errors
/// If the file cannot be read or is no seed.
pub(crate) fn read_seed(path: &Path) -> anyhow::Result<[u8; 32]> {
    let seed: record::Sha256 = input::text(path)?
        .trim()
        .parse()
        .map_err(|_| anyhow::anyhow!("`{}` is no seed: 64 hexadecimal digits", path.display()))?;
    Ok(seed.0)
}

fn new_seed(path: &Path) -> anyhow::Result<[u8; 32]> {
    let seed = statement::random_seed()?;
    statement::write_private(path, format!("{}\n", record::Sha256(seed)).as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(seed)
}

/// The statement that a withdrawal takes back, by the digest of its payload.
fn taken_back(text: &str) -> anyhow::Result<Subject> {
    let envelope = statement::Envelope::read(text.as_bytes())?;
    let kind = envelope.statement()?.predicate_type().clone();
    let name = serde_json::to_value(kind.evidence_type())?;
    Ok(Subject::new(name.as_str().unwrap_or("statement"), pipeline::digest(&envelope.payload)))
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
