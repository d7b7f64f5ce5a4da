//! Rules that mean something: every name known, every column typed, every variable bound, negation in layers.

use std::collections::HashMap;

use crate::lex::{LexError, lex};
use crate::parse::{ParseError, parse};
use crate::plan::{PlanError, RulePlan, plan};
use crate::resolve::{ResolveError, resolve};
use crate::safety::{SafetyError, check};
use crate::source::{Diagnostic, MAX_SOURCE_BYTES, Source, Span};
use crate::stratify::{StratifyError, Stratum, stratify};
use crate::syntax::{Annotation, Comparison, Function, Operation, Text};
use crate::value::{Row, Symbols};

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnType {
    /// Names.
    Symbol,
    /// Integers, −2³¹ to 2³¹−1.
    Int,
}

impl ColumnType {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Symbol => "symbol",
            Self::Int => "int",
        }
    }
}

/// A declared relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Names and types of its columns.
    pub columns: Vec<(String, ColumnType)>,
    /// Some rule concludes it.
    pub derived: bool,
    /// Made by the engine for an aggregate; not nameable in text.
    pub(crate) internal: bool,
}

/// Index into [`Program::relations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RelationId(pub(crate) usize);

/// Which rule of a program: index into [`Program::rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub usize);

/// A rule with what its author wrote about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// In front of it, in order.
    pub annotations: Vec<Annotation>,
    /// Where it stands.
    pub span: Span,
    /// Name of the text it stands in.
    pub source: String,
    pub(crate) head: Atom,
    pub(crate) body: Vec<Literal>,
    pub(crate) variables: Vec<(String, ColumnType)>,
}

impl Rule {
    /// Name of the relation it concludes.
    pub fn concludes<'a>(&self, program: &'a Program) -> &'a str {
        program.relation(self.head.relation).name.as_str()
    }

    /// Names of the relations it reads, those behind counts included.
    pub fn reads<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = &'a str> {
        let atoms = self.body.iter().filter_map(|literal| match literal {
            Literal::Positive(atom) | Literal::Negative(atom) => Some(atom.relation),
            Literal::Compare(..) | Literal::Assign(..) => None,
        });
        atoms.map(|id| {
            let source = program.aggregates.iter().find(|a| a.relation == id).map(|a| a.source.relation);
            program.relation(source.unwrap_or(id)).name.as_str()
        })
    }

    /// Some of its premises share no variable, directly or through others: their facts are combined each with each.
    pub fn is_cross_product(&self) -> bool {
        let variables = |literal: &Literal| -> Vec<usize> {
            let (Literal::Positive(atom) | Literal::Negative(atom)) = literal else { return Vec::new() };
            let variable = |t: &Term| if let Term::Variable(v) = t { Some(*v) } else { None };
            atom.terms.iter().filter_map(variable).collect()
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for mut group in self.body.iter().map(variables).filter(|v| !v.is_empty()) {
            let (joined, rest): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|other| other.iter().any(|v| group.contains(v)));
            group.extend(joined.into_iter().flatten());
            groups = rest;
            groups.push(group);
        }
        groups.len() > 1
    }

    /// Names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atom {
    pub(crate) relation: RelationId,
    pub(crate) terms: Vec<Term>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Variable(usize),
    Constant(u32),
    Anything,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Positive(Atom),
    Negative(Atom),
    Compare(Expr, Comparison, Expr),
    /// The variable is bound by this premise.
    Assign(usize, Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Variable(usize),
    Constant(u32),
    Binary(Box<Expr>, Operation, Box<Expr>),
}

impl Expr {
    pub(crate) fn variables(&self, out: &mut Vec<usize>) {
        match self {
            Self::Variable(v) => out.push(*v),
            Self::Constant(_) => {}
            Self::Binary(left, _, right) => {
                left.variables(out);
                right.variables(out);
            }
        }
    }

    /// `None` where a figure leaves its range, or is divided by zero: the premise does not hold then.
    pub(crate) fn evaluate(&self, value: &impl Fn(usize) -> u32) -> Option<u32> {
        match self {
            Self::Variable(v) => Some(value(*v)),
            Self::Constant(c) => Some(*c),
            Self::Binary(left, operation, right) => {
                let left = crate::value::decode_int(left.evaluate(value)?);
                let right = crate::value::decode_int(right.evaluate(value)?);
                operation.apply(left, right).map(crate::value::encode_int)
            }
        }
    }
}

/// One row of `relation` for each group of facts of `source` that agree in the columns `group`: these columns, then
/// the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) relation: RelationId,
    pub(crate) source: Atom,
    pub(crate) group: Vec<usize>,
    pub(crate) function: Function,
    pub(crate) over: Option<usize>,
    pub(crate) span: Span,
}

