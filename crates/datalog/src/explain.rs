//! Why does this fact hold?
//!
//! Nothing of this is carried through the engine. From the finished facts every rule body is evaluated once, which
//! gives an AND/OR graph: facts, and the rule applications that conclude them. A proof takes for each fact its
//! cheapest application (see `cheapest`).

use std::collections::{BTreeMap, BTreeSet};

use crate::bodies::{Body, Facts};
use crate::cheapest::{Cheapest, Search};
use crate::matching::{Bindings, unify};
use crate::packed::Packed;
use crate::pattern::{FactError, Pattern, decode};
use crate::program::{Atom, ColumnType, Literal, Program, RelationId, Rule, RuleId, Term};
use crate::seminaive::{Applied, SemiNaive};
use crate::session::{Machine, Session};
use crate::uses::Uses;
use crate::value::{Fact, Row, Value};

/// A fact of [`Derivations`]: its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub u32);

impl FactId {
    /// For look-up in what is kept by fact.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One way a rule concludes a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Application<'d> {
    /// Which rule.
    pub rule: RuleId,
    /// The conclusion.
    pub head: FactId,
    /// Facts it needs, in the order of the rule's text. What must not hold is in [`Derivations::absent`].
    pub premises: &'d [FactId],
}

/// An AND/OR graph of facts and rule applications, for all facts or for all that some facts rest on.
#[derive(Clone, Default)]
pub struct Derivations {
    facts: Facts,
    base: Vec<bool>,
    rules: Vec<u32>,
    heads: Vec<FactId>,
    /// Where each application's premises end.
    ends: Vec<u32>,
    premises: Vec<FactId>,
}

impl Derivations {
    /// All facts, in ascending order of engine rows.
    pub fn facts(&self) -> impl Iterator<Item = FactId> + use<> {
        (0..self.fact_count()).map(FactId)
    }

    fn fact_count(&self) -> u32 {
        u32::try_from(self.facts.len()).unwrap_or(u32::MAX)
    }

