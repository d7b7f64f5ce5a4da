//! Random programs and facts: small enough for slow oracles, with recursion, negation and aggregates.
#![allow(unreachable_pub, dead_code, reason = "shared by test programs that each need a part")]

use datalog::{Fact, Pattern, Program, Session, Source};
use proptest::prelude::*;

const DECLARATIONS: &str = "
    .decl a(x: symbol, y: symbol)   .decl b(x: symbol)   .decl w(x: symbol, n: int)
    .decl p(x: symbol, y: symbol)   .decl q(x: symbol)   .decl r(x: symbol, y: symbol)   .decl s(x: symbol, n: int)
";

/// Each rule is safe on its own, and together they are stratified: p, r < q < s.
pub const RULES: &[&str] = &[
    "p(X, Y) :- a(X, Y).",
    "p(X, Z) :- p(X, Y), a(Y, Z).",
    "p(X, Z) :- p(X, Y), p(Y, Z).",
    "p(X, X) :- b(X), !a(X, X).",
    "p(Y, X) :- r(X, Y), b(X).",
    "r(X, Y) :- a(Y, X), X != Y.",
    "r(X, Y) :- p(X, Z), r(Z, Y).",
    "r(X, c0) :- b(X), a(X, c1).",
    "r(X, c0) :- r(X, _), b(X).",
    "r(X, Y) :- b(X), b(Y), a(X, _).",
    "q(X) :- b(X), !p(X, _).",
    "q(X) :- p(X, Y), !p(Y, X), q(Y).",
    "q(X) :- a(X, X), N = count { r(X, _) }, N > 1.",
    "s(X, N) :- N = count { p(X, _) }.",
    "s(X, N) :- w(X, N), !q(X).",
    "s(X, M) :- M = max N { w(X, N) }, b(X).",
    "s(Y, K) :- s(X, N), a(X, Y), K = N + 1, K < 9.",
    "s(X, M) :- M = min N { w(_, N) }, q(X), M < 3.",
];

pub fn program(rules: &[usize]) -> Program {
    let text: Vec<&str> = rules.iter().map(|r| RULES[*r]).collect();
    let text = format!("{DECLARATIONS}{}", text.join("\n"));
    Program::load(&[Source { name: "random.dl", text: &text }]).unwrap()
}

pub fn any_fact() -> impl Strategy<Value = Fact> {
    let name = || (0..4_u8).prop_map(|n| datalog::Value::Symbol(format!("c{n}")));
    let of = |relation: &str, args| Fact { relation: relation.to_owned(), args };
    prop_oneof![
        4 => (name(), name()).prop_map(move |(x, y)| of("a", vec![x, y])),
        2 => name().prop_map(move |x| of("b", vec![x])),
        2 => (name(), 0..5_i32).prop_map(move |(x, n)| of("w", vec![x, n.into()])),
        // Base facts of derived relations as well.
        1 => (name(), name()).prop_map(move |(x, y)| of("p", vec![x, y])),
    ]
}

pub fn all(session: &Session) -> Vec<Fact> {
    let relations: Vec<String> = session.program().relations().map(|r| r.name.clone()).collect();
    let mut facts: Vec<Fact> = relations.iter().flat_map(|r| session.facts(r)).collect();
    facts.sort();
    facts
}

pub fn pattern(fact: &Fact) -> Pattern {
    fact.to_string().parse().unwrap()
}
