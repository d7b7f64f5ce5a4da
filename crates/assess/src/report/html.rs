//! One self-contained page: a manager reads the first sheet, an engineer the rest. No script, nothing from outside.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use layout::svg::{STYLE, escaped};
use record::{Goal, Path, Verdict, VulnerabilityVerdict};

use super::Report;
use super::picture::network;
use super::words::Word;
use super::zones::{conduits, zones};

/// Rows of verdicts shown, worst first; the record holds all.
const MAX_VERDICTS: usize = 300;

const SHEET: &str = "\
:root{color-scheme:light dark;--ink:#1d2733;--paper:#fff;--soft:#5b6877;--line:#d5dbe2;--bad:#a3341f;--good:#1f6b3a}
@media (prefers-color-scheme:dark){:root{--ink:#e3e8ee;--paper:#12171d;--soft:#98a5b3;--line:#323c48;--bad:#f0917c;--good:#7fd19b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:64rem;font:16px/1.55 system-ui,'Noto Sans CJK JP',sans-serif;\
color:var(--ink);background:var(--paper)}
h1{font-size:1.7rem;margin:0}h2{font-size:1.25rem;margin:2.5rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}
p,li{max-width:46rem}.soft{color:var(--soft)}.bad{color:var(--bad);font-weight:700}.good{color:var(--good);font-weight:700}
td.bad,td.good{white-space:nowrap}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}td.number,th.number{text-align:right;white-space:nowrap}
.scroll{overflow-x:auto}code{font:.86em ui-monospace,monospace;overflow-wrap:anywhere}
ol.steps li{margin:.35rem 0}details{margin:.3rem 0}summary{cursor:pointer}
.graph{max-width:100%;height:auto}
@media print{body{max-width:none;padding:0;font-size:10.5pt}.first{break-after:page}tr,li{break-inside:avoid}}
";

/// The page.
pub fn html(report: &Report<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = page(&mut out, report);
    out
}

fn page(out: &mut String, report: &Report<'_>) -> Result {
    let name = escaped(&report.assessment.system.name);
    let title = report.say(Word::Title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{name} – {title}</title>\n<style>{SHEET}{STYLE}</style></head>\n<body>\n",
        report.language.code()
    )?;
    writeln!(out, "<header><p class=\"soft\">{title}</p><h1>{name}</h1></header>\n<main>")?;
    summary(out, report)?;
    picture(out, report)?;
    goals(out, report)?;
    choke_points(out, report)?;
    difference(out, report)?;
    vulnerabilities(out, report)?;
    zone_tables(out, report)?;
    blind_spots(out, report)?;
    writeln!(out, "</main>\n</body></html>")
}

fn heading(out: &mut String, report: &Report<'_>, word: Word) -> Result {
    writeln!(out, "<h2>{}</h2>", report.say(word))
}

fn head(out: &mut String, report: &Report<'_>, words: &[Word]) -> Result {
    out.write_str("<div class=\"scroll\"><table><thead><tr>")?;
    words.iter().try_for_each(|word| write!(out, "<th scope=\"col\">{}</th>", report.say(*word)))?;
    out.write_str("</tr></thead><tbody>\n")
}

fn row<S: AsRef<str>>(out: &mut String, cells: &[S]) -> Result {
    out.write_str("<tr>")?;
    cells.iter().try_for_each(|cell| write!(out, "<td>{}</td>", escaped(cell.as_ref())))?;
    out.write_str("</tr>\n")
}

const END: &str = "</tbody></table></div>\n";

/// The first sheet.
fn summary(out: &mut String, report: &Report<'_>) -> Result {
    let assessment = report.assessment;
    out.write_str("<section class=\"first\">")?;
    heading(out, report, Word::Summary)?;
    head(out, report, &[Word::Goal, Word::Verdict, Word::Probability, Word::Days])?;
    for goal in &assessment.goals {
        let (class, word) = match (goal.reached, assessment.complete) {
            (true, _) => ("bad", Word::YesDoes),
            (false, true) => ("good", Word::NoDoes),
            (false, false) => ("soft", Word::NoneFound),
        };
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&goal.title),
            report.say(word),
            probability(goal),
            days(goal)
        )?;
    }
    out.write_str(END)?;
    plan(out, report)?;
    if !assessment.complete {
        writeln!(out, "<p class=\"bad\">{}</p>", report.say(Word::Incomplete))?;
    }
    writeln!(out, "<h3>{}</h3><p>{}</p>", report.say(Word::HowRead), report.say(Word::HowReadText))?;
    out.write_str("</section>\n")
}

