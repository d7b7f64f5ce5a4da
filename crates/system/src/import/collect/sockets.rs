//! What listens, from the kernel's tables of sockets (proc(5)), with the program that holds the socket open.

use std::collections::BTreeMap;

use super::Collector;
use super::packages::owners;
use crate::import::located;
use crate::{Protocol, Service};

/// Tables, and the state in which a socket of theirs waits for others.
const TABLES: &[(&str, Protocol, &str)] = &[
    ("proc/net/tcp", Protocol::Tcp, "0A"),
    ("proc/net/tcp6", Protocol::Tcp, "0A"),
    ("proc/net/udp", Protocol::Udp, "07"),
    ("proc/net/udp6", Protocol::Udp, "07"),
];

struct Socket {
    protocol: Protocol,
    port: u16,
    user: u32,
    inode: String,
}

pub(super) fn read(collector: &mut Collector<'_>) {
    let mut sockets: BTreeMap<(Protocol, u16), Socket> = BTreeMap::new();
    for (table, protocol, waits) in TABLES {
        let text = collector.text_if_any(table).unwrap_or_default();
        let found = text.lines().skip(1).filter_map(|line| socket(line, *protocol, waits));
        sockets.extend(found.map(|socket| ((socket.protocol, socket.port), socket)));
    }
    let programs = programs(collector);
    let paths: Vec<String> =
        sockets.values().map(|s| programs.get(&s.inode).cloned().unwrap_or_default()).collect();
    let owners = owners(collector, &paths);
    for ((socket, path), software) in sockets.into_values().zip(&paths).zip(owners) {
        service(collector, &socket, path, software);
    }
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
    Some(Socket { protocol, port, user: fields.get(7)?.parse().ok()?, inode: (*fields.get(9)?).to_owned() })
}

/// Paths of programs by the inodes of the sockets they hold.
fn programs(collector: &mut Collector<'_>) -> BTreeMap<String, String> {
    let (mut programs, mut closed) = (BTreeMap::new(), 0_usize);
    let processes = collector.names("proc");
    for process in processes.iter().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) {
        let Some(program) = collector.link(&format!("proc/{process}/exe")) else {
            closed += 1;
            continue;
        };
        for descriptor in collector.names(&format!("proc/{process}/fd")) {
            let target = collector.link(&format!("proc/{process}/fd/{descriptor}")).unwrap_or_default();
            if let Some(inode) = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
                programs.insert(inode.to_owned(), program.clone());
            }
        }
    }
    if closed > 0 {
        let what = format!("{closed} processes");
        collector.leave(1, &what, "of the kernel or of other users: what they listen on has no software");
    }
    programs
}

fn service(collector: &mut Collector<'_>, socket: &Socket, path: &str, software: Option<String>) {
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
