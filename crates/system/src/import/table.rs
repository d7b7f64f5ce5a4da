//! Asset lists as comma- or semicolon-separated tables with a line of headings.
//!
//! Columns by name, in any order and either language: `host` (hostname, name, ホスト名), `address` (ip, IPアドレス), `zone`
//! (segment, ゾーン), `network` (prefix), `kind` (type, 種別), `software` (product, ソフトウェア), `version` (バージョン),
//! `place` (location, 設置場所). A line without a host is listed; so is a column that none of these names, and a cell that
//! is not what its column holds.

use super::{ImportError, Imported, id, ignored, located};
use crate::{Document, Host, HostKind, Interface, Network, PlaceOf, Software, Zone};

const FORMAT: &str = "a table of assets with a line of headings";
const MAX_LINES: usize = 1_000_000;

const COLUMNS: &[(&str, &[&str])] = &[
    ("address", &["address", "ip", "ip address", "ipアドレス"]),
    ("host", &["host", "hostname", "name", "asset", "ホスト名", "資産名", "装置名"]),
    ("kind", &["kind", "type", "種別"]),
    ("network", &["network", "prefix", "subnet", "ネットワーク"]),
    ("place", &["place", "location", "site", "設置場所"]),
    ("software", &["software", "product", "os", "ソフトウェア", "製品"]),
    ("version", &["version", "バージョン"]),
    ("zone", &["zone", "segment", "ゾーン", "セグメント"]),
];

/// Reads one table.
///
/// # Errors
/// If no column names a host, or a line is not of the table's form.
pub fn table(name: &str, text: &str) -> Result<Imported, ImportError> {
    let fault =
        |line: usize, reason: String| ImportError { name: name.to_owned(), line, reason, format: FORMAT };
    let first = text.lines().next().unwrap_or_default();
    let separator = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|e| fault(1, e.to_string()))?.clone();
    let mut out = Imported::default();
    let mut columns = std::collections::BTreeMap::new();
    for (at, heading) in headings.iter().enumerate() {
        let plain = heading.trim_start_matches('\u{feff}').trim().to_lowercase();
        match COLUMNS.iter().find(|(_, names)| names.contains(&plain.as_str())) {
            Some((column, _)) => drop(columns.insert(*column, at)),
            None => out.ignored.push(ignored(1, heading, "a column of another meaning")),
        }
    }
    if !columns.contains_key("host") {
        return Err(fault(1, "no column names the host".to_owned()));
    }
    for record in reader.records().take(MAX_LINES) {
        let record =
            record.map_err(|e| fault(e.position().map_or(1, |p| p.line() as usize), e.to_string()))?;
        let line = record.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(usize::MAX));
        let cell = |column: &str| {
            let found = columns.get(column).and_then(|at| record.get(*at)).map(str::trim);
            found.filter(|text| !text.is_empty())
        };
        match cell("host").map(id).filter(|host| !host.is_empty()) {
            Some(host) => {
                asset(&mut out.document, line, &host, &cell);
                out.ignored.extend(unread(line, &cell));
            }
            None => out.ignored.push(ignored(line, &record.iter().collect::<Vec<_>>().join(","), "no host")),
        }
    }
    Ok(out)
}

/// Cells of a line whose contents are not understood.
fn unread<'c>(line: usize, cell: &dyn Fn(&str) -> Option<&'c str>) -> Vec<super::Ignored> {
    let address = cell("address").filter(|text| text.parse::<std::net::IpAddr>().is_err());
    let network = cell("network").filter(|text| text.parse::<ipnet::IpNet>().is_err());
    let kind = cell("kind").filter(|text| kind_of(text).is_none());
    let all = [
        (address, "not an address: the host has none"),
        (network, "not a prefix: the network has none"),
        (kind, "not a kind of host that is known: taken for `other`"),
    ];
    all.into_iter().filter_map(|(what, why)| Some(ignored(line, what?, why))).collect()
}

fn kind_of(text: &str) -> Option<HostKind> {
    let word = serde_json::Value::String(text.to_lowercase().replace(' ', "-"));
    serde_json::from_value(word).ok()
}

fn asset<'c>(document: &mut Document, line: usize, host: &str, cell: &dyn Fn(&str) -> Option<&'c str>) {
    let mut entry = document.hosts.remove(host).map(|entry| entry.value).unwrap_or_default();
    if let Some(kind) = cell("kind") {
        entry.kind = kind_of(kind).unwrap_or(HostKind::Other);
    }
    let zone = id(cell("zone").unwrap_or("listed"));
    let network = cell("network").map_or_else(|| zone.clone(), |prefix| format!("net-{}", id(prefix)));
    if cell("address").is_some() || cell("zone").is_some() || cell("network").is_some() {
        document.zones.entry(zone.clone()).or_insert_with(|| located(Zone::default(), line));
        let cidr = cell("network").filter(|p| p.parse::<ipnet::IpNet>().is_ok());
        let attached = Network {
            zone: located(zone, line),
            cidr: cidr.map(|prefix| located(prefix.to_owned(), line)),
            wireless: false,
            place: None,
        };
        document.networks.entry(network.clone()).or_insert_with(|| located(attached, line));
        let address = cell("address").filter(|a| a.parse::<std::net::IpAddr>().is_ok());
        let address = address.map(|address| located(address.to_owned(), line));
        entry.interfaces.push(Interface { network: located(network, line), address });
    }
    if let Some(product) = cell("software") {
        let title = format!("{product} {}", cell("version").unwrap_or_default()).trim().to_owned();
        let software = id(&title);
        let stated = Software { title: Some(title), ..Software::default() };
        document.software.entry(software.clone()).or_insert_with(|| located(stated, line));
        if !entry.software.iter().any(|have| have.value == software) {
            entry.software.push(located(software, line));
        }
    }
    if let Some(place) = cell("place") {
        let stated = PlaceOf { title: Some(place.to_owned()), ..PlaceOf::default() };
        let place = id(place);
        document.places.entry(place.clone()).or_insert_with(|| located(stated, line));
        entry.place = Some(located(place, line));
    }
    document.hosts.insert(host.to_owned(), located::<Host>(entry, line));
}
