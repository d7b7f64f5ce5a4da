//! In which order the premises of a rule are joined, and which variables stay alive between them.
//!
//! The order is chosen in `order`. What is looked up in an index is described here as a [`Lookup`], so that rules that
//! ask for the same share it: rows that pass the premise's constants, by at most two columns.

use crate::order::{Statistics, order, reads, variables};
use crate::program::{Atom, Expr, Literal, Program, RelationId, Rule, Term};
use crate::source::Span;
use crate::syntax::Comparison;
use crate::value::WIDTH;

/// A rule that the engine's rows are too narrow for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// More than 8 variables would have to be kept between two premises.
    #[error("this rule needs {found} variables at once between two premises, the limit is 8")]
    TooWide {
        /// How many.
        found: usize,
        /// The rule.
        span: Span,
    },
}

impl PlanError {
    pub(crate) fn span(&self) -> Span {
        let Self::TooWide { span, .. } = self;
        *span
    }

    pub(crate) fn hint(&self) -> Option<String> {
        Some("conclude an intermediate relation from some of the premises".to_owned())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RulePlan {
    pub(crate) steps: Vec<Step>,
    pub(crate) head: RelationId,
    pub(crate) emit: Vec<Field>,
    /// Reads a relation of its own stratum.
    pub(crate) recursive: bool,
    /// Cannot conclude a fact twice if no premise is there twice.
    pub(crate) once: bool,
}

/// Binding rows hold one live variable per field ("left"), relation rows one column per field ("right").
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// The first premise.
    Scan {
        relation: RelationId,
        checks: Vec<Check>,
        emit: Vec<Field>,
    },
    /// The first two premises: "left" are columns of the first. Rules with the same premises share the indexes.
    Pair {
        left: Lookup,
        right: Lookup,
        same: Vec<(usize, usize)>,
        emit: Vec<Field>,
    },
    Join {
        key: Vec<usize>,
        right: Lookup,
        same: Vec<(usize, usize)>,
        emit: Vec<Field>,
    },
    Absent {
        key: Vec<usize>,
        right: Lookup,
        same: Vec<(usize, usize)>,
        emit: Vec<Field>,
    },
    Compare {
        left: Expr,
        comparison: Comparison,
        right: Expr,
        emit: Vec<Field>,
    },
    Assign {
        value: Expr,
        emit: Vec<Field>,
    },
}

/// An index of the rows that pass the checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lookup {
    pub(crate) relation: RelationId,
    pub(crate) checks: Vec<Check>,
    /// Of the rows that are stored; at most [`KEY`].
    pub(crate) key: Vec<usize>,
    /// Stored are these columns, each combination once; whole rows if `None`.
    pub(crate) only: Option<Vec<usize>>,
}

/// Most columns of an index's key; further equal columns are compared after the look-up.
pub(crate) const KEY: usize = 2;

/// On a relation row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    Constant(usize, u32),
    Same(usize, usize),
}

/// Where a field of a new row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Left(usize),
    Right(usize),
    Constant(u32),
    Computed,
}

pub(crate) fn plan(program: &Program) -> Result<Vec<RulePlan>, Vec<PlanError>> {
    plan_with(program, Statistics::default())
}

