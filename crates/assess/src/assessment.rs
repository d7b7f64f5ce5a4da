//! All questions to one system, in order.

use std::collections::BTreeSet;

use datalog::{
    Change, CommitError, Fact, FactError, ParsePatternError, Pattern, ProgramError, Session, Update,
};
use record::{
    Assessment, AssessmentFormat, AssessmentTotals, BlindSpot, Countermeasure, CountermeasureKind, Goal,
    GoalResidual, Plan, SystemSummary,
};
use system::System;

use crate::choke::choke_points;
use crate::facts::{facts, judge};
use crate::graph::Graph;
use crate::measures::{Measure, stated, with_applied};
use crate::offers::Offers;
use crate::packs::{Knowledge, Pack, built_in};
use crate::paths::{path, routes};
use crate::plan::{Choice, choose, updates};
use crate::sample::{probabilities, times};
use crate::stage::Stage;
use crate::verdict::verdicts;
use crate::vulnerabilities::{VulnerabilitySource, collect};

/// What rules may derive from any model, and for each fact of a larger one. Our packs derive one to two facts from each;
/// rules that never end are stopped within seconds.
const MAY_DERIVE: u64 = 1_000_000;
const MAY_DERIVE_EACH: u64 = 100;

/// How a system is assessed. The same options give the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Seed of the sampled figures.
    pub seed: u64,
    /// Most paths reported for each goal.
    pub top: usize,
    /// Worlds played out for a probability; rounded up to a multiple of 64.
    pub worlds: usize,
    /// Packs beside the built-in ones.
    pub packs: Vec<Pack>,
    /// Threads of the rule engine; results do not depend on it.
    pub workers: usize,
    /// Budget: most facts that rules may derive; fewer from a small model, a million, or 100 for each of its facts.
    pub max_derived: u64,
    /// Budget: most rows that rules may try for their premises.
    pub max_steps: u64,
    /// Ids of countermeasures that were put in place since the model was written.
    pub applied: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        let engine = datalog::Options::default();
        Self {
            seed: 1,
            top: 3,
            worlds: 10_000,
            packs: Vec::new(),
            workers: engine.workers,
            max_derived: engine.max_derived,
            max_steps: engine.max_steps,
            applied: BTreeSet::new(),
        }
    }
}

/// Why a system could not be assessed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssessError {
    /// A rule pack is no program.
    #[error("{0}")]
    Rules(#[from] ProgramError),
    /// A goal's fact is no fact.
    #[error("goal `{goal}`: {reason}")]
    GoalText {
        /// Goal id.
        goal: String,
        /// What is wrong.
        reason: ParsePatternError,
    },
    /// A goal's fact is none that rules know.
    #[error("goal `{goal}`: {reason}")]
    GoalFact {
        /// Goal id.
        goal: String,
        /// What is wrong.
        reason: FactError,
    },
    /// The model gave a fact that the rules do not know: a pack declares one of its relations differently.
    #[error("the rules do not take a fact of the model: {0}")]
    Vocabulary(FactError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] CommitError),
    /// The engine failed while a plan was verified.
    #[error("a plan could not be verified: {0}")]
    Verify(#[source] CommitError),
}

/// Attacks the model exhaustively and reports what follows.
///
/// # Errors
/// [`AssessError`]. An exceeded budget is none: the result then says `complete: false` and what is missing.
pub fn assess(
    system: &System,
    options: &Options,
    source: &dyn VulnerabilitySource,
) -> Result<Assessment, AssessError> {
    assess_with(system, options, source, &mut |_| {})
}

/// The same, telling of each stage when it is done.
///
/// # Errors
/// As [`assess`].
pub fn assess_with(
    system: &System,
    options: &Options,
    source: &dyn VulnerabilitySource,
    done: &mut dyn FnMut(Stage),
) -> Result<Assessment, AssessError> {
    let mut packs = built_in();
    packs.extend(options.packs.iter().cloned());
    packs.sort_by(|a, b| a.name.cmp(&b.name));
    let knowledge = Knowledge::load(&packs)?;
    let judged = judge(collect(system, source));
    let goals = goal_patterns(system, &knowledge)?;
    let base = with_applied(system, facts(system, &judged), &options.applied);
    done(Stage::Facts);
    let session = derive(&knowledge, options, &base)?;
    done(Stage::Derived);
    let vulnerabilities = verdicts(&session, system.document(), &judged).map_err(AssessError::Vocabulary)?;
    done(Stage::Verdicts);
    let patterns: Vec<Pattern> = goals.iter().map(|(_, _, pattern)| pattern.clone()).collect();
    let (goals, plan) = {
        let graph = Graph::new(&session, &knowledge, &judged, &patterns).map_err(AssessError::Vocabulary)?;
        done(Stage::Graph);
        let reported = report_goals(&graph, &goals, options, done);
        done(Stage::Paths);
        let planned = Planned::new(&graph, system, &base, &reported, options);
        let planned = planned.map_err(AssessError::Vocabulary)?;
        (reported, planned)
    };
    done(Stage::Plan);
    let (complete, facts_derived) = (session.incomplete().is_none(), session.derived_facts());
    let mut blind_spots = blind_spots(system, &session);
    let residual = plan.verify(session, &patterns, &goals)?;
    done(Stage::Verified);
    blind_spots.extend(plan.blind_spots(&goals));
    blind_spots.sort();
    Ok(Assessment {
        schema: AssessmentFormat::V1,
        complete,
        system: SystemSummary {
            name: system.name().to_owned(),
            sha256: system.digest(),
            hosts: system.document().hosts.len() as u64,
            facts: base.len() as u64,
        },
        vuln_db: source.snapshot(),
        rules: packs.iter().map(Pack::summary).collect(),
        seed: options.seed,
        choke_points: choke_points(&goals),
        countermeasures: plan.countermeasures(&goals),
        plan: plan.plan(residual, complete),
        goals,
        vulnerabilities,
        difference: None,
        blind_spots,
        totals: AssessmentTotals { facts_derived },
    })
}

