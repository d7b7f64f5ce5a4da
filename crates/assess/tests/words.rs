//! What somebody states of a vulnerability in one piece of software counts there and nowhere else.

use assess::{NoVulnerabilities, Options, assess};
use expect_test::{Expect, expect};
use system::System;

const MODEL: &str = r#"
schema: sukashi.system/1
name: w
zones: {outside: {}}
networks: {wan: {zone: outside, cidr: 10.0.1.0/24}}
hosts:
  a: {interfaces: [{network: wan, address: 10.0.1.1}], software: [web]}
  b: {interfaces: [{network: wan, address: 10.0.1.2}], software: [web, other]}
software:
  web: {purl: "pkg:generic/web@1", vex: [WORDS]}
  other: {}
services:
  wa: {host: a, software: web, protocol: tcp, port: 80, run_as: root}
  wb: {host: b, software: web, protocol: tcp, port: 80, run_as: root}
vulnerabilities: {CVE-2026-0001: {affects: [web, other], cvss: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}
attackers: {eve: {at: "zone:outside"}}
goals: {g: {title: "a is taken over", fact: "runs_code(eve, a, _)"}}
"#;

fn check(words: &str, expected: Expect) {
    let document = system::read("w", &MODEL.replace("WORDS", words)).unwrap();
    let system = System::new(&[("w".to_owned(), document)]).unwrap();
    let found = assess(&system, &Options::default(), &NoVulnerabilities).unwrap();
    let line = |v: &record::VulnerabilityVerdict| {
        let why = if v.verdict == record::Verdict::NotAffected { v.why.as_str() } else { "" };
        format!("{} {} {:?} {why}\n", v.host, v.component, v.verdict)
    };
    let verdicts: String = found.vulnerabilities.iter().map(line).collect();
    let reached: Vec<bool> = found.goals.iter().map(|goal| goal.reached).collect();
    expected.assert_eq(&format!("{verdicts}reached {reached:?}\n"));
}

#[test]
fn a_word_on_a_host_dismisses_the_vulnerability_there_and_is_named() {
    let word = "{vulnerability: CVE-2026-0001, status: not_affected, by: Maker, why: never run, hosts: [a]}";
    check(
        word,
        expect![[r#"
        a pkg:generic/web@1 NotAffected not affected, by the word of Maker: never run
        b other Exploitable 
        b pkg:generic/web@1 Exploitable 
        reached [false]
    "#]],
    );
}

#[test]
fn a_word_without_hosts_counts_on_all_that_have_the_software() {
    check(
        "{vulnerability: CVE-2026-0001, status: fixed, by: Maker}",
        expect![[r#"
        a pkg:generic/web@1 NotAffected fixed, by the word of Maker
        b other NotReachable 
        b pkg:generic/web@1 NotAffected fixed, by the word of Maker
        reached [false]
    "#]],
    );
}

#[test]
fn words_that_differ_dismiss_nothing() {
    let words = "{vulnerability: CVE-2026-0001, status: fixed, by: Maker}, \
        {vulnerability: CVE-2026-0001, status: affected, by: Integrator}";
    check(
        words,
        expect![[r#"
        a pkg:generic/web@1 Exploitable 
        b other Exploitable 
        b pkg:generic/web@1 Exploitable 
        reached [true]
    "#]],
    );
}

#[test]
fn a_word_on_a_host_goes_with_it() {
    let word = "{vulnerability: CVE-2026-0001, status: fixed, by: Maker, hosts: [a]}";
    let model = system::read("w", &MODEL.replace("WORDS", word)).unwrap();
    let removal = "schema: sukashi.system/1\nremove: [\"host:a\"]\n";
    let removal = system::read("what-if", removal).unwrap();
    let system = System::new(&[("w".to_owned(), model), ("what-if".to_owned(), removal)]).unwrap();
    let facts: Vec<String> = system.facts().iter().map(ToString::to_string).collect();
    assert!(facts.contains(&"vul_exists(CVE-2026-0001, b, web)".to_owned()));
    assert!(!facts.iter().any(|fact| fact.starts_with("vex_in(")), "it was said of another host");
}
