//! Members of objects and object groups.

use super::access::{compared, protocol};
use crate::Protocol;
use crate::import::device::{Member, masked, prefix, range};

pub(super) fn network_members(words: &[&str]) -> Option<Vec<Member<String>>> {
    let value = |text: String| vec![Member::Value(text)];
    match words {
        ["host", address]
        | ["network-object", "host", address]
        | ["network-object", address, "255.255.255.255"] => prefix(address).map(value),
        ["subnet" | "network-object", address, mask] if *address != "object" => {
            masked(address, mask).map(|net| value(net.trunc().to_string()))
        }
        ["any"] => Some(value("0.0.0.0/0".to_owned())),
        [address, mask] if mask.parse::<std::net::Ipv4Addr>().is_ok() => {
            masked(address, mask).map(|net| value(net.trunc().to_string()))
        }
        ["range", first, last] => Some(range(first, last)?.into_iter().map(Member::Value).collect()),
        ["network-object", "object", name] | ["group-object", name] => {
            Some(vec![Member::Named((*name).to_owned())])
        }
        _ => None,
    }
}

pub(super) fn service_member(
    words: &[&str],
    of: Option<Protocol>,
) -> Option<Member<(Protocol, Vec<String>)>> {
    match words {
        ["port-object", rest @ ..] => Some(Member::Value((of?, compared(rest)?.1?))),
        ["group-object", name] | ["service-object", "object", name] => {
            Some(Member::Named((*name).to_owned()))
        }
        ["service" | "service-object", word, rest @ ..] => {
            let of = protocol(word)?;
            match rest {
                [] => Some(Member::Value((of, Vec::new()))),
                ["destination", rest @ ..] => Some(Member::Value((of, compared(rest)?.1?))),
                _ => None,
            }
        }
        // On IOS without a word before it.
        [word, rest @ ..] => {
            let ports = if rest.is_empty() { Vec::new() } else { compared(rest)?.1? };
            Some(Member::Value((protocol(word)?, ports)))
        }
        [] => None,
    }
}

/// A member that makes a group one that nobody can resolve.
pub(super) fn unreadable<T>() -> Member<T> {
    // No name of a group is empty.
    Member::Named(String::new())
}

pub(super) fn is_remark(words: &[&str]) -> bool {
    words.first() == Some(&"description")
}

/// A service of neither TCP nor UDP: of these nothing listens in the model.
pub(super) fn is_other_protocol(words: &[&str]) -> bool {
    match words {
        ["service" | "service-object", word, ..] => *word != "object" && protocol(word).is_none(),
        [word, ..] => {
            ["ahp", "eigrp", "esp", "gre", "icmp", "icmp6", "igmp", "ipinip", "nos", "ospf", "pcp", "pim"]
                .contains(word)
        }
        [] => false,
    }
}
