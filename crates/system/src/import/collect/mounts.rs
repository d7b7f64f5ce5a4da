//! Files of other hosts that are mounted here (proc(5), `mounts`), and what of the packet filters is in files.

use super::Collector;
use crate::import::{id, located};
use crate::{Data, Host};

/// Where distributions keep the rules that are loaded when a host starts, and the importer that reads them.
const SAVED: &[(&str, &str)] = &[
    ("etc/iptables/rules.v4", "iptables"),
    ("etc/iptables/rules.v6", "iptables"),
    ("etc/sysconfig/ip6tables", "iptables"),
    ("etc/sysconfig/iptables", "iptables"),
    ("etc/nftables.conf", "nft"),
];

pub(super) fn read(collector: &mut Collector<'_>) {
    for (number, line) in (1..).zip(collector.text("proc/mounts").unwrap_or_default().lines()) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [source, _, kind, options, ..] = fields.as_slice() else { continue };
        let remote = match *kind {
            "nfs" | "nfs4" => source.rsplit_once(":/"),
            "cifs" | "smb3" => source.trim_start_matches('/').split_once('/'),
            _ => continue,
        };
        let parts = remote.map(|(host, path)| (id(host.trim_matches(['[', ']'])), path));
        match parts.filter(|(host, _)| !host.is_empty() && *host != collector.host) {
            Some(_) if options.split(',').any(|option| option == "ro") => {
                collector.leave(number, line, "files of another host, which cannot be changed from here");
            }
            Some((host, path)) => share(collector, host, path),
            None => collector.leave(number, line, "files of a host that is not named"),
        }
    }
}

/// The host that has the files is stated as far as it is known: that it is there.
fn share(collector: &mut Collector<'_>, host: String, path: &str) {
    let document = &mut collector.out.document;
    document.hosts.entry(host.clone()).or_insert_with(|| located(Host::default(), 1));
    let name = [host.as_str(), &id(path)].join("-");
    let data = Data {
        stored_on: vec![located(host, 1)],
        mounted_on: vec![located(collector.host.clone(), 1)],
        ..Data::default()
    };
    document.data.insert(name.trim_end_matches('-').to_owned(), located(data, 1));
}

/// Rules are in the kernel, which tells them only to programs of root's.
pub(super) fn filters(collector: &mut Collector<'_>) {
    let why = "rules are in the kernel: import what `iptables-save` or `nft list ruleset` writes";
    collector.leave(1, "packet filters", why);
    for (path, format) in SAVED {
        if collector.root.join(path).is_file() {
            let why = "rules that are loaded when the host starts: `system import --from";
            collector.leave(1, path, &format!("{why} {format}` reads it"));
        }
    }
    let forwards = collector.text_if_any("proc/sys/net/ipv4/ip_forward").unwrap_or_default();
    if forwards.trim() == "1" {
        let why = "the host passes packets on between its networks: state it as a filter between their zones";
        collector.leave(1, "proc/sys/net/ipv4/ip_forward", why);
    }
}
