//! The status map: is the configuration known, was it inspected, is the risk assessed; by whose word, how old.

use record::{AspectState, AspectStatus, NodeKind, Permille, Status, StatusFormat, StatusNode};
use statement::{AssetKind, DeclaredAsset, DisclosureLevel, EvidenceType};

use crate::fact::{Effect, HostVerdicts};
use crate::ids::{ReleaseId, SystemId};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::universe::{Evidence, System};
use crate::view::Aspects;
use crate::viewer::Viewer;

/// Deepest nesting of assets or parts that is shown; deeper ones are left out.
const MAX_DEPTH: usize = 16;

impl Platform {
    /// The status map of the viewer: its systems, then its own products.
    pub fn status(&self, viewer: &Viewer) -> Status {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let systems = looking.systems().into_iter().map(|(id, s)| looking.system_node(id, s));
        let own = universe.products.values().filter(|p| p.supplier == viewer.organization);
        let products =
            own.filter_map(|p| p.releases.last()).filter_map(|r| looking.release_node(r, MAX_DEPTH));
        let (mut nodes, mut products): (Vec<_>, Vec<_>) = (systems.collect(), products.collect());
        for list in [&mut nodes, &mut products] {
            list.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        }
        nodes.extend(products);
        Status { schema: StatusFormat::V1, nodes }
    }
}

fn nothing(why: impl Into<String>) -> AspectStatus {
    AspectStatus {
        state: AspectState::None,
        by: None,
        at: None,
        valid_until: None,
        evidence: None,
        coverage: None,
        why: why.into(),
    }
}

/// The worst of an aspect and of what lies below it; among equals the one above, which says more.
fn worst(own: AspectStatus, below: &[&AspectStatus]) -> AspectStatus {
    let worst = below.iter().copied().filter(|b| b.state > own.state).max_by_key(|b| b.state);
    worst.cloned().unwrap_or(own)
}

fn raise(own: Aspects, children: &[StatusNode]) -> Aspects {
    let of = |aspect: fn(&StatusNode) -> &AspectStatus| children.iter().map(aspect).collect::<Vec<_>>();
    Aspects {
        configuration: worst(own.configuration, &of(|n| &n.configuration)),
        inspection: worst(own.inspection, &of(|n| &n.inspection)),
        risk: worst(own.risk, &of(|n| &n.risk)),
    }
}