/// Rules ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) relations: Vec<Relation>,
    pub(crate) names: HashMap<String, RelationId>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) facts: Vec<(RelationId, Row)>,
    pub(crate) strata: Vec<Stratum>,
    pub(crate) plans: Vec<RulePlan>,
    pub(crate) symbols: Symbols,
}

/// Everything found wrong in rule texts; stages after the first that fails are not tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct ProgramError {
    /// At least one, in the order of the texts.
    pub diagnostics: Vec<Diagnostic>,
    /// What they are, for code.
    pub mistakes: Vec<Mistake>,
}

/// A mistake by the stage that found it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// Longer than [`MAX_SOURCE_BYTES`].
    #[error("the text is longer than {limit} bytes")]
    TooLong {
        /// In bytes.
        limit: usize,
        /// Its begin.
        span: Span,
    },
    /// No tokens.
    #[error(transparent)]
    Lex(#[from] LexError),
    /// No syntax.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Names or types.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Unbound variables.
    #[error(transparent)]
    Safety(#[from] SafetyError),
    /// A relation depends on its own absence.
    #[error(transparent)]
    Stratify(#[from] StratifyError),
    /// Too wide for the engine.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Mistake {
    /// Where it is.
    pub fn span(&self) -> Span {
        match self {
            Self::TooLong { span, .. } => *span,
            Self::Lex(error) => error.span(),
            Self::Parse(error) => error.span(),
            Self::Resolve(error) => error.span(),
            Self::Safety(error) => error.span(),
            Self::Stratify(error) => error.span(),
            Self::Plan(error) => error.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TooLong { .. } => Some("split it into several texts".to_owned()),
            Self::Lex(error) => error.hint(),
            Self::Parse(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Safety(error) => error.hint(),
            Self::Stratify(error) => error.hint(),
            Self::Plan(error) => error.hint(),
        }
    }
}

impl ProgramError {
    pub(crate) fn new(sources: &[Source<'_>], mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(Mistake::span);
        let diagnostic = |m: &Mistake| Diagnostic::new(sources, m.span(), m.to_string(), m.hint());
        Self { diagnostics: mistakes.iter().map(diagnostic).collect(), mistakes }
    }
}

impl Program {
    /// Reads texts as one program: they see each other's relations. The same `.decl` may stand in several.
    ///
    /// # Errors
    /// All mistakes of the first stage that finds any.
    pub fn load(sources: &[Source<'_>]) -> Result<Self, ProgramError> {
        Self::load_with(sources, Symbols::default())
    }

    /// The same, going on with the names that another program knows.
    pub(crate) fn load_with(sources: &[Source<'_>], symbols: Symbols) -> Result<Self, ProgramError> {
        Self::build(sources, symbols).map_err(|mistakes| ProgramError::new(sources, mistakes))
    }

    fn build(sources: &[Source<'_>], symbols: Symbols) -> Result<Self, Vec<Mistake>> {
        let text = read(sources)?;
        let mut program = resolve(sources, &text, symbols).map_err(from_all)?;
        check(&mut program).map_err(from_all)?;
        program.strata = stratify(&program).map_err(from_all)?;
        program.plans = plan(&program).map_err(from_all)?;
        Ok(program)
    }

    /// All declared relations, in the order of their declaration.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.iter().filter(|r| !r.internal)
    }

    /// Names of the relations that the texts state facts of, as often as they do.
    pub fn stated(&self) -> impl Iterator<Item = &str> {
        self.facts.iter().map(|(id, _)| self.relation(*id).name.as_str())
    }

    /// All rules, in the order of the texts.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by `resolve` for this program's relations")]
    pub(crate) fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.0]
    }
}

fn from_all<E>(errors: Vec<E>) -> Vec<Mistake>
where
    Mistake: From<E>,
{
    errors.into_iter().map(Mistake::from).collect()
}

fn read(sources: &[Source<'_>]) -> Result<Text, Vec<Mistake>> {
    let mut all = Text::default();
    let mut mistakes = Vec::new();
    for (index, source) in (0..).zip(sources) {
        if source.text.len() > MAX_SOURCE_BYTES {
            let span = Span { source: index, ..Span::default() };
            mistakes.push(Mistake::TooLong { limit: MAX_SOURCE_BYTES, span });
            continue;
        }
        match lex(index, source.text) {
            Err(error) => mistakes.push(error.into()),
            Ok(tokens) => {
                let (text, errors) = parse(&tokens);
                all.declarations.extend(text.declarations);
                all.clauses.extend(text.clauses);
                mistakes.extend(errors.into_iter().map(Mistake::from));
            }
        }
    }
    if mistakes.is_empty() { Ok(all) } else { Err(mistakes) }
}
