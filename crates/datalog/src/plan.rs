//! In which order the premises of a rule are joined, and which variables stay alive between them.
//!
//! Greedy: what only filters comes as soon as its variables are bound; of the remaining atoms the one with the fewest
//! expected matches, from row and distinct counts of the base relations. A recursive rule begins with its first
//! recursive atom, so that the static part of a body is never joined with itself in full.

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

/// Row counts, and distinct values by column, of each relation; what is unknown gets one guess for all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) relations: Vec<Option<(f64, [f64; WIDTH])>>,
}

impl Statistics {
    fn matches(&self, relation: RelationId, bound: impl Iterator<Item = usize>) -> f64 {
        let known = self.relations.get(relation.0).copied().flatten();
        let (rows, distinct) = known.unwrap_or((10_000.0, [100.0; WIDTH]));
        bound.fold(rows, |rows, column| rows / distinct.get(column).copied().unwrap_or(1.0).max(1.0))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RulePlan {
    pub(crate) steps: Vec<Step>,
    pub(crate) head: RelationId,
    pub(crate) emit: Vec<Field>,
}

/// Binding rows hold one live variable per field ("left"), relation rows one column per field ("right").
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Scan { relation: RelationId, checks: Vec<Check>, emit: Vec<Field> },
    Join { relation: RelationId, left: Vec<usize>, right: Vec<usize>, checks: Vec<Check>, emit: Vec<Field> },
    Absent { relation: RelationId, left: Vec<Field>, right: Vec<usize>, emit: Vec<Field> },
    Compare { left: Expr, comparison: Comparison, right: Expr, emit: Vec<Field> },
    Assign { value: Expr, emit: Vec<Field> },
}

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
    plan_with(program, &Statistics::default())
}

pub(crate) fn plan_with(program: &Program, statistics: &Statistics) -> Result<Vec<RulePlan>, Vec<PlanError>> {
    let mut plans = Vec::new();
    let mut errors = Vec::new();
    for rule in &program.rules {
        let recursive = |id| {
            program
                .strata
                .iter()
                .any(|s| s.relations.contains(&id) && s.relations.contains(&rule.head.relation))
        };
        match plan_rule(rule, &order(rule, &recursive, statistics)) {
            Ok(plan) => plans.push(plan),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(plans) } else { Err(errors) }
}

/// Variables that a premise reads, and whether it can also bind them.
fn reads(literal: &Literal) -> Vec<usize> {
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

fn variables(atom: &Atom) -> impl Iterator<Item = usize> {
    atom.terms.iter().filter_map(|t| if let Term::Variable(v) = t { Some(*v) } else { None })
}

fn order<'r>(
    rule: &'r Rule,
    recursive: &dyn Fn(RelationId) -> bool,
    statistics: &Statistics,
) -> Vec<&'r Literal> {
    let mut rest: Vec<&Literal> = rule.body.iter().collect();
    let mut bound: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let filter = rest.iter().position(|literal| {
            !out.is_empty()
                && !matches!(literal, Literal::Positive(_))
                && reads(literal).iter().all(|v| bound.contains(v))
        });
        let at = filter.unwrap_or_else(|| next_atom(&rest, &bound, out.is_empty(), recursive, statistics));
        let literal = rest.remove(at);
        if let Literal::Positive(atom) = literal {
            bound.extend(variables(atom));
        } else if let Literal::Assign(variable, _) = literal {
            bound.push(*variable);
        }
        out.push(literal);
    }
    out
}

fn next_atom(
    rest: &[&Literal],
    bound: &[usize],
    first: bool,
    recursive: &dyn Fn(RelationId) -> bool,
    statistics: &Statistics,
) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (at, literal) in rest.iter().enumerate() {
        let Literal::Positive(atom) = literal else { continue };
        if first && recursive(atom.relation) {
            return at;
        }
        let fixed = |term: &Term| match term {
            Term::Variable(v) => bound.contains(v),
            Term::Constant(_) => true,
            Term::Anything => false,
        };
        let columns = atom.terms.iter().enumerate().filter(|(_, t)| fixed(t)).map(|(column, _)| column);
        let mut expected = statistics.matches(atom.relation, columns);
        // A premise without a shared variable multiplies: only when nothing else is left.
        if !first && !variables(atom).any(|v| bound.contains(&v)) && variables(atom).next().is_some() {
            expected *= 1e12;
        }
        if expected < best.0 {
            best = (expected, at);
        }
    }
    best.1
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
    for (at, literal) in order.iter().enumerate() {
        let later: Vec<usize> =
            order.iter().skip(at + 1).flat_map(|l| reads(l)).chain(variables(&rule.head)).collect();
        steps.push(planner.step(literal, at == 0, &later));
    }
    if planner.widest > WIDTH {
        return Err(PlanError::TooWide { found: planner.widest, span: rule.span });
    }
    let emit = rule.head.terms.iter().map(|t| planner.field(t)).collect();
    Ok(RulePlan { steps, head: rule.head.relation, emit })
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
            Literal::Negative(atom) => {
                let bound = atom.terms.iter().enumerate().filter(|(_, t)| **t != Term::Anything);
                let (right, left) = bound.map(|(column, term)| (column, self.field(term))).unzip();
                Step::Absent { relation: atom.relation, left, right, emit: self.keep(later, |_| None) }
            }
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
        let (checks, mut left, mut right) = (checks(atom), Vec::new(), Vec::new());
        for (column, term) in atom.terms.iter().enumerate() {
            if let Term::Variable(v) = term
                && let Some(slot) = self.live.iter().position(|live| live == v)
                && !left.contains(&slot)
            {
                left.push(slot);
                right.push(column);
            }
        }
        let column = |v| atom.terms.iter().position(|t| *t == Term::Variable(v)).map(Field::Right);
        let emit = self.keep(later, column);
        let relation = atom.relation;
        if first {
            Step::Scan { relation, checks, emit }
        } else {
            Step::Join { relation, left, right, checks, emit }
        }
    }
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
