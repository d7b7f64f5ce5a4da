//! The ends of a filter rule.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::{Kind, ParseReferenceError, Reference};

/// Whom a filter rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// Everybody.
    Any,
    /// A zone, network or host.
    Of(Reference),
    /// Addresses.
    Prefix(IpNet),
}

/// A text that is no end of a filter rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{text}` is no end of a filter rule; hint: write `any`, `zone:…`, `network:…`, `host:…`, an address or a prefix"
)]
pub struct ParseEndpointError {
    text: String,
}

impl FromStr for Endpoint {
    type Err = ParseEndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseEndpointError { text: text.to_owned() };
        if text == "any" {
            return Ok(Self::Any);
        }
        if let Ok(prefix) = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            return Ok(Self::Prefix(prefix.trunc()));
        }
        let reference: Reference = text.parse().map_err(|_: ParseReferenceError| wrong())?;
        let addressable = matches!(reference.kind, Kind::Host | Kind::Network | Kind::Zone);
        addressable.then_some(Self::Of(reference)).ok_or_else(wrong)
    }
}

impl Endpoint {
    /// The entry it names, if it names one.
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Of(reference) => Some(reference),
            Self::Any | Self::Prefix(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_prefix_of_one() {
        assert_eq!("10.0.0.1".parse(), Ok(Endpoint::Prefix("10.0.0.1/32".parse().unwrap())));
        assert_eq!("fd00::/8".parse(), Ok(Endpoint::Prefix("fd00::/8".parse().unwrap())));
    }

    #[test]
    fn only_what_has_an_address_can_be_an_end() {
        assert!("person:p1".parse::<Endpoint>().is_err());
        assert!("web1".parse::<Endpoint>().is_err());
    }
}
