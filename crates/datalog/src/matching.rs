//! All ways to satisfy the body of one rule, given values for some of its variables.
//!
//! Backtracking over at most 32 premises: filters first, then the atom with the most bound columns. Used by the
//! reference evaluator and by explanations, never by the engine, so that each checks the other.

use crate::database::Database;
use crate::program::{Atom, Literal, Rule, Term};
use crate::value::Row;

/// Values of a rule's variables.
pub(crate) type Bindings = Vec<Option<u32>>;

/// Where the rows of one premise come from, if not from the database.
pub(crate) struct Delta<'a> {
    /// Index of the premise.
    pub(crate) premise: usize,
    pub(crate) rows: &'a [Row],
}

/// Calls `found` with each complete binding, in a fixed order, until it returns false or so many `steps` are done: rows
/// tried for a premise. Takes them from `steps`.
pub(crate) fn for_each_match(
    rule: &Rule,
    database: &Database,
    delta: Option<&Delta<'_>>,
    steps: &mut u64,
    found: &mut dyn FnMut(&[u32]) -> bool,
) {
    let mut rest: Vec<usize> = (0..rule.body.len()).collect();
    let bindings = vec![None; rule.variables.len()];
    let mut search = Search { rule, database, delta, bindings, steps, found };
    search.go(&mut rest);
}

struct Search<'a, 'f> {
    rule: &'a Rule,
    database: &'a Database,
    delta: Option<&'a Delta<'a>>,
    bindings: Bindings,
    steps: &'f mut u64,
    found: &'f mut dyn FnMut(&[u32]) -> bool,
}

impl Search<'_, '_> {
    /// False to stop everything.
    fn go(&mut self, rest: &mut Vec<usize>) -> bool {
        if rest.is_empty() {
            let values: Option<Vec<u32>> = self.bindings.iter().copied().collect();
            return values.is_none_or(|values| (self.found)(&values));
        }
        let at = self.choose(rest);
        let premise = rest.remove(at);
        let go_on = self.premise(premise, rest);
        rest.insert(at, premise);
        go_on
    }

    fn choose(&self, rest: &[usize]) -> usize {
        let score = |premise: &usize| -> usize {
            if self.delta.is_some_and(|d| d.premise == *premise) {
                return usize::MAX;
            }
            match self.rule.body.get(*premise) {
                Some(Literal::Positive(atom)) => {
                    let bound = atom.terms.iter().filter(|t| self.value(t).is_some()).count();
                    let open = atom.terms.len() - bound;
                    1 + bound * 64 + 32 - open.min(31)
                }
                Some(filter) if self.ready(filter) => usize::MAX - 1,
                _ => 0,
            }
        };
        let best = rest.iter().enumerate().max_by_key(|(at, premise)| (score(premise), usize::MAX - at));
        best.map_or(0, |(at, _)| at)
    }

    fn ready(&self, literal: &Literal) -> bool {
        let mut needs = Vec::new();
        match literal {
            Literal::Positive(_) => return false,
            Literal::Negative(atom) => {
                needs.extend(
                    atom.terms.iter().filter_map(|t| if let Term::Variable(v) = t { Some(*v) } else { None }),
                );
            }
            Literal::Compare(left, _, right) => {
                left.variables(&mut needs);
                right.variables(&mut needs);
            }
            Literal::Assign(_, value) => value.variables(&mut needs),
        }
        needs.iter().all(|v| self.bindings.get(*v).copied().flatten().is_some())
    }

    fn value(&self, term: &Term) -> Option<u32> {
        match term {
            Term::Variable(v) => self.bindings.get(*v).copied().flatten(),
            Term::Constant(value) => Some(*value),
            Term::Anything => None,
        }
    }

