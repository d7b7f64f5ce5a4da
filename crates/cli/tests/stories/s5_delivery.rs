//! S5: a new firmware replaces an old one. The difference in components, and what it does to the risk
//! of the receiver's system, is known before it is installed.

use serde_json::Value;

use crate::site::{Party, Site};
use crate::support::Place;

const FEEDS: [(&str, &[u8]); 2] = [
    ("nvd.jsonl.zst", include_bytes!("../../../../examples/vulnerabilities/nvd.jsonl.zst")),
    ("kev.json.zst", include_bytes!("../../../../examples/vulnerabilities/kev.json.zst")),
];

/// The receiver's system; what runs on the router is told by the delivery.
const PLANT: &str = r#"
schema: sukashi.system/1
name: Pumping station
zones: {office: {}}
networks: {desks: {zone: office, cidr: 10.0.1.0/24}}
hosts: {router: {interfaces: [{network: desks, address: 10.0.1.9}]}}
attackers: {a1: {at: "zone:office"}}
goals: {g1: {title: "The router is taken over", fact: "runs_code(a1, router, _)"}}
"#;

/// Packages of a firmware as its package database states them.
fn firmware(place: &Place, name: &str, dnsmasq: &str, more: &[(&str, &str)]) {
    let package = |name: &str, version: &str| {
        format!(
            "Package: {name}\nVersion: {version}\nStatus: install user installed\nArchitecture: mipsel\n\n"
        )
    };
    let mut status = package("dnsmasq", dnsmasq);
    status.extend(more.iter().map(|(name, version)| package(name, version)));
    place.file(&format!("{name}/usr/lib/opkg/status"), status);
    place.file(&format!("{name}/etc/os-release"), "ID=openwrt\nNAME=OpenWrt\nVERSION_ID=22.03\n");
    place.file(&format!("{name}/etc/hosts"), "127.0.0.1 localhost\n");
}

/// Goal reached with the software of a delivery.
fn reached(receiver: &Party, delivery: &str) -> bool {
    let place = &receiver.place;
    receiver.does(&["bom", "generate", delivery, "-o", "delivery.cdx.json"]);
    let import = ["system", "import", "--from", "sbom", "delivery.cdx.json", "--host", "router"];
    receiver.does(&[&import[..], &["-o", "runs.json"]].concat());
    let runs: Value = serde_json::from_str(&place.read("runs.json")).unwrap();
    let software = runs["software"].as_object().unwrap().keys().find(|id| id.starts_with("dnsmasq")).unwrap();
    let service = format!(
        "schema: sukashi.system/1\nservices: {{names: {{host: router, software: \"{software}\", protocol: udp, port: 53, run_as: root}}}}\n"
    );
    place.file("service.yaml", service);
    let model = ["assess", "plant.yaml", "runs.json", "service.yaml", "--vuln-db", "vuln.redb"];
    receiver.does(&[&model[..], &["--format", "json", "-o", "risk.json"]].concat());
    let risk: Value = serde_json::from_str(&place.read("risk.json")).unwrap();
    risk["goals"][0]["reached"].as_bool().unwrap()
}

fn register(maker: &Party, version: &str) {
    let place = &maker.place;
    let (list, signed) = (format!("{version}.cdx.json"), format!("{version}.dsse"));
    maker.does(&["bom", "generate", version, "-o", &list]);
    place.file(&format!("{version}.tar"), format!("the image of {version}"));
    let artifact = format!("{version}.tar");
    let about = ["--artifact", &artifact, "--key", "release", "-o", &signed];
    maker.does(&[&["attest", "sbom", &list][..], &about[..]].concat());
    let release = ["--product", "KR-200", "--kind", "equipment", "--version", version];
    maker.does(&[&["register", &signed][..], &release[..]].concat());
}

#[test]
fn a_new_delivery_is_understood_before_it_is_installed() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    let receiver = site.found("Water", "operator");
    site.link(&maker, &receiver);
    for place in [&maker.place, &receiver.place] {
        firmware(place, "1.4.2", "2.75-1", &[("dropbear", "2019.78-2")]);
        firmware(place, "1.5.0", "2.90-1", &[("dropbear", "2024.86-1"), ("curl", "8.9.1-1")]);
    }
    for version in ["1.4.2", "1.5.0"] {
        register(&maker, version);
    }
    let releases = site.get(&receiver.session, "/api/v1/products");
    let product = releases["items"][0]["id"].as_str().unwrap().to_owned();
    let product = site.get(&receiver.session, &format!("/api/v1/products/{product}"));
    let versions = product["release_list"].as_array().unwrap().iter().map(|r| r["version"].as_str().unwrap());
    assert_eq!(versions.collect::<std::collections::BTreeSet<_>>(), ["1.4.2", "1.5.0"].into());

    // What changed, from the two deliveries.
    let ran = receiver.run(&["diff", "1.4.2", "1.5.0", "--format", "json"]);
    assert_eq!(ran.status, 1, "they differ: {}", ran.stderr);
    let difference: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = difference["components"].to_string();
    for name in ["curl", "2.75-1", "2.90-1", "2024.86-1"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(difference["components"]["added"].as_array().unwrap().len(), 1, "curl, not the image itself");
    assert_eq!(receiver.run(&["diff", "1.4.2", "1.4.2"]).status, 0, "a delivery does not differ from itself");

    // What it does to the risk, before it is installed.
    for (name, bytes) in FEEDS {
        receiver.place.file(name, bytes);
    }
    receiver.does(&["vuln", "import", FEEDS[0].0, FEEDS[1].0, "--vuln-db", "vuln.redb"]);
    receiver.place.file("plant.yaml", PLANT);
    assert!(reached(&receiver, "1.4.2"), "as it runs now, the router can be taken over");
    assert!(!reached(&receiver, "1.5.0"), "with the new firmware it cannot");
}
