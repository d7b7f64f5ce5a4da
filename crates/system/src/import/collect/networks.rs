//! The host's own addresses and the networks they stand in, from the kernel's tables (proc(5)).
//!
//! Equal prefixes are one network on all hosts. What is reached through other hosts is listed: their filters decide.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::{Collector, NOWHERE};
use crate::import::{id, located};
use crate::{Interface, Network};

/// Most networks and routes; more are told.
const MOST: usize = 1000;

/// Networks that the host stands in, with the names of their devices.
type Connected = BTreeMap<IpNet, String>;

pub(super) fn read(collector: &mut Collector<'_>) {
    let mut connected = routes(collector);
    let mut own = own_v4(collector);
    own.extend(own_v6(collector, &mut connected));
    let wireless = wireless(collector);
    for address in own {
        let network = connected.iter().filter(|(net, _)| net.contains(&address));
        let network = network.max_by_key(|(net, _)| net.prefix_len());
        let name = network.map_or(NOWHERE.to_owned(), |(net, device)| {
            let name = format!("net-{}", id(&net.to_string()));
            state(collector, &name, Some(*net), wireless.contains(device));
            name
        });
        interface(collector, name, Some(address));
    }
    if collector.entry.interfaces.is_empty() {
        interface(collector, NOWHERE.to_owned(), None);
    }
    if collector.entry.interfaces.iter().any(|interface| interface.network.value == NOWHERE) {
        state(collector, NOWHERE, None, false);
    }
}

fn interface(collector: &mut Collector<'_>, network: String, address: Option<IpAddr>) {
    collector.entry.interfaces.push(Interface {
        network: located(network, 1),
        address: address.map(|address| located(address.to_string(), 1)),
    });
}

fn state(collector: &mut Collector<'_>, name: &str, prefix: Option<IpNet>, wireless: bool) {
    let cidr = prefix.map(|net| located(net.to_string(), 1));
    let network = Network { zone: located(NOWHERE.to_owned(), 1), cidr, wireless, place: None };
    collector.out.document.networks.insert(name.to_owned(), located(network, 1));
}

/// Networks at the host's own devices; the other routes are listed.
fn routes(collector: &mut Collector<'_>) -> Connected {
    let path = "proc/net/route";
    let (mut connected, mut through) = (Connected::new(), 0_usize);
    for line in collector.text(path).unwrap_or_default().lines().skip(1) {
        let Some((device, gateway, net)) = route(line) else { continue };
        if gateway.is_unspecified() {
            if connected.len() < MOST {
                connected.insert(IpNet::V4(net), device.to_owned());
            }
            continue;
        }
        through += 1;
        if through <= MOST {
            let what = format!("route to {net} through {gateway}");
            collector.leave(1, &what, "leads through another host: state its networks and filters");
        }
    }
    if through > MOST {
        collector.leave(1, path, &format!("{} more routes through other hosts", through - MOST));
    }
    connected
}

/// Device, gateway and prefix: words of four bytes in the processor's order.
fn route(line: &str) -> Option<(&str, Ipv4Addr, Ipv4Net)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address =
        |at: usize| Some(Ipv4Addr::from(u32::from_str_radix(fields.get(at)?, 16).ok()?.swap_bytes()));
    let net = Ipv4Net::with_netmask(address(1)?, address(7)?).ok()?;
    Some((fields.first()?, address(2)?, net.trunc()))
}

/// From the table of routes: addresses that are the host's own.
fn own_v4(collector: &mut Collector<'_>) -> Vec<IpAddr> {
    let table = collector.text("proc/net/fib_trie").unwrap_or_default();
    let (mut address, mut own) = (None, Vec::new());
    for line in table.lines().map(str::trim) {
        if let Some(found) = line.strip_prefix("|-- ") {
            address = found.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(found) = address.filter(|address| !address.is_loopback()).map(IpAddr::V4)
            && !own.contains(&found)
            && own.len() < MOST
        {
            own.push(found);
        }
    }
    own
}

/// Addresses that others can use beyond one wire; their networks become known with them.
fn own_v6(collector: &mut Collector<'_>, connected: &mut Connected) -> Vec<IpAddr> {
    let table = collector.text_if_any("proc/net/if_inet6").unwrap_or_default();
    let own = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let address = Ipv6Addr::from(u128::from_str_radix(fields.first()?, 16).ok()?);
        let length = u8::from_str_radix(fields.get(2)?, 16).ok()?;
        let global = *fields.get(3)? == "00";
        let net = IpNet::new(IpAddr::V6(address), length).ok()?.trunc();
        global.then(|| (IpAddr::V6(address), net, (*fields.get(5).unwrap_or(&"")).to_owned()))
    });
    let own: Vec<_> = own.take(MOST).collect();
    connected.extend(own.iter().map(|(_, net, device)| (*net, device.clone())));
    own.into_iter().map(|(address, ..)| address).collect()
}

fn wireless(collector: &mut Collector<'_>) -> Vec<String> {
    let table = collector.text_if_any("proc/net/wireless").unwrap_or_default();
    let devices = table.lines().skip(2).filter_map(|line| line.trim().split_once(':'));
    devices.map(|(device, _)| device.to_owned()).collect()
}
