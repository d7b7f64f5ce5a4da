//! Walking the model, one section a function.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, Value};
use crate::zones::{Class, Zones, compile};
use crate::{Document, HostKind, Privilege, Protocol, Range, Reference, SoftwareVex, System, VexStatus};

/// Field protocols that controllers obey without asking who speaks: port and name. A controller for which the model
/// lists no service at all is assumed to speak all of them, since an unlisted one is what an attacker would use.
/// Source: IANA service name registry; ports of Modbus, S7comm (ISO-TSAP), IEC 60870-5-104, DNP3, EtherNet/IP.
const FIELD_PROTOCOLS: &[(u16, &str)] =
    &[(102, "s7comm"), (502, "modbus"), (2404, "iec-104"), (20000, "dnp3"), (44818, "ethernet-ip")];

/// Everything that the model states.
pub(super) fn facts(system: &System) -> Vec<Fact> {
    let document = system.document();
    let services = services(document);
    let mut classes: BTreeMap<String, BTreeSet<Class>> = BTreeMap::new();
    for service in &services {
        classes.entry(service.host.clone()).or_default().insert(service.class);
    }
    let zones = compile(system, &classes);
    let mut out = Facts::default();
    out.reachability(document, &zones);
    out.hosts(document);
    out.services(&services);
    out.software(document);
    out.vulnerabilities(document);
    out.accounts(document);
    out.credentials(document);
    out.people(document);
    out.links(document, &zones);
    out.processes(document);
    out.attackers(document, &zones);
    out.0.into_iter().collect()
}

/// A service as facts need it: stated, or assumed for a controller without any.
struct Listening {
    id: String,
    host: String,
    class: Class,
    user: String,
    software: Option<String>,
    login: bool,
    unauthenticated: bool,
    cleartext: bool,
}

fn services(document: &Document) -> Vec<Listening> {
    let stated = document.services.iter().map(|(id, service)| Listening {
        id: id.clone(),
        host: service.host.value.clone(),
        class: Class { protocol: service.protocol, port: service.port },
        user: service.run_as.clone().unwrap_or_else(|| "root".to_owned()),
        software: service.software.as_ref().map(|s| s.value.clone()),
        login: service.login,
        unauthenticated: service.unauthenticated,
        cleartext: service.cleartext,
    });
    let mut services: Vec<Listening> = stated.collect();
    let serving: BTreeSet<&str> = document.services.values().map(|s| s.host.value.as_str()).collect();
    let silent: Vec<&String> = controllers(document).filter(|id| !serving.contains(id.as_str())).collect();
    for host in silent {
        services.extend(FIELD_PROTOCOLS.iter().map(|(port, name)| Listening {
            id: format!("{host}/assumed-{name}"),
            host: host.clone(),
            class: Class { protocol: Protocol::Tcp, port: *port },
            user: "firmware".to_owned(),
            software: None,
            login: false,
            unauthenticated: true,
            cleartext: false,
        }));
    }
    services
}

fn controllers(document: &Document) -> impl Iterator<Item = &String> {
    let controller = |kind| matches!(kind, HostKind::Plc | HostKind::Rtu | HostKind::SafetyController);
    document.hosts.iter().filter(move |(_, host)| controller(host.kind)).map(|(id, _)| id)
}

#[derive(Default)]
struct Facts(BTreeSet<Fact>);

macro_rules! fact {
    ($out:expr, $relation:literal, $($arg:expr),+) => {
        $out.0.insert(Fact { relation: $relation, args: vec![$(Value::from($arg)),+] })
    };
}

// Behind the macro, which it uses.
mod around;

