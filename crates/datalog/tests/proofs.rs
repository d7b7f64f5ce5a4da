//! Proofs, checked step by step, and cheapest proofs in every way there is to find them.

use std::collections::{BTreeMap, BTreeSet};

use datalog::{Fact, FactId, Method, Options, Session};
use proptest::prelude::*;

mod random;

use random::{RULES, all, any_fact, pattern, program};

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_fact_has_a_proof_from_base_facts_and_none_goes_in_a_circle(
        rules in prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len()),
        first in prop::collection::vec(any_fact(), 1..14),
        then in prop::collection::vec((any_fact(), any::<bool>()), 0..8),
        method in prop_oneof![3 => Just(Method::SemiNaive), 1 => Just(Method::Dataflow)],
    ) {
        let mut session = Session::new(program(&rules), Options { method, ..Options::default() });
        let mut facts: BTreeSet<Fact> = first.into_iter().collect();
        for fact in &facts {
            session.insert(fact).unwrap();
        }
        session.commit().unwrap();
        for (fact, add) in then {
            if add {
                session.insert(&fact).unwrap();
                facts.insert(fact);
            } else {
                session.retract(&fact).unwrap();
                facts.remove(&fact);
            }
        }
        session.commit().unwrap();
        for fact in all(&session) {
            let proof = session.why(&pattern(&fact)).unwrap();
            prop_assert!(proof.is_some(), "{fact} has no proof");
            let mut known = facts.clone();
            for step in proof.unwrap().steps {
                for premise in &step.premises {
                    let aggregate = premise.relation.contains(" of ");
                    prop_assert!(aggregate || known.contains(premise), "{premise} is used before it is proved");
                }
                known.insert(step.conclusion);
            }
            prop_assert!(known.contains(&fact));
            prop_assert_eq!(session.missing(&pattern(&fact), 1000).unwrap(), []);
        }
    }

    #[test]
    fn proofs_from_rows_cost_what_proofs_in_the_graph_cost(
        rules in prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len()),
        costs in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..9.0, Just(f64::INFINITY)], RULES.len()),
        first in prop::collection::vec(any_fact(), 1..14),
        then in prop::collection::vec((any_fact(), any::<bool>()), 0..8),
    ) {
        let mut session = Session::new(program(&rules), Options::default());
        for fact in &first {
            session.insert(fact).unwrap();
        }
        session.commit().unwrap();
        for (fact, add) in then {
            let _ = if add { session.insert(&fact) } else { session.retract(&fact) }.unwrap();
        }
        session.commit().unwrap();
        let derivations = session.derivations();
        let oracle = derivations.cheapest(&|_, application| costs[application.rule.0]);
        let proofs = session.cheapest_proofs(&|rule| costs[rule.0]);
        for (id, known) in derivations.facts().zip(oracle) {
            let fact = derivations.fact(&session, id);
            if fact.relation.contains(" of ") {
                continue;
            }
            let cost = proofs.cost(&fact).unwrap();
            prop_assert_eq!(cost.is_some(), known.is_some(), "{}", fact);
            let (Some(cost), Some(known)) = (cost, known) else { continue };
            prop_assert!((cost - known.cost).abs() < 1e-9, "{fact}: {cost}, in the graph {}", known.cost);
            let proof = proofs.proof(&fact).unwrap().unwrap();
            prop_assert_eq!(proof.steps.len(), proofs.steps(&fact).unwrap());
            // The costs of the steps add up, from premises that were proved before.
            let mut sums: BTreeMap<Fact, f64> = BTreeMap::new();
            for step in &proof.steps {
                let premises = step.premises.iter().map(|p| sums.get(p).copied().unwrap_or_default());
                let sum = costs[step.rule.0] + premises.sum::<f64>();
                sums.insert(step.conclusion.clone(), sum);
            }
            prop_assert!((sums.get(&fact).copied().unwrap_or_default() - cost).abs() < 1e-9, "{fact}");
        }
    }

    #[test]
    fn what_is_switched_off_in_a_search_is_as_if_it_had_never_been_there(
        rules in prop::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 1..RULES.len()),
        costs in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..9.0], RULES.len()),
        facts in prop::collection::vec(any_fact(), 1..14),
        batches in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..6), 1..5),
        goals in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let mut session = Session::new(program(&rules), Options::default());
        for fact in &facts {
            session.insert(fact).unwrap();
        }
        session.commit().unwrap();
        let derivations = session.derivations();
        let (all, uses): (Vec<FactId>, _) = (derivations.facts().collect(), derivations.uses());
        let goals: Vec<[FactId; 1]> = goals.iter().map(|at| [all[at.index(all.len())]]).collect();
        let goals: Vec<&[FactId]> = goals.iter().map(|goal| &goal[..]).collect();
        let mut left: Vec<f64> = derivations.applications().map(|a| costs[a.rule.0]).collect();
        let mut search = derivations.search(&uses, left.clone());
        for (round, batch) in batches.iter().enumerate() {
            let off: Vec<usize> =
                batch.iter().filter(|_| !left.is_empty()).map(|at| at.index(left.len())).collect();
            off.iter().for_each(|at| left[*at] = f64::INFINITY);
            search.switch_off(off);
            let oracle = derivations.cheapest(&|index, _| left[index]);
            // Some rounds look at goals alone, so that the next one starts in the middle.
            let asked = if round % 2 == 0 { goals.clone() } else { all.iter().map(std::slice::from_ref).collect() };
            search.until(&asked);
            for goal in asked.iter().copied().flatten() {
                let (found, known) = (search.settled()[goal.index()], oracle[goal.index()]);
                prop_assert_eq!(found.is_some(), known.is_some());
                let (Some(found), Some(known)) = (found, known) else { continue };
                prop_assert!((found.cost - known.cost).abs() < 1e-9, "{} is not {}", found.cost, known.cost);
                let mut proved = vec![false; all.len()];
                for step in derivations.steps(search.settled(), *goal) {
                    let application = derivations.application(step).unwrap();
                    prop_assert!(left[step].is_finite(), "a step is switched off");
                    let ready = |p: &FactId| derivations.is_base(*p) || proved[p.index()];
                    prop_assert!(application.premises.iter().all(ready), "a premise comes later");
                    proved[application.head.index()] = true;
                }
                prop_assert!(derivations.is_base(*goal) || proved[goal.index()]);
            }
        }
    }
}
