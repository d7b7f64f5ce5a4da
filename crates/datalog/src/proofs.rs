//! Cheapest proofs of all facts at once, by whichever way the session computes.

use crate::cheapest::Cheapest;
use crate::derivations::Derivations;
use crate::explain::Proof;
use crate::pattern::{FactError, Pattern};
use crate::program::{RelationId, RuleId};
use crate::seminaive::{Proofs, SemiNaive};
use crate::session::{Machine, Session};
use crate::value::{Fact, Row, Value};

/// For every fact of a session the proof that costs least, summed over the proof tree.
pub struct CheapestProofs<'s> {
    session: &'s Session,
    found: Found,
}

enum Found {
    /// By the rows of the semi-naive machine.
    Rows(Proofs),
    /// By a graph of all rule applications.
    Graph(Derivations, Vec<Option<Cheapest>>),
}

impl Session {
    /// Cheapest proofs of all facts under a cost above or equal 0 for each use of a rule; base facts cost nothing, and
    /// a rule of infinite cost is not used. Of several equally cheap proofs always the same one is taken.
    pub fn cheapest_proofs(&self, cost: &dyn Fn(RuleId) -> f64) -> CheapestProofs<'_> {
        let cost = |rule: RuleId| cost(rule).max(0.0);
        let found = match self.engine.borrow_mut().as_mut() {
            Some(Machine::SemiNaive(machine)) => {
                Found::Rows(machine.proofs(&self.program, &|rule| cost(RuleId(rule))))
            }
            Some(Machine::Dataflow(_)) | None => {
                let derivations = self.derivations();
                let cheapest = derivations.cheapest(&|_, application| cost(application.rule));
                Found::Graph(derivations, cheapest)
            }
        };
        CheapestProofs { session: self, found }
    }
}

impl CheapestProofs<'_> {
    /// How many derived facts have a proof of finite cost, and base facts of derived relations.
    pub fn len(&self) -> usize {
        match &self.found {
            Found::Rows(proofs) => proofs.len(),
            Found::Graph(derivations, cheapest) => {
                let derived = |relation: &str| {
                    let id = self.session.program.names.get(relation);
                    id.is_some_and(|id| self.session.program.relation(*id).derived)
                };
                let facts = derivations.facts().zip(cheapest).filter(|(_, known)| known.is_some());
                facts.filter(|(fact, _)| derived(derivations.relation(self.session, *fact))).count()
            }
        }
    }

    /// No derived relation has a fact.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the proof of a fact costs; `None` if it has none of finite cost.
    ///
    /// # Errors
    /// If it is no fact of a declared relation.
    pub fn cost(&self, fact: &Fact) -> Result<Option<f64>, FactError> {
        let Some((id, row)) = self.session.row(fact)? else { return Ok(None) };
        Ok(match &self.found {
            Found::Rows(proofs) => self.machine(|_, machine| machine.cost(proofs, id, &row)),
            Found::Graph(derivations, cheapest) => {
                let known = derivations.find(id, &row).and_then(|fact| cheapest.get(fact.index()));
                known.copied().flatten().map(|known| known.cost)
            }
        })
    }

    /// How many rule applications the proof of a fact has, each counted once; 0 for base facts.
    ///
    /// # Errors
    /// If it is no fact of a declared relation.
    pub fn steps(&self, fact: &Fact) -> Result<usize, FactError> {
        let Some((id, row)) = self.session.row(fact)? else { return Ok(0) };
        Ok(match &self.found {
            Found::Rows(proofs) => {
                let steps =
                    self.machine(|session, machine| Some(machine.steps(&session.program, proofs, id, &row)));
                steps.map_or(0, |steps| steps.len())
            }
            Found::Graph(derivations, cheapest) => {
                derivations.find(id, &row).map_or(0, |fact| derivations.steps(cheapest, fact).len())
            }
        })
    }

    /// The proof of a fact; `None` if it has none of finite cost.
    ///
    /// # Errors
    /// If it is no fact of a declared relation.
    pub fn proof(&self, fact: &Fact) -> Result<Option<Proof>, FactError> {
        let Some((id, row)) = self.session.row(fact)? else { return Ok(None) };
        if self.cost(fact)?.is_none() {
            return Ok(None);
        }
        Ok(match &self.found {
            Found::Rows(proofs) => {
                let steps =
                    self.machine(|session, machine| Some(machine.steps(&session.program, proofs, id, &row)));
                steps.and_then(|steps| self.session.shown((id, row), steps))
            }
            Found::Graph(derivations, cheapest) => {
                derivations.find(id, &row).map(|goal| self.session.proof(derivations, cheapest, goal))
            }
        })
    }

    fn machine<T>(&self, ask: impl FnOnce(&Session, &mut SemiNaive) -> Option<T>) -> Option<T> {
        match self.session.engine.borrow_mut().as_mut() {
            Some(Machine::SemiNaive(machine)) => ask(self.session, machine),
            Some(Machine::Dataflow(_)) | None => None,
        }
    }
}

impl Session {
    /// A fact as the engine sees it; `None` for one with names that nothing has.
    pub(crate) fn row(&self, fact: &Fact) -> Result<Option<(RelationId, Row)>, FactError> {
        let args = fact.args.iter().map(|value| match value {
            Value::Symbol(name) => Some(name.clone()),
            Value::Int(figure) => Some(figure.to_string()),
        });
        let pattern = Pattern { relation: fact.relation.clone(), args: args.collect() };
        let encoded = self.program.encode_pattern(&self.program.symbols, &pattern)?;
        Ok(encoded.map(|encoded| {
            let mut row = Row::default();
            row.iter_mut().zip(&encoded.values).for_each(|(slot, value)| *slot = value.unwrap_or_default());
            (encoded.relation, row)
        }))
    }
}
