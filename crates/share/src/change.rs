//! What happened, for one viewer: only what it may see, in its own sequence.

use std::collections::BTreeMap;

use statement::DisclosureLevel;

use crate::fact::{Effect, EvidenceFact};
use crate::ids::{EvidenceId, OrganizationId, ReleaseId};
use crate::looking::Looking;
use crate::paging::{Page, Paging};
use crate::platform::Platform;
use crate::universe::{Event, Happened};
use crate::view::{ChangeKind, ChangeReason, ChangeView, NamedRef, OrganizationRef};
use crate::viewer::Viewer;

/// Most vulnerabilities named in one change.
const SHOWN_VULNERABILITIES: usize = 5;

impl Platform {
    /// Changes after the cursor, oldest first. `next` is always there: where nothing is new it is the cursor itself.
    pub fn changes(&self, viewer: &Viewer, since: Option<String>, limit: Option<usize>) -> Page<ChangeView> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let after = since.clone().filter(|s| !s.is_empty());
        // A cursor that the viewer does not see is none.
        let place = after.as_ref().and_then(|cursor| universe.event_places.get(cursor)).copied();
        let seen = place.filter(|at| universe.events.get(*at).is_some_and(|h| looking.change(h).is_some()));
        let first = match (&after, seen) {
            (None, _) => 0,
            (Some(_), Some(at)) => at.saturating_add(1),
            (Some(_), None) => universe.events.len(),
        };
        let concerning = universe.concerning(&viewer.organization, first);
        let visible = concerning.filter_map(|at| universe.events.get(at)).filter_map(|h| looking.change(h));
        let paging = Paging { after: None, limit };
        let page = paging.cut(visible, |c| c.cursor.clone());
        let last = page.items.last().map(|c| c.cursor.clone());
        Page { items: page.items, next: last.or(since) }
    }

    /// Cursor of the newest change the viewer sees.
    pub(crate) fn last_change(&self, viewer: &Viewer) -> Option<String> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        universe.events.iter().rev().find_map(|h| looking.change(h)).map(|change| change.cursor)
    }
}

