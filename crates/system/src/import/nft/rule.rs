//! One rule of a text for `nft` as the expressions that `nft -j` would write of it (libnftables-json(5)).
//!
//! From the first word that is not known to the verdict, everything is one condition that the model does not have.

use serde_json::{Value, json};

use super::lex::Token;

/// Headers whose fields are told from each other.
const HEADERS: &[&str] =
    &["ah", "dccp", "esp", "icmp", "icmpv6", "igmp", "ip", "ip6", "sctp", "tcp", "th", "udp", "udplite"];
/// What is known of a packet without its content, also without `meta` before it.
const META: &[&str] = &["iif", "iifname", "l4proto", "oif", "oifname"];
/// Behind the figure of a limit's burst.
const UNITS: &[&str] = &["bytes", "kbytes", "mbytes", "packets"];
const OPERATORS: &[&str] = &["!=", "<", "<=", "==", ">", ">="];

pub(super) fn expressions(body: &[Token]) -> Vec<Value> {
    let mut reader = Reader { rest: body, out: Vec::new(), unknown: Vec::new() };
    while let Some((first, rest)) = reader.rest.split_first() {
        reader.rest = rest;
        reader.next(first);
    }
    if !reader.unknown.is_empty() {
        let key = reader.unknown.join(" ");
        // Before the verdict, as every condition.
        reader.out.insert(0, json!({key: null}));
    }
    reader.out
}

/// The values between the outermost braces, or `[key, verdict]` of each element of a map.
pub(super) fn elements(tokens: &[Token]) -> Vec<Value> {
    let inside: Vec<Token> = tokens
        .iter()
        .skip_while(|token| **token != Token::Open)
        .filter(|t| !matches!(t, Token::Open | Token::Close))
        .cloned()
        .collect();
    let element = |tokens: &[Token]| {
        let mut halves = tokens.split(|token| *token == Token::Colon);
        let (value, verdict) = (value(halves.next()?)?, halves.next());
        Some(match verdict.map(expressions) {
            Some(verdict) => json!([value, verdict.first()]),
            None => value,
        })
    };
    inside.split(|token| *token == Token::Comma).filter_map(element).collect()
}

/// A single word; of several, such as `10.0.0.1 . 22` or one with a lifetime, all of them, which no reader takes for one.
fn value(tokens: &[Token]) -> Option<Value> {
    let words: Vec<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Quoted(text) => text.clone(),
            other => other.text(),
        })
        .collect();
    let bare = match words
        .iter()
        .position(|word| ["timeout", "expires", "counter", "comment"].contains(&word.as_str()))
    {
        Some(at) => words.get(..at).unwrap_or_default(),
        None => words.as_slice(),
    };
    (!bare.is_empty()).then(|| json!(bare.join(" ")))
}

struct Reader<'t> {
    rest: &'t [Token],
    out: Vec<Value>,
    unknown: Vec<String>,
}

impl<'t> Reader<'t> {
    fn next(&mut self, first: &Token) {
        let word = first.word().unwrap_or_default();
        match word {
            "accept" | "drop" | "return" | "continue" => self.out.push(json!({word: null})),
            "reject" | "queue" => {
                self.rest = &[];
                self.out.push(json!({word: null}));
            }
            "jump" | "goto" if self.rest.first() == Some(&Token::Open) => self.nameless(word),
            "jump" | "goto" => {
                let target = self.take();
                self.out.push(json!({word: {"target": target}}));
            }
            _ if !self.unknown.is_empty() => self.unknown.push(first.text()),
            "counter" => self.options(&["bytes", "packets"]),
            "log" => self.options(&["prefix", "level", "group", "snaplen", "queue-threshold", "flags"]),
            "comment" => drop(self.take()),
            "limit" => {
                self.out.push(json!({"limit": null}));
                self.options(&["rate", "over", "burst"]);
                if self.rest.first().and_then(Token::word).is_some_and(|word| UNITS.contains(&word)) {
                    self.take();
                }
            }
            "meta" => self.key("meta", |key| json!({"meta": {"key": key}})),
            "ct" => self.key("ct", |key| json!({"ct": {"key": key}})),
            _ if META.contains(&word) => self.matching(word.to_owned(), json!({"meta": {"key": word}})),
            _ if HEADERS.contains(&word) => {
                self.key(word, |field| json!({"payload": {"protocol": word, "field": field}}));
            }
            _ => self.unknown.push(first.text()),
        }
    }

