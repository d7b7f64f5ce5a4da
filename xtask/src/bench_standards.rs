//! `cargo xtask bench standards`: names, bills of materials and vulnerabilities, measured for speed and for truth.
//!
//! Data: `SUKASHI_TEST_DATA` is a folder with the feeds (`nvd/`, `nvd-overrides/`, `cve5/`, `osv/`, `csaf/`, `kev/`, `epss/`,
//! `exploits/`, `cwe/`, `attack/`); `SUKASHI_DISTRIBUTIONS` one with Debian's lists of advisories and Alpine's databases. What is
//! not there is `not measured`. Truth is `crates/vuln/tests/labelled.tsv`, on which the matcher was built, and `blind.tsv` beside it, which
//! `cargo xtask vuln-label` writes from packages that nothing was built on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use bom::ReadLimits;
use vuln::{Matcher, Query, Snapshot, Verdict};

use crate::files;

const FOLDERS: &[&str] =
    &["nvd", "nvd-overrides", "cve5", "osv", "csaf", "kev", "epss", "exploits", "cwe", "attack"];
const LABELLED: &str = "crates/vuln/tests/labelled.tsv";
const BLIND: &str = "crates/vuln/tests/blind.tsv";
const DATABASE: &str = "target/standards/vuln.redb";

pub(crate) fn run() -> anyhow::Result<()> {
    println!("| measure | value |\n|---|---:|");
    documents()?;
    let Some(data) = data() else {
        println!("| vulnerabilities | not measured |");
        return Ok(());
    };
    let snapshot = import(&data)?;
    look_up(&snapshot)?;
    many(&data, &snapshot)?;
    truth(&snapshot)
}

fn row(measure: &str, value: impl std::fmt::Display) {
    println!("| {measure} | {value} |");
}

/// Most memory this process has held, in MB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_000
}

