//! Every variable is bound by a premise that holds for finitely many values.

use crate::program::{Expr, Literal, Program, Rule, Term};
use crate::source::Span;
use crate::syntax::Comparison;

/// A rule that would conclude endlessly many facts, or ask about anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SafetyError {
    /// Nothing gives the variable a value.
    #[error("variable `{variable}` is not bound by any premise")]
    Unbound {
        /// Its name.
        variable: String,
        /// A similar one that is.
        similar: Option<String>,
        /// The rule.
        span: Span,
    },
}

impl SafetyError {
    pub(crate) fn span(&self) -> Span {
        let Self::Unbound { span, .. } = self;
        *span
    }

    pub(crate) fn hint(&self) -> Option<String> {
        let Self::Unbound { similar, .. } = self;
        let general = "use it in a premise without `!`, or compute it with `=`";
        Some(similar.clone().unwrap_or_else(|| general.to_owned()))
    }
}

/// Also turns comparisons that give a variable its value into assignments.
pub(crate) fn check(program: &mut Program) -> Result<(), Vec<SafetyError>> {
    let mut errors = Vec::new();
    for rule in &mut program.rules {
        let bound = bind(rule);
        errors.extend(unbound(rule, &bound));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn bind(rule: &mut Rule) -> Vec<usize> {
    let mut bound = Vec::new();
    for literal in &rule.body {
        if let Literal::Positive(atom) = literal {
            bound.extend(variables(&atom.terms));
        }
    }
    // An assignment may feed the next, in any order of writing.
    loop {
        let before = bound.len();
        for literal in &mut rule.body {
            let assigned = match literal {
                Literal::Compare(Expr::Variable(v), Comparison::Equal, value) => {
                    assignment(*v, value, &bound)
                }
                _ => None,
            }
            .or_else(|| match literal {
                Literal::Compare(value, Comparison::Equal, Expr::Variable(v)) => {
                    assignment(*v, value, &bound)
                }
                _ => None,
            });
            if let Some((variable, value)) = assigned {
                *literal = Literal::Assign(variable, value);
                bound.push(variable);
            }
        }
        if bound.len() == before {
            return bound;
        }
    }
}

fn assignment(variable: usize, value: &Expr, bound: &[usize]) -> Option<(usize, Expr)> {
    let mut needed = Vec::new();
    value.variables(&mut needed);
    let ready = !bound.contains(&variable) && needed.iter().all(|v| bound.contains(v));
    ready.then(|| (variable, value.clone()))
}

fn variables(terms: &[Term]) -> impl Iterator<Item = usize> {
    terms.iter().filter_map(|t| if let Term::Variable(v) = t { Some(*v) } else { None })
}

fn unbound(rule: &Rule, bound: &[usize]) -> Vec<SafetyError> {
    let names = bound.iter().filter_map(|v| rule.variables.get(*v)).map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.collect();
    let free = rule.variables.iter().enumerate().filter(|(at, _)| !bound.contains(at));
    free.map(|(_, (name, _))| SafetyError::Unbound {
        variable: name.clone(),
        similar: crate::source::did_you_mean(name, names.iter().copied().filter(|n| n.len() > 2)),
        span: rule.span,
    })
    .collect()
}
