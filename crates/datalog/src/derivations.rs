//! The AND/OR graph of facts and the rule applications that conclude them.

use std::collections::BTreeMap;

use crate::bodies::Facts;
use crate::cheapest::{Cheapest, Search};
use crate::matching::{Bindings, unify};
use crate::packed::Packed;
use crate::pattern::{FactError, Pattern, decode};
use crate::program::{Atom, ColumnType, Literal, Program, RelationId, Rule, RuleId, Term};
use crate::session::Session;
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
    pub(crate) facts: Facts,
    pub(crate) base: Vec<bool>,
    rules: Vec<u32>,
    pub(crate) heads: Vec<FactId>,
    /// Where each application's premises end.
    ends: Vec<u32>,
    pub(crate) premises: Vec<FactId>,
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

    /// Facts, which of them are stated, and no rule application yet.
    pub(crate) fn on(facts: Facts, base: Vec<bool>) -> Self {
        Self { facts, base, ..Self::default() }
    }

    pub(crate) fn push(&mut self, rule: usize, head: u32, premises: impl Iterator<Item = u32>) {
        self.rules.push(u32::try_from(rule).unwrap_or(u32::MAX));
        self.heads.push(FactId(head));
        self.premises.extend(premises.map(FactId));
        self.ends.push(u32::try_from(self.premises.len()).unwrap_or(u32::MAX));
    }

    /// Those facts, and the applications that conclude one of them, renumbered.
    pub(crate) fn restricted(&self, program: &Program, kept: &[bool]) -> Self {
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
    pub(crate) fn sorted(&self) -> Self {
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
