//! `cargo xtask truth assess`: is the model true?
//!
//! Each folder of `xtask/truth/` is a system: `system.yaml`, the rule set of each router as `HOST.nft`, and verdicts
//! that a person reached by reading both, with reasons (`verdicts.txt`). The system is built from network namespaces,
//! with the routers' rule sets in the kernel and a program listening behind every stated service. Then every host tries
//! to connect to every service of every other, and what connected is compared with what the model allows. Filters come
//! from the rule sets that the kernel gives back, through the importer; only a router with more than two legs has its
//! filters stated by hand.
//!
//! Needs Linux, root, `ip` and `nft` (Debian: `iproute2`, `nftables`).

mod lab;
mod probe;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use record::Verdict;
use system::{Document, System, Value};

use lab::Lab;

const SYSTEMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/truth");
/// Share of verdicts that have to be as labelled, in percent.
const VERDICTS: usize = 90;

#[derive(clap::Subcommand)]
pub(crate) enum What {
    /// Compare models with systems of network namespaces, and verdicts with a person's.
    Assess,
    /// Listen on ports until killed.
    #[command(hide = true)]
    Listen { ports: Vec<u16> },
    /// Try to connect to addresses.
    #[command(hide = true)]
    Probe { targets: Vec<std::net::SocketAddr> },
}

pub(crate) fn run(what: &What) -> anyhow::Result<()> {
    match what {
        What::Assess => assess(),
        What::Listen { ports } => probe::listen(ports),
        What::Probe { targets } => probe::connect(targets),
    }
}

fn assess() -> anyhow::Result<()> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(SYSTEMS)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    folders.sort();
    println!("| system | connections tried | of these open | as the model says | verdicts | as labelled |");
    println!("|---|---:|---:|---:|---:|---:|");
    let mut all = Count::default();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let count = one(&folder).with_context(|| format!("system `{name}`"))?;
        count.print(&name);
        all.add(&count);
    }
    all.print("all");
    ensure!(all.agree == all.tried, "what passes is not what the model allows");
    ensure!(all.right * 100 >= all.verdicts * VERDICTS, "fewer than {VERDICTS} % of the verdicts are right");
    Ok(())
}

#[derive(Default)]
struct Count {
    tried: usize,
    open: usize,
    agree: usize,
    verdicts: usize,
    right: usize,
}

impl Count {
    fn print(&self, name: &str) {
        let Self { tried, open, agree, verdicts, right } = self;
        println!("| {name} | {tried} | {open} | {agree} | {verdicts} | {right} |");
    }

    fn add(&mut self, other: &Self) {
        self.tried += other.tried;
        self.open += other.open;
        self.agree += other.agree;
        self.verdicts += other.verdicts;
        self.right += other.right;
    }
}

fn one(folder: &Path) -> anyhow::Result<Count> {
    let path = folder.join("system.yaml");
    let name = path.display().to_string();
    let stated = system::read(&name, &std::fs::read_to_string(&path)?)?;
    let lab = Lab::build(&stated, folder)?;
    let mut parts = vec![(name, stated.clone())];
    parts.extend(filters(&stated, &lab)?);
    let system = System::new(&parts)?;
    let mut count = Count::default();
    connections(&system, &lab, &mut count)?;
    drop(lab);
    verdicts(&system, &folder.join("verdicts.txt"), &mut count)?;
    Ok(count)
}

/// The rule sets of routers with two legs whose filters are not stated, as the kernel gives them back.
fn filters(stated: &Document, lab: &Lab) -> anyhow::Result<Vec<(String, Document)>> {
    let mut out = Vec::new();
    for host in lab.filtering() {
        let by_hand = stated.filters.values().any(|f| f.host.as_ref().is_some_and(|h| h.value == *host));
        let zones: Vec<&str> = legs(stated, host).collect();
        if let (false, [outer, inner]) = (by_hand, zones.as_slice()) {
            let text = lab.inside(host, &["nft", "-j", "list", "ruleset"])?;
            let placement = system::import::Placement { host, outer, inner };
            let imported = system::import::nft(host, &text, placement)?;
            ensure!(
                imported.ignored.is_empty(),
                "left out of the rule set of `{host}`: {:?}",
                imported.ignored
            );
            out.push((format!("{host}.nft"), imported.document));
        }
    }
    Ok(out)
}

