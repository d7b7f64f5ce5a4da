//! nmap's XML (`-oX`): hosts that are up, their open ports, and the software behind them.
//!
//! Every host stands in a network of its address family without a zone of its own: `scanned`, in zone `scanned`. Only
//! open TCP and UDP ports become services; what scripts report is listed, not believed. CPE 2.2 names are rewritten as
//! CPE 2.3.

use quick_xml::events::{BytesStart, Event};

use super::xml::{self, attribute};
use super::{ImportError, Imported, id, ignored, located};
use crate::{Host, Interface, Network, Protocol, Service, Software, Zone};

const FORMAT: &str = "nmap's XML output (`-oX`)";
/// Most hosts and ports taken from one file.
const MAX_SERVICES: usize = 1_000_000;

/// Reads one scan.
///
/// # Errors
/// If the text is no XML, or holds no `nmaprun`.
pub fn nmap(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut scan = Scan::default();
    xml::walk(name, text, FORMAT, |event, line| {
        match event {
            Event::Start(tag) => scan.open(tag, line),
            Event::Empty(tag) => {
                scan.open(tag, line);
                scan.close(tag.name().as_ref(), line);
            }
            Event::End(tag) => scan.close(tag.name().as_ref(), line),
            Event::Text(content) if scan.in_cpe => scan.port.cpe = content.to_string(),
            _ => {}
        }
        if scan.services > MAX_SERVICES {
            return Err(format!("more than {MAX_SERVICES} open ports"));
        }
        Ok(())
    })?;
    if !scan.is_nmap {
        let reason = "no `nmaprun` element".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    Ok(scan.finish())
}

#[derive(Default)]
struct Scan {
    out: Imported,
    is_nmap: bool,
    in_cpe: bool,
    up: bool,
    addresses: Vec<String>,
    host_name: Option<String>,
    port: Port,
    ports: Vec<Port>,
    services: usize,
}

#[derive(Default)]
struct Port {
    line: usize,
    protocol: String,
    number: u16,
    open: bool,
    name: String,
    product: String,
    version: String,
    cpe: String,
}

impl Scan {
    fn open(&mut self, tag: &BytesStart<'_>, line: usize) {
        match tag.name().as_ref() {
            "nmaprun" => self.is_nmap = true,
            "host" => {
                self.up = true;
                self.addresses.clear();
                self.host_name = None;
                self.ports.clear();
            }
            "status" => self.up = attribute(tag, "state") == "up",
            "address" if attribute(tag, "addrtype") != "mac" => self.addresses.push(attribute(tag, "addr")),
            "hostname" => {
                self.host_name.get_or_insert_with(|| attribute(tag, "name"));
            }
            "port" => {
                let number = attribute(tag, "portid").parse().unwrap_or_default();
                self.port = Port { line, protocol: attribute(tag, "protocol"), number, ..Port::default() };
            }
            "state" => {
                let state = attribute(tag, "state");
                self.port.open = state == "open";
                if state == "open|filtered" {
                    let what = format!("{}/{}", self.port.protocol, self.port.number);
                    self.out.ignored.push(ignored(line, &what, "nobody answered: it may be open"));
                }
            }
            "service" => {
                self.port.name = attribute(tag, "name");
                self.port.product = attribute(tag, "product");
                self.port.version = attribute(tag, "version");
            }
            "cpe" => self.in_cpe = self.port.cpe.is_empty(),
            "script" => {
                let what = format!("script {}", attribute(tag, "id"));
                self.out.ignored.push(ignored(line, &what, "script results are not part of the model"));
            }
            "osmatch" => {
                let what = format!("operating system {}", attribute(tag, "name"));
                self.out.ignored.push(ignored(line, &what, "a guess: add the software by hand"));
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, line: usize) {
        match name {
            "cpe" => self.in_cpe = false,
            "port" => {
                let port = std::mem::take(&mut self.port);
                if port.open && port.number > 0 {
                    self.services += 1;
                    self.ports.push(port);
                }
            }
            "host" if self.up => self.host(line),
            _ => {}
        }
    }

    fn host(&mut self, line: usize) {
        let Some(address) = self.addresses.first().cloned() else {
            self.out.ignored.push(ignored(line, "host", "it has no address of IP"));
            return;
        };
        let named = self.host_name.take().filter(|n| !n.is_empty());
        let host = id(named.as_deref().unwrap_or(&address));
        let network = located("scanned".to_owned(), line);
        let interfaces = self
            .addresses
            .iter()
            .map(|a| Interface { network: network.clone(), address: Some(located(a.clone(), line)) });
        let mut entry = Host { interfaces: interfaces.collect(), ..Host::default() };
        for port in std::mem::take(&mut self.ports) {
            let software = self.software(&port);
            if let Some(software) = &software {
                entry.software.push(located(software.clone(), port.line));
            }
            self.service(&host, &port, software);
        }
        entry.software.sort_by(|a, b| a.value.cmp(&b.value));
        entry.software.dedup_by(|a, b| a.value == b.value);
        self.out.document.hosts.insert(host, located(entry, line));
    }

    fn service(&mut self, host: &str, port: &Port, software: Option<String>) {
        let protocol = match port.protocol.as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            other => {
                let what = format!("{other}/{}", port.number);
                self.out.ignored.push(ignored(port.line, &what, "the model knows TCP and UDP"));
                return;
            }
        };
        let service = Service {
            host: located(host.to_owned(), port.line),
            software: software.map(|s| located(s, port.line)),
            protocol,
            port: port.number,
            run_as: None,
            login: ["ssh", "telnet", "ms-wbt-server", "vnc", "rlogin"].contains(&port.name.as_str()),
            unauthenticated: ["modbus", "iec-104", "dnp", "s7comm"].contains(&port.name.as_str()),
            cleartext: ["telnet", "ftp", "rlogin"].contains(&port.name.as_str()),
        };
        let key = format!("{host}-{}-{}", protocol.name(), port.number);
        self.out.document.services.insert(key, located(service, port.line));
    }

    /// Id of the software behind a port; `None` where nmap did not recognise it.
    fn software(&mut self, port: &Port) -> Option<String> {
        if port.product.is_empty() {
            return None;
        }
        let title = format!("{} {}", port.product, port.version).trim().to_owned();
        let software = id(&title);
        let entry = Software {
            cpe: cpe23(&port.cpe).map(|cpe| located(cpe, port.line)),
            title: Some(title),
            ..Software::default()
        };
        self.out.document.software.entry(software.clone()).or_insert_with(|| located(entry, port.line));
        Some(software)
    }

    fn finish(mut self) -> Imported {
        if !self.out.document.hosts.is_empty() {
            let network =
                Network { zone: located("scanned".to_owned(), 1), cidr: None, wireless: false, place: None };
            self.out.document.networks.insert("scanned".to_owned(), located(network, 1));
            self.out.document.zones.insert("scanned".to_owned(), located(Zone::default(), 1));
        }
        self.out
    }
}

/// `cpe:/a:vendor:product:version` as a CPE 2.3 formatted string (NISTIR 7695, 6.2).
fn cpe23(uri: &str) -> Option<String> {
    let mut parts = uri.trim().strip_prefix("cpe:/")?.split(':');
    let mut part = || parts.next().filter(|p| !p.is_empty()).unwrap_or("*").replace("%20", "_");
    let names: Vec<String> = (0..5).map(|_| part()).collect();
    Some(format!("cpe:2.3:{}:*:*:*:*:*:*", names.join(":")))
}
