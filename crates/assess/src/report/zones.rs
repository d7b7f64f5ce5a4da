//! Zones and conduits as IEC 62443-3-2 asks for them: which assets a zone holds, what passes between two of them.

use std::collections::BTreeSet;

use system::{Action, Filter, FilterRule, Protocol};

use super::Report;
use super::levels::{Level, gravest, importance};

/// A zone and what is in it.
pub(super) struct ZoneRow<'a> {
    pub(super) id: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) hosts: Vec<&'a str>,
    pub(super) services: usize,
    pub(super) accounts: usize,
    /// The highest importance of its hosts; `None` where it is not known.
    pub(super) importance: Option<Level>,
    pub(super) goals: BTreeSet<&'a str>,
}

pub(super) fn zones<'a>(report: &Report<'a>) -> Vec<ZoneRow<'a>> {
    let document = report.document;
    let row = |(id, zone): (&'a String, &'a system::Zone)| {
        let here = |host: &&'a String| report.zones_of(host).contains(&id.as_str());
        let hosts: Vec<&str> = document.hosts.keys().filter(here).map(String::as_str).collect();
        let in_zone = |host: &str| hosts.contains(&host);
        ZoneRow {
            id,
            title: zone.title.as_deref(),
            services: document.services.values().filter(|s| in_zone(&s.host.value)).count(),
            accounts: document
                .accounts
                .values()
                .filter(|a| a.hosts.iter().any(|host| in_zone(&host.value)))
                .count(),
            importance: gravest(hosts.iter().map(|host| importance(report, host))),
            goals: hosts.iter().flat_map(|host| report.goals_through(host)).collect(),
            hosts,
        }
    };
    document.zones.iter().map(|(id, zone)| row((id, &zone.value))).collect()
}

/// What a filter lets through between two zones.
pub(super) struct ConduitRow<'a> {
    pub(super) id: &'a str,
    pub(super) between: [&'a str; 2],
    pub(super) enforced_by: Option<&'a str>,
    pub(super) default: Action,
    /// One text a rule, in order.
    pub(super) rules: Vec<String>,
}

pub(super) fn conduits<'a>(report: &Report<'a>) -> Vec<ConduitRow<'a>> {
    let row = |(id, filter): (&'a String, &'a Filter)| {
        let [outer, inner] = &filter.between;
        ConduitRow {
            id,
            between: [&outer.value, &inner.value],
            enforced_by: filter.host.as_ref().map(|host| host.value.as_str()),
            default: filter.default,
            rules: filter.rules.iter().map(|of| rule(report, of)).collect(),
        }
    };
    report.document.filters.iter().map(|(id, filter)| row((id, &filter.value))).collect()
}

fn rule(report: &Report<'_>, rule: &FilterRule) -> String {
    let protocol = if rule.protocol == Protocol::Any { "" } else { rule.protocol.name() };
    let ports: Vec<&str> = rule.ports.iter().map(|p| p.value.as_str()).collect();
    let class = format!("{protocol} {}", ports.join(","));
    let text =
        format!("{} {} → {} {}", report.action(rule.action), rule.from.value, rule.to.value, class.trim());
    text.trim_end().to_owned()
}
