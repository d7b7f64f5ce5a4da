//! `sukashi assess`: how is this system attacked, what is exploitable, what stops it?

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use assess::export::{self, Publication};
use assess::packs::Pack;
use assess::report::{self, Report};
use assess::{NoVulnerabilities, Options, VulnerabilitySource};
use clap::ValueEnum;
use pipeline::Known;
use record::Assessment;
use system::System;
use tracing::warn;

use crate::commands::{Context, system as models, vuln};
use crate::outcome::Outcome;
use crate::output::{self, Target};
use crate::settings::{Setting, Settings};
use crate::{escape, input};

/// Attack the model of a system exhaustively: paths, verdicts, countermeasures.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi assess plant.yaml
  sukashi assess plant.yaml --what-if no-modem.yaml
  sukashi assess plant.yaml --format openvex -o plant.vex.json
  sukashi assess plant.yaml --format html --language ja -o plant.html
  sukashi assess plant.yaml --fail-on goal")]
pub(crate) struct Args {
    /// Documents of one system, merged in order; `-` reads standard input.
    #[arg(required = true)]
    system: Vec<PathBuf>,
    /// Documents to add; the difference they make is reported.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// A change to try, which may also `remove`; the difference it makes is reported.
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
    /// Rule packs beside the built-in ones.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// The vulnerability database; without one, only vulnerabilities that the model states.
    #[arg(long, value_name = "FILE")]
    vuln_db: Option<PathBuf>,
    /// Seed of the sampled figures.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Most paths for each goal.
    #[arg(long, default_value_t = 3, value_name = "N")]
    top: usize,
    /// Threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Processes to share the work: refused, with the reason.
    #[arg(long, value_name = "FILE", hide = true)]
    hosts: Option<PathBuf>,
    /// How the result looks; `json` if it goes to a file.
    #[arg(long)]
    format: Option<Format>,
    /// Exit with 1 if a goal is reached.
    #[arg(long, default_value = "never")]
    fail_on: FailOn,
    /// File, or folder (one that exists, or ends in `/`).
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// Language of `html` and `xlsx`.
    #[arg(long, default_value = "en")]
    language: Language,
    /// Publisher named in OpenVEX, CSAF, CycloneDX and STIX documents.
    #[arg(long, default_value = "sukashi", value_name = "NAME")]
    author: String,
    /// Name space of the identifiers in these documents.
    #[arg(long, default_value = "https://sukashi.example", value_name = "IRI")]
    namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// A page for a manager and an engineer.
    Html,
    /// Risk-analysis sheets in the form of IPA's guide for control systems.
    Xlsx,
    /// `sukashi.assessment/1`.
    Json,
    /// Layers of the ATT&CK Navigator.
    Navigator,
    /// STIX 2.1.
    Stix,
    /// Graphviz.
    Dot,
    /// Verdicts as OpenVEX.
    Openvex,
    /// Verdicts as CSAF VEX.
    Csaf,
    /// Verdicts as CycloneDX VEX.
    Cyclonedx,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Goal,
    Never,
}

/// What is to be done.
struct Plan {
    base: System,
    changed: Option<System>,
    options: Options,
    snapshot: Option<::vuln::Snapshot>,
}

impl Plan {
    fn new(args: &Args, settings: &Settings) -> anyhow::Result<Self> {
        let changes: Vec<PathBuf> = args.overlay.iter().chain(&args.what_if).cloned().collect();
        let with_changes: Vec<PathBuf> = args.system.iter().chain(&changes).cloned().collect();
        let workers = match args.jobs {
            Some(jobs) => jobs,
            None => settings.parsed(Setting::Jobs)?.unwrap_or(1),
        };
        let packs = args.rules.iter().map(|file| read_pack(file)).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            base: models::read(&args.system)?,
            changed: (!changes.is_empty()).then(|| models::read(&with_changes)).transpose()?,
            options: Options { seed: args.seed, top: args.top, packs, workers, ..Options::default() },
            snapshot: snapshot(args.vuln_db.as_deref(), settings)?,
        })
    }

    /// The model that the answers are about.
    fn system(&self) -> &System {
        self.changed.as_ref().unwrap_or(&self.base)
    }

    fn carry_out(&self) -> anyhow::Result<Assessment> {
        let known = self.snapshot.as_ref().map(Known::new).transpose()?;
        let source: &dyn VulnerabilitySource = match &known {
            Some(known) => known,
            None => &NoVulnerabilities,
        };
        let before = assess::assess(&self.base, &self.options, source)?;
        let Some(changed) = &self.changed else { return Ok(before) };
        let mut after = assess::assess(changed, &self.options, source)?;
        after.difference = Some(assess::compare(&before, &after));
        Ok(after)
    }
}

