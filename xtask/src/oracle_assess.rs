//! `cargo xtask oracle assess`: the rule packs through two other engines, fact for fact.
//!
//! SWI-Prolog evaluates top-down with tabling, clingo grounds bottom-up: neither shares an idea with ours, so that a
//! fact all three agree on follows from the rules. Systems are the examples, and generated ones; the packs hold no
//! arithmetic and no aggregates, so that one translation of their text serves both. Which of Debian's `gringo` and
//! `swi-prolog-nox` is not installed is skipped, and said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use datalog::{Fact, Options, Program, Session, Value};

use crate::generate_system::facts;

/// Sizes in hosts and seeds of the systems that are compared.
const SYSTEMS: &[(u32, u64)] = &[(20, 1), (60, 2), (200, 3), (1000, 4)];
/// Those of them that take seconds.
const SMALL: &[(u32, u64)] = &[(20, 1), (60, 2)];
/// Where each example has its `system.yaml`.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/systems");
/// What ours is compared with.
const ENGINES: [Dialect; 2] = [Dialect::Clingo, Dialect::Prolog];

pub(crate) fn run(small: bool) -> anyhow::Result<()> {
    let others: Vec<Dialect> = installed().collect();
    for missing in ENGINES.iter().filter(|engine| !others.contains(engine)) {
        println!("skipped: `{}` is not installed", missing.command());
    }
    ensure!(!others.is_empty(), "nothing to compare with; hint: install `gringo` or `swi-prolog-nox`");
    agree(&others, if small { SMALL } else { SYSTEMS })
}

/// The examples and generated systems of these sizes and seeds, through our engine and the others.
fn agree(others: &[Dialect], generated: &[(u32, u64)]) -> anyhow::Result<()> {
    let packs = assess::packs::built_in();
    let program = assess::packs::program(&packs)?;
    let rules: Vec<String> = packs.iter().flat_map(|pack| clauses(&pack.text)).collect();
    let mut systems: Vec<(String, Vec<Fact>)> = examples()?;
    systems.extend(
        generated.iter().map(|(hosts, seed)| (format!("{hosts} hosts, seed {seed}"), facts(*hosts, *seed))),
    );
    for (name, base) in systems {
        let ours = timed("ours", || ours(&program, &base))?;
        for dialect in others {
            let theirs = timed(dialect.command(), || theirs(*dialect, &program, &rules, &base))?;
            compare(*dialect, &ours, &theirs).with_context(|| format!("on {name}"))?;
        }
        println!("{name}: {} facts, equal in {} engines", ours.len(), others.len() + 1);
    }
    Ok(())
}

/// Name and facts of each example system.
fn examples() -> anyhow::Result<Vec<(String, Vec<Fact>)>> {
    let mut systems = Vec::new();
    for entry in std::fs::read_dir(EXAMPLES).with_context(|| format!("cannot read `{EXAMPLES}`"))? {
        let entry = entry?;
        let Ok(text) = std::fs::read_to_string(entry.path().join("system.yaml")) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        let document = system::read(&name, &text)?;
        let system = system::System::new(&[(name.clone(), document)])?;
        systems.push((name, assess::base_facts(&system, &assess::NoVulnerabilities)));
    }
    systems.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(systems)
}