/// Layer by layer, so that estimates of lower relations serve the higher ones.
pub(crate) fn plan_with(program: &Program, statistics: Statistics) -> Result<Vec<RulePlan>, Vec<PlanError>> {
    let mut statistics = statistics;
    let mut plans: Vec<Option<RulePlan>> = vec![None; program.rules.len()];
    let mut errors = Vec::new();
    for stratum in &program.strata {
        let mut estimates = Vec::new();
        for index in &stratum.rules {
            let Some(rule) = program.rules.get(*index) else { continue };
            let recursive = |id| stratum.recursive && stratum.relations.contains(&id);
            let (order, estimate) = order(rule, &recursive, &statistics);
            estimates.push((rule, estimate));
            match plan_rule(rule, &order) {
                Ok(mut plan) => {
                    plan.recursive = positive(rule).any(|atom| recursive(atom.relation));
                    if let Some(slot) = plans.get_mut(*index) {
                        *slot = Some(plan);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if !stratum.recursive {
            estimates.into_iter().for_each(|(rule, estimate)| statistics.add(rule, &estimate));
        }
    }
    if errors.is_empty() { Ok(plans.into_iter().flatten().collect()) } else { Err(errors) }
}

fn positive(rule: &Rule) -> impl Iterator<Item = &Atom> {
    rule.body.iter().filter_map(|l| if let Literal::Positive(atom) = l { Some(atom) } else { None })
}

/// Live variables in binding rows: position in `live` = field.
struct Planner<'r> {
    rule: &'r Rule,
    live: Vec<usize>,
    widest: usize,
}

fn plan_rule(rule: &Rule, order: &[&Literal]) -> Result<RulePlan, PlanError> {
    let mut planner = Planner { rule, live: Vec::new(), widest: 0 };
    let mut steps = Vec::new();
    let mut rest = order;
    if let [Literal::Positive(first), Literal::Positive(second), after @ ..] = order {
        steps.push(planner.pair(first, second, &later(rule, after)));
        rest = after;
    }
    while let [literal, after @ ..] = rest {
        steps.push(planner.step(literal, steps.is_empty(), &later(rule, after)));
        rest = after;
    }
    if planner.widest > WIDTH {
        return Err(PlanError::TooWide { found: planner.widest, span: rule.span });
    }
    let emit = rule.head.terms.iter().map(|t| planner.field(t)).collect();
    let in_head = |v: usize| variables(&rule.head).any(|h| h == v);
    let once = (0..rule.variables.len()).all(in_head)
        && positive(rule).all(|atom| !atom.terms.contains(&Term::Anything));
    Ok(RulePlan { steps, head: rule.head.relation, emit, recursive: false, once })
}

/// Variables that premises yet to come, or the head, read.
fn later(rule: &Rule, after: &[&Literal]) -> Vec<usize> {
    after.iter().flat_map(|l| reads(l)).chain(variables(&rule.head)).collect()
}

impl Planner<'_> {
    fn slot(&self, variable: usize) -> usize {
        self.live.iter().position(|v| *v == variable).unwrap_or_default()
    }

    fn field(&self, term: &Term) -> Field {
        match term {
            Term::Variable(v) => Field::Left(self.slot(*v)),
            Term::Constant(value) => Field::Constant(*value),
            Term::Anything => Field::Constant(0),
        }
    }

    /// The fields that stay alive, and the new layout.
    fn keep(&mut self, later: &[usize], fresh: impl Fn(usize) -> Option<Field>) -> Vec<Field> {
        let mut layout = Vec::new();
        let mut emit = Vec::new();
        for variable in 0..self.rule.variables.len() {
            let old = self.live.iter().position(|v| *v == variable).map(Field::Left);
            let Some(field) = old.or_else(|| fresh(variable)).filter(|_| later.contains(&variable)) else {
                continue;
            };
            layout.push(variable);
            emit.push(field);
        }
        self.widest = self.widest.max(layout.len());
        self.live = layout;
        emit
    }

    fn expr(&self, expr: &Expr) -> Expr {
        match expr {
            Expr::Variable(v) => Expr::Variable(self.slot(*v)),
            Expr::Constant(value) => Expr::Constant(*value),
            Expr::Binary(left, operation, right) => {
                Expr::Binary(Box::new(self.expr(left)), *operation, Box::new(self.expr(right)))
            }
        }
    }

    fn step(&mut self, literal: &Literal, first: bool, later: &[usize]) -> Step {
        match literal {
            Literal::Positive(atom) => self.atom(atom, first, later),
            Literal::Negative(atom) => self.absent(atom, later),
            Literal::Compare(left, comparison, right) => {
                let (left, right) = (self.expr(left), self.expr(right));
                Step::Compare { left, comparison: *comparison, right, emit: self.keep(later, |_| None) }
            }
            Literal::Assign(variable, value) => {
                let value = self.expr(value);
                let fresh = |v| (v == *variable).then_some(Field::Computed);
                Step::Assign { value, emit: self.keep(later, fresh) }
            }
        }
    }

    fn atom(&mut self, atom: &Atom, first: bool, later: &[usize]) -> Step {
        let equal = self.equal(atom);
        let emit = self.keep(later, |v| column(atom, v).map(Field::Right));
        let (relation, checks) = (atom.relation, checks(atom));
        if first {
            return Step::Scan { relation, checks, emit };
        }
        let (keyed, same) = equal.split_at(equal.len().min(KEY));
        let (key, columns) = keyed.iter().copied().unzip();
        let right = Lookup { relation, checks, key: columns, only: None };
        Step::Join { key, right, same: same.to_vec(), emit }
    }

    /// Live variables that stand in the atom: slot and column.
    fn equal(&self, atom: &Atom) -> Vec<(usize, usize)> {
        let slots = self.live.iter().enumerate();
        let mut equal: Vec<(usize, usize)> =
            slots.filter_map(|(slot, v)| Some((slot, column(atom, *v)?))).collect();
        equal.sort_by_key(|(_, column)| *column);
        equal
    }

    fn pair(&mut self, first: &Atom, second: &Atom, later: &[usize]) -> Step {
        let mut equal: Vec<(usize, usize)> = Vec::new();
        for variable in 0..self.rule.variables.len() {
            equal.extend(column(first, variable).zip(column(second, variable)));
        }
        equal.sort_by_key(|(_, column)| *column);
        let emit = self.keep(later, |v| {
            column(first, v).map(Field::Left).or_else(|| column(second, v).map(Field::Right))
        });
        let (keyed, same) = equal.split_at(equal.len().min(KEY));
        let (left, right) = keyed.iter().copied().unzip();
        let lookup =
            |atom: &Atom, key| Lookup { relation: atom.relation, checks: checks(atom), key, only: None };
        Step::Pair { left: lookup(first, left), right: lookup(second, right), same: same.to_vec(), emit }
    }

    fn absent(&mut self, atom: &Atom, later: &[usize]) -> Step {
        // Each variable once: a second place is among the checks.
        let (slots, only): (Vec<usize>, Vec<usize>) = self.equal(atom).into_iter().unzip();
        let places: Vec<(usize, usize)> = slots.into_iter().zip(0..).collect();
        let (keyed, same) = places.split_at(places.len().min(KEY));
        let (key, columns) = keyed.iter().copied().unzip();
        let right = Lookup { relation: atom.relation, checks: checks(atom), key: columns, only: Some(only) };
        Step::Absent { key, right, same: same.to_vec(), emit: self.keep(later, |_| None) }
    }
}

/// The first column that holds a variable.
fn column(atom: &Atom, variable: usize) -> Option<usize> {
    atom.terms.iter().position(|t| *t == Term::Variable(variable))
}

/// Constants, and variables that stand twice.
pub(crate) fn checks(atom: &Atom) -> Vec<Check> {
    let mut out = Vec::new();
    for (column, term) in atom.terms.iter().enumerate() {
        match term {
            Term::Constant(value) => out.push(Check::Constant(column, *value)),
            Term::Variable(_) => {
                let first = atom.terms.iter().position(|t| t == term).unwrap_or(column);
                if first < column {
                    out.push(Check::Same(first, column));
                }
            }
            Term::Anything => {}
        }
    }
    out
}
