//! The same functionality as compilers make it: without optimisation, and put together for small code (`images/ways.c`).

use std::path::Path;

use inspect::{Options, inspect_tree, subject_of_file};
use record::{Inspection, Severity, WitnessStatus};
use unpack::{UnpackLimits, unpack};

fn inspected(name: &str) -> Inspection {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images").join(name);
    let tree = unpack(&path, &UnpackLimits::default()).unwrap();
    let subject = subject_of_file(name, &std::fs::read(&path).unwrap());
    inspect_tree(&tree, subject, &Options::default(), &())
}

/// Rules and trigger values of what is high or critical, and whether each was proven.
fn urgent(name: &str) -> Vec<(String, String, bool)> {
    let found = inspected(name).findings.into_iter().filter(|finding| finding.severity >= Severity::High);
    let mut all: Vec<_> = found
        .map(|finding| {
            let value = finding.trigger.and_then(|trigger| trigger.value).map_or_else(String::new, |v| v.hex);
            let proven = finding.witness.is_some_and(|witness| witness.status == WitnessStatus::Confirmed);
            (
                finding.rule,
                String::from_utf8(hex::decode(value).unwrap()).unwrap_or_else(|v| hex::encode(v.as_bytes())),
                proven,
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn each_back_door_is_found_and_nothing_else_however_it_was_compiled() {
    let expected = [
        // The state is set in another function, by a login or by the constant.
        ("authentication-bypass", "zx81-maint", true),
        // One of three ways to the one call that small code has.
        ("hidden-command", "kq7-open", true),
        // The order of bytes is changed by a call or an instruction.
        ("magic-packet", "c35a1f9b", true),
        // The call that success leads to is made in two places. More is read than is tried.
        ("signature-check-bypass", "ENGR-k3-unseal", false),
    ];
    for name in ["ways-o0-amd64.so", "ways-o0-arm64.so", "ways-os-amd64.so", "ways-os-arm64.so"] {
        let found = urgent(name);
        let found: Vec<_> =
            found.iter().map(|(rule, value, proven)| (rule.as_str(), value.as_str(), *proven)).collect();
        assert_eq!(found, expected, "{name}");
    }
}