fn probability(goal: &Goal) -> String {
    goal.probability.map_or_else(
        || "–".to_owned(),
        |p| format!("{} ({}–{})", percent(p.mean), percent(p.low), percent(p.high)),
    )
}

fn days(goal: &Goal) -> String {
    goal.days.map_or_else(|| "–".to_owned(), |d| format!("{:.1} / {:.1} / {:.1}", d.p10, d.p50, d.p90))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn plan(out: &mut String, report: &Report<'_>) -> Result {
    heading(out, report, Word::Plan)?;
    let Some(plan) = &report.assessment.plan else {
        return writeln!(out, "<p>{}</p>", report.say(Word::NoPlan));
    };
    head(out, report, &[Word::Measure, Word::MeasureKind, Word::Target, Word::Cost])?;
    let chosen = plan
        .chosen
        .iter()
        .filter_map(|id| report.assessment.countermeasures.iter().find(|measure| measure.id == *id));
    for measure in chosen {
        let (kind, target) = (report.countermeasure_kind(measure.kind), report.place(&measure.target));
        row(out, &[&measure.id, &kind, &target, &measure.cost.to_string()])?;
    }
    out.write_str(END)?;
    let proof = if plan.optimal { Word::Optimal } else { Word::NotOptimal };
    writeln!(out, "<p>{}: {} – {}</p>", report.say(Word::Cost), plan.cost, report.say(proof))?;
    let title =
        |id: &str| report.assessment.goals.iter().find(|g| g.id == id).map_or("", |g| g.title.as_str());
    for left in plan.residual.iter().filter(|left| left.reached) {
        writeln!(
            out,
            "<p class=\"bad\">{}: {} ({})</p>",
            report.say(Word::Residual),
            escaped(title(&left.goal)),
            percent(left.probability)
        )?;
    }
    Ok(())
}

fn picture(out: &mut String, report: &Report<'_>) -> Result {
    let Some(svg) = network(report) else { return Ok(()) };
    heading(out, report, Word::Network)?;
    writeln!(out, "<div class=\"scroll\">{svg}</div>")
}

fn goals(out: &mut String, report: &Report<'_>) -> Result {
    for goal in report.reached() {
        writeln!(out, "<h2>{}</h2>", escaped(&goal.title))?;
        writeln!(
            out,
            "<p>{}: {}. {}: {}.</p>",
            report.say(Word::Probability),
            probability(goal),
            report.say(Word::Days),
            days(goal)
        )?;
        for (number, path) in goal.paths.iter().enumerate() {
            writeln!(
                out,
                "<h3>{} {} – {}</h3>",
                report.say(Word::Chain),
                number + 1,
                percent(path.probability)
            )?;
            steps(out, report, path)?;
        }
    }
    Ok(())
}

fn steps(out: &mut String, report: &Report<'_>, path: &Path) -> Result {
    out.write_str("<ol class=\"steps\">\n")?;
    for step in &path.steps {
        let technique =
            step.technique.as_ref().map_or_else(String::new, |t| format!(" <code>{}</code>", escaped(t)));
        write!(out, "<li>{}{technique}", escaped(&report.sentence(step)))?;
        let because: Vec<String> =
            step.because.iter().map(|fact| format!("<code>{}</code>", escaped(fact))).collect();
        writeln!(
            out,
            "<details><summary class=\"soft\">{}</summary>{}</details></li>",
            report.say(Word::Because),
            because.join("<br>")
        )?;
    }
    out.write_str("</ol>\n")
}

fn choke_points(out: &mut String, report: &Report<'_>) -> Result {
    if report.assessment.choke_points.is_empty() {
        return Ok(());
    }
    heading(out, report, Word::ChokePoints)?;
    writeln!(out, "<p>{}</p><ul>", report.say(Word::ChokePointsText))?;
    for point in &report.assessment.choke_points {
        // The fact in words, where a step concludes it.
        let mut steps = report.reached().flat_map(|goal| &goal.paths).flat_map(|path| &path.steps);
        let step = steps.find(|step| step.fact == point.fact);
        let sentence = step.map_or_else(String::new, |step| escaped(&report.sentence(step)) + " ");
        let (share, fact) = (percent(point.share_of_paths), escaped(&point.fact));
        writeln!(out, "<li>{share} {sentence}<code>{fact}</code></li>")?;
    }
    out.write_str("</ul>\n")
}

fn difference(out: &mut String, report: &Report<'_>) -> Result {
    let Some(difference) = &report.assessment.difference else { return Ok(()) };
    heading(out, report, Word::Difference)?;
    head(out, report, &[Word::Goal, Word::Before, Word::After])?;
    for change in &difference.goals {
        row(out, &[&change.goal, &percent(change.before), &percent(change.after)])?;
    }
    out.write_str(END)?;
    head(out, report, &[Word::Vulnerability, Word::Asset, Word::Before, Word::After])?;
    let state = |verdict: Option<Verdict>| verdict.map_or("–", |v| report.say(word(v)));
    for change in &difference.vulnerabilities {
        row(out, &[change.id.as_str(), &change.host, state(change.before), state(change.after)])?;
    }
    out.write_str(END)
}

pub(super) fn word(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Exploitable => Word::Exploitable,
        Verdict::NotReachable => Word::NotReachable,
        Verdict::Mitigated => Word::Mitigated,
        Verdict::NotAffected => Word::NotAffected,
        Verdict::Unknown => Word::Unknown,
    }
}

