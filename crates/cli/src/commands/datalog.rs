//! `sukashi datalog`: the rule engine on its own.

use std::path::{Path, PathBuf};

use datalog::{Limit, Options, Pattern, Program, Proof, Session, Source};
use tracing::warn;

use crate::commands::Context;
use crate::input;
use crate::outcome::Outcome;
use crate::settings::{Setting, Settings};

/// Derive what follows from facts by rules.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi datalog reach.dl network.facts
  sukashi datalog reach.dl network.facts --query 'reaches(a,_)'
  sukashi datalog reach.dl - --why 'reaches(a,c)'")]
#[command(after_help = "The files of the examples:
  reach.dl                                      network.facts
    .decl link(from: symbol, to: symbol)          link(a, b).
    .decl reaches(from: symbol, to: symbol)       link(b, c).
    reaches(X, Y) :- link(X, Y).
    reaches(X, Z) :- reaches(X, Y), link(Y, Z).")]
pub(crate) struct Args {
    /// Rules; the language is described in `docs/rules.md`.
    rules: PathBuf,
    /// Facts, one a line: `relation(name, 80).` `-` reads standard input.
    facts: PathBuf,
    /// Only facts that fit, such as `reaches(a, _)`.
    #[arg(long, value_name = "PATTERN")]
    query: Vec<Pattern>,
    /// Prove a fact, or say what is missing.
    #[arg(long, value_name = "PATTERN", conflicts_with = "query")]
    why: Option<Pattern>,
    /// Budget: most facts to derive.
    #[arg(long, value_name = "N", default_value_t = Options::default().max_derived)]
    max_derived: u64,
    /// Budget: most rows that rules may try for their premises.
    #[arg(long, value_name = "N", default_value_t = Options::default().max_steps)]
    max_steps: u64,
    /// Threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// Search steps for what is missing: seconds at most.
const SEARCH_STEPS: u64 = 1_000_000;

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let mut session = load(&args.rules, &args.facts, options(args, &context.settings)?)?;
    session.commit()?;
    match &args.why {
        Some(pattern) => why(&session, pattern, context)?,
        None => facts(&session, &args.query, context)?,
    }
    let Some(cut) = session.incomplete() else { return Ok(Outcome::Clean) };
    let (why, hint) = match cut.limit {
        Limit::Facts(most) => (format!("more than {most} facts follow"), "raise `--max-derived`"),
        Limit::Steps(most) => {
            (format!("it takes more than {most} steps"), "raise `--max-steps`, or join less in one rule")
        }
    };
    warn!(hint, "{why}: incomplete are {}; not begun {}", cut.cut.join(", "), cut.untouched.join(", "));
    Ok(Outcome::Partial)
}

fn options(args: &Args, settings: &Settings) -> anyhow::Result<Options> {
    let workers = match args.jobs {
        Some(jobs) => jobs,
        None => settings.parsed(Setting::Jobs)?.unwrap_or(1),
    };
    Ok(Options { workers, max_derived: args.max_derived, max_steps: args.max_steps, ..Options::default() })
}

fn load(rules: &Path, facts: &Path, options: Options) -> anyhow::Result<Session> {
    let (rules_name, rules) = (input::name(rules), input::text(rules)?);
    let (facts_name, facts) = (input::name(facts), input::text(facts)?);
    let program = Program::load(&[Source { name: &rules_name, text: &rules }])?;
    let facts = program.read_facts(Source { name: &facts_name, text: &facts })?;
    let mut session = Session::new(program, options);
    for fact in &facts {
        session.insert(fact)?;
    }
    Ok(session)
}

fn facts(session: &Session, queries: &[Pattern], context: &mut Context) -> anyhow::Result<()> {
    let mut lines = String::new();
    if queries.is_empty() {
        for relation in session.program().relations().filter(|relation| relation.derived) {
            lines.extend(session.facts(&relation.name).iter().map(|fact| format!("{fact}.\n")));
        }
    }
    for query in queries {
        lines.extend(session.matching(query)?.iter().map(|fact| format!("{fact}.\n")));
    }
    context.output.write(lines.as_bytes())
}

fn why(session: &Session, pattern: &Pattern, context: &mut Context) -> anyhow::Result<()> {
    if let Some(proof) = session.why(pattern)? {
        return context.output.write(proof_lines(session, &proof).as_bytes());
    }
    context.output.line("does not hold; nearest missing:")?;
    for missing in session.missing(pattern, SEARCH_STEPS)? {
        context.output.line(&format!("  {missing}"))?;
    }
    Ok(())
}

fn proof_lines(session: &Session, proof: &Proof) -> String {
    if proof.steps.is_empty() {
        return "stated\n".to_owned();
    }
    let mut lines = String::new();
    for step in &proof.steps {
        let premises = step.premises.iter().map(ToString::to_string);
        let absent = step.absent.iter().map(|fact| format!("not {fact}"));
        let because: Vec<String> = premises.chain(absent).collect();
        let source = session.program().rules().get(step.rule.0).map_or("", |rule| rule.source.as_str());
        lines += &format!("{}\n  because {}\n  by a rule of {source}\n", step.conclusion, because.join(", "));
    }
    lines
}