impl Looking<'_> {
    pub(crate) fn change(&self, happened: &Happened) -> Option<ChangeView> {
        let mut change = match &happened.event {
            Event::Evidence(id) => self.evidence_change(id),
            Event::Release(id) => self.release_change(id),
            Event::Link(id) => {
                let link = self.universe.links.get(id).filter(|l| l.concerns(&self.viewer.organization))?;
                let other = if link.fact.supplier == self.viewer.organization {
                    &link.fact.customer
                } else {
                    &link.fact.supplier
                };
                let other = self.universe.organization_ref(other);
                let why = format!("a supply link with `{}` was proposed, agreed or ended", other.name);
                Some(bare(ChangeKind::LinkChanged, other, ChangeReason::Own, why))
            }
            Event::Emergency(place) => self.emergency_change(*place),
            Event::Matched(evidence, added) => self.matched_change(evidence, added),
            Event::Key(organization) => (*organization == self.viewer.organization).then(|| {
                let own = self.universe.organization_ref(organization);
                bare(
                    ChangeKind::KeyChanged,
                    own,
                    ChangeReason::Own,
                    "a key of your organization was added or revoked".to_owned(),
                )
            }),
        }?;
        change.at = happened.at;
        change.cursor.clone_from(&happened.cursor);
        Some(change)
    }

    fn evidence_change(&self, id: &EvidenceId) -> Option<ChangeView> {
        let view = self.evidence_by_id(id)?;
        let fact = &self.universe.evidence.get(id)?.fact;
        let kind = match &fact.effect {
            Effect::Withdraw { .. } => ChangeKind::EvidenceWithdrawn,
            Effect::Grant { .. } => ChangeKind::DisclosureChanged,
            Effect::KeyAdded { .. } | Effect::KeysRevoked { .. } => ChangeKind::KeyChanged,
            Effect::Answer { .. } => ChangeKind::Answered,
            Effect::Assess { .. } if fact.on_behalf_of.is_some() => ChangeKind::Reassessed,
            _ if view.supersedes.is_some() => ChangeKind::EvidenceSuperseded,
            _ => ChangeKind::EvidenceRegistered,
        };
        let mut change = match &view.release {
            Some(release) => self.about(kind, &fact.issuer, &release.id),
            // What changed is between the owner and those whose words it was: others may not see them.
            None if fact.on_behalf_of.as_ref() == Some(&self.viewer.organization) => {
                self.on_behalf(kind, fact)
            }
            None if fact.issuer == self.viewer.organization => self.own(kind),
            None => self.granted(kind, &fact.issuer),
        };
        change.system = change.system.or_else(|| view.system.clone());
        change.release.clone_from(&view.release);
        change.evidence = Some(view);
        Some(change)
    }

    /// Only for whoever may see the components: the vulnerabilities tell what they are.
    fn matched_change(&self, id: &EvidenceId, added: &[String]) -> Option<ChangeView> {
        let (evidence, level) = self.universe.visible_evidence(self.viewer, id, self.now).ok()?;
        let release = evidence.fact.release.as_ref()?;
        if level < DisclosureLevel::Redacted || !self.is_current(evidence) {
            return None;
        }
        let (kind, issuer, release) =
            (ChangeKind::VulnerabilityKnown, &evidence.fact.issuer, self.release_ref(release));
        let mut change = match &release {
            Some(release) => self.about(kind, issuer, &release.id),
            None if *issuer == self.viewer.organization => self.own(kind),
            None => self.granted(kind, issuer),
        };
        let first: Vec<&str> = added.iter().map(String::as_str).take(SHOWN_VULNERABILITIES).collect();
        let more = added.len().saturating_sub(first.len());
        let listed = first.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() };
        change.why = format!("{listed}: known in a component; {}", change.why);
        change.params.insert("vulnerabilities".to_owned(), listed);
        change.release = release;
        change.evidence = self.evidence_by_id(id);
        Some(change)
    }

    fn emergency_change(&self, place: usize) -> Option<ChangeView> {
        let emergency = self.universe.emergencies.get(place)?;
        let concerned: Vec<_> =
            self.concerned(emergency).into_iter().filter_map(|r| self.release_ref(r)).collect();
        let first = concerned.first()?.clone();
        let names: Vec<_> = concerned.iter().map(|r| format!("{} {}", r.name, r.version)).collect();
        let names = names.join(", ");
        let kev = emergency.kev;
        let why = format!("known exploited vulnerabilities (list {kev}) concern {names}");
        let own = first.supplier.id == self.viewer.organization;
        let rule = if own { ChangeReason::Own } else { ChangeReason::Supplier };
        let mut change = bare(ChangeKind::Emergency, first.supplier.clone(), rule, why);
        change.release = Some(first);
        change.params =
            BTreeMap::from([("list".to_owned(), kev.to_string()), ("releases".to_owned(), names)]);
        Some(change)
    }

    fn release_change(&self, id: &ReleaseId) -> Option<ChangeView> {
        let release = self.release_ref(id)?;
        let mut change = self.about(ChangeKind::ReleaseAdded, &release.supplier.id, id);
        change.release = Some(release);
        Some(change)
    }

    fn own(&self, kind: ChangeKind) -> ChangeView {
        let own = self.universe.organization_ref(&self.viewer.organization);
        bare(kind, own, ChangeReason::Own, "your organization registered it".to_owned())
    }

    /// Evidence by itself: the release it is about stays hidden.
    fn granted(&self, kind: ChangeKind, issuer: &OrganizationId) -> ChangeView {
        let by = self.universe.organization_ref(issuer);
        let why = format!("`{}` lets you see it", by.name);
        bare(kind, by, ChangeReason::Granted, why)
    }

    fn on_behalf(&self, kind: ChangeKind, fact: &EvidenceFact) -> ChangeView {
        let changed = match &fact.effect {
            Effect::Assess { why, .. } => why.clone(),
            _ => None,
        };
        let by = self.universe.organization_ref(&fact.issuer);
        let why = changed.unwrap_or_else(|| "your organization lets the platform do so".to_owned());
        bare(kind, by, ChangeReason::Own, why)
    }

    /// Why something about `release` by `issuer` concerns the viewer: installed, else own, else delivered.
    fn about(&self, kind: ChangeKind, issuer: &OrganizationId, release: &ReleaseId) -> ChangeView {
        let by = self.universe.organization_ref(issuer);
        let named =
            self.release_ref(release).map(|r| format!("{} {}", r.name, r.version)).unwrap_or_default();
        let mine = self.universe.systems.iter().filter(|(_, s)| s.owner == self.viewer.organization);
        let installed = mine.into_iter().find(|(_, s)| self.bound_assets(s, release).next().is_some());
        if let Some((id, system)) = installed {
            let why = format!("your system `{}` contains {named}", system.name);
            let mut change = bare(kind, by, ChangeReason::Installed, why);
            change.system = Some(NamedRef { id: id.to_string(), name: system.name.clone() });
            change.params =
                BTreeMap::from([("system".to_owned(), system.name.clone()), ("release".to_owned(), named)]);
            return change;
        }
        if *issuer == self.viewer.organization {
            return self.own(kind);
        }
        let level = self.universe.release_level(release, &self.viewer.organization, self.now);
        debug_assert!(level > DisclosureLevel::Hidden);
        let why = format!("`{}` delivers {named} to you", by.name);
        let mut change = bare(kind, by.clone(), ChangeReason::Supplier, why);
        change.params = BTreeMap::from([("supplier".to_owned(), by.name), ("release".to_owned(), named)]);
        change
    }
}

/// Time and cursor are those of the event; its caller fills them in.
fn bare(kind: ChangeKind, organization: OrganizationRef, rule: ChangeReason, why: String) -> ChangeView {
    ChangeView {
        cursor: String::new(),
        at: crate::ids::now(),
        kind,
        organization,
        evidence: None,
        release: None,
        system: None,
        why,
        rule,
        params: BTreeMap::new(),
    }
}
