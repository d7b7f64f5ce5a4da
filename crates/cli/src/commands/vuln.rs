//! `sukashi vuln`: known vulnerabilities, from feeds on disk to matches in a bill of materials.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use pipeline::ComponentMatches;
use tracing::{info, warn};
use vuln::{Certainty, Event, Match, Severity, Snapshot, Verdict, Vulnerability};

use crate::commands::Context;
use crate::outcome::Outcome;
use crate::progress::Bar;
use crate::settings::{Setting, Settings};
use crate::{commands, escape};

/// Import, match, show and search known vulnerabilities.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi vuln import feeds/
  sukashi vuln match router.cdx.json")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The database; made by `vuln import`.
    #[arg(long, global = true, value_name = "FILE")]
    vuln_db: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the database from feeds: NVD, CVE 5, OSV, KEV, EPSS, and more.
    #[command(before_help = "Examples:
  sukashi vuln import nvd-2023.jsonl.zst known_exploited_vulnerabilities.json
  sukashi vuln import feeds/ --vuln-db snapshot.redb")]
    Import {
        /// Feeds, or folders of feeds.
        #[arg(required = true)]
        path: Vec<PathBuf>,
    },
    /// Which vulnerabilities do the components of a bill of materials have?
    #[command(before_help = "Examples:
  sukashi vuln match router.cdx.json
  sukashi vuln match router.cdx.json --fail-on critical --format json")]
    Match {
        /// CycloneDX or SPDX; `-` reads standard input.
        bom: PathBuf,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Format,
        /// Exit with 1 if a component is affected by one at least this severe.
        #[arg(long, default_value = "never", value_name = "SEVERITY")]
        fail_on: Threshold,
    },
    /// Everything known about one vulnerability.
    #[command(before_help = "Examples:
  sukashi vuln show CVE-2021-44228")]
    Show {
        /// Such as `CVE-2021-44228`.
        id: String,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Format,
    },
    /// Vulnerabilities whose texts hold all of the words.
    #[command(before_help = "Examples:
  sukashi vuln search busybox awk")]
    Search {
        /// Words.
        #[arg(required = true)]
        words: Vec<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Threshold {
    Critical,
    High,
    Medium,
    Low,
    Never,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let file = database(args.vuln_db.as_deref(), &context.settings)?;
    match &args.command {
        Command::Import { path } => import(path, &file, context),
        Command::Match { bom, format, fail_on } => match_bom(&open(&file)?, bom, *format, *fail_on, context),
        Command::Show { id, format } => show(&open(&file)?, id, *format, context),
        Command::Search { words, limit } => search(&open(&file)?, &words.join(" "), *limit, context),
    }
}

/// Where the database lies.
///
/// # Errors
/// If a setting cannot be read.
pub(crate) fn database(typed: Option<&Path>, settings: &Settings) -> anyhow::Result<PathBuf> {
    match typed {
        Some(path) => Ok(path.to_owned()),
        None => settings.parsed(Setting::VulnDb)?.context("no vulnerability database is set"),
    }
}

/// Opens it.
///
/// # Errors
/// If it is missing or none.
pub(crate) fn open(file: &Path) -> anyhow::Result<Snapshot> {
    if !file.exists() {
        bail!(
            "there is no vulnerability database `{}`; hint: make one with `sukashi vuln import`",
            file.display()
        );
    }
    Ok(Snapshot::open(file)?)
}

fn import(paths: &[PathBuf], file: &Path, context: &mut Context) -> anyhow::Result<Outcome> {
    let mut feeds = Vec::new();
    for path in paths {
        list(path, &mut feeds)?;
    }
    if feeds.is_empty() {
        bail!("there are no files in what you named");
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    let bar = Bar::new("import");
    let summary = vuln::build(&feeds, file, &mut |event| match event {
        Event::Reading { path, lines } => bar.at(lines, &path.display().to_string()),
        Event::Writing { done, of } => {
            bar.of(of);
            bar.at(done, "writing");
        }
        Event::Damaged { path, line, why } => warn!("{}:{line}: left out: {why}", path.display()),
        _ => {}
    })?;
    drop(bar);
    let info = &summary.info;
    info!("read {} entries of {} feeds", summary.lines, feeds.len());
    context.output.line(&format!(
        "{} vulnerabilities, {} matchable, {} exploited, {} with EPSS, newest {}\nsha256 {}\n{}",
        info.records,
        info.matchable,
        info.exploited,
        info.scored,
        escape::line(&info.newest),
        info.sha256,
        file.display()
    ))?;
    Ok(if summary.damaged > 0 { Outcome::Partial } else { Outcome::Clean })
}

/// The file itself, or the feeds below a folder, sorted.
fn list(path: &Path, feeds: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let failed = || format!("cannot read `{}`", path.display());
    if !std::fs::metadata(path).with_context(failed)?.is_dir() {
        feeds.push(path.to_owned());
        return Ok(());
    }
    let mut inside = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let kind = entry.file_type().with_context(failed)?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() && is_feed(&entry.path()) {
                inside.push(entry.path());
            }
        }
    }
    inside.sort();
    feeds.append(&mut inside);
    Ok(())
}

