//! Why does this fact hold?
//!
//! Nothing of this is carried through the engine. From the finished facts every rule body is evaluated once, which
//! gives an AND/OR graph: facts, and the rule applications that conclude them. A proof takes for each fact its
//! cheapest application (see `cheapest`).

use std::collections::{BTreeMap, BTreeSet};

use crate::bodies::{Body, Facts};
use crate::cheapest::Cheapest;
use crate::derivations::{Derivations, FactId};
use crate::packed::Packed;
use crate::pattern::{FactError, Pattern, decode};
use crate::program::{ColumnType, RelationId, RuleId};
use crate::seminaive::{Applied, SemiNaive};
use crate::session::{Machine, Session};
use crate::value::{Fact, Row, Value};

/// A proof with shared parts once, premises before conclusions.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The last step concludes the fact. Empty for a base fact.
    pub steps: Vec<ProofStep>,
}

/// One step of a proof.
#[derive(Clone, Debug, PartialEq)]
pub struct ProofStep {
    /// The rule.
    pub rule: RuleId,
    /// What it concludes.
    pub conclusion: Fact,
    /// Facts it needs.
    pub premises: Vec<Fact>,
    /// What must not hold.
    pub absent: Vec<String>,
    /// The rule's variables.
    pub values: BTreeMap<String, Value>,
}

/// Facts after which looking them up one by one costs more than evaluating all rules at once.
const ONE_BY_ONE: usize = 20_000;
/// The same for a single question: the graph of all is kept, so that the next one is answered from it.
const OF_ONE_QUESTION: usize = 1_000;

/// All rule applications on the facts of one commit, with the smallest proofs.
pub(crate) struct Recorded {
    derivations: Derivations,
    smallest: Vec<Option<Cheapest>>,
}

impl Recorded {
    fn of(derivations: Derivations) -> Self {
        let smallest = derivations.cheapest(&|_, _| 1.0);
        Self { derivations, smallest }
    }
}

impl Session {
    /// Every rule application on the facts of the last commit.
    pub fn derivations(&self) -> Derivations {
        let mut derivations = self.graph(Facts::new(self.tables()));
        let facts = derivations.facts.clone();
        let statistics = facts.statistics();
        for (index, rule) in self.program.rules.iter().enumerate() {
            let body = Body::new(rule, &statistics, false);
            body.ways(&facts, None, &mut |way| {
                derivations.push(index, way.head, way.premises.iter().copied());
            });
        }
        derivations
    }

    fn graph(&self, facts: Facts) -> Derivations {
        let mut base = vec![true; facts.len()];
        for (id, relation) in (0..).map(RelationId).zip(&self.program.relations) {
            // An aggregate's result is taken as it is.
            if relation.derived && !relation.internal {
                let Some(table) = facts.tables.get(id.0) else { continue };
                let start = facts.number(id, 0) as usize;
                for (slot, row) in base.iter_mut().skip(start).zip(table.rows()) {
                    *slot = self.is_stated(id, &row);
                }
            }
        }
        Derivations::on(facts, base)
    }

    /// The rule applications that facts of the patterns can rest on, directly or not.
    ///
    /// # Errors
    /// If a pattern's relation is not declared, or has other columns.
    pub fn derivations_of(&self, patterns: &[Pattern]) -> Result<Derivations, FactError> {
        let facts = Facts::new(self.tables());
        let mut kept = self.fitting(&facts, patterns)?;
        let graph = self.one_by_one(&facts, &mut kept, ONE_BY_ONE);
        Ok(graph.unwrap_or_else(|| self.derivations_below(&kept)))
    }

    /// True for each fact that fits one of the patterns.
    fn fitting(&self, facts: &Facts, patterns: &[Pattern]) -> Result<Vec<bool>, FactError> {
        let mut kept = vec![false; facts.len()];
        for pattern in patterns {
            let Some(encoded) = self.program.encode_pattern(&self.program.symbols, pattern)? else {
                continue;
            };
            let (columns, values) = encoded.given();
            if let Some(table) = facts.tables.get(encoded.relation.0) {
                table.find(&columns, &values, &mut |place| {
                    let number = facts.number(encoded.relation, place) as usize;
                    if let Some(slot) = kept.get_mut(number) {
                        *slot = true;
                    }
                    true
                });
            }
        }
        Ok(kept)
    }