    /// How many rule applications there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// No rule was applied.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A rule application; `None` from [`Derivations::len`] on.
    pub fn application(&self, index: usize) -> Option<Application<'_>> {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        let end = self.ends.get(index).copied()?;
        Some(Application {
            rule: RuleId(self.rules.get(index).copied()? as usize),
            head: self.heads.get(index).copied()?,
            premises: self.premises.get(start as usize..end as usize)?,
        })
    }

    /// All rule applications, in the order of the rules.
    pub fn applications(&self) -> impl ExactSizeIterator<Item = Application<'_>> {
        let empty = Application { rule: RuleId(0), head: FactId(0), premises: &[] };
        (0..self.len()).map(move |index| self.application(index).unwrap_or(empty))
    }

    /// Stated, not (only) derived.
    pub fn is_base(&self, fact: FactId) -> bool {
        self.base.get(fact.index()).copied().unwrap_or_default()
    }

    /// The number of a fact; `None` if it is not among these, or no fact of the program.
    pub fn id(&self, session: &Session, fact: &Fact) -> Option<FactId> {
        let (relation, row) = session.row(fact).ok()??;
        self.find(relation, &row)
    }

    pub(crate) fn find(&self, relation: RelationId, row: &Row) -> Option<FactId> {
        self.facts.find(relation, row).map(FactId)
    }

    /// The fact in words; an aggregate's result reads as `count of x(…)`.
    pub fn fact(&self, session: &Session, fact: FactId) -> Fact {
        let (relation, row) = self.facts.get(fact.0);
        session.program.decode(&session.program.symbols, relation, &row)
    }

    /// The fact's relation.
    pub fn relation<'s>(&self, session: &'s Session, fact: FactId) -> &'s str {
        session.program.relation(self.facts.relation(fact.0)).name.as_str()
    }

    /// Facts that fit a pattern.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn matching(&self, session: &Session, pattern: &Pattern) -> Result<Vec<FactId>, FactError> {
        let Some(encoded) = session.program.encode_pattern(&session.program.symbols, pattern)? else {
            return Ok(Vec::new());
        };
        let (columns, values) = encoded.given();
        let mut found = Vec::new();
        if let Some(table) = self.facts.tables.get(encoded.relation.0) {
            table.find(&columns, &values, &mut |place| {
                found.push(FactId(self.facts.number(encoded.relation, place)));
                true
            });
        }
        Ok(found)
    }

    /// The rule's variables with their values in this application.
    pub fn values(&self, session: &Session, application: Application<'_>) -> BTreeMap<String, Value> {
        let Some(rule) = session.program.rules.get(application.rule.0) else { return BTreeMap::new() };
        let bindings = self.bindings(rule, application);
        let known = rule.variables.iter().zip(bindings);
        known
            .filter_map(|((name, kind), bits)| {
                Some((name.clone(), decode(&session.program.symbols, *kind, bits?)))
            })
            .collect()
    }

    /// What the premises and the conclusion say of the variables, and what follows by computing.
    fn bindings(&self, rule: &Rule, application: Application<'_>) -> Bindings {
        let mut bindings = vec![None; rule.variables.len()];
        let atoms = rule.body.iter().filter_map(|l| match l {
            Literal::Positive(atom) if !atom.terms.is_empty() => Some(atom),
            _ => None,
        });
        for (atom, fact) in atoms.zip(application.premises) {
            unify(atom, &self.facts.get(fact.0).1, &mut bindings);
        }
        unify(&rule.head, &self.facts.get(application.head.0).1, &mut bindings);
        // One assignment may feed the next.
        for _ in &rule.body {
            for literal in &rule.body {
                let Literal::Assign(variable, value) = literal else { continue };
                if let Some(computed) = crate::missing::evaluate(value, &bindings)
                    && let Some(slot) = bindings.get_mut(*variable)
                {
                    slot.get_or_insert(computed);
                }
            }
        }
        bindings
    }

    /// What must not hold for the application.
    pub fn absent(&self, session: &Session, application: Application<'_>) -> Vec<Pattern> {
        let Some(rule) = session.program.rules.get(application.rule.0) else { return Vec::new() };
        let mut negative = rule
            .body
            .iter()
            .filter_map(|l| if let Literal::Negative(a) = l { Some(a) } else { None })
            .peekable();
        if negative.peek().is_none() {
            return Vec::new();
        }
        let bindings = self.bindings(rule, application);
        negative.map(|atom| pattern(session, atom, &|v| bindings.get(v).copied().flatten())).collect()
    }

    /// Cheapest proofs of all facts under costs above or equal 0 for each application; base facts cost nothing.
    /// `None` for facts without a proof of finite cost.
    pub fn cheapest(&self, cost: &dyn Fn(usize, Application<'_>) -> f64) -> Vec<Option<Cheapest>> {
        let costs = (0..).zip(self.applications()).map(|(index, a)| cost(index, a).max(0.0)).collect();
        let uses = self.uses();
        let mut search = self.search(&uses, costs);
        search.to_the_end();
        search.into_settled()
    }

    /// Which applications use which facts: for [`Derivations::search`].
    pub fn uses(&self) -> Uses {
        Uses::new(self)
    }

    /// For cheapest proofs of single facts, again and again. `uses` are of these derivations; costs are by application,
    /// above or equal 0, infinite for what is not to be used.
    pub fn search<'d>(&'d self, uses: &'d Uses, costs: Vec<f64>) -> Search<'d> {
        Search::new(self, uses, costs)
    }

    /// The applications of the cheapest proof of a fact, each once, premises before conclusions.
    pub fn steps(&self, cheapest: &[Option<Cheapest>], goal: FactId) -> Vec<usize> {
        let choice = |fact: FactId| cheapest.get(fact.index()).copied().flatten();
        let mut steps = BTreeMap::new();
        let mut work = vec![goal];
        while let Some(fact) = work.pop() {
            let Some(Cheapest { application: Some(index), order, .. }) = choice(fact) else { continue };
            if steps.insert(order, index).is_none()
                && let Some(application) = self.application(index)
            {
                work.extend(application.premises);
            }
        }
        steps.into_values().collect()
    }

    fn push(&mut self, rule: usize, head: u32, premises: impl Iterator<Item = u32>) {
        self.rules.push(u32::try_from(rule).unwrap_or(u32::MAX));
        self.heads.push(FactId(head));
        self.premises.extend(premises.map(FactId));
        self.ends.push(u32::try_from(self.premises.len()).unwrap_or(u32::MAX));
    }

    /// Those facts, and the applications that conclude one of them, renumbered.
    fn restricted(&self, program: &Program, kept: &[bool]) -> Self {
        let keeps = |fact: &u32| kept.get(*fact as usize).copied().unwrap_or_default();
        let mut rows = vec![Vec::new(); self.facts.tables.len()];
        let mut numbers = vec![u32::MAX; kept.len()];
        let all = 0..u32::try_from(kept.len()).unwrap_or(u32::MAX);
        for (number, fact) in (0..).zip(all.filter(keeps)) {
            let (relation, row) = self.facts.get(fact);
            if let (Some(rows), Some(slot)) = (rows.get_mut(relation.0), numbers.get_mut(fact as usize)) {
                rows.push(row);
                *slot = number;
            }
        }
        let widths = program.relations.iter().map(|r| r.columns.len());
        let tables = rows.into_iter().zip(widths).map(|(rows, width)| Packed::new(width, rows).into());
        let mut out = Self { facts: Facts::new(tables.collect()), ..Self::default() };
        out.base = self.base.iter().zip(kept).filter(|(_, kept)| **kept).map(|(base, _)| *base).collect();
        let number = |fact: &FactId| numbers.get(fact.index()).copied().unwrap_or_default();
        for application in self.applications().filter(|a| keeps(&a.head.0)) {
            out.push(application.rule.0, number(&application.head), application.premises.iter().map(number));
        }
        out
    }

    /// By rule, conclusion and premises, each once.
    fn sorted(&self) -> Self {
        let mut all: Vec<Application<'_>> = self.applications().collect();
        all.sort_unstable();
        all.dedup();
        let mut out = Self { facts: self.facts.clone(), base: self.base.clone(), ..Self::default() };
        all.iter().for_each(|a| out.push(a.rule.0, a.head.0, a.premises.iter().map(|p| p.0)));
        out
    }
}

/// An atom with what is known of its variables.
fn pattern(session: &Session, atom: &Atom, value: &dyn Fn(usize) -> Option<u32>) -> Pattern {
    let relation = session.program.relation(atom.relation);
    let arg = |(term, (_, kind)): (&Term, &(String, ColumnType))| {
        let bits = match term {
            Term::Variable(v) => value(*v),
            Term::Constant(value) => Some(*value),
            Term::Anything => None,
        };
        bits.map(|bits| match decode(&session.program.symbols, *kind, bits) {
            Value::Symbol(name) => name,
            Value::Int(figure) => figure.to_string(),
        })
    };
    let args = atom.terms.iter().zip(&relation.columns).map(arg).collect();
    Pattern { relation: relation.name.clone(), args }
}

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
        Derivations { facts, base, ..Derivations::default() }
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
        let mut graph = Derivations { facts: facts.clone(), ..Derivations::default() };
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
