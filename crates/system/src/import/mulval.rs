//! Fact files of MulVAL (`.P`): hosts, services, vulnerabilities, reachability, accounts.
//!
//! Understood: `attackerLocated`, `attackGoal(execCode(…))`, `hacl`, `networkServiceInfo`, `vulExists`, `vulProperty`,
//! `hasAccount`, `inSubnet`, `aclNetwork`. Reachability between hosts (`hacl`) gives each host a network of its own and a
//! filter between any two that a fact speaks of. Facts with variables and all others are listed.

use std::collections::BTreeMap;

use super::{ImportError, Imported, id, ignored, located};
use crate::{
    Account, Action, Attacker, Direction, Filter, FilterRule, Goal, Host, Interface, Network, Protocol,
    Range, Service, Software, Vulnerability, Zone,
};

const FORMAT: &str = "a fact file of MulVAL";
const MAX_FACTS: usize = 2_000_000;

/// Reads one file.
///
/// # Errors
/// If the text holds no fact.
pub fn mulval(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut facts = Facts::default();
    let mut count = 0;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('%').next().unwrap_or_default().trim();
        let Some(fact) = content.strip_suffix('.').filter(|fact| !fact.contains(":-")) else {
            if !content.is_empty() && !content.starts_with(['/', '*', ':']) {
                facts.out.ignored.push(ignored(line, content, "not a fact on one line"));
            }
            continue;
        };
        count += 1;
        if count > MAX_FACTS {
            let reason = format!("more than {MAX_FACTS} facts");
            return Err(ImportError { name: name.to_owned(), line, reason, format: FORMAT });
        }
        facts.fact(line, fact);
    }
    if count == 0 {
        let reason = "no fact".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    Ok(facts.finish())
}

/// From, to, protocol, port.
type Passage = (String, String, String, String);

#[derive(Default)]
struct Facts {
    out: Imported,
    passages: BTreeMap<Passage, usize>,
    subnets: BTreeMap<String, String>,
}

