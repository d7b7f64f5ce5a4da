//! `sukashi vuln`: known vulnerabilities, from feeds on disk to matches in a bill of materials.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use pipeline::ComponentMatches;
use tracing::{info, warn};
use vuln::{
    Applied, Certainty, Event, Match, Query, Severity, Snapshot, Verdict, Vex, VexStatus, Vulnerability,
};

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
    /// Make the database from feeds: NVD, CVE 5, OSV, CSAF, KEV, EPSS, and more.
    #[command(before_help = "Examples:
  sukashi vuln import nvd-2023.jsonl.zst known_exploited_vulnerabilities.json
  sukashi vuln import feeds/ --vuln-db snapshot.redb
  sukashi vuln import nvd-modified.json.gz --update")]
    Import {
        /// Feeds, or folders of feeds.
        #[arg(required = true)]
        path: Vec<PathBuf>,
        /// Keep what the database holds, and add to it.
        #[arg(long)]
        update: bool,
    },
    /// Fetch official feeds over HTTPS, and bring the database up to date.
    #[command(before_help = "Examples:
  sukashi vuln sync
  sukashi vuln sync --list > feeds.toml
  sukashi vuln sync --feeds feeds.toml --into /srv/feeds")]
    Sync {
        /// Which feeds, and how often; without it the official ones.
        #[arg(long, value_name = "FILE")]
        feeds: Option<PathBuf>,
        /// Folder of fetched feeds; without it `feeds` beside the database.
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Ask for every feed, due or not.
        #[arg(long)]
        all: bool,
        /// Print the list of official feeds, and fetch nothing.
        #[arg(long)]
        list: bool,
    },
    /// Judge a CSAF 2.0 advisory by its standard: 0 valid, 1 not.
    #[command(before_help = "Examples:
  sukashi vuln validate advisory.json
  sukashi vuln validate - --format json < advisory.json")]
    Validate {
        /// The advisory; `-` reads standard input.
        file: PathBuf,
        /// How the answer looks.
        #[arg(long, default_value = "human")]
        format: Format,
    },
    /// Which vulnerabilities do the components of a bill of materials have?
    #[command(before_help = "Examples:
  sukashi vuln match router.cdx.json
  sukashi vuln match router.cdx.json --fail-on critical --format json
  sukashi vuln match router.cdx.json --vex vendor.openvex.json")]
    Match {
        /// CycloneDX or SPDX; `-` reads standard input.
        bom: PathBuf,
        /// What the supplier says: OpenVEX, CSAF, CycloneDX; may stand several times.
        #[arg(long, value_name = "FILE")]
        vex: Vec<PathBuf>,
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
        Command::Import { path, update } => import(path, *update, &file, context),
        Command::Sync { list: true, .. } => {
            context.output.write(vuln::Schedule::official_text().as_bytes())?;
            Ok(Outcome::Clean)
        }
        Command::Sync { feeds, into, all, .. } => {
            sync(feeds.as_deref(), into.as_deref(), *all, &file, context)
        }
        Command::Validate { file, format } => validate(file, *format, context),
        Command::Match { bom, vex, format, fail_on } => {
            match_bom(&open(&file)?, bom, vex, *format, *fail_on, context)
        }
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

fn import(paths: &[PathBuf], update: bool, file: &Path, context: &mut Context) -> anyhow::Result<Outcome> {
    let mut feeds = Vec::new();
    for path in paths {
        list(path, &mut feeds)?;
    }
    if feeds.is_empty() {
        bail!("there are no files in what you named");
    }
    let old = if update { Some(open(file)?) } else { None };
    build(old.as_ref(), &feeds, file, context)
}

fn build(
    old: Option<&Snapshot>,
    feeds: &[PathBuf],
    file: &Path,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    let bar = Bar::new("import");
    let mut show = |event: Event<'_>| match event {
        Event::Reading { path, lines } => bar.at(lines, &path.display().to_string()),
        Event::Writing { done, of } => {
            bar.of(of);
            bar.at(done, "writing");
        }
        Event::Damaged { path, line, why } => warn!("{}:{line}: left out: {why}", path.display()),
        _ => {}
    };
    let summary = match old {
        Some(old) => vuln::update(old, feeds, file, &mut show)?,
        None => vuln::build(feeds, file, &mut show)?,
    };
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

fn sync(
    feeds: Option<&Path>,
    into: Option<&Path>,
    all: bool,
    file: &Path,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let schedule = match feeds {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
            vuln::Schedule::parse(&text, path)?
        }
        None => vuln::Schedule::official()?,
    };
    let folder = into.map_or_else(|| file.with_file_name("feeds"), Path::to_owned);
    let bar = Bar::new("feeds");
    let options = vuln::SyncOptions { all, ..vuln::SyncOptions::default() };
    let mut show = |name: &str, bytes: u64, of: Option<u64>| {
        bar.of(of.unwrap_or(0));
        bar.at(bytes, name);
    };
    let report = vuln::sync(&schedule, &folder, &options, &mut show)?;
    drop(bar);
    let (mut fetched, mut failed) = (Vec::new(), 0);
    for (name, path, done) in report {
        match done {
            vuln::Synced::Fetched { bytes, sha256, .. } => {
                info!("fetched {name}: {bytes} bytes, sha256 {sha256}");
                fetched.push(path);
            }
            vuln::Synced::Failed(error) => {
                failed += 1;
                warn!("{:#}", anyhow::Error::new(error));
            }
            _ => {}
        }
    }
    if fetched.is_empty() && file.exists() {
        context.output.line("nothing new")?;
        return Ok(if failed > 0 { Outcome::Partial } else { Outcome::Clean });
    }
    let known: Vec<PathBuf> = schedule.feeds().iter().map(|feed| folder.join(&feed.name)).collect();
    let present: Vec<PathBuf> = known.into_iter().filter(|path| path.exists()).collect();
    if present.is_empty() {
        bail!("no feed could be fetched");
    }
    let old = if file.exists() { Some(open(file)?) } else { None };
    let outcome = match &old {
        Some(old) => build(Some(old), &fetched, file, context)?,
        None => build(None, &present, file, context)?,
    };
    Ok(if failed > 0 { Outcome::Partial } else { outcome })
}

