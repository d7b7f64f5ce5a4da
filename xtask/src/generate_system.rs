//! Systems of any size, for measuring: same seed, same system.
//!
//! Zones of about 50 hosts behind a backbone, each with a filter that lets a few ports of a few other zones in; one to
//! three services a host out of 400 products with 3,000 vulnerabilities; an account a host, 15 % of whose secrets are
//! the same as another's; one person for five hosts with mail and browser; sticks carried between two hosts; shares.
//! One host in a hundred is a controller. An attacker sits outside.
#![expect(clippy::indexing_slicing, reason = "a figure below a list's length by construction")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use datalog::Fact;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many hosts.
    #[arg(long, default_value_t = 1000)]
    hosts: u32,
    /// Equal seeds give equal systems.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Form::Model)]
    form: Form,
    /// Where to; the terminal if left out.
    #[arg(short)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Form {
    /// A `sukashi.system/1` document.
    Model,
    /// Facts of our vocabulary, for `sukashi datalog`.
    Facts,
    /// Facts in the vocabulary of MulVAL, for peers: what both have in common.
    Mulval,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let plan = Plan::new(args.hosts, args.seed);
    let text = match args.form {
        Form::Model => plan.model(),
        Form::Facts => facts(args.hosts, args.seed).iter().map(|fact| format!("{fact}.\n")).collect(),
        Form::Mulval => plan.mulval(),
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
        }
        None => {
            print!("{text}");
            Ok(())
        }
    }
}

const HOSTS_IN_A_ZONE: u32 = 50;
const PRODUCTS: u64 = 400;
const VULNERABILITIES: u64 = 3000;
const PORTS: &[u16] = &[22, 80, 443, 445, 502, 3389];

struct Plan {
    hosts: Vec<Host>,
    zones: u32,
    /// From zone, to zone, port.
    passages: BTreeSet<(u32, u32, u16)>,
    vulnerabilities: Vec<Vulnerability>,
}

struct Host {
    zone: u32,
    controller: bool,
    /// Product and port.
    services: Vec<(u64, u16)>,
    /// The host whose account has the same secret.
    reuses: Option<u32>,
    person: Option<u32>,
    /// Another host that the same stick is put into.
    stick: Option<u32>,
    share: Option<u32>,
}

struct Vulnerability {
    product: u64,
    range: &'static str,
    privilege: &'static str,
    consequence: &'static str,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn host(&mut self, hosts: u32) -> u32 {
        u32::try_from(self.below(hosts.into())).unwrap_or_default()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Plan {
    fn new(count: u32, seed: u64) -> Self {
        let mut random = Random(seed);
        let zones = count.div_ceil(HOSTS_IN_A_ZONE).max(1);
        let hosts = (0..count).map(|at| Host::new(at, count, &mut random)).collect();
        let mut passages = BTreeSet::new();
        for to in 0..zones {
            for _ in 0..4 {
                let port = PORTS[usize::try_from(random.below(PORTS.len() as u64)).unwrap_or_default()];
                passages.insert((random.host(zones), to, port));
            }
        }
        let vulnerabilities = (0..VULNERABILITIES).map(|_| Vulnerability::new(&mut random)).collect();
        Self { hosts, zones, passages, vulnerabilities }
    }
}

impl Host {
    fn new(at: u32, count: u32, random: &mut Random) -> Self {
        let controller = random.chance(1);
        let services = (0..=random.below(3)).map(|n| {
            let port =
                PORTS[usize::try_from((random.below(3) + n * 2) % PORTS.len() as u64).unwrap_or_default()];
            (random.below(PRODUCTS), port)
        });
        let mut services: Vec<(u64, u16)> = services.collect();
        services.sort_by_key(|(_, port)| *port);
        services.dedup_by_key(|(_, port)| *port);
        Self {
            zone: at / HOSTS_IN_A_ZONE,
            controller,
            services,
            reuses: random.chance(15).then(|| random.host(count)),
            person: random.chance(20).then_some(at / 5),
            stick: random.chance(2).then(|| random.host(count)),
            share: random.chance(5).then(|| random.host(count)),
        }
    }
}

impl Vulnerability {
    fn new(random: &mut Random) -> Self {
        let range = if random.chance(60) { "network" } else { "local" };
        let privilege = if random.chance(60) { "none" } else { "low" };
        let consequence = match random.below(10) {
            0..4 => "code",
            4..7 => "read",
            _ => "denial",
        };
        Self { product: random.below(PRODUCTS), range, privilege, consequence }
    }
}

impl Plan {
    /// In our vocabulary, as `system` and `assess` would give them for [`Plan::model`].
    fn facts(&self, say: Say<'_>) {
        say("attacker", &["eve"]);
        say("deceives", &["eve"]);
        say("at_zone", &["eve", "outside"]);
        say("zone_of", &["outside", "outside"]);
        for zone in 0..self.zones {
            let name = format!("z{zone}");
            say("zone_of", &[&name, &name]);
            PORTS.iter().for_each(|port| say("allow", &[&name, &name, &format!("tcp/{port}")]));
        }
        for (from, to, port) in &self.passages {
            // The first zones serve the outside.
            let from = if *from % 20 == 0 { "outside".to_owned() } else { format!("z{from}") };
            say("allow", &[&from, &format!("z{to}"), &format!("tcp/{port}")]);
        }
        for (id, vulnerability) in self.vulnerabilities.iter().enumerate() {
            let id = format!("v{id}");
            say("vul_access", &[&id, vulnerability.range, vulnerability.privilege, "none"]);
            say("vul_consequence", &[&id, vulnerability.consequence]);
        }
        let by_product = self.by_product();
        for (at, host) in self.hosts.iter().enumerate() {
            self.host_facts(at, host, &by_product, say);
        }
    }

