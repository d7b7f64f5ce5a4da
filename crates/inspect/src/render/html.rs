//! A record as one HTML file that needs nothing else: no script, no reference to anything outside.
//!
//! Every text goes through [`escaped`]; a content security policy forbids what a mistake there might let in. Light or
//! dark is what the reader's system says. Long lists are cut, with their true length; the record itself has everything.

use std::fmt::Write as _;

use super::human::proof;
use layout::control_flow;
use layout::svg::{self, Caption, Sheet, escaped};
use record::{Address, Artifact, ArtifactKind, Coverage, Finding, Inspection, ReviewState, Severity};

/// Rows of one table.
const MAX_ROWS: usize = 2_000;
/// Findings with all their details; the others are listed.
const MAX_DETAILED: usize = 200;

const STYLE: &str = include_str!("html.css");

/// The document.
pub fn html(record: &Inspection) -> String {
    let mut page = Page { out: String::new(), graphs: 0 };
    page.document(record);
    page.out
}

struct Page {
    out: String,
    graphs: usize,
}

/// Appends formatted text; writing to a string does not fail.
macro_rules! put {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page.out, $($part)*); };
}

impl Page {
    fn document(&mut self, record: &Inspection) {
        let name = escaped(&record.subject.name);
        put!(self, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        put!(
            self,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        );
        put!(self, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        put!(self, "<meta name=\"color-scheme\" content=\"light dark\">");
        put!(
            self,
            "<title>Inspection of {name}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>",
            svg::STYLE
        );
        put!(self, "<header><p class=\"kicker\">Inspection</p><h1>{name}</h1>");
        if let Some(digest) = record.subject.sha256 {
            put!(self, "<p class=\"digest\">SHA-256 {digest}</p>");
        }
        put!(self, "</header>\n<main>");
        self.summary(record);
        self.findings(record);
        self.programs(record);
        self.blind_spots(record);
        put!(self, "</main>");
        let tool = &record.tool;
        let detectors = tool.detectors.len();
        put!(
            self,
            "<footer>{} {}; {detectors} detectors; {} work units</footer>\n</body>\n</html>",
            escaped(&tool.name),
            escaped(&tool.version),
            record.totals.work_units
        );
    }

    fn summary(&mut self, record: &Inspection) {
        let open: Vec<&Finding> =
            record.findings.iter().filter(|f| f.review.state != ReviewState::Rejected).collect();
        let count = |severity| open.iter().filter(|f| f.severity == severity).count();
        let total = total(record);
        put!(self, "<section aria-label=\"Summary\"><dl class=\"facts\">");
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
            let (word, class) = words(severity);
            put!(self, "<div><dt>{word}</dt><dd class=\"{class}\">{}</dd></div>", count(severity));
        }
        put!(self, "<div><dt>files</dt><dd>{}</dd></div>", record.totals.files);
        put!(self, "<div><dt>programs</dt><dd>{}</dd></div>", record.totals.programs);
        put!(self, "<div><dt>code</dt><dd>{} KiB</dd></div>", record.totals.code_bytes / 1024);
        put!(self, "<div><dt>decoded</dt><dd>{}</dd></div>", share(total.decoded_bytes, total.code_bytes));
        put!(self, "<div><dt>reached</dt><dd>{}</dd></div>", share(total.reached_bytes, total.code_bytes));
        put!(self, "</dl>");
        if !record.complete {
            put!(
                self,
                "<p class=\"warning\">This inspection is incomplete: something was damaged, unsupported or cut by a \
                 budget. What was not seen is listed below.</p>"
            );
        }
        if !record.reproducible {
            put!(self, "<p class=\"warning\">Time or memory cut the work: another run may differ.</p>");
        }
        put!(self, "</section>");
    }

    fn findings(&mut self, record: &Inspection) {
        put!(self, "<section><h2>Findings</h2>");
        if record.findings.is_empty() {
            put!(self, "<p>None. That says only as much as the coverage below allows.</p>");
        } else {
            self.list(record);
        }
        for finding in record.findings.iter().take(MAX_DETAILED) {
            self.finding(finding);
        }
        put!(self, "</section>");
    }

    fn list(&mut self, record: &Inspection) {
        put!(self, "<div class=\"scroll\"><table><thead><tr><th>severity</th><th>score</th><th>rule</th>");
        put!(self, "<th>where</th><th>what</th></tr></thead><tbody>");
        for (index, finding) in record.findings.iter().enumerate().take(MAX_ROWS) {
            let (word, class) = words(finding.severity);
            let id = escaped(&finding.id);
            let title = escaped(&finding.title);
            let link = match index < MAX_DETAILED {
                true => format!("<a href=\"#{id}\">{title}</a>"),
                false => title,
            };
            put!(
                self,
                "<tr><td><span class=\"tag {class}\">{word}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{link}</td></tr>",
                finding.score,
                escaped(&finding.rule),
                escaped(&finding.artifact)
            );
        }
        put!(self, "</tbody></table></div>");
        self.rest(record.findings.len(), "findings");
    }

    fn finding(&mut self, finding: &Finding) {
        let (word, class) = words(finding.severity);
        put!(self, "<article class=\"finding {class}\" id=\"{}\">", escaped(&finding.id));
        put!(
            self,
            "<h3><span class=\"tag {class}\">{word} {}</span> {}</h3>",
            finding.score,
            escaped(&finding.title)
        );
        let line = finding.location.line.map(|line| format!(":{line}")).unwrap_or_default();
        let function = finding.location.function.as_deref().map(|f| format!(", {}", escaped(f)));
        put!(
            self,
            "<p class=\"place\">{}{line}{}{} · {} · {}</p>",
            escaped(&finding.artifact),
            at(finding.location.address),
            function.unwrap_or_default(),
            escaped(&finding.rule),
            escaped(&finding.id)
        );
        put!(self, "<p>{}</p>", escaped(&finding.why));
        self.parts(finding);
        self.route(finding);
        self.evidence(finding);
        self.graph(finding);
        put!(self, "</article>");
    }

    fn parts(&mut self, finding: &Finding) {
        put!(self, "<dl class=\"parts\">");
        if let Some(source) = &finding.source {
            put!(self, "<dt>source</dt><dd>{}{}</dd>", escaped(&source.via), at(source.address));
        }
        if let Some(trigger) = &finding.trigger {
            put!(
                self,
                "<dt>trigger</dt><dd><code>{}</code>{}",
                escaped(&trigger.condition),
                at(trigger.address)
            );
            if let Some(value) = &trigger.value {
                put!(
                    self,
                    "<br>value <code>{}</code>, bytes <code>{}</code>",
                    escaped(&value.text),
                    escaped(&value.hex)
                );
            }
            put!(self, "</dd>");
        }
        if let Some(payload) = &finding.payload {
            let (operation, detail) = (escaped(&payload.operation), escaped(&payload.detail));
            put!(self, "<dt>payload</dt><dd>{operation}: <code>{detail}</code>{}</dd>", at(payload.address));
        }
        if let Some(witness) = &finding.witness {
            let status = proof(witness.status);
            let input = witness.input.as_ref().map(|i| format!(", input <code>{}</code>", escaped(&i.hex)));
            put!(
                self,
                "<dt>proof</dt><dd>{status}{}: {}</dd>",
                input.unwrap_or_default(),
                escaped(&witness.how)
            );
        }
        let review = &finding.review;
        if review.state != ReviewState::Open {
            let state = if review.state == ReviewState::Accepted { "accepted" } else { "rejected" };
            let reason = escaped(review.reason.as_deref().unwrap_or("no reason given"));
            put!(self, "<dt>review</dt><dd>{state}: {reason}</dd>");
        }
        put!(self, "</dl>");
    }

    fn route(&mut self, finding: &Finding) {
        if finding.route.is_empty() {
            return;
        }
        put!(self, "<h4>Route</h4><ol class=\"route\">");
        for step in &finding.route {
            let function = step.function.as_deref().map(|f| format!("<b>{}</b> ", escaped(f)));
            put!(
                self,
                "<li>{}{}{}</li>",
                function.unwrap_or_default(),
                escaped(&step.note),
                at(step.address)
            );
        }
        put!(self, "</ol>");
    }

    fn evidence(&mut self, finding: &Finding) {
        if finding.evidence.is_empty() {
            return;
        }
        put!(self, "<h4>Evidence</h4><div class=\"scroll\"><pre>");
        for line in &finding.evidence {
            let address = line.address.map(|address| format!("<i>{address}</i>  ")).unwrap_or_default();
            put!(self, "{address}{}", escaped(&line.text));
        }
        put!(self, "</pre></div>");
    }

    fn graph(&mut self, finding: &Finding) {
        let Some(flow) = &finding.control_flow else { return };
        let Ok(drawing) = control_flow(flow) else { return };
        self.graphs += 1;
        let id = format!("graph-{}", self.graphs);
        let names: Vec<&str> = flow.functions.iter().map(|f| f.name.as_str()).collect();
        let description =
            format!("{} blocks of {}; the route is marked.", flow.blocks.len(), names.join(", "));
        let caption = Caption { id: &id, title: "Control flow around the route", description: &description };
        put!(self, "<h4>Control flow</h4>");
        let omitted = match flow.omitted_blocks {
            0 => String::new(),
            n => format!(" {n} blocks far from the route are left out."),
        };
        put!(self, "<p class=\"place\">{}{omitted}</p>", escaped(&description));
        let picture = svg::document(&drawing, &caption, Sheet::Outside);
        put!(self, "<div class=\"scroll picture\" tabindex=\"0\">{picture}</div>");
    }

    fn programs(&mut self, record: &Inspection) {
        put!(self, "<section><h2>Programs, scripts and images</h2>");
        put!(
            self,
            "<div class=\"scroll\"><table><thead><tr><th>path</th><th>kind</th><th>code</th><th>decoded</th>"
        );
        put!(self, "<th>reached</th><th>indirect calls resolved</th><th>can</th></tr></thead><tbody>");
        for artifact in record.artifacts.iter().take(MAX_ROWS) {
            self.artifact(artifact);
        }
        put!(self, "</tbody></table></div>");
        self.rest(record.artifacts.len(), "artifacts");
        put!(self, "</section>");
    }

    fn artifact(&mut self, artifact: &Artifact) {
        let kind = match artifact.kind {
            ArtifactKind::Elf => "ELF",
            ArtifactKind::Pe => "PE",
            ArtifactKind::Script => "script",
            ArtifactKind::Image => "image",
        };
        let architecture = artifact.architecture.as_deref().map(|a| format!(" {}", escaped(a)));
        let can: Vec<String> =
            artifact.capabilities.iter().map(|c| format!("{} ×{}", escaped(&c.name), c.count)).collect();
        put!(
            self,
            "<tr><td>{}</td><td>{kind}{}</td>{}<td>{}</td></tr>",
            escaped(&artifact.path),
            architecture.unwrap_or_default(),
            cells(artifact.coverage),
            can.join(", ")
        );
    }

    fn blind_spots(&mut self, record: &Inspection) {
        put!(self, "<section><h2>Not seen</h2>");
        if record.blind_spots.is_empty() {
            put!(self, "<p>Nothing is known to be missing.</p></section>");
            return;
        }
        put!(
            self,
            "<div class=\"scroll\"><table><thead><tr><th>where</th><th>what</th><th>why</th></tr></thead><tbody>"
        );
        for spot in record.blind_spots.iter().take(MAX_ROWS) {
            put!(
                self,
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(spot.artifact.as_deref().unwrap_or("–")),
                escaped(&spot.what),
                escaped(&spot.why)
            );
        }
        put!(self, "</tbody></table></div>");
        self.rest(record.blind_spots.len(), "places");
        put!(self, "</section>");
    }

    /// Says how many rows a table lacks.
    fn rest(&mut self, count: usize, what: &str) {
        if let Some(more) = count.checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            put!(self, "<p>and {more} more {what} in the record</p>");
        }
    }
}

