//! A delivery in its place in a system: how the system is attacked with it, before anybody installs it.
//!
//! Findings of its record, and vulnerabilities of its components, take the place of what the model states of them. What
//! the model's own names of the software lead to stays: the version that they name is the model's word.

use std::collections::{BTreeMap, BTreeSet};

use assess::{AssessError, Options};
use bom::Bom;
use record::{Assessment, Inspection, Sha256};
use share::Installed;
use system::System;
use vuln::{Snapshot, SnapshotError, Verdict};

use crate::added::{Bound, attackable, bound, overlay, software_of};
use crate::assets::place;
use crate::known::{Known, match_components};

/// A delivery, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// What was found in it.
    pub inspection: &'a Inspection,
    /// What it consists of; without it, nothing is known of vulnerabilities of its components.
    pub components: Option<&'a Bom>,
}

/// Why a system was not assessed with a delivery.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveredError {
    /// The model has no such host, or no such software on it.
    #[error("the system has no `{asset}`; hint: write `host:ID`, or `host:ID/software:ID`")]
    Asset {
        /// What was named.
        asset: String,
    },
    /// The vulnerability data.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// What the delivery adds to the model does not read.
    #[error("what is known of the delivery cannot be added to the model")]
    Read(#[from] system::ReadError),
    /// Model and delivery do not hold together.
    #[error(transparent)]
    Check(#[from] system::CheckError),
    /// The engine.
    #[error(transparent)]
    Assess(#[from] AssessError),
}

/// Where a delivered image of one of these digests is installed by the model's word: assets such as `host:ID`, sorted.
pub fn installed_at(system: &System, digests: &[Sha256]) -> Vec<String> {
    let digests: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let hosts = system.document().hosts.iter().filter(|(_, host)| {
        let stated = host.release.as_ref().and_then(|release| release.sha256.as_ref());
        stated.is_some_and(|stated| digests.contains(stated))
    });
    hosts.map(|(id, _)| format!("host:{id}")).collect()
}

/// Assesses a system with a delivery at these assets.
///
/// # Errors
/// If the model has no such assets, or an engine fails.
pub fn assess_with(
    system: &System,
    assets: &[String],
    delivered: Delivered<'_>,
    snapshot: Option<&Snapshot>,
    options: &Options,
) -> Result<Assessment, DeliveredError> {
    let mut model = system.document().clone();
    let vulnerabilities = vulnerabilities(delivered.components, snapshot)?;
    let (mut installed, mut findings) = (Vec::new(), BTreeMap::new());
    for asset in assets {
        let (host, software) = place(asset);
        let listed = |host: &system::Host| {
            software.is_none_or(|software| host.software.iter().any(|listed| listed.value == software))
        };
        if !model.hosts.get(host).is_some_and(|host| listed(host)) {
            return Err(DeliveredError::Asset { asset: asset.clone() });
        }
        let (id, _) = software_of(&model, asset);
        if let Some(stated) = model.software.get_mut(&id) {
            stated.value.findings.clear();
        }
        findings.insert(asset.clone(), attackable(delivered.inspection));
        let vulnerabilities = vulnerabilities.clone();
        installed.push(Installed { asset: asset.clone(), vulnerabilities, ..Installed::default() });
    }
    let added = overlay(&model, &installed, &findings, &BTreeMap::new()).to_string();
    let added = system::read("delivery", &added)?;
    let whole = System::new(&[("model".to_owned(), model), ("delivery".to_owned(), added)])?;
    let known = snapshot.map(Known::new).transpose()?;
    let bound = bound(whole.document(), &installed, known.as_ref());
    Ok(assess::assess(&whole, options, &Bound { known, bound, said: BTreeMap::new() })?)
}

fn vulnerabilities(
    components: Option<&Bom>,
    snapshot: Option<&Snapshot>,
) -> Result<BTreeSet<String>, SnapshotError> {
    let Some((components, snapshot)) = components.zip(snapshot) else { return Ok(BTreeSet::new()) };
    let found = match_components(snapshot, components)?.into_iter().flat_map(|found| found.matches);
    Ok(found.filter(|found| found.verdict == Verdict::Affected).map(|found| found.id).collect())
}