fn vulnerabilities(out: &mut String, report: &Report<'_>) -> Result {
    let all = &report.assessment.vulnerabilities;
    if all.is_empty() {
        return Ok(());
    }
    heading(out, report, Word::Vulnerabilities)?;
    let hidden = alike(all).len().saturating_sub(MAX_VERDICTS);
    let hidden = if hidden > 0 { format!(" (+ {hidden})") } else { String::new() };
    writeln!(out, "<p>{}{hidden}</p>", all.len())?;
    head(out, report, &[Word::Vulnerability, Word::Asset, Word::Component, Word::Verdict, Word::Why])?;
    for ((verdict, id, component), (hosts, why)) in alike(all).iter().take(MAX_VERDICTS) {
        // The reason is that of one host, and says of which.
        let why = match hosts.as_slice() {
            [first, _, ..] => format!("{first}: {}", report.reason(why)),
            _ => report.reason(why),
        };
        row(out, &[*id, &hosts.join(", "), component, report.say(word(*verdict)), &why])?;
    }
    out.write_str(END)?;
    Ok(())
}

/// Hosts on which one vulnerability of one component has the same verdict, worst first, with the reason of the first.
type Alike<'a> = BTreeMap<(Verdict, &'a str, &'a str), (Vec<&'a str>, &'a str)>;

fn alike(all: &[VulnerabilityVerdict]) -> Alike<'_> {
    let mut rows = Alike::new();
    for found in all {
        let key = (found.verdict, found.id.as_str(), found.component.as_str());
        rows.entry(key).or_insert_with(|| (Vec::new(), found.why.as_str())).0.push(&found.host);
    }
    rows
}

fn zone_tables(out: &mut String, report: &Report<'_>) -> Result {
    heading(out, report, Word::Zones)?;
    head(out, report, &[Word::Zone, Word::Hosts, Word::Services, Word::Accounts, Word::Impact, Word::Goal])?;
    for zone in zones(report) {
        let goals: Vec<&str> = zone.goals.iter().copied().collect();
        row(
            out,
            &[
                zone.title.unwrap_or(zone.id),
                &zone.hosts.join(", "),
                &zone.services.to_string(),
                &zone.accounts.to_string(),
                &zone
                    .importance
                    .map_or_else(|| report.say(Word::Unknown).to_owned(), |l| l.figure().to_string()),
                &goals.join(", "),
            ],
        )?;
    }
    out.write_str(END)?;
    heading(out, report, Word::Conduits)?;
    head(out, report, &[Word::Conduit, Word::Zone, Word::Enforced, Word::Allowed, Word::DefaultAction])?;
    for conduit in conduits(report) {
        row(
            out,
            &[
                conduit.id,
                &conduit.between.join(" – "),
                conduit.enforced_by.unwrap_or("–"),
                &conduit.rules.join("; "),
                report.action(conduit.default),
            ],
        )?;
    }
    out.write_str(END)
}

fn blind_spots(out: &mut String, report: &Report<'_>) -> Result {
    if report.assessment.blind_spots.is_empty() {
        return Ok(());
    }
    heading(out, report, Word::BlindSpots)?;
    out.write_str("<ul>\n")?;
    for spot in &report.assessment.blind_spots {
        writeln!(
            out,
            "<li>{}: {}</li>",
            escaped(&report.reason(&spot.what)),
            escaped(&report.reason(&spot.why))
        )?;
    }
    out.write_str("</ul>\n")
}
