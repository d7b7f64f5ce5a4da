//! A Linux host from its own files: packages, accounts, groups, `sudo` rules, authorised keys, addresses and networks,
//! routes, files mounted from other hosts, what listens with the program behind it, and digests of installed programs.
//!
//! Nothing is run and nothing is asked for over a network, so the files may also be those of a disk image or container;
//! symbolic links in it lead where the machine that reads sees them.
//! Without root some of them cannot be read; each of those is listed. Packet filters live in the kernel: their saved
//! rules have importers of their own.

mod accounts;
mod mounts;
mod networks;
mod packages;
mod programs;
mod sockets;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Imported, id, ignored, located};
use crate::{Host, Zone};

/// Most bytes of one file; a longer one is listed as not read.
const MAX_FILE: u64 = 64 << 20;
/// The zone that the host's networks are put into, to be renamed by hand; also the network of addresses without one.
const NOWHERE: &str = "collected";

/// Reads the host whose files are below `root`. `host` names it; its own name is taken where that is `None`.
pub fn collect(root: &Path, host: Option<&str>) -> Imported {
    let mut collector = Collector::new(root);
    let own = if host.is_none() { collector.text("etc/hostname") } else { None };
    let name = host.or(own.as_deref()).map(|name| id(name.trim())).filter(|name| !name.is_empty());
    collector.host = name.unwrap_or_else(|| "host".to_owned());
    let listening = sockets::find(&mut collector);
    packages::read(&mut collector, &sockets::programs(&listening));
    accounts::read(&mut collector);
    sockets::state(&mut collector, listening);
    programs::read(&mut collector);
    networks::read(&mut collector);
    mounts::read(&mut collector);
    mounts::filters(&mut collector);
    collector.finish()
}

/// Files below the root that the entries of a section are from; `None` where they are many.
pub fn collected_from(section: &str) -> Option<&'static str> {
    Some(match section {
        "accounts" => "etc/passwd",
        "credentials" => "authorized_keys",
        "data" => "proc/mounts",
        "groups" => "etc/group, etc/sudoers",
        "networks" => "proc/net",
        "services" => "proc/net, proc/PID",
        "software" => "package databases",
        _ => return None,
    })
}

struct Collector<'r> {
    root: &'r Path,
    host: String,
    entry: Host,
    /// User names by number.
    users: BTreeMap<u32, String>,
    /// Software ids by the absolute paths of programs that belong to them.
    owners: BTreeMap<String, String>,
    out: Imported,
}

impl<'r> Collector<'r> {
    fn new(root: &'r Path) -> Self {
        Self {
            root,
            host: String::new(),
            entry: Host::default(),
            users: BTreeMap::new(),
            owners: BTreeMap::new(),
            out: Imported::default(),
        }
    }

    /// A file that should be there; its absence is told.
    fn text(&mut self, path: &str) -> Option<String> {
        let text = read(&self.root.join(path));
        text.map_err(|error| self.leave(1, path, &format!("cannot be read: {}", error.kind()))).ok()
    }

    /// A file that need not be there.
    fn text_if_any(&mut self, path: &str) -> Option<String> {
        let there = std::fs::symlink_metadata(self.root.join(path));
        let absent = there.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if absent { None } else { self.text(path) }
    }

    /// Names in a folder that need not be there, sorted.
    fn names(&mut self, path: &str) -> Vec<String> {
        let entries = match std::fs::read_dir(self.root.join(path)) {
            Ok(entries) => entries.flatten(),
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    self.leave(1, path, &format!("cannot be listed: {}", error.kind()));
                }
                return Vec::new();
            }
        };
        let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn link(&self, path: &str) -> Option<String> {
        std::fs::read_link(self.root.join(path)).ok()?.into_os_string().into_string().ok()
    }

    fn leave(&mut self, line: usize, what: &str, why: &str) {
        self.out.ignored.push(ignored(line, what, why));
    }

    fn finish(mut self) -> Imported {
        // One package of two architectures is one piece of software.
        self.entry.software.sort_by(|a, b| a.value.cmp(&b.value));
        self.entry.software.dedup_by(|a, b| a.value == b.value);
        let document = &mut self.out.document;
        // So that it is a model by itself; merged behind another document, that one's name stays.
        document.name = Some(self.host.clone());
        document.zones.insert(NOWHERE.to_owned(), located(Zone::default(), 1));
        document.hosts.insert(self.host, located(self.entry, 1));
        self.out
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&bytes(path, MAX_FILE)?).into_owned())
}

fn bytes(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    // A pipe or device would never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}
