//! S2: an integrator builds its model from what the maker registered upstream and from the firewall's own rules, learns
//! which vulnerability matters in the built system and what stops it, and registers the result for the operator.

use serde_json::Value;

use crate::site::{Party, Site};
use crate::support::Place;

const ROUTER: &[u8] = include_bytes!("../../../../examples/router/router-mipsel.bin");
const FEEDS: [(&str, &[u8]); 2] = [
    ("nvd.jsonl.zst", include_bytes!("../../../../examples/vulnerabilities/nvd.jsonl.zst")),
    ("kev.json.zst", include_bytes!("../../../../examples/vulnerabilities/kev.json.zst")),
];

/// Where the router stands. What runs on it comes from its maker, what passes to it from the firewall.
const PLANT: &str = r#"
schema: sukashi.system/1
name: Pumping station
zones: {office: {}, cell: {}}
networks: {desks: {zone: office, cidr: 10.0.1.0/24}, field: {zone: cell, cidr: 10.0.2.0/24}}
hosts:
  fw1: {interfaces: [{network: desks, address: 10.0.1.1}, {network: field, address: 10.0.2.1}], kind: firewall}
  router: {interfaces: [{network: field, address: 10.0.2.9}]}
attackers: {a1: {at: "zone:office"}}
goals: {g1: {title: "The router is taken over", fact: "runs_code(a1, router, _)"}}
"#;

/// What listens on the router.
const SERVICES: &str = r#"
schema: sukashi.system/1
services:
  names: {host: router, software: "dnsmasq-2.75-1", protocol: udp, port: 53, run_as: root}
  shell: {host: router, software: "dropbear-2022.83-1", protocol: tcp, port: 22, run_as: root}
"#;

const RULES: &str = "*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -p udp -d 10.0.2.9 --dport 53 -j ACCEPT
COMMIT
";

fn supply(maker: &Party) {
    maker.place.file("router.bin", ROUTER);
    maker.does(&["bom", "generate", "router.bin", "-o", "router.cdx.json"]);
    let about = ["--artifact", "router.bin", "--key", "release", "-o", "sbom.dsse"];
    maker.does(&[&["attest", "sbom", "router.cdx.json"][..], &about[..]].concat());
    let release = ["--product", "KR-200", "--kind", "equipment", "--version", "1.4.2"];
    maker.does(&[&["register", "sbom.dsse"][..], &release[..]].concat());
}

/// The documents of the model, as `assess` takes them.
fn model(integrator: &Party) -> Vec<&'static str> {
    let place = &integrator.place;
    place.file("plant.yaml", PLANT);
    place.file("services.yaml", SERVICES);
    place.file("rules.v4", RULES);
    integrator.does(&["pull", "--product", "KR-200", "-o", "upstream/"]);
    let files = place.list();
    let sbom = files.iter().find(|f| f.starts_with("upstream/sbom-") && f.ends_with(".json"));
    let sbom = sbom.unwrap_or_else(|| panic!("{files:?}"));
    integrator.does(&["system", "import", "--from", "sbom", sbom, "--host", "router", "-o", "router.json"]);
    let placed = ["--host", "fw1", "--outer", "office", "--inner", "cell", "-o", "fw.json"];
    integrator.does(&[&["system", "import", "--from", "iptables", "rules.v4"][..], &placed[..]].concat());
    vec!["plant.yaml", "router.json", "services.yaml", "fw.json"]
}

fn assess(integrator: &Party, model: &[&str], options: &[&str]) {
    let command = [&["assess"], model, &["--vuln-db", "vuln.redb"], options].concat();
    integrator.does(&command);
}

fn read(of: &Party, name: &str) -> Value {
    serde_json::from_str(&of.place.read(name)).unwrap()
}

/// Verdicts on vulnerabilities of a component.
fn verdicts<'a>(assessment: &'a Value, component: &str) -> Vec<&'a str> {
    let all = assessment["vulnerabilities"].as_array().unwrap().iter();
    let of = all.filter(|v| v["component"].as_str().unwrap().contains(component));
    of.map(|v| v["verdict"].as_str().unwrap()).collect()
}

#[test]
fn an_integrator_learns_what_matters_in_the_built_system_and_tells_the_operator() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    let integrator = site.found("Integrator", "integrator");
    let operator = site.found("Water", "operator");
    site.link(&maker, &integrator);
    site.link(&integrator, &operator);
    supply(&maker);
    for (name, bytes) in FEEDS {
        integrator.place.file(name, bytes);
    }
    integrator.does(&["vuln", "import", FEEDS[0].0, FEEDS[1].0, "--vuln-db", "vuln.redb"]);
    let documents = model(&integrator);

    assess(&integrator, &documents, &["--format", "json", "-o", "built.json"]);
    let built = read(&integrator, "built.json");
    let goal = &built["goals"][0];
    assert_eq!(goal["reached"], true);
    let steps = goal["paths"][0]["steps"].as_array().unwrap();
    let exploit = steps.iter().find(|s| s["vulnerability"].is_string()).unwrap();
    assert!(exploit["vulnerability"].as_str().unwrap().starts_with("CVE-"), "{exploit}");
    assert!(verdicts(&built, "dnsmasq").contains(&"exploitable"), "its port is open to the office");
    let busybox = verdicts(&built, "busybox");
    assert!(!busybox.is_empty() && busybox.iter().all(|v| *v == "not-reachable"), "{busybox:?}");
    let chosen = built["plan"]["chosen"].to_string();
    assert!(
        chosen.contains("block") && built["plan"]["residual"][0]["reached"] == false,
        "{}",
        built["plan"]
    );

    // Another way, tried: the router no longer answers for names.
    integrator.place.file("closed.yaml", "schema: sukashi.system/1\nremove: [\"service:names\"]\n");
    assess(&integrator, &documents, &["--what-if", "closed.yaml", "--format", "json", "-o", "closed.json"]);
    assert_eq!(read(&integrator, "closed.json")["goals"][0]["reached"], false);

    tell(&integrator, &documents);
    let seen = |kind: &str| site.get(&operator.session, &format!("/api/v1/evidence?type={kind}"));
    let vex = seen("vex");
    assert_eq!(vex["items"][0]["issuer"]["name"], "Integrator", "{vex}");
    let told = site.get(&operator.session, "/api/v1/changes?limit=200");
    let told = told["items"].as_array().unwrap().iter().any(|c| c["evidence"]["type"] == "vex");
    assert!(told, "the operator is told");
}

/// The verdicts as a VEX document about what the integrator hands over, signed and registered.
fn tell(integrator: &Party, documents: &[&str]) {
    assess(
        integrator,
        documents,
        &["--format", "openvex", "--author", "Integrator", "-o", "station.vex.json"],
    );
    integrator.place.file("station.zip", "the station as it is handed over");
    let signed = ["attest", "vex", "station.vex.json", "--artifact", "station.zip", "--key", "release"];
    integrator.does(&[&signed[..], &["-o", "vex.dsse"]].concat());
    let release =
        ["--product", "Pumping station", "--kind", "system", "--version", "1", "--artifact", "station.zip"];
    integrator.does(&[&["register", "vex.dsse"][..], &release[..]].concat());
}
