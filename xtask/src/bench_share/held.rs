//! A platform that holds much: tens of thousands of releases with a bill of materials each, all matched, and systems in
//! which some of them are installed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use client::{Http, Reach, Remote};
use serde_json::json;
use share::Places;
use statement::{AssetKind, DeclaredAsset, DeclaredRelease, Statement, Subject, SystemRegistration};

use super::material::{COMPONENTS, Dice, KNOWN, VULNERABILITIES, sbom, vulnerability, write_vulnerabilities};
use super::parties::{ORGANIZATIONS, of_number, operator_key, prepare, product, suppliers, version};
use super::served::{Served, example, import};
use super::small::{affected, intake};
use super::{Rows, each, milliseconds, parties};
use crate::chain::{peak_memory, resident};

/// Longest answer, in bytes.
const LIMIT: u64 = 256 << 20;
const SYSTEMS: usize = 20;
const ASSETS: usize = 50;
/// Vulnerabilities that are asked for.
const ASKED: usize = 500;
/// Registered once all is held, to see whether intake became slower.
const MORE: usize = 1_000;
/// Nothing new is matched for so long: it hangs.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn measure(
    command: &Path,
    places: &Places,
    sboms: usize,
    database: impl FnOnce() -> anyhow::Result<u64>,
    rows: &Rows,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (feed, data) = (folder.path().join("feed.osv.jsonl"), folder.path().join("vulnerabilities.redb"));
    write_vulnerabilities(&feed)?;
    import(command, &[example("nvd.jsonl.zst"), example("kev.json.zst"), feed], &data)?;
    let releases = sboms.div_ceil(ORGANIZATIONS);
    let parties = tokio::runtime::Runtime::new()?.block_on(prepare(places, releases))?;
    let served = Served::start(command, places, Some(&data))?;
    let suppliers = suppliers(&served.url, &parties.suppliers)?;
    let start = Instant::now();
    each(sboms, |n| {
        let (supplier, release) = of_number(&suppliers, n)?;
        let envelope = supplier.signed(release, &sbom(&mut Dice(n as u64), COMPONENTS))?;
        supplier.remote.register(&envelope, &[])?;
        Ok(())
    })?;
    let filled = start.elapsed().as_secs_f64();
    let http = Http::new(&served.url, Some(&parties.watching), Reach::Anywhere)?;
    all_matched(&http, sboms)?;
    let matched = start.elapsed().as_secs_f64();
    let millions = (sboms * COMPONENTS) as f64 / 1e6;
    let held = format!("{sboms} bills of materials, {millions:.1} M occurrences");
    rows.row("held", held, "10 M occurrences", "20 M occurrences, 3 GB");
    rows.row(
        "… filled in, signing included / all matched",
        format!("{filled:.0} s / {matched:.0} s"),
        "",
        "",
    );
    systems(&Remote::new(Http::new(&served.url, Some(&parties.operating), Reach::Anywhere)?), releases)?;
    look_ups(&http, rows)?;
    let rate = intake(&suppliers, MORE, releases, u64::MAX / 2)?;
    rows.row("… intake at that size", format!("{rate:.0} /s"), "100 /s", "500 /s");
    let disk = (size(&places.data)? + database()?) / 1_000_000;
    rows.row("… on disk", format!("{disk} MB"), "", "");
    let process = served.child.id();
    let (now, highest) = (resident(process) / 1_000_000, peak_memory(process) / 1_000_000);
    rows.row("… memory of the server, now / highest", format!("{now} MB / {highest} MB"), "", "");
    drop(served);
    let again = Served::start(command, places, Some(&data))?;
    rows.row("… start", format!("{:.1} s", again.started.as_secs_f64()), "", "");
    Ok(())
}

/// Waits until the one vulnerability that is in each of them is known in each.
fn all_matched(http: &Http, sboms: usize) -> anyhow::Result<()> {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let known = affected(http, KNOWN)?;
        if known >= sboms {
            return Ok(());
        }
        if known > last {
            (last, since) = (known, Instant::now());
        }
        anyhow::ensure!(since.elapsed() < PATIENCE, "only {known} of {sboms} are matched");
        std::thread::sleep(Duration::from_secs(2));
    }
}

/// The operator's systems: every other device is known by its file, the rest by product and version.
fn systems(operator: &Remote, releases: usize) -> anyhow::Result<()> {
    let mut dice = Dice(4);
    for system in 0..SYSTEMS {
        let asset = |number: usize| {
            let (supplier, release) =
                (dice.roll(ORGANIZATIONS as u64) as usize, dice.roll(releases as u64) as usize);
            let declared = match number % 2 {
                0 => {
                    DeclaredRelease { sha256: Some(parties::digest(supplier, release)), ..Default::default() }
                }
                _ => DeclaredRelease {
                    product: Some(product(supplier, release)),
                    version: Some(version(release)),
                    ..Default::default()
                },
            };
            let (id, name) = (format!("host:h{number}"), format!("h{number}"));
            DeclaredAsset { id, name, kind: AssetKind::Equipment, parent: None, release: Some(declared) }
        };
        let assets: Vec<_> = (0..ASSETS).map(asset).collect();
        let hosts: serde_json::Map<_, _> =
            assets.iter().map(|a| (a.name.clone(), json!({"release": a.release}))).collect();
        let model = json!({"schema": "sukashi.system/1", "name": format!("plant {system}"), "hosts": hosts});
        let subject = Subject::new(format!("plant {system}"), record::Sha256([system as u8 + 100; 32]));
        let statement = Statement::new(vec![subject], &SystemRegistration { model, assets })?;
        operator.register(&statement.sign(&[&operator_key()])?.to_json()?, &[])?;
    }
    Ok(())
}

fn look_ups(http: &Http, rows: &Rows) -> anyhow::Result<()> {
    let (mut times, longest) = asked(http, "?installed=true")?;
    rows.row("… which of my systems are affected by any CVE, p50", milliseconds(&mut times, 50), "", "");
    let value =
        format!("{}, the longest answer {:.2} MB", milliseconds(&mut times, 99), longest as f64 / 1e6);
    rows.row("… which of my systems are affected by any CVE, p99", value, "100 ms", "10 ms");
    let (mut times, longest) = asked(http, "")?;
    let value =
        format!("{}, the longest answer {:.2} MB", milliseconds(&mut times, 99), longest as f64 / 1e6);
    rows.row("… all releases delivered to me that any CVE affects, p99", value, "", "");
    Ok(())
}

/// How long answers about vulnerabilities take, warm, and the longest one in bytes.
fn asked(http: &Http, which: &str) -> anyhow::Result<(Vec<Duration>, usize)> {
    let (mut dice, mut times, mut longest) = (Dice(5), Vec::new(), 0);
    for _ in 0..ASKED {
        let id = vulnerability(dice.roll(VULNERABILITIES as u64) as usize);
        let start = Instant::now();
        let answer = http.get(&format!("/api/v1/vulnerabilities/{id}{which}"), LIMIT)?;
        times.push(start.elapsed());
        longest = longest.max(answer.len());
    }
    Ok((times, longest))
}

/// Bytes that a folder takes on disk.
fn size(folder: &Path) -> anyhow::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for file in crate::files::below(folder)? {
        // The command may tidy up meanwhile.
        bytes += fs::metadata(&file).map_or(0, |metadata| metadata.blocks() * 512);
    }
    Ok(bytes)
}