fn validate(file: &Path, format: Format, context: &mut Context) -> anyhow::Result<Outcome> {
    let verdict = vuln::check_csaf(&crate::input::bytes(file)?);
    match format {
        Format::Json => context.output.json(&verdict)?,
        Format::Human => {
            let name = crate::input::name(file);
            let mut text = String::new();
            for finding in &verdict.findings {
                let vuln::CsafFinding { level, test, path, message } = finding;
                let level = match level {
                    vuln::CsafLevel::Error => "error",
                    vuln::CsafLevel::Warning => "warning",
                    vuln::CsafLevel::Information => "information",
                };
                let (path, message) = (escape::line(path), escape::line(message));
                text += &format!("{name}: {level} {test}: `{path}`: {message}\n");
            }
            if verdict.more > 0 {
                text += &format!("and {} more\n", verdict.more);
            }
            text.extend(verdict.unchecked.iter().map(|rule| format!("not checked: {rule}\n")));
            let word = if verdict.is_valid() { "valid" } else { "invalid" };
            context.output.write(format!("{text}{word} CSAF 2.0\n").as_bytes())?;
        }
    }
    Ok(Outcome::found(!verdict.is_valid()))
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
    let name = [".zst", ".gz"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    [".json", ".jsonl", ".csv", ".yaml", ".zip"].iter().any(|end| name.ends_with(end))
}

fn match_bom(
    snapshot: &Snapshot,
    bom: &Path,
    vex: &[PathBuf],
    format: Format,
    fail_on: Threshold,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let document = commands::bom::read(bom)?;
    let found = pipeline::match_components(snapshot, &document.bom)?;
    let mut statements = Vec::new();
    for file in vex {
        let read = vuln::read_vex(&crate::input::bytes(file)?);
        statements.extend(read.with_context(|| format!("cannot use `{}`", crate::input::name(file)))?);
    }
    let said = Said { vex: Vex::new(statements), bom: &document.bom };
    match format {
        Format::Json => context.output.json(&matches_json(snapshot, &found, &said))?,
        Format::Human => context.output.write(matches_human(&found, &said).as_bytes())?,
    }
    let least = match fail_on {
        Threshold::Critical => Severity::Critical,
        Threshold::High => Severity::High,
        Threshold::Medium => Severity::Medium,
        Threshold::Low => Severity::Low,
        Threshold::Never => return Ok(Outcome::Clean),
    };
    let fails = |component: &ComponentMatches, m: &Match| {
        m.verdict == Verdict::Affected
            && m.severity.is_some_and(|s| s >= least)
            && !said.of(component, m).is_some_and(|applied| said_safe(&applied))
    };
    Ok(Outcome::found(found.iter().any(|c| c.matches.iter().any(|m| fails(c, m)))))
}

/// What suppliers say of the components of one bill of materials.
struct Said<'b> {
    vex: Vex,
    bom: &'b bom::Bom,
}

impl Said<'_> {
    fn of(&self, component: &ComponentMatches, found: &Match) -> Option<Applied<'_>> {
        let query = Query::from(self.bom.component(&component.component)?);
        let subject = self.bom.subject().map(Query::from);
        self.vex.applied(&query, subject.as_ref(), &[&found.id])
    }
}