/// `name(a, b(c, d))` as the name and its outermost arguments.
fn parts(fact: &str) -> Option<(&str, Vec<String>)> {
    let (name, rest) = fact.split_once('(')?;
    let inside = rest.trim_end().strip_suffix(')')?;
    let (mut args, mut arg, mut depth, mut quoted) = (Vec::new(), String::new(), 0_i32, false);
    for c in inside.chars() {
        match c {
            '\'' | '"' => {
                quoted = !quoted;
                continue;
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if depth == 0 && !quoted => {
                args.push(arg.trim().to_owned());
                arg.clear();
                continue;
            }
            _ => {}
        }
        arg.push(c);
    }
    args.push(arg.trim().to_owned());
    Some((name.trim(), args))
}

fn is_variable(arg: &str) -> bool {
    arg.starts_with('_') || arg.starts_with(|c: char| c.is_ascii_uppercase()) && !arg.starts_with("CVE")
}

impl Facts {
    fn fact(&mut self, line: usize, text: &str) {
        let Some((name, args)) = parts(text) else {
            self.out.ignored.push(ignored(line, text, "not a fact"));
            return;
        };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let understood = match (name, args.as_slice()) {
            ("attackerLocated", [zone]) => {
                let zone = self.zone(line, zone);
                let at = located(format!("zone:{zone}"), line);
                let attacker = Attacker { at, title: None, deceives: false, knows: Vec::new() };
                self.out.document.attackers.insert("attacker".to_owned(), located(attacker, line));
                true
            }
            ("attackGoal", [goal]) => self.goal(line, goal),
            ("inSubnet", [host, zone]) if !is_variable(host) => {
                let (host, zone) = (self.host(line, host), self.zone(line, zone));
                self.subnets.insert(host, zone);
                true
            }
            ("hacl" | "aclNetwork", [from, to, protocol, port]) if !is_variable(from) && !is_variable(to) => {
                let passage = (id(from), id(to), (*protocol).to_owned(), (*port).to_owned());
                self.passages.insert(passage, line);
                true
            }
            ("networkServiceInfo", [host, software, protocol, port, user]) => {
                self.service(line, [host, software, protocol, port, user])
            }
            ("vulExists", [host, vulnerability, software, rest @ ..]) => {
                let (host, software) = (self.host(line, host), self.software(line, software));
                self.install(line, &host, &software);
                let entry = self.out.document.vulnerabilities.entry((*vulnerability).to_owned());
                let entry = entry.or_insert_with(|| located(Vulnerability::default(), line));
                if !entry.value.affects.iter().any(|s| s.value == software) {
                    entry.value.affects.push(located(software, line));
                }
                match rest {
                    [range, effect] => property(&mut entry.value, range, effect, line),
                    rest => rest.is_empty(),
                }
            }
            ("vulProperty", [vulnerability, range, effect]) => {
                let entry = self.out.document.vulnerabilities.entry((*vulnerability).to_owned());
                let entry = entry.or_insert_with(|| located(Vulnerability::default(), line));
                property(&mut entry.value, range, effect, line)
            }
            ("hasAccount", [person, host, user]) => {
                let host = self.host(line, host);
                let entry = self.out.document.accounts.entry(id(&format!("{person}-{user}")));
                let entry = entry.or_insert_with(|| {
                    located(Account { user: Some((*user).to_owned()), ..Account::default() }, line)
                });
                entry.value.hosts.push(located(host, line));
                true
            }
            _ => false,
        };
        if !understood {
            self.out.ignored.push(ignored(line, text, "not part of the model"));
        }
    }

    fn goal(&mut self, line: usize, goal: &str) -> bool {
        let Some(("execCode", args)) = parts(goal) else { return false };
        let Some(host) = args.first().filter(|host| !is_variable(host)) else { return false };
        let host = self.host(line, host);
        let goal = Goal {
            title: format!("code runs on {host}"),
            fact: located(format!("runs_code(_, {host}, _)"), line),
        };
        self.out.document.goals.insert(format!("code-on-{host}"), located(goal, line));
        true
    }

    fn host(&mut self, line: usize, name: &str) -> String {
        let host = id(name);
        self.out.document.hosts.entry(host.clone()).or_insert_with(|| located(Host::default(), line));
        host
    }

    fn zone(&mut self, line: usize, name: &str) -> String {
        let zone = id(name);
        self.out.document.zones.entry(zone.clone()).or_insert_with(|| located(Zone::default(), line));
        zone
    }

    fn software(&mut self, line: usize, name: &str) -> String {
        let software = id(name);
        let entry = Software { title: Some(name.to_owned()), ..Software::default() };
        self.out.document.software.entry(software.clone()).or_insert_with(|| located(entry, line));
        software
    }

    fn install(&mut self, line: usize, host: &str, software: &str) {
        if let Some(entry) = self.out.document.hosts.get_mut(host)
            && !entry.value.software.iter().any(|have| have.value == software)
        {
            entry.value.software.push(located(software.to_owned(), line));
        }
    }

    fn service(&mut self, line: usize, [host, software, protocol, port, user]: [&str; 5]) -> bool {
        let of = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return false,
        };
        let Some(port) = super::device::port(port).filter(|p| *p > 0) else { return false };
        let (host, software) = (self.host(line, host), self.software(line, software));
        let service = Service {
            host: located(host.clone(), line),
            software: Some(located(software, line)),
            protocol: of,
            port,
            run_as: Some(user.to_owned()),
            login: [22, 23, 3389].contains(&port),
            unauthenticated: false,
            cleartext: [21, 23].contains(&port),
        };
        self.out.document.services.insert(format!("{host}-{}-{port}", of.name()), located(service, line));
        true
    }

    /// Hosts stand in their subnet, or each in a zone of its own; between any two zones that a fact speaks of, a filter.
    fn finish(mut self) -> Imported {
        let hosts: Vec<String> = self.out.document.hosts.keys().cloned().collect();
        for host in hosts {
            let zone = self.subnets.get(&host).cloned().unwrap_or_else(|| host.clone());
            let zone = self.zone(1, &zone);
            let network =
                Network { zone: located(zone.clone(), 1), cidr: None, wireless: false, place: None };
            self.out.document.networks.entry(zone.clone()).or_insert_with(|| located(network, 1));
            if let Some(entry) = self.out.document.hosts.get_mut(&host) {
                entry.value.interfaces.push(Interface { network: located(zone, 1), address: None });
            }
        }
        for ((from, to, protocol, port), line) in std::mem::take(&mut self.passages) {
            let zone_of = |name: &String| self.subnets.get(name).unwrap_or(name).clone();
            let (outer, inner) = (zone_of(&from), zone_of(&to));
            let (outer, inner) = (self.zone(line, &outer), self.zone(line, &inner));
            if outer == inner {
                continue;
            }
            let end = |name: &String| {
                let kind = if self.out.document.hosts.contains_key(name) { "host" } else { "zone" };
                located(format!("{kind}:{name}"), line)
            };
            let rule = FilterRule {
                action: Action::Allow,
                direction: Direction::In,
                from: end(&from),
                to: end(&to),
                protocol: match protocol.as_str() {
                    "tcp" => Protocol::Tcp,
                    "udp" => Protocol::Udp,
                    _ => Protocol::Any,
                },
                ports: super::device::port(&port).map(|p| located(p.to_string(), line)).into_iter().collect(),
            };
            let between = [located(outer.clone(), line), located(inner.clone(), line)];
            let filter = Filter { between, default: Action::Deny, rules: Vec::new(), host: None };
            let entry = self.out.document.filters.entry(format!("{outer}-to-{inner}"));
            entry.or_insert_with(|| located(filter, line)).value.rules.push(rule);
        }
        self.out
    }
}

/// What MulVAL says of a flaw, as the vector with the same meaning; false if it says something else.
fn property(entry: &mut Vulnerability, range: &str, effect: &str, line: usize) -> bool {
    let access = match range {
        "remoteExploit" | "remoteClient" => "N",
        "localExploit" => "L",
        _ => return false,
    };
    let interaction = if range == "remoteClient" { "R" } else { "N" };
    let impact = match effect {
        "privEscalation" => "C:H/I:H/A:H",
        "dataLoss" | "infoLeak" => "C:H/I:N/A:N",
        "dataModification" => "C:N/I:H/A:N",
        "dos" => "C:N/I:N/A:H",
        _ => return false,
    };
    let vector = format!("CVSS:3.1/AV:{access}/AC:L/PR:N/UI:{interaction}/S:U/{impact}");
    entry.cvss = Some(located(vector, line));
    entry.range = Some(if access == "N" { Range::Network } else { Range::Local });
    true
}
