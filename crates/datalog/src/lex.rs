//! Characters to tokens.

use crate::source::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// Begins with a lower-case letter: a relation or a symbol.
    Name(String),
    /// Begins with an upper-case letter.
    Variable(String),
    /// `_`
    Anything,
    /// In quotes.
    Text(String),
    Integer(i64),
    Decimal(f64),
    /// `.decl` and the like.
    Directive(String),
    /// Punctuation and operators, as they are written.
    Mark(&'static str),
    End,
}

impl Token {
    /// For messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Name(word) | Self::Variable(word) => format!("`{word}`"),
            Self::Anything => "`_`".to_owned(),
            Self::Text(text) => format!("\"{}\"", text.escape_debug()),
            Self::Integer(figure) => format!("`{figure}`"),
            Self::Decimal(figure) => format!("`{figure}`"),
            Self::Directive(word) => format!("`.{word}`"),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::End => "the end of the text".to_owned(),
        }
    }
}

/// Why a text is no sequence of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LexError {
    /// No token begins like this.
    #[error("`{}` means nothing here", shown(*.found))]
    UnknownCharacter {
        /// The character.
        found: char,
        /// Where.
        span: Span,
    },
    /// No closing quote on the line.
    #[error("this text has no closing quote")]
    UnfinishedText {
        /// From the opening quote.
        span: Span,
    },
    /// Only `\"`, `\\` and `\n` exist.
    #[error("`\\{}` is no escape", shown(*.found))]
    UnknownEscape {
        /// After the backslash.
        found: char,
        /// Where.
        span: Span,
    },
    /// Does not fit.
    #[error("this figure is too large")]
    Overflow {
        /// The figure.
        span: Span,
    },
}

impl LexError {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::UnknownCharacter { span, .. }
            | Self::UnfinishedText { span }
            | Self::UnknownEscape { span, .. }
            | Self::Overflow { span } => *span,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownCharacter { found: '\'', .. } => "write text in double quotes",
            Self::UnknownCharacter { found: '#', .. } => "comments begin with `//`",
            Self::UnknownCharacter { .. } => "write unusual names in double quotes",
            Self::UnfinishedText { .. } => "close it with `\"` on the same line",
            Self::UnknownEscape { .. } => "write `\\\"`, `\\\\` or `\\n`",
            Self::Overflow { .. } => "figures are between -2147483648 and 2147483647",
        };
        Some(hint.to_owned())
    }
}

fn shown(c: char) -> String {
    if c.is_control() { c.escape_debug().to_string() } else { c.to_string() }
}

/// Longest first, so that `<=` is not read as `<`.
const MARKS: &[&str] = &[
    ":-", "!=", "<=", ">=", "(", ")", "{", "}", ",", ".", ":", "!", "@", "=", "<", ">", "+", "-", "*", "/",
    "%",
];

pub(crate) fn lex(source: u32, text: &str) -> Result<Vec<(Token, Span)>, LexError> {
    let mut lexer = Lexer { source, text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token()?;
        let done = token == Token::End;
        tokens.push((token, lexer.span(start)));
        if done {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: u32,
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn span(&self, start: usize) -> Span {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: clamp(start), end: clamp(self.at) }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            let comment = if rest.starts_with("//") { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
            if blank + comment == 0 {
                return;
            }
            self.at += if blank > 0 { blank } else { comment };
        }
    }

    fn token(&mut self) -> Result<Token, LexError> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if first == '"' {
            return self.quoted();
        }
        if first.is_ascii_digit() {
            return self.figure();
        }
        if first.is_alphabetic() || first == '_' {
            return Ok(self.word());
        }
        let directive = first == '.' && self.rest().chars().nth(1).is_some_and(char::is_alphabetic);
        if directive {
            self.at += 1;
            let word = self.take_while(char::is_alphanumeric);
            return Ok(Token::Directive(word));
        }
        match MARKS.iter().find(|mark| self.rest().starts_with(**mark)) {
            Some(mark) => {
                self.at += mark.len();
                Ok(Token::Mark(mark))
            }
            None => {
                let start = self.at;
                self.at += first.len_utf8();
                Err(LexError::UnknownCharacter { found: first, span: self.span(start) })
            }
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default().to_owned();
        self.at += length;
        word
    }

    /// Names may hold `-`, `.` and `/` between letters or digits, as in `tcp/502` or `www-data`. Variables may not, so
    /// that `X-1` subtracts.
    fn word(&mut self) -> Token {
        let mut word = self.take_while(|c| c.is_alphanumeric() || c == '_');
        if word == "_" {
            return Token::Anything;
        }
        if word.starts_with(|c: char| c.is_uppercase() || c == '_') {
            return Token::Variable(word);
        }
        loop {
            let mut next = self.rest().chars();
            let joined =
                matches!((next.next(), next.next()), (Some('-' | '.' | '/'), Some(c)) if c.is_alphanumeric());
            if !joined {
                return Token::Name(word);
            }
            word.extend(self.peek());
            self.at += 1;
            word += &self.take_while(|c| c.is_alphanumeric() || c == '_');
        }
    }

    fn figure(&mut self) -> Result<Token, LexError> {
        let start = self.at;
        let mut digits = self.take_while(|c| c.is_ascii_digit());
        let mut next = self.rest().chars();
        if matches!((next.next(), next.next()), (Some('.'), Some(c)) if c.is_ascii_digit()) {
            self.at += 1;
            digits = format!("{digits}.{}", self.take_while(|c| c.is_ascii_digit()));
            return digits
                .parse()
                .map(Token::Decimal)
                .map_err(|_| LexError::Overflow { span: self.span(start) });
        }
        digits.parse().map(Token::Integer).map_err(|_| LexError::Overflow { span: self.span(start) })
    }

    fn quoted(&mut self) -> Result<Token, LexError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek().filter(|c| *c != '\n') else {
                return Err(LexError::UnfinishedText { span: self.span(start) });
            };
            let here = self.at;
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(Token::Text(out)),
                '\\' => {
                    let escaped = self.peek().unwrap_or('\n');
                    self.at += if escaped == '\n' { 0 } else { escaped.len_utf8() };
                    out.push(match escaped {
                        '"' | '\\' => escaped,
                        'n' => '\n',
                        found => return Err(LexError::UnknownEscape { found, span: self.span(here) }),
                    });
                }
                c => out.push(c),
            }
        }
    }
}
