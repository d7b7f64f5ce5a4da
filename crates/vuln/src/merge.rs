//! The rule by which contributions of several sources become one record; the crate's documentation states it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Epss, Exploit, Exploitation, Kev, Status, Vulnerability};

/// Kinds of sources, weakest first: a later one's texts win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Source {
    Advisory,
    Overrides,
    CveRecord,
    Nvd,
}

/// What one source says about one vulnerability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contribution {
    pub(crate) source: Source,
    pub(crate) record: Vulnerability,
}

/// Everything known under one id, before it is joined.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) contributions: Vec<Contribution>,
    pub(crate) extras: Extras,
}

/// What catalogues and lists say of a CVE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extras {
    /// Date of the catalogue, and its entry.
    pub(crate) kev: Option<(String, Kev)>,
    pub(crate) epss: Option<Epss>,
    pub(crate) exploits: BTreeSet<Exploit>,
    pub(crate) techniques: BTreeSet<String>,
}

impl Stored {
    /// The record.
    pub(crate) fn join(self) -> Vulnerability {
        let mut record = merge(self.contributions);
        let Extras { kev, epss, exploits, techniques } = self.extras;
        record.kev = kev.map(|(_, kev)| kev);
        record.epss = epss;
        record.exploits = exploits.into_iter().collect();
        record.techniques = techniques.into_iter().collect();
        if !record.exploits.is_empty() {
            record.exploitation = record.exploitation.max(Some(Exploitation::ProofOfConcept));
        }
        record
    }
}

/// Joins what was said under one id. Order of the input does not matter.
pub(crate) fn merge(mut contributions: Vec<Contribution>) -> Vulnerability {
    sort(&mut contributions);
    let superseded = |at: usize| {
        let (Some(one), Some(next)) = (contributions.get(at), contributions.get(at + 1)) else {
            return false;
        };
        // Advisories speak of different packages; of the other sources only the newest record counts.
        one.source == next.source && one.source != Source::Advisory
    };
    let kept: Vec<usize> = (0..contributions.len()).filter(|at| !superseded(*at)).collect();
    let configurations = best_configurations(&contributions, &kept);
    let status = status(&contributions, &kept);
    let mut merged = Vulnerability { status, ..Vulnerability::default() };
    for at in kept {
        if let Some(contribution) = contributions.get_mut(at) {
            absorb(&mut merged, std::mem::take(&mut contribution.record));
        }
    }
    merged.configurations = configurations;
    tidy(&mut merged);
    merged
}

/// The weakest first, then the oldest: an order that does not depend on when a contribution came.
pub(crate) fn sort(contributions: &mut [Contribution]) {
    contributions.sort_by(|a, b| key(a).cmp(&key(b)));
}

fn key(contribution: &Contribution) -> (Source, &str, &[String]) {
    (contribution.source, &contribution.record.modified, &contribution.record.aliases)
}

fn best_configurations(all: &[Contribution], kept: &[usize]) -> Vec<crate::Configuration> {
    let of = |source: Source| {
        let mine = kept.iter().filter_map(|at| all.get(*at)).filter(|c| c.source == source);
        mine.flat_map(|c| &c.record.configurations).cloned().collect::<Vec<_>>()
    };
    [Source::Overrides, Source::Nvd, Source::CveRecord, Source::Advisory]
        .into_iter()
        .map(of)
        .find(|configurations| !configurations.is_empty())
        .unwrap_or_default()
}

fn status(all: &[Contribution], kept: &[usize]) -> Status {
    let kept = || kept.iter().filter_map(|at| all.get(*at));
    let authorities = || kept().filter(|c| matches!(c.source, Source::Nvd | Source::CveRecord));
    if let Some(newest) = authorities().max_by(|a, b| a.record.modified.cmp(&b.record.modified)) {
        return newest.record.status;
    }
    if kept().all(|c| c.record.status == Status::Rejected) { Status::Rejected } else { Status::Active }
}

