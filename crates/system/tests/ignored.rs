//! What each importer does not understand is listed: nothing is left out in silence.

use expect_test::{Expect, expect};
use system::import::{
    ImportError, Imported, Placement, cisco, components, directory, fortios, iptables, juniper, mulval, nft,
    nmap, openvas, paloalto, table,
};

const GATE: Placement<'_> = Placement { host: "gw", outer: "wan", inner: "lan" };

/// Lists what was left out. Which side is the outer one is asked for elsewhere.
fn check(imported: Result<Imported, ImportError>, expected: Expect) {
    let imported = imported.unwrap();
    let left = imported.ignored.iter().filter(|i| i.what != "outer side");
    let left: String = left.map(|i| format!("{} {}: {}\n", i.line, i.what, i.why)).collect();
    expected.assert_eq(&left);
}

#[test]
fn lines_of_interfaces_and_blocks_of_ios_and_asa() {
    let text = "hostname r\n odd\ninterface Gi0/0\n description x\n ip address 10.0.0.1 255.255.255.0\n ip nat inside\n\
        ip address dhcp\nno shutdown\nrouter ospf 1\n network 10.0.0.0 0.0.0.255 area 0\nip nat inside source list 1 interface Gi0/0\n";
    check(
        cisco("r", text),
        expect![[r#"
        2 odd: not part of the model
        6 ip nat inside: not part of the model
        7 ip address dhcp: not part of the model
        8 no shutdown: not part of the model
        9 router ospf 1: not part of the model
        11 ip nat inside source list 1 interface Gi0/0: not part of the model
    "#]],
    );
    let text = "ASA Version 9.1\nhostname f\ninterface Gi0/0\n nameif in\n security-level 100\n ip address 10.0.0.1 255.255.255.0\n \
        standby-group 3\nnat (in,out) dynamic interface\n";
    check(
        cisco("f", text),
        expect![[r#"
        7 standby-group 3: not part of the model
        8 nat (in,out) dynamic interface: not part of the model
    "#]],
    );
}

#[test]
fn statements_of_junos() {
    let text = "set system host-name j\nset interfaces ge-0/0/0 unit 0 family inet address dhcp\n\
        set interfaces ge-0/0/1 unit 0 family inet address 10.0.1.1/24\nset interfaces ge-0/0/2 unit 0 family inet address 10.0.2.1/24\n\
        set interfaces ge-0/0/1 unit 0 family inet filter input F\nset interfaces ge-0/0/1 unit 0 family inet mtu 9000\n\
        set firewall family inet filter F term a from source-address 10.9.0.0/16 except\n\
        set firewall family inet filter F term a then accept\nset firewall family inet filter F term b then count c\n\
        set firewall family inet filter F term c then next term\nset routing-options static route 0.0.0.0/0 next-hop 192.0.2.1\n\
        set security nat source rule-set r\n";
    check(
        juniper("j", text),
        expect![[r#"
        2 ge-0/0/0.0 dhcp: not a fixed address: state its network
        7 filter F term a: taken without the condition `source-address 10.9.0.0/16 except`: allows more than the device
        10 filter F term c: it neither lets through nor stops
        6 interfaces ge-0/0/1: not part of the model
        11 routing-options static: not part of the model
        12 security nat: not part of the model
    "#]],
    );
}

#[test]
fn conditions_and_blocks_of_fortios() {
    let text = "config system global\n set hostname f\nend\nconfig system interface\n edit a\n set ip 10.0.1.1/24\n\
        config secondaryip\n edit 1\n set ip 10.0.9.1/24\n next\n end\n next\n edit b\n set ip 10.0.2.1/24\n next\n edit c\n set mode dhcp\n next\nend\n\
        config firewall address\n edit x\n set subnet 10.0.1.9/32\n next\nend\nconfig firewall policy\n edit 1\n set action accept\n\
        set srcintf a\n set dstintf b\n set srcaddr x\n set srcaddr-negate enable\n set dstaddr all\n set service ALL\n set schedule always\n\
        set groups staff\n next\nend\nconfig vpn ipsec phase1-interface\n edit v\n next\nend\n";
    check(
        fortios("f", text),
        expect![[r#"
        16 interface c: its address comes by `dhcp`: state its network
        26 policy 1: taken without the condition `groups not x`: allows more than the device
        7 config system interface / secondaryip: not part of the model
        38 config vpn ipsec phase1-interface: not part of the model
    "#]],
    );
}

#[test]
fn conditions_and_statements_of_panos() {
    let text = "set deviceconfig system hostname p\nset network interface ethernet e1 layer3 ip 10.0.1.1/24\n\
        set network interface ethernet e2 layer3 ip $var\nset zone a network layer3 e1\nset zone b network layer3 e2\n\
        set rulebase security rules r from a\nset rulebase security rules r to b\nset rulebase security rules r source 10.0.1.9\n\
        set rulebase security rules r negate-source yes\nset rulebase security rules r source-user staff\n\
        set rulebase security rules r service any\nset rulebase security rules r action allow\nset rulebase nat rules n to b\n";
    check(
        paloalto("p", text),
        expect![[r#"
        3 interface e2 $var: not a fixed address: state its network
        6 rule r: taken without the condition `not 10.0.1.9 source-user staff`: allows more than the device
        13 rulebase nat: not part of the model
    "#]],
    );
}

#[test]
fn rules_of_hosts() {
    let text = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i eth0 -j ACCEPT\nsomething\nCOMMIT\n";
    check(
        iptables("gw", text, GATE),
        expect![[r#"
        3 -A FORWARD -i eth0 -j ACCEPT: taken without the condition `-i eth0`: allows more than the host
        4 something: no rule (`-A`) and no chain (`:`)
    "#]],
    );
    let text = r#"{"nftables": [{"chain": {"family": "ip", "table": "f", "name": "fw", "hook": "forward", "policy": "drop"}},
        {"flowtable": {"family": "ip", "table": "f", "name": "x"}},
        {"rule": {"family": "ip", "table": "f", "chain": "fw", "handle": 3, "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 7}}, {"accept": null}]}}]}"#;
    check(
        nft("gw", text, GATE),
        expect![[r#"
        1 flowtable x: it is not followed
        1 rule 3: taken without the condition `mark`: allows more than the host
    "#]],
    );
}

#[test]
fn results_of_scans() {
    let text = r#"<nmaprun><host><status state="up"/><address addr="10.0.0.1" addrtype="ipv4"/>
        <ports><port protocol="udp" portid="161"><state state="open|filtered"/></port>
        <port protocol="sctp" portid="9"><state state="open"/></port></ports>
        <os><osmatch name="Linux"/></os><hostscript><script id="smb-os"/></hostscript></host>
        <host><status state="up"/><address addr="00:00:5e:00:53:01" addrtype="mac"/></host></nmaprun>"#;
    check(
        nmap("s", text),
        expect![[r#"
        2 udp/161: nobody answered: it may be open
        4 operating system Linux: a guess: add the software by hand
        4 script smb-os: script results are not part of the model
        3 sctp/9: the model knows TCP and UDP
        5 host: it has no address of IP
    "#]],
    );
    let text = r#"<report><results><result><host>10.0.0.7</host><port>general/tcp</port><nvt><name>Uptime</name></nvt></result>
        <result><port>80/tcp</port><nvt><name>Lost</name></nvt></result></results></report>"#;
    check(
        openvas("s", text),
        expect![[r#"
        1 Uptime on 10.0.0.7 general/tcp: no CVE names it: add it by hand if it matters
        2 Lost: a result without a host
    "#]],
    );
}

#[test]
fn parts_of_lists() {
    let text = r#"{"bomFormat": "CycloneDX", "components": [{"version": "1"}, {"name": "a", "version": "1"}],
        "services": [{"name": "s"}], "vulnerabilities": [{}, {}]}"#;
    check(
        components("b", text, "h"),
        expect![[r#"
        1 1 services: state what listens by hand, or by a scan
        1 2 vulnerabilities: `sukashi vuln match --vex` reads them
        1 {"version":"1"}: a component without a name
    "#]],
    );
    let text = r#"{"spdxVersion": "SPDX-2.3", "packages": [{"versionInfo": "1"}], "snippets": [{}]}"#;
    check(
        components("b", text, "h"),
        expect![[r#"
        1 1 snippets: parts of files are not part of the model
        1 {"versionInfo":"1"}: a component without a name
    "#]],
    );
    let text = "host,address,network,kind,owner\npc,10.0.0.300,lan,toaster,x\n,10.0.0.1,,,\n";
    check(
        table("t", text),
        expect![[r#"
        1 owner: a column of another meaning
        2 10.0.0.300: not an address: the host has none
        2 lan: not a prefix: the network has none
        2 toaster: not a kind of host that is known: taken for `other`
        3 ,10.0.0.1,,,: no host
    "#]],
    );
}

#[test]
fn facts_of_mulval() {
    let text = "attackerLocated(internet).\nvulExists(a, 'CVE-1', b, byRadio, dos).\nvulProperty('CVE-1', remoteExploit, magic).\n\
        attackGoal(principalCompromised(x)).\nnetworkServiceInfo(a, b, sctp, 9, u).\nrule(X) :- other(X).\nhalf(\n";
    check(
        mulval("m", text),
        expect![[r#"
        2 vulExists(a, 'CVE-1', b, byRadio, dos): not part of the model
        3 vulProperty('CVE-1', remoteExploit, magic): not part of the model
        4 attackGoal(principalCompromised(x)): not part of the model
        5 networkServiceInfo(a, b, sctp, 9, u): not part of the model
        6 rule(X) :- other(X).: not a fact on one line
        7 half(: not a fact on one line
    "#]],
    );
}

#[test]
fn objects_of_directories() {
    let text = r#"{"meta": {"type": "computers"}, "data": [{"Properties": {"name": "X"}}, {"ObjectIdentifier": "S-1", "Aces": [{}],
        "Sessions": [{"ComputerSID": "S-1"}], "LocalGroups": [{"ObjectIdentifier": "S-1-5-32-555", "Results": []}],
        "LocalAdmins": [{"ObjectIdentifier": "S-9", "ObjectType": "Computer"}]}]}"#;
    check(
        directory("d", text),
        expect![[r#"
        1 1 access rights: rights on objects are not part of the model
        1 1 objects: they have no identifier
        1 1 members: neither a user nor a group
        1 1 local groups: only administrators of the machine are followed
        1 1 sessions: they name no user
    "#]],
    );
    let text = r#"{"meta": {"type": "users"}, "data": [{"ObjectIdentifier": "S-2", "Properties": {"name": "U", "enabled": false}}]}"#;
    check(
        directory("d", text),
        expect![[r#"
        1 U: the account is disabled
    "#]],
    );
}
