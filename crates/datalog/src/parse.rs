//! Tokens to syntax. After a mistake reading goes on behind the next full stop, so that one run shows them all.

use std::collections::BTreeMap;

use crate::lex::Token;
use crate::source::Span;
use crate::syntax::{
    Annotation, Argument, Atom, Clause, Comparison, Declaration, Expr, Function, Literal, Operation, Term,
    Text,
};

/// Most premises of a rule.
pub(crate) const MAX_PREMISES: usize = 32;
/// Deepest nesting of parentheses in an expression.
const MAX_DEPTH: u32 = 16;
/// Most operators in one expression: bounds the depth of the tree that evaluation walks.
const MAX_OPERATORS: usize = 64;

/// Why tokens are no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Something else stands there.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// In words.
        expected: &'static str,
        /// In words.
        found: String,
        /// Where.
        span: Span,
    },
    /// Only `.decl` exists.
    #[error("there is no directive `.{found}`")]
    UnknownDirective {
        /// Without the dot.
        found: String,
        /// Where.
        span: Span,
    },
    /// A rule of more than 32 premises, or an expression nested deeper than 16 or with more than 64 operators.
    #[error("this is too large: at most {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// Where.
        span: Span,
    },
}

impl ParseError {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Expected { span, .. }
            | Self::UnknownDirective { span, .. }
            | Self::TooLarge { span, .. } => *span,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownDirective { .. } => Some("write `.decl name(column: symbol, …)`".to_owned()),
            Self::TooLarge { .. } => Some("split it with a relation of its own".to_owned()),
            Self::Expected { expected: "`.`", found, .. } if found.starts_with('`') => {
                Some("rules and facts end with `.`, premises are separated by `,`".to_owned())
            }
            Self::Expected { .. } => None,
        }
    }
}

pub(crate) fn parse(tokens: &[(Token, Span)]) -> (Text, Vec<ParseError>) {
    let mut parser = Parser { tokens, at: 0, operators: 0 };
    let mut text = Text::default();
    let mut errors = Vec::new();
    while *parser.peek() != Token::End {
        if let Err(error) = parser.item(&mut text) {
            errors.push(error);
            parser.skip_item();
        }
    }
    (text, errors)
}

