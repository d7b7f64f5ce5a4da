//! Which systems are to be assessed anew by the instance, and with what: their owners delegated it, and something about
//! them changed since the instance last did.

use std::collections::BTreeSet;

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType};

use crate::error::ReadError;
use crate::fact::Effect;
use crate::ids::{AccountId, EvidenceId, ReleaseId, SystemId, now};
use crate::looking::Looking;
use crate::platform::Platform;
use crate::read::Stored;
use crate::universe::{Evidence, System, Universe};
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
    /// Its newest bill of materials, where the owner may read it.
    pub sbom: Option<Word>,
    /// VEX documents and advisories about it that the owner may read, newest first.
    pub words: Vec<Word>,
}

/// A document, and whose word it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The document.
    pub evidence: EvidenceId,
    /// Name of whoever registered it.
    pub by: String,
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
        let installed: Vec<(Newest, Installed)> =
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
    installed: &[(Newest, Installed)],
) -> Option<String> {
    let Some(since) = since else { return Some("it was not assessed by the platform yet".to_owned()) };
    if assessed != Some(model) {
        return Some("its model changed".to_owned());
    }
    if let Some((_, id)) = applied.iter().find(|(order, _)| *order > since) {
        return Some(format!("countermeasure `{id}` was applied"));
    }
    let newer = installed.iter().find(|(newest, _)| newest.order > since);
    newer.map(|(newest, installed)| format!("{} about `{}`", newest.what, installed.asset))
}

/// The last place in the order at which something changed, and what that was.
#[derive(Default)]
struct Newest {
    order: usize,
    what: String,
}

impl Newest {
    fn see(&mut self, order: usize, what: impl FnOnce() -> String) {
        if order > self.order {
            (self.order, self.what) = (order, what());
        }
    }
}

/// What a system's assessment rests on.
fn matters(kind: EvidenceType) -> bool {
    matches!(kind, EvidenceType::Sbom | EvidenceType::Inspection | EvidenceType::Vex)
}

impl Looking<'_> {
    /// What the owner may see of the release an asset is, and what changed last of that.
    fn installed(&self, asset: &statement::DeclaredAsset) -> Option<(Newest, Installed)> {
        let (release, _) = self.bind(asset)?;
        let mut installed = Installed { asset: asset.id.clone(), ..Installed::default() };
        let mut newest = self.newest_change(release);
        let readable = |(_, level): &(_, DisclosureLevel)| *level >= DisclosureLevel::Redacted;
        if let Some((sbom, _)) = self.latest(release, EvidenceType::Sbom).filter(readable) {
            installed.sbom = Some(self.word(sbom));
            if let Some(matched) = self.universe.matched.get(&sbom.fact.id) {
                installed.vulnerabilities.clone_from(&matched.ids);
                newest.see(matched.order, || "other vulnerabilities are known".to_owned());
            }
        }
        let inspection = self.latest(release, EvidenceType::Inspection).filter(readable);
        installed.inspection = inspection.map(|(inspection, _)| inspection.fact.id.clone());
        let words = self.about_release(release).filter(readable).filter(|(e, _)| self.is_current(e));
        let words = words.filter(|(e, _)| e.fact.kind == EvidenceType::Vex);
        installed.words = words.map(|(e, _)| self.word(e)).collect();
        Some((newest, installed))
    }

    fn word(&self, evidence: &Evidence) -> Word {
        let by = self.universe.organization_ref(&evidence.fact.issuer).name;
        Word { evidence: evidence.fact.id.clone(), by }
    }

    /// What was last registered about a release, or withdrawn, of that on which assessments rest.
    fn newest_change(&self, release: &ReleaseId) -> Newest {
        let mut newest = Newest::default();
        for (evidence, level) in self.about_release(release) {
            let by = || self.universe.organization_ref(&evidence.fact.issuer).name;
            match &evidence.fact.effect {
                Effect::Withdraw { target, .. } => {
                    let withdrawn = self.universe.evidence.get(target).map(|e| e.fact.kind);
                    if let Some(kind) = withdrawn.filter(|kind| matters(*kind)) {
                        newest.see(evidence.order, || format!("{} took back its {}", by(), name(kind)));
                    }
                }
                _ if matters(evidence.fact.kind) && level >= DisclosureLevel::Redacted => {
                    let kind = name(evidence.fact.kind);
                    newest.see(evidence.order, || format!("there is a newer {kind} by {}", by()));
                }
                _ => {}
            }
        }
        newest
    }
}

fn name(kind: EvidenceType) -> &'static str {
    match kind {
        EvidenceType::Sbom => "bill of materials",
        EvidenceType::Inspection => "inspection",
        EvidenceType::Vex => "word on vulnerabilities",
        _ => "document",
    }
}
