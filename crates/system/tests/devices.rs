//! Importers of device configurations and lists on small texts, and on real files where these are at hand.

use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::expect;
use system::import::{
    ImportError, Imported, Placement, cisco, components, directory, fortios, juniper, mulval, nft, openvas,
    paloalto, table,
};

/// Filters and what was left out, in short.
fn shown(imported: &Imported) -> String {
    let mut out = String::new();
    for (id, filter) in &imported.document.filters {
        writeln!(out, "{id}: {:?}", filter.default).unwrap();
        for rule in &filter.rules {
            let ports: Vec<&str> = rule.ports.iter().map(|p| p.value.as_str()).collect();
            let (from, to) = (&rule.from.value, &rule.to.value);
            writeln!(
                out,
                "  {:?} {:?} {from} {to} {} {}",
                rule.direction,
                rule.action,
                rule.protocol.name(),
                ports.join(",")
            )
            .unwrap();
        }
    }
    for left in &imported.ignored {
        writeln!(out, "{} {}: {}", left.line, left.what, left.why).unwrap();
    }
    out
}

#[test]
fn an_access_list_of_ios_guards_the_entrance_of_its_interface() {
    let text = "hostname r1\ninterface Gi0/0\n ip address 10.0.1.1 255.255.255.0\n ip access-group GUARD in\n!\n\
        interface Gi0/1\n ip address 10.0.2.1 255.255.255.0\nip access-list extended GUARD\n 10 permit tcp any any established\n \
        20 permit tcp 10.0.1.0 0.0.0.255 host 10.0.2.9 eq www 8080\n deny ip any any log\n permit udp any any eq snmp time-range day\n\
        router bgp 1\n neighbor 1.1.1.1\n";
    expect![[r#"
        r1-net-10.0.1.0-24-net-10.0.2.0-24-guard-in-gi0-0: Deny
          Out Allow any any any 
          In Allow 10.0.1.0/24 10.0.2.9/32 tcp 80,8080
          In Deny any any any 
          In Allow any any udp 161
        13 router bgp 1: not part of the model
        12 permit udp any any eq snmp time-range day: taken without the condition `time-range day`: allows more than the device
        1 outer side: no default route tells it: `net-10.0.1.0-24` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]]
    .assert_eq(&shown(&cisco("r1.cfg", text).unwrap()));
}

#[test]
fn a_service_that_nothing_explains_may_be_any() {
    let text = "hostname r1\ninterface Gi0/0\n ip address 10.0.1.1 255.255.255.0\n ip access-group GUARD in\n!\n\
        interface Gi0/1\n ip address 10.0.2.1 255.255.255.0\nip access-list extended GUARD\n \
        deny object-group LOST any any\n permit object-group LOST any host 10.0.2.9\n";
    expect![[r#"
        r1-net-10.0.1.0-24-net-10.0.2.0-24-guard-in-gi0-0: Deny
          Out Allow any any any 
          In Allow any 10.0.2.9/32 any 
        9 deny object-group LOST any any: left out for the condition `object-group LOST`: allows more than the device
        10 permit object-group LOST any host 10.0.2.9: taken without the condition `object-group LOST`: allows more than the device
        1 outer side: no default route tells it: `net-10.0.1.0-24` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]].assert_eq(&shown(&cisco("r1.cfg", text).unwrap()));
}