fn legs<'d>(document: &'d Document, host: &str) -> impl Iterator<Item = &'d str> {
    let interfaces = document.hosts.get(host).into_iter().flat_map(|h| &h.interfaces);
    interfaces.filter_map(|i| Some(document.networks.get(&i.network.value)?.zone.value.as_str()))
}

/// From every host to every service of every other.
fn connections(system: &System, lab: &Lab, count: &mut Count) -> anyhow::Result<()> {
    let allowed = Allowed::new(system);
    let document = system.document();
    for from in document.hosts.keys() {
        let services = document.services.values().filter(|s| s.host.value != *from);
        let wanted: Vec<(&str, u16)> = services.map(|s| (s.host.value.as_str(), s.port)).collect();
        let open = lab.connect(from, &wanted)?;
        for ((to, port), open) in wanted.iter().zip(open) {
            let says = allowed.passes(from, to, *port);
            count.tried += 1;
            count.open += usize::from(open);
            count.agree += usize::from(open == says);
            if open != says {
                eprintln!(
                    "{}: {from} to {to}, tcp/{port}: open {open}, the model says {says}",
                    system.name()
                );
            }
        }
    }
    Ok(())
}

/// What the model lets pass.
struct Allowed {
    zones: BTreeMap<String, BTreeSet<String>>,
    allow: BTreeSet<(String, String, String)>,
}

impl Allowed {
    fn new(system: &System) -> Self {
        let mut allowed = Self { zones: BTreeMap::new(), allow: BTreeSet::new() };
        for fact in system.facts() {
            let words: Vec<String> = fact.args.iter().map(word).collect();
            match (fact.relation, words.as_slice()) {
                ("in_zone", [host, zone]) => {
                    allowed.zones.entry(host.clone()).or_default().insert(zone.clone());
                }
                ("allow", [from, to, class]) => {
                    allowed.allow.insert((from.clone(), to.clone(), class.clone()));
                }
                _ => {}
            }
        }
        allowed
    }

    fn passes(&self, from: &str, to: &str, port: u16) -> bool {
        let zones = |host| self.zones.get(host).into_iter().flatten();
        let class = format!("tcp/{port}");
        let pass = |a: &String, b: &String| self.allow.contains(&(a.clone(), b.clone(), class.clone()));
        zones(from).any(|a| zones(to).any(|b| pass(a, b)))
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Symbol(name) => name.clone(),
        Value::Int(figure) => figure.to_string(),
    }
}

fn verdicts(system: &System, labels: &Path, count: &mut Count) -> anyhow::Result<()> {
    let assessment = assess::assess(system, &assess::Options::default(), &assess::NoVulnerabilities)?;
    let mut found: BTreeMap<(&str, &str), (Verdict, &str)> = BTreeMap::new();
    for verdict in &assessment.vulnerabilities {
        found.insert((&verdict.id, &verdict.host), (verdict.verdict, &verdict.why));
    }
    let text = std::fs::read_to_string(labels)?;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (label, reason) = line.split_once(": ").with_context(|| format!("no reason: {line}"))?;
        let [id, host, label] = label.split(' ').collect::<Vec<_>>()[..] else {
            bail!("not three words: {line}")
        };
        let (verdict, why) =
            found.remove(&(id, host)).with_context(|| format!("no verdict on {id} of {host}"))?;
        count.verdicts += 1;
        if name(verdict) == label {
            count.right += 1;
        } else {
            eprintln!(
                "{}: {id} on {host}: labelled {label} ({reason}), found {verdict:?} ({why})",
                system.name()
            );
        }
    }
    ensure!(found.is_empty(), "not labelled: {:?}", found.keys());
    Ok(())
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exploitable => "exploitable",
        Verdict::NotReachable => "not-reachable",
        Verdict::Mitigated => "mitigated",
        Verdict::NotAffected => "not-affected",
        Verdict::Unknown => "unknown",
    }
}
