//! The example router: what must be found in its images, and what must not.

use std::path::Path;

use expect_test::{Expect, expect};
use inspect::{Options, inspect_tree, subject_of_file};
use record::{Inspection, Severity};
use unpack::{UnpackLimits, unpack};

fn router(architecture: &str) -> Inspection {
    let name = format!("router-{architecture}.bin");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router").join(&name);
    let tree = unpack(&path, &UnpackLimits::default()).unwrap();
    let subject = subject_of_file(&name, &std::fs::read(&path).unwrap());
    inspect_tree(&tree, subject, &Options::default(), &())
}

/// The findings that somebody should look at, without addresses: these differ between processors.
fn urgent(record: &Inspection) -> String {
    let mut lines: Vec<String> = record
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::High)
        .map(|finding| {
            let via = finding.source.as_ref().map_or("-", |source| source.via.as_str());
            let trigger = finding.trigger.as_ref().map_or("-", |trigger| trigger.condition.as_str());
            let payload = finding.payload.as_ref().map_or("-", |payload| payload.operation.as_str());
            format!("{} {} {via} | {trigger} | {payload}\n", finding.rule, finding.artifact)
        })
        .collect();
    lines.sort();
    lines.concat()
}

fn check(architecture: &str, expected: &Expect) {
    expected.assert_eq(&urgent(&router(architecture)));
}

#[test]
fn both_back_doors_and_the_default_account_are_found_on_both_processors() {
    let expected = expect![[r#"
        default-account etc/shadow login | login as `support` with password `admin` | authentication.success
        hardcoded-credential usr/sbin/devmgrd recv | input == "Kx7#field-service" | authentication.success
        hidden-command usr/sbin/devmgrd recv | input == "sdk_diag 8841" | process.exec
        shell-on-socket usr/sbin/devmgrd recv | input == "sdk_diag 8841" | process.exec
    "#]];
    check("mipsel", &expected);
    check("armel", &expected);
}

#[test]
fn the_honest_programs_are_not_accused() {
    let record = router("armel");
    let honest = record.findings.iter().filter(|f| {
        f.artifact.starts_with("usr/") && f.artifact != "usr/sbin/devmgrd" && f.severity >= Severity::Medium
    });
    assert_eq!(honest.map(|f| &f.title).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn fingerprints_are_the_same_on_both_processors() {
    let ids = |architecture| -> Vec<String> {
        let record = router(architecture);
        let urgent = record.findings.iter().filter(|f| f.severity >= Severity::High);
        let mut ids: Vec<String> = urgent.map(|f| f.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("mipsel"), ids("armel"));
}

#[test]
fn every_finding_in_a_program_shows_its_route_and_its_code() {
    for finding in router("mipsel").findings.iter().filter(|f| f.artifact.starts_with("usr/")) {
        assert!(finding.route.len() >= 3 && finding.evidence.len() >= 2, "{}", finding.title);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&router("armel")).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_review_closes_a_finding_and_tells_of_unknown_ones() {
    let mut record = router("armel");
    let id = record.findings[0].id.clone();
    let text = format!(
        r#"[{{"id": "{id}", "state": "accepted", "reason": "real"}}, {{"id": "f-0", "state": "rejected"}}]"#
    );
    let decisions = inspect::read_review(text.as_bytes()).unwrap();
    assert_eq!(inspect::apply_review(&mut record, &decisions), ["f-0"]);
    assert_eq!(record.findings[0].review.state, record::ReviewState::Accepted);
}

#[test]
fn a_record_does_not_differ_from_itself() {
    let record = router("armel");
    assert!(inspect::difference(&record, &record).is_empty());
}

#[test]
fn a_truncated_program_is_a_blind_spot_and_no_crash() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router/router-armel.bin");
    let tree = unpack(&path, &UnpackLimits::default()).unwrap();
    let program = tree.entry("usr/sbin/devmgrd").unwrap().content().unwrap();
    for length in [4, 52, 60, program.len() / 4, program.len() / 2] {
        let record = inspect::inspect_program(program[..length].to_vec(), "devmgrd", &Options::default());
        assert!(!record.blind_spots.is_empty(), "{length}");
    }
}