/// A CycloneDX document of about this many bytes, like those that generators write.
fn document(bytes: usize) -> String {
    let mut text =
        String::from("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,\"components\":[");
    let mut number = 0_u64;
    while text.len() < bytes {
        let comma = if number == 0 { "" } else { "," };
        let digest =
            format!("{:064x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "{comma}{{\"type\":\"library\",\"bom-ref\":\"pkg:npm/%40scope/library-{number}@1.{number}.0\",\"group\":\"@scope\",\
             \"name\":\"library-{number}\",\"version\":\"1.{number}.0\",\"description\":\"Does what library {number} does.\",\
             \"hashes\":[{{\"alg\":\"SHA-256\",\"content\":\"{digest}\"}}],\"licenses\":[{{\"license\":{{\"id\":\"MIT\"}}}}],\
             \"purl\":\"pkg:npm/%40scope/library-{number}@1.{number}.0\",\"externalReferences\":[{{\"type\":\"website\",\
             \"url\":\"https://library-{number}.example/\"}}],\"properties\":[{{\"name\":\"path\",\"value\":\"/node_modules/{number}\"}}]}}"
        );
        number += 1;
    }
    text.push_str("]}");
    text
}

/// Seconds of processor time that this process has had. Others share the machine: a clock on the wall measures them too.
fn processor() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read `/proc/self/stat`")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime and stime of proc(5), in hundredths; the state is the first field behind the name.
    let hundredths: u32 = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(f64::from(hundredths) / 100.0)
}

fn documents() -> anyhow::Result<()> {
    let small = document(128 << 20);
    let start = processor()?;
    let read = bom::read(small.as_bytes(), &ReadLimits::default())?;
    let seconds = processor()? - start;
    row("CycloneDX JSON read, by one core's time", format!("{:.0} MB/s", small.len() as f64 / 1e6 / seconds));
    drop((small, read));
    let large = document(256_000_000);
    let (start, begun) = (Instant::now(), processor()?);
    let read = bom::read(large.as_bytes(), &ReadLimits::default())?;
    let (seconds, busy) = (start.elapsed().as_secs_f64(), processor()? - begun);
    row(
        "document of 256 MB read",
        format!("{seconds:.1} s ({busy:.1} s of one core), {} components", read.bom.components.len()),
    );
    row("most memory for it, document included", format!("{} MB", peak()));
    Ok(())
}

/// Advisory lists of Debian's tracker and databases of Alpine below a folder.
pub(crate) fn distributions(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = files::below(folder)?;
    found.retain(|path| {
        let path = path.to_string_lossy();
        path.ends_with("data/DSA/list")
            || path.ends_with("data/DLA/list")
            || path.contains("/v3.") && path.ends_with(".yaml")
    });
    Ok(found)
}

/// Feeds of the data, without Debian's and Alpine's.
fn feeds(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut feeds = Vec::new();
    for folder in FOLDERS {
        feeds.extend(files::below(&data.join(folder))?);
    }
    feeds.retain(|path| !path.to_string_lossy().ends_with(".txt") && !path.ends_with("cwe-capec-attack.csv"));
    Ok(feeds)
}

/// The data, where `SUKASHI_TEST_DATA` names them.
fn data() -> Option<PathBuf> {
    std::env::var_os("SUKASHI_TEST_DATA").filter(|data| !data.is_empty()).map(PathBuf::from)
}

/// What was imported, with seconds and records.
pub(crate) type Imported = (&'static str, f64, u64);

/// One kind of feed after the other, each into a database of its own; `None` without data.
pub(crate) fn imports() -> anyhow::Result<Option<[Imported; 2]>> {
    let Some(data) = data() else { return Ok(None) };
    let feeds = feeds(&data)?;
    let folder = tempfile::tempdir()?;
    let one = |measure, part: &str| -> anyhow::Result<Imported> {
        let of_kind: Vec<_> =
            feeds.iter().filter(|path| path.to_string_lossy().contains(part)).cloned().collect();
        let start = Instant::now();
        let summary = vuln::build(&of_kind, &folder.path().join("part.redb"), &mut |_| {})?;
        Ok((measure, start.elapsed().as_secs_f64(), summary.info.records))
    };
    let imported =
        [one("214,034 CVE records imported", "/nvd/")?, one("2,379 CSAF documents imported", "/csaf/")?];
    Ok(Some(imported))
}

fn import(data: &Path) -> anyhow::Result<Snapshot> {
    let mut feeds = feeds(data)?;
    if let Some(folder) = std::env::var_os("SUKASHI_DISTRIBUTIONS") {
        feeds.extend(distributions(Path::new(&folder))?);
    }
    let target = Path::new(DATABASE);
    fs::create_dir_all("target/standards")?;
    for (measure, seconds, records) in imports()?.into_iter().flatten() {
        row(measure, format!("{seconds:.1} s, {records} records"));
    }
    let start = Instant::now();
    let summary = vuln::build(&feeds, target, &mut |_| {})?;
    row(
        "all feeds imported",
        format!("{:.1} s, {} records", start.elapsed().as_secs_f64(), summary.info.records),
    );
    row("entries left out as damaged", format!("{} of {}", summary.damaged, summary.lines));
    row("database", format!("{} MB", fs::metadata(target)?.len() / 1_000_000));
    Ok(Snapshot::open(target)?)
}

fn look_up(snapshot: &Snapshot) -> anyhow::Result<()> {
    let ids: Vec<String> = (0..1_000).map(|i| format!("CVE-{}-{:04}", 2005 + i % 18, 1 + i)).collect();
    let start = Instant::now();
    let mut known = 0;
    for id in &ids {
        known += usize::from(snapshot.get(id)?.is_some());
    }
    let mean = start.elapsed().as_secs_f64() * 1e3 / ids.len() as f64;
    row("one look-up, mean of 1,000", format!("{mean:.2} ms ({known} known)"));
    Ok(())
}

/// A component, a vulnerability, and whether the one is affected by the other.
struct Triple {
    purl: String,
    cve: String,
    affected: bool,
    /// What it is counted under.
    group: String,
}

fn triples(set: &str, path: &str) -> anyhow::Result<Vec<Triple>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let triple = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (purl, cve, truth, source) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let distribution = if source.starts_with("secdb") { "Alpine" } else { "Debian" };
        let kind = purl.split(['/', ':']).nth(1)?;
        let group = format!("{set}, {kind}, truth by {distribution}");
        Some(Triple { affected: truth == "affected", group, purl, cve })
    };
    Ok(lines.filter_map(triple).collect())
}

fn query(purl: &str) -> Query {
    let name = purl.parse::<ident::Purl>().map(|purl| purl.name().to_owned()).unwrap_or_default();
    Query { name, purl: Some(purl.to_owned()), ..Query::default() }
}

/// The first 10,000 components of the real bills of materials in `sbom/`, as one.
fn many(data: &Path, snapshot: &Snapshot) -> anyhow::Result<()> {
    let mut queries = Vec::new();
    for path in files::below(&data.join("sbom"))? {
        let bytes = fs::read(&path)?;
        let bytes =
            if path.extension().is_some_and(|e| e == "zst") { zstd::decode_all(&*bytes)? } else { bytes };
        if let Ok(document) = bom::read(&bytes, &ReadLimits::default()) {
            queries.extend(document.bom.components.iter().map(Query::from));
        }
    }
    queries.truncate(10_000);
    let start = Instant::now();
    let matches: usize = Matcher::new(snapshot)?.match_all(&queries)?.iter().map(Vec::len).sum();
    row(
        &format!("{} components of real documents matched", queries.len()),
        format!("{:.2} s, {matches} matches", start.elapsed().as_secs_f64()),
    );
    Ok(())
}

