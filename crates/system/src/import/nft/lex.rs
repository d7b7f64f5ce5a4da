//! Words and signs of a text for `nft`, by statement (nft(8), "Lexical conventions").

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, an address, a range, a name after `@` or `$`, or an operator.
    Word(String),
    /// What stands in quotes.
    Quoted(String),
    Open,
    Close,
    Comma,
    Colon,
    /// The end of a line, or `;`.
    End,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// As it could be written.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Quoted(text) => format!("\"{text}\""),
            Self::Open => "{".to_owned(),
            Self::Close => "}".to_owned(),
            Self::Comma => ",".to_owned(),
            Self::Colon => ":".to_owned(),
            Self::End => ";".to_owned(),
        }
    }
}

/// All tokens, each with its line from 1.
pub(super) fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let continued = content.trim_end().ends_with('\\') && !content.trim_start().starts_with('#');
        words(content.trim_end().trim_end_matches('\\'), &mut |token| tokens.push((line, token)));
        if !continued {
            tokens.push((line, Token::End));
        }
    }
    tokens
}

fn words(content: &str, found: &mut dyn FnMut(Token)) {
    let mut rest = content.trim_start();
    while let Some(first) = rest.chars().next() {
        let sign = match first {
            '#' => return,
            '{' => Some(Token::Open),
            '}' => Some(Token::Close),
            ',' => Some(Token::Comma),
            ';' => Some(Token::End),
            _ => None,
        };
        let taken = match (sign, first) {
            (Some(token), _) => {
                found(token);
                1
            }
            (None, '"') => {
                let inside = rest.get(1..).unwrap_or_default();
                let end = inside.find('"').unwrap_or(inside.len());
                found(Token::Quoted(inside.get(..end).unwrap_or_default().to_owned()));
                end + 2
            }
            (None, _) => {
                let end = rest.find(|c: char| c.is_whitespace() || "{},;\"#".contains(c));
                let end = end.unwrap_or(rest.len());
                word(rest.get(..end).unwrap_or_default(), found);
                end
            }
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
}

/// A word; a colon at its end, or alone, separates, those inside belong to an address.
fn word(text: &str, found: &mut dyn FnMut(Token)) {
    let bare = text.strip_suffix(':').filter(|bare| !bare.ends_with(':'));
    match bare {
        None => found(Token::Word(text.to_owned())),
        Some(bare) => {
            if !bare.is_empty() {
                found(Token::Word(bare.to_owned()));
            }
            found(Token::Colon);
        }
    }
}