fn cells(coverage: Option<Coverage>) -> String {
    match coverage {
        None => "<td>–</td><td>–</td><td>–</td><td>–</td>".to_owned(),
        Some(c) => format!(
            "<td>{} KiB{}</td><td>{}</td><td>{}</td><td>{} of {}</td>",
            c.code_bytes / 1024,
            if c.complete { "" } else { ", cut" },
            share(c.decoded_bytes, c.code_bytes),
            share(c.reached_bytes, c.code_bytes),
            c.resolved_indirect_calls,
            c.indirect_calls
        ),
    }
}

fn total(record: &Inspection) -> Coverage {
    let add = |a: Coverage, b: Coverage| Coverage {
        code_bytes: a.code_bytes.saturating_add(b.code_bytes),
        decoded_bytes: a.decoded_bytes.saturating_add(b.decoded_bytes),
        reached_bytes: a.reached_bytes.saturating_add(b.reached_bytes),
        ..a
    };
    record.artifacts.iter().filter_map(|a| a.coverage).fold(Coverage::default(), add)
}

fn share(part: u64, whole: u64) -> String {
    part.saturating_mul(100)
        .checked_div(whole)
        .map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}

fn at(address: Option<Address>) -> String {
    address.map(|address| format!(" <span class=\"address\">at {address}</span>")).unwrap_or_default()
}

/// The word for a reader, and the class for the style sheet.
fn words(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("critical", "critical"),
        Severity::High => ("high", "high"),
        Severity::Medium => ("medium", "medium"),
        Severity::Low => ("low", "low"),
        Severity::Info => ("info", "low"),
    }
}
