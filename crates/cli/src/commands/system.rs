//! `sukashi system`: the model of a real system.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use record::{Inspection, Sha256};
use system::{System, import};
use tracing::warn;

use crate::commands::Context;
use crate::commands::register::now;
use crate::commands::verify::{report_faults, trust_if_any};
use crate::outcome::Outcome;
use crate::output::{self, Target};
use crate::{escape, input};

/// Check and show system models.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi system check plant.yaml")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that a model can be read and that everything it names exists.
    #[command(before_help = "Examples:
  sukashi system check plant.yaml
  sukashi system check plant.yaml people.yaml
  sukashi system check this-host.json --against gateway.intoto.json --trust trust.json")]
    Check {
        /// Documents of one system, merged in order; `-` reads standard input.
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// Compare the programs on a host with those of a signed inspection of what was delivered.
        #[arg(long, value_name = "ENVELOPE")]
        against: Option<PathBuf>,
        /// Which host; the only one with digests of programs where left out.
        #[arg(long, value_name = "ID", requires = "against")]
        host: Option<String>,
        /// Whose keys are accepted.
        #[arg(long, value_name = "TRUST.json", requires = "against")]
        trust: Option<PathBuf>,
    },
    /// Make a document from the files of a Linux host: packages, accounts, addresses, what listens.
    #[command(before_help = "Examples:
  sukashi system collect -o this-host.json
  sukashi system collect --root /mnt/image --host plc-gateway")]
    Collect {
        /// Below which the host's files are.
        #[arg(long, default_value = "/", value_name = "DIR")]
        root: PathBuf,
        /// Name of the host in the model; its own where left out.
        #[arg(long, value_name = "ID")]
        host: Option<String>,
        /// Where to write the document.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// Make a document from what other tools write; what it could not use is listed.
    #[command(before_help = "Examples:
  sukashi system import --from nmap scan.xml -o scan.json
  sukashi system import --from cisco branch.cfg -o branch.json
  sukashi system import --from iptables rules.v4 --host fw1 --outer it --inner ot")]
    Import {
        /// What wrote the file.
        #[arg(long)]
        from: Source,
        /// The file; `-` reads standard input.
        file: PathBuf,
        /// Host that the rules, or the components, stand on.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft"), ("from", "sbom")]), value_name = "ID")]
        host: Option<String>,
        /// Zone outside of that filter.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft")]), value_name = "ID")]
        outer: Option<String>,
        /// Zone that is entered and left only through that filter.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft")]), value_name = "ID")]
        inner: Option<String>,
        /// Where to write the document.
        #[arg(short, long, value_name = "FILE|DIR")]
        output: Option<PathBuf>,
    },
    /// Show what a model says.
    #[command(before_help = "Examples:
  sukashi system show plant.yaml
  sukashi system show plant.yaml --format facts")]
    Show {
        /// Documents of one system, merged in order; `-` reads standard input.
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// How it looks.
        #[arg(long, default_value = "human")]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Source {
    /// Cisco IOS or ASA configuration.
    Cisco,
    /// Asset list with a line of headings.
    Csv,
    /// JSON of a directory collector (BloodHound).
    Directory,
    /// FortiOS configuration.
    Fortios,
    /// `iptables-save`.
    Iptables,
    /// Junos configuration in `set` form.
    Juniper,
    /// MulVAL facts.
    Mulval,
    /// `nft list ruleset`, as text or with `-j`, or a file for `nft -f`.
    Nft,
    /// `nmap -oX`.
    Nmap,
    /// OpenVAS report in XML.
    Openvas,
    /// PAN-OS configuration in `set` form.
    Paloalto,
    /// Bill of materials of one host.
    Sbom,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Numbers of entries.
    Human,
    /// The merged document.
    Json,
    /// What the rules of the assessment see.
    Facts,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Check { file, against, host, trust } => {
            let system = read(file)?;
            context.output.line(&format!("valid sukashi.system/1: {}", summary(&system)))?;
            if let Some(envelope) = against {
                let trust = trust_if_any(trust.as_deref(), &context.settings)?;
                let inspection = delivered(envelope, trust.as_ref())?;
                return compare(&system, host.as_deref(), &inspection, context);
            }
        }
        Command::Collect { root, host, output } => {
            let collected = import::collect(root, host.as_deref());
            return write(&root.display().to_string(), &collected, output.as_deref(), context);
        }
        Command::Import { from, file, host, outer, inner, output } => {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (host, outer, inner) = (text(host), text(outer), text(inner));
            let placement = import::Placement { host: &host, outer: &outer, inner: &inner };
            return read_foreign(*from, file, placement, output.as_deref(), context);
        }
        Command::Show { file, format } => show(&read(file)?, *format, context)?,
    }
    Ok(Outcome::Clean)
}

/// Reads, merges and checks the documents of one system.
///
/// # Errors
/// Every mistake that can be told from the others, with its place.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<System> {
    let mut documents = Vec::new();
    for file in files {
        let name = input::name(file);
        let document = system::read(&name, &input::text(file)?)?;
        documents.push((name, document));
    }
    Ok(System::new(&documents)?)
}