impl Facts {
    fn reachability(&mut self, document: &Document, zones: &Zones) {
        for zone in &zones.zones {
            fact!(self, "zone_of", &zone.name, &zone.zone);
            for host in &zone.hosts {
                fact!(self, "in_zone", host, &zone.name);
            }
        }
        let name = |i: usize| zones.zones.get(i).map_or("", |z| z.name.as_str());
        for (from, to, class) in &zones.allow {
            fact!(self, "allow", name(*from), name(*to), &class.to_string());
        }
        for network in document.networks.values().filter(|n| n.wireless) {
            if let (Some(place), Some(zone)) = (&network.place, base_zone(zones, &network.zone.value)) {
                fact!(self, "wireless_range", &place.value, zone);
            }
        }
        for (id, filter) in &document.filters {
            let [outer, inner] = &filter.between;
            fact!(self, "filter_between", id, &outer.value, &inner.value);
            if let Some(host) = &filter.host {
                fact!(self, "enforces", &host.value, id);
            }
        }
    }

    fn hosts(&mut self, document: &Document) {
        for (id, host) in &document.hosts {
            fact!(self, "host", id);
            fact!(self, "host_kind", id, word(&host.kind).as_str());
            for software in &host.software {
                fact!(self, "installed", id, &software.value);
            }
            for controller in &host.programs {
                fact!(self, "programs", id, &controller.value);
            }
            for from in &host.trusts {
                fact!(self, "trusts", id, &from.value);
            }
            for protection in &host.protections {
                fact!(self, "protected", id, protection.name());
            }
            if host.console_unlocked {
                fact!(self, "console_unlocked", id);
            }
            if let Some(place) = &host.place {
                fact!(self, "located_in", id, &place.value);
            }
            if let Some(supplier) = &host.supplier {
                fact!(self, "supplied_by", id, &supplier.value);
            }
        }
        for (id, place) in &document.places {
            if let Some(outer) = &place.inside {
                fact!(self, "place_in", id, &outer.value);
            }
        }
    }

    fn services(&mut self, services: &[Listening]) {
        for service in services {
            fact!(self, "listens", &service.host, &service.id, &service.class.to_string());
            fact!(self, "runs", &service.host, &service.id, &service.user);
            if let Some(software) = &service.software {
                fact!(self, "service_software", &service.id, software);
            }
            if service.login {
                fact!(self, "login_service", &service.id);
            }
            if service.unauthenticated {
                fact!(self, "unauthenticated", &service.id);
            }
            if service.cleartext {
                fact!(self, "cleartext", &service.id);
            }
        }
    }

    fn software(&mut self, document: &Document) {
        for (id, software) in &document.software {
            if let Some(supplier) = &software.supplier {
                fact!(self, "supplies", id, &supplier.value);
            }
            if software.auto_update {
                fact!(self, "auto_update", id);
            }
            for finding in &software.findings {
                fact!(self, "finding", id, &finding.id, &finding.rule, range(finding.range));
            }
        }
        for (id, supplier) in &document.suppliers {
            if supplier.compromised {
                fact!(self, "compromised", id);
            }
        }
    }

    fn vulnerabilities(&mut self, document: &Document) {
        let carriers = carriers(document);
        for (id, vulnerability) in &document.vulnerabilities {
            for software in &vulnerability.affects {
                let entry = document.software.get(&software.value);
                for host in carriers.get(software.value.as_str()).into_iter().flatten() {
                    if entry.is_none_or(|software| software.dismissed(id, host).is_none()) {
                        fact!(self, "vul_exists", id, *host, &software.value);
                    }
                }
            }
            if let Some(vector) = &vulnerability.cvss {
                fact!(self, "vul_cvss", id, &vector.value);
            }
            if let Some(stated) = vulnerability.range {
                fact!(self, "vul_range", id, range(stated));
            }
            if let Some(share) = vulnerability.epss {
                #[expect(clippy::cast_possible_truncation, reason = "a checked model holds 0.0–1.0")]
                let permille = (share * 1000.0).round() as i64;
                fact!(self, "epss", id, permille);
            }
            if vulnerability.kev {
                fact!(self, "kev", id);
            }
            for weakness in &vulnerability.cwe {
                fact!(self, "cwe", id, weakness);
            }
            if let Some(vex) = &vulnerability.vex {
                fact!(self, "vex", id, status(vex.status), &vex.by);
            }
        }
        for (id, software) in document.software.iter().filter(|(_, software)| !software.vex.is_empty()) {
            for host in carriers.get(id.as_str()).into_iter().flatten() {
                let there =
                    |vex: &&SoftwareVex| vex.hosts.is_empty() || vex.hosts.iter().any(|h| h.value == *host);
                for vex in software.vex.iter().filter(there) {
                    fact!(self, "vex_in", &vex.vulnerability, *host, id, status(vex.status), &vex.by);
                }
            }
        }
    }

