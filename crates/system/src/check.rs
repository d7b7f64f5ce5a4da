//! From documents to a [`System`]: everything named exists, every value means something.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use sha2::Digest;

use crate::diagnostic::did_you_mean;
use crate::document::{Entry, Located, Mention, Section};
use crate::merge::{counts, merge};
use crate::zones::Endpoint;
use crate::{Diagnostic, Document, Filter, Host, Kind, Ports, Protocol, Reference};

/// A system model in which every reference leads somewhere and every address, port and figure is one.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    name: String,
    document: Document,
}

/// All mistakes found, sorted by document and place.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct CheckError {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}

impl System {
    /// Merges documents in order and checks the result. A later document adds; its `remove` list first takes away,
    /// together with everything that cannot be without what is gone.
    ///
    /// # Errors
    /// Every conflicting id, reference that leads nowhere, and value without meaning.
    pub fn new(documents: &[(String, Document)]) -> Result<Self, CheckError> {
        let mut merged = Document::default();
        let mut diagnostics = Vec::new();
        let mut unchecked = Vec::new();
        for (name, document) in documents {
            if !document.remove.is_empty() {
                check_each(&unchecked, &merged, &mut diagnostics);
                unchecked.clear();
                take_away(name, &mut merged, document, &mut diagnostics);
            }
            add(name, &mut merged, document, &mut diagnostics);
            unchecked.push((name.as_str(), document));
        }
        merged.remove.clear();
        check_each(&unchecked, &merged, &mut diagnostics);
        let name = merged.name.clone().unwrap_or_default();
        if name.is_empty() {
            diagnostics.push(nameless(documents));
        }
        diagnostics.sort();
        diagnostics.dedup();
        if diagnostics.is_empty() {
            Ok(Self { name, document: merged })
        } else {
            Err(CheckError { diagnostics })
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The merged document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the merged document as canonical JSON.
    pub fn digest(&self) -> record::Sha256 {
        let bytes = serde_json::to_vec(&self.document).unwrap_or_default();
        record::Sha256(sha2::Sha256::digest(bytes).into())
    }

    /// How many entries each section has.
    pub fn counts(&self) -> BTreeMap<Kind, usize> {
        counts(&self.document)
    }
}

/// Documents as one, without a look at what they name: what was imported is often a part of something.
///
/// # Errors
/// Every conflicting id.
pub fn join(documents: &[(String, Document)]) -> Result<Document, CheckError> {
    let (mut merged, mut diagnostics) = (Document::default(), Vec::new());
    for (name, document) in documents {
        add(name, &mut merged, document, &mut diagnostics);
    }
    if diagnostics.is_empty() { Ok(merged) } else { Err(CheckError { diagnostics }) }
}

fn add(name: &str, merged: &mut Document, document: &Document, found: &mut Vec<Diagnostic>) {
    for conflict in merge(merged, document).err().unwrap_or_default() {
        found.push(Diagnostic {
            document: name.to_owned(),
            place: conflict.second,
            message: conflict.to_string(),
            hint: Some("remove the first statement, or give this one another id".to_owned()),
        });
    }
}

/// Checks documents against the ids of what they were merged to, before a later one takes any away.
fn check_each(documents: &[(&str, &Document)], merged: &Document, found: &mut Vec<Diagnostic>) {
    let ids = Ids::of(merged);
    for (name, document) in documents {
        Check { document: name, ids: &ids, found }.all(document);
    }
}

fn nameless(documents: &[(String, Document)]) -> Diagnostic {
    Diagnostic {
        document: documents.first().map_or_else(String::new, |(name, _)| name.clone()),
        place: crate::Place::default(),
        message: "the system has no name".to_owned(),
        hint: Some("add `name: …` at the top".to_owned()),
    }
}

/// Runs `$call!(section_field, Kind)` for each section.
macro_rules! for_each_section {
    ($call:ident) => {
        $call!(zones, Zone);
        $call!(places, Place);
        $call!(networks, Network);
        $call!(hosts, Host);
        $call!(filters, Filter);
        $call!(links, Link);
        $call!(software, Software);
        $call!(services, Service);
        $call!(vulnerabilities, Vulnerability);
        $call!(accounts, Account);
        $call!(groups, Group);
        $call!(credentials, Credential);
        $call!(people, Person);
        $call!(usages, Usage);
        $call!(flows, Flow);
        $call!(data, Data);
        $call!(processes, Process);
        $call!(suppliers, Supplier);
        $call!(attackers, Attacker);
        $call!(goals, Goal);
        $call!(countermeasures, Countermeasure);
    };
}

/// All ids by kind.
struct Ids(BTreeMap<Kind, BTreeSet<String>>);

impl Ids {
    fn of(document: &Document) -> Self {
        let mut ids = BTreeMap::new();
        macro_rules! collect {
            ($field:ident, $kind:ident) => {
                ids.insert(Kind::$kind, document.$field.keys().cloned().collect());
            };
        }
        for_each_section!(collect);
        Self(ids)
    }

    fn contains(&self, kind: Kind, id: &str) -> bool {
        self.0.get(&kind).is_some_and(|ids| ids.contains(id))
    }

    fn nearest(&self, kind: Kind, id: &str) -> Option<String> {
        did_you_mean(id, self.0.get(&kind)?.iter().map(String::as_str))
    }
}

/// Applies the `remove` list of `by` to `base`, then drops what cannot stand without what is gone.
fn take_away(name: &str, base: &mut Document, by: &Document, found: &mut Vec<Diagnostic>) {
    let ids = Ids::of(base);
    for text in &by.remove {
        match text.value.parse::<Reference>() {
            Ok(r) if ids.contains(r.kind, &r.id) => remove_one(base, &r),
            Ok(r) => found.push(diagnostic(
                name,
                text,
                format!("there is no `{r}` to remove"),
                ids.nearest(r.kind, &r.id),
            )),
            Err(error) => found.push(diagnostic(name, text, error.to_string(), None)),
        }
    }
    while drop_orphans(base) {}
}

fn remove_one(base: &mut Document, reference: &Reference) {
    macro_rules! remove {
        ($field:ident, $kind:ident) => {
            if reference.kind == Kind::$kind {
                base.$field.remove(&reference.id);
            }
        };
    }
    for_each_section!(remove);
}

/// One pass; true if anything went, so that what stood on that may go in the next.
fn drop_orphans(base: &mut Document) -> bool {
    let ids = Ids::of(base);
    let mut keep = |mention: Mention<'_>| match mention {
        Mention::Id(kind, id) => ids.contains(kind, id),
        Mention::Reference(_, text) | Mention::Endpoint(text) => {
            text.parse::<Reference>().map_or(true, |r| ids.contains(r.kind, &r.id))
        }
    };
    let before: usize = counts(base).values().sum();
    macro_rules! retain {
        ($field:ident, $kind:ident) => {
            base.$field.retain(|_, entry| entry.value.retain_mentions(&mut keep));
        };
    }
    for_each_section!(retain);
    counts(base).values().sum::<usize>() < before
}

fn diagnostic<T>(document: &str, at: &Located<T>, message: String, hint: Option<String>) -> Diagnostic {
    Diagnostic { document: document.to_owned(), place: at.written, message, hint }
}

/// Checks of one document against the ids of all.
struct Check<'a> {
    document: &'a str,
    ids: &'a Ids,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn all(&mut self, document: &Document) {
        macro_rules! section {
            ($field:ident, $kind:ident) => {
                self.section(Kind::$kind, &document.$field);
            };
        }
        for_each_section!(section);
        document.networks.values().filter_map(|n| n.cidr.as_ref()).for_each(|cidr| self.prefix(cidr));
        document.hosts.values().for_each(|host| self.host(host));
        document.filters.values().for_each(|filter| self.filter(filter));
        for service in document.services.values() {
            self.must(
                service.protocol != Protocol::Any,
                service,
                "a service has one protocol",
                "write `tcp` or `udp`",
            );
            self.must(service.port != 0, service, "`0` is not a port", "write 1–65535");
        }
        for countermeasure in document.countermeasures.values() {
            let positive = countermeasure.cost.is_finite() && countermeasure.cost > 0.0;
            self.must(
                positive,
                countermeasure,
                "a cost is above 0",
                "use any one unit, for example days of work",
            );
        }
        for vulnerability in document.vulnerabilities.values() {
            let share = vulnerability.epss.is_none_or(|p| (0.0..=1.0).contains(&p));
            self.must(share, vulnerability, "`epss` is a probability", "write 0.0–1.0");
        }
    }

    fn section<T: Entry + Clone>(&mut self, kind: Kind, section: &Section<T>) {
        for (id, entry) in section {
            let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'`(),".contains(c);
            let good = !id.is_empty() && id.len() <= 200 && id.chars().all(plain) && id != "_";
            self.must(
                good,
                entry,
                &format!("`{}` is not an id", id.escape_debug()),
                "use letters, digits, `-`, `.`, `/`",
            );
            let mut mentions = Vec::new();
            entry.value.clone().retain_mentions(&mut |mention| {
                mentions.extend(self.unknown(kind, mention));
                true
            });
            self.found.append(&mut mentions);
        }
    }

    fn unknown(&self, of: Kind, mention: Mention<'_>) -> Option<Diagnostic> {
        let missing = |kind: Kind, id: &str, at| {
            let message = format!("there is no `{}:{id}`, which this {} names", kind.name(), of.name());
            Some(diagnostic(self.document, at, message, self.ids.nearest(kind, id)))
        };
        match mention {
            Mention::Id(kind, id) if self.ids.contains(kind, id) => None,
            Mention::Id(kind, id) => missing(kind, id, id),
            Mention::Reference(kinds, text) => match text.parse::<Reference>() {
                Err(error) => Some(diagnostic(self.document, text, error.to_string(), None)),
                Ok(r) if !kinds.contains(&r.kind) => {
                    let names: Vec<_> = kinds.iter().map(|k| format!("`{}:…`", k.name())).collect();
                    let hint = format!("write {}", names.join(" or "));
                    Some(diagnostic(self.document, text, format!("`{r}` cannot stand here"), Some(hint)))
                }
                Ok(r) if self.ids.contains(r.kind, &r.id) => None,
                Ok(r) => missing(r.kind, &r.id, text),
            },
            Mention::Endpoint(text) => match text.parse::<Endpoint>() {
                Err(error) => Some(diagnostic(self.document, text, error.to_string(), None)),
                Ok(endpoint) => endpoint
                    .reference()
                    .filter(|r| !self.ids.contains(r.kind, &r.id))
                    .and_then(|r| missing(r.kind, &r.id, text)),
            },
        }
    }

    fn prefix(&mut self, cidr: &Located<String>) {
        let message = format!("`{}` is not an address prefix", cidr.value);
        self.must(cidr.parse::<IpNet>().is_ok(), cidr, &message, "write `10.0.1.0/24` or `fd00::/64`");
    }

    fn host(&mut self, host: &Host) {
        for address in host.interfaces.iter().filter_map(|i| i.address.as_ref()) {
            let message = format!("`{}` is not an address", address.value);
            self.must(
                address.parse::<std::net::IpAddr>().is_ok(),
                address,
                &message,
                "write `10.0.1.5` or `fd00::5`",
            );
        }
    }

    fn filter(&mut self, filter: &Filter) {
        for ports in filter.rules.iter().flat_map(|r| &r.ports) {
            if let Err(error) = ports.parse::<Ports>() {
                self.found.push(diagnostic(self.document, ports, error.to_string(), None));
            }
        }
    }

    fn must<T>(&mut self, holds: bool, at: &Located<T>, message: &str, hint: &str) {
        if !holds {
            self.found.push(diagnostic(self.document, at, message.to_owned(), Some(hint.to_owned())));
        }
    }
}
