//! The countermeasures there are to choose from, and which rule applications each of them breaks.
//!
//! Those that the model states are known from the start. Others are suggested for the facts that a proof rests on, when
//! the proof is asked about: there are as many as base facts, and a plan needs few.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use datalog::{Fact, FactId, Pattern};

use crate::graph::Graph;
use crate::measures::{Measure, adding, fits, is_suggestible, is_taken_away, suggested};

pub(crate) struct Offers<'g> {
    graph: &'g Graph<'g>,
    base: &'g BTreeSet<Fact>,
    /// Relations of which some rule says that a countermeasure may take facts away; empty where nothing is suggested.
    removable: BTreeSet<&'g str>,
    list: Vec<Measure>,
    by_id: HashMap<String, usize>,
    /// Facts of the graph that each of them takes away.
    retracted: Vec<Vec<FactId>>,
    by_fact: HashMap<FactId, Vec<usize>>,
    /// Applications with what must not hold for them, by its relation.
    absent: BTreeMap<String, Vec<(usize, Pattern)>>,
    /// Facts for which the countermeasures have been looked up.
    asked: BTreeSet<FactId>,
}

impl<'g> Offers<'g> {
    pub(crate) fn new(graph: &'g Graph<'g>, base: &'g BTreeSet<Fact>, stated: Vec<Measure>) -> Self {
        let mut absent: BTreeMap<String, Vec<(usize, Pattern)>> = BTreeMap::new();
        for (index, application) in graph.applications().enumerate() {
            for text in graph.derivations.absent(graph.session, application) {
                if let Ok(pattern) = text.parse::<Pattern>() {
                    absent.entry(pattern.relation.clone()).or_default().push((index, pattern));
                }
            }
        }
        let mut offers = Self {
            graph,
            base,
            removable: BTreeSet::new(),
            list: Vec::new(),
            by_id: HashMap::new(),
            retracted: Vec::new(),
            by_fact: HashMap::new(),
            absent,
            asked: BTreeSet::new(),
        };
        stated.into_iter().for_each(|measure| offers.add(measure));
        offers
    }

    /// From now on others than those of the model are suggested as well.
    pub(crate) fn suggest(&mut self) {
        let removable = self.graph.knowledge.steps().flat_map(|step| &step.removable);
        self.removable = removable.map(String::as_str).collect();
    }

    /// Those that are known by now; what is added later comes after them.
    pub(crate) fn list(&self) -> &[Measure] {
        &self.list
    }

    pub(crate) fn into_list(self) -> Vec<Measure> {
        self.list
    }

    fn add(&mut self, measure: Measure) {
        if self.by_id.contains_key(&measure.id) {
            return;
        }
        let Graph { derivations, session, .. } = self.graph;
        let facts = measure.retract.iter().filter_map(|fact| derivations.id(session, fact));
        let facts: Vec<FactId> = facts.filter(|fact| derivations.is_base(*fact)).collect();
        for fact in &facts {
            self.by_fact.entry(*fact).or_default().push(self.list.len());
        }
        self.retracted.push(facts);
        self.by_id.insert(measure.id.clone(), self.list.len());
        self.list.push(measure);
    }

    fn ask(&mut self, fact: FactId) {
        if !self.asked.insert(fact) || !self.graph.derivations.is_base(fact) {
            return;
        }
        let relation = self.graph.derivations.relation(self.graph.session, fact);
        if self.removable.contains(relation) {
            let fact = self.graph.derivations.fact(self.graph.session, fact);
            let session = self.graph.session;
            let base = self.base;
            let same = |pattern: &Pattern| {
                let facts = session.matching(pattern).unwrap_or_default();
                facts.into_iter().filter(|fact| base.contains(fact)).collect()
            };
            suggested(&fact, &same).into_iter().for_each(|measure| self.add(measure));
        }
    }

    /// Facts of the graph whose countermeasure adds one that fits.
    fn adding(&self, absent: &Pattern) -> Vec<FactId> {
        let Graph { derivations, session, .. } = self.graph;
        let ways = adding(absent).into_iter().filter(|way| self.removable.contains(way.relation.as_str()));
        let facts = ways.filter_map(|way| derivations.matching(session, &way).ok()).flatten();
        facts.filter(|fact| derivations.is_base(*fact)).collect()
    }

    /// Measures that break one of these applications.
    pub(crate) fn breaking(&mut self, proof: &[usize]) -> BTreeSet<usize> {
        let mut by = BTreeSet::new();
        for application in proof.iter().filter_map(|index| self.graph.application(*index)) {
            for premise in application.premises {
                self.ask(*premise);
                by.extend(self.by_fact.get(premise).into_iter().flatten());
            }
            for text in self.graph.derivations.absent(self.graph.session, application) {
                let Ok(absent) = text.parse::<Pattern>() else { continue };
                self.adding(&absent).into_iter().for_each(|fact| self.ask(fact));
                let adds = |measure: &Measure| measure.insert.iter().any(|fact| fits(&absent, fact));
                by.extend(
                    self.list.iter().enumerate().filter(|(_, measure)| adds(measure)).map(|(at, _)| at),
                );
            }
        }
        by
    }

    /// Switches off what the chosen measures break.
    pub(crate) fn disabled(&self, chosen: &BTreeSet<usize>) -> Vec<bool> {
        let mut disabled = vec![false; self.graph.derivations.len()];
        let mut off = |index: usize| {
            if let Some(slot) = disabled.get_mut(index) {
                *slot = true;
            }
        };
        for fact in chosen.iter().filter_map(|at| self.retracted.get(*at)).flatten() {
            self.graph.uses.of(*fact).for_each(&mut off);
        }
        for fact in chosen.iter().filter_map(|at| self.list.get(*at)).flat_map(|measure| &measure.insert) {
            let absent = self.absent.get(&fact.relation).into_iter().flatten();
            absent.filter(|(_, pattern)| fits(pattern, fact)).for_each(|(index, _)| off(*index));
        }
        disabled
    }

    /// Switches off what any measure breaks, those that have not been suggested yet included.
    pub(crate) fn all_disabled(&self) -> Vec<bool> {
        let mut disabled = self.disabled(&(0..self.list.len()).collect());
        let Graph { derivations, session, .. } = self.graph;
        let mut off = |index: usize| {
            if let Some(slot) = disabled.get_mut(index) {
                *slot = true;
            }
        };
        for fact in derivations.facts().filter(|fact| derivations.is_base(*fact)) {
            let relation = derivations.relation(session, fact);
            if self.removable.contains(relation)
                && is_taken_away(relation)
                && (relation != "allow" || is_suggestible(&derivations.fact(session, fact)))
            {
                self.graph.uses.of(fact).for_each(&mut off);
            }
        }
        for (index, pattern) in self.absent.values().flatten() {
            if !self.adding(pattern).is_empty() {
                off(*index);
            }
        }
        disabled
    }
}