/// The engines that can be run here.
pub(crate) fn installed() -> impl Iterator<Item = Dialect> {
    let runs = |dialect: &Dialect| {
        let version = Command::new(dialect.command()).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    ENGINES.into_iter().filter(runs)
}

/// Seconds that another engine takes for a generated system.
pub(crate) fn time(dialect: Dialect, program: &Program, hosts: u32) -> anyhow::Result<f64> {
    let rules: Vec<String> = assess::packs::built_in().iter().flat_map(|pack| clauses(&pack.text)).collect();
    let base = facts(hosts, 1);
    let start = Instant::now();
    let answer = theirs(dialect, program, &rules, &base)?;
    ensure!(!answer.is_empty(), "`{}` gave no facts", dialect.command());
    Ok(start.elapsed().as_secs_f64())
}

fn timed<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    let result = work()?;
    println!("  {name:<8} {:>8.2} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Derived and stated facts of the derived relations, as text.
fn ours(program: &Program, base: &[Fact]) -> anyhow::Result<BTreeSet<String>> {
    let mut session = Session::new(program.clone(), Options::default());
    for fact in base {
        session.insert(fact)?;
    }
    session.commit()?;
    let derived = program.relations().filter(|r| r.derived);
    Ok(derived.flat_map(|r| session.facts(&r.name)).map(|fact| canonical(&fact)).collect())
}

fn canonical(fact: &Fact) -> String {
    let args: Vec<String> = fact.args.iter().map(plain).collect();
    format!("{}({})", fact.relation, args.join(","))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Symbol(name) => name.clone(),
        Value::Int(figure) => figure.to_string(),
    }
}

/// Another rule engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Clingo,
    Prolog,
}

impl Dialect {
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Clingo => "clingo",
            Self::Prolog => "swipl",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Clingo => "lp",
            Self::Prolog => "pl",
        }
    }

    fn quote(self) -> char {
        match self {
            Self::Clingo => '"',
            Self::Prolog => '\'',
        }
    }
}

fn theirs(
    dialect: Dialect,
    program: &Program,
    rules: &[String],
    base: &[Fact],
) -> anyhow::Result<BTreeSet<String>> {
    let text = translate(dialect, program, rules, base);
    let path =
        std::env::temp_dir().join(format!("sukashi-oracle-{}.{}", std::process::id(), dialect.extension()));
    std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut command = Command::new(dialect.command());
    match dialect {
        Dialect::Clingo => command.args(["--outf=0", "-V0"]),
        // Its tables outgrow the default of 1 GB on some thousand hosts.
        Dialect::Prolog => {
            command.args(["--table-space=8g", "--stack-limit=4g", "-q", "-g", "report", "-t", "halt"])
        }
    };
    let output = command.arg(&path).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run `{}`; is it installed?", dialect.command()))?;
    std::fs::remove_file(&path)?;
    // clingo's status tells of models found (10, 30), not of failure.
    let failed = matches!(dialect, Dialect::Prolog) && !output.status.success();
    ensure!(!failed, "`{}` ended with {}", dialect.command(), output.status);
    let answer = String::from_utf8(output.stdout)?;
    let separator = if matches!(dialect, Dialect::Clingo) { ' ' } else { '\n' };
    let facts = answer.split([separator, '\n']).filter(|f| f.contains('('));
    Ok(facts.map(|fact| fact.replace(dialect.quote(), "")).collect())
}

fn translate(dialect: Dialect, program: &Program, rules: &[String], base: &[Fact]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    let quote = dialect.quote();
    if matches!(dialect, Dialect::Prolog) {
        // Our rules name columns that they do not use.
        line(":- style_check(-singleton).".to_owned());
    }
    for relation in program.relations() {
        let (name, arity) = (&relation.name, relation.columns.len());
        match dialect {
            Dialect::Prolog if relation.derived => line(format!(":- table {name}/{arity}.")),
            Dialect::Prolog => line(format!(":- dynamic {name}/{arity}.\n:- discontiguous {name}/{arity}.")),
            Dialect::Clingo if relation.derived => line(format!("#show {name}/{arity}.")),
            Dialect::Clingo => line(format!("#defined {name}/{arity}.")),
        }
        if matches!(dialect, Dialect::Prolog) && relation.derived {
            line(format!(":- discontiguous {name}/{arity}."));
        }
    }
    rules.iter().for_each(|rule| line(rewrite(dialect, rule)));
    for fact in base {
        let args: Vec<String> = fact.args.iter().map(|a| format!("{quote}{}{quote}", plain(a))).collect();
        line(format!("{}({}).", fact.relation, args.join(",")));
    }
    if matches!(dialect, Dialect::Prolog) {
        line("report :- forall(shown(F), forall(F, (write(F), nl))).".to_owned());
        for relation in program.relations().filter(|r| r.derived) {
            let args = vec!["_"; relation.columns.len()].join(",");
            line(format!("shown({}({args})).", relation.name));
        }
    }
    out
}

