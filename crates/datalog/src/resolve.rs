//! Names to relations and variables, with their types.

mod error;

use std::collections::HashMap;

use crate::program::{Aggregate, Atom, ColumnType, Expr, Literal, Program, Relation, RelationId, Rule, Term};
use crate::source::{Source, Span, did_you_mean};
use crate::syntax::{self, Clause, Comparison, Declaration, Function, Text};
use crate::value::{Symbols, WIDTH, encode_int};

pub use error::ResolveError;

/// New names get numbers after those of `symbols`.
pub(crate) fn resolve(
    sources: &[Source<'_>],
    text: &Text,
    symbols: Symbols,
) -> Result<Program, Vec<ResolveError>> {
    let mut resolver = Resolver {
        program: Program {
            relations: Vec::new(),
            names: HashMap::new(),
            rules: Vec::new(),
            aggregates: Vec::new(),
            facts: Vec::new(),
            strata: Vec::new(),
            plans: Vec::new(),
            symbols,
        },
        errors: Vec::new(),
    };
    for declaration in &text.declarations {
        if let Err(error) = resolver.declare(declaration) {
            resolver.errors.push(error);
        }
    }
    if !resolver.errors.is_empty() {
        // Rules on what is not declared would be wrong for that reason alone.
        return Err(resolver.errors);
    }
    for clause in &text.clauses {
        let source = sources.get(clause.span.source as usize).map_or("", |s| s.name);
        if let Err(error) = resolver.clause(clause, source) {
            resolver.errors.push(error);
        }
    }
    if resolver.errors.is_empty() { Ok(resolver.program) } else { Err(resolver.errors) }
}

struct Resolver {
    program: Program,
    errors: Vec<ResolveError>,
}

/// Variables of one rule by name.
#[derive(Default)]
struct Variables {
    list: Vec<(String, ColumnType)>,
}

impl Variables {
    fn find(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|(known, _)| known == name)
    }

    fn bind(&mut self, name: &str, kind: ColumnType, span: Span) -> Result<usize, ResolveError> {
        let Some(at) = self.find(name) else {
            self.list.push((name.to_owned(), kind));
            return Ok(self.list.len() - 1);
        };
        match self.list.get(at) {
            Some((_, known)) if *known != kind => Err(ResolveError::WrongType {
                expected: format!("a value of type `{}`", kind.name()),
                found: format!("`{name}`, which is of type `{}`", known.name()),
                span,
            }),
            _ => Ok(at),
        }
    }
}

impl Resolver {
    fn declare(&mut self, declaration: &Declaration) -> Result<(), ResolveError> {
        let (name, span) = (declaration.name.clone(), declaration.span);
        let mut columns = Vec::new();
        for (column, kind, span) in &declaration.columns {
            let kind = match kind.as_str() {
                "symbol" => ColumnType::Symbol,
                "int" => ColumnType::Int,
                _ => return Err(ResolveError::UnknownType { name: kind.clone(), span: *span }),
            };
            columns.push((column.clone(), kind));
        }
        if columns.len() > WIDTH {
            return Err(ResolveError::TooManyColumns { name, span });
        }
        if let Some(known) = self.program.names.get(&name) {
            let types = |c: &[(String, ColumnType)]| c.iter().map(|(_, t)| *t).collect::<Vec<_>>();
            let same = types(&self.program.relation(*known).columns) == types(&columns);
            return if same { Ok(()) } else { Err(ResolveError::Redeclared { name, span }) };
        }
        let id = self.add(Relation { name: name.clone(), columns, derived: false, internal: false });
        self.program.names.insert(name, id);
        Ok(())
    }

    fn add(&mut self, relation: Relation) -> RelationId {
        self.program.relations.push(relation);
        RelationId(self.program.relations.len() - 1)
    }

    fn relation(&self, name: &str, span: Span) -> Result<RelationId, ResolveError> {
        self.program.names.get(name).copied().ok_or_else(|| {
            let names = self.program.names.keys().map(String::as_str);
            ResolveError::UnknownRelation { name: name.to_owned(), similar: did_you_mean(name, names), span }
        })
    }

    fn clause(&mut self, clause: &Clause, source: &str) -> Result<(), ResolveError> {
        let mut variables = Variables::default();
        if clause.body.is_empty() {
            let head = self.fact(&clause.head)?;
            self.program.facts.push(head);
            return Ok(());
        }
        // Atoms first: they give variables their types whatever the order of the premises.
        let mut body: Vec<Option<Literal>> = vec![None; clause.body.len()];
        for (slot, literal) in body.iter_mut().zip(&clause.body) {
            *slot = self.atoms(literal, &mut variables, clause)?;
        }
        for (slot, literal) in body.iter_mut().zip(&clause.body) {
            if let (None, syntax::Literal::Compare { left, comparison, right, span }) = (&slot, literal) {
                *slot = Some(self.compare(left, *comparison, right, *span, &mut variables)?);
            }
        }
        let mut body: Vec<Literal> = body.into_iter().flatten().collect();
        if !body.iter().any(|l| matches!(l, Literal::Positive(_))) {
            body.insert(0, Literal::Positive(Atom { relation: self.always(), terms: Vec::new() }));
        }
        let head = self.atom(&clause.head, &mut variables, false)?;
        if let Some(relation) = self.program.relations.get_mut(head.relation.0) {
            relation.derived = true;
        }
        self.program.rules.push(Rule {
            annotations: clause.annotations.clone(),
            span: clause.span,
            source: source.to_owned(),
            head,
            body,
            variables: variables.list,
        });
        Ok(())
    }

