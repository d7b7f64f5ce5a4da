//! Why does this fact *not* hold? What is the least that is missing?
//!
//! Rules are tried backwards. In each body the premises that some fact satisfies are taken as they are; one that no
//! fact satisfies is missing, and if rules conclude it, the least that is missing for it takes its place. The answer
//! with the fewest missing premises wins. The search is bounded in depth and steps, so it can overlook a shorter
//! answer; what it reports is missing on a real way to the fact.

use std::collections::BTreeSet;

use crate::explain::value;
use crate::matching::{Bindings, count_candidates, first_candidates, unify};
use crate::pattern::{Encoded, FactError, Pattern};
use crate::program::{Atom, Expr, Literal, RelationId, Rule, Term};
use crate::session::Session;
use crate::value::Row;

/// Longest chain of rules that is followed.
const MAX_DEPTH: usize = 8;
/// Facts tried for one premise.
const MAX_CANDIDATES: usize = 24;
/// Fitting facts that are counted; a premise that more fit is as loose as any.
const MANY: usize = 256;

/// Something that would have to be otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// No such fact: a pattern with `_` for what is left open.
    Fact(String),
    /// A fact that stands in the way.
    InTheWay(String),
    /// A comparison that does not hold.
    Comparison(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fact(fact) => write!(f, "{fact}"),
            Self::InTheWay(fact) => write!(f, "not {fact}"),
            Self::Comparison(text) => write!(f, "{text}"),
        }
    }
}

impl Session {
    /// The nearest missing premises of a pattern, at most `steps` search steps. Empty if it holds; the pattern itself
    /// if nothing nearer was found.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn missing(&self, pattern: &Pattern, steps: u64) -> Result<Vec<Missing>, FactError> {
        self.missing_given(pattern, steps, &[])
    }

    /// The same, with relations that are as they are: what lacks a fact of theirs is no answer.
    ///
    /// # Errors
    /// If the pattern's relation is not declared, or has other columns.
    pub fn missing_given(
        &self,
        pattern: &Pattern,
        steps: u64,
        given: &[&str],
    ) -> Result<Vec<Missing>, FactError> {
        let itself = || vec![Missing::Fact(pattern_text(pattern))];
        let Some(encoded) = self.program.encode_pattern(&self.program.symbols, pattern)? else {
            return Ok(itself());
        };
        // Short chains first: of two answers with as many premises the one with the shorter way is the nearer one.
        let mut best: Option<Vec<Gap>> = None;
        for depth in 1..=MAX_DEPTH {
            let steps = steps.div_ceil(MAX_DEPTH as u64);
            let mut search = Search { session: self, given, steps, depth, open: BTreeSet::new() };
            let limit = best.as_ref().map_or(usize::MAX, Vec::len);
            best = search.need(&encoded, limit, 0).or(best);
            if best.as_ref().is_some_and(|missing| missing.len() <= 1) {
                break;
            }
        }
        Ok(best.map_or_else(itself, |gaps| gaps.iter().map(|gap| self.missing_of(gap)).collect()))
    }

    fn missing_of(&self, gap: &Gap) -> Missing {
        match gap {
            Gap::Fact(wanted) => {
                let relation = self.program.relation(wanted.relation);
                let arg = |(v, (_, kind)): (&Option<u32>, &(String, crate::ColumnType))| {
                    v.map_or("_".to_owned(), |bits| value(self, *kind, bits).to_string())
                };
                let args: Vec<String> = wanted.values.iter().zip(&relation.columns).map(arg).collect();
                Missing::Fact(format!("{}({})", relation.name, args.join(", ")))
            }
            Gap::InTheWay(relation, row) => {
                let fact = self.program.decode(&self.program.symbols, *relation, row);
                Missing::InTheWay(fact.to_string())
            }
            Gap::Comparison(name) => Missing::Comparison((*name).to_owned()),
        }
    }
}

