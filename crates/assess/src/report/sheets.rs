//! Risk-analysis sheets in the form of IPA's guide for industrial control systems: one row an asset and threat, one
//! row an attack step of a damage scenario; and tables of zones, conduits, vulnerabilities and countermeasures.
//!
//! The file holds no time of its own: the same assessment gives the same bytes.

mod table;

use record::{Assessment, Goal, Path, Step};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use table::{Cell, Sheet};

use super::Report;
use super::html::word;
use super::levels::{Level, impact_of, importance, risk, vulnerability_level, vulnerability_of};
use super::words::Word;
use super::zones::{conduits, zones};

/// Why sheets could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the sheets could not be written: {0}")]
pub struct SheetsError(#[from] XlsxError);

/// A workbook in the format of Office Open XML.
///
/// # Errors
/// [`SheetsError`]: more rows than a sheet can hold (1,048,576).
pub fn sheets(report: &Report<'_>) -> Result<Vec<u8>, SheetsError> {
    let mut workbook = Workbook::new();
    // The format demands a time of creation.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let title = format!("{} – {}", report.assessment.system.name, report.say(Word::Title));
    workbook.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&created));
    business(report, &mut workbook)?;
    assets(report, &mut workbook)?;
    measures(report, &mut workbook)?;
    zone_sheet(report, &mut workbook)?;
    conduit_sheet(report, &mut workbook)?;
    vulnerability_sheet(report, &mut workbook)?;
    Ok(workbook.save_to_buffer()?)
}

/// One row a step of each reported path, and one a path: the guide's attack trees.
fn business(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Number, 6.0),
        (Word::Goal, 28.0),
        (Word::AttackStep, 60.0),
        (Word::Technique, 11.0),
        (Word::ThreatLevel, 8.0),
        (Word::VulnerabilityLevel, 8.0),
        (Word::BusinessImpact, 8.0),
        (Word::RiskValue, 8.0),
        (Word::Countermeasures, 34.0),
        (Word::CountermeasureLevel, 10.0),
        (Word::AttackTree, 9.0),
        (Word::Steps, 14.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::BusinessSheet, &columns)?;
    let mut number = 0;
    let mut tree = 0;
    for goal in report.reached() {
        for path in &goal.paths {
            tree += 1;
            let first = number + 1;
            for step in &path.steps {
                number += 1;
                sheet.row(step_row(report, number, step))?;
            }
            number += 1;
            sheet.row(tree_row(report, goal, path, number, tree, first))?;
        }
    }
    sheet.note(report.say(Word::LevelsNote))
}

fn level(report: &Report<'_>, level: Option<Level>) -> Cell {
    level.map_or_else(|| report.say(Word::Unknown).into(), Cell::from)
}

fn risk_value(report: &Report<'_>, threat: Level, vulnerability: Level, impact: Option<Level>) -> Cell {
    let value = impact.map(|impact| risk(threat, vulnerability, impact).to_string());
    value.map_or_else(|| report.say(Word::Unknown).into(), Cell::from)
}

fn step_row(report: &Report<'_>, number: usize, step: &Step) -> Vec<Cell> {
    let against = against(report.assessment, step);
    vec![
        number.into(),
        "".into(),
        report.sentence(step).into(),
        step.technique.as_deref().unwrap_or("").into(),
        "".into(),
        "".into(),
        "".into(),
        "".into(),
        against.into(),
    ]
}

