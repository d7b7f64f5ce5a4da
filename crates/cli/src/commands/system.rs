//! `sukashi system`: the model of a real system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use record::{Inspection, Sha256};
use system::{Document, System, import};
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
  sukashi system collect -o this-host.yaml
  sukashi system collect --root /mnt/image --host plc-gateway")]
    Collect {
        /// Below which the host's files are.
        #[arg(long, default_value = "/", value_name = "DIR")]
        root: PathBuf,
        /// Name of the host in the model; its own where left out.
        #[arg(long, value_name = "ID")]
        host: Option<String>,
        #[command(flatten)]
        written: Written,
    },
    /// Make a document from what other tools write; what it could not use is listed.
    #[command(before_help = "Examples:
  sukashi system import --from nmap scan.xml -o scan.yaml
  sukashi system import --from cisco head.cfg north.cfg south.cfg --name offices -o offices.yaml
  sukashi system import --from iptables rules.v4 --host fw1 --outer it --inner ot")]
    Import {
        /// What wrote the file.
        #[arg(long)]
        from: Source,
        /// Files, merged into one document; `-` reads standard input.
        #[arg(required = true)]
        file: Vec<PathBuf>,
        /// Host that the rules, or the components, stand on.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft"), ("from", "sbom")]), value_name = "ID")]
        host: Option<String>,
        /// Zone outside of that filter.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft")]), value_name = "ID")]
        outer: Option<String>,
        /// Zone that is entered and left only through that filter.
        #[arg(long, required_if_eq_any([("from", "iptables"), ("from", "nft")]), value_name = "ID")]
        inner: Option<String>,
        #[command(flatten)]
        written: Written,
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

/// How a document is written.
#[derive(Debug, clap::Args)]
struct Written {
    /// Name of the system; a document without one is completed by others.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// YAML tells the source of every entry; without this, what the file's name says, and else `json`.
    #[arg(long)]
    format: Option<Form>,
    /// Where to write the document.
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Json,
    Yaml,
}

impl Written {
    fn form(&self) -> Form {
        let extension = self.output.as_ref().and_then(|path| path.extension());
        let by_name = extension.is_some_and(|extension| extension == "yaml" || extension == "yml");
        self.format.unwrap_or(if by_name { Form::Yaml } else { Form::Json })
    }
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
    /// The merged document, with the place of every entry.
    Yaml,
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
        Command::Collect { root, host, written } => {
            let collected = import::collect(root, host.as_deref());
            let name = root.display().to_string();
            report(&name, &collected);
            let entries = system::entries(&collected.document).into_iter();
            let sources = entries.filter_map(|entry| {
                let from = import::collected_from(entry.section)?;
                Some(((entry.section, entry.id), root.join(from).display().to_string()))
            });
            let sources = sources.collect();
            let complete = collected.ignored.is_empty();
            return write(collected.document, &sources, complete, written, context);
        }
        Command::Import { from, file, host, outer, inner, written } => {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (host, outer, inner) = (text(host), text(outer), text(inner));
            let placement = import::Placement { host: &host, outer: &outer, inner: &inner };
            let (mut documents, mut complete) = (Vec::new(), true);
            for file in file {
                let name = input::name(file);
                let imported = read_foreign(*from, &name, &input::text(file)?, placement)?;
                report(&name, &imported);
                complete &= imported.ignored.is_empty();
                documents.push((name, imported.document));
            }
            return write(system::join(&documents)?, &sources(&documents), complete, written, context);
        }
        Command::Show { file, format } => {
            let documents = documents(file)?;
            show(&System::new(&documents)?, &sources(&documents), *format, context)?;
        }
    }
    Ok(Outcome::Clean)
}

/// Reads, merges and checks the documents of one system.
///
/// # Errors
/// Every mistake that can be told from the others, with its place.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<System> {
    Ok(System::new(&documents(files)?)?)
}

fn documents(files: &[PathBuf]) -> anyhow::Result<Vec<(String, Document)>> {
    let read = |file: &PathBuf| {
        let name = input::name(file);
        let document = system::read(&name, &input::text(file)?)?;
        Ok((name, document))
    };
    files.iter().map(read).collect()
}

/// File and line of an entry, by section and id.
type Sources = BTreeMap<(&'static str, String), String>;

/// The first document that has an entry is its source.
fn sources(documents: &[(String, Document)]) -> Sources {
    let mut sources = Sources::new();
    for (name, document) in documents {
        for entry in system::entries(document) {
            let line = entry.written.line;
            sources.entry((entry.section, entry.id)).or_insert_with(|| format!("{name}:{line}"));
        }
    }
    sources
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
    name: &str,
    text: &str,
    placement: import::Placement<'_>,
) -> anyhow::Result<import::Imported> {
    Ok(match from {
        Source::Cisco => import::cisco(name, text)?,
        Source::Csv => import::table(name, text)?,
        Source::Directory => import::directory(name, text)?,
        Source::Fortios => import::fortios(name, text)?,
        Source::Iptables => import::iptables(name, text, placement)?,
        Source::Juniper => import::juniper(name, text)?,
        Source::Mulval => import::mulval(name, text)?,
        Source::Nft => import::nft(name, text, placement)?,
        Source::Nmap => import::nmap(name, text)?,
        Source::Openvas => import::openvas(name, text)?,
        Source::Paloalto => import::paloalto(name, text)?,
        Source::Sbom => import::components(name, text, placement.host)?,
    })
}

/// To the log: what is not in the document.
fn report(name: &str, imported: &import::Imported) {
    for left in &imported.ignored {
        warn!("{name}:{}: `{}` left out: {}", left.line, left.what, left.why);
    }
}

fn write(
    mut document: Document,
    sources: &Sources,
    complete: bool,
    written: &Written,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    if written.name.is_some() {
        document.name.clone_from(&written.name);
    }
    let (name, bytes) = match written.form() {
        Form::Json => ("system.json", output::json(&document)?),
        Form::Yaml => ("system.yaml", yaml(&document, sources).into_bytes()),
    };
    Target::of(written.output.as_deref()).write(name, &bytes, &mut context.output)?;
    Ok(if complete { Outcome::Clean } else { Outcome::Partial })
}

fn yaml(document: &Document, sources: &Sources) -> String {
    system::yaml(document, |section, id| sources.get(&(section, id.to_owned())).cloned())
}

fn summary(system: &System) -> String {
    let counts = system.counts();
    let filled = counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = filled.map(|(kind, count)| format!("{count} × {}", kind.name())).collect();
    format!("`{}` with {}", escape::line(system.name()), counts.join(", "))
}

fn show(system: &System, sources: &Sources, format: Format, context: &mut Context) -> anyhow::Result<()> {
    match format {
        Format::Yaml => context.output.write(yaml(system.document(), sources).as_bytes()),
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
