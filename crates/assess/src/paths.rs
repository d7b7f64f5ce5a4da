//! Ways to a goal: the cheapest, then ways that differ from those before.

use std::collections::{BTreeMap, BTreeSet};

use datalog::FactId;
use record::{Path, Step};

use crate::graph::Graph;
use crate::packs::Role;
use crate::template::fill;

/// Added to the cost of an application each time a reported path has used it: an exploit of probability ½ costs 0.7.
const PENALTY: f64 = 1.0;
/// Attempts for one further path before giving up.
const ATTEMPTS: usize = 4;

/// At most `count` paths, each the indices of its applications in an order in which they can be carried out.
pub(crate) fn routes(graph: &Graph<'_>, goal: &[FactId], count: usize) -> Vec<Vec<usize>> {
    if goal.is_empty() {
        return Vec::new();
    }
    let mut penalty = vec![0.0; graph.derivations.len()];
    let mut seen = BTreeSet::new();
    let mut routes = Vec::new();
    for _ in 0..count.saturating_mul(ATTEMPTS) {
        if routes.len() == count {
            break;
        }
        let mut search = graph.search_with(&penalty);
        search.until(&[goal]);
        let Some(route) = graph.proof(search.settled(), goal) else { break };
        let acts: BTreeSet<usize> = route.iter().copied().filter(|i| graph.odds_of(*i).is_some()).collect();
        for index in &acts {
            if let Some(cost) = penalty.get_mut(*index) {
                *cost += PENALTY;
            }
        }
        if seen.insert(acts) {
            routes.push(route);
        }
    }
    routes
}

/// A route as it is reported.
pub(crate) fn path(graph: &Graph<'_>, route: &[usize]) -> Path {
    let mut chances = BTreeSet::new();
    let mut probability = 1.0;
    let mut ready: BTreeMap<FactId, f64> = BTreeMap::new();
    let mut days: f64 = 0.0;
    for index in route {
        let Some(application) = graph.application(*index) else { continue };
        let premises = application.premises.iter().filter_map(|p| ready.get(p));
        let mut done = premises.fold(0.0_f64, |latest, ready| latest.max(*ready));
        if let (Some(odds), Some(chance)) = (graph.odds_of(*index), graph.chance.get(*index)) {
            done += odds.days;
            if chances.insert(*chance) {
                probability *= odds.probability;
            }
        }
        days = days.max(done);
        ready.insert(application.head, done);
    }
    Path { probability: rounded(probability), days: rounded(days), steps: steps(graph, route) }
}

/// Six decimals: enough for every reader, and equal on all machines.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

fn steps(graph: &Graph<'_>, route: &[usize]) -> Vec<Step> {
    let by_head: BTreeMap<FactId, usize> =
        route.iter().filter_map(|i| Some((graph.application(*i)?.head, *i))).collect();
    route.iter().filter_map(|index| step(graph, &by_head, *index)).collect()
}

fn step(graph: &Graph<'_>, by_head: &BTreeMap<FactId, usize>, index: usize) -> Option<Step> {
    let application = graph.application(index)?;
    let rule = graph.step(application)?;
    let params = graph.params(application);
    let filled = |template: &Option<String>| template.as_ref().map(|t| fill(t, &params));
    let grounds = grounds(graph, by_head, index);
    let fact = |id: &FactId| graph.derivations.fact(graph.session, *id).to_string();
    Some(Step {
        rule: rule.id.clone(),
        technique: rule.technique.clone(),
        at: filled(&rule.at),
        from: filled(&rule.from).or(grounds.from),
        vulnerability: filled(&rule.vulnerability),
        fact: fact(&application.head),
        because: grounds.facts.iter().map(fact).chain(grounds.absent).collect(),
        explain: fill(&rule.sentence, &params),
        params,
    })
}

/// What a step rests on, once definitions are replaced by what they rest on.
#[derive(Default)]
struct Grounds {
    facts: Vec<FactId>,
    absent: Vec<String>,
    from: Option<String>,
}

fn grounds(graph: &Graph<'_>, by_head: &BTreeMap<FactId, usize>, index: usize) -> Grounds {
    let mut grounds = Grounds::default();
    let mut seen = BTreeSet::new();
    let mut work = vec![index];
    while let Some(application) = work.pop().and_then(|i| graph.application(i)) {
        let absent = graph.derivations.absent(graph.session, application);
        grounds.absent.extend(absent.into_iter().map(|pattern| format!("not {pattern}")));
        if let Some(Role::Definition { from: Some(from) }) = graph.knowledge.role(application.rule) {
            grounds.from.get_or_insert_with(|| fill(from, &graph.params(application)));
        }
        for premise in application.premises.iter().filter(|p| seen.insert(**p)) {
            let definition = by_head.get(premise).copied().filter(|i| graph.odds_of(*i).is_none());
            match definition {
                Some(definition) => work.push(definition),
                None => grounds.facts.push(*premise),
            }
        }
    }
    grounds
}