    /// A chain that stands in the rule itself: it may accept what it accepts anywhere.
    fn nameless(&mut self, word: &str) {
        let inside = self.braces();
        self.unknown.push(format!("{word} {{ … }}"));
        if inside.iter().any(|token| token.word() == Some("accept")) {
            self.out.push(json!({"accept": null}));
        }
    }

    fn take(&mut self) -> String {
        let Some((first, rest)) = self.rest.split_first() else { return String::new() };
        self.rest = rest;
        match first {
            Token::Quoted(text) => text.clone(),
            other => other.text(),
        }
    }

    /// Names with a value each, as far as these follow.
    fn options(&mut self, names: &[&str]) {
        let next = |rest: &'t [Token], names: &[&str]| {
            rest.first().and_then(Token::word).is_some_and(|word| names.contains(&word))
        };
        while next(self.rest, names) {
            self.take();
            // `rate over 10/second`, `burst 5 packets`.
            if !next(self.rest, &["over"]) {
                self.take();
            }
        }
    }

    fn key(&mut self, kind: &str, left: impl Fn(&str) -> Value) {
        let key = self.take();
        self.matching(format!("{kind} {key}"), left(&key));
    }

    /// An operator, if any, and what is compared with; `text` is what has been taken for it.
    fn matching(&mut self, text: String, left: Value) {
        let word = self.rest.first().and_then(Token::word);
        let op = word.filter(|word| OPERATORS.contains(word)).unwrap_or("==");
        if word == Some("vmap") {
            self.take();
            let data = self.map();
            return self.out.push(json!({"vmap": {"key": left, "data": data}}));
        }
        if word.is_some_and(|word| OPERATORS.contains(&word)) {
            self.take();
        }
        match self.right() {
            Some(right) => self.out.push(json!({"match": {"op": op, "left": left, "right": right}})),
            None => self.unknown.push(text),
        }
    }

    fn map(&mut self) -> Value {
        match self.rest.first() {
            Some(Token::Open) => json!({"set": elements(self.braces())}),
            _ => json!(self.take()),
        }
    }

    /// A set, or values with commas between them; `None` for what is put together or computed.
    fn right(&mut self) -> Option<Value> {
        if self.rest.first() == Some(&Token::Open) {
            return Some(json!({"set": elements(self.braces())}));
        }
        let mut values = Vec::new();
        loop {
            let next =
                self.rest.first().filter(|token| matches!(token, Token::Word(_) | Token::Quoted(_)))?;
            if [".", "&", "|", "^", "set", "map", "and", "or"].contains(&next.word().unwrap_or_default()) {
                return None;
            }
            values.push(self.take());
            match self.rest.first() {
                Some(Token::Comma) => drop(self.take()),
                Some(Token::Word(word)) if [".", "&", "|", "^", "/"].contains(&word.as_str()) => return None,
                _ => break,
            }
        }
        let mut single = values.iter().filter(|_| values.len() == 1);
        Some(single.next().map_or_else(|| json!({"set": values}), |one| json!(one)))
    }

    /// Tokens of a set, its braces included.
    fn braces(&mut self) -> &'t [Token] {
        let mut depth = 0_usize;
        let end = self.rest.iter().position(|token| {
            match token {
                Token::Open => depth += 1,
                Token::Close => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let (taken, rest) = self.rest.split_at(end.map_or(self.rest.len(), |at| at + 1));
        self.rest = rest;
        taken
    }
}
