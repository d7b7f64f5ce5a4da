//! `sukashi pull`: what a platform shows, as files and as one bundle that can be checked offline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::{Bundle, Evidence, Gathering, Item, Remote};
use tracing::info;

use crate::commands::Context;
use crate::commands::platform::Platform;
use crate::commands::register::now;
use crate::commands::{tea, verify};
use crate::outcome::Outcome;
use crate::output::{write_atomically, write_into};

/// Pull statements, proofs and documents from a platform, and verify them before they are kept.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi pull -o delivered/
  sukashi pull --product KR-200 --version 1.4.2 --bundle router.sukashi
  sukashi pull --bundle all.sukashi --trust trust.json
  sukashi pull --tea urn:tei:uuid:products.example.com:d4d9f54a-abcf-11ee-ac79-1a52914d44b1 -o delivered/
  sukashi pull --tea https://products.example.com --product KR-200 -o delivered/")]
pub(crate) struct Args {
    #[command(flatten)]
    platform: Platform,
    /// Only about releases of products with this name.
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// Only about this version.
    #[arg(long, value_name = "VERSION", requires = "product")]
    version: Option<String>,
    /// Superseded and withdrawn statements as well.
    #[arg(long)]
    all: bool,
    /// From a server of the Transparency Exchange API: the identifier on a delivery (TEI), or the server's address. With
    /// a TEI, `--url` names the server to ask instead of the one its domain stands for.
    #[arg(long, value_name = "TEI|URL", conflicts_with_all = ["all", "bundle"])]
    tea: Option<String>,
    /// One file with everything that is needed to verify offline.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["output", "tea"])]
    bundle: Option<PathBuf>,
    /// Folder for statements (`.dsse.json`), proofs (`.tlog-proof`) and documents (`.json`); with `--tea`, this folder if
    /// none is named.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Whose keys are accepted; without a trust file nothing is verified.
    #[arg(long, value_name = "TRUST.json")]
    trust: Option<PathBuf>,
}

/// A file to write.
struct Kept {
    name: String,
    bytes: Vec<u8>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let trust = verify::trust_if_any(args.trust.as_deref(), &context.settings)?;
    if let Some(source) = &args.tea {
        let (product, version) = (args.product.as_deref(), args.version.as_deref());
        let wanted = tea::Wanted { source, product, version, trust: trust.as_ref() };
        return tea::pull(&wanted, &args.platform, args.output.as_deref().unwrap_or(Path::new(".")), context);
    }
    let remote = args.platform.connect(&context.settings)?;
    let evidence = wanted(args, &remote)?;
    let (bundle, kept) = fetch(&remote, &evidence)?;
    let mut outcome = Outcome::Clean;
    match &trust {
        Some(trust) => {
            let checked = bundle.verify(trust, now()?)?;
            verify::report_faults(&checked);
            outcome = Outcome::found(!checked.holds());
        }
        None => tracing::warn!(
            hint = "pin the keys of your suppliers in a trust file and use `--trust`",
            "nothing was verified"
        ),
    }
    if let Some(path) = &args.bundle {
        write_atomically(path, &serde_json::to_vec(&bundle)?)?;
    }
    for file in args.output.iter().flat_map(|_| &kept) {
        write_into(args.output.as_deref().unwrap_or(Path::new(".")), Path::new(&file.name), &file.bytes)?;
    }
    let signed = bundle.items.len();
    context.output.line(&format!("pulled {} pieces of evidence, {signed} of them signed", evidence.len()))?;
    Ok(outcome)
}

fn wanted(args: &Args, remote: &Remote) -> anyhow::Result<Vec<Evidence>> {
    let Some(product) = &args.product else { return Ok(remote.evidence(None, args.all)?) };
    let mut found = Vec::new();
    for release in remote.releases_named(product, args.version.as_deref())? {
        found.extend(remote.evidence(Some(&release), args.all)?);
    }
    Ok(found)
}

/// Everything under one checkpoint: that of the newest statement.
struct Fetching<'a> {
    gathering: Gathering<'a>,
    bundle: Bundle,
    kept: Vec<Kept>,
}

fn is_full(evidence: &Evidence) -> bool {
    matches!(evidence.level.as_str(), "full" | "full-and-reshare")
}

fn fetch(remote: &Remote, evidence: &[Evidence]) -> anyhow::Result<(Bundle, Vec<Kept>)> {
    let newest = evidence.iter().rfind(|e| is_full(e));
    let size = newest.map(|e| remote.proof(&e.id, None)).transpose()?.map(|logged| logged.size);
    let gathering = Gathering::new(remote, size);
    let mut fetching = Fetching { gathering, bundle: Bundle::default(), kept: Vec::new() };
    let mut committed = BTreeSet::new();
    for item in evidence.iter().filter(|e| e.level == "redacted") {
        info!("pulling {} {}", item.r#type, item.id);
        if let Some(commitment) = &item.commitment {
            let fetched = fetching.gathering.parts(item)?;
            fetching.keep(fetched, commitment, "commitment")?;
            committed.insert(commitment.clone());
        }
        let bytes = remote.document(&item.id)?;
        fetching.kept.push(Kept { name: format!("{}-{}.json", item.r#type, item.id), bytes });
    }
    for item in evidence.iter().filter(|e| is_full(e) && !committed.contains(&e.id)) {
        info!("pulling {} {}", item.r#type, item.id);
        let fetched = fetching.gathering.item(item)?;
        fetching.keep(fetched, &item.id, &item.r#type)?;
    }
    fetching.bundle.disclosed = remote.disclosed()?;
    Ok((fetching.bundle, fetching.kept))
}

impl Fetching<'_> {
    fn keep(&mut self, item: Option<Item>, id: &str, kind: &str) -> anyhow::Result<()> {
        let item = item.with_context(|| format!("`{id}` is not shown any more; hint: pull again"))?;
        let stem = format!("{kind}-{id}");
        let envelope = item.envelope.get().as_bytes().to_vec();
        let proof = item.proof.clone().unwrap_or_default().into_bytes();
        self.kept.push(Kept { name: format!("{stem}.dsse.json"), bytes: envelope });
        self.kept.push(Kept { name: format!("{stem}.tlog-proof"), bytes: proof });
        self.bundle.items.push(item);
        Ok(())
    }
}