    /// The relation with one empty fact, for rules of comparisons and negations only.
    fn always(&mut self) -> RelationId {
        if let Some(at) = self.program.relations.iter().position(|r| r.internal && r.columns.is_empty()) {
            return RelationId(at);
        }
        let name = "always".to_owned();
        let id = self.add(Relation { name, columns: Vec::new(), derived: false, internal: true });
        self.program.facts.push((id, [0; WIDTH]));
        id
    }

    fn fact(&mut self, atom: &syntax::Atom) -> Result<(RelationId, crate::value::Row), ResolveError> {
        let resolved = self.atom(atom, &mut Variables::default(), false)?;
        let mut row = [0; WIDTH];
        for ((slot, term), (written, span)) in row.iter_mut().zip(&resolved.terms).zip(&atom.terms) {
            match (term, written) {
                (Term::Constant(value), _) => *slot = *value,
                (_, syntax::Term::Variable(name)) => {
                    return Err(ResolveError::VariableInFact { name: name.clone(), span: *span });
                }
                _ => return Err(ResolveError::Anything { span: *span }),
            }
        }
        Ok((resolved.relation, row))
    }

    fn atoms(
        &mut self,
        literal: &syntax::Literal,
        variables: &mut Variables,
        clause: &Clause,
    ) -> Result<Option<Literal>, ResolveError> {
        Ok(match literal {
            syntax::Literal::Positive(atom) => Some(Literal::Positive(self.atom(atom, variables, true)?)),
            syntax::Literal::Negative(atom) => Some(Literal::Negative(self.atom(atom, variables, true)?)),
            syntax::Literal::Compare { .. } => None,
            syntax::Literal::Aggregate { result, function, over, atom, span } => {
                Some(self.aggregate(result, *function, over.as_ref(), atom, *span, variables, clause)?)
            }
        })
    }

    fn atom(
        &mut self,
        atom: &syntax::Atom,
        variables: &mut Variables,
        anything: bool,
    ) -> Result<Atom, ResolveError> {
        let relation = self.relation(&atom.relation, atom.relation_span)?;
        let columns = self.program.relation(relation).columns.clone();
        if columns.len() != atom.terms.len() {
            return Err(ResolveError::WrongArity {
                name: atom.relation.clone(),
                columns: columns.len(),
                found: atom.terms.len(),
                span: atom.span,
            });
        }
        let mut terms = Vec::new();
        for ((_, kind), (term, span)) in columns.iter().zip(&atom.terms) {
            terms.push(match term {
                syntax::Term::Anything if anything => Term::Anything,
                syntax::Term::Anything => return Err(ResolveError::Anything { span: *span }),
                syntax::Term::Variable(name) => Term::Variable(variables.bind(name, *kind, *span)?),
                constant => Term::Constant(self.constant(constant, *kind, *span)?),
            });
        }
        Ok(Atom { relation, terms })
    }

