//! Why does this fact hold?
//!
//! Nothing of this is carried through the engine. From the finished facts every rule body is evaluated once, which
//! gives an AND/OR graph: facts, and the rule applications that conclude them. A proof takes for each fact its
//! cheapest application (Knuth 1977, "A generalization of Dijkstra's algorithm"); a fact is settled after its
//! premises, so no proof goes in a circle.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::matching::{for_each_match, ground, unify};
use crate::pattern::{FactError, Pattern, decode};
use crate::program::{Atom, ColumnType, Literal, RelationId, Rule, RuleId, Term};
use crate::session::Session;
use crate::value::{Fact, Row, Value};

/// A fact of [`Derivations`]: its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub usize);

/// One way a rule concludes a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Application {
    /// Which rule.
    pub rule: RuleId,
    /// The conclusion.
    pub head: FactId,
    /// Facts it needs, in the order of the rule's text. What must not hold is in [`Derivations::absent`].
    pub premises: Vec<FactId>,
    values: Vec<u32>,
}

/// An AND/OR graph of facts and rule applications, for all facts or for all that some facts rest on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derivations {
    facts: Vec<(RelationId, Row)>,
    base: Vec<bool>,
    applications: Vec<Application>,
}

/// What a cheapest proof of a fact costs, and its last rule application (none for a base fact).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cheapest {
    /// Sum over the proof tree.
    pub cost: f64,
    /// Index into [`Derivations::applications`].
    pub application: Option<usize>,
    /// Facts are settled in this order: premises have smaller ones.
    pub order: usize,
}

impl Derivations {
    /// All facts, in ascending order of engine rows.
    pub fn facts(&self) -> impl Iterator<Item = FactId> + use<> {
        (0..self.facts.len()).map(FactId)
    }

    /// All rule applications, sorted by rule and values.
    pub fn applications(&self) -> &[Application] {
        &self.applications
    }

    /// Stated, not (only) derived.
    pub fn is_base(&self, fact: FactId) -> bool {
        self.base.get(fact.0).copied().unwrap_or_default()
    }

    /// The fact in words; an aggregate's result reads as `count of x(…)`.
    pub fn fact(&self, session: &Session, fact: FactId) -> Fact {
        let (relation, row) = self.facts.get(fact.0).copied().unwrap_or((RelationId(0), Row::default()));
        session.program.decode(&session.program.symbols, relation, &row)
    }

    /// The fact's relation.
    pub fn relation<'s>(&self, session: &'s Session, fact: FactId) -> &'s str {
        self.facts.get(fact.0).map_or("", |(id, _)| session.program.relation(*id).name.as_str())
    }

    /// Facts that fit a pattern.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn matching(&self, session: &Session, pattern: &Pattern) -> Result<Vec<FactId>, FactError> {
        let encoded = session.program.encode_pattern(&session.program.symbols, pattern)?;
        let rows = encoded.as_ref().map(|e| session.rows(e)).unwrap_or_default();
        let relation = encoded.map_or(RelationId(0), |e| e.relation);
        Ok(rows.iter().filter_map(|row| self.find(relation, row)).collect())
    }

    fn find(&self, relation: RelationId, row: &Row) -> Option<FactId> {
        self.facts.binary_search(&(relation, *row)).ok().map(FactId)
    }

    /// The rule's variables with their values in this application.
    pub fn values(&self, session: &Session, application: &Application) -> BTreeMap<String, Value> {
        let variables = session.program.rules.get(application.rule.0).map(|r| r.variables.as_slice());
        let pairs = variables.unwrap_or_default().iter().zip(&application.values);
        pairs
            .map(|((name, kind), bits)| (name.clone(), decode(&session.program.symbols, *kind, *bits)))
            .collect()
    }

    /// What must not hold for the application, as patterns.
    pub fn absent(&self, session: &Session, application: &Application) -> Vec<String> {
        let Some(rule) = session.program.rules.get(application.rule.0) else { return Vec::new() };
        let negative =
            rule.body.iter().filter_map(|l| if let Literal::Negative(a) = l { Some(a) } else { None });
        negative.map(|atom| show(session, atom, &|v| application.values.get(v).copied())).collect()
    }

    /// Cheapest proofs of all facts under costs above or equal 0 for each application; base facts cost nothing.
    /// `None` for facts without a proof of finite cost.
    pub fn cheapest(&self, cost: &dyn Fn(usize, &Application) -> f64) -> Vec<Option<Cheapest>> {
        Knuth::new(self).run(cost)
    }
}

/// An atom with what is known of its variables, `_` for the rest.
pub(crate) fn show(session: &Session, atom: &Atom, value: &dyn Fn(usize) -> Option<u32>) -> String {
    let relation = session.program.relation(atom.relation);
    let args: Vec<String> = atom
        .terms
        .iter()
        .zip(&relation.columns)
        .map(|(term, (_, kind))| {
            let bits = match term {
                Term::Variable(v) => value(*v),
                Term::Constant(value) => Some(*value),
                Term::Anything => None,
            };
            bits.map_or("_".to_owned(), |bits| decode(&session.program.symbols, *kind, bits).to_string())
        })
        .collect();
    format!("{}({})", relation.name, args.join(", "))
}

