//! Whole documents: what they say, and what is said of those that are wrong.

use expect_test::{Expect, expect};
use system::{Document, System, read};

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

fn document(text: &str) -> Document {
    read("plant.yaml", text).unwrap()
}

fn named(documents: &[&str]) -> Vec<(String, Document)> {
    documents.iter().enumerate().map(|(i, text)| (format!("{i}.yaml"), document(text))).collect()
}

fn facts(documents: &[&str], about: &[&str]) -> String {
    let system = System::new(&named(documents)).unwrap();
    let lines =
        system.facts().into_iter().filter(|f| about.contains(&f.relation)).map(|f| f.to_string() + "\n");
    lines.collect()
}

fn check_facts(documents: &[&str], about: &[&str], expected: Expect) {
    expected.assert_eq(&facts(documents, about));
}

fn check_refused(text: &str, expected: Expect) {
    let message = match read("plant.yaml", text) {
        Err(error) => error.to_string(),
        Ok(document) => System::new(&[("plant.yaml".to_owned(), document)]).unwrap_err().to_string(),
    };
    expected.assert_eq(&message);
}

#[test]
fn smallest_document_reaches_from_outside_to_the_inner_zone_only_through_the_filter() {
    check_facts(
        &[SMALLEST],
        &["allow", "in_zone", "at_zone", "listens", "vul_exists"],
        expect![[r#"
            allow(it, it/web1, tcp/80)
            allow(it/web1, it/web1, tcp/80)
            allow(it/web1, ot, tcp/502)
            allow(ot, ot, tcp/102)
            allow(ot, ot, tcp/20000)
            allow(ot, ot, tcp/2404)
            allow(ot, ot, tcp/44818)
            allow(ot, ot, tcp/502)
            allow(outside, it/web1, tcp/80)
            at_zone(a1, outside)
            in_zone(plc1, ot)
            in_zone(web1, it/web1)
            listens(plc1, plc1/assumed-dnp3, tcp/20000)
            listens(plc1, plc1/assumed-ethernet-ip, tcp/44818)
            listens(plc1, plc1/assumed-iec-104, tcp/2404)
            listens(plc1, plc1/assumed-modbus, tcp/502)
            listens(plc1, plc1/assumed-s7comm, tcp/102)
            listens(web1, http, tcp/80)
            vul_exists(CVE-2021-23017, web1, nginx)
        "#]],
    );
}

#[test]
fn a_controller_with_a_listed_service_is_not_assumed_to_have_others() {
    let listed = r#"schema: sukashi.system/1
services: {modbus: {host: plc1, protocol: tcp, port: 502, unauthenticated: true}}"#;
    check_facts(
        &[SMALLEST, listed],
        &["unauthenticated"],
        expect![[r#"
        unauthenticated(modbus)
    "#]],
    );
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_the_nearest_valid_one() {
    check_refused(
        "schema: sukashi.system/1\nname: w\nhosts:\n  web1: {intefaces: []}\n",
        expect!["plant.yaml:4:10: unknown key `intefaces`; hint: did you mean `interfaces`?"],
    );
}

#[test]
fn an_unknown_kind_lists_what_is_valid() {
    check_refused(
        "schema: sukashi.system/1\nname: w\nfilters: {f: {between: [a, b], default: maybe}}\n",
        expect!["plant.yaml:3:41: unknown value `maybe`; hint: valid are `allow`, `deny`"],
    );
}

#[test]
fn every_mistake_of_a_well_formed_document_is_reported_at_once() {
    check_refused(
        r#"schema: sukashi.system/1
name: w
zones: {it: {}}
networks: {lan: {zone: itt, cidr: 10.0.1.0/40}}
hosts: {web1: {interfaces: [{network: lan, address: 10.0.1}]}}
services: {http: {host: web2, protocol: any, port: 0}}
filters: {f: {between: [it, it], default: deny, rules: [{action: allow, from: web1, ports: ["x"]}]}}
attackers: {a: {at: "software:s"}}
"#,
        expect![[r#"
            plant.yaml:4:24: there is no `zone:itt`, which this network names; hint: did you mean `it`?
            plant.yaml:4:35: `10.0.1.0/40` is not an address prefix; hint: write `10.0.1.0/24` or `fd00::/64`
            plant.yaml:5:53: `10.0.1` is not an address; hint: write `10.0.1.5` or `fd00::5`
            plant.yaml:6:18: `0` is not a port; hint: write 1–65535
            plant.yaml:6:18: a service has one protocol; hint: write `tcp` or `udp`
            plant.yaml:6:25: there is no `host:web2`, which this service names; hint: did you mean `web1`?
            plant.yaml:7:79: `web1` is no end of a filter rule; hint: write `any`, `zone:…`, `network:…`, `host:…`, an address or a prefix
            plant.yaml:7:93: `x` is not a port or a range of ports; hint: write `502` or `8000-8080`, 0–65535
            plant.yaml:8:21: `software:s` cannot stand here; hint: write `host:…` or `person:…` or `place:…` or `supplier:…` or `zone:…`"#]],
    );
}

#[test]
fn malformed_yaml_is_refused_with_its_place() {
    check_refused("schema: sukashi.system/1\nname: [w\n", expect!["plant.yaml:2:7: expected string scalar"]);
}

#[test]
fn a_duplicate_id_in_one_document_is_refused() {
    check_refused(
        "schema: sukashi.system/1\nname: w\nzones: {it: {}, it: {}}\n",
        expect!["plant.yaml:3:17: `it` is written twice here"],
    );
}

#[test]
fn what_runs_on_a_host_may_be_told_by_another_document() {
    let second =
        "schema: sukashi.system/1\nhosts:\n  plc1: {software: [firmware]}\nsoftware: {firmware: {}}\n";
    let system = System::new(&named(&[SMALLEST, second])).unwrap();
    let plc = &system.document().hosts["plc1"];
    let software: Vec<&str> = plc.software.iter().map(|s| s.value.as_str()).collect();
    assert_eq!((software, plc.interfaces.len()), (vec!["firmware"], 1));
}

#[test]
fn an_id_stated_differently_by_two_documents_is_a_conflict() {
    let second = "schema: sukashi.system/1\nhosts:\n  plc1: {kind: server}\n";
    let error = System::new(&named(&[SMALLEST, second])).unwrap_err();
    expect!["1.yaml:3:9: `host:plc1` is stated differently in another document at line 7; hint: remove the first statement, or give this one another id"].assert_eq(&error.to_string());
}

#[test]
fn an_id_stated_equally_by_two_documents_is_one() {
    assert!(System::new(&named(&[SMALLEST, SMALLEST])).is_ok());
}

#[test]
fn removing_a_host_takes_its_services_and_the_rules_that_name_it() {
    let what_if = "schema: sukashi.system/1\nremove: [\"host:web1\"]\n";
    check_facts(
        &[SMALLEST, what_if],
        &["allow", "in_zone", "vul_exists"],
        expect![[r#"
        allow(ot, ot, tcp/102)
        allow(ot, ot, tcp/20000)
        allow(ot, ot, tcp/2404)
        allow(ot, ot, tcp/44818)
        allow(ot, ot, tcp/502)
        in_zone(plc1, ot)
    "#]],
    );
}

#[test]
fn removing_what_is_not_there_is_a_mistake() {
    let what_if = "schema: sukashi.system/1\nremove: [\"host:web7\"]\n";
    let error = System::new(&named(&[SMALLEST, what_if])).unwrap_err();
    expect!["1.yaml:2:10: there is no `host:web7` to remove; hint: did you mean `web1`?"]
        .assert_eq(&error.to_string());
}

#[test]
fn a_document_written_as_json_reads_back_the_same() {
    let system = System::new(&named(&[SMALLEST])).unwrap();
    let json = serde_json::to_string(system.document()).unwrap();
    assert_eq!(&document(&json), system.document());
}