    fn constant(&mut self, term: &syntax::Term, kind: ColumnType, span: Span) -> Result<u32, ResolveError> {
        match (term, kind) {
            (syntax::Term::Symbol(name), ColumnType::Symbol) => Ok(self.program.symbols.intern(name)),
            (syntax::Term::Integer(figure), ColumnType::Int) => {
                i32::try_from(*figure).map(encode_int).map_err(|_| ResolveError::Overflow { span })
            }
            (term, kind) => Err(ResolveError::WrongType {
                expected: format!("a value of type `{}`", kind.name()),
                found: match term {
                    syntax::Term::Integer(figure) => format!("the figure `{figure}`"),
                    _ => "a name".to_owned(),
                },
                span,
            }),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one written premise and its rule")]
    fn aggregate(
        &mut self,
        result: &(String, Span),
        function: Function,
        over: Option<&(String, Span)>,
        atom: &syntax::Atom,
        span: Span,
        variables: &mut Variables,
        clause: &Clause,
    ) -> Result<Literal, ResolveError> {
        let mut inner = Variables::default();
        let source = self.atom(atom, &mut inner, true)?;
        let over_at = match over {
            None => None,
            Some((name, span)) => {
                let missing = || ResolveError::Aggregate { name: name.clone(), span: *span };
                let variable = inner.find(name).ok_or_else(missing)?;
                inner.bind(name, ColumnType::Int, *span)?;
                source.terms.iter().position(|t| *t == Term::Variable(variable))
            }
        };
        let mut group = Vec::new();
        let mut terms = Vec::new();
        let mut columns = Vec::new();
        for (at, (name, kind)) in inner.list.iter().enumerate() {
            let used = uses(clause, name) > 1 && over.is_none_or(|(o, _)| o != name);
            let column = source.terms.iter().position(|t| *t == Term::Variable(at));
            if let (true, Some(column)) = (used, column) {
                group.push(column);
                columns.push((name.clone(), *kind));
                terms.push(Term::Variable(variables.bind(name, *kind, span)?));
            }
        }
        if group.len() + 1 > WIDTH {
            return Err(ResolveError::Aggregate { name: result.0.clone(), span });
        }
        terms.push(Term::Variable(variables.bind(&result.0, ColumnType::Int, result.1)?));
        columns.push((result.0.clone(), ColumnType::Int));
        let name = format!("{} of {}", function.name(), atom.relation);
        let relation = self.add(Relation { name, columns, derived: true, internal: true });
        self.program.aggregates.push(Aggregate { relation, source, group, function, over: over_at, span });
        Ok(Literal::Positive(Atom { relation, terms }))
    }

    fn compare(
        &mut self,
        left: &syntax::Expr,
        comparison: Comparison,
        right: &syntax::Expr,
        span: Span,
        variables: &mut Variables,
    ) -> Result<Literal, ResolveError> {
        let known = |e: &syntax::Expr, v: &Variables| kind_of(e, v);
        let kind = known(left, variables).or(known(right, variables)).unwrap_or(ColumnType::Int);
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if kind == ColumnType::Symbol && ordered {
            return Err(ResolveError::WrongType {
                expected: format!("figures around `{}`", comparison.name()),
                found: "names, which are equal or not".to_owned(),
                span,
            });
        }
        let left = self.expr(left, kind, variables)?;
        let right = self.expr(right, kind, variables)?;
        Ok(Literal::Compare(left, comparison, right))
    }

    fn expr(
        &mut self,
        expr: &syntax::Expr,
        kind: ColumnType,
        variables: &mut Variables,
    ) -> Result<Expr, ResolveError> {
        match expr {
            syntax::Expr::Term(syntax::Term::Anything, span) => Err(ResolveError::Anything { span: *span }),
            syntax::Expr::Term(syntax::Term::Variable(name), span) => {
                variables.bind(name, kind, *span).map(Expr::Variable)
            }
            syntax::Expr::Term(constant, span) => self.constant(constant, kind, *span).map(Expr::Constant),
            syntax::Expr::Binary(left, operation, right) => {
                if kind == ColumnType::Symbol {
                    return Err(ResolveError::WrongType {
                        expected: format!("figures around `{}`", operation.name()),
                        found: "names".to_owned(),
                        span: expr.span(),
                    });
                }
                let left = self.expr(left, kind, variables)?;
                let right = self.expr(right, kind, variables)?;
                Ok(Expr::Binary(Box::new(left), *operation, Box::new(right)))
            }
        }
    }
}

fn kind_of(expr: &syntax::Expr, variables: &Variables) -> Option<ColumnType> {
    match expr {
        syntax::Expr::Binary(..) | syntax::Expr::Term(syntax::Term::Integer(_), _) => Some(ColumnType::Int),
        syntax::Expr::Term(syntax::Term::Symbol(_), _) => Some(ColumnType::Symbol),
        syntax::Expr::Term(syntax::Term::Anything, _) => None,
        syntax::Expr::Term(syntax::Term::Variable(name), _) => {
            variables.find(name).and_then(|at| variables.list.get(at)).map(|(_, kind)| *kind)
        }
    }
}

/// In how many parts of the rule (head, premises) a variable stands.
fn uses(clause: &Clause, name: &str) -> usize {
    fn in_atom(atom: &syntax::Atom, name: &str) -> bool {
        atom.terms.iter().any(|(t, _)| matches!(t, syntax::Term::Variable(v) if v == name))
    }
    fn in_expr(expr: &syntax::Expr, name: &str) -> bool {
        match expr {
            syntax::Expr::Term(syntax::Term::Variable(v), _) => v == name,
            syntax::Expr::Term(..) => false,
            syntax::Expr::Binary(left, _, right) => in_expr(left, name) || in_expr(right, name),
        }
    }
    let body = clause.body.iter().filter(|literal| match literal {
        syntax::Literal::Positive(atom) | syntax::Literal::Negative(atom) => in_atom(atom, name),
        syntax::Literal::Compare { left, right, .. } => in_expr(left, name) || in_expr(right, name),
        syntax::Literal::Aggregate { result, atom, .. } => result.0 == name || in_atom(atom, name),
    });
    body.count() + usize::from(in_atom(&clause.head, name))
}