struct Parser<'a> {
    tokens: &'a [(Token, Span)],
    at: usize,
    operators: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn peek_second(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or_else(Span::default, |(_, span)| *span)
    }

    fn previous(&self) -> Span {
        let at = self.at.saturating_sub(1);
        self.tokens.get(at).map_or_else(Span::default, |(_, span)| *span)
    }

    fn next(&mut self) -> (Token, Span) {
        let token = self.tokens.get(self.at).cloned().unwrap_or((Token::End, self.span()));
        self.at += 1;
        token
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(found) if *found == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str, expected: &'static str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &'static str) -> ParseError {
        ParseError::Expected { expected, found: self.peek().describe(), span: self.span() }
    }

    fn skip_item(&mut self) {
        while !matches!(self.peek(), Token::End | Token::Directive(_)) {
            if self.take(".") {
                return;
            }
            self.at += 1;
        }
    }

    fn name(&mut self, expected: &'static str) -> Parsed<(String, Span)> {
        match self.peek() {
            Token::Name(word) => {
                let word = word.clone();
                self.at += 1;
                Ok((word, self.previous()))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn item(&mut self, text: &mut Text) -> Parsed<()> {
        if let Token::Directive(word) = self.peek() {
            let (found, span) = (word.clone(), self.span());
            self.at += 1;
            if found != "decl" {
                return Err(ParseError::UnknownDirective { found, span });
            }
            text.declarations.push(self.declaration(span)?);
        } else {
            text.clauses.push(self.clause()?);
        }
        Ok(())
    }

    fn declaration(&mut self, start: Span) -> Parsed<Declaration> {
        let (name, _) = self.name("the name of a relation, beginning with a lower-case letter")?;
        self.expect("(", "`(`")?;
        let mut columns = Vec::new();
        while !self.take(")") {
            let (column, span) = self.name("the name of a column")?;
            self.expect(":", "`:` and the column's type")?;
            let (kind, end) = self.name("a type, `symbol` or `int`")?;
            columns.push((column, kind, span.to(end)));
            if !self.is(")") {
                self.expect(",", "`,` or `)`")?;
            }
        }
        self.take(".");
        Ok(Declaration { name, columns, span: start.to(self.previous()) })
    }

    fn clause(&mut self) -> Parsed<Clause> {
        let start = self.span();
        let mut annotations = Vec::new();
        while self.is("@") {
            annotations.push(self.annotation()?);
        }
        let head = self.atom()?;
        let mut body = Vec::new();
        if self.take(":-") {
            body.push(self.literal()?);
            while self.take(",") {
                if body.len() == MAX_PREMISES {
                    return Err(ParseError::TooLarge {
                        what: "premises",
                        limit: MAX_PREMISES,
                        span: self.span(),
                    });
                }
                body.push(self.literal()?);
            }
        }
        self.expect(".", "`.`")?;
        Ok(Clause { annotations, head, body, span: start.to(self.previous()) })
    }

    fn annotation(&mut self) -> Parsed<Annotation> {
        let start = self.span();
        self.expect("@", "`@`")?;
        let (name, _) = self.name("the name of an annotation")?;
        let mut positional = Vec::new();
        let mut named = BTreeMap::new();
        if self.take("(") {
            while !self.take(")") {
                let keyed = matches!(self.peek_second(), Token::Mark(":"));
                let key = if keyed { Some(self.name("a key")?.0) } else { None };
                if keyed {
                    self.expect(":", "`:`")?;
                }
                let value = self.argument()?;
                match key {
                    Some(key) => drop(named.insert(key, value)),
                    None => positional.push(value),
                }
                if !self.is(")") {
                    self.expect(",", "`,` or `)`")?;
                }
            }
        }
        Ok(Annotation { name, positional, named, span: start.to(self.previous()) })
    }

    #[expect(clippy::cast_precision_loss, reason = "annotation figures are small")]
    fn argument(&mut self) -> Parsed<Argument> {
        let value = match self.peek() {
            Token::Text(text) | Token::Name(text) | Token::Variable(text) => Argument::Text(text.clone()),
            Token::Integer(figure) => Argument::Number(*figure as f64),
            Token::Decimal(figure) => Argument::Number(*figure),
            _ => return Err(self.unexpected("a name, a figure or text in quotes")),
        };
        self.at += 1;
        Ok(value)
    }

    fn atom(&mut self) -> Parsed<Atom> {
        let (relation, relation_span) = self.name("the name of a relation")?;
        self.expect("(", "`(`")?;
        let mut terms = Vec::new();
        while !self.take(")") {
            terms.push(self.term()?);
            if !self.is(")") {
                self.expect(",", "`,` or `)`")?;
            }
        }
        Ok(Atom { relation, relation_span, terms, span: relation_span.to(self.previous()) })
    }

    fn term(&mut self) -> Parsed<(Term, Span)> {
        let negative = self.is("-") && matches!(self.peek_second(), Token::Integer(_));
        let start = self.span();
        self.at += usize::from(negative);
        let term = match self.peek() {
            Token::Name(name) | Token::Text(name) => Term::Symbol(name.clone()),
            Token::Variable(name) => Term::Variable(name.clone()),
            Token::Anything => Term::Anything,
            Token::Integer(figure) => Term::Integer(if negative { -*figure } else { *figure }),
            _ => return Err(self.unexpected("a variable, a name, a figure, text in quotes or `_`")),
        };
        self.at += 1;
        Ok((term, start.to(self.previous())))
    }

    fn literal(&mut self) -> Parsed<Literal> {
        if self.take("!") {
            return self.atom().map(Literal::Negative);
        }
        if matches!((self.peek(), self.peek_second()), (Token::Name(_), Token::Mark("("))) {
            return self.atom().map(Literal::Positive);
        }
        let start = self.span();
        self.operators = 0;
        let left = self.expr(0)?;
        let comparison = self.comparison()?;
        if let Some(literal) = self.aggregate(&left, comparison, start)? {
            return Ok(literal);
        }
        let right = self.expr(0)?;
        Ok(Literal::Compare { left, comparison, right, span: start.to(self.previous()) })
    }

    fn comparison(&mut self) -> Parsed<Comparison> {
        let comparison = match self.peek() {
            Token::Mark("=") => Comparison::Equal,
            Token::Mark("!=") => Comparison::NotEqual,
            Token::Mark("<") => Comparison::Less,
            Token::Mark("<=") => Comparison::LessOrEqual,
            Token::Mark(">") => Comparison::Greater,
            Token::Mark(">=") => Comparison::GreaterOrEqual,
            _ => return Err(self.unexpected("a premise: `relation(…)`, `!relation(…)` or a comparison")),
        };
        self.at += 1;
        Ok(comparison)
    }

    /// `N = count { atom }` or `N = min X { atom }`.
    fn aggregate(&mut self, left: &Expr, comparison: Comparison, start: Span) -> Parsed<Option<Literal>> {
        let function = match self.peek() {
            Token::Name(word) if word == "count" => Function::Count,
            Token::Name(word) if word == "min" => Function::Min,
            Token::Name(word) if word == "max" => Function::Max,
            _ => return Ok(None),
        };
        if !matches!(self.peek_second(), Token::Mark("{") | Token::Variable(_)) {
            return Ok(None);
        }
        let (Expr::Term(Term::Variable(result), result_span), Comparison::Equal) = (left, comparison) else {
            return Err(self.unexpected("a plain value: aggregates are written `N = count { … }`"));
        };
        self.at += 1;
        let over = match self.peek() {
            Token::Variable(name) if function != Function::Count => Some((name.clone(), self.span())),
            _ if function != Function::Count => return Err(self.unexpected("the variable to compare")),
            _ => None,
        };
        self.at += usize::from(over.is_some());
        self.expect("{", "`{`")?;
        let atom = self.atom()?;
        self.expect("}", "`}`")?;
        let span = start.to(self.previous());
        Ok(Some(Literal::Aggregate { result: (result.clone(), *result_span), function, over, atom, span }))
    }

    fn expr(&mut self, depth: u32) -> Parsed<Expr> {
        let mut left = self.product(depth)?;
        loop {
            let operation = match self.peek() {
                Token::Mark("+") => Operation::Add,
                Token::Mark("-") => Operation::Subtract,
                _ => return Ok(left),
            };
            self.operator()?;
            left = Expr::Binary(Box::new(left), operation, Box::new(self.product(depth)?));
        }
    }

    fn product(&mut self, depth: u32) -> Parsed<Expr> {
        let mut left = self.factor(depth)?;
        loop {
            let operation = match self.peek() {
                Token::Mark("*") => Operation::Multiply,
                Token::Mark("/") => Operation::Divide,
                Token::Mark("%") => Operation::Remainder,
                _ => return Ok(left),
            };
            self.operator()?;
            left = Expr::Binary(Box::new(left), operation, Box::new(self.factor(depth)?));
        }
    }

    fn operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(ParseError::TooLarge { what: "operators", limit: MAX_OPERATORS, span: self.span() });
        }
        self.next();
        Ok(())
    }

    fn factor(&mut self, depth: u32) -> Parsed<Expr> {
        if depth == MAX_DEPTH {
            return Err(ParseError::TooLarge { what: "parentheses", limit: 16, span: self.span() });
        }
        if self.take("(") {
            let inner = self.expr(depth + 1)?;
            self.expect(")", "`)`")?;
            return Ok(inner);
        }
        self.term().map(|(term, span)| Expr::Term(term, span))
    }
}
