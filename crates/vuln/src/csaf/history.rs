//! Tests on versions and the revision history.

use std::cmp::Ordering;

use ident::Scheme;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Faults;
use super::products::repeated;
use super::view::{each, text};

const VERSION: &str = "/document/tracking/version";
const HISTORY: &str = "/document/tracking/revision_history";

/// An entry of the history.
struct Revision<'d> {
    at: String,
    number: &'d str,
    date: Option<OffsetDateTime>,
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Entries by date; those of one date by number.
fn revisions(document: &Value) -> Vec<Revision<'_>> {
    let entries = each(document, &format!("{HISTORY}[]"));
    let mut revisions: Vec<Revision<'_>> = entries
        .into_iter()
        .filter_map(|(at, entry)| {
            let date = text(entry, "/date").and_then(instant);
            Some(Revision { at: format!("{at}/number"), number: text(entry, "/number")?, date })
        })
        .collect();
    revisions.sort_by(|a, b| a.date.cmp(&b.date).then_with(|| compare(a.number, b.number)));
    revisions
}

fn compare(a: &str, b: &str) -> Ordering {
    Scheme::Semver.compare(&full(a), &full(b))
}

/// An integer as a semantic version.
fn full(number: &str) -> String {
    if is_integer(number) { format!("{number}.0.0") } else { number.to_owned() }
}

fn is_integer(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_build(number: &str) -> &str {
    number.split('+').next().unwrap_or(number)
}

fn without_pre_release(number: &str) -> &str {
    without_build(number).split('-').next().unwrap_or(number)
}

fn is_pre_release(number: &str) -> bool {
    without_build(number).contains('-')
}

fn major(number: &str) -> Option<u64> {
    number.split(['.', '-', '+']).next()?.parse().ok()
}

fn status(document: &Value) -> &str {
    text(document, "/document/tracking/status").unwrap_or_default()
}

fn is_released(document: &Value) -> bool {
    matches!(status(document), "final" | "interim")
}

fn version(document: &Value) -> &str {
    text(document, VERSION).unwrap_or_default()
}

/// 6.1.14
pub(super) fn unsorted(document: &Value) -> Faults {
    let revisions = revisions(document);
    let pairs = revisions.iter().zip(revisions.iter().skip(1));
    let wrong = pairs.filter(|(a, b)| compare(a.number, b.number) == Ordering::Greater);
    wrong.map(|(a, b)| (b.at.clone(), format!("`{}` is younger than `{}`", b.number, a.number))).collect()
}

/// 6.1.16
pub(super) fn latest(document: &Value) -> Faults {
    let Some(last) = revisions(document).pop() else { return Vec::new() };
    let shown = if status(document) == "draft" { without_pre_release } else { without_build };
    let fits = shown(version(document)) == shown(last.number);
    let message = || (VERSION.to_owned(), format!("the newest entry of the history is `{}`", last.number));
    (!fits).then(message).into_iter().collect()
}

/// 6.1.17
pub(super) fn draft(document: &Value) -> Faults {
    let version = version(document);
    let unfinished = major(version) == Some(0) || is_pre_release(version);
    let wrong = unfinished && status(document) != "draft";
    let fault = || ("/document/tracking/status".to_owned(), format!("version `{version}` is a draft"));
    wrong.then(fault).into_iter().collect()
}

/// 6.1.18
pub(super) fn released(document: &Value) -> Faults {
    let early =
        revisions(document).into_iter().filter(|r| is_released(document) && major(r.number) == Some(0));
    early.map(|r| (r.at, format!("`{}` is a version of a draft", r.number))).collect()
}

/// 6.1.19
pub(super) fn pre_release_entries(document: &Value) -> Faults {
    let wrong = revisions(document).into_iter().filter(|revision| is_pre_release(revision.number));
    wrong.map(|revision| (revision.at, format!("`{}` is a pre-release", revision.number))).collect()
}

/// 6.1.20
pub(super) fn non_draft(document: &Value) -> Faults {
    let wrong = is_released(document) && is_pre_release(version(document));
    let fault = || (VERSION.to_owned(), format!("`{}` is a pre-release", version(document)));
    wrong.then(fault).into_iter().collect()
}

/// 6.1.21
pub(super) fn missing(document: &Value) -> Faults {
    let revisions = revisions(document);
    let mut faults = Vec::new();
    let mut before = None;
    for revision in &revisions {
        let Some(number) = major(revision.number) else { continue };
        match before {
            None if number > 1 => {
                faults.push((revision.at.clone(), "the first entry must be 0 or 1".to_owned()))
            }
            Some(last) if number > last + 1 => {
                faults.push((revision.at.clone(), format!("{} is left out", last + 1)));
            }
            _ => {}
        }
        before = Some(before.unwrap_or(0).max(number));
    }
    faults
}

/// 6.1.22
pub(super) fn twice(document: &Value) -> Faults {
    let numbers = revisions(document).into_iter().map(|revision| (revision.at, revision.number));
    repeated(numbers).into_iter().map(|(at, number)| (at, format!("`{number}` stands twice"))).collect()
}

/// 6.1.30
pub(super) fn mixed(document: &Value) -> Faults {
    let numbers = revisions(document).into_iter().map(|revision| (revision.at, revision.number));
    let stated = text(document, VERSION).map(|version| (VERSION.to_owned(), version));
    let all: Vec<(String, &str)> = stated.into_iter().chain(numbers).collect();
    let Some((_, first)) = all.first() else { return Vec::new() };
    let wrong = all.iter().filter(|(_, number)| is_integer(number) != is_integer(first));
    wrong
        .map(|(at, number)| (at.clone(), format!("`{number}` and `{first}` are numbered differently")))
        .collect()
}

/// 6.2.4
pub(super) fn build_metadata(document: &Value) -> Faults {
    let wrong = revisions(document).into_iter().filter(|revision| revision.number.contains('+'));
    wrong.map(|revision| (revision.at, format!("`{}` has build metadata", revision.number))).collect()
}

fn older(document: &Value, path: &str, than: Option<Option<OffsetDateTime>>, what: &str) -> Faults {
    let stated = text(document, path).and_then(instant);
    let wrong = matches!((stated, than.flatten()), (Some(stated), Some(than)) if stated < than);
    let fault = || (path.to_owned(), format!("it is older than the {what} entry of the history"));
    wrong.then(fault).into_iter().collect()
}

/// 6.2.5
pub(super) fn initial_date(document: &Value) -> Faults {
    let oldest = revisions(document).first().map(|revision| revision.date);
    older(document, "/document/tracking/initial_release_date", oldest, "oldest")
}

/// 6.2.6
pub(super) fn current_date(document: &Value) -> Faults {
    let newest = revisions(document).last().map(|revision| revision.date);
    older(document, "/document/tracking/current_release_date", newest, "newest")
}