fn absorb(merged: &mut Vulnerability, from: Vulnerability) {
    let withdrawn = from.status == Status::Rejected;
    let replace = |old: &mut String, new: String| {
        if !new.is_empty() {
            *old = new;
        }
    };
    replace(&mut merged.id, from.id);
    merged.aliases.extend(from.aliases);
    merged.sources.extend(from.sources);
    if withdrawn && merged.status == Status::Active {
        return;
    }
    replace(&mut merged.description, from.description);
    if merged.published.is_empty() || (!from.published.is_empty() && from.published < merged.published) {
        merged.published = from.published;
    }
    if from.modified > merged.modified {
        merged.modified = from.modified;
    }
    merged.ratings.extend(from.ratings);
    merged.weaknesses.extend(from.weaknesses);
    merged.references.extend(from.references);
    merged.packages.extend(from.packages);
    merged.exploitation = merged.exploitation.max(from.exploitation);
}

fn tidy(record: &mut Vulnerability) {
    record.aliases.sort();
    record.aliases.dedup();
    let id = record.id.clone();
    record.aliases.retain(|alias| *alias != id);
    record.sources.sort();
    record.sources.dedup();
    record.ratings.sort_by(|a, b| a.vector.cmp(&b.vector).then_with(|| a.source.cmp(&b.source)));
    record.ratings.dedup_by(|a, b| a.vector == b.vector);
    record.weaknesses.sort_unstable();
    record.weaknesses.dedup();
    record.references.sort();
    record.references.dedup();
    record.packages.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Configuration, PackageRange};

    fn said(source: Source, modified: &str, text: &str) -> Contribution {
        let record = Vulnerability {
            id: "CVE-2024-1".into(),
            modified: modified.into(),
            description: text.into(),
            configurations: vec![Configuration { all_of: vec![Default::default(); text.len()] }],
            ..Vulnerability::default()
        };
        Contribution { source, record }
    }

    #[test]
    fn of_one_source_the_newest_wins() {
        let merged = merge(vec![said(Source::Nvd, "2024-02", "newer"), said(Source::Nvd, "2024-01", "old")]);
        assert_eq!((merged.description.as_str(), merged.configurations[0].all_of.len()), ("newer", 5));
    }

    #[test]
    fn overrides_decide_configurations_and_the_nvd_texts() {
        let merged = merge(vec![
            said(Source::Overrides, "2023", "abc"),
            said(Source::Nvd, "2024", "nvd text"),
            said(Source::CveRecord, "2025", "cna"),
        ]);
        assert_eq!((merged.description.as_str(), merged.configurations[0].all_of.len()), ("nvd text", 3));
        assert_eq!(merged.modified, "2025");
    }

    #[test]
    fn the_newest_authority_decides_on_rejection() {
        let mut rejected = said(Source::CveRecord, "2025", "");
        rejected.record.status = Status::Rejected;
        assert_eq!(merge(vec![said(Source::Nvd, "2024", "x"), rejected.clone()]).status, Status::Rejected);
        assert_eq!(merge(vec![said(Source::Nvd, "2026", "x"), rejected]).status, Status::Active);
    }

    #[test]
    fn withdrawn_advisories_add_their_name_only() {
        let mut advisory = said(Source::Advisory, "2025", "withdrawn");
        advisory.record.status = Status::Rejected;
        advisory.record.aliases = vec!["GHSA-1".into()];
        advisory.record.packages = vec![PackageRange::default()];
        let merged = merge(vec![said(Source::CveRecord, "2024", "stands"), advisory]);
        assert_eq!((merged.aliases.as_slice(), merged.packages.len()), (["GHSA-1".to_owned()].as_slice(), 0));
        assert_eq!(merged.description, "stands");
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
        let one = [
            said(Source::Nvd, "2024", "n"),
            said(Source::Advisory, "2", "b"),
            said(Source::Advisory, "1", "a"),
        ];
        let mut other = one.to_vec();
        other.reverse();
        assert_eq!(merge(one.to_vec()), merge(other));
    }
}
