//! What listens, from the kernel's tables of sockets (proc(5)), with the program that holds the socket open.

use std::collections::{BTreeMap, BTreeSet};

use super::Collector;
use crate::import::located;
use crate::{Protocol, Service};

/// Tables, and the state in which a socket of theirs waits for others.
const TABLES: &[(&str, Protocol, &str)] = &[
    ("proc/net/tcp", Protocol::Tcp, "0A"),
    ("proc/net/tcp6", Protocol::Tcp, "0A"),
    ("proc/net/udp", Protocol::Udp, "07"),
    ("proc/net/udp6", Protocol::Udp, "07"),
];

/// Something that waits for others.
pub(super) struct Socket {
    protocol: Protocol,
    port: u16,
    user: u32,
    inode: String,
    /// Absolute path of the program that holds it open; empty where that is not told.
    program: String,
}

pub(super) fn find(collector: &mut Collector<'_>) -> Vec<Socket> {
    let mut sockets: BTreeMap<(Protocol, u16), Socket> = BTreeMap::new();
    for (table, protocol, waits) in TABLES {
        let text = collector.text_if_any(table).unwrap_or_default();
        let found = text.lines().skip(1).filter_map(|line| socket(line, *protocol, waits));
        sockets.extend(found.map(|socket| ((socket.protocol, socket.port), socket)));
    }
    let holders = holders(collector);
    let program = |inode: &str| holders.get(inode).cloned().unwrap_or_default();
    sockets.into_values().map(|socket| Socket { program: program(&socket.inode), ..socket }).collect()
}

pub(super) fn programs(sockets: &[Socket]) -> BTreeSet<String> {
    sockets.iter().map(|socket| socket.program.clone()).filter(|path| !path.is_empty()).collect()
}

pub(super) fn state(collector: &mut Collector<'_>, sockets: Vec<Socket>) {
    sockets.iter().for_each(|socket| service(collector, socket));
}

/// A socket that others can reach; `None` for those that wait on the loopback address alone.
fn socket(line: &str, protocol: Protocol, waits: &str) -> Option<Socket> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = fields.get(1)?.split_once(':')?;
    // Words of four bytes in the processor's order, which is little-endian on all that are supported.
    let loopback = if address.len() == 8 {
        address.ends_with("7F")
    } else {
        address == "00000000000000000000000001000000"
            || address.starts_with("0000000000000000FFFF0000") && address.ends_with("7F")
    };
    if *fields.get(3)? != waits || loopback {
        return None;
    }
    let port = u16::from_str_radix(port, 16).ok().filter(|port| *port > 0)?;
    let (user, inode) = (fields.get(7)?.parse().ok()?, (*fields.get(9)?).to_owned());
    Some(Socket { protocol, port, user, inode, program: String::new() })
}

/// Paths of programs by the inodes of the sockets they hold.
fn holders(collector: &mut Collector<'_>) -> BTreeMap<String, String> {
    let (mut holders, mut closed) = (BTreeMap::new(), 0_usize);
    let processes = collector.names("proc");
    for process in processes.iter().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) {
        let Some(program) = collector.link(&format!("proc/{process}/exe")) else {
            closed += 1;
            continue;
        };
        // Of a program that has been replaced since it was started.
        let program = program.strip_suffix(" (deleted)").unwrap_or(&program).to_owned();
        for descriptor in collector.names(&format!("proc/{process}/fd")) {
            let target = collector.link(&format!("proc/{process}/fd/{descriptor}")).unwrap_or_default();
            if let Some(inode) = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
                holders.insert(inode.to_owned(), program.clone());
            }
        }
    }
    if closed > 0 {
        let what = format!("{closed} processes");
        collector.leave(1, &what, "of the kernel or of other users: what they listen on has no software");
    }
    holders
}

fn service(collector: &mut Collector<'_>, socket: &Socket) {
    let path = socket.program.as_str();
    let software = collector.owners.get(path).cloned();
    let key = format!("{}-{}-{}", collector.host, socket.protocol.name(), socket.port);
    if software.is_none() {
        let what = format!("{}/{} {path}", socket.protocol.name(), socket.port);
        collector.leave(
            1,
            &what,
            "the program belongs to no package that was read: add its software by hand",
        );
    }
    let program = path.rsplit('/').next().unwrap_or_default();
    let service = Service {
        host: located(collector.host.clone(), 1),
        software: software.map(|software| located(software, 1)),
        protocol: socket.protocol,
        port: socket.port,
        run_as: collector.users.get(&socket.user).cloned(),
        login: ["sshd", "dropbear", "telnetd", "in.telnetd"].contains(&program),
        unauthenticated: false,
        cleartext: ["telnetd", "in.telnetd", "vsftpd", "proftpd"].contains(&program),
    };
    collector.out.document.services.insert(key, located(service, 1));
}
