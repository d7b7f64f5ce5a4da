//! The cheapest set of countermeasures after which no goal is reached.
//!
//! Implicit hitting set: while a goal has a proof under the current choice, the measures that break the cheapest such
//! proof become a constraint (one of them has to be chosen), and an exact integer programme chooses anew. When no
//! proof is left the choice is optimal, since every constraint is necessary. The choice is then applied in the engine.

use std::collections::{BTreeMap, BTreeSet};

use datalog::{Change, FactId, Pattern, Update};
use good_lp::{Expression, Solution, SolverModel, variable, variables};

use crate::graph::Graph;
use crate::measures::Measure;

/// Most constraints before the search settles for a choice that stops the attacks without being proven cheapest.
const MAX_CONSTRAINTS: usize = 2000;

/// Measures by index, and whether there is no cheaper choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Choice {
    pub(crate) chosen: BTreeSet<usize>,
    pub(crate) optimal: bool,
    /// By measure: goals of whose proofs it breaks one.
    pub(crate) stops: Vec<BTreeSet<usize>>,
    /// Goals that no choice stops.
    pub(crate) unstoppable: BTreeSet<usize>,
}

/// Which measures break which application.
pub(crate) struct Breaks(Vec<Vec<usize>>);

impl Breaks {
    pub(crate) fn new(graph: &Graph<'_>, measures: &[Measure]) -> Self {
        let retracted = retracted(graph, measures);
        let inserted: Vec<(usize, Pattern)> = measures
            .iter()
            .enumerate()
            .flat_map(|(at, m)| m.insert.iter().filter_map(move |f| Some((at, f.to_string().parse().ok()?))))
            .collect();
        let breaks = graph.applications().map(|application| {
            let mut by: BTreeSet<usize> =
                application.premises.iter().filter_map(|p| retracted.get(p)).flatten().copied().collect();
            if !inserted.is_empty() {
                for absent in graph.derivations.absent(graph.session, application) {
                    let Ok(absent) = absent.parse::<Pattern>() else { continue };
                    by.extend(inserted.iter().filter(|(_, fact)| fits(&absent, fact)).map(|(at, _)| *at));
                }
            }
            by.into_iter().collect()
        });
        Self(breaks.collect())
    }

    /// Switches off what the chosen measures break.
    pub(crate) fn disabled(&self, chosen: &BTreeSet<usize>) -> Vec<bool> {
        self.0.iter().map(|by| by.iter().any(|m| chosen.contains(m))).collect()
    }

    fn of_proof(&self, proof: &[usize]) -> BTreeSet<usize> {
        proof.iter().filter_map(|i| self.0.get(*i)).flatten().copied().collect()
    }
}

fn retracted(graph: &Graph<'_>, measures: &[Measure]) -> BTreeMap<FactId, Vec<usize>> {
    let mut by_fact: BTreeMap<&datalog::Fact, Vec<usize>> = BTreeMap::new();
    for (at, measure) in measures.iter().enumerate() {
        for fact in &measure.retract {
            by_fact.entry(fact).or_default().push(at);
        }
    }
    let base = graph.derivations.facts().filter(|f| graph.derivations.is_base(*f));
    base.filter_map(|id| Some((id, by_fact.get(&graph.derivations.fact(graph.session, id))?.clone())))
        .collect()
}

fn fits(pattern: &Pattern, fact: &Pattern) -> bool {
    pattern.relation == fact.relation
        && pattern.args.iter().zip(&fact.args).all(|(wanted, given)| wanted.is_none() || wanted == given)
}

/// Chooses; `goals` are indices into the graph's goals.
pub(crate) fn choose(graph: &Graph<'_>, measures: &[Measure], breaks: &Breaks, goals: &[usize]) -> Choice {
    let mut choice =
        Choice { stops: vec![BTreeSet::new(); measures.len()], optimal: true, ..Choice::default() };
    let all: BTreeSet<usize> = (0..measures.len()).collect();
    let hopeless = graph.cheapest(&[], &breaks.disabled(&all));
    let open: Vec<usize> = goals
        .iter()
        .copied()
        .filter(|goal| {
            let stoppable = graph.proof(&hopeless, facts(graph, *goal)).is_none();
            if !stoppable {
                choice.unstoppable.insert(*goal);
            }
            stoppable
        })
        .collect();
    let mut constraints: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    loop {
        let cheapest = graph.cheapest(&[], &breaks.disabled(&choice.chosen));
        let mut found = false;
        for goal in &open {
            let Some(proof) = graph.proof(&cheapest, facts(graph, *goal)) else { continue };
            found = true;
            let by = breaks.of_proof(&proof);
            for measure in &by {
                if let Some(goals) = choice.stops.get_mut(*measure) {
                    goals.insert(*goal);
                }
            }
            constraints.insert(by);
        }
        if !found {
            return choice;
        }
        match solve(measures, &constraints).filter(|_| constraints.len() <= MAX_CONSTRAINTS) {
            Some(chosen) => choice.chosen = chosen,
            None => {
                // Everything stops every stoppable goal: dear, but true.
                choice.optimal = false;
                choice.chosen = all.clone();
            }
        }
    }
}

fn facts<'g>(graph: &'g Graph<'_>, goal: usize) -> &'g [FactId] {
    graph.goals.get(goal).map_or(&[], Vec::as_slice)
}

/// Fewest costs so that each constraint has a chosen measure; `None` if the solver gives up.
fn solve(measures: &[Measure], constraints: &BTreeSet<BTreeSet<usize>>) -> Option<BTreeSet<usize>> {
    let mut problem = variables!();
    let named: BTreeSet<usize> = constraints.iter().flatten().copied().collect();
    let chosen: BTreeMap<usize, _> =
        named.into_iter().map(|at| (at, problem.add(variable().binary()))).collect();
    let cost: Expression = chosen.iter().map(|(at, x)| price(measures, *at) * *x).sum();
    let mut model = problem.minimise(cost).using(good_lp::microlp);
    for constraint in constraints {
        let any: Expression = constraint.iter().filter_map(|m| chosen.get(m)).copied().sum();
        model = model.with(any.geq(1.0));
    }
    let solution = model.solve().ok()?;
    Some(chosen.into_iter().filter(|(_, x)| solution.value(*x) > 0.5).map(|(at, _)| at).collect())
}

/// Among equally cheap choices the one with the smaller indices: equal output everywhere.
fn price(measures: &[Measure], at: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "measures are far fewer than 2^52")]
    let rank = at as f64;
    measures.get(at).map_or(0.0, |measure| measure.cost) + rank * 1e-7
}

/// The chosen measures as changes of facts.
pub(crate) fn updates<'m>(chosen: impl Iterator<Item = &'m Measure>) -> Vec<Update> {
    let mut updates: BTreeSet<Update> = BTreeSet::new();
    for measure in chosen {
        let change = |fact: &datalog::Fact, change| Update { fact: fact.clone(), change };
        updates.extend(measure.retract.iter().map(|f| change(f, Change::Removed)));
        updates.extend(measure.insert.iter().map(|f| change(f, Change::Added)));
    }
    updates.into_iter().collect()
}