/// Something missing, as the search meets it: most are dropped again, and never put into words.
#[derive(Clone)]
enum Gap {
    Fact(Encoded),
    InTheWay(RelationId, Row),
    Comparison(&'static str),
}

fn pattern_text(pattern: &Pattern) -> String {
    let args: Vec<&str> = pattern.args.iter().map(|a| a.as_deref().unwrap_or("_")).collect();
    format!("{}({})", pattern.relation, args.join(", "))
}

struct Search<'s> {
    session: &'s Session,
    given: &'s [&'s str],
    steps: u64,
    depth: usize,
    open: BTreeSet<Encoded>,
}

/// A rule body being satisfied: what is left, what is known, what was found missing.
#[derive(Clone)]
struct Partial<'r> {
    rest: Vec<&'r Literal>,
    bindings: Bindings,
    missing: Vec<Gap>,
    /// A premise put off until the others have bound its variables: facts of it exist, but perhaps not the one that the
    /// others ask for.
    deferred: Option<&'r Atom>,
}

impl Search<'_> {
    /// The least that is missing, fewer than `limit`; `None` if there is no such answer.
    fn need(&mut self, wanted: &Encoded, limit: usize, depth: usize) -> Option<Vec<Gap>> {
        let (columns, values) = wanted.given();
        if self
            .session
            .database
            .table(wanted.relation)
            .is_some_and(|table| table.count(&columns, &values, 1) > 0)
        {
            return Some(Vec::new());
        }
        let relation = self.session.program.relation(wanted.relation);
        if limit <= 1 {
            return None;
        }
        if !relation.derived || relation.internal {
            let given = self.given.contains(&relation.name.as_str());
            return (!given).then(|| vec![Gap::Fact(wanted.clone())]);
        }
        if depth == self.depth || !self.open.insert(wanted.clone()) {
            return None;
        }
        let mut best: Option<Vec<Gap>> = None;
        let rules: Vec<usize> = self.session.concluding(wanted.relation).collect();
        for rule in rules.iter().filter_map(|r| self.session.program.rules.get(*r)) {
            let Some(bindings) = bind_head(rule, wanted) else { continue };
            let partial =
                Partial { rest: rule.body.iter().collect(), bindings, missing: Vec::new(), deferred: None };
            self.body(partial, limit, depth, &mut best);
        }
        self.open.remove(wanted);
        best
    }

    fn body<'r>(
        &mut self,
        mut partial: Partial<'r>,
        limit: usize,
        depth: usize,
        best: &mut Option<Vec<Gap>>,
    ) {
        let bound = |best: &Option<Vec<Gap>>| best.as_ref().map_or(limit, Vec::len);
        if self.steps == 0 || partial.missing.len() >= bound(best) {
            return;
        }
        self.steps -= 1;
        self.filters(&mut partial);
        let Some((at, count)) = self.tightest(&partial) else {
            if let Some(atom) = partial.deferred.take() {
                let left = bound(best) - partial.missing.len();
                if let Some(more) = self.need(&encoded(atom, &partial.bindings), left, depth + 1) {
                    partial.missing.extend(more);
                    self.body(partial, limit, depth, best);
                }
                return;
            }
            if partial.missing.len() < bound(best) {
                *best = Some(partial.missing);
            }
            return;
        };
        let Literal::Positive(atom) = partial.rest.remove(at) else { return };
        if count == 0 {
            let left = bound(best) - partial.missing.len();
            let wanted = encoded(atom, &partial.bindings);
            if let Some(more) = self.need(&wanted, left, depth + 1) {
                partial.missing.extend(more);
                self.body(partial, limit, depth, best);
            }
            return;
        }
        let rows = first_candidates(atom, &self.session.database, &partial.bindings, MAX_CANDIDATES);
        for row in &rows {
            let mut next = partial.clone();
            if unify(atom, row, &mut next.bindings) {
                self.body(next, limit, depth, best);
            }
        }
        let relation = self.session.program.relation(atom.relation);
        if partial.deferred.is_none() && !relation.derived && !self.given.contains(&relation.name.as_str()) {
            partial.deferred = Some(atom);
            self.body(partial, limit, depth, best);
        }
    }

    /// The atom with the fewest fitting facts, and how many they are.
    fn tightest(&self, partial: &Partial<'_>) -> Option<(usize, usize)> {
        let mut best: Option<(bool, usize, usize)> = None;
        for (at, literal) in partial.rest.iter().enumerate() {
            let Literal::Positive(atom) = literal else { continue };
            // What says nothing yet waits until others have bound its variables.
            let free =
                atom.terms.len() > 1 && atom.terms.iter().all(|t| known(t, &partial.bindings).is_none());
            let most = match best {
                Some((false, ..)) if free => continue,
                Some((same, count, _)) if same == free => count,
                _ => MANY,
            };
            let count = count_candidates(atom, &self.session.database, &partial.bindings, most);
            if best.is_none_or(|(other, fewest, _)| (free, count) < (other, fewest)) {
                best = Some((free, count, at));
            }
            if (free, count) == (false, 0) {
                break;
            }
        }
        best.map(|(_, count, at)| (at, count))
    }

    /// Premises other than atoms, as far as their variables are known.
    fn filters(&self, partial: &mut Partial<'_>) {
        let mut rest = Vec::new();
        for literal in std::mem::take(&mut partial.rest) {
            match literal {
                Literal::Positive(_) => rest.push(literal),
                Literal::Negative(atom) => {
                    let open =
                        |t: &Term| matches!(t, Term::Variable(_)) && known(t, &partial.bindings).is_none();
                    if atom.terms.iter().any(open) {
                        rest.push(literal);
                    } else if let Some(row) =
                        first_candidates(atom, &self.session.database, &partial.bindings, 1).first()
                    {
                        partial.missing.push(Gap::InTheWay(atom.relation, *row));
                    }
                }
                Literal::Compare(left, comparison, right) => {
                    match (evaluate(left, &partial.bindings), evaluate(right, &partial.bindings)) {
                        (Some(l), Some(r)) if comparison.holds(l, r) => {}
                        (Some(_), Some(_)) => partial.missing.push(Gap::Comparison(comparison.name())),
                        _ => rest.push(literal),
                    }
                }
                Literal::Assign(variable, expr) => match evaluate(expr, &partial.bindings) {
                    Some(value) => {
                        if let Some(slot) = partial.bindings.get_mut(*variable) {
                            slot.get_or_insert(value);
                        }
                    }
                    None => rest.push(literal),
                },
            }
        }
        partial.rest = rest;
    }
}

