//! From a rule to an order of look-ups: for the whole rule, for one new or lost premise, for one conclusion.
#![expect(clippy::indexing_slicing, reason = "rules and relations are numbered by the program")]

use crate::order::{Statistics, order, order_after, order_from, variables};
use crate::program::{Atom, Expr, Literal, Program, RelationId, Rule, Term};
use crate::syntax::Comparison;
use crate::value::Row;

use super::heap::Heap;

/// So many times the rows are looked at rather than another index kept.
const NEARLY: f64 = 4.0;

/// What a plan starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Start {
    /// Nothing: all ways to satisfy the body.
    Whole,
    /// A row of the relation of this premise.
    Premise(usize),
    /// A row of the rule's own relation.
    Head,
}

pub(super) struct Plan {
    pub(super) start: Option<Given>,
    pub(super) steps: Vec<Step>,
    pub(super) head: RelationId,
    pub(super) conclusion: Vec<Source>,
    /// From this step on, further ways conclude nothing new.
    pub(super) decided: usize,
    /// What comes after that is more work than to look whether the conclusion is there.
    pub(super) long: bool,
    pub(super) variables: usize,
    /// Premises that are facts; atoms without columns are none.
    pub(super) premises: usize,
}

impl Plan {
    /// Rows that the first premise may be, where the plan starts from nothing and its ways can be looked for row by row.
    pub(super) fn entrance(&self, heaps: &[Heap]) -> Option<Vec<u32>> {
        let Some(Step::Match(first)) = self.steps.first().filter(|_| self.decided > 0) else { return None };
        let heap = &heaps[first.relation.0];
        // No variable has a value yet: the key is of constants.
        let key = fill(&first.key, &[]);
        match first.access {
            Access::Scan => Some(heap.numbers().collect()),
            Access::Index(index) => Some(heap.with(index, &key[..first.key.len()]).collect()),
            Access::Row => None,
        }
    }
}

/// What a row that is given says of the variables.
pub(super) struct Given {
    pub(super) constants: Vec<(usize, u32)>,
    pub(super) same: Vec<(usize, usize)>,
    pub(super) binds: Vec<(usize, usize)>,
    /// As [`Match::premise`].
    pub(super) premise: usize,
}

impl Given {
    pub(super) fn fits(&self, row: &[u32]) -> bool {
        self.constants.iter().all(|(column, value)| row[*column] == *value)
            && self.same.iter().all(|(a, b)| row[*a] == row[*b])
    }
}

pub(super) enum Step {
    Match(Match),
    Absent(Match),
    Compare(Expr, Comparison, Expr),
    /// The variable, its value, and whether it has one already.
    Assign(usize, Expr, bool),
}

/// Rows of a relation with values that are known by then.
pub(super) struct Match {
    pub(super) relation: RelationId,
    pub(super) access: Access,
    /// Values of the access's columns.
    pub(super) key: Vec<Source>,
    /// Values of columns that the access does not look at.
    pub(super) checks: Vec<(usize, Source)>,
    pub(super) same: Vec<(usize, usize)>,
    pub(super) binds: Vec<(usize, usize)>,
    /// Belongs to the rule's own stratum.
    pub(super) own: bool,
    /// Place among the premises, in the order of the rule's text; out of range for those that are no facts.
    pub(super) premise: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// All columns are known.
    Row,
    Index(usize),
    Scan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Constant(u32),
    Variable(usize),
}

impl Source {
    pub(super) fn value(self, values: &[u32]) -> u32 {
        match self {
            Self::Constant(value) => value,
            Self::Variable(variable) => values[variable],
        }
    }
}

pub(super) fn fill(sources: &[Source], values: &[u32]) -> Row {
    let mut row = Row::default();
    row.iter_mut().zip(sources).for_each(|(slot, source)| *slot = source.value(values));
    row
}

/// Indexes that the plan needs are there, but have no rows yet.
pub(super) fn compile(
    program: &Program,
    rule: usize,
    start: Start,
    own: &dyn Fn(RelationId) -> bool,
    heaps: &mut [Heap],
    statistics: &Statistics,
) -> Plan {
    let rule = &program.rules[rule];
    let mut bound = Vec::new();
    let start_atom = match start {
        Start::Whole => None,
        Start::Head => Some(&rule.head),
        Start::Premise(at) => match &rule.body[at] {
            Literal::Positive(atom) | Literal::Negative(atom) => Some(atom),
            Literal::Compare(..) | Literal::Assign(..) => None,
        },
    };
    let start_row = start_atom.map(|atom| given(rule, atom, &mut bound));
    let literals = match start {
        Start::Whole => order(rule, &|_| false, statistics).0,
        Start::Premise(at) if matches!(rule.body[at], Literal::Positive(_)) => {
            order_after(rule, at, statistics)
        }
        Start::Premise(_) | Start::Head => order_from(rule, &bound, statistics),
    };
    let mut compiler = Compiler { rule, bound, own, heaps, statistics };
    let mut steps = Vec::new();
    let mut decided = compiler.decides().then_some(0);
    for literal in literals {
        steps.push(compiler.step(literal));
        if decided.is_none() && compiler.decides() {
            decided = Some(steps.len());
        }
    }
    let conclusion = rule.head.terms.iter().map(source).collect();
    let decided = decided.unwrap_or(steps.len());
    let searches = |step: &Step| matches!(step, Step::Match(look_up) if !look_up.binds.is_empty());
    let long = steps.iter().skip(decided).any(searches);
    let variables = rule.variables.len();
    let premises = facts(rule).count();
    Plan { start: start_row, steps, head: rule.head.relation, conclusion, decided, long, variables, premises }
}

