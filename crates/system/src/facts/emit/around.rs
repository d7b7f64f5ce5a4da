//! What is around the hosts: links past the filters, processes, and where attackers begin.

use super::{Fact, Facts, Value, base_zone};
use crate::zones::Zones;
use crate::{Document, Kind, LinkKind, Reference};

impl Facts {
    pub(super) fn links(&mut self, document: &Document, zones: &Zones) {
        for link in document.links.values() {
            let Ok(from) = link.from.parse::<Reference>() else { continue };
            let to = &link.to.value;
            match (link.kind, from.kind) {
                (LinkKind::Bus, _) => {
                    fact!(self, "bus_link", &from.id, to);
                    fact!(self, "bus_link", to, &from.id);
                }
                (LinkKind::Diode, _) => {
                    fact!(self, "data_diode", &from.id, to);
                }
                (LinkKind::RemoteAccess, Kind::Zone) => {
                    for zone in zones.zones.iter().filter(|z| z.zone == from.id) {
                        fact!(self, "remote_access", &zone.name, to);
                    }
                }
                (LinkKind::RemoteAccess, _) => {
                    fact!(self, "remote_access_host", &from.id, to);
                }
            }
        }
        for flow in document.flows.values() {
            for data in &flow.data {
                fact!(self, "flow", &flow.from.value, &flow.to.value, &data.value);
            }
            if flow.trusted {
                fact!(self, "flow_trusted", &flow.from.value, &flow.to.value);
            }
        }
        for (id, data) in &document.data {
            for host in &data.stored_on {
                fact!(self, "data_on", id, &host.value);
            }
            for host in &data.mounted_on {
                fact!(self, "mounts", &host.value, id);
            }
            for host in &data.executed_on {
                fact!(self, "executes", &host.value, id);
            }
            if let Some(original) = &data.backup_of {
                fact!(self, "backup_of", id, &original.value);
            }
            if data.encrypted {
                fact!(self, "encrypted", id);
            }
        }
    }

    pub(super) fn processes(&mut self, document: &Document) {
        for (id, process) in &document.processes {
            for host in &process.controlled_by {
                fact!(self, "controls", &host.value, id);
            }
            for host in &process.viewed_on {
                fact!(self, "views", &host.value, id);
            }
            for host in &process.safety {
                fact!(self, "safety_of", &host.value, id);
            }
            for host in &process.depends_on {
                fact!(self, "depends_on", id, &host.value);
            }
            if process.fallback {
                fact!(self, "has_fallback", id);
            }
        }
    }

    pub(super) fn attackers(&mut self, document: &Document, zones: &Zones) {
        for (id, attacker) in &document.attackers {
            fact!(self, "attacker", id);
            if attacker.deceives {
                fact!(self, "deceives", id);
            }
            for account in &attacker.knows {
                fact!(self, "knows", id, &account.value);
            }
            let Ok(at) = attacker.at.parse::<Reference>() else { continue };
            match at.kind {
                Kind::Zone => {
                    if let Some(zone) = base_zone(zones, &at.id) {
                        fact!(self, "at_zone", id, zone);
                    }
                }
                Kind::Host => drop(fact!(self, "at_host", id, &at.id)),
                Kind::Person => drop(fact!(self, "at_person", id, &at.id)),
                Kind::Place => drop(fact!(self, "at_place", id, &at.id)),
                Kind::Supplier => drop(fact!(self, "at_supplier", id, &at.id)),
                _ => {}
            }
        }
    }
}
