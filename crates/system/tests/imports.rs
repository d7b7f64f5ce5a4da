//! Importers on small texts, and on real files where these are at hand.

use std::path::PathBuf;

use expect_test::expect;
use proptest::prelude::*;
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

/// Rules and what was left out, one a line.
fn shown(imported: &system::import::Imported) -> String {
    let filter = &imported.document.filters["gw-forward"];
    let rule = |r: &system::FilterRule| {
        let ports: Vec<&str> = r.ports.iter().map(|p| p.value.as_str()).collect();
        format!("{:?} {} {} {} {}\n", r.action, r.from.value, r.to.value, r.protocol.name(), ports.join(","))
    };
    let rules: String = filter.rules.iter().map(rule).collect();
    let ignored = imported.ignored.iter().map(|i| format!("{} {}: {}\n", i.line, i.what, i.why));
    format!("{:?}\n{rules}{}", filter.default, ignored.collect::<String>())
}

#[test]
fn chains_of_iptables_are_followed_and_what_is_negated_restricts_nothing() {
    let text = "*filter\n:FORWARD DROP [0:0]\n:web - [0:0]\n:guests - [0:0]\n:INPUT ACCEPT [0:0]\n\
        -A FORWARD -d 10.1.0.0/16 -p tcp -j web\n\
        -A FORWARD -s 10.2.0.0/16 -g guests\n\
        -A FORWARD ! -s 10.9.0.0/16 -p udp --dport 53 -m comment --comment \"all -j DROP but\" -j ACCEPT\n\
        -A FORWARD -d 10.3.0.1/32 -j DROP\n\
        -A web -d 192.0.2.0/24 -j ACCEPT\n\
        -A web -d 10.1.2.0/24 -p udp -j ACCEPT\n\
        -A web -s 10.4.0.0/16 -j RETURN\n\
        -A web -p tcp --dport 22 -j DROP\n\
        -A web -d 10.1.2.0/24 -j ACCEPT\n\
        -A guests -j REJECT --reject-with icmp-port-unreachable\n\
        -A INPUT -j DROP\nCOMMIT\n";
    expect![[r#"
        Deny
        Allow any 10.1.2.0/24 tcp 
        Deny 10.2.0.0/16 any any 
        Allow any any udp 53
        8 -A FORWARD ! -s 10.9.0.0/16 -p udp --dport 53 -m comment --comment "all -j DROP but" -j ACCEPT: taken without the condition `! -s 10.9.0.0/16`: allows more than the host
        9 -A FORWARD -d 10.3.0.1/32 -j DROP: left out, since a rule before it lets some skip it: allows more than the host
        13 -A web -p tcp --dport 22 -j DROP: left out, since a rule before it lets some skip it: allows more than the host
        16 -A INPUT -j DROP: packets of the FORWARD chain do not come here
    "#]].assert_eq(&shown(&iptables("gw.rules", text, PLACE).unwrap()));
}

#[test]
fn chains_that_call_each_other_end() {
    let mut text = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j c0\n".to_owned();
    for at in 0..20 {
        let next = (at + 1) % 20;
        text += &format!(":c{at} - [0:0]\n-A c{at} -j c{next}\n-A c{at} -j c{next}\n-A c{at} -j c{next}\n");
    }
    expect!["`x` line 1: chains call each other too often; hint: is this the output of `iptables-save`?"]
        .assert_eq(&iptables("x", &text, PLACE).unwrap_err().to_string());
    let circle = "*filter\n:FORWARD DROP [0:0]\n:c - [0:0]\n-A FORWARD -j c\n-A c -j c\nCOMMIT\n";
    expect![[r#"
        Deny
        Allow any any any 
        5 -A c -j c: chains within chains are followed no deeper: all is let through
    "#]]
    .assert_eq(&shown(&iptables("gw.rules", circle, PLACE).unwrap()));
}

#[test]
fn chains_and_named_sets_of_nft_are_followed() {
    let text = r#"{"nftables": [
        {"chain": {"family": "inet", "table": "f", "name": "fw", "hook": "forward", "policy": "drop"}},
        {"chain": {"family": "inet", "table": "f", "name": "web"}},
        {"chain": {"family": "ip", "table": "f", "name": "web"}},
        {"set": {"family": "inet", "table": "f", "name": "servers", "type": "ipv4_addr", "elem": ["10.1.0.5", {"elem": {"val": "10.1.0.6", "timeout": 9}}]}},
        {"rule": {"family": "inet", "table": "f", "chain": "fw", "handle": 4, "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@servers"}}, {"jump": {"target": "web"}}]}},
        {"rule": {"family": "inet", "table": "f", "chain": "fw", "handle": 5, "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@unknown"}}, {"drop": null}]}},
        {"rule": {"family": "inet", "table": "f", "chain": "web", "handle": 6, "expr": [
            {"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "10.9.0.1"}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, {"range": [8000, 8080]}]}}}, {"accept": null}]}}
    ]}"#;
    expect![[r#"
        Deny
        Allow any 10.1.0.5/32 tcp 80,8000-8080
        Allow any 10.1.0.6/32 tcp 80,8000-8080
        1 chain ip f web: no chain of the hook `forward` leads to it
        1 rule 5: left out for the condition `ip saddr`: allows more than the host
        1 rule 6: taken without the condition `ip saddr`: allows more than the host
    "#]]
    .assert_eq(&shown(&system::import::nft("gw.json", text, PLACE).unwrap()));
}

/// The same rule set as a file for `nft -f`, and as version 1.0.6 lists it, as text and as JSON.
const RULE_SETS: [&str; 3] =
    [include_str!("nft/gate.nft"), include_str!("nft/gate.list"), include_str!("nft/gate.json")];

#[test]
fn a_rule_set_of_nft_is_the_same_filter_as_text_and_as_json() {
    let [file, list, json] = RULE_SETS.map(|text| system::import::nft("gate", text, PLACE).unwrap());
    let filter = |imported: &system::import::Imported| {
        let all = shown(imported);
        let rules = all.lines().filter(|line| line.starts_with(['A', 'D']));
        rules.map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(filter(&file), filter(&list));
    assert_eq!(filter(&file), filter(&json));
    expect![[r#"
        Deny
        Allow 10.1.9.1/32 10.2.0.5/32 tcp 22
        Allow 10.1.9.1/32 10.2.0.16/28 tcp 22
        Allow 10.1.9.1/32 10.2.1.1/32 tcp 22
        Allow 10.1.9.1/32 10.2.1.2/31 tcp 22
        Allow 10.1.9.1/32 10.2.1.4/31 tcp 22
        Allow 10.1.9.1/32 10.2.1.6/32 tcp 22
        Allow 10.1.9.2/32 10.2.0.5/32 tcp 22
        Allow 10.1.9.2/32 10.2.0.16/28 tcp 22
        Allow 10.1.9.2/32 10.2.1.1/32 tcp 22
        Allow 10.1.9.2/32 10.2.1.2/31 tcp 22
        Allow 10.1.9.2/32 10.2.1.4/31 tcp 22
        Allow 10.1.9.2/32 10.2.1.6/32 tcp 22
        Deny 10.1.0.0/16 10.2.0.5/32 tcp 22
        Deny 10.1.0.0/16 10.2.0.16/28 tcp 22
        Deny 10.1.0.0/16 10.2.1.1/32 tcp 22
        Deny 10.1.0.0/16 10.2.1.2/31 tcp 22
        Deny 10.1.0.0/16 10.2.1.4/31 tcp 22
        Deny 10.1.0.0/16 10.2.1.6/32 tcp 22
        Allow 10.1.0.0/16 10.2.0.5/32 tcp 443
        Allow 10.1.0.0/16 10.2.0.16/28 tcp 443
        Allow 10.1.0.0/16 10.2.1.1/32 tcp 443
        Allow 10.1.0.0/16 10.2.1.2/31 tcp 443
        Allow 10.1.0.0/16 10.2.1.4/31 tcp 443
        Allow 10.1.0.0/16 10.2.1.6/32 tcp 443
        Allow any 10.2.0.7/32 tcp 80,8000-8080
        Allow any any any 53
        Allow any any udp 123
        Allow any 2001:db8:1::/64 tcp 443
        Allow any any any 
        Allow any any any 
        Allow any 10.2.0.9/32 udp 161
        18 chain inet filter input: no chain of the hook `forward` leads to it
        32 iifname "eth2" ip daddr 10.3.0.0/24 drop: left out for the condition `iifname`: allows more than the host
        33 ip saddr != 10.1.0.0/16 udp dport 123 accept: taken without the condition `ip saddr`: allows more than the host
        35 limit rate over 10/second burst 5 packets log prefix "fast: " level warn drop: left out for the condition `limit`: allows more than the host
        37 fib daddr type local accept: taken without the condition `fib daddr type local`: allows more than the host
        38 ip saddr . tcp dport { 10.1.0.1 . 25 } accept: taken without the condition `ip saddr . tcp dport { 10.1.0.1 . 25 }`: allows more than the host
        39 tcp flags & (syn | ack) == syn log reject with icmp type host-unreachable: left out for the condition `tcp flags & (syn | ack) == syn log`: allows more than the host
    "#]].assert_eq(&shown(&file));
}

#[test]
fn texts_of_nft_that_are_cut_or_never_end_are_refused_or_read_as_far_as_they_go() {
    let error = |text: &str| system::import::nft("x", text, PLACE).unwrap_err().to_string();
    expect!["`x` line 1: no table; hint: is this the output of `nft list ruleset`, or a file for `nft -f`?"]
        .assert_eq(&error("hello\n"));
    // Each name stands for twice what the one before stood for.
    let doubling: String =
        (1..64).map(|n| format!("define a{n} = {{ $a{}, $a{} }}\n", n - 1, n - 1)).collect();
    expect!["`x` line 20: the values of `define` are longer than the limit; hint: is this the output of `nft list ruleset`, or a file for `nft -f`?"].assert_eq(&error(&format!("define a0 = 10.0.0.1\n{doubling}table ip f {{\n}}\n")));
    let cut = RULE_SETS[0].get(..900).unwrap();
    assert!(system::import::nft("x", cut, PLACE).is_ok());
}

proptest! {
    /// Words of a rule set exchanged for others of it, for signs, or for nonsense.
    #[test]
    fn a_damaged_rule_set_of_nft_is_refused_or_a_valid_model(
        changes in prop::collection::vec((0..200_usize, 0..220_usize), 1..8),
        form in 0..2_usize,
    ) {
        let words: Vec<&str> = RULE_SETS[form].split_inclusive([' ', '\n']).collect();
        let others = ["{", "}", "\n", ";", ",", ": ", "\"", "$x ", "@x ", "99999 ", "1-0 ", "::/0 ", "10.0.0.0/99 ", ". ", "vmap "];
        let mut damaged = words.clone();
        for (at, with) in changes {
            let at = at % damaged.len();
            damaged[at] = words.get(with).copied().unwrap_or(others[with % others.len()]);
        }
        let Ok(imported) = system::import::nft("x", &damaged.concat(), PLACE) else { return Ok(()) };
        let around = "schema: sukashi.system/1\nname: n\nzones: {wan: {}, lan: {}}\nhosts: {gw: {}}\n";
        let around = system::read("around", around).unwrap();
        let system = system::System::new(&[("around".to_owned(), around), ("nft".to_owned(), imported.document)]);
        prop_assert!(system.is_ok(), "{}", system.unwrap_err());
    }
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
