//! Rule bodies on finished facts: every way to satisfy one, as numbers of facts. Facts that differ only where a premise
//! says `_` are ways of their own: whoever takes one of them away has not taken the others.
//!
//! Each rule is compiled to a fixed order of look-ups, once for all its ways and once for those that conclude a given
//! fact. Facts are numbered through: by relation, then in the order of their rows.

use std::rc::Rc;

use crate::order::{Statistics, order_from};
use crate::packed::Packed;
use crate::program::{Atom, Expr, Literal, RelationId, Rule, Term};
use crate::syntax::Comparison;
use crate::value::{Row, WIDTH};

/// Finished facts, numbered.
#[derive(Clone, Default)]
pub(crate) struct Facts {
    pub(crate) tables: Vec<Rc<Packed>>,
    /// Number of each relation's first fact, and at the end of all.
    starts: Vec<u32>,
}

impl Facts {
    pub(crate) fn new(tables: Vec<Rc<Packed>>) -> Self {
        let mut starts = vec![0_u32];
        for table in &tables {
            let last = starts.last().copied().unwrap_or_default();
            // 2³² facts do not fit into memory.
            starts.push(last.saturating_add(u32::try_from(table.len()).unwrap_or(u32::MAX)));
        }
        Self { tables, starts }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    pub(crate) fn number(&self, relation: RelationId, place: usize) -> u32 {
        let start = self.starts.get(relation.0).copied().unwrap_or_default();
        start + u32::try_from(place).unwrap_or_default()
    }

    pub(crate) fn find(&self, relation: RelationId, row: &Row) -> Option<u32> {
        Some(self.number(relation, self.tables.get(relation.0)?.position(row)?))
    }

    pub(crate) fn relation(&self, fact: u32) -> RelationId {
        RelationId(self.starts.partition_point(|start| *start <= fact).saturating_sub(1))
    }

    pub(crate) fn get(&self, fact: u32) -> (RelationId, Row) {
        let relation = self.relation(fact);
        let start = self.starts.get(relation.0).copied().unwrap_or_default();
        let row = self.tables.get(relation.0).map(|table| table.row((fact - start) as usize));
        (relation, row.unwrap_or_default())
    }

    fn table(&self, relation: RelationId) -> Option<&Rc<Packed>> {
        self.tables.get(relation.0)
    }

    /// Row counts, for the order of look-ups.
    pub(crate) fn statistics(&self) -> Statistics {
        Statistics { relations: self.tables.iter().map(|table| Some(table.statistics())).collect() }
    }
}

/// One way to satisfy a rule's body.
pub(crate) struct Way<'w> {
    pub(crate) head: u32,
    pub(crate) premises: &'w [u32],
}

/// A rule's body in the order in which it is looked up.
pub(crate) struct Body {
    steps: Vec<Step>,
    head: Pattern,
    premises: usize,
    variables: usize,
    /// Head variables are given.
    of_head: bool,
}

enum Step {
    Atom {
        pattern: Pattern,
        /// Place among the premises; atoms without columns have none.
        premise: Option<usize>,
    },
    Absent(Pattern),
    Compare(Expr, Comparison, Expr),
    Assign(usize, Expr, bool),
}

/// An atom when some variables are known.
struct Pattern {
    relation: RelationId,
    /// Columns whose value is known, ascending.
    columns: Vec<usize>,
    values: Vec<Source>,
    /// Columns that give a variable its value.
    binds: Vec<(usize, usize)>,
    /// Columns that must equal an earlier one.
    same: Vec<(usize, usize)>,
}

#[derive(Clone, Copy)]
enum Source {
    Constant(u32),
    Variable(usize),
}

impl Pattern {
    fn new(atom: &Atom, bound: &mut Vec<usize>) -> Self {
        let mut pattern = Self {
            relation: atom.relation,
            columns: Vec::new(),
            values: Vec::new(),
            binds: Vec::new(),
            same: Vec::new(),
        };
        for (column, term) in atom.terms.iter().enumerate() {
            match term {
                Term::Constant(value) => pattern.known(column, Source::Constant(*value)),
                Term::Variable(v) if bound.contains(v) => pattern.known(column, Source::Variable(*v)),
                Term::Variable(v) => match pattern.binds.iter().find(|(_, b)| b == v) {
                    Some((first, _)) => pattern.same.push((*first, column)),
                    None => pattern.binds.push((column, *v)),
                },
                Term::Anything => {}
            }
        }
        bound.extend(pattern.binds.iter().map(|(_, v)| *v));
        pattern
    }

    fn known(&mut self, column: usize, source: Source) {
        self.columns.push(column);
        self.values.push(source);
    }

    fn wanted(&self, bindings: &[u32]) -> [u32; WIDTH] {
        let mut wanted = [0; WIDTH];
        for (slot, source) in wanted.iter_mut().zip(&self.values) {
            *slot = match source {
                Source::Constant(value) => *value,
                Source::Variable(v) => bindings.get(*v).copied().unwrap_or_default(),
            };
        }
        wanted
    }
}

