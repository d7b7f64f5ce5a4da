//! `sukashi verify`: who signed this, and is it about that file?

use std::path::PathBuf;

use anyhow::Context as _;
use statement::{Statement, Trust, Unverified, Verified, VerifyError};

use crate::commands::Context;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::settings::{Setting, Settings};
use crate::{escape, input, log};

/// Verify a signed statement with accepted keys: 0 verified, 1 not.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi verify router.intoto.json --trust trust.json
  sukashi verify router.intoto.json --trust trust.json --artifact router.bin --offline")]
pub(crate) struct Args {
    /// A DSSE envelope; `-` reads standard input.
    file: PathBuf,
    /// Whose keys are accepted.
    #[arg(long, value_name = "TRUST.json")]
    trust: Option<PathBuf>,
    /// The statement must be about this file.
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
    /// Ask nobody. This is always so; the option says it in scripts.
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let trust = trust(args, &context.settings)?;
    let name = input::name(&args.file);
    let claim = Unverified::<Statement>::read(&input::bytes(&args.file)?)
        .with_context(|| format!("`{name}` is no signed statement"))?;
    let verified = match claim.verify(&trust.key_ring()) {
        Ok(verified) => verified,
        Err(error) => return not_verified(error),
    };
    if let Some(path) = &args.artifact {
        let digest = pipeline::digest(&input::bytes(path)?);
        if !verified.value().subjects().iter().any(|subject| subject.sha256() == digest) {
            tracing::error!("`{name}` is not about `{}` (sha256 {digest})", path.display());
            return Ok(Outcome::Found);
        }
    }
    context.output.write(report(&verified).as_bytes())?;
    Ok(Outcome::Clean)
}

fn trust(args: &Args, settings: &Settings) -> anyhow::Result<Trust> {
    let path: PathBuf = match &args.trust {
        Some(path) => path.clone(),
        None => settings.parsed(Setting::Trust)?.context("no trust file is set; hint: use `--trust`")?,
    };
    Trust::read(&input::bytes(&path)?).with_context(|| format!("`{}` is no trust file", input::name(&path)))
}

fn not_verified(error: VerifyError) -> anyhow::Result<Outcome> {
    log::failure(&Failure::of(&error.into()));
    Ok(Outcome::Found)
}

fn report(verified: &Verified<Statement>) -> String {
    let statement = verified.value();
    let mut text = format!("verified {}\n", escape::line(statement.predicate_type().as_str()));
    for signer in verified.signers() {
        text += &format!("signed by `{}` with key {}\n", escape::line(&signer.organization), signer.key_id);
    }
    for subject in statement.subjects() {
        text += &format!("about `{}` sha256 {}\n", escape::line(&subject.name), subject.sha256());
    }
    text
}
