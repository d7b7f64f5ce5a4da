//! `sukashi federation`: the other instances that a platform takes evidence from.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use client::{Http, InstanceKeys, Peer, Pulled, Reach, Remote, Tea};
use serde_json::json;
use statement::Trust;

use crate::commands::Context;
use crate::commands::platform::Platform;
use crate::commands::verify;
use crate::escape;
use crate::input;
use crate::outcome::Outcome;

/// Take evidence from other instances: signed statements, verified at every hop.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi federation add kawa --peer https://kawa.example --peer-token-file kawa.token --trust kawa.json
  sukashi federation list
  sukashi federation pull kawa
  sukashi federation take kawa delivered.sukashi")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pull from another instance from now on, and watch its log.
    #[command(before_help = "Examples:
  sukashi federation add kawa --peer https://kawa.example --peer-token-file kawa.token --trust kawa.json
  sukashi federation add kawa --peer https://kawa.example --peer-token-file kawa.token --trust kawa.json --witness
  sukashi federation add acme --kind tea --peer https://tea.acme.example --trust acme.json")]
    Add(Add),
    /// List the instances, and how the last pull went.
    #[command(before_help = "Examples:
  sukashi federation list
  sukashi federation list --format json")]
    List(List),
    /// Pull everything from one of them now.
    #[command(before_help = "Examples:
  sukashi federation pull kawa")]
    Pull(One),
    /// Take what a bundle from one of them holds, without asking it.
    #[command(before_help = "Examples:
  sukashi federation take kawa delivered.sukashi")]
    Take(Take),
    /// Pull from one of them no more; what was taken stays.
    #[command(before_help = "Examples:
  sukashi federation remove kawa")]
    Remove(One),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What it is called here.
    name: String,
    #[command(flatten)]
    platform: Platform,
    /// Its address.
    #[arg(long, value_name = "URL")]
    peer: String,
    /// What it is.
    #[arg(long, default_value = "instance")]
    kind: Kind,
    /// File whose first line is a token of one's account there.
    #[arg(long, value_name = "FILE", required_if_eq("kind", "instance"))]
    peer_token_file: Option<PathBuf>,
    /// Whose statements are accepted, and its log.
    #[arg(long, value_name = "TRUST.json")]
    trust: Option<PathBuf>,
    /// Id of the organization here that it is pulled for; otherwise the one whose token is used.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// Have the other instance cosign our log as well; its operator has to watch it.
    #[arg(long)]
    witness: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Another instance: statements with their place in its log.
    Instance,
    /// A server of the Transparency Exchange API that speaks for one supplier: the signed statements among its documents.
    Tea,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    platform: Platform,
    /// How the answer looks.
    #[arg(long, default_value = "human")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its name here.
    name: String,
    #[command(flatten)]
    platform: Platform,
}

#[derive(Debug, clap::Args)]
struct Take {
    /// Its name here.
    name: String,
    /// The bundle, as `sukashi pull --bundle` wrote it there.
    bundle: PathBuf,
    #[command(flatten)]
    platform: Platform,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Add(args) => add(args, context),
        Command::List(args) => list(args, context),
        Command::Pull(args) => {
            let remote = args.platform.connect(&context.settings)?;
            let peer = named(&remote, &args.name)?;
            report(&remote.pull_peer(&peer.id)?, context)
        }
        Command::Take(args) => {
            let bundle = input::bytes(&args.bundle)?;
            let remote = args.platform.connect(&context.settings)?;
            let peer = named(&remote, &args.name)?;
            report(&remote.take_bundle(&peer.id, &bundle)?, context)
        }
        Command::Remove(args) => {
            let remote = args.platform.connect(&context.settings)?;
            remote.remove_peer(&named(&remote, &args.name)?.id)?;
            Ok(Outcome::Clean)
        }
    }
}