/// Known countermeasures that change what the step rests on or where it takes effect.
fn against(assessment: &Assessment, step: &Step) -> String {
    let places: Vec<&str> = [&step.at, &step.from].into_iter().filter_map(Option::as_deref).collect();
    let vulnerability = step.vulnerability.as_ref().map(|id| format!("vulnerability:{id}"));
    let takes_part = |target: &str| places.contains(&target) || vulnerability.as_deref() == Some(target);
    let names = assessment.countermeasures.iter().filter(|m| takes_part(&m.target)).map(|m| m.id.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn tree_row(
    report: &Report<'_>,
    goal: &Goal,
    path: &Path,
    number: usize,
    tree: usize,
    first: usize,
) -> Vec<Cell> {
    let threat = Level::of_probability(path.probability);
    let (vulnerability, impact) = (vulnerability_of(path), impact_of(report.document, &goal.id));
    let chosen = report.assessment.plan.iter().flat_map(|plan| &plan.chosen);
    let stops = |id: &&String| {
        let measures = &report.assessment.countermeasures;
        measures.iter().any(|measure| measure.id == **id && measure.stops.contains(&goal.id))
    };
    vec![
        number.into(),
        goal.title.as_str().into(),
        path.steps.last().map_or_else(String::new, |step| report.sentence(step)).into(),
        "".into(),
        threat.into(),
        vulnerability.into(),
        level(report, impact),
        risk_value(report, threat, vulnerability, impact),
        chosen.filter(stops).cloned().collect::<Vec<_>>().join(", ").into(),
        vulnerability.against().into(),
        format!("#{tree}").into(),
        format!("{first}–{}", number - 1).into(),
    ]
}

/// One row a host and threat.
fn assets(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Number, 6.0),
        (Word::AssetKind, 16.0),
        (Word::Asset, 24.0),
        (Word::Zone, 14.0),
        (Word::ThreatLevel, 8.0),
        (Word::VulnerabilityLevel, 8.0),
        (Word::Impact, 8.0),
        (Word::RiskValue, 8.0),
        (Word::Threat, 26.0),
        (Word::Explanation, 60.0),
        (Word::Countermeasures, 34.0),
        (Word::CountermeasureLevel, 10.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::AssetSheet, &columns)?;
    let mut number = 0;
    for (host, entry) in &report.document.hosts {
        let zone = report.zones_of(host).join(", ");
        let impact = importance(report, host);
        for (title, explain, threat, vulnerability, measures) in threats(report, host) {
            number += 1;
            sheet.row(vec![
                number.into(),
                report.host_kind(entry.kind).into(),
                entry.title.as_deref().map_or_else(|| host.clone(), |t| format!("{host} ({t})")).into(),
                zone.as_str().into(),
                threat.into(),
                vulnerability.into(),
                level(report, impact),
                risk_value(report, threat, vulnerability, impact),
                title.into(),
                explain.into(),
                measures.into(),
                vulnerability.against().into(),
            ])?;
        }
    }
    sheet.note(report.say(Word::LevelsNote))
}

type Threat = (String, String, Level, Level, String);

/// Steps of reported paths that take effect on a host, each once; then its worst vulnerability; at least one row.
fn threats(report: &Report<'_>, host: &str) -> Vec<Threat> {
    let place = format!("host:{host}");
    let mut rows: Vec<Threat> = Vec::new();
    for path in report.reached().flat_map(|goal| &goal.paths) {
        for step in path.steps.iter().filter(|step| step.at.as_deref() == Some(place.as_str())) {
            let sentence = report.sentence(step);
            if rows.iter().any(|row| row.1 == sentence) {
                continue;
            }
            let technique = step.technique.as_ref().map_or_else(String::new, |t| format!(" ({t})"));
            rows.push((
                format!("{}{technique}", step.rule),
                sentence,
                Level::of_probability(path.probability),
                vulnerability_of(path),
                against(report.assessment, step),
            ));
        }
    }
    if let Some(worst) = report.of_host(host).min_by_key(|found| found.verdict) {
        let threat = worst.epss.map_or(Level::MIDDLE, Level::of_probability);
        let threat = if worst.kev { Level::HIGH } else { threat };
        let verdict = report.say(word(worst.verdict));
        let explain = format!("{verdict}: {}", report.reason(&worst.why));
        rows.push((worst.id.clone(), explain, threat, vulnerability_level(worst.verdict), String::new()));
    }
    if rows.is_empty() {
        let none = report.say(Word::None).to_owned();
        rows.push((none, String::new(), Level::LOW, Level::LOW, String::new()));
    }
    rows
}

fn measures(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Measure, 40.0),
        (Word::MeasureKind, 18.0),
        (Word::Target, 30.0),
        (Word::Cost, 8.0),
        (Word::Goal, 40.0),
        (Word::Plan, 16.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::Countermeasures, &columns)?;
    let plan = report.assessment.plan.as_ref();
    for measure in &report.assessment.countermeasures {
        let chosen = plan.is_some_and(|plan| plan.chosen.contains(&measure.id));
        sheet.row(vec![
            measure.id.as_str().into(),
            report.countermeasure_kind(measure.kind).into(),
            report.place(&measure.target).into(),
            Cell::Figure(measure.cost),
            measure.stops.join(", ").into(),
            if chosen { "●" } else { "" }.into(),
        ])?;
    }
    Ok(())
}

fn zone_sheet(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Zone, 24.0),
        (Word::Hosts, 60.0),
        (Word::Services, 10.0),
        (Word::Accounts, 10.0),
        (Word::Impact, 10.0),
        (Word::Goal, 40.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::Zones, &columns)?;
    for zone in zones(report) {
        let goals: Vec<&str> = zone.goals.into_iter().collect();
        sheet.row(vec![
            zone.title.map_or_else(|| zone.id.to_owned(), |title| format!("{} ({title})", zone.id)).into(),
            zone.hosts.join(", ").into(),
            zone.services.into(),
            zone.accounts.into(),
            level(report, zone.importance),
            goals.join(", ").into(),
        ])?;
    }
    Ok(())
}

fn conduit_sheet(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Conduit, 20.0),
        (Word::Zone, 28.0),
        (Word::Enforced, 18.0),
        (Word::Allowed, 80.0),
        (Word::DefaultAction, 12.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::Conduits, &columns)?;
    for conduit in conduits(report) {
        sheet.row(vec![
            conduit.id.into(),
            conduit.between.join(" – ").into(),
            conduit.enforced_by.unwrap_or("–").into(),
            conduit.rules.join("\n").into(),
            report.action(conduit.default).into(),
        ])?;
    }
    Ok(())
}

fn vulnerability_sheet(report: &Report<'_>, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        (Word::Vulnerability, 18.0),
        (Word::Asset, 20.0),
        (Word::Component, 36.0),
        (Word::Verdict, 14.0),
        (Word::Why, 90.0),
    ];
    let mut sheet = Sheet::new(report, workbook, Word::Vulnerabilities, &columns)?;
    for found in &report.assessment.vulnerabilities {
        sheet.row(vec![
            found.id.as_str().into(),
            found.host.as_str().into(),
            found.component.as_str().into(),
            report.say(word(found.verdict)).into(),
            report.reason(&found.why).into(),
        ])?;
    }
    Ok(())
}