/// What matching says of components whose truth is known.
#[derive(Default)]
struct Answers {
    /// Affected and found so.
    right: u32,
    /// Those of them that a distribution's advisory decided, which may be the one that the truth is from.
    advised: u32,
    /// Affected and not found.
    missed: u32,
    /// Not affected, but said to be.
    wrong: u32,
    /// Not affected, and not said to be.
    clear: u32,
    /// Affected; the record is found by the component's name, but says that other versions are.
    otherwise: u32,
    /// It is said that it cannot be decided.
    unknown: u32,
    /// The feeds name no product and no package for the vulnerability: no matcher could find it by a name.
    nameless: u32,
}

impl Answers {
    fn counter(&mut self, answer: Answer) -> &mut u32 {
        match answer {
            Answer::Right | Answer::Advised => &mut self.right,
            Answer::Missed => &mut self.missed,
            Answer::Otherwise => &mut self.otherwise,
            Answer::Wrong => &mut self.wrong,
            Answer::Clear => &mut self.clear,
            Answer::Unknown => &mut self.unknown,
            Answer::Nameless => &mut self.nameless,
        }
    }
}

/// One triple's answer; the fields of [`Answers`] tell what each means.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Right,
    Advised,
    Missed,
    Otherwise,
    Wrong,
    Clear,
    Unknown,
    Nameless,
}

impl std::fmt::Display for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { right, advised, missed, otherwise, wrong, clear, unknown, nameless } = self;
        let share = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        write!(
            f,
            "precision {:.1} %, recall {:.1} %, of records that do not say otherwise {:.1} %, without distributions' \
             advisories {:.1} % ({right} right, {advised} of them by an advisory, {wrong} wrong, {missed} missed, {otherwise} where the record has other versions, {clear} clear; apart: {unknown} \
             unknown, {nameless} of records that name no product)",
            share(*right, right + wrong),
            share(*right, right + missed + otherwise),
            share(*right, right + missed),
            share(right - advised, right + missed + otherwise)
        )
    }
}

fn truth(snapshot: &Snapshot) -> anyhow::Result<()> {
    let matcher = Matcher::new(snapshot)?;
    let mut groups: BTreeMap<String, Answers> = BTreeMap::new();
    for (set, path) in [("blind", BLIND), ("labelled", LABELLED)] {
        for triple in triples(set, path)? {
            let answer = answer(&triple, &matcher, snapshot)?;
            if matches!(answer, Answer::Missed | Answer::Otherwise | Answer::Wrong) {
                eprintln!("{answer:?}: {} {} ({})", triple.purl, triple.cve, triple.group);
            }
            for group in [triple.group, format!("{set}, all")] {
                let answers = groups.entry(group).or_default();
                *answers.counter(answer) += 1;
                answers.advised += u32::from(matches!(answer, Answer::Advised));
            }
        }
    }
    groups.iter().for_each(|(group, answers)| row(group, answers));
    Ok(())
}

fn answer(triple: &Triple, matcher: &Matcher<'_>, snapshot: &Snapshot) -> anyhow::Result<Answer> {
    let found = |purl: &str| -> anyhow::Result<Option<vuln::Match>> {
        Ok(matcher.matches(&query(purl), &[])?.into_iter().find(|found| found.id == triple.cve))
    };
    let decided = found(&triple.purl)?;
    let advised = decided.as_ref().is_some_and(|found| found.source != "cpe");
    Ok(match (triple.affected, decided.map(|found| found.verdict)) {
        (_, Some(Verdict::Unknown)) => Answer::Unknown,
        (true, Some(Verdict::Affected)) if advised => Answer::Advised,
        (true, Some(Verdict::Affected)) => Answer::Right,
        (false, Some(Verdict::Affected)) => Answer::Wrong,
        (_, None) if is_nameless(snapshot.get(&triple.cve)?, triple) => Answer::Nameless,
        (false, None) => Answer::Clear,
        (true, None) => {
            let without_version = triple.purl.split('@').next().unwrap_or_default();
            if found(without_version)?.is_some() { Answer::Otherwise } else { Answer::Missed }
        }
    })
}

/// Whether a record names nothing by which the component could be found.
fn is_nameless(record: Option<vuln::Vulnerability>, triple: &Triple) -> bool {
    let upstream = triple.purl.starts_with("pkg:generic/");
    record.is_none_or(|record| record.configurations.is_empty() && (upstream || record.packages.is_empty()))
}