struct Knuth<'d> {
    derivations: &'d Derivations,
    /// Applications that need a fact.
    users: Vec<Vec<usize>>,
    open: Vec<usize>,
    settled: Vec<Option<Cheapest>>,
    queue: BinaryHeap<Reverse<(Cost, usize, Option<usize>)>>,
}

/// Ordered by value; costs are never NaN.
#[derive(Clone, Copy, PartialEq)]
struct Cost(f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[expect(clippy::indexing_slicing, reason = "ids and indices are those of the same derivations")]
impl<'d> Knuth<'d> {
    fn new(derivations: &'d Derivations) -> Self {
        let mut users = vec![Vec::new(); derivations.facts.len()];
        let mut open = Vec::new();
        for (index, application) in derivations.applications.iter().enumerate() {
            let premises: BTreeSet<FactId> = application.premises.iter().copied().collect();
            open.push(premises.len());
            premises.iter().for_each(|p| users[p.0].push(index));
        }
        let settled = vec![None; derivations.facts.len()];
        Self { derivations, users, open, settled, queue: BinaryHeap::new() }
    }

    fn run(mut self, cost: &dyn Fn(usize, &Application) -> f64) -> Vec<Option<Cheapest>> {
        for (fact, base) in self.derivations.base.iter().enumerate() {
            if *base {
                self.queue.push(Reverse((Cost(0.0), fact, None)));
            }
        }
        for (index, application) in self.derivations.applications.iter().enumerate() {
            if application.premises.is_empty() {
                self.offer(index, cost);
            }
        }
        let mut order = 0;
        while let Some(Reverse((value, fact, application))) = self.queue.pop() {
            if self.settled[fact].is_some() {
                continue;
            }
            self.settled[fact] = Some(Cheapest { cost: value.0, application, order });
            order += 1;
            for user in std::mem::take(&mut self.users[fact]) {
                self.open[user] -= 1;
                if self.open[user] == 0 {
                    self.offer(user, cost);
                }
            }
        }
        self.settled
    }

    fn offer(&mut self, index: usize, cost: &dyn Fn(usize, &Application) -> f64) {
        let application = &self.derivations.applications[index];
        let premises = application.premises.iter().filter_map(|p| self.settled[p.0]);
        let total = cost(index, application).max(0.0) + premises.map(|c| c.cost).sum::<f64>();
        if total.is_finite() {
            self.queue.push(Reverse((Cost(total), application.head.0, Some(index))));
        }
    }
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

impl Session {
    /// Every rule application on the facts of the last commit.
    pub fn derivations(&self) -> Derivations {
        let mut found = Vec::new();
        for index in 0..self.program.rules.len() {
            self.applications(RuleId(index), None, &mut found);
        }
        let relations = (0..self.program.relations.len()).map(RelationId);
        let facts: Vec<(RelationId, Row)> =
            relations.flat_map(|id| self.database.rows(id).map(move |row| (id, *row))).collect();
        self.assemble(facts, found)
    }

    /// The rule applications that facts of the patterns can rest on, directly or not.
    ///
    /// # Errors
    /// If a pattern's relation is not declared, or has other columns.
    pub fn derivations_of(&self, patterns: &[Pattern]) -> Result<Derivations, FactError> {
        let mut work: Vec<(RelationId, Row)> = Vec::new();
        for pattern in patterns {
            if let Some(encoded) = self.program.encode_pattern(&self.program.symbols, pattern)? {
                work.extend(self.rows(&encoded).into_iter().map(|row| (encoded.relation, row)));
            }
        }
        let mut seen: BTreeSet<(RelationId, Row)> = work.iter().copied().collect();
        let mut found = Vec::new();
        while let Some((relation, row)) = work.pop() {
            let before = found.len();
            for index in self.concluding(relation) {
                self.applications(RuleId(index), Some(&row), &mut found);
            }
            let premises = found.iter().skip(before).flat_map(|f: &Found| f.premises.iter().copied());
            work.extend(premises.filter(|premise| seen.insert(*premise)));
        }
        Ok(self.assemble(seen.into_iter().collect(), found))
    }

    pub(crate) fn concluding(&self, relation: RelationId) -> impl Iterator<Item = usize> + '_ {
        let rules = self.program.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.head.relation == relation).map(|(index, _)| index)
    }

    fn applications(&self, id: RuleId, head: Option<&Row>, found: &mut Vec<Found>) {
        let Some(rule) = self.program.rules.get(id.0) else { return };
        let mut bindings = vec![None; rule.variables.len()];
        if head.is_some_and(|row| !unify(&rule.head, row, &mut bindings)) {
            return;
        }
        for_each_match(rule, &self.database, bindings, None, &mut |values| {
            self.found(id, rule, values, found);
            true
        });
    }

    fn found(&self, id: RuleId, rule: &Rule, values: &[u32], found: &mut Vec<Found>) {
        let mut ways: Vec<Vec<(RelationId, Row)>> = vec![Vec::new()];
        let bindings: Vec<Option<u32>> = values.iter().copied().map(Some).collect();
        for literal in &rule.body {
            let Literal::Positive(atom) = literal else { continue };
            let relation = self.program.relation(atom.relation);
            if relation.columns.is_empty() {
                continue;
            }
            let witnesses: Vec<Row> = if !atom.terms.contains(&Term::Anything) {
                vec![ground(atom, values)]
            } else if relation.derived {
                // Any of these may rest on the conclusion itself, so each is a way of its own.
                crate::matching::candidates(atom, &self.database, &bindings).to_vec()
            } else {
                crate::matching::candidates(atom, &self.database, &bindings)
                    .first()
                    .copied()
                    .into_iter()
                    .collect()
            };
            let with = |way: &Vec<(RelationId, Row)>, row: &Row| {
                way.iter().copied().chain([(atom.relation, *row)]).collect::<Vec<_>>()
            };
            ways = ways.iter().flat_map(|way| witnesses.iter().map(move |row| with(way, row))).collect();
        }
        let head = (rule.head.relation, ground(&rule.head, values));
        for premises in ways.into_iter().filter(|premises| !premises.contains(&head)) {
            found.push(Found { rule: id, head, premises, values: values.to_vec() });
        }
    }

    fn assemble(&self, facts: Vec<(RelationId, Row)>, mut found: Vec<Found>) -> Derivations {
        found.sort();
        found.dedup();
        let stated = |(id, row): &(RelationId, Row)| {
            let derived = self.program.relation(*id).derived && !self.program.relation(*id).internal;
            !derived || self.base.get(id.0).is_some_and(|rows| rows.contains(row))
        };
        let base = facts.iter().map(stated).collect();
        let mut derivations = Derivations { facts, base, applications: Vec::new() };
        for Found { rule, head, premises, values } in found {
            let premises: Option<Vec<FactId>> =
                premises.iter().map(|(id, row)| derivations.find(*id, row)).collect();
            if let (Some(head), Some(premises)) = (derivations.find(head.0, &head.1), premises) {
                derivations.applications.push(Application { rule, head, premises, values });
            }
        }
        derivations
    }

    /// A smallest proof of the fact: fewest rule applications, counted as often as they are used. `None` if it does
    /// not hold.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn why(&self, pattern: &Pattern) -> Result<Option<Proof>, FactError> {
        let derivations = self.derivations_of(std::slice::from_ref(pattern))?;
        let cheapest = derivations.cheapest(&|_, _| 1.0);
        let goals = derivations.matching(self, pattern)?;
        let cost = |fact: &FactId| cheapest.get(fact.0).copied().flatten().map(|c| (Cost(c.cost), c.order));
        let goal = goals.iter().filter(|f| cost(f).is_some()).min_by_key(|f| cost(f));
        Ok(goal.map(|goal| self.proof(&derivations, &cheapest, *goal)))
    }

    /// The proof of a fact from the cheapest applications.
    pub fn proof(&self, derivations: &Derivations, cheapest: &[Option<Cheapest>], goal: FactId) -> Proof {
        let step = |index: usize| {
            let application = derivations.applications.get(index)?;
            Some(ProofStep {
                rule: application.rule,
                conclusion: derivations.fact(self, application.head),
                premises: application.premises.iter().map(|p| derivations.fact(self, *p)).collect(),
                absent: derivations.absent(self, application),
                values: derivations.values(self, application),
            })
        };
        Proof { steps: derivations.steps(cheapest, goal).into_iter().filter_map(step).collect() }
    }
}

impl Derivations {
    /// The applications of the cheapest proof of a fact, each once, premises before conclusions.
    pub fn steps(&self, cheapest: &[Option<Cheapest>], goal: FactId) -> Vec<usize> {
        let choice = |fact: FactId| cheapest.get(fact.0).copied().flatten();
        let mut steps = BTreeMap::new();
        let mut work = vec![goal];
        while let Some(fact) = work.pop() {
            let Some(Cheapest { application: Some(index), order, .. }) = choice(fact) else { continue };
            if steps.insert(order, index).is_none()
                && let Some(application) = self.applications.get(index)
            {
                work.extend(&application.premises);
            }
        }
        steps.into_values().collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    rule: RuleId,
    head: (RelationId, Row),
    premises: Vec<(RelationId, Row)>,
    values: Vec<u32>,
}

/// A column's type and bits as a value, for messages.
pub(crate) fn value(session: &Session, kind: ColumnType, bits: u32) -> Value {
    decode(&session.program.symbols, kind, bits)
}
