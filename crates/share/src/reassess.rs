//! Which systems are to be assessed anew by the instance, and with what: their owners delegated it, and something about
//! them changed since the instance last did.

use std::collections::BTreeSet;

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType};

use crate::error::ReadError;
use crate::fact::Effect;
use crate::ids::{AccountId, EvidenceId, SystemId, now};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::read::Stored;
use crate::universe::{System, Universe};
use crate::viewer::{Administrator, Role, Viewer};

/// A system to assess.
#[derive(Clone, Debug)]
pub struct Reassessment {
    /// The system.
    pub system: SystemId,
    /// The registration with its model.
    pub model: EvidenceId,
    /// What is known of what is installed, asset by asset.
    pub installed: Vec<Installed>,
    /// Countermeasures applied since the model was registered.
    pub applied: BTreeSet<String>,
    /// One sentence: what changed.
    pub why: String,
}

/// What is known of an installed release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Id of the asset: `host:ID`, perhaps with `/software:ID`.
    pub asset: String,
    /// Vulnerabilities known in its components.
    pub vulnerabilities: BTreeSet<String>,
    /// Its newest inspection.
    pub inspection: Option<EvidenceId>,
}

impl Platform {
    /// Systems to assess, oldest model first.
    pub fn reassessments(&self, _: &Administrator) -> Vec<Reassessment> {
        let universe = self.universe();
        let key = self.instance_key().id();
        let delegated = universe
            .systems
            .iter()
            .filter(|(_, s)| universe.delegates(&s.owner, key, EvidenceType::Assessment));
        delegated.filter_map(|(id, system)| universe.reassessment(id, system, &self.instance.id)).collect()
    }

    /// A document about a system or a release, as its reassessment may use it.
    pub async fn reassessed_document(&self, _: &Administrator, id: &EvidenceId) -> Result<String, ReadError> {
        let stored = self.universe().evidence.get(id).map(Stored::of).ok_or(ReadError::NotFound)?;
        let document = self.contents(&stored).await?;
        String::from_utf8(document.into()).map_err(|e| ReadError::Damaged { what: e.to_string() })
    }
}

/// The owner's eyes: an assessment uses what the owner may see, and nothing else.
fn eyes(system: &System) -> Viewer {
    Viewer {
        account: AccountId::new("instance"),
        organization: system.owner.clone(),
        role: Role::Viewer,
        instance_administrator: false,
    }
}

impl Universe {
    fn reassessment(
        &self,
        id: &SystemId,
        system: &System,
        instance: &crate::OrganizationId,
    ) -> Option<Reassessment> {
        let viewer = eyes(system);
        let looking = Looking { universe: self, viewer: &viewer, now: now() };
        let own = self.evidence.among(self.evidence_by_system.get(id));
        let last =
            own.clone().rfind(|e| e.fact.kind == EvidenceType::Assessment && e.fact.issuer == *instance);
        let since = last.map(|e| e.order);
        let model = match last.map(|e| &e.fact.effect) {
            Some(Effect::Assess { model, .. }) => Some(*model),
            _ => None,
        };
        let applied: Vec<_> = own
            .filter(|e| e.is_current())
            .filter_map(|e| match &e.fact.effect {
                Effect::Apply { countermeasure, .. } => Some((e.order, countermeasure.clone())),
                _ => None,
            })
            .collect();
        let installed: Vec<(usize, Installed)> =
            system.assets.iter().filter_map(|asset| looking.installed(asset)).collect();
        let why = why(system.model, model, since, &applied, &installed)?;
        Some(Reassessment {
            system: id.clone(),
            model: system.evidence.clone(),
            installed: installed.into_iter().map(|(_, installed)| installed).collect(),
            applied: applied.into_iter().map(|(_, id)| id).collect(),
            why,
        })
    }
}

/// What changed since the last assessment of the instance; `None` if nothing did.
fn why(
    model: Sha256,
    assessed: Option<Sha256>,
    since: Option<usize>,
    applied: &[(usize, String)],
    installed: &[(usize, Installed)],
) -> Option<String> {
    let Some(since) = since else { return Some("it was not assessed by the platform yet".to_owned()) };
    if assessed != Some(model) {
        return Some("its model changed".to_owned());
    }
    if let Some((_, id)) = applied.iter().find(|(order, _)| *order > since) {
        return Some(format!("countermeasure `{id}` was applied"));
    }
    let newer = installed.iter().find(|(order, _)| *order > since);
    newer.map(|(_, installed)| format!("there is newer evidence about `{}`", installed.asset))
}

impl Looking<'_> {
    /// What the owner may see of the release an asset is, and the newest place in the order at which that changed.
    fn installed(&self, asset: &statement::DeclaredAsset) -> Option<(usize, Installed)> {
        let (release, _) = self.bind(asset)?;
        let mut installed = Installed { asset: asset.id.clone(), ..Installed::default() };
        let mut newest = 0;
        if let Some((sbom, level)) = self.latest(release, EvidenceType::Sbom) {
            let matched =
                self.universe.matched.get(&sbom.fact.id).filter(|_| level >= DisclosureLevel::Redacted);
            if let Some(matched) = matched {
                installed.vulnerabilities.clone_from(&matched.ids);
                newest = newest.max(matched.order);
            }
        }
        let readable = |(_, level): &(_, DisclosureLevel)| *level >= DisclosureLevel::Redacted;
        if let Some((inspection, _)) = self.latest(release, EvidenceType::Inspection).filter(readable) {
            installed.inspection = Some(inspection.fact.id.clone());
            newest = newest.max(inspection.order);
        }
        Some((newest, installed))
    }
}
