//! What is known of installed releases, added to the model that they are installed in: findings, vulnerabilities of their
//! components, and the words of others on these.

use std::collections::{BTreeMap, BTreeSet};

use assess::{KnownVulnerability, VulnerabilitySource};
use record::{Inspection, Severity, SourceKind, VulnerabilityDb};
use share::Installed;
use system::Document;

use crate::assets::place;
use crate::known::Known;
use crate::words::Said;

/// Findings as a model has them: whoever knows a grave one may enter there.
pub(crate) fn attackable(inspection: &Inspection) -> Vec<serde_json::Value> {
    let grave = inspection
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::High && f.review.state != record::ReviewState::Rejected);
    grave
        .map(|finding| {
            let network = finding.source.as_ref().is_some_and(|s| s.kind == SourceKind::Network);
            let range = if network { "network" } else { "local" };
            serde_json::json!({"id": finding.id, "rule": finding.rule, "range": range})
        })
        .collect()
}

/// The software of a model that an installed release is, and whether the model has it already. A device's release is the
/// software of that package URL on the device, or else a firmware of its own.
pub(crate) fn software_of(model: &Document, asset: &str) -> (String, bool) {
    let (id, software) = place(asset);
    if let Some(software) = software {
        return (software.to_owned(), true);
    }
    let host = model.hosts.get(id);
    let product = host.and_then(|h| h.release.as_ref()).map(|r| r.product.as_str());
    let is_product = |software: &&str| {
        let purl = model.software.get(*software).and_then(|s| s.purl.as_ref());
        purl.is_some_and(|p| p.value.split('@').next() == product)
    };
    let listed = host.into_iter().flat_map(|h| &h.software).map(|s| s.value.as_str());
    match listed.into_iter().find(is_product) {
        Some(software) => (software.to_owned(), true),
        None => (format!("{id}-firmware"), false),
    }
}

/// What registered evidence adds to a model: findings, words on vulnerabilities, and the firmware of devices.
pub(crate) fn overlay(
    model: &Document,
    installed: &[Installed],
    findings: &BTreeMap<String, Vec<serde_json::Value>>,
    said: &BTreeMap<String, BTreeMap<String, Said>>,
) -> serde_json::Value {
    let (mut software, mut hosts) = (serde_json::Map::new(), serde_json::Map::new());
    for installed in installed {
        let found = findings.get(&installed.asset).cloned().unwrap_or_default();
        let (id, known) = software_of(model, &installed.asset);
        let spoken_of = said.get(&installed.asset).is_some_and(|said| said.contains_key(&id));
        if found.is_empty() && installed.vulnerabilities.is_empty() && !spoken_of {
            continue;
        }
        if !known {
            let (host, _) = place(&installed.asset);
            hosts.insert(host.to_owned(), serde_json::json!({"software": [id]}));
        }
        if !known || !found.is_empty() {
            software.insert(id, serde_json::json!({"findings": found}));
        }
    }
    let mut dismissed: BTreeMap<&String, Vec<serde_json::Value>> = BTreeMap::new();
    for (id, said) in said.values().flatten().filter(|(_, said)| !said.dismissed.is_empty()) {
        dismissed.entry(id).or_default().extend(said.dismissed.iter().cloned());
    }
    for (id, words) in dismissed {
        let entry = software.entry(id).or_insert_with(|| serde_json::json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("vex".to_owned(), words.into());
        }
    }
    serde_json::json!({"schema": "sukashi.system/1", "software": software, "hosts": hosts})
}

/// Vulnerabilities by software, as bills of materials tell them: without those that the model's own list of the device's
/// software leads to, which would count twice.
pub(crate) fn bound(
    model: &Document,
    installed: &[Installed],
    known: Option<&Known<'_>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for installed in installed.iter().filter(|i| !i.vulnerabilities.is_empty()) {
        let (host, _) = place(&installed.asset);
        let listed = model.hosts.get(host).into_iter().flat_map(|h| &h.software);
        let listed = listed.filter_map(|id| Some((&id.value, model.software.get(&id.value)?)));
        let counted: BTreeSet<String> =
            listed.flat_map(|(id, s)| known.map(|k| k.of(id, s)).unwrap_or_default()).map(|v| v.id).collect();
        let (software, _) = software_of(model, &installed.asset);
        found.entry(software).or_default().extend(installed.vulnerabilities.difference(&counted).cloned());
    }
    found
}

/// What a snapshot of vulnerability data knows of a model's software, what is known in the bills of materials of
/// installed releases, and what others say of these.
pub(crate) struct Bound<'a> {
    pub(crate) known: Option<Known<'a>>,
    /// By software of the model.
    pub(crate) bound: BTreeMap<String, BTreeSet<String>>,
    pub(crate) said: BTreeMap<String, BTreeMap<String, KnownVulnerability>>,
}

impl VulnerabilitySource for Bound<'_> {
    fn of(&self, id: &str, software: &system::Software) -> Vec<KnownVulnerability> {
        let mut found = self.said.get(id).cloned().unwrap_or_default();
        if let Some(known) = &self.known {
            let in_parts = self.bound.get(id).into_iter().flatten().filter_map(|id| known.by_id(id));
            found.extend(in_parts.chain(known.of(id, software)).map(|known| (known.id.clone(), known)));
        }
        found.into_values().collect()
    }

    fn snapshot(&self) -> Option<VulnerabilityDb> {
        self.known.as_ref().and_then(VulnerabilitySource::snapshot)
    }
}
