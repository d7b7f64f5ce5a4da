//! Engine and answers on generated systems: the table of risk assessment, one line a measure.
//!
//! The rule packs are the product's own, loaded as text. SWI-Prolog and clingo answer from the same facts and rules in
//! the same run, where they are installed; what they answer is compared fact for fact by `cargo xtask oracle assess`.

use std::time::Instant;

use anyhow::Context;
use datalog::{Fact, Options, Pattern, Program, Session};

use crate::generate_system::{each_fact, model};
use crate::oracle_assess;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sizes in hosts.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    hosts: Vec<u32>,
    /// Largest size that the other engines are given.
    #[arg(long, default_value_t = 10_000)]
    peers: u32,
    /// Goals of the assessments: that any controller is operated, or each of so many.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 20])]
    goals: Vec<usize>,
    /// Largest size that is assessed; above it only the engine is measured.
    #[arg(long, default_value_t = 100_000)]
    answers: u32,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let program = assess::packs::program(&assess::packs::built_in())?;
    println!("| hosts | measure | figure |\n|---:|---|---:|");
    for hosts in &args.hosts {
        peers(*hosts, args.peers, &program)?;
        if *hosts <= args.peers {
            dataflow(&program, *hosts)?;
        }
        engine(&program, *hosts)?;
        load(&program, *hosts, 2)?;
        for goals in args.goals.iter().filter(|_| *hosts <= args.answers) {
            answers(*hosts, *goals)?;
        }
    }
    Ok(())
}

fn line(hosts: u32, measure: &str, figure: &str) {
    println!("| {hosts} | {measure} | {figure} |");
}

fn seconds(figure: f64) -> String {
    format!("{figure:.3} s")
}

/// Seconds, and those in which a processor worked for it: other work on the machine adds to the first alone.
fn both(wall: f64, processor: f64) -> String {
    format!("{wall:.3} s, {processor:.2} s of processor")
}

/// Seconds of processor time that this process has had, in ticks of 1/100 s; 0 where the kernel does not tell.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok());
    f64::from(ticks.sum::<u32>()) / 100.0
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

fn peers(hosts: u32, most: u32, program: &Program) -> anyhow::Result<()> {
    if hosts > most {
        return Ok(());
    }
    for peer in oracle_assess::installed() {
        // One that gives up is a figure, too: the rest of the table does not depend on it.
        let answered = match oracle_assess::time(peer, program, hosts) {
            Ok(answered) => seconds(answered),
            Err(error) => format!("none: {error}"),
        };
        line(hosts, &format!("all derived, {}", peer.command()), &answered);
    }
    Ok(())
}

/// The other method of the engine, whose workers could stand in several processes.
fn dataflow(program: &Program, hosts: u32) -> anyhow::Result<()> {
    for workers in [1, 2] {
        let options = Options { workers, method: datalog::Method::Dataflow, ..Options::default() };
        let mut session = Session::new(program.clone(), options);
        for fact in crate::generate_system::facts(hosts, 1) {
            session.insert(&fact)?;
        }
        let before = processor();
        let (derived, committed) = timed(|| session.commit());
        committed?;
        line(
            hosts,
            &format!("all derived, dataflow, workers: {workers}"),
            &both(derived, processor() - before),
        );
    }
    Ok(())
}

/// A session after its first commit.
fn load(program: &Program, hosts: u32, workers: usize) -> anyhow::Result<Session> {
    let mut session = Session::new(program.clone(), Options { workers, ..Options::default() });
    let (taken, wrong) = timed(|| {
        let mut wrong = None;
        each_fact(hosts, 1, &mut |relation, args| {
            wrong = session.insert(&Fact::of(relation, args)).err().or(wrong.take());
        });
        wrong
    });
    wrong.map_or(Ok(()), Err)?;
    let before = processor();
    let (derived, committed) = timed(|| session.commit());
    let changes = committed?.len();
    if workers == 1 {
        line(hosts, "facts stated and derived", &changes.to_string());
        line(hosts, "facts taken in", &seconds(taken));
    }
    line(hosts, &format!("all derived, workers: {workers}"), &both(derived, processor() - before));
    Ok(session)
}

fn engine(program: &Program, hosts: u32) -> anyhow::Result<()> {
    let mut session = load(program, hosts, 1)?;
    line(hosts, "memory resident", &format!("{} MB", resident()));
    // A sample of what may change, and everything of one vulnerability.
    let mut stated: Vec<Fact> = Vec::new();
    let (mut count, stride) = (0, (hosts / 10_000).max(1));
    each_fact(hosts, 1, &mut |relation, args| {
        if ["vul_exists", "allow", "has_account"].contains(&relation) {
            count += 1;
            if count % stride == 0 || (relation, args.first()) == ("vul_exists", Some(&"v0")) {
                stated.push(Fact::of(relation, args));
            }
        }
    });
    for relation in ["vul_exists", "allow", "has_account"] {
        updates(&mut session, hosts, relation, &stated)?;
    }
    spread(&mut session, hosts, &stated)?;
    explain(&session, hosts)?;
    edit(&mut session, hosts)
}

/// One rule more, of those on which the whole attack rests; then without it.
fn edit(session: &mut Session, hosts: u32) -> anyhow::Result<()> {
    let mut packs = assess::packs::built_in();
    let vocabulary = assess::packs::vocabulary();
    for rule in ["", "dismissed(V) :- vul_access(V, _, _, _), epss(V, 0).\n"] {
        let edited = assess::packs::Pack { name: "edited".to_owned(), text: rule.to_owned() };
        packs.retain(|pack| pack.name != edited.name);
        packs.push(edited);
        let mut sources = vec![datalog::Source { name: "vocabulary", text: &vocabulary }];
        sources.extend(packs.iter().map(|pack| datalog::Source { name: &pack.name, text: &pack.text }));
        let before = processor();
        let (time, replaced) = timed(|| session.replace_rules(&sources));
        let figure = format!("{}, {} changes", both(time, processor() - before), replaced?.len());
        let what = if rule.is_empty() { "nothing new in the rules" } else { "a rule is edited" };
        line(hosts, what, &figure);
    }
    Ok(())
}

