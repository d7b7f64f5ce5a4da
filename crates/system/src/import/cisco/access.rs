//! One line of an access list.

use super::Reader;
use crate::import::device::{Line, masked, port, prefix, wildcard};
use crate::{Action, Protocol};

pub(super) fn open(line: usize) -> Line {
    Line {
        action: Action::Allow,
        from_zones: Vec::new(),
        to_zones: Vec::new(),
        sources: Vec::new(),
        destinations: Vec::new(),
        classes: Vec::new(),
        line,
    }
}

pub(super) fn protocol(word: &str) -> Option<Protocol> {
    match word {
        "ip" | "ipv4" | "tcp-udp" => Some(Protocol::Any),
        "tcp" | "6" => Some(Protocol::Tcp),
        "udp" | "17" => Some(Protocol::Udp),
        _ => None,
    }
}

/// What protocols and ports a line speaks of; empty if none that the model knows.
pub(super) fn classes(
    of: Vec<(Protocol, Vec<String>)>,
    ports: Option<Vec<(Option<Protocol>, Vec<String>)>>,
) -> Vec<(Protocol, Vec<String>)> {
    let Some(ports) = ports else { return of };
    let mut out = Vec::new();
    for (protocol, own) in &of {
        for (only, ports) in &ports {
            let fits = only.is_none_or(|only| *protocol == Protocol::Any || only == *protocol);
            if fits && own.is_empty() {
                out.push((only.unwrap_or(*protocol), ports.clone()));
            }
        }
    }
    out
}

/// The rest of a line, being read.
pub(super) struct Parts<'p, 'r, 't> {
    pub(super) words: &'p [&'p str],
    pub(super) reader: &'r Reader<'t>,
    pub(super) unknown: Vec<String>,
}

impl Parts<'_, '_, '_> {
    fn take(&mut self, count: usize) {
        self.words = self.words.get(count..).unwrap_or_default();
    }

    pub(super) fn protocol(&mut self) -> Vec<(Protocol, Vec<String>)> {
        let taken = match self.words {
            ["object-group", name, ..] => {
                let (protocols, services) =
                    (self.reader.protocols.resolve(name), self.reader.services.resolve(name));
                let protocols = protocols.map(|list| list.into_iter().map(|p| (p, Vec::new())).collect());
                (2, protocols.or(services))
            }
            ["object", name, ..] => (2, self.reader.services.resolve(name)),
            [word, ..] => (1, Some(protocol(word).map(|p| vec![(p, Vec::new())]).unwrap_or_default())),
            [] => (0, Some(Vec::new())),
        };
        let (count, found) = taken;
        let words: Vec<&str> = self.words.iter().take(count).copied().collect();
        self.take(count);
        // A name that the configuration does not explain may mean anything.
        found.unwrap_or_else(|| {
            self.unknown.push(words.join(" "));
            vec![(Protocol::Any, Vec::new())]
        })
    }

    /// Empty: anywhere. What cannot be told is anywhere as well, and a condition.
    pub(super) fn addresses(&mut self) -> Vec<String> {
        let (count, found) = match self.words {
            ["any" | "any4" | "any6", ..] => (1, Some(Vec::new())),
            ["host", address, ..] => (2, prefix(address).map(|p| vec![p])),
            ["object" | "object-group", name, ..] => {
                (2, self.reader.networks.resolve(name).filter(|list| !list.is_empty()))
            }
            ["interface", _, ..] => (2, None),
            [address, mask, ..] if mask.parse::<std::net::Ipv4Addr>().is_ok() => {
                let net = if self.reader.asa { masked(address, mask) } else { wildcard(address, mask) };
                (2, net.map(|net| vec![net.trunc().to_string()]))
            }
            [address, ..] if address.parse::<std::net::Ipv4Addr>().is_ok() => {
                (1, prefix(address).map(|p| vec![p]))
            }
            _ => (0, Some(Vec::new())),
        };
        if found.is_none() {
            let words: Vec<&str> = self.words.iter().take(count).copied().collect();
            self.unknown.push(words.join(" "));
        }
        self.take(count);
        found.unwrap_or_default()
    }

    /// `None` if the line does not speak of ports here.
    pub(super) fn ports(&mut self) -> Option<Vec<(Option<Protocol>, Vec<String>)>> {
        if let ["object-group", name, ..] = self.words
            && let Some(list) = self.reader.services.resolve(name)
        {
            self.take(2);
            return Some(
                list.into_iter().map(|(p, ports)| ((p != Protocol::Any).then_some(p), ports)).collect(),
            );
        }
        let (count, ports) = compared(self.words)?;
        self.take(count);
        match ports {
            Some(ports) => Some(vec![(None, ports)]),
            None => {
                self.unknown.push("port".to_owned());
                None
            }
        }
    }
}

/// Words taken, and the ports meant; `None` if no comparison stands here.
pub(super) fn compared(words: &[&str]) -> Option<(usize, Option<Vec<String>>)> {
    let one = |word: &str| port(word);
    match words {
        ["eq", rest @ ..] => {
            let named: Vec<String> = rest.iter().map_while(|w| one(w)).map(|p| p.to_string()).collect();
            let count = named.len();
            Some((1 + count.max(1), (count > 0).then_some(named)))
        }
        ["range", first, last, ..] => {
            let ports = one(first).zip(one(last)).filter(|(a, b)| a <= b);
            Some((3, ports.map(|(a, b)| vec![format!("{a}-{b}")])))
        }
        ["gt", word, ..] => {
            Some((2, one(word).and_then(|p| p.checked_add(1)).map(|p| vec![format!("{p}-65535")])))
        }
        ["lt", word, ..] => {
            Some((2, one(word).and_then(|p| p.checked_sub(1)).map(|p| vec![format!("0-{p}")])))
        }
        ["neq", word, ..] => Some((
            2,
            one(word).map(|p| {
                let below = p.checked_sub(1).map(|p| format!("0-{p}"));
                let above = p.checked_add(1).map(|p| format!("{p}-65535"));
                below.into_iter().chain(above).collect()
            }),
        )),
        _ => None,
    }
}
