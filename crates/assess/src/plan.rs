//! The cheapest set of countermeasures after which no goal is reached.
//!
//! Implicit hitting set: while a goal has a proof under the current choice, the measures that break the cheapest such
//! proof become a constraint (one of them has to be chosen), and the cheapest [`cover`] of all constraints is chosen anew.
//! When no proof is left the choice is optimal if the cover was, since every constraint is necessary. The choice is then
//! applied in the engine.

use std::collections::BTreeSet;

use datalog::{Change, FactError, FactId, Update};

use crate::cover::{Price, Set, cover};
use crate::graph::Graph;
use crate::measures::Measure;
use crate::offers::Offers;

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

/// Chooses; `goals` are indices into the graph's goals.
pub(crate) fn choose(
    graph: &Graph<'_>,
    offers: &mut Offers<'_>,
    goals: &[usize],
) -> Result<Choice, FactError> {
    let mut choice = Choice { optimal: true, ..Choice::default() };
    let mut hopeless = graph.search();
    hopeless.switch_off(offers.breakable()?);
    hopeless.until(&all(graph, goals));
    let (mut open, unstoppable): (Vec<usize>, Vec<usize>) =
        goals.iter().partition(|goal| graph.proof(hopeless.settled(), facts(graph, **goal)).is_none());
    choice.unstoppable.extend(unstoppable);
    let mut constraints: BTreeSet<Set> = BTreeSet::new();
    loop {
        let found = left(graph, offers, &mut open, &mut choice)?;
        if found.is_empty() {
            break;
        }
        constraints.extend(found);
        let (measures, places) = (offers.list(), places(offers.list()));
        let price = |at: usize| Price {
            cost: measures.get(at).map_or(0.0, |measure| measure.cost),
            place: places.get(at).copied().unwrap_or(at),
        };
        let found = cover(&constraints, &price);
        (choice.chosen, choice.optimal) = (found.chosen, found.optimal);
    }
    choice.stops.resize(offers.list().len(), BTreeSet::new());
    Ok(choice)
}

/// Constraints of proofs that the choice leaves, no two of which share a measure, goals apart: after each proof all that
/// breaks it is taken away as well. One look at the graph so gives as many constraints as there are separate ways in.
fn left(
    graph: &Graph<'_>,
    offers: &mut Offers<'_>,
    open: &mut Vec<usize>,
    choice: &mut Choice,
) -> Result<BTreeSet<Set>, FactError> {
    let mut search = graph.search();
    search.switch_off(offers.broken(&choice.chosen));
    let mut found = BTreeSet::new();
    loop {
        search.until(&all(graph, open));
        let mut breaking = Set::new();
        for goal in open.clone() {
            let Some(proof) = graph.proof(search.settled(), facts(graph, goal)) else { continue };
            let by = offers.breaking(&proof)?;
            if by.is_empty() {
                open.retain(|other| *other != goal);
                choice.unstoppable.insert(goal);
                continue;
            }
            choice.stops.resize(offers.list().len(), BTreeSet::new());
            for measure in &by {
                if let Some(goals) = choice.stops.get_mut(*measure) {
                    goals.insert(goal);
                }
            }
            breaking.extend(&by);
            found.insert(by);
        }
        if breaking.is_empty() {
            return Ok(found);
        }
        search.switch_off(offers.broken(&breaking));
    }
}

fn all<'g>(graph: &'g Graph<'_>, goals: &[usize]) -> Vec<&'g [FactId]> {
    goals.iter().map(|goal| facts(graph, *goal)).collect()
}

fn facts<'g>(graph: &'g Graph<'_>, goal: usize) -> &'g [FactId] {
    graph.goals.get(goal).map_or(&[], Vec::as_slice)
}

/// Places in the order of the ids.
fn places(measures: &[Measure]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..measures.len()).collect();
    order.sort_by_key(|at| measures.get(*at).map(|measure| &measure.id));
    let mut places = vec![0; measures.len()];
    for (place, at) in order.into_iter().enumerate() {
        if let Some(slot) = places.get_mut(at) {
            *slot = place;
        }
    }
    places
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
