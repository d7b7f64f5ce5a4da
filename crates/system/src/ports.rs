//! Ranges of transport ports.

use std::str::FromStr;

/// An inclusive range of ports, 0–65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    first: u16,
    last: u16,
}

/// A text that is not a range of ports.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not a port or a range of ports; hint: write `502` or `8000-8080`, 0–65535")]
pub struct ParsePortsError {
    text: String,
}

impl Ports {
    /// Whether `port` lies in it.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl FromStr for Ports {
    type Err = ParsePortsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(ParsePortsError { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_belong_to_it() {
        let ports: Ports = "8000-8080".parse().unwrap();
        assert_eq!([7999, 8000, 8080, 8081].map(|p| ports.contains(p)), [false, true, true, false]);
    }

    #[test]
    fn texts_that_are_no_ports_are_refused() {
        for text in ["", "http", "80-70", "65536", "1-2-3", "-1"] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }
}
