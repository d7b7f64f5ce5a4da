//! `cargo xtask vuln-extract DATA`: the records of `examples/vulnerabilities/`, from full feeds.
//!
//! Chosen are the records on the products that the example's companies use. Nothing in a record is changed; the KEV
//! and EPSS files keep their heads, so that the ordinary importers read them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

const TARGET: &str = "examples/vulnerabilities";
/// Largest extract, in bytes.
const LIMIT: u64 = 1 << 20;

/// Vendor and product as CPE names them, and the first year of records: the router's packages, and what stands in a
/// water utility's office and control room.
const PRODUCTS: &[(&str, &str, u16)] = &[
    ("apache", "log4j", 2019),
    ("busybox", "busybox", 2011),
    ("dropbear_ssh_project", "dropbear_ssh", 2012),
    ("f5", "nginx", 2013),
    ("gnu", "glibc", 2022),
    ("microsoft", "exchange_server", 2021),
    ("microsoft", "server_message_block", 2017),
    ("microsoft", "windows_10_1607", 2025),
    ("openbsd", "openssh", 2016),
    ("openplcproject", "openplc_v3", 2021),
    ("openssl", "openssl", 2014),
    ("rockwellautomation", "micrologix_1400", 2010),
    ("schneider-electric", "modicon_m340_firmware", 2018),
    ("siemens", "simatic_s7-1200_firmware", 2012),
    ("siemens", "simatic_wincc", 2010),
    ("thekelleys", "dnsmasq", 2012),
    ("unitronics", "vision1210_firmware", 2023),
    ("zlib", "zlib", 2016),
];

/// Single records that belong to the story whatever their products.
const RECORDS: &[&str] = &[
    "CVE-2017-0143",
    "CVE-2017-0144",
    "CVE-2019-0708",
    "CVE-2020-0796",
    "CVE-2020-1472",
    "CVE-2021-34527",
    "CVE-2021-44228",
    "CVE-2023-6448",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with `nvd/`, `cve5/`, `nvd-overrides/`, `kev/` and `epss/`.
    data: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    fs::create_dir_all(TARGET)?;
    let mut chosen = BTreeSet::new();
    for (folder, name) in [("nvd", "nvd"), ("nvd-overrides", "overrides"), ("cve5", "cve5")] {
        let mut lines = Vec::new();
        for path in files(&args.data.join(folder))? {
            collect(&path, &mut lines, &mut chosen)?;
        }
        lines.sort();
        store(&format!("{name}.jsonl.zst"), lines.join("\n").as_bytes())?;
    }
    kev(&args.data, &chosen)?;
    epss(&args.data, &chosen)?;
    let total = files(Path::new(TARGET))?.iter().map(|p| fs::metadata(p).map_or(0, |m| m.len())).sum::<u64>();
    println!("{} CVE ids, {total} bytes", chosen.len());
    if total > LIMIT {
        bail!("the extract has {total} bytes, the limit is {LIMIT}; hint: raise the years in `PRODUCTS`");
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(if path.extension().is_some_and(|e| e == "zst") {
        Box::new(zstd::Decoder::new(file)?)
    } else {
        Box::new(file)
    })
}

fn collect(path: &Path, lines: &mut Vec<String>, chosen: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for line in BufReader::new(text(path)?).lines() {
        let line = line?;
        let record: Value = serde_json::from_str(&line)?;
        let id = record.get("id").or_else(|| record.pointer("/cveMetadata/cveId")).and_then(Value::as_str);
        let Some(id) = id.filter(|id| RECORDS.contains(id) || names_product(&line, id)) else { continue };
        chosen.insert(id.to_owned());
        lines.push(line);
    }
    Ok(())
}

/// Whether a CPE name in the record is of a chosen product.
fn names_product(line: &str, id: &str) -> bool {
    let year: u16 = id.split('-').nth(1).and_then(|year| year.parse().ok()).unwrap_or(0);
    let wanted = PRODUCTS.iter().filter(|(_, _, since)| year >= *since);
    wanted.into_iter().any(|(vendor, product, _)| line.contains(&format!(":{vendor}:{product}:")))
}

fn kev(data: &Path, chosen: &BTreeSet<String>) -> anyhow::Result<()> {
    let path = data.join("kev/known_exploited_vulnerabilities.json");
    let mut catalogue: Value = serde_json::from_reader(text(&path)?)?;
    let entries =
        catalogue.get_mut("vulnerabilities").and_then(Value::as_array_mut).context("no catalogue")?;
    entries.retain(|entry| entry.get("cveID").and_then(Value::as_str).is_some_and(|id| chosen.contains(id)));
    let count = entries.len();
    if let Some(stated) = catalogue.get_mut("count") {
        *stated = count.into();
    }
    store("kev.json.zst", serde_json::to_string(&catalogue)?.as_bytes())
}

fn epss(data: &Path, chosen: &BTreeSet<String>) -> anyhow::Result<()> {
    let path = files(&data.join("epss"))?.pop().context("no EPSS file")?;
    let mut kept = Vec::new();
    for (number, line) in BufReader::new(text(&path)?).lines().enumerate() {
        let line = line?;
        if number < 2 || line.split(',').next().is_some_and(|id| chosen.contains(id)) {
            kept.push(line);
        }
    }
    store("epss.csv.zst", kept.join("\n").as_bytes())
}

fn store(name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = Path::new(TARGET).join(name);
    let mut bytes = bytes.to_vec();
    bytes.push(b'\n');
    fs::write(&path, zstd::bulk::compress(&bytes, 19)?)
        .with_context(|| format!("cannot write `{}`", path.display()))
}
