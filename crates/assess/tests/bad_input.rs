//! Models that contradict themselves and rules that never end: an answer that says what it is worth, in seconds.

use assess::packs::Pack;
use assess::{NoVulnerabilities, Options, assess};
use record::Assessment;
use system::{System, read};

/// A web server in front of a controller; `{filters}` stand between the two, `{groups}` have the server's user in them.
const MODEL: &str = r#"schema: sukashi.system/1
name: w
zones: {it: {}, ot: {}, outside: {}}
networks: {lan: {zone: it}, cell: {zone: ot}}
hosts:
  web: {interfaces: [{network: lan}], software: [s]}
  pc: {interfaces: [{network: cell}], software: [s]}
software: {s: {}}
services:
  http: {host: web, software: s, protocol: tcp, port: 80}
  api: {host: pc, software: s, protocol: tcp, port: 80}
accounts: {u: {hosts: [web], user: u}}
vulnerabilities: {CVE-1: {affects: [s], cvss: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}
attackers: {a: {at: "zone:it"}}
goals: {g: {title: t, fact: "runs_code(a, pc, _)"}}
"#;

fn assessed(more: &str, options: &Options) -> Assessment {
    let text = format!("{MODEL}{more}");
    let document = read("w.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
    let system = System::new(&[("w.yaml".to_owned(), document)]).unwrap_or_else(|e| panic!("{e}"));
    assess(&system, options, &NoVulnerabilities).unwrap()
}

fn reached(filters: &str) -> bool {
    let assessment = assessed(&format!("filters: {{{filters}}}\n"), &Options::default());
    assert!(assessment.complete);
    assessment.goals[0].reached
}

#[test]
fn of_rules_that_contradict_each_other_the_first_decides() {
    let (allow, deny) =
        ("{action: allow, ports: [\"80\"], protocol: tcp}", "{action: deny, from: \"zone:it\"}");
    let filter = |rules: &str| format!("f: {{between: [it, ot], default: deny, rules: [{rules}]}}");
    assert!(reached(&filter(&format!("{allow}, {deny}"))));
    assert!(!reached(&filter(&format!("{deny}, {allow}"))));
}

#[test]
fn filters_that_contradict_each_other_stand_one_behind_the_other() {
    let open = "a: {between: [it, ot], default: allow}";
    let shut = "z: {between: [ot, it], default: deny}";
    assert!(reached(open));
    assert!(!reached(&format!("{open}, {shut}")));
    let other = "a: {between: [it, ot], default: deny}, z: {between: [ot, it], default: allow}";
    assert!(!reached(other), "whatever their names");
}

#[test]
fn groups_that_are_members_of_each_other_have_the_same_members_and_end() {
    let groups = "groups:
  a: {members: [\"group:b\", \"account:u\"]}
  b: {members: [\"group:a\"], admin_of: [pc]}
  c: {members: [\"group:c\"]}
filters: {f: {between: [it, ot], default: deny}}
";
    assert!(assessed(groups, &Options::default()).complete);
}

fn with_rules(text: &str) -> Assessment {
    let packs = vec![Pack { name: "own".to_owned(), text: text.to_owned() }];
    assessed("", &Options { packs, worlds: 64, ..Options::default() })
}

#[test]
fn rules_without_end_are_cut_and_the_rest_is_answered() {
    let endless = ".decl n(x: int)\nn(0).\nn(Y) :- n(X), Y = X + 1.\n";
    let product = ".decl p(a: int, b: int, c: int)\n.decl m(x: int)\nm(0).\nm(Y) :- m(X), Y = X + 1, Y < 500.\n\
        p(A, B, C) :- m(A), m(B), m(C).\n";
    for rules in [endless, product] {
        let assessment = with_rules(rules);
        assert!(!assessment.complete);
        let why = assessment.blind_spots.iter().map(|spot| spot.why.as_str());
        assert!(why.into_iter().any(|why| why == "the budget of 1000000 derived facts was exceeded"));
        assert!(assessment.plan.is_none_or(|plan| !plan.optimal));
    }
}