pub(crate) fn evaluate(expr: &Expr, bindings: &Bindings) -> Option<u32> {
    let mut needs = Vec::new();
    expr.variables(&mut needs);
    let known = |v: usize| bindings.get(v).copied().flatten();
    if needs.iter().any(|v| known(*v).is_none()) {
        return None;
    }
    expr.evaluate(&|v| known(v).unwrap_or_default())
}

fn known(term: &Term, bindings: &Bindings) -> Option<u32> {
    match term {
        Term::Variable(v) => bindings.get(*v).copied().flatten(),
        Term::Constant(value) => Some(*value),
        Term::Anything => None,
    }
}

fn encoded(atom: &Atom, bindings: &Bindings) -> Encoded {
    Encoded { relation: atom.relation, values: atom.terms.iter().map(|t| known(t, bindings)).collect() }
}

fn bind_head(rule: &Rule, wanted: &Encoded) -> Option<Bindings> {
    let mut bindings = vec![None; rule.variables.len()];
    for (term, value) in rule.head.terms.iter().zip(&wanted.values) {
        let Some(value) = value else { continue };
        match term {
            Term::Variable(v) => {
                let slot: &mut Option<u32> = bindings.get_mut(*v)?;
                if *slot.get_or_insert(*value) != *value {
                    return None;
                }
            }
            Term::Constant(constant) if constant != value => return None,
            Term::Constant(_) | Term::Anything => {}
        }
    }
    Some(bindings)
}
