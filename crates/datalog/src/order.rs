//! In which order the premises of a rule are joined.
//!
//! What only filters, atoms without new variables among it, comes as soon as its variables are bound. For the atoms, every beginning is tried and continued
//! with the atom that gives the fewest expected rows; the cheapest whole wins. Expectations come from row and distinct
//! counts. A recursive rule begins with its first recursive atom, so that the static part of a body is never joined
//! with itself in full.

use crate::program::{Atom, Literal, RelationId, Rule, Term};
use crate::value::WIDTH;

/// Rows of a relation of which nothing is known.
const UNKNOWN_ROWS: f64 = 10_000.0;
/// Distinct values of its columns.
const UNKNOWN_DISTINCT: f64 = 100.0;
/// A premise without a shared variable multiplies: only when nothing else is left.
const PRODUCT: f64 = 1e12;

/// Row counts, and distinct values by column, of each relation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) relations: Vec<Option<(f64, [f64; WIDTH])>>,
}

/// Expected rows of a rule's result, and distinct values by variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Estimate {
    rows: f64,
    distinct: Vec<Option<f64>>,
    cost: f64,
}

impl Statistics {
    fn of(&self, relation: RelationId) -> (f64, [f64; WIDTH]) {
        let known = self.relations.get(relation.0).copied().flatten();
        known.unwrap_or((UNKNOWN_ROWS, [UNKNOWN_DISTINCT; WIDTH]))
    }

    /// A rule concludes so many rows of its head.
    pub(crate) fn add(&mut self, rule: &Rule, estimate: &Estimate) {
        let at = rule.head.relation.0;
        if self.relations.len() <= at {
            self.relations.resize(at + 1, None);
        }
        let Some(slot) = self.relations.get_mut(at) else { return };
        let (rows, distinct) = slot.get_or_insert((0.0, [0.0; WIDTH]));
        *rows += estimate.rows;
        for (slot, term) in distinct.iter_mut().zip(&rule.head.terms) {
            *slot += match term {
                Term::Variable(v) => estimate.distinct.get(*v).copied().flatten().unwrap_or(estimate.rows),
                _ => 1.0,
            };
        }
    }
}

impl Statistics {
    /// Those of the columns whose values tell rows apart; all if none does.
    pub(crate) fn selective(&self, relation: RelationId, columns: &[usize]) -> Vec<usize> {
        let (_, distinct) = self.of(relation);
        let telling = |column: &&usize| distinct.get(**column).is_none_or(|values| *values > 1.0);
        let selective: Vec<usize> = columns.iter().filter(telling).copied().collect();
        if selective.is_empty() { columns.to_vec() } else { selective }
    }

    /// Rows expected to agree in these columns.
    pub(crate) fn alike(&self, relation: RelationId, columns: &[usize]) -> f64 {
        let (rows, distinct) = self.of(relation);
        let values = columns.iter().filter_map(|column| distinct.get(*column));
        values.fold(rows, |rows, values| rows / values.max(1.0))
    }
}

impl Estimate {
    fn begin(rule: &Rule, bound: &[usize]) -> Self {
        let known = |v| bound.contains(&v).then_some(1.0);
        Self { rows: 1.0, distinct: (0..rule.variables.len()).map(known).collect(), cost: 0.0 }
    }

    fn is_bound(&self, variable: usize) -> bool {
        self.distinct.get(variable).copied().flatten().is_some()
    }

    fn shares(&self, atom: &Atom) -> bool {
        variables(atom).any(|v| self.is_bound(v))
    }

    /// After a join with the atom.
    fn join(&self, atom: &Atom, statistics: &Statistics) -> Self {
        let (mut matches, distinct) = statistics.of(atom.relation);
        for (term, values) in atom.terms.iter().zip(distinct) {
            let fixed = match term {
                Term::Variable(v) => self.is_bound(*v),
                Term::Constant(_) => true,
                Term::Anything => false,
            };
            if fixed {
                matches /= values.max(1.0);
            }
        }
        let rows = self.rows * matches;
        let mut next = Self { rows, distinct: self.distinct.clone(), cost: self.cost + self.rows + rows };
        for (term, values) in atom.terms.iter().zip(distinct) {
            if let Term::Variable(v) = term
                && let Some(slot) = next.distinct.get_mut(*v)
            {
                *slot = Some(slot.unwrap_or(values).min(values).min(rows.max(1.0)));
            }
        }
        next
    }
}

