//! The sharing platform over HTTP: intake, look-ups, a large document, restart. Rows of the table of measures, with what
//! must hold and what is the goal.
//!
//! A seeded generator makes bills of materials of 200 components whose names follow Zipf's law, for 50 suppliers of one
//! operator. Signing is done before the clock starts: it is the publisher's work.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Http, Reach, Registered, Remote};
use serde_json::{Value, json};
use share::{NewLink, NewRelease, OrganizationKind, Places, Platform, ProductKind, Role};
use statement::{PredicateType, SigningKey, Statement, Subject};

use crate::chain::{MemoryWatch, build, peak_memory};

const ORGANIZATIONS: usize = 50;
const COMPONENTS: usize = 200;
const NAMES: u64 = 20_000;
const CLIENTS: usize = 8;

/// In every bill of materials; the first vulnerability data do not know it, the update does.
const KNOWN: &str = "CVE-2017-14491";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Bills of materials to register.
    #[arg(long, default_value_t = 2000)]
    sboms: usize,
    /// Megabytes of the large document.
    #[arg(long, default_value_t = 256)]
    megabytes: usize,
    /// A PostgreSQL server instead of SQLite.
    #[arg(long)]
    database: Option<String>,
    /// An S3 bucket instead of files.
    #[arg(long)]
    blobs: Option<String>,
    /// The command to measure, instead of building it for release.
    #[arg(long)]
    command: Option<std::path::PathBuf>,
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// 1 … `n`, each as probable as its inverse.
    fn zipf(&mut self, n: u64) -> u64 {
        let share = self.roll(1 << 53) as f64 / (1_u64 << 53) as f64;
        ((n as f64).powf(share) as u64).clamp(1, n)
    }
}

pub(crate) struct Supplier {
    key: SigningKey,
    remote: Remote,
    digest: record::Sha256,
}

fn sbom(dice: &mut Dice, components: usize) -> String {
    let component = |_| {
        let (name, version) = (dice.zipf(NAMES), dice.roll(40));
        json!({"type": "library", "bom-ref": format!("c{}", dice.roll(u64::MAX)), "name": format!("lib{name}"),
            "version": format!("1.{version}"), "purl": format!("pkg:generic/lib{name}@1.{version}"),
            "licenses": [{"license": {"id": "MIT"}}]})
    };
    let mut list: Vec<_> = (0..components).map(component).collect();
    // What the update of the vulnerability data speaks of.
    list.push(json!({"type": "application", "name": "dnsmasq", "version": "2.75",
        "cpe": "cpe:2.3:a:thekelleys:dnsmasq:2.75:*:*:*:*:*:*:*"}));
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list}).to_string()
}

fn envelope(of: &Supplier, document: &str) -> anyhow::Result<Vec<u8>> {
    let subject = vec![Subject::new("firmware.bin", of.digest)];
    let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, document)?;
    Ok(statement.sign(&[&of.key])?.to_json()?)
}

/// Organizations, links, releases and tokens, made without HTTP; the tokens of the suppliers and of the operator.
pub(crate) async fn prepare(places: &Places) -> anyhow::Result<(Vec<String>, String)> {
    let platform = Platform::open_at(places).await?;
    let admin = platform.local_administrator();
    let operator = platform.add_organization(&admin, "Operator", OrganizationKind::Operator).await?;
    let account = platform.add_account(&admin, &operator, "root", Role::Administrator, true).await?;
    let viewer = platform.viewer(&admin, &account).await?;
    let watching = platform.add_token(&viewer, "bench", Role::Viewer).await?.secret.reveal().to_owned();
    let mut tokens = Vec::new();
    for n in 0..ORGANIZATIONS {
        let id = platform
            .add_organization(&admin, &format!("S{n}"), OrganizationKind::SoftwareManufacturer)
            .await?;
        platform.add_key(&admin, &id, key(n).public()).await?;
        let account = platform.add_account(&admin, &id, "root", Role::Administrator, false).await?;
        let own = platform.viewer(&admin, &account).await?;
        let (supplier, customer) = (id.clone(), operator.clone());
        let new = NewLink { supplier, customer, products: None, valid_from: None, valid_to: None };
        let link = platform.propose_link(&own, new).await?;
        platform.accept_link(&viewer, &link).await?;
        let product = platform.add_product(&own, &format!("P{n}"), ProductKind::Equipment).await?;
        let artifacts = vec![("firmware.bin".to_owned(), digest(n), None)];
        let release = NewRelease { version: "1".to_owned(), artifacts, parts: Vec::new() };
        platform.add_release(&own, &product, release).await?;
        tokens.push(platform.add_token(&own, "bench", Role::Publisher).await?.secret.reveal().to_owned());
    }
    platform.close().await;
    Ok((tokens, watching))
}