    fn accounts(&mut self, document: &Document) {
        for (id, account) in &document.accounts {
            for host in &account.hosts {
                let privilege = if account.privilege == Privilege::Admin { "admin" } else { "user" };
                fact!(self, "has_account", id, &host.value, privilege);
                fact!(self, "account_user", id, &host.value, account.user.as_ref().unwrap_or(id));
            }
            for credential in &account.credentials {
                fact!(self, "opens", &credential.value, id);
            }
            if let Some(person) = &account.person {
                fact!(self, "belongs_to", id, &person.value);
            }
            if account.mfa {
                fact!(self, "mfa", id);
            }
            if account.default_password {
                fact!(self, "default_password", id);
            }
            if account.leaver {
                fact!(self, "leaver", id);
            }
        }
        for (id, group) in &document.groups {
            for member in group.members.iter().filter_map(|m| m.parse::<Reference>().ok()) {
                fact!(self, "member_of", &member.id, id);
            }
            for host in &group.admin_of {
                fact!(self, "admin_of", id, &host.value);
            }
        }
    }

    fn credentials(&mut self, document: &Document) {
        for (id, credential) in &document.credentials {
            for host in &credential.stored_on {
                fact!(self, "stored_on", id, &host.value);
            }
            for host in &credential.cached_on {
                fact!(self, "cached_on", id, &host.value);
            }
            for same in &credential.reuses {
                fact!(self, "reuses", id, &same.value);
                fact!(self, "reuses", &same.value, id);
            }
            if credential.weak {
                fact!(self, "weak", id);
            }
        }
    }

    fn people(&mut self, document: &Document) {
        for (id, person) in &document.people {
            fact!(self, "person", id);
            for place in &person.can_enter {
                fact!(self, "can_enter", id, &place.value);
            }
            if person.trained {
                fact!(self, "trained", id);
            }
        }
        for usage in document.usages.values() {
            for host in &usage.hosts {
                for interaction in &usage.does {
                    fact!(self, "performs", &usage.person.value, &host.value, interaction.name());
                }
                if let Some(medium) = &usage.medium {
                    fact!(self, "carries", &usage.person.value, medium, &host.value);
                }
                if let Some(account) = &usage.account {
                    fact!(self, "uses_account", &usage.person.value, &host.value, &account.value);
                }
            }
        }
    }
}

/// Hosts by the software they carry, installed or behind a service.
fn carriers(document: &Document) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut carriers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let installed = document.hosts.iter().flat_map(|(id, host)| host.software.iter().map(move |s| (s, id)));
    let serving = document.services.values().filter_map(|s| Some((s.software.as_ref()?, &s.host.value)));
    for (software, host) in installed.chain(serving) {
        carriers.entry(&software.value).or_default().insert(host);
    }
    carriers
}

/// The compiled zone of somebody in `zone` whom no rule singles out: it carries the zone's name.
fn base_zone<'a>(zones: &'a Zones, zone: &str) -> Option<&'a str> {
    zones.zones.iter().find(|z| z.zone == zone && z.name == zone).map(|z| z.name.as_str())
}

fn word(kind: &HostKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn range(range: Range) -> &'static str {
    match range {
        Range::Network => "network",
        Range::Adjacent => "adjacent",
        Range::Local => "local",
        Range::Physical => "physical",
    }
}

fn status(status: VexStatus) -> &'static str {
    match status {
        VexStatus::NotAffected => "not_affected",
        VexStatus::Affected => "affected",
        VexStatus::Fixed => "fixed",
        VexStatus::UnderInvestigation => "under_investigation",
    }
}
