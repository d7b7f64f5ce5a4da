//! The smallest useful document, and what a security engineer expects of it.

use assess::{NoVulnerabilities, Options, assess, render};
use expect_test::expect;
use record::Assessment;
use system::{System, read};

const SMALLEST: &str = r#"schema: sukashi.system/1
name: w
zones: {it: {}, ot: {}, outside: {}}
networks: {lan: {zone: it, cidr: 10.0.1.0/24}, cell: {zone: ot, cidr: 10.0.2.0/24}}
hosts:
  web1: {interfaces: [{network: lan, address: 10.0.1.5}], software: [nginx]}
  plc1: {interfaces: [{network: cell, address: 10.0.2.9}], kind: plc}
software: {nginx: {cpe: "cpe:2.3:a:f5:nginx:1.20.0:*:*:*:*:*:*:*", purl: "pkg:generic/nginx@1.20.0"}}
services: {http: {host: web1, software: nginx, protocol: tcp, port: 80, run_as: www-data}}
filters: {fw: {between: [it, ot], default: deny, rules: [{action: allow, from: "host:web1", to: "zone:ot", protocol: tcp, ports: ["502"]}]}}
vulnerabilities: {CVE-2021-23017: {affects: [nginx], cvss: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:H"}}
attackers: {a1: {at: "zone:outside"}}
goals: {g1: {title: "PLC is reprogrammed", fact: "runs_code(a1, plc1, _)"}}
"#;

fn assessed(documents: &[&str]) -> Assessment {
    let documents: Vec<_> = documents
        .iter()
        .enumerate()
        .map(|(i, d)| (format!("{i}.yaml"), read("w.yaml", d).unwrap()))
        .collect();
    let system = System::new(&documents).unwrap();
    assess(&system, &Options::default(), &NoVulnerabilities).unwrap()
}

#[test]
fn the_controller_is_reprogrammed_through_the_web_server() {
    expect![[r#"
        w: 2 hosts, 1 of 1 goals reached, 49 facts, 40 derived

        g1  PLC is reprogrammed: reached, probability 16% (15%–17%), days p10 2.8, p50 8.9, p90 20.2
          path 1: 16%, 10.8 days
            1. a1 exploits CVE-2021-23017 over the network and runs code on web1 as www-data [T1190]
               because vul_consequence(CVE-2021-23017, code); vul_exists(CVE-2021-23017, web1, nginx); vul_access(CVE-2021-23017, network, none, none); runs(web1, http, www-data); service_software(http, nginx); in_zone(web1, it/web1); listens(web1, http, tcp/80); allow(outside, it/web1, tcp/80); at_zone(a1, outside); not dismissed(CVE-2021-23017)
            2. a1 loads its own program into plc1 through plc1/assumed-modbus, which does not ask who connects [T0843]
               because unauthenticated(plc1/assumed-modbus); listens(plc1, plc1/assumed-modbus, tcp/502); programming_class(tcp/502); host_kind(plc1, plc); in_zone(plc1, ot); allow(it/web1, ot, tcp/502); runs_code(a1, web1, www-data); in_zone(web1, it/web1); not protected(plc1, program-lock)

        vulnerabilities
          exploitable   CVE-2021-23017 on web1 (pkg:generic/nginx@1.20.0)
                        a1 can use it over the network, 6 inferences from the start; network range, none privilege, no interaction; confidentiality, integrity and availability all suffer: taken as running code

        plan, cost 1, proven cheapest
          block-it-web1-to-ot-tcp-502  (zone:ot)

        not judged
          vulnerabilities of host `plc1`: the model states no software for it
    "#]].assert_eq(&render::human(&assessed(&[SMALLEST])));
}

fn verdict(document: &str) -> String {
    let assessment = assessed(&[document]);
    let goal = if assessment.goals[0].reached { "reached" } else { "not reached" };
    let found = &assessment.vulnerabilities[0];
    format!("g1 {goal}; {:?}: {}", found.verdict, found.why)
}

#[test]
fn a_closed_filter_before_the_web_server_is_the_missing_premise() {
    let closed = SMALLEST.replace("filters: {", "filters: {edge: {between: [outside, it], default: deny}, ");
    expect!["g1 not reached; NotReachable: nearest missing premise: `allow(outside, it/web1, tcp/80)`"]
        .assert_eq(&verdict(&closed));
}

#[test]
fn a_suppliers_word_dismisses_a_vulnerability() {
    let stated = SMALLEST.replace(
        "affects: [nginx], ",
        "affects: [nginx], vex: {status: not_affected, by: integrator, why: no resolver is configured}, ",
    );
    expect![
        "g1 not reached; NotAffected: not affected, by the word of integrator: no resolver is configured"
    ]
    .assert_eq(&verdict(&stated));
}

#[test]
fn without_a_vector_nobody_knows() {
    let bare = SMALLEST.replace(", cvss: \"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:H\"", "");
    expect!["g1 not reached; Unknown: no CVSS vector says where an attacker must be and what is gained"]
        .assert_eq(&verdict(&bare));
}

#[test]
fn a_host_of_which_no_service_is_stated_is_no_safe_host() {
    let silent = SMALLEST.replace(
        "services: {http: {host: web1, software: nginx, protocol: tcp, port: 80, run_as: www-data}}\n",
        "",
    );
    expect!["g1 not reached; Unknown: no service of `web1` is stated, so nobody can say whether it listens"]
        .assert_eq(&verdict(&silent));
}

#[test]
fn a_locked_controller_is_operated_but_not_reprogrammed() {
    let locked = SMALLEST.replace("kind: plc}", "kind: plc, protections: [program-lock]}");
    assert!(verdict(&locked).starts_with("g1 not reached; Exploitable"));
    let operated = locked.replace("runs_code(a1, plc1, _)", "operates(a1, plc1)");
    assert!(verdict(&operated).starts_with("g1 reached"));
}

#[test]
fn a_second_document_is_a_difference() {
    let before = assessed(&[SMALLEST]);
    let patch = "schema: sukashi.system/1\nremove: [\"vulnerability:CVE-2021-23017\"]\n";
    let after = assessed(&[SMALLEST, patch]);
    let difference = assess::compare(&before, &after);
    assert_eq!(difference.goals.len(), 1);
    assert_eq!((difference.goals[0].before > 0.1, difference.goals[0].after), (true, 0.0));
    let change = &difference.vulnerabilities[0];
    assert_eq!((change.before, change.after), (Some(record::Verdict::Exploitable), None));
    assert_eq!(assess::compare(&before, &before), record::AssessmentDifference::default());
}

#[test]
fn the_same_model_gives_the_same_bytes_for_any_number_of_workers() {
    let system = System::new(&[("w.yaml".to_owned(), read("w.yaml", SMALLEST).unwrap())]).unwrap();
    let bytes = |workers| {
        let options = Options { workers, ..Options::default() };
        serde_json::to_string(&assess(&system, &options, &NoVulnerabilities).unwrap()).unwrap()
    };
    assert!([2, 4].iter().all(|workers| bytes(*workers) == bytes(1)));
}

#[test]
fn a_goal_that_no_rule_knows_is_named() {
    let odd = SMALLEST.replace("runs_code(a1, plc1, _)", "run_code(a1, plc1, _)");
    let system = System::new(&[("w.yaml".to_owned(), read("w.yaml", &odd).unwrap())]).unwrap();
    let error = assess(&system, &Options::default(), &NoVulnerabilities).unwrap_err();
    expect!["goal `g1`: unknown relation `run_code`; hint: did you mean `runs_code`?"]
        .assert_eq(&error.to_string());
}