    fn premise(&mut self, premise: usize, rest: &mut Vec<usize>) -> bool {
        let rule = self.rule;
        let value = |bindings: &Bindings, v: usize| bindings.get(v).copied().flatten().unwrap_or_default();
        match rule.body.get(premise) {
            Some(Literal::Positive(atom)) => self.atom(atom, premise, rest),
            Some(Literal::Negative(atom)) => {
                !candidates(atom, self.database, &self.bindings).is_empty() || self.go(rest)
            }
            Some(Literal::Compare(left, comparison, right)) => {
                let left = left.evaluate(&|v| value(&self.bindings, v));
                let right = right.evaluate(&|v| value(&self.bindings, v));
                let holds = left.zip(right).is_some_and(|(l, r)| comparison.holds(l, r));
                !holds || self.go(rest)
            }
            Some(Literal::Assign(variable, expr)) => {
                let Some(computed) = expr.evaluate(&|v| value(&self.bindings, v)) else { return true };
                let before = self.bindings.clone();
                let fits = value_fits(&mut self.bindings, *variable, computed);
                let go_on = !fits || self.go(rest);
                self.bindings = before;
                go_on
            }
            None => true,
        }
    }

    fn atom(&mut self, atom: &Atom, premise: usize, rest: &mut Vec<usize>) -> bool {
        let found;
        let rows: &[Row] = match self.delta {
            Some(delta) if delta.premise == premise => delta.rows,
            _ => {
                found = candidates(atom, self.database, &self.bindings);
                &found
            }
        };
        for row in rows {
            let Some(left) = self.steps.checked_sub(1) else { return false };
            *self.steps = left;
            let before = self.bindings.clone();
            let go_on = !unify(atom, row, &mut self.bindings) || self.go(rest);
            self.bindings = before;
            if !go_on {
                return false;
            }
        }
        true
    }
}

fn value_fits(bindings: &mut Bindings, variable: usize, value: u32) -> bool {
    match bindings.get_mut(variable) {
        Some(slot) => *slot.get_or_insert(value) == value,
        None => false,
    }
}

/// Binds the atom's variables to the row; false if it does not fit, with the bindings then in any state.
pub(crate) fn unify(atom: &Atom, row: &Row, bindings: &mut Bindings) -> bool {
    atom.terms.iter().zip(row).all(|(term, value)| match term {
        Term::Variable(v) => value_fits(bindings, *v, *value),
        Term::Constant(constant) => constant == value,
        Term::Anything => true,
    })
}

/// Rows that agree with the atom's constants and bound variables.
pub(crate) fn candidates(atom: &Atom, database: &Database, bindings: &Bindings) -> Vec<Row> {
    first_candidates(atom, database, bindings, usize::MAX)
}

/// The first of them, at most so many.
pub(crate) fn first_candidates(
    atom: &Atom,
    database: &Database,
    bindings: &Bindings,
    most: usize,
) -> Vec<Row> {
    let (columns, values) = given(atom, bindings);
    database.first(atom.relation, &columns, &values, most)
}

/// How many there are, or `most`.
pub(crate) fn count_candidates(atom: &Atom, database: &Database, bindings: &Bindings, most: usize) -> usize {
    let (columns, values) = given(atom, bindings);
    database.table(atom.relation).map_or(0, |table| table.count(&columns, &values, most))
}

/// Columns whose value is known, and the values.
fn given(atom: &Atom, bindings: &Bindings) -> (Vec<usize>, Vec<u32>) {
    let value = |term: &Term| match term {
        Term::Variable(v) => bindings.get(*v).copied().flatten(),
        Term::Constant(value) => Some(*value),
        Term::Anything => None,
    };
    atom.terms.iter().enumerate().filter_map(|(column, term)| Some((column, value(term)?))).unzip()
}

/// The atom's row under complete bindings; `_` becomes 0.
pub(crate) fn ground(atom: &Atom, values: &[u32]) -> Row {
    let mut row = Row::default();
    for (slot, term) in row.iter_mut().zip(&atom.terms) {
        *slot = match term {
            Term::Variable(v) => values.get(*v).copied().unwrap_or_default(),
            Term::Constant(value) => *value,
            Term::Anything => 0,
        };
    }
    row
}
