//! Several documents as one: overlays add, what-if files also take away.

use std::collections::BTreeMap;

use crate::document::Section;
use crate::{
    Account, Attacker, Countermeasure, Credential, Data, Document, Filter, Flow, Goal, Group, Host, Kind,
    Link, Network, Person, Place, PlaceOf, Process, Service, Software, Supplier, Usage, Vulnerability, Zone,
};

/// Two documents state the same id differently.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{}:{id}` is stated differently in another document at line {}", kind.name(), first.line)]
pub struct MergeError {
    /// Section.
    pub kind: Kind,
    /// The id.
    pub id: String,
    /// Where the first statement stands.
    pub first: Place,
    /// Where the second one stands, in the added document.
    pub second: Place,
}

/// Adds every entry of `added` to `base`.
///
/// # Errors
/// Every id that both state with different contents; `base` then holds the first statement.
pub(crate) fn merge(base: &mut Document, added: &Document) -> Result<(), Vec<MergeError>> {
    let mut errors = Vec::new();
    if base.name.is_none() {
        base.name.clone_from(&added.name);
    }
    macro_rules! sections {
        ($($field:ident $kind:ident),*) => {
            $(merge_section(Kind::$kind, &mut base.$field, &added.$field, &mut errors);)*
        };
    }
    sections!(
        zones Zone, places Place, networks Network, hosts Host, filters Filter, links Link, software Software,
        services Service, vulnerabilities Vulnerability, accounts Account, groups Group, credentials Credential,
        people Person, usages Usage, flows Flow, data Data, processes Process, suppliers Supplier,
        attackers Attacker, goals Goal, countermeasures Countermeasure
    );
    base.remove.extend(added.remove.iter().cloned());
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// An entry that may grow when another document says more of it.
trait Grow: Sized {
    /// Takes up what `other` adds; false if the two contradict each other.
    fn grow(&mut self, _other: &Self) -> bool {
        false
    }
}

impl Grow for Software {
    /// Findings and words on vulnerabilities arrive later than the model does.
    fn grow(&mut self, other: &Self) -> bool {
        let bare = |s: &Self| Self { findings: Vec::new(), vex: Vec::new(), ..s.clone() };
        let fits = bare(self) == bare(other) || bare(other) == Self::default();
        if fits {
            add(&mut self.findings, &other.findings);
            add(&mut self.vex, &other.vex);
        }
        fits
    }
}

/// What is new comes after what is there.
fn add<T: Clone + PartialEq>(list: &mut Vec<T>, more: &[T]) {
    let new: Vec<T> = more.iter().filter(|entry| !list.contains(entry)).cloned().collect();
    list.extend(new);
}

impl Grow for Host {
    /// What runs on a host is often told by another document, such as its bill of materials, than where it stands.
    fn grow(&mut self, other: &Self) -> bool {
        let bare = |h: &Self| Self { software: Vec::new(), ..h.clone() };
        if bare(self) == Self::default() {
            // Others know that it is there and no more.
            *self = Self { software: std::mem::take(&mut self.software), ..bare(other) };
        }
        let fits = bare(self) == bare(other) || bare(other) == Self::default();
        if fits {
            add(&mut self.software, &other.software);
        }
        fits
    }
}

impl Grow for Data {
    /// Each host tells that it has mounted it.
    fn grow(&mut self, other: &Self) -> bool {
        let bare = |d: &Self| Self { mounted_on: Vec::new(), ..d.clone() };
        let fits = bare(self) == bare(other);
        if fits {
            add(&mut self.mounted_on, &other.mounted_on);
        }
        fits
    }
}

macro_rules! fixed {
    ($($entry:ty),*) => { $(impl Grow for $entry {})* };
}
fixed!(
    Account,
    Attacker,
    Countermeasure,
    Credential,
    Filter,
    Flow,
    Goal,
    Group,
    Link,
    Network,
    Person,
    PlaceOf,
    Process,
    Service,
    Supplier,
    Usage,
    Vulnerability,
    Zone
);

fn merge_section<T: Clone + PartialEq + Grow>(
    kind: Kind,
    base: &mut Section<T>,
    added: &Section<T>,
    errors: &mut Vec<MergeError>,
) {
    for (id, entry) in added {
        match base.get_mut(id) {
            None => {
                base.insert(id.clone(), entry.clone());
            }
            Some(first) if first == entry => {}
            Some(first) => {
                if first.value.grow(&entry.value) {
                    continue;
                }
                let (first, second) = (first.written, entry.written);
                errors.push(MergeError { kind, id: id.clone(), first, second });
            }
        }
    }
}

/// How many entries each section has; sections without entries are left out.
pub(crate) fn counts(document: &Document) -> BTreeMap<Kind, usize> {
    macro_rules! sections {
        ($($field:ident $kind:ident),*) => { [$((Kind::$kind, document.$field.len())),*] };
    }
    let all = sections!(
        zones Zone, places Place, networks Network, hosts Host, filters Filter, links Link, software Software,
        services Service, vulnerabilities Vulnerability, accounts Account, groups Group, credentials Credential,
        people Person, usages Usage, flows Flow, data Data, processes Process, suppliers Supplier,
        attackers Attacker, goals Goal, countermeasures Countermeasure
    );
    all.into_iter().filter(|(_, n)| *n > 0).collect()
}