/// Id, title and fact of each goal.
type Wanted = (String, String, Pattern);

fn goal_patterns(system: &System, knowledge: &Knowledge) -> Result<Vec<Wanted>, AssessError> {
    let goals = system.document().goals.iter();
    goals
        .map(|(id, goal)| {
            let text = |reason| AssessError::GoalText { goal: id.clone(), reason };
            let pattern: Pattern = goal.fact.parse().map_err(text)?;
            let known = knowledge.program.check(&pattern);
            known.map_err(|reason| AssessError::GoalFact { goal: id.clone(), reason })?;
            Ok((id.clone(), goal.title.clone(), pattern))
        })
        .collect()
}

fn derive(knowledge: &Knowledge, options: &Options, base: &BTreeSet<Fact>) -> Result<Session, AssessError> {
    let in_proportion = MAY_DERIVE.max(MAY_DERIVE_EACH.saturating_mul(base.len() as u64));
    let engine = datalog::Options {
        workers: options.workers,
        max_derived: options.max_derived.min(in_proportion),
        max_steps: options.max_steps,
        ..datalog::Options::default()
    };
    let mut session = Session::new(knowledge.program.clone(), engine);
    for fact in base {
        session.insert(fact).map_err(AssessError::Vocabulary)?;
    }
    session.commit()?;
    Ok(session)
}

fn report_goals(
    graph: &Graph<'_>,
    goals: &[Wanted],
    options: &Options,
    done: &mut dyn FnMut(Stage),
) -> Vec<Goal> {
    let probabilities = probabilities(graph, &[], options.worlds, options.seed);
    done(Stage::Likelihood);
    let days = times(graph, options.seed);
    done(Stage::Times);
    let answers = graph.goals.iter().zip(probabilities).zip(days);
    goals
        .iter()
        .zip(answers)
        .map(|((id, title, _), ((facts, probability), days))| {
            let reached = !facts.is_empty();
            Goal {
                id: id.clone(),
                title: title.clone(),
                reached,
                probability: reached.then_some(probability),
                days,
                paths: routes(graph, facts, options.top.max(1)).iter().map(|r| path(graph, r)).collect(),
            }
        })
        .collect()
}

/// Countermeasures with the choice among them.
struct Planned {
    measures: Vec<Measure>,
    choice: Choice,
    /// Probability of each goal once the choice is applied; empty if no goal is reached then.
    after: Vec<f64>,
}

impl Planned {
    fn new(
        graph: &Graph<'_>,
        system: &System,
        base: &BTreeSet<Fact>,
        goals: &[Goal],
        options: &Options,
    ) -> Result<Self, FactError> {
        let open: Vec<usize> =
            (0..goals.len()).filter(|g| goals.get(*g).is_some_and(|g| g.reached)).collect();
        let mut offers = Offers::new(graph, base, stated(system, base));
        let nothing_stated = offers.list().is_empty();
        let mut choice = choose(graph, &mut offers, &open)?;
        // What the model offers goes first; only where it does not suffice are others proposed.
        if nothing_stated || !choice.unstoppable.is_empty() {
            offers.suggest();
            choice = choose(graph, &mut offers, &open)?;
        }
        let broken = offers.broken(&choice.chosen);
        let measures = offers.into_list();
        let after = if choice.unstoppable.is_empty() {
            Vec::new()
        } else {
            probabilities(graph, &broken, options.worlds, options.seed)
        };
        Ok(Self { measures, choice, after: after.into_iter().map(|p| p.mean).collect() })
    }

