//! What authors of rules get to see.

use datalog::{Fact, Mistake, Options, Program, Session, Source};

fn complaint(text: &str) -> String {
    Program::load(&[Source { name: "r.dl", text }]).unwrap_err().to_string()
}

fn facts(text: &str, relation: &str) -> Vec<String> {
    let program = Program::load(&[Source { name: "r.dl", text }]).unwrap();
    let mut session = Session::new(program, Options::default());
    session.commit().unwrap();
    session.facts(relation).iter().map(ToString::to_string).collect()
}

#[test]
fn a_misspelt_relation_is_shown_with_place_and_suggestion() {
    let text =
        ".decl edge(a: symbol, b: symbol)\n.decl path(a: symbol, b: symbol)\npath(X, Y) :- egde(X, Y).\n";
    assert_eq!(
        complaint(text),
        "r.dl:3:15: unknown relation `egde`\n  |\n3 | path(X, Y) :- egde(X, Y).\n  |               ^^^^\n\
         hint: did you mean `edge`?"
    );
}

#[test]
fn every_stage_names_its_mistake() {
    let declared = ".decl p(a: symbol)\n.decl q(a: symbol)\n.decl n(a: int)\n";
    let cases = [
        ("p('x').", "`'` means nothing here"),
        ("p(\"x).", "this text has no closing quote"),
        ("p(\"a\\t\").", "`\\t` is no escape"),
        ("p(a) :- q(a)", "expected `.`, found the end of the text"),
        (".input p", "there is no directive `.input`"),
        ("p(a, b).", "`p` has 1 columns, here are 2 arguments"),
        ("p(3).", "expected a value of type `symbol`, found the figure `3`"),
        ("n(a).", "expected a value of type `int`, found a name"),
        ("n(99999999999).", "this figure is too large"),
        ("p(X).", "a fact has no variables, `X` is one"),
        ("p(_) :- q(_).", "`_` cannot stand here"),
        ("p(X) :- n(X).", "expected a value of type `symbol`, found `X`, which is of type `int`"),
        ("p(X) :- q(X), X < b.", "expected figures around `<`, found names, which are equal or not"),
        ("p(Y) :- q(X).", "variable `Y` is not bound by any premise"),
        ("p(X) :- q(X), !n(Y).", "variable `Y` is not bound by any premise"),
        ("p(X) :- q(X), !p(X).", "`p` depends on the absence of `p`, which depends on `p`"),
        ("n(N) :- q(X), N = count { n(_) }.", "depends on"),
        (".decl p(a: int)", "`p` is declared twice with different columns"),
        (".decl r(a: text)", "unknown type `text`"),
        ("n(N) :- n(M), N = min X { n(M) }.", "`X` does not stand in the braces"),
    ];
    for (text, expected) in cases {
        let found = complaint(&format!("{declared}{text}"));
        assert!(found.contains(expected), "{text}:\n{found}");
    }
}

#[test]
fn all_mistakes_of_a_stage_are_reported_at_once() {
    let error = Program::load(&[Source { name: "r.dl", text: "a(.\nb(x) :- .\n" }]).unwrap_err();
    assert_eq!(error.diagnostics.len(), 2);
    assert!(matches!(error.mistakes[0], Mistake::Parse(_)));
}

#[test]
fn too_wide_a_rule_says_what_to_do() {
    let mut text = ".decl e(a: int, b: int) .decl p(a: int)\np(A) :- e(A, B)".to_owned();
    for variable in ["C", "D", "E", "F", "G", "H", "I", "J"] {
        text += &format!(", e(A, {variable})");
    }
    text += ", B + C + D + E + F + G + H + I + J = 9.";
    let found = complaint(&text);
    assert!(
        found.contains("needs 10 variables at once") && found.contains("intermediate relation"),
        "{found}"
    );
}

#[test]
fn names_may_hold_what_addresses_and_ports_hold() {
    let text = ".decl p(a: symbol)\np(tcp/502). p(www-data). p(10-0.1). p(\"CVE-2021-1 x\").";
    assert!(complaint(text).contains("10"), "names begin with a letter");
    let text = ".decl p(a: symbol)\np(tcp/502). p(www-data). p(\"CVE-2021-1\"). p(\"a b\").";
    assert_eq!(facts(text, "p"), ["p(CVE-2021-1)", "p(\"a b\")", "p(tcp/502)", "p(www-data)"]);
}