#[test]
fn an_asa_lets_connections_down_its_levels_and_through_its_lists() {
    let text = "ASA Version 9.9\nhostname fw\ninterface G0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n\
        interface G0/1\n nameif inside\n security-level 100\n ip address 10.0.0.1 255.255.255.0\n\
        object network WEB\n host 10.0.0.5\nobject-group service PORTS tcp\n port-object eq https\n port-object range 8000 8010\n\
        access-list IN extended permit tcp any object WEB object-group PORTS\naccess-group IN in interface outside\n\
        nat (inside,outside) source dynamic any interface\n";
    expect![[r#"
        fw-outside-inside: Deny
          In Allow any any any 
          Out Allow any any any 
          In Deny any any any 
          Out Deny any any any 
        fw-outside-inside-in-in-outside: Deny
          Out Allow any any any 
          In Allow any 10.0.0.5/32 tcp 443
          In Allow any 10.0.0.5/32 tcp 8000-8010
        18 nat (inside,outside) source dynamic any interface: not part of the model
    "#]]
    .assert_eq(&shown(&cisco("fw.cfg", text).unwrap()));
}

#[test]
fn policies_of_fortios_stand_between_zones() {
    let text = "config system global\n set hostname \"fg\"\nend\nconfig system interface\n edit \"port1\"\n set ip 10.0.1.1/24\n next\n\
        edit port2\n set ip 10.0.2.1 255.255.255.0\n next\nend\nconfig system zone\n edit lan\n set interface port1\n next\nend\n\
        config firewall address\n edit srv\n set subnet 10.0.2.9/32\n next\n edit name\n set fqdn x.example\n next\nend\n\
        config firewall service custom\n edit web\n set tcp-portrange 80 8000-8010:1024-65535\n next\nend\n\
        config firewall policy\n edit 1\n set action accept\n set srcintf lan\n set dstintf port2\n set srcaddr all\n set dstaddr srv\n\
        set service web DNS\n next\n edit 2\n set action accept\n set srcintf lan\n set dstintf port2\n set srcaddr name\n\
        set dstaddr all\n set service ALL\n next\nend\nconfig router static\nend\n";
    expect![[r#"
        fg-lan-port2: Deny
          In Allow any 10.0.2.9/32 tcp 80,8000-8010
          In Allow any 10.0.2.9/32 udp 53
          In Allow any any any 
          In Deny any any any 
          Out Deny any any any 
        39 policy 2: taken without the condition `name`: allows more than the device
        48 config router static: not part of the model
        1 outer side: no default route tells it: `lan` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]]
    .assert_eq(&shown(&fortios("fg.conf", text).unwrap()));
}

#[test]
fn policies_and_filters_of_junos_are_read_in_order() {
    let text = "set system host-name srx\nset interfaces ge-0/0/0 unit 0 family inet address 10.0.1.1/24\n\
        set interfaces ge-0/0/1 unit 0 family inet address 10.0.2.1/24\nset interfaces ge-0/0/1 unit 0 family inet filter input F\n\
        set security zones security-zone trust interfaces ge-0/0/0.0\nset security zones security-zone dmz interfaces ge-0/0/1.0\n\
        set security address-book global address web 10.0.2.9/32\n\
        set security policies from-zone trust to-zone dmz policy p1 match source-address any\n\
        set security policies from-zone trust to-zone dmz policy p1 match destination-address web\n\
        set security policies from-zone trust to-zone dmz policy p1 match application junos-https\n\
        set security policies from-zone trust to-zone dmz policy p1 then permit\n\
        set firewall family inet filter F term t1 from protocol tcp\nset firewall family inet filter F term t1 from destination-port [ ssh 8000-8010 ]\n\
        set firewall family inet filter F term t1 then accept\nset protocols bgp group g\n";
    expect![[r#"
        srx-dmz-trust: Deny
          Out Allow any 10.0.2.9/32 tcp 443
          In Deny any any any 
          Out Deny any any any 
        srx-dmz-trust-f-in-ge-0-0-1.0: Deny
          Out Allow any any any 
          In Allow any any tcp 22,8000-8010
        15 protocols bgp: not part of the model
        1 outer side: no default route tells it: `dmz` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]]
    .assert_eq(&shown(&juniper("srx.cfg", text).unwrap()));
}

#[test]
fn rules_of_panos_stand_between_zones() {
    let text = "set deviceconfig system hostname pa\nset network interface ethernet ethernet1/1 layer3 ip 10.0.1.1/24\n\
        set network interface ethernet ethernet1/2 layer3 ip 10.0.2.1/24\nset zone it network layer3 ethernet1/1\n\
        set vsys vsys1 zone ot network layer3 [ ethernet1/2 ]\nset address plc ip-netmask 10.0.2.9\n\
        set service modbus protocol tcp port 502\nset rulebase security rules r1 from it\nset rulebase security rules r1 to ot\n\
        set rulebase security rules r1 source any\nset rulebase security rules r1 destination plc\n\
        set rulebase security rules r1 service modbus\nset rulebase security rules r1 application [ modbus ]\n\
        set rulebase security rules r1 action allow\n";
    expect![[r#"
        pa-it-ot: Deny
          In Allow any 10.0.2.9/32 tcp 502
          In Deny any any any 
          Out Deny any any any 
        8 rule r1: taken without the condition `application modbus`: allows more than the device
        1 outer side: no default route tells it: `it` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]]
    .assert_eq(&shown(&paloalto("pa.cfg", text).unwrap()));
}

#[test]
fn a_rule_set_of_nft_becomes_a_filter_that_allows_no_less() {
    let text = r#"{"nftables": [{"chain": {"family": "inet", "table": "f", "name": "fwd", "hook": "forward", "policy": "drop"}},
        {"chain": {"family": "inet", "table": "f", "name": "in", "hook": "input"}},
        {"rule": {"family": "inet", "table": "f", "chain": "fwd", "handle": 4, "expr": [
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "f", "chain": "fwd", "handle": 5, "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [8000, 8010]}]}}},
            {"accept": null}]}},
        {"rule": {"family": "inet", "table": "f", "chain": "fwd", "handle": 6, "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"drop": null}]}}]}"#;
    expect![[r#"
        gw-forward: Deny
          Both Allow 10.0.0.0/8 any tcp 22,8000-8010
        1 chain inet f in: no chain of the hook `forward` leads to it
        1 rule 6: left out for the condition `iifname`: allows more than the host
    "#]]
    .assert_eq(&shown(&nft("r.json", text, Placement { host: "gw", outer: "wan", inner: "lan" }).unwrap()));
}

#[test]
fn a_group_of_cisco_with_a_member_that_cannot_be_read_restricts_nothing() {
    let text = "hostname r\ninterface Gi0/0\n ip address 192.0.2.1 255.255.255.0\n ip access-group in in\n\
        interface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n ip address 10.0.9.1 255.255.255.0 secondary\n\
        object-group network known\n host 10.0.0.5\n 10.0.0.64 255.255.255.192\n\
        object-group network unknown\n host 10.0.0.6\n fqdn x.example\n\
        object-group service web\n tcp eq www\n tcp range 8000 8080\n icmp echo\n\
        object-group service odd\n tcp eq 22\n tcp eq no-such-name\n\
        ip access-list extended in\n permit object-group web any object-group known\n \
        permit tcp any object-group unknown eq 25\n deny ip any object-group unknown\n \
        permit object-group odd any host 10.0.0.7\n evaluate mirror\n";
    expect![[r#"
        r-net-10.0.0.0-24-net-192.0.2.0-24-in-in-gi0-0: Deny
          In Allow any any any 
          Out Allow any 10.0.0.5/32 tcp 80
          Out Allow any 10.0.0.5/32 tcp 8000-8080
          Out Allow any 10.0.0.64/26 tcp 80
          Out Allow any 10.0.0.64/26 tcp 8000-8080
          Out Allow any any tcp 25
          Out Allow any 10.0.0.7/32 any 
        7 ip address 10.0.9.1 255.255.255.0 secondary: a further address, or none that is fixed: state its network by hand
        13 fqdn x.example: not a fixed address: the group may be any
        17 icmp echo: the model knows ports of TCP and UDP
        20 tcp eq no-such-name: not understood: the group may be any
        23 permit tcp any object-group unknown eq 25: taken without the condition `object-group unknown`: allows more than the device
        24 deny ip any object-group unknown: left out for the condition `object-group unknown`: allows more than the device
        25 permit object-group odd any host 10.0.0.7: taken without the condition `object-group odd`: allows more than the device
        26 evaluate mirror: neither a `permit` nor a `deny`
        1 outer side: no default route tells it: `net-10.0.0.0-24` is taken for it, the other zones are entered only through this device; state a filter of their own where that is wrong
    "#]].assert_eq(&shown(&cisco("r.cfg", text).unwrap()));
}

/// Entries in short.
fn entries(imported: &Imported) -> String {
    let document = &imported.document;
    let mut out = String::new();
    for (id, host) in &document.hosts {
        let at: Vec<String> = host
            .interfaces
            .iter()
            .map(|i| format!("{} {}", i.network.value, i.address.as_ref().map_or("", |a| a.value.as_str())))
            .collect();
        let software: Vec<&str> = host.software.iter().map(|s| s.value.as_str()).collect();
        writeln!(out, "host {id} {:?} [{}] {}", host.kind, at.join("; "), software.join(" ")).unwrap();
    }
    for (id, service) in &document.services {
        let software = service.software.as_ref().map_or("", |s| s.value.as_str());
        writeln!(out, "service {id} {software}").unwrap();
    }
    for (id, found) in &document.vulnerabilities {
        let affects: Vec<&str> = found.affects.iter().map(|s| s.value.as_str()).collect();
        let vector = found.cvss.as_ref().map_or("", |v| v.value.as_str());
        writeln!(out, "vulnerability {id} {} {vector}", affects.join(" ")).unwrap();
    }
    for (id, account) in &document.accounts {
        let hosts: Vec<&str> = account.hosts.iter().map(|h| h.value.as_str()).collect();
        writeln!(out, "account {id} on {}", hosts.join(" ")).unwrap();
    }
    for (id, group) in &document.groups {
        let members: Vec<&str> = group.members.iter().map(|m| m.value.as_str()).collect();
        let hosts: Vec<&str> = group.admin_of.iter().map(|h| h.value.as_str()).collect();
        writeln!(out, "group {id} of {} over {}", members.join(" "), hosts.join(" ")).unwrap();
    }
    out + &shown(imported)
}

#[test]
fn a_table_gives_hosts_with_their_zone_and_software() {
    let text = "ホスト名;IPアドレス;ゾーン;種別;製品;バージョン;備考\nhmi1;10.0.2.4;OT;hmi;WinCC;7.5;x\n;10.0.2.5;OT;;;;\n";
    expect![[r#"
        host hmi1 Hmi [ot 10.0.2.4] wincc-7.5
        1 備考: a column of another meaning
        3 ,10.0.2.5,OT,,,,: no host
    "#]]
    .assert_eq(&entries(&table("assets.csv", text).unwrap()));
}

#[test]
fn facts_of_mulval_become_a_model() {
    let text = "attackerLocated(internet).\nattackGoal(execCode(web,_)).\nhacl(internet, web, tcp, 80).\nhacl(_, _, _, _).\n\
        networkServiceInfo(web, httpd, tcp, 80, apache).\nvulExists(web, 'CVE-2002-0392', httpd, remoteExploit, privEscalation).\n";
    expect![[r#"
        host web Other [web ] httpd
        service web-tcp-80 httpd
        vulnerability CVE-2002-0392 httpd CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
        internet-to-web: Deny
          In Allow zone:internet host:web tcp 80
        4 hacl(_, _, _, _): not part of the model
    "#]]
    .assert_eq(&entries(&mulval("input.P", text).unwrap()));
}

#[test]
fn results_with_a_cve_become_vulnerabilities_of_what_answers() {
    let text = r#"<report><results><result><host>10.0.0.7<hostname>srv</hostname></host><port>443/tcp</port>
        <nvt><name>Old TLS</name><tags>cvss_base_vector=AV:N/AC:L/Au:N/C:C/I:C/A:C|summary=x</tags><refs><ref type="cve" id="CVE-2014-0160"/></refs></nvt></result>
        <result><host>10.0.0.7<hostname>srv</hostname></host><port>general/tcp</port><nvt><name>Uptime</name></nvt></result></results></report>"#;
    expect![[r#"
        host srv Other [scanned 10.0.0.7] srv-tcp-443-software
        service srv-tcp-443 srv-tcp-443-software
        vulnerability CVE-2014-0160 srv-tcp-443-software AV:N/AC:L/Au:N/C:C/I:C/A:C
        3 Uptime on srv general/tcp: no CVE names it: add it by hand if it matters
    "#]]
    .assert_eq(&entries(&openvas("report.xml", text).unwrap()));
}

#[test]
fn components_of_a_host_become_its_software() {
    let text = r#"{"bomFormat": "CycloneDX", "components": [{"name": "openssl", "version": "3.0.1", "purl": "pkg:deb/debian/openssl@3.0.1",
        "components": [{"name": "libssl", "version": "3"}]}, {"version": "1"}]}"#;
    expect![[r#"
        host srv Other [] libssl-3 openssl-3.0.1
        1 {"version":"1"}: a component without a name
    "#]]
    .assert_eq(&entries(&components("bom.json", text, "srv").unwrap()));
}

#[test]
fn sessions_and_administrators_of_a_directory_are_read() {
    let text = r#"{"meta": {"type": "computers", "version": 5}, "data": [{"ObjectIdentifier": "S-1-5-21-1", "Properties": {"name": "PC1.X"},
        "Sessions": {"Results": [{"UserSID": "S-1-5-21-9"}]}, "Aces": [{}, {}],
        "LocalGroups": [{"ObjectIdentifier": "S-1-5-32-544", "Results": [{"ObjectIdentifier": "S-1-5-21-9", "ObjectType": "User"}]}]}]}"#;
    expect![[r#"
        host s-1-5-21-1 Workstation [] 
        account s-1-5-21-9 on s-1-5-21-1
        group s-1-5-21-1-administrators of account:s-1-5-21-9 over s-1-5-21-1
        1 2 access rights: rights on objects are not part of the model
    "#]]
    .assert_eq(&entries(&directory("computers.json", text).unwrap()));
}

#[test]
fn texts_of_another_format_are_refused_with_a_hint() {
    let refused: Vec<(&str, Result<Imported, ImportError>)> = vec![
        ("cisco", cisco("x", "hello\n")),
        ("components", components("x", "{}", "h")),
        ("directory", directory("x", "{}")),
        ("fortios", fortios("x", "hello\n")),
        ("juniper", juniper("x", "hello\n")),
        ("mulval", mulval("x", "")),
        ("nft", nft("x", "{}", Placement { host: "h", outer: "o", inner: "i" })),
        ("openvas", openvas("x", "<a/>")),
        ("paloalto", paloalto("x", "hello\n")),
        ("table", table("x", "a,b\n1,2\n")),
    ];
    for (name, result) in refused {
        assert!(result.is_err_and(|e| e.to_string().contains("hint: is this")), "{name}");
    }
}

/// Every real configuration at hand is read without a panic, and gives a document that names nothing unknown.
#[test]
fn real_configurations_are_read() {
    let Ok(data) = std::env::var("SUKASHI_TEST_DATA") else {
        println!("skipped: SUKASHI_TEST_DATA is not set");
        return;
    };
    let root = PathBuf::from(data);
    type Importer = fn(&str, &str) -> Result<Imported, ImportError>;
    let folders: [(&str, Importer); 6] = [
        ("network/batfish-vendor-configs/cisco_asa", cisco),
        ("network/batfish-vendor-configs/fortios", fortios),
        ("network/batfish-vendor-configs/juniper", juniper),
        ("network/batfish-vendor-configs/palo_alto", paloalto),
        ("network/batfish-example-live/configs", cisco),
        ("scans/openvas", openvas),
    ];
    for (folder, import) in folders {
        let mut read = 0;
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let Ok(imported) = import(&path.display().to_string(), &text) else { continue };
            read += 1;
            let mut document = imported.document;
            document.name = Some("real".to_owned());
            let checked = system::System::new(&[("real".to_owned(), document)]);
            assert!(checked.is_ok(), "{}: {}", path.display(), checked.unwrap_err());
        }
        assert!(read > 0, "nothing of {folder} was read");
    }
}
