//! Every place where an entry names another one.
//!
//! One walk serves two purposes. Checking asks of each mention whether it leads somewhere. Removing asks whether what
//! it leads to is still there: an optional mention of something gone is dropped, and an entry that cannot be without
//! what it names (a service without its host) goes as well.

use super::{
    Account, Attacker, Countermeasure, Credential, Data, Filter, Flow, Goal, Group, Host, Link, Located,
    Network, Person, PlaceOf, Process, Service, Software, Supplier, Usage, Vulnerability, Zone,
};
use crate::Kind;

/// How an entry names another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mention<'a> {
    /// By id; the kind is fixed.
    Id(Kind, &'a Located<String>),
    /// By `kind:id`, of one of these kinds.
    Reference(&'static [Kind], &'a Located<String>),
    /// An end of a filter rule: `any`, an address, a prefix, or a reference.
    Endpoint(&'a Located<String>),
}

/// Says of each mention whether to keep it.
pub(crate) type Keep<'a> = dyn FnMut(Mention<'_>) -> bool + 'a;

/// An entry of a section.
pub(crate) trait Entry {
    /// Walks all mentions; false if the entry cannot stand without one that is not kept.
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool;
}

fn list(kind: Kind, ids: &mut Vec<Located<String>>, keep: &mut Keep<'_>) {
    ids.retain(|id| keep(Mention::Id(kind, id)));
}

fn optional(kind: Kind, id: &mut Option<Located<String>>, keep: &mut Keep<'_>) {
    if id.as_ref().is_some_and(|id| !keep(Mention::Id(kind, id))) {
        *id = None;
    }
}

impl Entry for Zone {
    fn retain_mentions(&mut self, _: &mut Keep<'_>) -> bool {
        true
    }
}

impl Entry for PlaceOf {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        optional(Kind::Place, &mut self.inside, keep);
        true
    }
}

impl Entry for Network {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        optional(Kind::Place, &mut self.place, keep);
        keep(Mention::Id(Kind::Zone, &self.zone))
    }
}

impl Entry for Host {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        self.interfaces.retain(|i| keep(Mention::Id(Kind::Network, &i.network)));
        list(Kind::Software, &mut self.software, keep);
        list(Kind::Host, &mut self.programs, keep);
        list(Kind::Host, &mut self.trusts, keep);
        optional(Kind::Place, &mut self.place, keep);
        optional(Kind::Supplier, &mut self.supplier, keep);
        true
    }
}

impl Entry for Filter {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        self.rules.retain(|r| keep(Mention::Endpoint(&r.from)) & keep(Mention::Endpoint(&r.to)));
        optional(Kind::Host, &mut self.host, keep);
        let [outer, inner] = &self.between;
        keep(Mention::Id(Kind::Zone, outer)) & keep(Mention::Id(Kind::Zone, inner))
    }
}

impl Entry for Link {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        keep(Mention::Reference(&[Kind::Host, Kind::Zone], &self.from))
            & keep(Mention::Id(Kind::Host, &self.to))
    }
}

impl Entry for Software {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        optional(Kind::Supplier, &mut self.supplier, keep);
        // A word on some hosts does not become one on all when they go.
        self.vex.retain_mut(|vex| {
            let everywhere = vex.hosts.is_empty();
            list(Kind::Host, &mut vex.hosts, keep);
            everywhere || !vex.hosts.is_empty()
        });
        true
    }
}

impl Entry for Service {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        optional(Kind::Software, &mut self.software, keep);
        keep(Mention::Id(Kind::Host, &self.host))
    }
}

impl Entry for Vulnerability {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Software, &mut self.affects, keep);
        true
    }
}

impl Entry for Account {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Host, &mut self.hosts, keep);
        list(Kind::Credential, &mut self.credentials, keep);
        optional(Kind::Person, &mut self.person, keep);
        true
    }
}

impl Entry for Group {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        self.members.retain(|m| keep(Mention::Reference(&[Kind::Account, Kind::Group], m)));
        list(Kind::Host, &mut self.admin_of, keep);
        true
    }
}

impl Entry for Credential {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Host, &mut self.stored_on, keep);
        list(Kind::Host, &mut self.cached_on, keep);
        list(Kind::Credential, &mut self.reuses, keep);
        true
    }
}

impl Entry for Person {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Place, &mut self.can_enter, keep);
        true
    }
}

impl Entry for Usage {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Host, &mut self.hosts, keep);
        optional(Kind::Account, &mut self.account, keep);
        keep(Mention::Id(Kind::Person, &self.person))
    }
}

impl Entry for Flow {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Data, &mut self.data, keep);
        keep(Mention::Id(Kind::Host, &self.from)) & keep(Mention::Id(Kind::Host, &self.to))
    }
}

impl Entry for Data {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Host, &mut self.mounted_on, keep);
        list(Kind::Host, &mut self.executed_on, keep);
        optional(Kind::Data, &mut self.backup_of, keep);
        list(Kind::Host, &mut self.stored_on, keep);
        true
    }
}

impl Entry for Process {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        list(Kind::Host, &mut self.controlled_by, keep);
        list(Kind::Host, &mut self.viewed_on, keep);
        list(Kind::Host, &mut self.safety, keep);
        list(Kind::Host, &mut self.depends_on, keep);
        true
    }
}

impl Entry for Supplier {
    fn retain_mentions(&mut self, _: &mut Keep<'_>) -> bool {
        true
    }
}

impl Entry for Attacker {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        const KINDS: &[Kind] = &[Kind::Host, Kind::Person, Kind::Place, Kind::Supplier, Kind::Zone];
        list(Kind::Account, &mut self.knows, keep);
        keep(Mention::Reference(KINDS, &self.at))
    }
}

impl Entry for Goal {
    fn retain_mentions(&mut self, _: &mut Keep<'_>) -> bool {
        true
    }
}

impl Entry for Countermeasure {
    fn retain_mentions(&mut self, keep: &mut Keep<'_>) -> bool {
        keep(Mention::Reference(Kind::ALL, &self.target))
    }
}