    /// What the kept facts rest on, by looking up how each is concluded; all that was met is kept then. `None` if more
    /// than `limit` facts would have to be looked up.
    fn one_by_one(&self, facts: &Facts, kept: &mut [bool], limit: usize) -> Option<Derivations> {
        let mut work: Vec<u32> = (0..).zip(&*kept).filter(|(_, kept)| **kept).map(|(fact, _)| fact).collect();
        let (bodies, mut looked_up) = (self.bodies(facts), 0);
        let mut graph = Derivations::on(facts.clone(), Vec::new());
        while let Some(fact) = work.pop() {
            looked_up += 1;
            if looked_up > limit {
                return None;
            }
            let before = graph.premises.len();
            for index in self.concluding(facts.relation(fact)) {
                if let Some(body) = bodies.get(index) {
                    body.ways(facts, Some(fact), &mut |way| {
                        graph.push(index, way.head, way.premises.iter().copied());
                    });
                }
            }
            let premises = graph.premises.get(before..).unwrap_or_default().iter().map(|p| p.0);
            work.extend(premises.filter(|premise| {
                kept.get_mut(*premise as usize).is_some_and(|seen| !std::mem::replace(seen, true))
            }));
        }
        graph.base = facts_base(self, facts, kept);
        Some(graph.restricted(&self.program, kept).sorted())
    }

    fn bodies(&self, facts: &Facts) -> Vec<Body> {
        let statistics = facts.statistics();
        self.program.rules.iter().map(|rule| Body::new(rule, &statistics, true)).collect()
    }

    /// What the kept facts rest on, from all rule applications.
    fn derivations_below(&self, kept: &[bool]) -> Derivations {
        let all = self.derivations();
        let mut by_head: Vec<(u32, u32)> =
            (0..).zip(&all.heads).map(|(index, head)| (head.0, index)).collect();
        by_head.sort_unstable();
        let mut kept = kept.to_vec();
        let mut work: Vec<u32> = (0..).zip(&kept).filter(|(_, kept)| **kept).map(|(fact, _)| fact).collect();
        while let Some(fact) = work.pop() {
            let start = by_head.partition_point(|(head, _)| *head < fact);
            let own = by_head.iter().skip(start).take_while(|(head, _)| *head == fact);
            for application in own.filter_map(|(_, index)| all.application(*index as usize)) {
                for premise in application.premises {
                    if kept.get_mut(premise.index()).is_some_and(|seen| !std::mem::replace(seen, true)) {
                        work.push(premise.0);
                    }
                }
            }
        }
        all.restricted(&self.program, &kept)
    }