    fn by_product(&self) -> Vec<Vec<String>> {
        let mut by_product = vec![Vec::new(); usize::try_from(PRODUCTS).unwrap_or_default()];
        for (id, vulnerability) in self.vulnerabilities.iter().enumerate() {
            by_product[usize::try_from(vulnerability.product).unwrap_or_default()].push(format!("v{id}"));
        }
        by_product
    }

    fn host_facts(&self, at: usize, host: &Host, by_product: &[Vec<String>], say: Say<'_>) {
        let name = format!("h{at}");
        let (account, secret) = (format!("n{at}"), format!("c{at}"));
        say("host", &[&name]);
        say("host_kind", &[&name, if host.controller { "plc" } else { "server" }]);
        say("in_zone", &[&name, &format!("z{}", host.zone)]);
        say("has_account", &[&account, &name, "user"]);
        say("account_user", &[&account, &name, &format!("u{at}")]);
        say("opens", &[&secret, &account]);
        say("stored_on", &[&secret, &name]);
        if let Some(other) = host.reuses {
            say("reuses", &[&secret, &format!("c{other}")]);
            say("reuses", &[&format!("c{other}"), &secret]);
        }
        for (product, port) in &host.services {
            let (service, software) = (format!("{name}-{port}"), format!("p{product}"));
            say("installed", &[&name, &software]);
            say("listens", &[&name, &service, &format!("tcp/{port}")]);
            say("runs", &[&name, &service, if product % 3 == 0 { "root" } else { "daemon" }]);
            say("service_software", &[&service, &software]);
            if [22, 3389].contains(port) {
                say("login_service", &[&service]);
            }
            if *port == 502 && host.controller {
                say("unauthenticated", &[&service]);
            }
            for vulnerability in &by_product[usize::try_from(*product).unwrap_or_default()] {
                say("vul_exists", &[vulnerability, &name, &software]);
            }
        }
        if let Some(person) = host.person {
            let person = format!("q{person}");
            say("performs", &[&person, &name, if at.is_multiple_of(2) { "opens-mail" } else { "browses" }]);
            say("uses_account", &[&person, &name, &account]);
            say("belongs_to", &[&account, &person]);
            if person.len() % 2 == 0 {
                say("trained", &[&person]);
            }
        }
        if let Some(other) = host.stick {
            let stick = format!("m{at}");
            say("carries", &["courier", &stick, &name]);
            say("carries", &["courier", &stick, &format!("h{other}")]);
        }
        if let Some(other) = host.share {
            let share = format!("d{at}");
            say("data_on", &[&share, &name]);
            say("mounts", &[&format!("h{other}"), &share]);
        }
    }