fn add(args: &Add, context: &mut Context) -> anyhow::Result<Outcome> {
    let trust = verify::trust_if_any(args.trust.as_deref(), &context.settings)?;
    let trust =
        trust.context("no trust file; hint: pin the suppliers' keys, and the log, and use `--trust`")?;
    let token = args.peer_token_file.as_deref().map(input::first_line).transpose()?;
    // Before anything is added: the other side answers as what it is said to be.
    let keys = match args.kind {
        Kind::Instance => Some(instance(args, &trust, token.as_deref())?),
        Kind::Tea if args.witness => {
            anyhow::bail!(
                "a server of the Transparency Exchange API is no witness; hint: leave out `--witness`"
            )
        }
        Kind::Tea => {
            let listed = Tea::at(&args.peer, token.as_deref()).and_then(|tea| tea.list());
            listed.with_context(|| format!("cannot use `{}`", escape::line(&args.peer)))?;
            None
        }
    };
    let remote = args.platform.connect(&context.settings)?;
    let organization = match &args.organization {
        Some(id) => id.clone(),
        None => remote.own_organization()?,
    };
    let kind = if keys.is_some() { "instance" } else { "tea" };
    let new = json!({
        "name": args.name, "url": args.peer, "kind": kind, "organization": organization, "token": token, "trust": trust
    });
    let peer = remote.add_peer(&new)?;
    if let Some(keys) = keys.filter(|_| args.witness) {
        remote.add_witness(&format!("{}/witness", args.peer.trim_end_matches('/')), &keys.witness_key)?;
    }
    let name = escape::line(&peer.name);
    context.output.line(&format!("added {name}: pulled for {}", escape::line(&peer.organization.name)))?;
    Ok(Outcome::Clean)
}

/// The keys of another instance, whose log has to be the pinned one.
fn instance(args: &Add, trust: &Trust, token: Option<&str>) -> anyhow::Result<InstanceKeys> {
    let there = Remote::new(Http::new(&args.peer, token, Reach::Anywhere)?);
    let keys = there.instance().with_context(|| format!("cannot use `{}`", escape::line(&args.peer)))?;
    if trust.log.as_ref().is_some_and(|log| log.key != keys.log_key) {
        anyhow::bail!(
            "the log of `{}` is `{}`, and the trust file pins another; hint: ask its operator",
            escape::line(&args.peer),
            escape::line(&keys.log_key)
        );
    }
    Ok(keys)
}

fn list(args: &List, context: &mut Context) -> anyhow::Result<Outcome> {
    let peers = args.platform.connect(&context.settings)?.peers()?;
    if args.format == Format::Json {
        context.output.line(&serde_json::to_string_pretty(&peers)?)?;
        return Ok(Outcome::Clean);
    }
    for peer in &peers {
        context.output.line(&human(peer))?;
    }
    Ok(Outcome::Clean)
}

fn human(peer: &Peer) -> String {
    let how = match (&peer.error, peer.pulled_at) {
        (Some(error), _) => format!("failed {} times: {}", peer.failures, escape::line(error)),
        (None, Some(at)) if peer.kind == "instance" => {
            format!("pulled {at}, {} entries of its log seen", peer.tree_size)
        }
        (None, Some(at)) => format!("pulled {at}"),
        (None, None) => "not pulled yet".to_owned(),
    };
    let (name, url, whom) =
        (escape::line(&peer.name), escape::line(&peer.url), escape::line(&peer.organization.name));
    let faults = peer.faults.iter().map(|fault| format!("\n    {}", escape::line(fault)));
    format!("{name}  {url}  for {whom}  {how}{}", faults.collect::<String>())
}

fn named(remote: &Remote, name: &str) -> anyhow::Result<Peer> {
    let found = remote.peers()?.into_iter().find(|peer| peer.name == name);
    found.with_context(|| {
        format!("no instance is called `{}`; hint: `sukashi federation list`", escape::line(name))
    })
}

fn report(pulled: &Pulled, context: &mut Context) -> anyhow::Result<Outcome> {
    for left in &pulled.left {
        tracing::warn!("not taken: {}: {}", escape::line(&left.what), escape::line(&left.why));
    }
    let left = pulled.left.len();
    let text = format!("{} statements taken, {} known, {left} not taken", pulled.taken, pulled.known);
    context.output.line(&text)?;
    Ok(if left == 0 { Outcome::Clean } else { Outcome::Partial })
}