/// Variables that a premise reads.
pub(crate) fn reads(literal: &Literal) -> Vec<usize> {
    let mut out = Vec::new();
    match literal {
        Literal::Positive(atom) | Literal::Negative(atom) => out.extend(variables(atom)),
        Literal::Compare(left, _, right) => {
            left.variables(&mut out);
            right.variables(&mut out);
        }
        Literal::Assign(_, value) => value.variables(&mut out),
    }
    out
}

pub(crate) fn variables(atom: &Atom) -> impl Iterator<Item = usize> {
    atom.terms.iter().filter_map(|t| if let Term::Variable(v) = t { Some(*v) } else { None })
}

/// The premises in order, and what is expected of the whole.
pub(crate) fn order<'r>(
    rule: &'r Rule,
    recursive: &dyn Fn(RelationId) -> bool,
    statistics: &Statistics,
) -> (Vec<&'r Literal>, Estimate) {
    let atoms = rule.body.iter().enumerate().filter_map(|(at, literal)| match literal {
        Literal::Positive(atom) => Some((at, recursive(atom.relation))),
        _ => None,
    });
    let atoms: Vec<(usize, bool)> = atoms.collect();
    let first = atoms.iter().find(|(_, recursive)| *recursive);
    let begins: Vec<usize> = first.map_or_else(|| atoms.iter().map(|a| a.0).collect(), |a| vec![a.0]);
    let tried = begins.into_iter().map(|begin| complete(rule, Some(begin), &[], statistics));
    let best = tried.min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost));
    best.unwrap_or_else(|| (rule.body.iter().collect(), Estimate::begin(rule, &[])))
}

/// The premises in order, when the `bound` variables have one value each.
pub(crate) fn order_from<'r>(rule: &'r Rule, bound: &[usize], statistics: &Statistics) -> Vec<&'r Literal> {
    if bound.is_empty() {
        return order(rule, &|_| false, statistics).0;
    }
    complete(rule, None, bound, statistics).0
}

/// The premises after the given one, in order.
pub(crate) fn order_after<'r>(rule: &'r Rule, first: usize, statistics: &Statistics) -> Vec<&'r Literal> {
    complete(rule, Some(first), &[], statistics).0.into_iter().skip(1).collect()
}

fn complete<'r>(
    rule: &'r Rule,
    begin: Option<usize>,
    bound: &[usize],
    statistics: &Statistics,
) -> (Vec<&'r Literal>, Estimate) {
    let mut rest: Vec<&Literal> = rule.body.iter().collect();
    let mut estimate = Estimate::begin(rule, bound);
    let mut out = Vec::new();
    let mut next = begin;
    while !rest.is_empty() {
        let at = next.take().unwrap_or_else(|| choose(&rest, &estimate, statistics));
        let literal = rest.remove(at);
        match literal {
            Literal::Positive(atom) => {
                let apart = !out.is_empty() && !estimate.shares(atom) && variables(atom).next().is_some();
                estimate = estimate.join(atom, statistics);
                estimate.cost += if apart { PRODUCT } else { 0.0 };
            }
            Literal::Assign(variable, _) => {
                if let Some(slot) = estimate.distinct.get_mut(*variable) {
                    *slot = Some(estimate.rows);
                }
            }
            Literal::Negative(_) | Literal::Compare(..) => {}
        }
        out.push(literal);
    }
    (out, estimate)
}

fn choose(rest: &[&Literal], estimate: &Estimate, statistics: &Statistics) -> usize {
    let ready = |literal: &&Literal| {
        !matches!(literal, Literal::Positive(_)) && reads(literal).iter().all(|v| estimate.is_bound(*v))
    };
    // What binds nothing new only takes away.
    let filters = |literal: &&Literal| {
        matches!(literal, Literal::Positive(atom) if !atom.terms.contains(&Term::Anything))
            && reads(literal).iter().all(|v| estimate.is_bound(*v))
    };
    if let Some(at) = rest.iter().position(ready).or_else(|| rest.iter().position(filters)) {
        return at;
    }
    let atoms = rest.iter().enumerate().filter_map(|(at, literal)| {
        let Literal::Positive(atom) = literal else { return None };
        let apart = !estimate.shares(atom) && variables(atom).next().is_some();
        Some((at, estimate.join(atom, statistics).rows * if apart { PRODUCT } else { 1.0 }))
    });
    atoms.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}