#[test]
fn comparison_arithmetic_and_assignment() {
    let text = "
        .decl n(x: int)  .decl out(x: int, y: int)
        n(1). n(2). n(3). n(-4).
        out(X, Y) :- n(X), Y = (X + 1) * 2 - X % 2, X >= 2.
        out(X, X) :- n(X), X / 0 = 1.
        out(X, Y) :- n(X), X < 0, Y = X - 2147483647.
    ";
    assert_eq!(facts(text, "out"), ["out(2, 6)", "out(3, 7)"], "what leaves its range does not hold");
}

#[test]
fn aggregates_group_by_the_variables_used_outside() {
    let text = "
        .decl cost(item: symbol, shop: symbol, euro: int)
        .decl offers(item: symbol, n: int) .decl best(item: symbol, euro: int) .decl worst(euro: int)
        .decl cheap(shop: symbol)
        cost(pen, a, 3). cost(pen, b, -2). cost(ink, a, 9).
        offers(I, N) :- N = count { cost(I, _, _) }.
        best(I, E) :- E = min X { cost(I, _, X) }.
        worst(E) :- E = max X { cost(_, _, X) }.
        cheap(S) :- cost(I, S, E), E = min X { cost(I, _, X) }.
    ";
    assert_eq!(facts(text, "offers"), ["offers(ink, 1)", "offers(pen, 2)"]);
    assert_eq!(facts(text, "best"), ["best(ink, 9)", "best(pen, -2)"]);
    assert_eq!(facts(text, "worst"), ["worst(9)"]);
    assert_eq!(facts(text, "cheap"), ["cheap(a)", "cheap(b)"]);
}

#[test]
fn a_rule_without_atoms_holds_or_not() {
    let text = ".decl a(x: symbol) .decl b(x: symbol)\na(no) :- b(x).\na(yes) :- !b(x).\na(Y) :- Y = z.";
    assert_eq!(facts(text, "a"), ["a(yes)", "a(z)"]);
}

#[test]
fn facts_that_differ_only_where_anything_goes_are_ways_of_their_own() {
    let text =
        ".decl has(a: symbol, b: symbol) .decl any(a: symbol)\nany(A) :- has(A, _).\nhas(x, p). has(x, q).";
    let program = Program::load(&[Source { name: "r.dl", text }]).unwrap();
    let mut session = Session::new(program, Options::default());
    session.commit().unwrap();
    assert_eq!(session.derivations().len(), 2);
    let below = session.derivations_of(&["any(x)".parse().unwrap()]).unwrap();
    assert_eq!(below.len(), 2);
}

#[test]
fn annotations_stay_with_their_rule() {
    let text = ".decl a(x: symbol) .decl b(x: symbol)\n@rule(\"r1\", technique: \"T1190\", days: 2.5)\na(X) :- b(X).";
    let program = Program::load(&[Source { name: "r.dl", text }]).unwrap();
    let annotation = &program.rules()[0].annotations[0];
    assert_eq!(annotation.name, "rule");
    assert_eq!(annotation.positional, [datalog::Argument::Text("r1".to_owned())]);
    assert_eq!(annotation.named["days"], datalog::Argument::Number(2.5));
}

#[test]
fn fact_files_name_each_bad_line() {
    let program = Program::load(&[Source { name: "r.dl", text: ".decl e(a: symbol, n: int)" }]).unwrap();
    let good = Source { name: "f", text: "// comment\ne(PLC1, 3).\ne(\"a b\", -1)\n" };
    let facts: Vec<String> = program.read_facts(good).unwrap().iter().map(Fact::to_string).collect();
    assert_eq!(facts, ["e(PLC1, 3)", "e(\"a b\", -1)"]);
    let bad = Source { name: "f", text: "e(a, x)\nf(a)\ne(_, 1)\n" };
    assert_eq!(program.read_facts(bad).unwrap_err().diagnostics.len(), 3);
}

#[test]
fn hostile_nesting_is_refused() {
    let deep = format!(".decl n(x: int)\nn(X) :- n(Y), X = {}Y{}.", "(".repeat(100_000), ")".repeat(100_000));
    assert!(complaint(&deep).contains("too large"));
    let long = format!(".decl n(x: int)\nn(X) :- n(Y), X = Y{}.", " + 1".repeat(100_000));
    assert!(complaint(&long).contains("too large"));
}
