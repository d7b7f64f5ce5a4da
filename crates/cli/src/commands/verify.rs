//! `sukashi verify`: who signed this, is it about that file, is it in the log? Asks nobody.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::{Bundle, Checked, CheckedItem};
use serde_json::value::RawValue;
use statement::{Statement, Trust, Verified};

use crate::commands::Context;
use crate::commands::register::now;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::settings::{Setting, Settings};
use crate::{escape, input, log};

/// Verify a signed statement or a bundle with accepted keys: 0 verified, 1 not.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi verify router.intoto.json --trust trust.json
  sukashi verify router.intoto.json --trust trust.json --artifact router.bin --offline
  sukashi verify router.intoto.json --trust trust.json --proof router.tlog-proof
  sukashi verify bundle.sukashi --trust trust.json --offline")]
pub(crate) struct Args {
    /// A DSSE envelope, or a bundle of many; `-` reads standard input.
    file: PathBuf,
    /// Whose keys are accepted.
    #[arg(long, value_name = "TRUST.json")]
    trust: Option<PathBuf>,
    /// A statement must be about this file.
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
    /// Proof that the statement is in the log that the trust file pins.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// Ask nobody. This is always so; the option says it in scripts.
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let trust = trust(args.trust.as_deref(), &context.settings)?;
    let (bundle, single) = bundle(args)?;
    let checked = bundle.verify(&trust, now()?)?;
    report_faults(&checked);
    let mut outcome = Outcome::found(!checked.holds());
    if let Some(path) = &args.artifact {
        let digest = pipeline::digest(&input::bytes(path)?);
        let about = |s: &Verified<Statement>| s.value().subjects().iter().any(|s| s.sha256() == digest);
        if !checked.items.iter().filter_map(|i| i.statement.as_ref()).any(about) {
            let name = input::name(&args.file);
            tracing::error!("`{name}` is not about `{}` (sha256 {digest})", path.display());
            outcome = Outcome::Found;
        }
    }
    if single && outcome == Outcome::Found {
        return Ok(outcome);
    }
    let whole = checked.items.iter().filter(|i| i.faults.is_empty());
    let text: String = whole.filter_map(report).collect();
    context.output.write(text.as_bytes())?;
    if !single {
        let good = checked.items.iter().filter(|i| i.faults.is_empty()).count();
        context.output.line(&format!("{good} of {} statements verified", checked.items.len()))?;
    }
    Ok(outcome)
}

/// The bundle to check; a single statement becomes one.
fn bundle(args: &Args) -> anyhow::Result<(Bundle, bool)> {
    let (bytes, name) = (input::bytes(&args.file)?, input::name(&args.file));
    if Bundle::is_one(&bytes) {
        return Ok((Bundle::read(&bytes).with_context(|| format!("`{name}` is no bundle"))?, false));
    }
    let text = String::from_utf8(bytes).with_context(|| format!("`{name}` is no signed statement"))?;
    // Whether it is an envelope at all is a question of usage; whether it verifies is the answer.
    statement::Envelope::read(text.as_bytes()).with_context(|| format!("`{name}` is no signed statement"))?;
    let envelope = RawValue::from_string(text.trim().to_owned())?;
    let proof = args.proof.as_deref().map(input::text).transpose()?;
    let item = client::Item { envelope, proof, view: None, hops: Vec::new(), offered: None };
    Ok((Bundle { items: vec![item], ..Bundle::default() }, true))
}

fn trust(typed: Option<&Path>, settings: &Settings) -> anyhow::Result<Trust> {
    let path: PathBuf = match typed {
        Some(path) => path.to_owned(),
        None => settings.parsed(Setting::Trust)?.context("no trust file is set; hint: use `--trust`")?,
    };
    Trust::read(&input::bytes(&path)?).with_context(|| format!("`{}` is no trust file", input::name(&path)))
}

/// The trust file that was named, or the usual one if it is there.
///
/// # Errors
/// If it does not read.
pub(crate) fn trust_if_any(typed: Option<&Path>, settings: &Settings) -> anyhow::Result<Option<Trust>> {
    let usual: Option<PathBuf> = settings.parsed(Setting::Trust)?;
    match (typed, usual) {
        (None, Some(usual)) if !usual.exists() => Ok(None),
        (None, None) => Ok(None),
        (typed, _) => trust(typed, settings).map(Some),
    }
}

/// Says what is wrong, each on a line of its own.
pub(crate) fn report_faults(checked: &Checked) {
    for fault in &checked.faults {
        log::failure(&Failure::of(&anyhow::anyhow!("{}", chain(fault))));
    }
    for (place, item) in checked.items.iter().enumerate() {
        for fault in &item.faults {
            let text = chain(fault);
            let many = checked.items.len() > 1;
            let text = if many { format!("statement {}: {text}", place + 1) } else { text };
            log::failure(&Failure::of(&anyhow::anyhow!("{text}")));
        }
    }
}

/// An error with its causes; a transparent layer repeats its source and is left out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        texts.extend((texts.last() != Some(&text)).then_some(text));
        next = error.source();
    }
    texts.join(": ")
}

fn report(item: &CheckedItem) -> Option<String> {
    let verified = item.statement.as_ref()?;
    let statement = verified.value();
    let mut text = format!("verified {}\n", escape::line(statement.predicate_type().as_str()));
    for signer in verified.signers() {
        text += &format!("signed by `{}` with key {}\n", escape::line(&signer.organization), signer.key_id);
    }
    for subject in statement.subjects() {
        text += &format!("about `{}` sha256 {}\n", escape::line(&subject.name), subject.sha256());
    }
    if let Some((index, size)) = item.logged {
        text += &format!("logged as entry {index} of {size}\n");
    }
    if let Some(opaque) = item.opaque {
        text += &format!("shows its document but for {opaque} parts\n");
    }
    Some(text)
}