/// One fact taken away and put back, a hundred times.
fn updates(session: &mut Session, hosts: u32, relation: &str, stated: &[Fact]) -> anyhow::Result<()> {
    let chosen: Vec<&Fact> = stated.iter().filter(|f| f.relation == relation).collect();
    let mut times = Vec::new();
    for fact in chosen.iter().step_by((chosen.len() / 50).max(1)) {
        for insert in [false, true] {
            if insert {
                session.insert(fact)?
            } else {
                session.retract(fact)?
            };
            let (time, committed) = timed(|| session.commit());
            committed?;
            times.push(time * 1000.0);
        }
    }
    // Indexes that only changes need are made with the first one.
    let first = times.first().copied().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len() - 1) * percent / 100).copied().unwrap_or_default();
    let figure = format!("{:.2} / {:.2} ms, the first {first:.1} ms", at(50), at(99));
    line(hosts, &format!("one `{relation}` changes, p50 / p99"), &figure);
    Ok(())
}

/// A new vulnerability of the product that most hosts have, on 500 hosts at most.
fn spread(session: &mut Session, hosts: u32, stated: &[Fact]) -> anyhow::Result<()> {
    let of = |fact: &Fact, at: usize| fact.args.get(at).map(ToString::to_string).unwrap_or_default();
    let places = stated.iter().filter(|f| f.relation == "vul_exists" && of(f, 0) == "v0");
    let mut update = vec![
        Fact::of("vul_access", &["new", "network", "none", "none"]),
        Fact::of("vul_consequence", &["new", "code"]),
    ];
    update.extend(places.take(500).map(|f| Fact::of("vul_exists", &["new", &of(f, 1), &of(f, 2)])));
    for fact in &update {
        session.insert(fact)?;
    }
    let before = processor();
    let (time, committed) = timed(|| session.commit());
    let changes = committed?.len();
    let figure = format!("{}, {changes} changes", both(time, processor() - before));
    line(hosts, &format!("a vulnerability on {} hosts", update.len() - 2), &figure);
    for fact in &update {
        session.retract(fact)?;
    }
    session.commit()?;
    Ok(())
}

fn explain(session: &Session, hosts: u32) -> anyhow::Result<()> {
    let goals = session.facts("operates");
    let mut times = Vec::new();
    for goal in goals.iter().step_by((goals.len() / 20).max(1)) {
        let pattern: Pattern = goal.to_string().parse()?;
        let (time, why) = timed(|| session.why(&pattern));
        why?.context("a derived fact has no proof")?;
        times.push(time * 1000.0);
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    line(hosts, "why one fact, first / median", &format!("{first:.1} / {median:.1} ms"));
    let before = processor();
    let (time, proofs) = timed(|| session.cheapest_proofs(&|_| 1.0));
    let figure = format!("{}, {} facts", both(time, processor() - before), proofs.len());
    line(hosts, "all cheapest proofs", &figure);
    Ok(())
}

/// A whole assessment of the same system as a document, stage by stage.
fn answers(hosts: u32, goals: usize) -> anyhow::Result<()> {
    let text = model(hosts, 1);
    let (read, document) = timed(|| system::read("generated", &text));
    let mut document = document?;
    drop(text);
    if goals > 1 {
        let text = aimed(hosts, goals);
        document.goals = system::read("goals", &text)?.goals;
    }
    let (checked, system) = timed(|| system::System::new(&[("generated".to_owned(), document)]));
    let system = system?;
    let with = if goals > 1 { format!(", {goals} goals") } else { String::new() };
    let line = |measure: &str, figure: &str| line(hosts, &format!("{measure}{with}"), figure);
    line("document read and checked", &seconds(read + checked));
    let mut start = Instant::now();
    let options = assess::Options::default();
    let mut before = processor();
    let mut stage = |stage: assess::Stage| {
        line(stage.name(), &both(start.elapsed().as_secs_f64(), processor() - before));
        (start, before) = (Instant::now(), processor());
    };
    let assessment = assess::assess_with(&system, &options, &assess::NoVulnerabilities, &mut stage)?;
    let plan = assessment.plan.as_ref();
    let figure = format!(
        "{}; {} countermeasures, {}",
        assessment.vulnerabilities.len(),
        plan.map_or(0, |plan| plan.chosen.len()),
        plan.is_some_and(|plan| plan.optimal),
    );
    line("verdicts; plan, proven optimal", &figure);
    line("memory resident", &format!("{} MB", resident()));
    Ok(())
}

/// A document with so many goals: that each of the first controllers is operated.
fn aimed(hosts: u32, goals: usize) -> String {
    let mut controllers = Vec::new();
    each_fact(hosts, 1, &mut |relation, args| {
        if (relation, args.get(1)) == ("host_kind", Some(&"plc")) && controllers.len() < goals {
            controllers.extend(args.first().map(|host| (*host).to_owned()));
        }
    });
    let goal = |host: &String| format!("  {host}: {{title: taken, fact: \"operates(eve, {host})\"}}\n");
    let goals: String = controllers.iter().map(goal).collect();
    format!("schema: sukashi.system/1\nname: goals\ngoals:\n{goals}")
}

/// Megabytes in memory now, from the kernel's account of this process; 0 where there is none.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