fn key(n: usize) -> SigningKey {
    SigningKey::from_seed(&[n as u8 + 1; 32])
}

fn digest(n: usize) -> record::Sha256 {
    record::Sha256([n as u8 + 1; 32])
}

/// A small statement about the supplier's release, another one for each `n`.
pub(crate) fn small(of: &Supplier, n: usize) -> anyhow::Result<Vec<u8>> {
    envelope(of, &sbom(&mut Dice(n as u64), 20))
}

pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    started: Duration,
}

impl Served {
    pub(crate) fn start(command: &Path, places: &Places, data: Option<&Path>) -> anyhow::Result<Self> {
        let start = Instant::now();
        let url = |option: &str, url: &Option<String>| {
            url.iter().flat_map(|u| [option.to_owned(), u.clone()]).collect::<Vec<_>>()
        };
        let mut child = Command::new(command)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&places.data)
            .args(url("--database", &places.database))
            .args(url("--blobs", &places.blobs))
            .args(data.map(|_| "--vuln-db"))
            .args(data)
            .env("SUKASHI_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the command")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let url = line.trim().trim_start_matches("ready: ").trim_end_matches('/').to_owned();
        Ok(Self { child, url, started: start.elapsed() })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn row(measure: &str, value: &str, must: &str, goal: &str) {
    println!("| {measure} | {value} | {must} | {goal} |");
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let command = match &args.command {
        Some(command) => command.clone(),
        None => build()?,
    };
    let folder = tempfile::tempdir()?;
    let places = Places {
        database: args.database.clone(),
        blobs: args.blobs.clone(),
        ..Places::directory(&folder.path().join("data"))
    };
    let data = folder.path().join("vulnerabilities.redb");
    import(&command, &["kev.json.zst"], &data)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (tokens, watching) = runtime.block_on(prepare(&places))?;
    let served = Served::start(&command, &places, Some(&data))?;
    let suppliers = suppliers(&served.url, &tokens)?;
    println!("| measure | here | must | goal |\n|---|---|---|---|");
    intake(&suppliers, args.sboms)?;
    update(&command, &served.url, &watching, &data)?;
    look_ups(&served.url, &watching)?;
    large(&suppliers, args.megabytes, &served, &watching)?;
    let memory = peak_memory(served.child.id()) / 1_000_000;
    row("memory of the server, highest", &format!("{memory} MB"), "", "");
    drop(served);
    let again = Served::start(&command, &places, Some(&data))?;
    row("start with what is registered", &format!("{:.2} s", again.started.as_secs_f64()), "2 s", "");
    Ok(())
}

pub(crate) fn suppliers(url: &str, tokens: &[String]) -> anyhow::Result<Vec<Supplier>> {
    let supplier = |(n, token): (usize, &String)| {
        let remote = Remote::new(Http::new(url, Some(token), Reach::Anywhere)?);
        Ok(Supplier { key: key(n), remote, digest: digest(n) })
    };
    tokens.iter().enumerate().map(supplier).collect()
}

fn intake(suppliers: &[Supplier], count: usize) -> anyhow::Result<()> {
    let mut dice = Dice(1);
    let one = |n: usize| {
        let supplier = suppliers.get(n % suppliers.len()).context("no supplier")?;
        Ok((supplier, envelope(supplier, &sbom(&mut dice, COMPONENTS))?))
    };
    let ready: Vec<(&Supplier, Vec<u8>)> = (0..count).map(one).collect::<anyhow::Result<_>>()?;
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let work = || -> anyhow::Result<()> {
        while let Some((supplier, envelope)) = ready.get(next.fetch_add(1, Ordering::Relaxed)) {
            supplier.remote.register(envelope, &[])?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| anyhow::anyhow!("a client failed"))?)
    })?;
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let what = format!("signed and logged bills of materials, {COMPONENTS} components each");
    row(&what, &format!("{rate:.0} /s"), "100 /s", "500 /s");
    Ok(())
}

/// Makes or replaces vulnerability data from the feeds of the examples.
fn import(command: &Path, feeds: &[&str], into: &Path) -> anyhow::Result<()> {
    let feeds = feeds.iter().map(|name| Path::new("examples/vulnerabilities").join(name));
    let status = Command::new(command)
        .args(["--quiet", "vuln", "import"])
        .args(feeds)
        .arg("--vuln-db")
        .arg(into)
        .stdout(Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "the feeds are not imported");
    Ok(())
}