/// Place of an atom among the premises that are facts; out of range for others.
fn place(rule: &Rule, atom: &Atom) -> usize {
    facts(rule).position(|fact| std::ptr::eq(fact, atom)).unwrap_or(usize::MAX)
}

/// The premises that are facts.
pub(super) fn facts(rule: &Rule) -> impl Iterator<Item = &Atom> {
    rule.body.iter().filter_map(|literal| match literal {
        Literal::Positive(atom) if !atom.terms.is_empty() => Some(atom),
        _ => None,
    })
}

fn source(term: &Term) -> Source {
    match term {
        Term::Variable(variable) => Source::Variable(*variable),
        Term::Constant(value) => Source::Constant(*value),
        // Heads have none.
        Term::Anything => Source::Constant(0),
    }
}

fn given(rule: &Rule, atom: &Atom, bound: &mut Vec<usize>) -> Given {
    let (constants, same, binds, premise) = (Vec::new(), Vec::new(), Vec::new(), place(rule, atom));
    let mut given = Given { constants, same, binds, premise };
    for (column, term) in atom.terms.iter().enumerate() {
        match term {
            Term::Constant(value) => given.constants.push((column, *value)),
            Term::Variable(v) => match given.binds.iter().find(|(_, b)| b == v) {
                Some((first, _)) => given.same.push((*first, column)),
                None => given.binds.push((column, *v)),
            },
            Term::Anything => {}
        }
    }
    bound.extend(given.binds.iter().map(|(_, v)| *v));
    given
}

struct Compiler<'c> {
    rule: &'c Rule,
    bound: Vec<usize>,
    own: &'c dyn Fn(RelationId) -> bool,
    heaps: &'c mut [Heap],
    statistics: &'c Statistics,
}

impl Compiler<'_> {
    /// The conclusion is known.
    fn decides(&self) -> bool {
        variables(&self.rule.head).all(|v| self.bound.contains(&v))
    }

    fn step(&mut self, literal: &Literal) -> Step {
        match literal {
            Literal::Positive(atom) => Step::Match(self.look_up(atom)),
            Literal::Negative(atom) => Step::Absent(self.look_up(atom)),
            Literal::Compare(left, comparison, right) => {
                Step::Compare(left.clone(), *comparison, right.clone())
            }
            Literal::Assign(variable, value) => {
                let known = self.bound.contains(variable);
                self.bound.push(*variable);
                Step::Assign(*variable, value.clone(), known)
            }
        }
    }

    fn look_up(&mut self, atom: &Atom) -> Match {
        let (mut known, mut binds, mut same) = (Vec::new(), Vec::new(), Vec::new());
        for (column, term) in atom.terms.iter().enumerate() {
            match term {
                Term::Variable(v) if !self.bound.contains(v) => {
                    match binds.iter().find(|(_, bound)| bound == v) {
                        Some((first, _)) => same.push((*first, column)),
                        None => binds.push((column, *v)),
                    }
                }
                Term::Anything => {}
                Term::Variable(_) | Term::Constant(_) => known.push((column, source(term))),
            }
        }
        self.bound.extend(binds.iter().map(|(_, v)| *v));
        let (access, in_key) = self.access(atom, &known);
        let (key, checks): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|(column, _)| in_key.contains(column));
        let key = key.into_iter().map(|(_, source)| source).collect();
        let premise = place(self.rule, atom);
        let own = (self.own)(atom.relation);
        Match { relation: atom.relation, access, key, checks, same, binds, own, premise }
    }

    /// How the rows are found, and by which columns.
    fn access(&mut self, atom: &Atom, known: &[(usize, Source)]) -> (Access, Vec<usize>) {
        let columns: Vec<usize> = known.iter().map(|(column, _)| *column).collect();
        let Some(heap) = self.heaps.get_mut(atom.relation.0) else { return (Access::Scan, Vec::new()) };
        if columns.is_empty() && !atom.terms.is_empty() {
            return (Access::Scan, columns);
        }
        let telling = self.statistics.selective(atom.relation, &columns);
        // The fewest columns that are nearly as good: then rules share indexes.
        let alike = |columns: &[usize]| self.statistics.alike(atom.relation, columns);
        let good = (alike(&telling) + 1.0) * NEARLY;
        let single = telling.iter().filter(|column| alike(&[**column]) <= good);
        if let Some(column) = single.min_by(|a, b| alike(&[**a]).total_cmp(&alike(&[**b]))) {
            return (Access::Index(heap.index(&[*column])), vec![*column]);
        }
        if columns.len() == atom.terms.len() {
            heap.enter_later();
            return (Access::Row, columns);
        }
        let there = heap.indexes().filter(|index| index.iter().all(|column| telling.contains(column)));
        let near = there.filter(|index| alike(index) <= good).max_by_key(|index| index.len());
        let columns = near.map_or(telling.clone(), <[usize]>::to_vec);
        (Access::Index(heap.index(&columns)), columns)
    }
}

/// Relations that the rule reads, with the place of the premise; true for those that must be absent.
pub(super) fn premises(rule: &Rule) -> impl Iterator<Item = (usize, RelationId, bool)> {
    rule.body.iter().enumerate().filter_map(|(at, literal)| match literal {
        Literal::Positive(atom) => Some((at, atom.relation, false)),
        Literal::Negative(atom) => Some((at, atom.relation, true)),
        Literal::Compare(..) | Literal::Assign(..) => None,
    })
}