/// Folders of feeds hold other things too, such as texts about them.
fn is_feed(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = [".zst", ".gz", ".xz"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    [".json", ".jsonl", ".csv"].iter().any(|end| name.ends_with(end))
}

fn match_bom(
    snapshot: &Snapshot,
    bom: &Path,
    format: Format,
    fail_on: Threshold,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let document = commands::bom::read(bom)?;
    let found = pipeline::match_components(snapshot, &document.bom)?;
    match format {
        Format::Json => context.output.json(&matches_json(snapshot, &found))?,
        Format::Human => context.output.write(matches_human(&found).as_bytes())?,
    }
    let least = match fail_on {
        Threshold::Critical => Severity::Critical,
        Threshold::High => Severity::High,
        Threshold::Medium => Severity::Medium,
        Threshold::Low => Severity::Low,
        Threshold::Never => return Ok(Outcome::Clean),
    };
    let fails = |m: &Match| m.verdict == Verdict::Affected && m.severity.is_some_and(|s| s >= least);
    Ok(Outcome::found(found.iter().flat_map(|c| &c.matches).any(fails)))
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => "affected",
        Verdict::Unknown => "unknown",
    }
}

fn certainty_name(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Exact => "exact",
        Certainty::Probable => "probable",
        Certainty::Possible => "possible",
    }
}

fn matches_json(snapshot: &Snapshot, found: &[ComponentMatches]) -> serde_json::Value {
    let one = |m: &Match| {
        serde_json::json!({
            "id": m.id, "verdict": verdict_name(m.verdict), "certainty": certainty_name(m.certainty),
            "name": m.name, "range": m.range, "source": m.source, "why": m.why, "platforms": m.platforms,
            "score": m.score, "vector": m.vector, "epss": m.epss, "kev": m.kev,
        })
    };
    let components: Vec<_> = found
        .iter()
        .map(|c| {
            let matches: Vec<_> = c.matches.iter().map(one).collect();
            serde_json::json!({"component": c.name, "ref": c.component.0, "purl": c.purl, "matches": matches})
        })
        .collect();
    let info = snapshot.info();
    serde_json::json!({"vuln_db": {"sha256": info.sha256, "date": info.newest}, "components": components})
}

fn matches_human(found: &[ComponentMatches]) -> String {
    let mut text = String::new();
    let (mut affected, mut unknown) = (0, 0);
    for component in found {
        text += &format!("{}\n", escape::line(&component.name));
        let mut matches: Vec<&Match> = component.matches.iter().collect();
        let rank =
            |m: &&Match| (m.verdict, !m.kev, std::cmp::Reverse((m.score.unwrap_or(0.0) * 10.0) as i64));
        matches.sort_by_key(rank);
        for m in matches {
            let score = m.score.map_or_else(|| "   -".to_owned(), |score| format!("{score:4.1}"));
            let kev = if m.kev { " exploited" } else { "" };
            let mark = match m.verdict {
                Verdict::Affected => {
                    affected += 1;
                    String::new()
                }
                Verdict::Unknown => {
                    unknown += 1;
                    format!(" unknown: {}", escape::line(&m.why))
                }
            };
            text +=
                &format!("  {score} {}{kev} ({}){mark}\n", escape::line(&m.id), certainty_name(m.certainty));
        }
    }
    text + &format!("{affected} affected, {unknown} unknown, in {} components\n", found.len())
}

fn show(snapshot: &Snapshot, id: &str, format: Format, context: &mut Context) -> anyhow::Result<Outcome> {
    let Some(found) = snapshot.get(&id.to_uppercase())?.map_or_else(|| snapshot.get(id), |v| Ok(Some(v)))?
    else {
        bail!("there is no `{}` in the database of {}", escape::line(id), snapshot.info().newest);
    };
    match format {
        Format::Json => context.output.json(&found)?,
        Format::Human => context.output.write(description(&found).as_bytes())?,
    }
    Ok(Outcome::Clean)
}

fn description(found: &Vulnerability) -> String {
    let mut text = format!("{}  {}\n\n{}\n\n", found.id, found.published, escape::line(&found.description));
    if let Some((rating, score)) = found.effective_rating() {
        text += &format!("score      {score:.1}  {}  ({})\n", rating.vector, escape::line(&rating.source));
    }
    if let Some(epss) = &found.epss {
        text += &format!("EPSS       {:.3}\n", epss.probability);
    }
    if found.kev.is_some() {
        text += "exploited  listed by CISA\n";
    }
    if !found.weaknesses.is_empty() {
        let names: Vec<String> = found.weaknesses.iter().map(|number| format!("CWE-{number}")).collect();
        text += &format!("weakness   {}\n", names.join(", "));
    }
    text.extend(found.references.iter().map(|reference| format!("           {}\n", escape::line(reference))));
    text + &format!("from       {}\n", escape::line(&found.sources.join(", ")))
}

fn search(snapshot: &Snapshot, words: &str, limit: usize, context: &mut Context) -> anyhow::Result<Outcome> {
    for found in snapshot.search(words, limit)? {
        let score = found.score.map_or_else(|| "   -".to_owned(), |score| format!("{score:4.1}"));
        let kev = if found.kev { " exploited" } else { "" };
        context.output.line(&format!("{score} {}{kev}", found.id))?;
    }
    Ok(Outcome::Clean)
}
