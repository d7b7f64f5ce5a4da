//! The countermeasures there are to choose from, and which rule applications each of them breaks.
//!
//! Those that the model states are known from the start. Others are suggested for the facts that a proof rests on, when
//! the proof is asked about: there are as many as base facts, and a plan needs few.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use datalog::{Fact, FactError, FactId, Pattern};

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
    absent: BTreeMap<String, BTreeMap<Pattern, Vec<usize>>>,
    /// Facts for which the countermeasures have been looked up.
    asked: BTreeSet<FactId>,
}

impl<'g> Offers<'g> {
    pub(crate) fn new(graph: &'g Graph<'g>, base: &'g BTreeSet<Fact>, stated: Vec<Measure>) -> Self {
        let mut absent: BTreeMap<String, BTreeMap<Pattern, Vec<usize>>> = BTreeMap::new();
        for (index, application) in graph.applications().enumerate() {
            for pattern in graph.derivations.absent(graph.session, application) {
                let of = absent.entry(pattern.relation.clone()).or_default();
                of.entry(pattern).or_default().push(index);
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

    fn ask(&mut self, fact: FactId) -> Result<(), FactError> {
        let Graph { derivations, session, .. } = self.graph;
        if !self.asked.insert(fact) || !derivations.is_base(fact) {
            return Ok(());
        }
        if !self.removable.contains(derivations.relation(session, fact)) {
            return Ok(());
        }
        if let Some((mut measure, taken)) = suggested(&derivations.fact(session, fact)) {
            if let Some(pattern) = taken {
                let facts = session.matching(&pattern)?;
                measure.retract = facts.into_iter().filter(|fact| self.base.contains(fact)).collect();
            }
            self.add(measure);
        }
        Ok(())
    }

    /// Facts of the graph whose countermeasure adds one that fits.
    fn adding(&self, absent: &Pattern) -> Result<Vec<FactId>, FactError> {
        let Graph { derivations, session, .. } = self.graph;
        let mut found = Vec::new();
        for way in adding(absent).iter().filter(|way| self.removable.contains(way.relation.as_str())) {
            let facts = derivations.matching(session, way)?;
            found.extend(facts.into_iter().filter(|fact| derivations.is_base(*fact)));
        }
        Ok(found)
    }

    /// Measures that break one of these applications.
    pub(crate) fn breaking(&mut self, proof: &[usize]) -> Result<BTreeSet<usize>, FactError> {
        let mut by = BTreeSet::new();
        for application in proof.iter().filter_map(|index| self.graph.application(*index)) {
            for premise in application.premises {
                self.ask(*premise)?;
                by.extend(self.by_fact.get(premise).into_iter().flatten());
            }
            for absent in self.graph.derivations.absent(self.graph.session, application) {
                for fact in self.adding(&absent)? {
                    self.ask(fact)?;
                }
                let adds = |measure: &Measure| measure.insert.iter().any(|fact| fits(&absent, fact));
                by.extend(
                    self.list.iter().enumerate().filter(|(_, measure)| adds(measure)).map(|(at, _)| at),
                );
            }
        }
        Ok(by)
    }

    /// Applications that these measures break.
    pub(crate) fn broken(&self, measures: &BTreeSet<usize>) -> Vec<usize> {
        let retracted = measures.iter().filter_map(|at| self.retracted.get(*at)).flatten();
        let mut broken: Vec<usize> = retracted.flat_map(|fact| self.graph.uses.of(*fact)).collect();
        let inserted = measures.iter().filter_map(|at| self.list.get(*at)).flat_map(|m| &m.insert);
        for fact in inserted {
            let absent = self.absent.get(&fact.relation).into_iter().flatten();
            broken.extend(absent.filter(|(pattern, _)| fits(pattern, fact)).flat_map(|(_, all)| all));
        }
        broken
    }

    /// Applications that any measure breaks, those that have not been suggested yet included.
    pub(crate) fn breakable(&self) -> Result<Vec<usize>, FactError> {
        let mut broken = self.broken(&(0..self.list.len()).collect());
        let Graph { derivations, session, .. } = self.graph;
        for fact in derivations.facts().filter(|fact| derivations.is_base(*fact)) {
            let relation = derivations.relation(session, fact);
            if self.removable.contains(relation)
                && is_taken_away(relation)
                && (relation != "allow" || is_suggestible(&derivations.fact(session, fact)))
            {
                broken.extend(self.graph.uses.of(fact));
            }
        }
        for (pattern, applications) in self.absent.values().flatten() {
            if !self.adding(pattern)?.is_empty() {
                broken.extend(applications);
            }
        }
        Ok(broken)
    }
}
