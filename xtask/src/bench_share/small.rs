//! A platform with a release of each supplier: intake, new vulnerability data, look-ups, a large document, restart.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Http, Reach, Registered};
use serde_json::Value;
use share::Places;

use super::material::{COMPONENTS, Dice, KNOWN, sbom};
use super::parties::{ORGANIZATIONS, Supplier, of_number, prepare, suppliers};
use super::served::{Served, example, import};
use super::{Rows, each, milliseconds};
use crate::chain::{MemoryWatch, peak_memory};

/// Longest answer, in bytes.
const LIMIT: u64 = 64 << 20;

pub(super) struct Sizes {
    /// Bills of materials to register.
    pub(super) sboms: usize,
    /// Megabytes of the large document.
    pub(super) megabytes: usize,
}

pub(super) fn measure(command: &Path, places: &Places, sizes: &Sizes, rows: &Rows) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("vulnerabilities.redb");
    import(command, &[example("kev.json.zst")], &data)?;
    let parties = tokio::runtime::Runtime::new()?.block_on(prepare(places, 1))?;
    let served = Served::start(command, places, Some(&data))?;
    let suppliers = suppliers(&served.url, &parties.suppliers)?;
    let rate = intake(&suppliers, sizes.sboms, 1, 1)?;
    let what = format!("signed and logged bills of materials, {COMPONENTS} components each");
    rows.row(&what, format!("{rate:.0} /s"), "100 /s", "500 /s");
    let http = Http::new(&served.url, Some(&parties.watching), Reach::Anywhere)?;
    update(command, &http, &data, rows)?;
    look_ups(&http, rows)?;
    large(&suppliers, sizes.megabytes, &served, &http, rows)?;
    rows.row(
        "memory of the server, highest",
        format!("{} MB", peak_memory(served.child.id()) / 1_000_000),
        "",
        "",
    );
    drop(served);
    let again = Served::start(command, places, Some(&data))?;
    rows.row("start with what is registered", format!("{:.2} s", again.started.as_secs_f64()), "2 s", "");
    Ok(())
}

/// Bills of materials a second, signed before the clock starts; `releases` of each supplier get one by turns. Different
/// documents for each `seed`.
pub(super) fn intake(
    suppliers: &[Supplier],
    count: usize,
    releases: usize,
    seed: u64,
) -> anyhow::Result<f64> {
    let mut dice = Dice(seed);
    let one = |n: usize| {
        let (supplier, release) = of_number(suppliers, n)?;
        Ok((supplier, supplier.signed(release % releases, &sbom(&mut dice, COMPONENTS))?))
    };
    let ready: Vec<(&Supplier, Vec<u8>)> = (0..count).map(one).collect::<anyhow::Result<_>>()?;
    let start = Instant::now();
    each(count, |n| {
        let (supplier, envelope) = ready.get(n).context("no such document")?;
        supplier.remote.register(envelope, &[])?;
        Ok(())
    })?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// How many releases that the viewer may see a vulnerability affects.
pub(super) fn affected(http: &Http, id: &str) -> anyhow::Result<usize> {
    let found: Value = http.json(&format!("/api/v1/vulnerabilities/{id}"), LIMIT)?;
    Ok(found.pointer("/releases").and_then(Value::as_array).map_or(0, Vec::len))
}

/// From the moment when new data are on disk until the operator is told of every release that they concern.
fn update(command: &Path, http: &Http, data: &Path, rows: &Rows) -> anyhow::Result<()> {
    import(command, &["nvd.jsonl.zst", "kev.json.zst"].map(example), data)?;
    let start = Instant::now();
    loop {
        let releases = affected(http, KNOWN)?;
        if releases == ORGANIZATIONS {
            break;
        }
        anyhow::ensure!(start.elapsed() < Duration::from_secs(120), "only {releases} releases are told");
        std::thread::sleep(Duration::from_millis(20));
    }
    let value = format!("{:.1} s", start.elapsed().as_secs_f64());
    rows.row(
        &format!("new vulnerability data until {ORGANIZATIONS} releases are told of"),
        value,
        "10 s",
        "1 s",
    );
    Ok(())
}

/// Vulnerabilities that the update brings.
fn known(http: &Http) -> anyhow::Result<Vec<String>> {
    let found: Value = http.json(&format!("/api/v1/vulnerabilities/{KNOWN}"), LIMIT)?;
    let release =
        found.pointer("/releases/0/release/id").and_then(Value::as_str).context("nothing is affected")?;
    Ok(http.json(&format!("/api/v1/releases/{release}/vulnerabilities"), LIMIT)?)
}

fn look_ups(http: &Http, rows: &Rows) -> anyhow::Result<()> {
    let ids = known(http)?;
    let mut times = Vec::new();
    for id in ids.iter().cycle().take(500) {
        let start = Instant::now();
        http.get(&format!("/api/v1/vulnerabilities/{id}"), LIMIT)?;
        times.push(start.elapsed());
    }
    let what = format!("which of mine are affected by a CVE in {ORGANIZATIONS} releases, p99");
    rows.row(&what, milliseconds(&mut times, 99), "100 ms", "10 ms");
    let start = Instant::now();
    http.get("/api/v1/evidence?limit=200", LIMIT)?;
    rows.row("200 pieces of evidence", milliseconds(&mut [start.elapsed()], 50), "", "");
    Ok(())
}

/// A document as long as they may be: registered, and then matched, with what both need of memory.
fn large(
    suppliers: &[Supplier],
    megabytes: usize,
    served: &Served,
    watching: &Http,
    rows: &Rows,
) -> anyhow::Result<()> {
    let supplier = suppliers.first().context("no supplier")?;
    let one = sbom(&mut Dice(3), COMPONENTS).len() / COMPONENTS;
    let document = sbom(&mut Dice(3), megabytes * 1_000_000 / one);
    let envelope = supplier.signed(0, &document)?;
    let what = format!("one bill of materials of {} MB", document.len() / 1_000_000);
    drop(document);
    let (memory, start) = (MemoryWatch::start(served.child.id()), Instant::now());
    let registered = supplier.remote.register(&envelope, &[])?;
    let took = start.elapsed().as_secs_f64();
    matched(watching, &registered)?;
    let (until, memory) = (start.elapsed().as_secs_f64(), memory.highest() / 1_000_000);
    rows.row(&what, format!("{took:.1} s, {memory} MB"), "20 s, 1 GB", "6 s, 400 MB");
    rows.row("until its vulnerabilities are known", format!("{until:.1} s"), "", "");
    Ok(())
}

/// Waits until the vulnerabilities of what was registered are known.
fn matched(http: &Http, registered: &Registered) -> anyhow::Result<()> {
    let (Registered::New(id) | Registered::Known(id) | Registered::Waiting(id)) = registered;
    let start = Instant::now();
    loop {
        let found: Value = http.json(&format!("/api/v1/vulnerabilities/{KNOWN}"), LIMIT)?;
        let releases = found.pointer("/releases").and_then(Value::as_array).into_iter().flatten();
        if releases.into_iter().any(|r| r.pointer("/evidence").and_then(Value::as_str) == Some(id)) {
            return Ok(());
        }
        anyhow::ensure!(start.elapsed() < Duration::from_secs(300), "`{id}` is not matched");
        std::thread::sleep(Duration::from_millis(100));
    }
}
