//! The text of a rule set (nft(8)) as the list that `nft -j` would write of it: tables, chains, sets, maps and rules, in
//! blocks or after `add` and `insert`, with `define`. What is none of these is listed.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::{Ignored, ignored};
use super::lex::{Token, tokens};
use super::rule::expressions;

/// Most tokens, those in the place of names that stand for several included.
const MOST: usize = 4_000_000;
/// Where a table's family is left out.
const FAMILY: &str = "ip";
const FAMILIES: &[&str] = &["arp", "bridge", "inet", "ip", "ip6", "netdev"];
/// Kinds of blocks in a table of which each element is an entry.
const SETS: &[&str] = &["map", "set"];

/// The line, and why this is no rule set.
type Fault = (usize, &'static str);
/// Tokens with their lines.
type Lines = Vec<(usize, Token)>;

/// Entries, and what was not understood.
pub(super) fn ruleset(text: &str) -> Result<(Vec<Value>, Vec<Ignored>), Fault> {
    let mut reader = Reader { rest: defined(tokens(text))?, ..Reader::default() };
    reader.rest.reverse();
    while !reader.rest.is_empty() {
        reader.top();
    }
    if reader.tables == 0 {
        return Err((1, "no table"));
    }
    Ok((reader.list, reader.skipped))
}

/// With the values of `define` in the places of their names.
fn defined(tokens: Lines) -> Result<Lines, Fault> {
    let mut values: HashMap<String, Lines> = HashMap::new();
    let (mut out, mut statement) = (Lines::new(), Lines::new());
    let (mut depth, mut spent) = (0_usize, 0_usize);
    for (line, token) in tokens {
        let named = token.word().and_then(|word| word.strip_prefix('$')).and_then(|name| values.get(name));
        let put = named.cloned().unwrap_or_else(|| vec![(line, token)]);
        spent = spent.saturating_add(put.len());
        if spent > MOST {
            return Err((line, "the values of `define` are longer than the limit"));
        }
        for (_, token) in put {
            depth = match token {
                Token::Open => depth + 1,
                Token::Close => depth.saturating_sub(1),
                _ => depth,
            };
            let defines = statement.first().and_then(|(_, token)| token.word()) == Some("define");
            let ends = token == Token::End && (!defines || depth == 0);
            statement.push((line, token));
            if ends {
                match define(&statement) {
                    Some((name, value)) => drop(values.insert(name, value)),
                    None => out.append(&mut statement),
                }
                statement.clear();
            }
        }
    }
    out.append(&mut statement);
    Ok(out)
}

/// `define name = value`.
fn define(statement: &[(usize, Token)]) -> Option<(String, Lines)> {
    let words: Vec<&str> = statement.iter().map_while(|(_, token)| token.word()).collect();
    let (name, taken) = match words.as_slice() {
        ["define", name, "=", ..] => (*name, 3),
        ["define", name, ..] => (name.strip_suffix('=')?, 2),
        _ => return None,
    };
    let value = statement.get(taken..)?.iter().filter(|(_, token)| *token != Token::End);
    Some((name.to_owned(), value.cloned().collect()))
}

#[derive(Default)]
struct Reader {
    /// What is to be read, the next at the end.
    rest: Vec<(usize, Token)>,
    tables: usize,
    list: Vec<Value>,
    skipped: Vec<Ignored>,
}

/// Tokens of one statement with the line of the first.
struct Statement {
    line: usize,
    tokens: Vec<Token>,
    /// A block follows, whose opening has been taken.
    opens: bool,
}

impl Statement {
    fn words(&self) -> Vec<&str> {
        self.tokens.iter().map_while(Token::word).collect()
    }

    fn text(&self) -> String {
        self.tokens.iter().map(Token::text).collect::<Vec<_>>().join(" ")
    }
}

impl Reader {
    /// Up to an end outside of braces, or to the opening of a block if `heads` says that the words begin one; `None` at
    /// the end of the block around it, which is taken.
    fn statement(&mut self, heads: &dyn Fn(&[&str]) -> bool) -> Option<Statement> {
        let (mut found, mut depth) = (Statement { line: 0, tokens: Vec::new(), opens: false }, 0_usize);
        while let Some((line, token)) = self.rest.pop() {
            if found.tokens.is_empty() {
                found.line = line;
            }
            match token {
                Token::End if depth > 0 => {}
                Token::End if found.tokens.is_empty() => {}
                Token::End => return Some(found),
                Token::Close if depth == 0 => {
                    if found.tokens.is_empty() {
                        return None;
                    }
                    self.rest.push((line, Token::Close));
                    return Some(found);
                }
                Token::Open if depth == 0 && heads(&found.words()) => {
                    found.opens = true;
                    return Some(found);
                }
                token => {
                    match token {
                        Token::Open => depth += 1,
                        Token::Close => depth -= 1,
                        _ => {}
                    }
                    found.tokens.push(token);
                }
            }
        }
        (!found.tokens.is_empty()).then_some(found)
    }

    fn leave(&mut self, statement: &Statement, why: &str) {
        self.skipped.push(ignored(statement.line, &statement.text(), why));
        if statement.opens {
            self.skip_block();
        }
    }

    fn skip_block(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.rest.pop() {
                Some((_, Token::Open)) => depth += 1,
                Some((_, Token::Close)) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn top(&mut self) {
        let begins = |words: &[&str]| {
            let words =
                words.strip_prefix(&["add"]).or_else(|| words.strip_prefix(&["create"])).unwrap_or(words);
            words.first().is_some_and(|word| *word == "table" || *word == "chain" || SETS.contains(word))
        };
        let Some(statement) = self.statement(&begins) else { return };
        let words = statement.words();
        let (verb, object) = match words.as_slice() {
            [verb @ ("add" | "create" | "insert"), object @ ..] => (*verb, object),
            object => ("add", object),
        };
        let (kind, names) = object.split_first().unwrap_or((&"", &[]));
        let (family, names) = match names {
            [family, rest @ ..] if FAMILIES.contains(family) => (*family, rest),
            rest => (FAMILY, rest),
        };
        match (*kind, names) {
            ("table", [table]) => {
                self.tables += 1;
                if statement.opens {
                    self.table(family, table);
                }
            }
            ("chain", [table, name]) => self.chain(&statement, family, table, name),
            (kind, [table, name]) if SETS.contains(&kind) => self.set(&statement, kind, family, table, name),
            ("element", [table, set, ..]) => {
                let elements = super::rule::elements(&statement.tokens);
                self.elements("set", family, table, set, elements);
            }
            ("rule", [table, chain, ..]) => {
                let taken = words.len() - names.len() + 2;
                let body = statement.tokens.get(taken..).unwrap_or_default();
                self.rule(statement.line, body, [family, table, chain], verb == "insert");
            }
            ("ruleset", _) => {}
            _ if words.starts_with(&["flush"]) || words.is_empty() => {}
            _ => self.leave(&statement, "a command that is not followed"),
        }
    }

    fn table(&mut self, family: &str, table: &str) {
        while let Some(statement) = self.statement(&|words| !words.is_empty()) {
            match statement.words().as_slice() {
                ["chain", name] => self.chain(&statement, family, table, name),
                [kind, name] if SETS.contains(kind) => self.set(&statement, kind, family, table, name),
                ["comment" | "flags", ..] => {}
                _ => self.leave(&statement, "neither a chain nor a set"),
            }
        }
    }

    fn chain(&mut self, head: &Statement, family: &str, table: &str, name: &str) {
        let (mut hook, mut policy) = (String::new(), String::new());
        let at = self.list.len();
        while let Some(statement) = self.inside(head) {
            let words = statement.words();
            match words.first().copied().unwrap_or_default() {
                "type" => {
                    let mut behind = words.iter().skip_while(|word| **word != "hook");
                    hook = behind.nth(1).copied().unwrap_or_default().to_owned();
                }
                "policy" => policy = words.get(1).copied().unwrap_or_default().to_owned(),
                "comment" | "devices" | "flags" => {}
                _ => self.rule(statement.line, &statement.tokens, [family, table, name], false),
            }
        }
        let chain = json!({"family": family, "table": table, "name": name, "line": head.line, "hook": hook, "policy": policy});
        self.list.insert(at, json!({"chain": chain}));
    }

    fn set(&mut self, head: &Statement, kind: &str, family: &str, table: &str, name: &str) {
        let mut elements = Vec::new();
        while let Some(statement) = self.inside(head) {
            if statement.words().first().is_some_and(|word| word.trim_end_matches('=') == "elements") {
                elements.extend(super::rule::elements(&statement.tokens));
            }
        }
        self.elements(kind, family, table, name, elements);
    }

    fn elements(&mut self, kind: &str, family: &str, table: &str, name: &str, elements: Vec<Value>) {
        self.list.push(json!({kind: {"family": family, "table": table, "name": name, "elem": elements}}));
    }

    /// A statement of the block that a head opened, if it did.
    fn inside(&mut self, head: &Statement) -> Option<Statement> {
        if head.opens { self.statement(&|_| false) } else { None }
    }

    fn rule(&mut self, line: usize, body: &[Token], [family, table, chain]: [&str; 3], first: bool) {
        let text = body.iter().map(Token::text).collect::<Vec<_>>().join(" ");
        let expr = expressions(body);
        self.list.push(json!({"rule": {
            "family": family, "table": table, "chain": chain, "line": line, "text": text, "first": first, "expr": expr,
        }}));
    }
}
