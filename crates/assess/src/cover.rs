//! The cheapest set that has one of each of many sets: a weighted hitting set.
//!
//! Sets that share nothing, not even over others, are separate questions. Each is an exact integer programme, asked
//! twice: for the least cost, and then, at that cost, for the least sum of places in the order of the ids, so that equal
//! costs are decided the same way everywhere and by nothing that could outweigh a cost. Beyond a budget, which is counted
//! in steps and not in time, a set that is cheap step by step takes its place (Chvátal 1979), and is not called optimal.

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, SolveOutcome};

/// Most sets of one question.
const MAX_SETS: usize = 2000;
/// Most nodes of one question's search tree.
const MAX_NODES: u64 = 20_000;
/// Share of the least cost that counts as equal: what the solver's figures may be off.
const EQUAL: f64 = 1e-9;

/// One of the items has to be taken.
pub(crate) type Set = BTreeSet<usize>;

/// What an item costs, and its place in the order of ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    pub(crate) cost: f64,
    pub(crate) place: usize,
}

/// Items that meet every set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cover {
    pub(crate) chosen: Set,
    /// No other is cheaper.
    pub(crate) optimal: bool,
}

/// A cover of the sets, none of which is empty.
pub(crate) fn cover(sets: &BTreeSet<Set>, price: &dyn Fn(usize) -> Price) -> Cover {
    let mut cover = Cover { chosen: Set::new(), optimal: true };
    for question in questions(sets) {
        let exact = if question.len() > MAX_SETS { None } else { exact(&question, price) };
        cover.optimal &= exact.is_some();
        cover.chosen.extend(exact.unwrap_or_else(|| step_by_step(&question, price)));
    }
    cover
}

/// Sets by what they share, those that hold another left out: who meets the other meets them.
fn questions(sets: &BTreeSet<Set>) -> Vec<Vec<&Set>> {
    let mut by_item: BTreeMap<usize, Vec<&Set>> = BTreeMap::new();
    for set in sets {
        set.iter().for_each(|item| by_item.entry(*item).or_default().push(set));
    }
    let around = |set: &'_ Set| -> Vec<&Set> {
        set.iter().filter_map(|item| by_item.get(item)).flatten().copied().collect()
    };
    let (mut seen, mut questions) = (BTreeSet::new(), Vec::new());
    for first in sets {
        let (mut work, mut question) = (vec![first], BTreeSet::new());
        while let Some(set) = work.pop() {
            if seen.insert(set) {
                question.insert(set);
                work.extend(around(set));
            }
        }
        let holds_another =
            |set: &&Set| around(set).iter().any(|other| *other != *set && other.is_subset(set));
        let least: Vec<&Set> = question.into_iter().filter(|set| !holds_another(set)).collect();
        if !least.is_empty() {
            questions.push(least);
        }
    }
    questions
}

/// `None` if the budget does not suffice for a proof.
fn exact(sets: &[&Set], price: &dyn Fn(usize) -> Price) -> Option<Set> {
    if let [one] = sets {
        let cheapest = one.iter().min_by(|a, b| {
            let (a, b) = (price(**a), price(**b));
            a.cost.total_cmp(&b.cost).then(a.place.cmp(&b.place))
        });
        return cheapest.map(|item| Set::from([*item]));
    }
    let items: BTreeSet<usize> = sets.iter().copied().flatten().copied().collect();
    let cost = |item: usize| price(item).cost;
    let cheapest = solve(sets, &items, &cost, None)?;
    let least: f64 = cheapest.iter().map(|item| cost(*item)).sum();
    // Places among these items alone keep the figures small.
    let mut order: Vec<usize> = items.iter().copied().collect();
    order.sort_by_key(|item| price(*item).place);
    let places: BTreeMap<usize, u32> = order.into_iter().zip(1_u32..).collect();
    let place = |item: usize| places.get(&item).copied().map_or(0.0, f64::from);
    // The least cost is proven; which of the equal ones is shown may stay as it is where the search is too long.
    Some(solve(sets, &items, &place, Some((&cost, least * (1.0 + EQUAL)))).unwrap_or(cheapest))
}

/// At most so much of something.
type Bound<'b> = (&'b dyn Fn(usize) -> f64, f64);

fn solve(
    sets: &[&Set],
    items: &BTreeSet<usize>,
    goal: &dyn Fn(usize) -> f64,
    bound: Option<Bound<'_>>,
) -> Option<Set> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let taken: BTreeMap<usize, _> =
        items.iter().map(|item| (*item, problem.add_binary_var(goal(*item)))).collect();
    for set in sets {
        let terms = set.iter().filter_map(|item| Some((*taken.get(item)?, 1.0)));
        problem.add_constraint(terms, ComparisonOp::Ge, 1.0);
    }
    if let Some((of, most)) = bound {
        let terms = taken.iter().map(|(item, variable)| (*variable, of(*item)));
        problem.add_constraint(terms, ComparisonOp::Le, most);
    }
    let mut budget = SolveOptions::default();
    budget.node_limit = Some(MAX_NODES);
    let outcome = problem.solve_with(budget).ok()?;
    let SolveOutcome::Solution(solution) = outcome else { return None };
    let proven = solution.status() == microlp::SolutionStatus::Optimal;
    let chosen: Set =
        taken.into_iter().filter(|(_, v)| solution.var_value(*v) > 0.5).map(|(item, _)| item).collect();
    // Figures with a fraction are no proof: what is shown has to meet every set.
    (proven && sets.iter().all(|set| !set.is_disjoint(&chosen))).then_some(chosen)
}