    pub(crate) fn concluding(&self, relation: RelationId) -> impl Iterator<Item = usize> + '_ {
        let rules = self.program.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.head.relation == relation).map(|(index, _)| index)
    }

    /// A short proof of the fact. `None` if it does not hold.
    ///
    /// With [`Method::SemiNaive`](crate::Method) each step follows the lowest way to its conclusion; the whole has the
    /// least height there is, as long as all facts came with the first commit. With `Method::Dataflow` it has the fewest
    /// rule applications, counted as often as they are used; where a fact rests on much, the graph of all facts is made
    /// with the first question and kept until the next commit.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn why(&self, pattern: &Pattern) -> Result<Option<Proof>, FactError> {
        if let Some(Machine::SemiNaive(machine)) = self.engine.borrow_mut().as_mut() {
            return self.followed(machine, pattern);
        }
        if let Some(recorded) = self.recorded.get() {
            return self.smallest(recorded, pattern);
        }
        let facts = Facts::new(self.tables());
        let mut kept = self.fitting(&facts, std::slice::from_ref(pattern))?;
        match self.one_by_one(&facts, &mut kept, OF_ONE_QUESTION) {
            Some(few) => self.smallest(&Recorded::of(few), pattern),
            // In one order with what is looked up one by one: the proof does not depend on earlier questions.
            None => self
                .smallest(self.recorded.get_or_init(|| Recorded::of(self.derivations().sorted())), pattern),
        }
    }

    /// The proof that the machine follows for the lowest fact of the pattern.
    fn followed(&self, machine: &mut SemiNaive, pattern: &Pattern) -> Result<Option<Proof>, FactError> {
        let Some(encoded) = self.program.encode_pattern(&self.program.symbols, pattern)? else {
            return Ok(None);
        };
        let rows = self.rows(&encoded);
        let Some(goal) = rows.into_iter().min_by_key(|row| machine.height(encoded.relation, row)) else {
            return Ok(None);
        };
        let applied = machine.proof(&self.program, encoded.relation, &goal);
        Ok(self.shown((encoded.relation, goal), applied))
    }

    /// Rule applications, one for each conclusion, as the proof of a row.
    pub(crate) fn shown(&self, (id, goal): (RelationId, Row), applied: Vec<Applied>) -> Option<Proof> {
        let mut rows = vec![BTreeSet::new(); self.program.relations.len()];
        let heads = applied.iter().map(|a| &a.head);
        for (id, row) in heads.chain(applied.iter().flat_map(|a| &a.premises)).chain([&(id, goal)]) {
            if let Some(rows) = rows.get_mut(id.0) {
                rows.insert(*row);
            }
        }
        let widths = self.program.relations.iter().map(|r| r.columns.len());
        let tables = rows.into_iter().zip(widths).map(|(rows, width)| Packed::new(width, rows).into());
        let mut derivations = self.graph(Facts::new(tables.collect()));
        for Applied { rule, head, premises } in applied {
            let number = |(id, row): &(RelationId, Row)| derivations.facts.find(*id, row).unwrap_or_default();
            let (head, premises) = (number(&head), premises.iter().map(number).collect::<Vec<_>>());
            derivations.push(rule, head, premises.into_iter());
        }
        let cheapest = derivations.cheapest(&|_, _| 1.0);
        let goal = derivations.find(id, &goal)?;
        Some(self.proof(&derivations, &cheapest, goal))
    }

    fn smallest(&self, recorded: &Recorded, pattern: &Pattern) -> Result<Option<Proof>, FactError> {
        let Recorded { derivations, smallest } = recorded;
        let goals = derivations.matching(self, pattern)?;
        let known = goals.iter().filter_map(|f| Some((smallest.get(f.index()).copied().flatten()?, *f)));
        let best = known.min_by(|(a, _), (b, _)| a.cost.total_cmp(&b.cost).then(a.order.cmp(&b.order)));
        Ok(best.map(|(_, goal)| self.proof(derivations, smallest, goal)))
    }

    /// The proof of a fact from the cheapest applications.
    pub fn proof(&self, derivations: &Derivations, cheapest: &[Option<Cheapest>], goal: FactId) -> Proof {
        let step = |index: usize| {
            let application = derivations.application(index)?;
            Some(ProofStep {
                rule: application.rule,
                conclusion: derivations.fact(self, application.head),
                premises: application.premises.iter().map(|p| derivations.fact(self, *p)).collect(),
                absent: derivations.absent(self, application).iter().map(Pattern::to_string).collect(),
                values: derivations.values(self, application),
            })
        };
        Proof { steps: derivations.steps(cheapest, goal).into_iter().filter_map(step).collect() }
    }
}

/// Which of the kept facts are stated, by number; false for all others.
fn facts_base(session: &Session, facts: &Facts, kept: &[bool]) -> Vec<bool> {
    let all = (0..).zip(kept);
    all.map(|(fact, kept)| {
        *kept && {
            let (id, row) = facts.get(fact);
            let relation = session.program.relation(id);
            !relation.derived || relation.internal || session.is_stated(id, &row)
        }
    })
    .collect()
}

/// A column's type and bits as a value, for messages.
pub(crate) fn value(session: &Session, kind: ColumnType, bits: u32) -> Value {
    decode(&session.program.symbols, kind, bits)
}
