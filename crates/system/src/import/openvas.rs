//! OpenVAS (Greenbone) reports in XML: hosts, ports that answered, and what each result names with a CVE.
//!
//! A result on a port becomes a service; the CVEs it refers to become vulnerabilities of a software entry that stands for
//! what listens there, with the vector where the report has one. Results without a CVE are listed: the model holds
//! vulnerabilities by their public name.

use quick_xml::events::{BytesStart, Event};

use super::xml::{self, attribute};
use super::{ImportError, Imported, id, ignored, located};
use crate::{Host, Interface, Network, Protocol, Service, Software, Vulnerability, Zone};

const FORMAT: &str = "an OpenVAS report in XML";
const MAX_RESULTS: usize = 1_000_000;
/// Deepest element that is looked into.
const MAX_DEPTH: usize = 64;

/// Reads one report.
///
/// # Errors
/// If the text is no XML, or holds no `report`.
pub fn openvas(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut report = Report::default();
    xml::walk(name, text, FORMAT, |event, line| {
        match event {
            Event::Start(tag) => report.open(tag, line),
            Event::Empty(tag) => {
                report.open(tag, line);
                report.close(line);
            }
            Event::End(_) => report.close(line),
            Event::Text(content) => report.text(content),
            _ => {}
        }
        if report.results > MAX_RESULTS || report.path.len() > MAX_DEPTH {
            return Err(format!("more than {MAX_RESULTS} results, or nested too deeply"));
        }
        Ok(())
    })?;
    if !report.is_report {
        let reason = "no `report` element".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    Ok(report.finish())
}

#[derive(Default)]
struct Finding {
    line: usize,
    host: String,
    hostname: String,
    port: String,
    title: String,
    vector: String,
    cves: Vec<String>,
}

#[derive(Default)]
struct Report {
    out: Imported,
    is_report: bool,
    path: Vec<String>,
    results: usize,
    result: Option<Finding>,
}

impl Report {
    fn open(&mut self, tag: &BytesStart<'_>, line: usize) {
        let name = tag.name().as_ref().to_owned();
        match name.as_str() {
            "report" => self.is_report = true,
            "result" => self.result = Some(Finding { line, ..Finding::default() }),
            "ref" if attribute(tag, "type") == "cve" => {
                if let Some(result) = &mut self.result {
                    result.cves.push(attribute(tag, "id"));
                }
            }
            _ => {}
        }
        self.path.push(name);
    }

    fn text(&mut self, content: &str) {
        let Some(result) = &mut self.result else { return };
        let content = content.trim();
        let mut up = self.path.iter().rev().map(String::as_str);
        match (up.next().unwrap_or_default(), up.next().unwrap_or_default()) {
            ("host", "result") => result.host.push_str(content),
            ("hostname", "host") => result.hostname.push_str(content),
            ("port", "result") => result.port.push_str(content),
            ("name", "nvt") => result.title.push_str(content),
            // Reports before version 20 list the references as text.
            ("cve", "nvt") => result.cves.extend(content.split([',', ' ']).map(str::to_owned)),
            ("tags", "nvt") => {
                let vector = content.split('|').find_map(|tag| tag.strip_prefix("cvss_base_vector="));
                result.vector.push_str(vector.unwrap_or_default());
            }
            _ => {}
        }
    }

    fn close(&mut self, line: usize) {
        if self.path.pop().as_deref() == Some("result")
            && let Some(result) = self.result.take()
        {
            self.results += 1;
            self.take(result, line);
        }
    }

    fn take(&mut self, result: Finding, line: usize) {
        let named = [&result.hostname, &result.host].into_iter().find(|name| !name.is_empty());
        let Some(host) = named.map(|name| id(name)).filter(|host| !host.is_empty()) else {
            self.out.ignored.push(ignored(line, &result.title, "a result without a host"));
            return;
        };
        let document = &mut self.out.document;
        let entry = document.hosts.entry(host.clone()).or_insert_with(|| {
            let address = result.host.parse::<std::net::IpAddr>().ok();
            let address = address.map(|address| located(address.to_string(), result.line));
            let interface = Interface { network: located("scanned".to_owned(), result.line), address };
            located(Host { interfaces: vec![interface], ..Host::default() }, result.line)
        });
        let cves: Vec<&String> = result.cves.iter().filter(|cve| cve.starts_with("CVE-")).collect();
        let port =
            result.port.split_once('/').and_then(|(port, of)| Some((port.trim().parse::<u16>().ok()?, of)));
        let place = port.map_or_else(|| "host".to_owned(), |(port, of)| format!("{of}-{port}"));
        let software = (!cves.is_empty()).then(|| format!("{host}-{place}-software"));
        if let Some(software) = &software {
            let title = format!("what answers at {} of {host}", result.port);
            let stated = Software { title: Some(title), ..Software::default() };
            document.software.entry(software.clone()).or_insert_with(|| located(stated, result.line));
            if !entry.value.software.iter().any(|have| have.value == *software) {
                entry.value.software.push(located(software.clone(), result.line));
            }
        }
        if let Some((port, of)) = port {
            let protocol = if of == "udp" { Protocol::Udp } else { Protocol::Tcp };
            let service = Service {
                host: located(host.clone(), result.line),
                software: None,
                protocol,
                port,
                run_as: None,
                login: [22, 23, 512, 513, 3389].contains(&port),
                unauthenticated: [102, 502, 2404, 20000, 44818].contains(&port),
                cleartext: [21, 23, 512, 513].contains(&port),
            };
            let key = format!("{host}-{}-{port}", protocol.name());
            let service = document.services.entry(key).or_insert_with(|| located(service, result.line));
            if let Some(software) = &software {
                service.value.software = Some(located(software.clone(), result.line));
            }
        }
        for cve in &cves {
            let entry = document.vulnerabilities.entry((*cve).clone());
            let entry = entry.or_insert_with(|| located(Vulnerability::default(), result.line));
            if let Some(software) = &software
                && !entry.value.affects.iter().any(|have| have.value == *software)
            {
                entry.value.affects.push(located(software.clone(), result.line));
            }
            if entry.value.cvss.is_none() && !result.vector.is_empty() {
                entry.value.cvss = Some(located(result.vector.clone(), result.line));
            }
        }
        if cves.is_empty() {
            let what = format!("{} on {host} {}", result.title, result.port);
            self.out.ignored.push(ignored(
                result.line,
                &what,
                "no CVE names it: add it by hand if it matters",
            ));
        }
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