/// The rules and facts of a pack, without comments, declarations and annotations.
fn clauses(text: &str) -> Vec<String> {
    let lines = text.lines().map(|l| l.split("//").next().unwrap_or_default());
    let lines: Vec<&str> = lines.filter(|l| !l.trim_start().starts_with(".decl")).collect();
    let mut bare = String::new();
    let text = lines.join(" ");
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('@') {
        bare.push_str(before);
        rest = after_annotation(after);
    }
    bare.push_str(rest);
    let clauses = bare.split(". ").map(|c| c.trim().trim_end_matches('.'));
    clauses.filter(|c| !c.is_empty()).map(|c| format!("{c}.")).collect()
}

/// What follows the closing bracket of `name(…)`, quotes respected.
fn after_annotation(text: &str) -> &str {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ')' if !quoted => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Constants in the dialect's quotes, negation in its words.
fn rewrite(dialect: Dialect, clause: &str) -> String {
    let (negation, differs, quote) = match dialect {
        Dialect::Clingo => ("not ", "!=", '"'),
        Dialect::Prolog => ("\\+ ", "\\==", '\''),
    };
    let mut out = String::new();
    let mut word = String::new();
    let body = clause.trim_end_matches('.');
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || "_-/".contains(c) && !(c == '-' && word.is_empty()) {
            word.push(c);
            continue;
        }
        let constant = c != '(' && word.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit());
        if constant {
            out.extend([quote]);
        }
        out.push_str(&std::mem::take(&mut word));
        if constant {
            out.extend([quote]);
        }
        match c {
            '!' if chars.peek() == Some(&'=') => {
                chars.next();
                out.push_str(differs);
            }
            '!' => out.push_str(negation),
            _ => out.push(c),
        }
    }
    out.push_str(&word);
    out.push('.');
    out
}

fn compare(dialect: Dialect, ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> anyhow::Result<()> {
    ensure!(!theirs.is_empty(), "`{}` gave no facts", dialect.command());
    if ours == theirs {
        return Ok(());
    }
    let mut by_relation: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for fact in ours.difference(theirs) {
        by_relation.entry(fact.split('(').next().unwrap_or_default()).or_default().0 += 1;
    }
    for fact in theirs.difference(ours) {
        by_relation.entry(fact.split('(').next().unwrap_or_default()).or_default().1 += 1;
    }
    let examples: Vec<&String> = ours.symmetric_difference(theirs).take(5).collect();
    bail!("{} differs (only ours, only theirs): {by_relation:?}, such as {examples:?}", dialect.command());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_found_between_annotations_and_comments() {
        let text = "// note\n.decl p(a: symbol)\n@rule(\"x\", sentence: \"a (b)\")\np(X) :- q(X, tcp/502), !r(X). s(a).\n";
        assert_eq!(clauses(text), ["p(X) :- q(X, tcp/502), !r(X).", "s(a)."]);
    }

    #[test]
    fn constants_are_quoted_and_negation_translated() {
        let clause = "p(X) :- q(X, tcp/502, high-low), !r(X, _), X != Y.";
        assert_eq!(
            rewrite(Dialect::Clingo, clause),
            "p(X) :- q(X, \"tcp/502\", \"high-low\"), not r(X, _), X != Y."
        );
        assert_eq!(
            rewrite(Dialect::Prolog, clause),
            "p(X) :- q(X, 'tcp/502', 'high-low'), \\+ r(X, _), X \\== Y."
        );
    }
}