impl Body {
    pub(crate) fn new(rule: &Rule, statistics: &Statistics, of_head: bool) -> Self {
        let mut bound: Vec<usize> = Vec::new();
        let head = Pattern::new(&rule.head, &mut bound);
        if !of_head {
            bound.clear();
        }
        let premise_of = |literal: &Literal| {
            let has_columns = |l: &&Literal| matches!(l, Literal::Positive(a) if !a.terms.is_empty());
            let place = rule.body.iter().filter(has_columns).position(|l| std::ptr::eq(l, literal));
            place.filter(|_| has_columns(&literal))
        };
        let mut steps = Vec::new();
        for literal in order_from(rule, &bound, statistics) {
            steps.push(match literal {
                Literal::Positive(atom) => {
                    Step::Atom { pattern: Pattern::new(atom, &mut bound), premise: premise_of(literal) }
                }
                Literal::Negative(atom) => Step::Absent(Pattern::new(atom, &mut bound)),
                Literal::Compare(left, comparison, right) => {
                    Step::Compare(left.clone(), *comparison, right.clone())
                }
                Literal::Assign(variable, value) => {
                    let known = bound.contains(variable);
                    bound.push(*variable);
                    Step::Assign(*variable, value.clone(), known)
                }
            });
        }
        let premises = steps.iter().filter(|s| matches!(s, Step::Atom { premise: Some(_), .. })).count();
        // All variables are bound by now: the head's values are all known.
        let head = if of_head { head } else { Pattern::new(&rule.head, &mut bound) };
        Self { steps, head, premises, variables: rule.variables.len(), of_head }
    }

    /// Calls `found` for every way, in a fixed order; for those that conclude `head` if the body was made for it.
    pub(crate) fn ways(&self, facts: &Facts, head: Option<u32>, found: &mut dyn FnMut(Way<'_>)) {
        let (mut bindings, premises) = (vec![0; self.variables], vec![0; self.premises]);
        if let Some(fact) = head.filter(|_| self.of_head) {
            let (relation, row) = facts.get(fact);
            let fits = relation == self.head.relation
                && self.head.columns.iter().zip(&self.head.values).all(
                    |(column, source)| matches!(source, Source::Constant(c) if row.get(*column) == Some(c)),
                )
                && self.head.same.iter().all(|(a, b)| row.get(*a) == row.get(*b));
            if !fits {
                return;
            }
            bind(&self.head, &row, &mut bindings);
        }
        let mut search = Search { body: self, facts, head, bindings, premises, found };
        search.go(0);
    }
}

fn bind(pattern: &Pattern, row: &Row, bindings: &mut [u32]) {
    for (column, variable) in &pattern.binds {
        if let (Some(slot), Some(value)) = (bindings.get_mut(*variable), row.get(*column)) {
            *slot = *value;
        }
    }
}

struct Search<'s> {
    body: &'s Body,
    facts: &'s Facts,
    head: Option<u32>,
    bindings: Vec<u32>,
    premises: Vec<u32>,
    found: &'s mut dyn FnMut(Way<'_>),
}

impl Search<'_> {
    /// At most 32 premises deep.
    fn go(&mut self, at: usize) {
        let body = self.body;
        let value = |bindings: &[u32], v: usize| bindings.get(v).copied().unwrap_or_default();
        match body.steps.get(at) {
            None => self.conclude(),
            Some(Step::Atom { pattern, premise }) => self.atom(pattern, *premise, at),
            Some(Step::Absent(pattern)) => {
                let wanted = pattern.wanted(&self.bindings);
                let table = self.facts.table(pattern.relation);
                let none = table.is_none_or(|table| table.find(&pattern.columns, &wanted, &mut |_| false));
                if none {
                    self.go(at + 1);
                }
            }
            Some(Step::Compare(left, comparison, right)) => {
                let left = left.evaluate(&|v| value(&self.bindings, v));
                let right = right.evaluate(&|v| value(&self.bindings, v));
                if left.zip(right).is_some_and(|(l, r)| comparison.holds(l, r)) {
                    self.go(at + 1);
                }
            }
            Some(Step::Assign(variable, expr, known)) => {
                let Some(computed) = expr.evaluate(&|v| value(&self.bindings, v)) else { return };
                if *known && value(&self.bindings, *variable) != computed {
                    return;
                }
                if let Some(slot) = self.bindings.get_mut(*variable) {
                    *slot = computed;
                }
                self.go(at + 1);
            }
        }
    }

    fn atom(&mut self, pattern: &Pattern, premise: Option<usize>, at: usize) {
        let facts = self.facts;
        let Some(table) = facts.table(pattern.relation) else { return };
        let wanted = pattern.wanted(&self.bindings);
        table.find(&pattern.columns, &wanted, &mut |place| {
            let row = table.row(place);
            if pattern.same.iter().any(|(a, b)| row.get(*a) != row.get(*b)) {
                return true;
            }
            if let Some(slot) = premise.and_then(|p| self.premises.get_mut(p)) {
                *slot = facts.number(pattern.relation, place);
            }
            bind(pattern, &row, &mut self.bindings);
            self.go(at + 1);
            true
        });
    }

    fn conclude(&mut self) {
        let head = self.head.or_else(|| {
            let mut row = Row::default();
            let wanted = self.body.head.wanted(&self.bindings);
            for (column, value) in self.body.head.columns.iter().zip(wanted) {
                if let Some(slot) = row.get_mut(*column) {
                    *slot = value;
                }
            }
            self.facts.find(self.body.head.relation, &row)
        });
        // What rests on itself proves nothing.
        if let Some(head) = head.filter(|head| !self.premises.contains(head)) {
            (self.found)(Way { head, premises: &self.premises });
        }
    }
}