/// Again and again what meets most of the rest for its cost; then, the dearest first, away with what is not needed.
fn step_by_step(sets: &[&Set], price: &dyn Fn(usize) -> Price) -> Set {
    let mut open: Vec<&Set> = sets.to_vec();
    let mut taken: Vec<usize> = Vec::new();
    while !open.is_empty() {
        let mut meets: BTreeMap<usize, u32> = BTreeMap::new();
        open.iter().copied().flatten().for_each(|item| *meets.entry(*item).or_default() += 1);
        let each = |item: usize, meets: u32| price(item).cost / f64::from(meets);
        let best = meets.into_iter().min_by(|(a, m), (b, n)| {
            each(*a, *m).total_cmp(&each(*b, *n)).then_with(|| price(*a).place.cmp(&price(*b).place))
        });
        let Some((best, _)) = best else { break };
        taken.push(best);
        open.retain(|set| !set.contains(&best));
    }
    taken.sort_by(|a, b| price(*b).cost.total_cmp(&price(*a).cost).then(a.cmp(b)));
    let mut chosen: Set = taken.iter().copied().collect();
    for item in taken {
        chosen.remove(&item);
        if !sets.iter().all(|set| !set.is_disjoint(&chosen)) {
            chosen.insert(item);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sets(of: &[&[usize]]) -> BTreeSet<Set> {
        of.iter().map(|set| set.iter().copied().collect()).collect()
    }

    fn price(costs: &[f64]) -> impl Fn(usize) -> Price {
        move |item| Price { cost: costs[item], place: item }
    }

    #[test]
    fn a_cost_is_never_outweighed_by_a_place_in_the_order() {
        // A place was worth a ten-millionth: thousands of places were worth more than this difference.
        let far = |item: usize| Price { cost: [1.000_01, 1.0][item], place: [0, 1_000_000][item] };
        assert_eq!(cover(&sets(&[&[0, 1]]), &far).chosen, Set::from([1]));
        let costs = [1.0, 0.500_01, 0.5, 0.5];
        let chosen = cover(&sets(&[&[0, 2], &[0, 3], &[1, 2]]), &price(&costs)).chosen;
        assert_eq!(chosen, Set::from([2, 3]));
    }

    #[test]
    fn beyond_the_budget_a_cover_is_found_and_not_called_optimal() {
        let ring: BTreeSet<Set> =
            (0..=MAX_SETS).map(|at| Set::from([at, (at + 1) % (MAX_SETS + 1)])).collect();
        let found = cover(&ring, &|item| Price { cost: 1.0, place: item });
        assert!(!found.optimal && ring.iter().all(|set| !set.is_disjoint(&found.chosen)));
        assert!(found.chosen.len() <= MAX_SETS * 3 / 4, "{}", found.chosen.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        /// Against all covers.
        #[test]
        fn no_cover_is_cheaper_and_of_equal_ones_the_places_decide(
            sets in prop::collection::btree_set(prop::collection::btree_set(0..8_usize, 1..4), 0..9),
            costs in prop::collection::vec(1..5_u32, 8),
        ) {
            let costs: Vec<f64> = costs.into_iter().map(|cost| f64::from(cost) * 0.5).collect();
            let cost = |chosen: &Set| chosen.iter().map(|i| costs[*i]).sum::<f64>();
            let found = cover(&sets, &price(&costs));
            let all = (0..1_u32 << 8).map(|bits| (0..8).filter(|at| bits >> at & 1 == 1).collect::<Set>());
            let covers = all.filter(|chosen| sets.iter().all(|set| !set.is_disjoint(chosen)));
            let covers: Vec<Set> = covers.collect();
            let least = covers.iter().map(cost).fold(f64::INFINITY, f64::min);
            prop_assert!(found.optimal);
            prop_assert_eq!(cost(&found.chosen), least);
            // Places count within each question from 1, so that fewer items come before more.
            let questions = questions(&sets);
            if let [question] = questions.as_slice() {
                let items: BTreeSet<usize> = question.iter().copied().flatten().copied().collect();
                let place = |chosen: &Set| -> usize {
                    chosen.iter().map(|item| items.iter().position(|other| other == item).unwrap() + 1).sum()
                };
                let equal = covers.iter().filter(|chosen| cost(chosen) == least && chosen.is_subset(&items));
                prop_assert_eq!(Some(place(&found.chosen)), equal.map(place).min());
            }
            let greedy: Vec<&Set> = sets.iter().collect();
            let greedy = step_by_step(&greedy, &price(&costs));
            prop_assert!(sets.iter().all(|set| !set.is_disjoint(&greedy)));
        }
    }
}