    fn model(&self) -> String {
        let mut out = String::from(
            "schema: sukashi.system/1\nname: generated\nzones:\n  backbone: {}\n  outside: {}\n",
        );
        // Writing to a string does not fail.
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        (0..self.zones).for_each(|z| line(format!("  z{z}: {{}}")));
        line("networks:".to_owned());
        (0..self.zones).for_each(|z| line(format!("  net{z}: {{zone: z{z}}}")));
        line("hosts:".to_owned());
        for (at, host) in self.hosts.iter().enumerate() {
            let software: BTreeSet<String> = host.services.iter().map(|(p, _)| format!("p{p}")).collect();
            let kind = if host.controller { "plc" } else { "server" };
            let software = software.into_iter().collect::<Vec<_>>().join(", ");
            line(format!(
                "  h{at}: {{kind: {kind}, interfaces: [{{network: net{}}}], software: [{software}]}}",
                host.zone
            ));
        }
        line("software:".to_owned());
        (0..PRODUCTS).for_each(|p| line(format!("  p{p}: {{}}")));
        line("services:".to_owned());
        for (at, host) in self.hosts.iter().enumerate() {
            for (product, port) in &host.services {
                let login = [22, 3389].contains(port);
                let open = *port == 502 && host.controller;
                line(format!(
                    "  h{at}-{port}: {{host: h{at}, software: p{product}, protocol: tcp, port: {port}, login: {login}, unauthenticated: {open}}}"
                ));
            }
        }
        line("filters:".to_owned());
        for zone in 0..self.zones {
            line(format!("  f{zone}:\n    between: [backbone, z{zone}]\n    default: deny\n    rules:"));
            line(format!("      - {{action: allow, from: \"zone:z{zone}\"}}"));
            for (from, _, port) in self.passages.iter().filter(|(_, to, _)| *to == zone) {
                let from = if from % 20 == 0 { "outside".to_owned() } else { format!("z{from}") };
                line(format!(
                    "      - {{action: allow, from: \"zone:{from}\", protocol: tcp, ports: [\"{port}\"]}}"
                ));
            }
        }
        line("vulnerabilities:".to_owned());
        for (id, v) in self.vulnerabilities.iter().enumerate() {
            let range = if v.range == "network" { "N" } else { "L" };
            let privilege = if v.privilege == "none" { "N" } else { "L" };
            let impact = match v.consequence {
                "code" => "C:H/I:H/A:H",
                "read" => "C:H/I:N/A:N",
                _ => "C:N/I:N/A:H",
            };
            line(format!(
                "  v{id}: {{affects: [p{}], cvss: \"CVSS:3.1/AV:{range}/AC:L/PR:{privilege}/UI:N/S:U/{impact}\"}}",
                v.product
            ));
        }
        line("attackers: {eve: {at: \"zone:outside\"}}".to_owned());
        line("goals: {g: {title: A controller is taken, fact: \"operates(eve, _)\"}}".to_owned());
        out
    }

    fn mulval(&self) -> String {
        let mut out = String::from("attackerLocated(outside).\n");
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        for (id, v) in self.vulnerabilities.iter().enumerate() {
            let range = if v.range == "network" { "remoteExploit" } else { "localExploit" };
            line(format!("vulProperty(v{id}, {range}, privEscalation)."));
        }
        let by_product = self.by_product();
        for (at, host) in self.hosts.iter().enumerate() {
            for (product, port) in &host.services {
                line(format!("networkServiceInfo(h{at}, p{product}, tcp, {port}, daemon)."));
                for v in &by_product[usize::try_from(*product).unwrap_or_default()] {
                    line(format!("vulExists(h{at}, {v}, p{product})."));
                }
            }
            line(format!("inSubnet(h{at}, z{}).", host.zone));
        }
        for (from, to, port) in &self.passages {
            let from = if from % 20 == 0 { "outside".to_owned() } else { format!("z{from}") };
            line(format!("aclNetwork({from}, z{to}, tcp, {port})."));
        }
        out
    }
}

/// Takes a relation and its arguments.
type Say<'s> = &'s mut dyn FnMut(&str, &[&str]);

/// Facts of a generated system one by one: a million hosts need no memory for them.
pub(crate) fn each_fact(hosts: u32, seed: u64, say: Say<'_>) {
    Plan::new(hosts, seed).facts(say);
}

/// Facts of a generated system, for oracles.
pub(crate) fn facts(hosts: u32, seed: u64) -> Vec<Fact> {
    let mut out = Vec::new();
    each_fact(hosts, seed, &mut |relation, args| out.push(Fact::of(relation, args)));
    out
}

/// The same system as a document of our format.
pub(crate) fn model(hosts: u32, seed: u64) -> String {
    Plan::new(hosts, seed).model()
}