/// A database that was named must be there; the usual one may be missing.
///
/// # Errors
/// If it cannot be read, or a named one is missing.
pub(crate) fn snapshot(
    typed: Option<&Path>,
    settings: &Settings,
) -> anyhow::Result<Option<::vuln::Snapshot>> {
    let file = vuln::database(typed, settings)?;
    if typed.is_none() && !file.exists() {
        warn!(
            hint = "make one with `sukashi vuln import`, or name one with `--vuln-db`",
            "no vulnerability database: only what the model states is assessed"
        );
        return Ok(None);
    }
    vuln::open(&file).map(Some)
}

fn read_pack(file: &Path) -> anyhow::Result<Pack> {
    let name = file.file_stem().map_or_else(|| input::name(file), |stem| stem.to_string_lossy().into_owned());
    Ok(Pack { name, text: input::text(file)? })
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    if args.hosts.is_some() {
        bail!(
            "an assessment runs in one process, since several would be slower than one; hint: let threads take part \
             with `--jobs N`; a system that does not fit into one machine's memory has to be cut into several"
        );
    }
    let plan = Plan::new(args, &context.settings)?;
    let assessment = plan.carry_out()?;
    let target = Target::of(args.output.as_deref());
    let usual = if target == Target::Stdout { Format::Human } else { Format::Json };
    let format = args.format.unwrap_or(usual);
    let report = Report {
        assessment: &assessment,
        document: plan.system().document(),
        language: if args.language == Language::Ja {
            report::Language::Japanese
        } else {
            report::Language::English
        },
    };
    let bytes = render(&report, format, &publication(args)?)?;
    let name = format!("assessment.{}", extension(format));
    target.write(&name, &bytes, &mut context.output)?;
    let reached = args.fail_on == FailOn::Goal && assessment.goals.iter().any(|goal| goal.reached);
    let complete = if assessment.complete { Outcome::Clean } else { Outcome::Partial };
    Ok(Outcome::found(reached).max(complete))
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Human => "txt",
        Format::Dot => "dot",
        Format::Html => "html",
        Format::Xlsx => "xlsx",
        _ => "json",
    }
}

fn render(report: &Report<'_>, format: Format, publication: &Publication) -> anyhow::Result<Vec<u8>> {
    let assessment = report.assessment;
    match format {
        Format::Html => Ok(report::html(report).into_bytes()),
        Format::Xlsx => Ok(report::sheets(report)?),
        Format::Human => {
            let text = assess::render::human(assessment);
            Ok(escape::escape(&text, &['\n']).into_owned().into_bytes())
        }
        Format::Json => output::json(assessment),
        Format::Dot => Ok(export::dot(assessment).into_bytes()),
        Format::Navigator => output::json(&export::navigator(assessment)),
        Format::Stix => output::json(&export::stix(assessment, publication)),
        Format::Openvex => output::json(&export::openvex(assessment, publication)),
        Format::Csaf => output::json(&export::csaf(assessment, publication)),
        Format::Cyclonedx => output::json(&export::cyclonedx(assessment, publication)),
    }
}

/// These formats demand a time: `SOURCE_DATE_EPOCH` (reproducible-builds.org) or now.
fn publication(args: &Args) -> anyhow::Result<Publication> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().context("`SOURCE_DATE_EPOCH` is no number of seconds")?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64),
    };
    let timestamp = statement::Timestamp::from_unix(seconds).context("the time is out of range")?;
    Ok(Publication {
        author: args.author.clone(),
        namespace: args.namespace.clone(),
        timestamp: timestamp.to_string(),
    })
}
