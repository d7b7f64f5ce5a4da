//! A system of network namespaces: one for each host, and one with a bridge for each network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use system::{Document, Host, HostKind};

use super::probe::READY;

/// In front of the names of all namespaces.
const PREFIX: &str = "sukashi-truth";

/// Taken down when dropped.
pub(super) struct Lab {
    document: Document,
    namespaces: Vec<String>,
    listeners: Vec<Child>,
    filtering: BTreeSet<String>,
}

impl Lab {
    /// Needs an address at every interface, and a prefix for every network.
    pub(super) fn build(document: &Document, folder: &Path) -> anyhow::Result<Self> {
        let mut lab = Self {
            document: document.clone(),
            namespaces: Vec::new(),
            listeners: Vec::new(),
            filtering: BTreeSet::new(),
        };
        for network in document.networks.keys() {
            let space = lab.space(network)?;
            ip(&["-n", &space, "link", "add", "bridge", "type", "bridge"])?;
            ip(&["-n", &space, "link", "set", "bridge", "up"])?;
        }
        let mut cable = 0;
        for (name, host) in &document.hosts {
            lab.attach(name, host, &mut cable)?;
        }
        for (name, host) in &document.hosts {
            lab.route(name, host)?;
            lab.filter(name, folder)?;
        }
        lab.serve()?;
        Ok(lab)
    }

    fn space(&mut self, of: &str) -> anyhow::Result<String> {
        let name = space(of);
        ip(&["netns", "add", &name])
            .context("hint: run as root, on Linux, without another run at the same time")?;
        self.namespaces.push(name.clone());
        ip(&["-n", &name, "link", "set", "lo", "up"])?;
        Ok(name)
    }

    fn attach(&mut self, name: &str, host: &Host, cable: &mut usize) -> anyhow::Result<()> {
        let own = self.space(name)?;
        for interface in &host.interfaces {
            let network =
                self.document.networks.get(&interface.network.value).context("an unknown network")?;
            let prefix = network.cidr.as_ref().context("a network without a prefix")?;
            let length = prefix.rsplit('/').next().unwrap_or_default();
            let address = interface.address.as_ref().context("an interface without an address")?;
            let (near, far, other) =
                (format!("c{cable}"), format!("c{cable}s"), space(&interface.network.value));
            *cable += 1;
            ip(&[
                "link", "add", &near, "netns", &own, "type", "veth", "peer", "name", &far, "netns", &other,
            ])?;
            ip(&["-n", &other, "link", "set", &far, "master", "bridge", "up"])?;
            ip(&["-n", &own, "addr", "add", &format!("{}/{length}", address.value), "dev", &near])?;
            ip(&["-n", &own, "link", "set", &near, "up"])?;
        }
        if forwards(host) {
            self.inside(name, &["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])?;
        }
        Ok(())
    }

    /// The shortest way to every network, over the first router of it.
    fn route(&self, name: &str, host: &Host) -> anyhow::Result<()> {
        let mut gateways: BTreeMap<&str, Option<&str>> =
            host.interfaces.iter().map(|i| (i.network.value.as_str(), None)).collect();
        let mut work: VecDeque<&str> = gateways.keys().copied().collect();
        while let Some(near) = work.pop_front() {
            let known = gateways.get(near).copied().flatten();
            for router in self.document.hosts.values().filter(|router| forwards(router)) {
                let leg = router.interfaces.iter().find(|i| i.network.value == near);
                let Some(address) = leg.and_then(|leg| leg.address.as_ref()) else { continue };
                for far in router.interfaces.iter().map(|i| i.network.value.as_str()) {
                    if !gateways.contains_key(far) {
                        gateways.insert(far, known.or(Some(&address.value)));
                        work.push_back(far);
                    }
                }
            }
        }
        for (network, gateway) in gateways {
            let prefix = self.document.networks.get(network).and_then(|n| n.cidr.as_ref());
            if let (Some(gateway), Some(prefix)) = (gateway, prefix) {
                ip(&["-n", &space(name), "route", "add", &prefix.value, "via", gateway])?;
            }
        }
        Ok(())
    }

    fn filter(&mut self, name: &str, folder: &Path) -> anyhow::Result<()> {
        let rules = folder.join(format!("{name}.nft"));
        if rules.exists() {
            self.inside(name, &["nft", "-f", &rules.to_string_lossy()])?;
            self.filtering.insert(name.to_owned());
        }
        Ok(())
    }

    fn serve(&mut self) -> anyhow::Result<()> {
        let mut ports: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
        for service in self.document.services.values() {
            ports.entry(&service.host.value).or_default().insert(service.port);
        }
        let program = std::env::current_exe()?;
        for (host, ports) in ports {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &space(host)]).arg(&program).args(["truth", "listen"]);
            command.args(ports.iter().map(u16::to_string)).stdout(Stdio::piped());
            let mut child = command.spawn().context("cannot run `ip`")?;
            let mut said = String::new();
            if let Some(output) = child.stdout.take() {
                BufReader::new(output).read_line(&mut said)?;
            }
            self.listeners.push(child);
            ensure!(said.trim() == READY, "`{host}` does not listen");
        }
        Ok(())
    }

    /// Routers with a rule set.
    pub(super) fn filtering(&self) -> impl Iterator<Item = &String> {
        self.filtering.iter()
    }

    /// What a program prints that is run on a host.
    pub(super) fn inside(&self, host: &str, command: &[&str]) -> anyhow::Result<String> {
        let space = space(host);
        let arguments: Vec<&str> = ["netns", "exec", &space].iter().chain(command).copied().collect();
        ip(&arguments)
    }

    /// Whether a host gets through to others' ports, at any of their addresses.
    pub(super) fn connect(&self, from: &str, to: &[(&str, u16)]) -> anyhow::Result<Vec<bool>> {
        let mut targets = Vec::new();
        let mut of = Vec::new();
        for (at, (host, port)) in to.iter().enumerate() {
            let interfaces = self.document.hosts.get(*host).into_iter().flat_map(|h| &h.interfaces);
            for address in interfaces.filter_map(|i| i.address.as_ref()) {
                targets.push(format!("{}:{port}", address.value));
                of.push(at);
            }
        }
        let program = std::env::current_exe()?.to_string_lossy().into_owned();
        let command: Vec<&str> = [program.as_str(), "truth", "probe"]
            .into_iter()
            .chain(targets.iter().map(String::as_str))
            .collect();
        let said = self.inside(from, &command)?;
        let lines: Vec<&str> = said.lines().collect();
        ensure!(lines.len() == targets.len(), "`{from}` tried {} of {} ports", lines.len(), targets.len());
        let mut open = vec![false; to.len()];
        for (at, line) in of.into_iter().zip(lines) {
            if let Some(open) = open.get_mut(at) {
                *open |= line == "open";
            }
        }
        Ok(open)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for listener in &mut self.listeners {
            // It has ended by itself otherwise.
            let _ = listener.kill();
            let _ = listener.wait();
        }
        for namespace in &self.namespaces {
            if let Err(error) = ip(&["netns", "del", namespace]) {
                eprintln!("{error:#}");
            }
        }
    }
}

fn space(of: &str) -> String {
    format!("{PREFIX}-{of}")
}

fn forwards(host: &Host) -> bool {
    matches!(host.kind, HostKind::Router | HostKind::Firewall)
}

fn ip(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ip").args(arguments).output().context("cannot run `ip`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`ip {}`: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8(output.stdout)?)
}