/// The inspection in a signed statement. Without accepted keys it is taken by its own word, which is told.
fn delivered(path: &Path, trust: Option<&statement::Trust>) -> anyhow::Result<Inspection> {
    let (name, text) = (input::name(path), input::text(path)?);
    let envelope = statement::Envelope::read(text.as_bytes())
        .with_context(|| format!("`{name}` is no signed statement"))?;
    let statement: statement::Statement = match trust {
        None => {
            warn!("nobody's signature on `{name}` was checked; hint: use `--trust`");
            envelope.statement()?
        }
        Some(trust) => {
            let raw = serde_json::value::RawValue::from_string(text.trim().to_owned())?;
            let item =
                client::Item { envelope: raw, proof: None, view: None, hops: Vec::new(), offered: None };
            let checked =
                client::Bundle { items: vec![item], ..client::Bundle::default() }.verify(trust, now()?)?;
            report_faults(&checked);
            let good = checked.items.into_iter().find(|item| item.faults.is_empty());
            let verified = good.and_then(|item| item.statement);
            verified.with_context(|| format!("`{name}` is not verified"))?.value().clone()
        }
    };
    serde_json::from_str(statement.document()).with_context(|| format!("`{name}` is about no inspection"))
}

/// Which programs are not what was delivered.
fn compare(
    system: &System,
    host: Option<&str>,
    inspection: &Inspection,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let hosts = &system.document().hosts;
    let mut listed = hosts.iter().filter(|(id, entry)| match host {
        Some(host) => id.as_str() == host,
        None => !entry.value.files.is_empty(),
    });
    let (Some((id, entry)), None) = (listed.next(), listed.next()) else {
        let hint = "hint: collect them with `sukashi system collect`, and name the host with `--host`";
        anyhow::bail!("there is not one host with digests of programs; {hint}");
    };
    let files = &entry.value.files;
    let delivered: Vec<(&str, Sha256)> =
        inspection.artifacts.iter().map(|artifact| (artifact.path.as_str(), artifact.sha256)).collect();
    let deviations = system::delivered::compare(files, &delivered);
    for (path, deviation) in &deviations {
        context.output.line(&format!("{} {}", deviation.name(), escape::line(path)))?;
    }
    let (id, name) = (escape::line(id), escape::line(&inspection.subject.name));
    let count = deviations.len();
    context
        .output
        .line(&format!("`{id}` against `{name}`: {} programs, {count} differences", files.len()))?;
    Ok(Outcome::found(count > 0))
}

fn read_foreign(
    from: Source,
    file: &Path,
    placement: import::Placement<'_>,
    output: Option<&Path>,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let (name, text) = (input::name(file), input::text(file)?);
    let imported = match from {
        Source::Cisco => import::cisco(&name, &text)?,
        Source::Csv => import::table(&name, &text)?,
        Source::Directory => import::directory(&name, &text)?,
        Source::Fortios => import::fortios(&name, &text)?,
        Source::Iptables => import::iptables(&name, &text, placement)?,
        Source::Juniper => import::juniper(&name, &text)?,
        Source::Mulval => import::mulval(&name, &text)?,
        Source::Nft => import::nft(&name, &text, placement)?,
        Source::Nmap => import::nmap(&name, &text)?,
        Source::Openvas => import::openvas(&name, &text)?,
        Source::Paloalto => import::paloalto(&name, &text)?,
        Source::Sbom => import::components(&name, &text, placement.host)?,
    };
    write(&name, &imported, output, context)
}

/// The document, and to the log what is not in it.
fn write(
    name: &str,
    imported: &import::Imported,
    output: Option<&Path>,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    for left in &imported.ignored {
        warn!("{name}:{}: `{}` left out: {}", left.line, left.what, left.why);
    }
    let bytes = output::json(&imported.document)?;
    Target::of(output).write("system.json", &bytes, &mut context.output)?;
    Ok(if imported.ignored.is_empty() { Outcome::Clean } else { Outcome::Partial })
}

fn summary(system: &System) -> String {
    let counts = system.counts();
    let filled = counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = filled.map(|(kind, count)| format!("{count} × {}", kind.name())).collect();
    format!("`{}` with {}", escape::line(system.name()), counts.join(", "))
}

fn show(system: &System, format: Format, context: &mut Context) -> anyhow::Result<()> {
    match format {
        Format::Json => context.output.json(system.document()),
        Format::Facts => {
            let facts: String = system.facts().iter().map(|fact| format!("{fact}.\n")).collect();
            context.output.write(facts.as_bytes())
        }
        Format::Human => {
            context.output.line(&format!("{}\nsha256 {}", escape::line(system.name()), system.digest()))?;
            for (kind, count) in system.counts().into_iter().filter(|(_, count)| *count > 0) {
                context.output.line(&format!("{count:>7} {}", kind.name()))?;
            }
            Ok(())
        }
    }
}