fn said_safe(applied: &Applied<'_>) -> bool {
    matches!(applied.statement.status, VexStatus::Fixed | VexStatus::NotAffected)
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

fn matches_json(snapshot: &Snapshot, found: &[ComponentMatches], said: &Said<'_>) -> serde_json::Value {
    let one = |c: &ComponentMatches, m: &Match| {
        let vex = said.of(c, m).map(|applied| serde_json::json!({
            "status": applied.statement.status, "justification": applied.statement.justification,
            "text": applied.statement.text, "time": applied.statement.time, "source": applied.statement.source,
        }));
        serde_json::json!({
            "id": m.id, "verdict": verdict_name(m.verdict), "certainty": certainty_name(m.certainty),
            "name": m.name, "range": m.range, "source": m.source, "why": m.why, "platforms": m.platforms,
            "score": m.score, "vector": m.vector, "epss": m.epss, "kev": m.kev, "vex": vex,
        })
    };
    let components: Vec<_> = found
        .iter()
        .map(|c| {
            let matches: Vec<_> = c.matches.iter().map(|m| one(c, m)).collect();
            serde_json::json!({"component": c.name, "ref": c.component.0, "purl": c.purl, "matches": matches})
        })
        .collect();
    let info = snapshot.info();
    serde_json::json!({"vuln_db": {"sha256": info.sha256, "date": info.newest}, "components": components})
}

fn matches_human(found: &[ComponentMatches], said: &Said<'_>) -> String {
    let mut text = String::new();
    let (mut affected, mut unknown, mut cleared) = (0, 0, 0);
    for component in found {
        text += &format!("{}\n", escape::line(&component.name));
        let mut matches: Vec<&Match> = component.matches.iter().collect();
        let rank =
            |m: &&Match| (m.verdict, !m.kev, std::cmp::Reverse((m.score.unwrap_or(0.0) * 10.0) as i64));
        matches.sort_by_key(rank);
        for m in matches {
            let score = m.score.map_or_else(|| "   -".to_owned(), |score| format!("{score:4.1}"));
            let kev = if m.kev { " exploited" } else { "" };
            let applied = said.of(component, m).filter(said_safe);
            let mark = match (m.verdict, applied) {
                (_, Some(applied)) => {
                    cleared += 1;
                    let word =
                        if applied.statement.status == VexStatus::Fixed { "fixed" } else { "not affected" };
                    format!(" {word}, says {}", escape::line(&applied.statement.source))
                }
                (Verdict::Affected, None) => {
                    affected += 1;
                    String::new()
                }
                (Verdict::Unknown, None) => {
                    unknown += 1;
                    format!(" unknown: {}", escape::line(&m.why))
                }
            };
            text +=
                &format!("  {score} {}{kev} ({}){mark}\n", escape::line(&m.id), certainty_name(m.certainty));
        }
    }
    let cleared = if cleared > 0 { format!(", {cleared} cleared by VEX") } else { String::new() };
    text + &format!("{affected} affected, {unknown} unknown{cleared}, in {} components\n", found.len())
}

fn show(snapshot: &Snapshot, id: &str, format: Format, context: &mut Context) -> anyhow::Result<Outcome> {
    let Some(found) = snapshot.get(&id.to_uppercase())?.map_or_else(|| snapshot.get(id), |v| Ok(Some(v)))?
    else {
        bail!("there is no `{}` in the database of {}", escape::line(id), snapshot.info().newest);
    };
    match format {
        Format::Json => context.output.json(&found)?,
        Format::Human => context.output.write(description(snapshot, &found)?.as_bytes())?,
    }
    Ok(Outcome::Clean)
}

fn description(snapshot: &Snapshot, found: &Vulnerability) -> anyhow::Result<String> {
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
    for number in &found.weaknesses {
        let id = format!("CWE-{number}");
        let name = snapshot.concept(&id)?.map(|concept| concept.name).unwrap_or_default();
        text += &format!("weakness   {id} {}\n", escape::line(&name));
    }
    for technique in snapshot.techniques(found)? {
        text += &format!("technique  {} {}\n", escape::line(&technique.id), escape::line(&technique.name));
    }
    for exploit in &found.exploits {
        let source = match exploit.source {
            vuln::ExploitSource::ExploitDb => "Exploit-DB",
            vuln::ExploitSource::Metasploit => "Metasploit",
        };
        text += &format!("exploit    {source} {}\n", escape::line(&exploit.id));
    }
    text.extend(found.references.iter().map(|reference| format!("           {}\n", escape::line(reference))));
    Ok(text + &format!("from       {}\n", escape::line(&found.sources.join(", "))))
}

fn search(snapshot: &Snapshot, words: &str, limit: usize, context: &mut Context) -> anyhow::Result<Outcome> {
    for found in snapshot.search(words, limit)? {
        let score = found.score.map_or_else(|| "   -".to_owned(), |score| format!("{score:4.1}"));
        let kev = if found.kev { " exploited" } else { "" };
        context.output.line(&format!("{score} {}{kev}", found.id))?;
    }
    Ok(Outcome::Clean)
}
