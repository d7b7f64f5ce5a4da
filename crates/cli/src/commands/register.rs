//! `sukashi register`: signed statements to a platform, from a terminal or a pipeline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use client::{NewRelease, Registered, Remote};
use record::Sha256;
use serde_json::json;
use statement::{Head, SigningKey, Statement, Subject, Timestamp, list_digest};

use crate::commands::keys::{self, Passphrase};
use crate::commands::platform::Platform;
use crate::commands::{Context, attest};
use crate::input;
use crate::outcome::Outcome;

/// Register signed statements with a platform; the same again does no harm.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi register router.intoto.json --product KR-200 --kind equipment --version 1.4.2 --artifact router.bin
  sukashi register router.intoto.json sbom.intoto.json --url https://platform.example
  sukashi register --heads --key release --days 30")]
pub(crate) struct Args {
    /// DSSE envelopes.
    #[arg(required_unless_present = "heads")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    platform: Platform,
    /// Product of one's own that the statements are about; added if it is not there.
    #[arg(long, value_name = "NAME", requires = "version")]
    product: Option<String>,
    /// What the product is.
    #[arg(long, default_value = "software")]
    kind: Kind,
    /// Version of the product; added if it is not there.
    #[arg(long, value_name = "VERSION", requires = "product")]
    version: Option<String>,
    /// Delivered files of the version, beside what the statements are about.
    #[arg(long, value_name = "FILE")]
    artifact: Vec<PathBuf>,
    /// Id of the release the statements are about, instead of product and version.
    #[arg(long, value_name = "ID", conflicts_with = "product")]
    release: Option<String>,
    /// Id of the system the statements are about.
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// Id of the evidence they replace.
    #[arg(long, value_name = "ID")]
    supersedes: Option<String>,
    /// Traffic light.
    #[arg(long, value_parser = ["clear", "green", "amber", "amber+strict", "red"])]
    tlp: Option<String>,
    /// Not shown to others before (RFC 3339).
    #[arg(long, value_name = "TIME")]
    embargo_until: Option<Timestamp>,
    /// For a commitment: id of the evidence with the document.
    #[arg(long, value_name = "ID", requires = "seed_file")]
    document: Option<String>,
    /// For a commitment: the file with the seed of its salts.
    #[arg(long, value_name = "FILE", requires = "document")]
    seed_file: Option<PathBuf>,
    /// Sign the heads of one's supply links as well, so that customers see that nothing is missing.
    #[arg(long, requires = "key")]
    heads: bool,
    /// The key that signs heads.
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    /// Days until a head is stale.
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: u16,
    #[command(flatten)]
    passphrase: Passphrase,
    /// How the answer looks.
    #[arg(long, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Software,
    Equipment,
    System,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Equipment => "equipment",
            Self::System => "system",
        }
    }
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let envelopes: Vec<Vec<u8>> =
        args.files.iter().map(|f| input::bytes(f)).collect::<anyhow::Result<_>>()?;
    let subjects = subjects(&args.files, &envelopes)?;
    let key = args.key.as_deref().filter(|_| args.heads).map(|k| open_key(k, args, context)).transpose()?;
    let remote = args.platform.connect(&context.settings)?;
    let release = release(args, &remote, subjects)?;
    let seed = args.seed_file.as_deref().map(attest::read_seed).transpose()?.map(|s| Sha256(s).to_string());
    let embargo = args.embargo_until.map(|t| t.to_string());
    let about = [
        ("release", release.as_deref()),
        ("system", args.system.as_deref()),
        ("supersedes", args.supersedes.as_deref()),
        ("tlp", args.tlp.as_deref()),
        ("embargo_until", embargo.as_deref()),
        ("document", args.document.as_deref()),
        ("seed", seed.as_deref()),
    ];
    for (file, envelope) in args.files.iter().zip(&envelopes) {
        let done = remote.register(envelope, &about);
        report(&input::name(file), &done.with_context(|| input::name(file))?, args.format, context)?;
    }
    if let Some(key) = key {
        sign_heads(&remote, &key, args, context)?;
    }
    Ok(Outcome::Clean)
}

fn open_key(name: &Path, args: &Args, context: &Context) -> anyhow::Result<SigningKey> {
    Ok(keys::find(name, &context.settings)?.open(&args.passphrase.read()?)?)
}

/// What the statements are about, by digest. Nothing is verified: the platform does that.
fn subjects(files: &[PathBuf], envelopes: &[Vec<u8>]) -> anyhow::Result<BTreeMap<Sha256, String>> {
    let mut found = BTreeMap::new();
    for (file, envelope) in files.iter().zip(envelopes) {
        let read = statement::Envelope::read(envelope.as_slice());
        let read = read.with_context(|| format!("`{}` is no signed statement", input::name(file)))?;
        let payload =
            read.statement().with_context(|| format!("`{}` is no signed statement", input::name(file)))?;
        found.extend(payload.subjects().iter().map(|s| (s.sha256(), s.name.clone())));
    }
    Ok(found)
}

fn release(
    args: &Args,
    remote: &Remote,
    subjects: BTreeMap<Sha256, String>,
) -> anyhow::Result<Option<String>> {
    let (Some(product), Some(version)) = (&args.product, &args.version) else {
        return Ok(args.release.clone());
    };
    let mut artifacts: BTreeMap<Sha256, (String, Option<u64>)> =
        subjects.into_iter().map(|(digest, name)| (digest, (name, None))).collect();
    for path in &args.artifact {
        let bytes = input::bytes(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        artifacts.insert(pipeline::digest(&bytes), (name, Some(bytes.len() as u64)));
    }
    let artifacts = artifacts.into_iter().map(|(sha256, (name, size))| (name, sha256, size)).collect();
    let wanted = NewRelease { product, kind: args.kind.name(), version, artifacts };
    Ok(Some(remote.ensure_release(&wanted)?))
}

fn report(name: &str, done: &Registered, format: Format, context: &mut Context) -> anyhow::Result<()> {
    let (word, id) = match done {
        Registered::New(id) => ("registered", id),
        Registered::Known(id) => ("known", id),
        Registered::Waiting(id) => ("waiting", id),
    };
    match format {
        Format::Human => context.output.line(&format!("{word:<10} {id} {}", crate::escape::line(name))),
        Format::Json => context.output.line(&json!({"file": name, "state": word, "id": id}).to_string()),
    }
}

/// Signs, for each link one supplies over, what is disclosed over it now.
fn sign_heads(remote: &Remote, key: &SigningKey, args: &Args, context: &mut Context) -> anyhow::Result<()> {
    let now = now()?;
    for list in remote.heads_to_sign()? {
        let Some(customer) = list.customer_key else {
            bail!("`{}` has no key yet, so no head can name it", crate::escape::line(&list.customer.name));
        };
        let head = Head {
            link: list.link.clone(),
            count: list.entries.len() as u64,
            list_sha256: list_digest(&list.entries),
            issued: now,
            valid_until: now.plus(i64::from(args.days).saturating_mul(86_400)),
        };
        let statement = Statement::new(vec![Subject::new(&list.customer.name, customer.0)], &head)?;
        let envelope = statement.sign(&[key])?;
        let done = remote.register(&envelope.to_json()?, &[])?;
        report(&format!("head of supply link {}", list.link), &done, args.format, context)?;
    }
    Ok(())
}

/// The clock.
///
/// # Errors
/// If it is out of range.
pub(crate) fn now() -> anyhow::Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix(seconds).context("the clock is out of range")
}
