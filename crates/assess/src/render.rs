//! An assessment as text for a terminal.

use std::fmt::Write;

use record::{Assessment, AssessmentDifference, Goal, Path, Plan, Verdict, VulnerabilityVerdict};

/// The whole result, widest view first. Names from the model stand as they are: the caller escapes for its terminal.
pub fn human(assessment: &Assessment) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, assessment);
    out
}

fn write(out: &mut String, assessment: &Assessment) -> std::fmt::Result {
    let reached = assessment.goals.iter().filter(|g| g.reached).count();
    let system = &assessment.system;
    writeln!(
        out,
        "{}: {} hosts, {} of {} goals reached, {} facts, {} derived",
        system.name,
        system.hosts,
        reached,
        assessment.goals.len(),
        system.facts,
        assessment.totals.facts_derived
    )?;
    for goal in &assessment.goals {
        write_goal(out, goal, assessment.complete)?;
    }
    write_vulnerabilities(out, &assessment.vulnerabilities)?;
    if !assessment.choke_points.is_empty() {
        writeln!(out, "\nchoke points")?;
        for point in assessment.choke_points.iter().take(5) {
            writeln!(out, "  {:>4}  {}", percent(point.share_of_paths), point.fact)?;
        }
    }
    if let Some(plan) = &assessment.plan {
        write_plan(out, assessment, plan)?;
    }
    if let Some(difference) = &assessment.difference {
        writeln!(out, "\ndifference")?;
        write_difference(out, difference)?;
    }
    if !assessment.blind_spots.is_empty() {
        writeln!(out, "\nnot judged")?;
        for spot in &assessment.blind_spots {
            writeln!(out, "  {}: {}", spot.what, spot.why)?;
        }
    }
    if !assessment.complete {
        writeln!(out, "\nincomplete: what is shown holds, but more may follow")?;
    }
    Ok(())
}

fn write_goal(out: &mut String, goal: &Goal, complete: bool) -> std::fmt::Result {
    if !goal.reached {
        let found = if complete { "not reached" } else { "no way found before the budget was used up" };
        return writeln!(out, "\n{}  {}: {found}", goal.id, goal.title);
    }
    write!(out, "\n{}  {}: reached", goal.id, goal.title)?;
    if let Some(p) = goal.probability {
        write!(out, ", probability {} ({}–{})", percent(p.mean), percent(p.low), percent(p.high))?;
    }
    if let Some(days) = goal.days {
        write!(out, ", days p10 {:.1}, p50 {:.1}, p90 {:.1}", days.p10, days.p50, days.p90)?;
    }
    writeln!(out)?;
    for (number, path) in goal.paths.iter().enumerate() {
        write_path(out, number + 1, path)?;
    }
    Ok(())
}

fn write_path(out: &mut String, number: usize, path: &Path) -> std::fmt::Result {
    writeln!(out, "  path {number}: {}, {:.1} days", percent(path.probability), path.days)?;
    for (number, step) in path.steps.iter().enumerate() {
        let technique = step.technique.as_deref().unwrap_or("—");
        writeln!(out, "    {}. {} [{technique}]", number + 1, step.explain)?;
        writeln!(out, "       because {}", step.because.join("; "))?;
    }
    Ok(())
}

fn write_vulnerabilities(out: &mut String, all: &[VulnerabilityVerdict]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nvulnerabilities")?;
    for found in all {
        writeln!(out, "  {:<13} {} on {} ({})", word(found.verdict), found.id, found.host, found.component)?;
        writeln!(out, "                {}", found.why)?;
    }
    Ok(())
}

fn write_plan(out: &mut String, assessment: &Assessment, plan: &Plan) -> std::fmt::Result {
    let proof = if plan.optimal { "proven cheapest" } else { "not proven cheapest" };
    writeln!(out, "\nplan, cost {}, {proof}", plan.cost)?;
    for id in &plan.chosen {
        let measure = assessment.countermeasures.iter().find(|c| c.id == *id);
        let target = measure.map_or("", |m| m.target.as_str());
        writeln!(out, "  {id}  ({target})")?;
    }
    for left in plan.residual.iter().filter(|r| r.reached) {
        writeln!(out, "  {} is still reached, probability {}", left.goal, percent(left.probability))?;
    }
    Ok(())
}

/// What changed between two assessments, a line each. Names stand as they are.
pub fn difference(difference: &AssessmentDifference) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_difference(&mut out, difference);
    out
}

fn write_difference(out: &mut String, difference: &AssessmentDifference) -> std::fmt::Result {
    for goal in &difference.goals {
        writeln!(out, "  {}: {} → {}", goal.goal, percent(goal.before), percent(goal.after))?;
    }
    for change in &difference.vulnerabilities {
        let state = |v: Option<Verdict>| v.map_or("absent", word);
        writeln!(
            out,
            "  {} on {}: {} → {}",
            change.id,
            change.host,
            state(change.before),
            state(change.after)
        )?;
    }
    if difference.goals.is_empty() && difference.vulnerabilities.is_empty() {
        writeln!(out, "  none")?;
    }
    Ok(())
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exploitable => "exploitable",
        Verdict::NotReachable => "not reachable",
        Verdict::Mitigated => "mitigated",
        Verdict::NotAffected => "not affected",
        Verdict::Unknown => "unknown",
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}
