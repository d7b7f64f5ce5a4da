//! Programs for Windows: `images/service.c` with and without what must be found.

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

#[test]
fn a_command_a_credential_and_a_shell_are_found_in_both_widths() {
    for name in ["service-hidden-x86.exe", "service-hidden-x86-64.exe"] {
        let record = inspected(name);
        let confirmed = Some(WitnessStatus::Confirmed);
        let mut found: Vec<_> = record
            .findings
            .iter()
            .filter(|finding| finding.severity >= Severity::High)
            .map(|finding| {
                let value = finding.trigger.as_ref().and_then(|trigger| trigger.value.as_ref());
                let proven = finding.witness.as_ref().map(|witness| witness.status);
                (finding.rule.as_str(), value.map_or("", |value| &value.text), proven)
            })
            .collect();
        found.sort();
        // Only a login leads to the shell otherwise: a second way past it, or a second secret.
        let past_login =
            found.iter().position(|(_, value, _)| *value == "kq7-shell").map(|n| found.remove(n));
        let login = ["authentication-bypass", "hardcoded-credential"];
        assert!(
            past_login.is_some_and(|(rule, _, proven)| login.contains(&rule) && proven == confirmed),
            "{name}"
        );
        let expected = [
            ("hardcoded-credential", "Zx9#service", confirmed),
            ("hidden-command", "kq7-diag", confirmed),
            // Two ways lead to it, so no single value opens it.
            ("shell-on-socket", "", None),
        ];
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_same_service_without_them_is_not_accused() {
    for name in ["service-plain-x86.exe", "service-plain-x86-64.exe"] {
        let record = inspected(name);
        let accused = record.findings.iter().filter(|finding| finding.severity >= Severity::Medium);
        assert_eq!(
            accused.map(|finding| &finding.title).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{name}"
        );
        let operations = record.artifacts.iter().flat_map(|artifact| &artifact.capabilities);
        let operations: Vec<&str> = operations.map(|capability| capability.name.as_str()).collect();
        for operation in ["network.accept", "network.bind", "network.listen", "network.send", "process.exec"]
        {
            assert!(operations.contains(&operation), "{name}: {operations:?}");
        }
        assert_eq!(
            record.subject.media_type.as_deref(),
            Some("application/vnd.microsoft.portable-executable")
        );
    }
}