    fn chosen(&self) -> impl Iterator<Item = &Measure> {
        self.choice.chosen.iter().filter_map(|at| self.measures.get(*at))
    }

    /// What is left of each goal once the choice is applied in the engine, which then stays so.
    fn verify(
        &self,
        mut session: Session,
        patterns: &[Pattern],
        goals: &[Goal],
    ) -> Result<Vec<GoalResidual>, AssessError> {
        for Update { fact, change } in updates(self.chosen()) {
            let changed = match change {
                Change::Added => session.insert(&fact),
                Change::Removed => session.retract(&fact),
            };
            changed.map_err(AssessError::Vocabulary)?;
        }
        session.commit().map_err(AssessError::Verify)?;
        let reached: Result<Vec<bool>, FactError> =
            patterns.iter().map(|p| Ok(!session.matching(p)?.is_empty())).collect();
        let reached = reached.map_err(AssessError::Vocabulary)?;
        // Without a figure of its own a goal is no more probable than before.
        let before = |goal: &Goal| goal.probability.map_or(0.0, |p| p.mean);
        let after = |at: usize, goal| self.after.get(at).copied().unwrap_or_else(|| before(goal));
        let residual = goals.iter().zip(reached).enumerate();
        Ok(residual
            .map(|(at, (goal, reached))| GoalResidual {
                goal: goal.id.clone(),
                reached,
                probability: if reached { after(at, goal) } else { 0.0 },
            })
            .collect())
    }

    /// Nothing is proven of a system of which facts are missing.
    fn plan(&self, residual: Vec<GoalResidual>, complete: bool) -> Option<Plan> {
        if self.choice.chosen.is_empty() {
            return None;
        }
        let mut chosen: Vec<String> = self.chosen().map(|m| m.id.clone()).collect();
        chosen.sort();
        let held = residual.iter().filter(|r| r.reached).count() == self.choice.unstoppable.len();
        Some(Plan {
            chosen,
            cost: crate::paths::rounded(self.chosen().map(|m| m.cost).sum()),
            optimal: complete && self.choice.optimal && held,
            residual,
        })
    }

    /// Those that take part in stopping a goal, and everything that the model states; sorted by id.
    fn countermeasures(&self, goals: &[Goal]) -> Vec<Countermeasure> {
        let name = |goal: &usize| goals.get(*goal).map(|g| g.id.clone());
        let all = self.measures.iter().zip(&self.choice.stops);
        let useful =
            all.filter(|(measure, stops)| !stops.is_empty() || measure.kind == CountermeasureKind::Monitor);
        let mut out: Vec<Countermeasure> = useful
            .map(|(measure, stops)| Countermeasure {
                id: measure.id.clone(),
                kind: measure.kind,
                target: measure.target.clone(),
                cost: measure.cost,
                stops: stops.iter().filter_map(name).collect(),
            })
            .collect();
        out.sort_by(|a, b| a.id.cmp(&b.id));
        out
    }

    /// Goals that nothing stops, and what the search for a plan left open.
    fn blind_spots(&self, goals: &[Goal]) -> Vec<BlindSpot> {
        let goal = |at: &usize| goals.get(*at).map_or("", |g| g.id.as_str());
        let spot = |at| BlindSpot {
            artifact: None,
            what: format!("countermeasures against goal `{}`", goal(at)),
            why: "one of its paths rests on nothing that a known countermeasure changes".to_owned(),
        };
        let cut = (!self.choice.optimal).then(|| BlindSpot {
            artifact: None,
            what: "a cheaper plan".to_owned(),
            why: "the search was cut by its budget: what is chosen stops the attacks, but may not be the cheapest"
                .to_owned(),
        });
        self.choice.unstoppable.iter().map(spot).chain(cut).collect()
    }
}

fn blind_spots(system: &System, session: &Session) -> Vec<BlindSpot> {
    let spot = |what: String, why: &str| BlindSpot { artifact: None, what, why: why.to_owned() };
    let document = system.document();
    let mut out = Vec::new();
    if document.attackers.is_empty() {
        out.push(spot("all attacks".to_owned(), "the model states no attacker"));
    }
    let with_software = document.services.values().filter(|service| service.software.is_some());
    let serving: BTreeSet<&str> = with_software.map(|service| service.host.value.as_str()).collect();
    for (id, host) in &document.hosts {
        if host.software.is_empty() && !serving.contains(id.as_str()) {
            let why = "the model states no software for it";
            out.push(spot(format!("vulnerabilities of host `{id}`"), why));
        }
    }
    if let Some(cut) = session.incomplete() {
        let why = format!("the budget of {} was exceeded", cut.limit);
        out.extend(cut.cut.iter().map(|r| spot(format!("some facts of `{r}`"), &why)));
        out.extend(cut.untouched.iter().map(|r| spot(format!("all facts of `{r}`"), &why)));
    }
    out
}