impl Looking<'_> {
    fn system_node(&self, id: &SystemId, system: &System) -> StatusNode {
        let children = self.asset_nodes(id, system, None, MAX_DEPTH);
        let aspects = raise(self.own_aspects_of_system(id, system), &children);
        StatusNode {
            id: id.to_string(),
            kind: NodeKind::System,
            name: system.name.clone(),
            supplier: None,
            configuration: aspects.configuration,
            inspection: aspects.inspection,
            risk: aspects.risk,
            children,
        }
    }

    fn asset_nodes(
        &self,
        id: &SystemId,
        system: &System,
        parent: Option<&str>,
        depth: usize,
    ) -> Vec<StatusNode> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let inside = system.assets.iter().filter(|a| a.parent.as_deref() == parent);
        let mut nodes: Vec<_> = inside.map(|a| self.asset_node(id, system, a, depth)).collect();
        nodes.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        nodes
    }

    fn asset_node(&self, id: &SystemId, system: &System, asset: &DeclaredAsset, depth: usize) -> StatusNode {
        let children = self.asset_nodes(id, system, Some(&asset.id), depth);
        let aspects = raise(self.own_aspects_of_asset(id, system, asset, !children.is_empty()), &children);
        let release = self.bind(asset).and_then(|(r, _)| self.release_ref(r));
        StatusNode {
            id: asset.id.clone(),
            kind: match asset.kind {
                AssetKind::Equipment => NodeKind::Equipment,
                AssetKind::Software => NodeKind::Software,
            },
            name: match &release {
                Some(r) if r.name != asset.name => format!("{} ({} {})", asset.name, r.name, r.version),
                Some(r) => format!("{} {}", r.name, r.version),
                None => asset.name.clone(),
            },
            supplier: release.map(|r| r.supplier.name),
            configuration: aspects.configuration,
            inspection: aspects.inspection,
            risk: aspects.risk,
            children,
        }
    }

    fn release_node(&self, id: &ReleaseId, depth: usize) -> Option<StatusNode> {
        use crate::view::ProductKind::{Equipment, Software, System};
        let depth = depth.checked_sub(1)?;
        let reference = self.release_ref(id)?;
        let release = self.universe.releases.get(id)?;
        let kind = match self.universe.products.get(&reference.product)?.kind {
            System => NodeKind::System,
            Equipment => NodeKind::Equipment,
            Software => NodeKind::Software,
        };
        let mut children: Vec<_> =
            release.fact.parts.iter().filter_map(|p| self.release_node(p, depth)).collect();
        children.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let aspects = raise(self.aspects_of_release(id), &children);
        Some(StatusNode {
            id: id.to_string(),
            kind,
            name: format!("{} {}", reference.name, reference.version),
            supplier: Some(reference.supplier.name),
            configuration: aspects.configuration,
            inspection: aspects.inspection,
            risk: aspects.risk,
            children,
        })
    }

    /// With what lies below taken in.
    pub(crate) fn aspects_of_system(&self, id: &SystemId, system: &System) -> Aspects {
        raise(self.own_aspects_of_system(id, system), &self.asset_nodes(id, system, None, MAX_DEPTH))
    }

    pub(crate) fn aspects_of_asset(&self, id: &SystemId, system: &System, asset: &DeclaredAsset) -> Aspects {
        let children = self.asset_nodes(id, system, Some(&asset.id), MAX_DEPTH);
        raise(self.own_aspects_of_asset(id, system, asset, !children.is_empty()), &children)
    }

    pub(crate) fn aspects_of_release(&self, id: &ReleaseId) -> Aspects {
        Aspects {
            configuration: self.configuration(id),
            inspection: self.inspection(id),
            risk: self.release_risk(id),
        }
    }

    /// A supplier that signs heads of its supply link, and whose newest one has expired, has not been heard of since:
    /// there may be newer word than this.
    fn said(&self, evidence: &Evidence, state: AspectState, why: String) -> AspectStatus {
        let until = self.universe.head_until(&evidence.fact.issuer, &self.viewer.organization);
        let (state, why) = match until {
            Some(until) if until <= self.now => (
                state.max(AspectState::Stale),
                format!("{why}; the supplier has not confirmed it since {until}"),
            ),
            _ => (state, why),
        };
        AspectStatus {
            state,
            by: Some(self.universe.organization_ref(&evidence.fact.issuer).name),
            at: Some(evidence.at.to_string()),
            valid_until: until.map(|until| until.to_string()),
            evidence: Some(evidence.fact.id.to_string()),
            coverage: None,
            why,
        }
    }

    fn configuration(&self, release: &ReleaseId) -> AspectStatus {
        let Some((evidence, level)) = self.latest(release, EvidenceType::Sbom) else {
            return nothing("no bill of materials is registered");
        };
        match (level >= DisclosureLevel::Outcome, evidence.fact.outcome.components) {
            (true, Some(0)) => {
                self.said(evidence, AspectState::Partial, "bill of materials lists no component".to_owned())
            }
            (true, Some(n)) => {
                self.said(evidence, AspectState::Known, format!("bill of materials lists {n} components"))
            }
            (true, None) => {
                self.said(evidence, AspectState::Partial, "bill of materials could not be counted".to_owned())
            }
            (false, _) => self.said(
                evidence,
                AspectState::Partial,
                "a bill of materials exists; its contents are not disclosed to you".to_owned(),
            ),
        }
    }

    fn inspection(&self, release: &ReleaseId) -> AspectStatus {
        let Some((evidence, level)) = self.latest(release, EvidenceType::Inspection) else {
            return nothing("no inspection is registered");
        };
        let outcome = &evidence.fact.outcome;
        let Some(counts) = outcome.findings.filter(|_| level >= DisclosureLevel::Outcome) else {
            return self.said(
                evidence,
                AspectState::Partial,
                "an inspection exists; its outcome is not disclosed to you".to_owned(),
            );
        };
        let complete = outcome.complete == Some(true);
        let state = if complete { AspectState::Known } else { AspectState::Partial };
        let cut = if complete { "" } else { "; parts could not be inspected" };
        let why = format!("{} critical, {} high findings{cut}", counts.critical, counts.high);
        AspectStatus { coverage: outcome.coverage.map(Permille), ..self.said(evidence, state, why) }
    }

    /// Outside of a system only VEX speaks of risk.
    fn release_risk(&self, release: &ReleaseId) -> AspectStatus {
        match self.latest(release, EvidenceType::Vex) {
            Some((evidence, _)) => self.said(
                evidence,
                AspectState::Partial,
                "its supplier states which vulnerabilities matter; not assessed in a system".to_owned(),
            ),
            None => nothing("not assessed"),
        }
    }

    fn own_aspects_of_system(&self, id: &SystemId, system: &System) -> Aspects {
        let registered = self.universe.evidence.get(&system.evidence);
        let configuration = registered.map_or_else(
            || nothing("no model is registered"),
            |e| self.said(e, AspectState::Known, format!("model lists {} assets", system.assets.len())),
        );
        let inspection = match registered {
            Some(e) => AspectStatus {
                by: None,
                evidence: None,
                ..self.said(e, AspectState::Known, "every part is inspected".to_owned())
            },
            None => nothing("no model is registered"),
        };
        Aspects { configuration, inspection, risk: self.system_risk(id, system) }
    }

    fn system_risk(&self, id: &SystemId, system: &System) -> AspectStatus {
        let Some((evidence, hosts)) = self.verdicts(id) else { return nothing("system is not assessed") };
        let sum = |count: fn(&HostVerdicts) -> u64| hosts.iter().map(count).fold(0, u64::saturating_add);
        let outcome = &evidence.fact.outcome;
        let why = format!(
            "{} of {} goals reached, vulnerabilities exploitable in {} places",
            outcome.goals_reached.unwrap_or(0),
            outcome.goals.unwrap_or(0),
            sum(|h| h.exploitable)
        );
        self.assessed(evidence, id, system, sum(|h| h.unknown), why)
    }

    fn verdicts(&self, id: &SystemId) -> Option<(&Evidence, &[HostVerdicts])> {
        let (evidence, level) = self.latest_of_system(id, EvidenceType::Assessment)?;
        match &evidence.fact.effect {
            Effect::Assess { hosts, .. } if level >= DisclosureLevel::Outcome => Some((evidence, hosts)),
            _ => None,
        }
    }

    /// Stale where the model changed, or something installed got newer evidence, since it was assessed.
    fn assessed(
        &self,
        evidence: &Evidence,
        id: &SystemId,
        system: &System,
        unknown: u64,
        why: String,
    ) -> AspectStatus {
        let same_model =
            matches!(&evidence.fact.effect, Effect::Assess { model, .. } if *model == system.model);
        if !same_model {
            return self.said(evidence, AspectState::Stale, format!("{why}; the model has changed since"));
        }
        if let Some(newer) = self.newer_than(evidence, id, system) {
            return self.said(evidence, AspectState::Stale, format!("{why}; newer evidence about {newer}"));
        }
        let open = unknown > 0 || evidence.fact.outcome.complete != Some(true);
        let state = if open { AspectState::Partial } else { AspectState::Known };
        self.said(evidence, state, why)
    }

    fn newer_than(&self, assessment: &Evidence, _: &SystemId, system: &System) -> Option<String> {
        let matters = |e: &Evidence| {
            matches!(e.fact.kind, EvidenceType::Sbom | EvidenceType::Inspection | EvidenceType::Vex)
                && e.order > assessment.order
        };
        let newer = system.assets.iter().find(|asset| {
            let release = self.bind(asset).map(|(r, _)| r);
            let about = release.and_then(|r| self.universe.evidence_by_release.get(r));
            let newer = self.universe.evidence.among(about).filter(|e| matters(e));
            self.visible(newer).next().is_some()
        });
        newer.map(|asset| format!("`{}`", asset.name))
    }

    fn own_aspects_of_asset(
        &self,
        id: &SystemId,
        system: &System,
        asset: &DeclaredAsset,
        parent: bool,
    ) -> Aspects {
        let bound = self.bind(asset).map(|(r, _)| r);
        let (configuration, inspection) = match (bound, &asset.release, parent) {
            (Some(release), _, _) => (self.configuration(release), self.inspection(release)),
            (None, Some(_), _) => {
                (nothing("its release is not registered here"), nothing("its release is not registered here"))
            }
            (None, None, false) => (nothing("nobody says what it is"), nothing("nobody says what it is")),
            // A host that only carries software has no configuration of its own.
            (None, None, true) => self.carried(system),
        };
        Aspects { configuration, inspection, risk: self.asset_risk(id, system, asset) }
    }

    fn carried(&self, system: &System) -> (AspectStatus, AspectStatus) {
        let known = |why: &str| match self.universe.evidence.get(&system.evidence) {
            Some(e) => self.said(e, AspectState::Known, why.to_owned()),
            None => nothing(why),
        };
        (
            known("model lists its software"),
            AspectStatus { by: None, evidence: None, ..known("its software is inspected") },
        )
    }

    fn asset_risk(&self, id: &SystemId, system: &System, asset: &DeclaredAsset) -> AspectStatus {
        let Some((evidence, hosts)) = self.verdicts(id) else { return nothing("system is not assessed") };
        let name = asset.parent.as_deref().filter(|_| asset.kind == AssetKind::Software).unwrap_or(&asset.id);
        let name = name.strip_prefix("host:").unwrap_or(name);
        match hosts.iter().find(|h| h.host == name) {
            Some(host) => {
                let why = format!("{} of {} vulnerabilities exploitable", host.exploitable, host.total);
                self.assessed(evidence, id, system, host.unknown, why)
            }
            None => self.assessed(evidence, id, system, 0, "no known vulnerability".to_owned()),
        }
    }
}
