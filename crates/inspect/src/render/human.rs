//! A record as plain text. Texts from the inspected files were escaped when the record was made; names are escaped here.

use std::fmt::Write as _;

use record::{Address, Finding, Inspection, ReviewState, Severity, WitnessStatus};

/// Most blind spots shown; the record has them all.
const MAX_BLIND_SPOTS: usize = 12;

/// The record for a terminal, without colours.
pub fn human(record: &Inspection) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}: {}", plain(&record.subject.name), summary(record));
    for finding in &record.findings {
        self::finding(&mut out, finding);
    }
    blind_spots(&mut out, record);
    out
}

fn summary(record: &Inspection) -> String {
    let totals = record.totals;
    let open = record.findings.iter().filter(|f| f.review.state != ReviewState::Rejected);
    let urgent = open.clone().filter(|f| f.severity >= Severity::High).count();
    let (mut decoded, mut reached, mut code) = (0, 0, 0);
    for coverage in record.artifacts.iter().filter_map(|a| a.coverage) {
        decoded += coverage.decoded_bytes;
        reached += coverage.reached_bytes;
        code += coverage.code_bytes;
    }
    let share = |part: u64| part.saturating_mul(100).checked_div(code).unwrap_or(100);
    let rejected = match record.findings.len() - open.clone().count() {
        0 => String::new(),
        count => format!(", {count} rejected besides"),
    };
    format!(
        "{} files, {} programs, {} KiB of code ({} % decoded, {} % reached); {} findings, {urgent} high or critical{rejected}{}",
        totals.files,
        totals.programs,
        totals.code_bytes / 1024,
        share(decoded),
        share(reached),
        open.count(),
        if record.complete { "" } else { "; incomplete" },
    )
}

fn finding(out: &mut String, finding: &Finding) {
    let place = at(finding.location.address);
    let line = finding.location.line.map(|line| format!(":{line}")).unwrap_or_default();
    let reviewed = reviewed(finding.review.state).map(|state| format!(" ({state})")).unwrap_or_default();
    let _ = writeln!(
        out,
        "\n{} {} {} {}{reviewed}\n  {}{line}{place}\n  {}",
        label(finding.severity),
        finding.score,
        finding.rule,
        finding.id,
        plain(&finding.artifact),
        plain(&finding.title),
    );
    if let Some(source) = &finding.source {
        let _ = writeln!(out, "  source   {}{}", plain(&source.via), at(source.address));
    }
    if let Some(trigger) = &finding.trigger {
        let _ = writeln!(out, "  trigger  {}{}", plain(&trigger.condition), at(trigger.address));
    }
    if let Some(payload) = &finding.payload {
        let _ = writeln!(
            out,
            "  payload  {}: {}{}",
            payload.operation,
            plain(&payload.detail),
            at(payload.address)
        );
    }
    if let Some(witness) = &finding.witness {
        let input = witness.input.as_ref().map(|input| format!(", input {}", plain(&input.hex)));
        let status = proof(witness.status);
        let _ = writeln!(out, "  proof    {status}{}: {}", input.unwrap_or_default(), plain(&witness.how));
    }
    for (index, step) in finding.route.iter().enumerate() {
        let head = if index == 0 { "route" } else { "" };
        let function = step.function.as_deref().map(|f| format!("{}: ", plain(f))).unwrap_or_default();
        let _ = writeln!(out, "  {head:<8} {function}{}{}", plain(&step.note), at(step.address));
    }
    let _ = writeln!(out, "  why      {}", plain(&finding.why));
    for line in &finding.evidence {
        let address = line.address.map(|a| format!("{a}  ")).unwrap_or_default();
        let _ = writeln!(out, "           | {address}{}", plain(&line.text));
    }
    if let Some(state) = self::reviewed(finding.review.state) {
        let reason = plain(finding.review.reason.as_deref().unwrap_or("-"));
        let by = finding.review.by.as_deref().map(|by| format!(" by {}", plain(by))).unwrap_or_default();
        let _ = writeln!(out, "  review   {state}{by}: {reason}");
    }
}

fn reviewed(state: ReviewState) -> Option<&'static str> {
    match state {
        ReviewState::Open => None,
        ReviewState::Accepted => Some("accepted"),
        ReviewState::Rejected => Some("rejected"),
    }
}

fn blind_spots(out: &mut String, record: &Inspection) {
    if record.blind_spots.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nNot seen:");
    for spot in record.blind_spots.iter().take(MAX_BLIND_SPOTS) {
        let artifact = spot.artifact.as_deref().map(|a| format!("{}: ", plain(a))).unwrap_or_default();
        let _ = writeln!(out, "  {artifact}{}: {}", plain(&spot.what), plain(&spot.why));
    }
    if let Some(more) = record.blind_spots.len().checked_sub(MAX_BLIND_SPOTS).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more in the record");
    }
}

fn at(address: Option<Address>) -> String {
    address.map(|address| format!(" at {address}")).unwrap_or_default()
}

/// How a proof ended, for people.
pub(super) fn proof(status: WitnessStatus) -> &'static str {
    match status {
        WitnessStatus::Confirmed => "confirmed",
        WitnessStatus::Refuted => "refuted",
        WitnessStatus::NotAttempted => "not attempted",
        WitnessStatus::NotPossible => "not possible",
    }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFO",
    }
}

/// Control characters, and those that turn the direction of writing, never reach a terminal.
fn plain(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hostile(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
    }
}