/// From the moment when new data are on disk until the operator is told of every release that they concern.
fn update(command: &Path, url: &str, token: &str, data: &Path) -> anyhow::Result<()> {
    let http = Http::new(url, Some(token), Reach::Anywhere)?;
    import(command, &["nvd.jsonl.zst", "kev.json.zst"], data)?;
    let start = Instant::now();
    loop {
        let found: Value = http.json(&format!("/api/v1/vulnerabilities/{KNOWN}"), 64 << 20)?;
        let releases = found.pointer("/releases").and_then(Value::as_array).map_or(0, Vec::len);
        if releases == ORGANIZATIONS {
            break;
        }
        anyhow::ensure!(start.elapsed() < Duration::from_secs(120), "only {releases} releases are told");
        std::thread::sleep(Duration::from_millis(20));
    }
    let value = format!("{:.1} s", start.elapsed().as_secs_f64());
    row(&format!("new vulnerability data until {ORGANIZATIONS} releases are told of"), &value, "10 s", "1 s");
    Ok(())
}

/// Vulnerabilities that the update brings.
fn known(http: &Http) -> anyhow::Result<Vec<String>> {
    let found: Value = http.json(&format!("/api/v1/vulnerabilities/{KNOWN}"), 64 << 20)?;
    let release =
        found.pointer("/releases/0/release/id").and_then(Value::as_str).context("nothing is affected")?;
    Ok(http.json(&format!("/api/v1/releases/{release}/vulnerabilities"), 64 << 20)?)
}

fn look_ups(url: &str, token: &str) -> anyhow::Result<()> {
    let http = Http::new(url, Some(token), Reach::Anywhere)?;
    let ids = known(&http)?;
    let mut times = Vec::new();
    for id in ids.iter().cycle().take(500) {
        let start = Instant::now();
        let _: Value = http.json(&format!("/api/v1/vulnerabilities/{id}"), 64 << 20)?;
        times.push(start.elapsed());
    }
    times.sort();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    let value = format!("{:.1} ms", p99.as_secs_f64() * 1000.0);
    row(
        &format!("which of mine are affected by a CVE in {ORGANIZATIONS} releases, p99"),
        &value,
        "100 ms",
        "10 ms",
    );
    let start = Instant::now();
    let _: Value = http.json("/api/v1/evidence?limit=200", 64 << 20)?;
    row("200 pieces of evidence", &format!("{:.1} ms", start.elapsed().as_secs_f64() * 1000.0), "", "");
    Ok(())
}

/// A document as long as they may be: registered, and then matched, with what both need of memory.
fn large(suppliers: &[Supplier], megabytes: usize, served: &Served, watching: &str) -> anyhow::Result<()> {
    let supplier = suppliers.first().context("no supplier")?;
    let one = sbom(&mut Dice(3), COMPONENTS).len() / COMPONENTS;
    let document = sbom(&mut Dice(3), megabytes * 1_000_000 / one);
    let envelope = envelope(supplier, &document)?;
    let what = format!("one bill of materials of {} MB", document.len() / 1_000_000);
    drop(document);
    let (memory, start) = (MemoryWatch::start(served.child.id()), Instant::now());
    let registered = supplier.remote.register(&envelope, &[])?;
    let took = start.elapsed().as_secs_f64();
    matched(&served.url, watching, &registered)?;
    let (until, memory) = (start.elapsed().as_secs_f64(), memory.highest() / 1_000_000);
    row(&what, &format!("{took:.1} s, {memory} MB"), "20 s, 1 GB", "6 s, 400 MB");
    row("until its vulnerabilities are known", &format!("{until:.1} s"), "", "");
    Ok(())
}

/// Waits until the vulnerabilities of what was registered are known.
fn matched(url: &str, token: &str, registered: &Registered) -> anyhow::Result<()> {
    let (Registered::New(id) | Registered::Known(id) | Registered::Waiting(id)) = registered;
    let http = Http::new(url, Some(token), Reach::Anywhere)?;
    let start = Instant::now();
    loop {
        let found: Value = http.json(&format!("/api/v1/vulnerabilities/{KNOWN}"), 64 << 20)?;
        let releases = found.pointer("/releases").and_then(Value::as_array).into_iter().flatten();
        if releases.into_iter().any(|r| r.pointer("/evidence").and_then(Value::as_str) == Some(id)) {
            return Ok(());
        }
        anyhow::ensure!(start.elapsed() < Duration::from_secs(300), "`{id}` is not matched");
        std::thread::sleep(Duration::from_millis(100));
    }
}
