//! `sukashi keys`: signing keys, each sealed by a passphrase in a file of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use statement::{KeyRevocation, KeyRotation, SealedKey, SigningKey, Statement, Subject};

use crate::commands::Context;
use crate::outcome::Outcome;
use crate::output::Target;
use crate::settings::{Setting, Settings};
use crate::{escape, input};

/// Make, list, rotate and revoke signing keys.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi keys new release --passphrase-file secret.txt
  sukashi keys list
  sukashi keys rotate release --to release-2027 -o rotation.dsse.json
  sukashi keys revoke release --by release-2027 --reason lost -o revocation.dsse.json")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Folder of the key files.
    #[arg(long, global = true, value_name = "DIR")]
    keys: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an Ed25519 key; prints its public half.
    #[command(before_help = "Examples:
  sukashi keys new release --passphrase-file secret.txt")]
    New {
        /// Name of the key, and of its file.
        name: String,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Introduce a new key, signed by the old and the new one; register the statement to make it known.
    #[command(before_help = "Examples:
  sukashi keys rotate release --to release-2027 --passphrase-file secret.txt -o rotation.dsse.json")]
    Rotate {
        /// The key one signs with now.
        name: PathBuf,
        /// The new key.
        #[arg(long, value_name = "KEY")]
        to: PathBuf,
        /// Both keys go on signing; otherwise the old one is not believed from then on.
        #[arg(long)]
        keep: bool,
        /// Name of the organization.
        #[arg(long, default_value = "self", value_name = "NAME")]
        organization: String,
        #[command(flatten)]
        passphrase: Passphrase,
        /// Where to write the statement.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// Say that a key must not be relied on any more; register the statement to make it known.
    #[command(before_help = "Examples:
  sukashi keys revoke release --by release-2027 --reason 'laptop stolen' -o revocation.dsse.json")]
    Revoke {
        /// The key; only its file is read, not opened.
        name: PathBuf,
        /// The key that signs; the revoked one where absent.
        #[arg(long, value_name = "KEY")]
        by: Option<PathBuf>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Name of the organization.
        #[arg(long, default_value = "self", value_name = "NAME")]
        organization: String,
        #[command(flatten)]
        passphrase: Passphrase,
        /// Where to write the statement.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// List the keys of the folder.
    #[command(before_help = "Examples:
  sukashi keys list")]
    List,
}

/// Where the passphrase comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Passphrase {
    /// File whose first line is the passphrase; otherwise `SUKASHI_PASSPHRASE` is.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// The passphrase.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<u8>> {
        let text = match &self.passphrase_file {
            Some(file) => input::text(file)?.lines().next().unwrap_or_default().to_owned(),
            None => std::env::var("SUKASHI_PASSPHRASE").unwrap_or_default(),
        };
        if text.is_empty() {
            bail!("no passphrase; hint: set `SUKASHI_PASSPHRASE` or use `--passphrase-file`");
        }
        Ok(text.into_bytes())
    }
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let folder = folder(args.keys.as_deref(), &context.settings)?;
    match &args.command {
        Command::New { name, passphrase } => new(&folder, name, &passphrase.read()?, context)?,
        Command::List => list(&folder, context)?,
        Command::Rotate { name, to, keep, organization, passphrase, output } => {
            let secret = passphrase.read()?;
            let (old, new) = (open(name, &folder, &secret)?, open(to, &folder, &secret)?);
            let body =
                KeyRotation { public_key: new.public(), replaces: (!*keep).then(|| old.public().id()) };
            let subject = Subject::new(organization, new.public().id().0);
            sign(
                &Statement::new(vec![subject], &body)?,
                &[&old, &new],
                "rotation",
                output.as_deref(),
                context,
            )?;
        }
        Command::Revoke { name, by, reason, organization, passphrase, output } => {
            let revoked = find_in(name, &folder)?;
            let signer = open(by.as_ref().unwrap_or(name), &folder, &passphrase.read()?)?;
            let body = KeyRevocation { reason: reason.clone() };
            let subject = Subject::new(organization, revoked.key_id().0);
            sign(
                &Statement::new(vec![subject], &body)?,
                &[&signer],
                "revocation",
                output.as_deref(),
                context,
            )?;
        }
    }
    Ok(Outcome::Clean)
}

/// Where the keys lie.
fn folder(typed: Option<&Path>, settings: &Settings) -> anyhow::Result<PathBuf> {
    match typed {
        Some(path) => Ok(path.to_owned()),
        None => settings.parsed(Setting::Keys)?.context("no folder of keys is set"),
    }
}

/// The sealed key that `name` means: a file, or a name in the folder.
///
/// # Errors
/// If there is no such key.
pub(crate) fn find(name: &Path, settings: &Settings) -> anyhow::Result<SealedKey> {
    find_in(name, &folder(None, settings)?)
}

fn find_in(name: &Path, folder: &Path) -> anyhow::Result<SealedKey> {
    let inside = folder.join(name).with_extension("json");
    let path = if name.exists() { name } else { &inside };
    Ok(statement::read_key_file(path)?)
}

fn open(name: &Path, folder: &Path, passphrase: &[u8]) -> anyhow::Result<SigningKey> {
    Ok(find_in(name, folder)?.open(passphrase)?)
}

fn sign(
    statement: &Statement,
    keys: &[&SigningKey],
    name: &str,
    output: Option<&Path>,
    context: &mut Context,
) -> anyhow::Result<()> {
    let mut envelope = statement.sign(keys)?.to_json()?;
    envelope.push(b'\n');
    Target::of(output).write(&format!("{name}.dsse.json"), &envelope, &mut context.output)
}

fn new(folder: &Path, name: &str, passphrase: &[u8], context: &mut Context) -> anyhow::Result<()> {
    if name.is_empty()
        || name.starts_with('.')
        || name.contains(['/', '\\'])
        || name.chars().any(char::is_control)
    {
        bail!("`{}` is not a name for a key; hint: use letters, digits and `-`", escape::line(name));
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let path = folder.join(name).with_extension("json");
    let sealed = SealedKey::seal(&SigningKey::generate()?, passphrase)?;
    statement::write_key_file(&path, &sealed)?;
    let shown = serde_json::json!({"key_id": sealed.key_id(), "public_key": sealed.public_key()});
    context.output.json(&shown)
}

fn list(folder: &Path, context: &mut Context) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    for path in paths {
        let key = statement::read_key_file(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        context.output.line(&format!("{:<20} {}", escape::line(&name), key.key_id()))?;
    }
    Ok(())
}
