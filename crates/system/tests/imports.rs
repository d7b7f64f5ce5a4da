//! Importers on small texts, and on real files where these are at hand.

use std::path::PathBuf;

use expect_test::expect;
use system::import::{Placement, iptables, nmap};

const PLACE: Placement<'_> = Placement { host: "gw", outer: "wan", inner: "lan" };

#[test]
fn a_forward_chain_becomes_a_filter_that_allows_no_less() {
    let text = "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [1:2]\n\
        -A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n\
        -A FORWARD -s 10.0.0.0/8 -d 192.0.2.7/32 -p tcp -m multiport --dports 80,8000:8080 -j ACCEPT\n\
        -A FORWARD -i eth1 -p tcp --dport 22 -j ACCEPT\n\
        -A FORWARD -i eth1 -j DROP\n-A FORWARD -j LOGDROP\nCOMMIT\n";
    let imported = iptables("gw.rules", text, PLACE).unwrap();
    let filter = &imported.document.filters["gw-forward"];
    let rule = |r: &system::FilterRule| {
        let ports: Vec<&str> = r.ports.iter().map(|p| p.value.as_str()).collect();
        format!("{:?} {} {} {} {}\n", r.action, r.from.value, r.to.value, r.protocol.name(), ports.join(","))
    };
    let rules: String = filter.rules.iter().map(rule).collect();
    expect![[r#"
        Deny
        Allow 10.0.0.0/8 192.0.2.7/32 tcp 80,8000-8080
        Allow any any tcp 22
    "#]]
    .assert_eq(&format!("{:?}\n{rules}", filter.default));
    let ignored: String =
        imported.ignored.iter().map(|i| format!("{} {}: {}\n", i.line, i.what, i.why)).collect();
    expect![[r#"
        2 -A POSTROUTING -o eth0 -j MASQUERADE: only the `filter` table is read; addresses are not translated
        9 -A FORWARD -i eth1 -p tcp --dport 22 -j ACCEPT: taken without the condition `-i eth1`: allows more than the host
        10 -A FORWARD -i eth1 -j DROP: left out for the condition `-i eth1`: allows more than the host
        11 -A FORWARD -j LOGDROP: target `LOGDROP` is not followed
    "#]]
    .assert_eq(&ignored);
}

#[test]
fn other_texts_are_refused_with_a_hint() {
    expect!["`x` line 1: a rule outside of a table; hint: is this the output of `iptables-save`?"]
        .assert_eq(&iptables("x", "hello\n", PLACE).unwrap_err().to_string());
    expect!["`x` line 1: no `nmaprun` element; hint: is this nmap's XML output (`-oX`)?"]
        .assert_eq(&nmap("x", "<html></html>").unwrap_err().to_string());
}

#[test]
fn open_ports_become_services_with_their_software() {
    let text = r#"<nmaprun><host><status state="up"/><address addr="192.0.2.5" addrtype="ipv4"/>
        <hostnames><hostname name="www.example"/></hostnames><ports>
        <port protocol="tcp" portid="80"><state state="open"/><service name="http" product="nginx" version="1.20.0"><cpe>cpe:/a:igor_sysoev:nginx:1.20.0</cpe></service></port>
        <port protocol="tcp" portid="81"><state state="closed"/></port></ports></host></nmaprun>"#;
    let document = nmap("scan.xml", text).unwrap().document;
    let service = &document.services["www.example-tcp-80"];
    assert_eq!((service.port, service.host.value.as_str()), (80, "www.example"));
    let software = &document.software["nginx-1.20.0"];
    expect!["cpe:2.3:a:igor_sysoev:nginx:1.20.0:*:*:*:*:*:*:*"].assert_eq(software.cpe.as_ref().unwrap());
    assert_eq!(document.services.len(), 1);
}

fn data(folder: &str) -> Option<PathBuf> {
    let found = std::env::var_os("SUKASHI_TEST_DATA").map(|root| PathBuf::from(root).join(folder));
    if found.is_none() {
        println!("skipped: SUKASHI_TEST_DATA is not set");
    }
    found
}

#[test]
fn real_scans_become_checked_systems() {
    let Some(folder) = data("scans/nmap") else { return };
    let mut hosts = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let mut document =
            nmap("scan.xml", &text).unwrap_or_else(|e| panic!("{}: {e}", path.display())).document;
        document.name = Some("scanned".to_owned());
        hosts += document.hosts.len();
        let system = system::System::new(&[("scan.xml".to_owned(), document)]);
        system.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    assert!(hosts > 10, "{hosts}");
}

#[test]
fn real_rule_sets_are_read() {
    for folder in ["network/batfish-example-live/iptables", "network/batfish-iptables-firewall/iptables"] {
        let Some(folder) = data(folder) else { return };
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            iptables("host", &text, PLACE).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }
}
