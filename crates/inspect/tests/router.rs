//! The example router: what must be found in its images, and what must not.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::{Expect, expect};
use inspect::{Options, inspect_tree, subject_of_file};
use record::{
    BlindSpot, ControlFlow, FlowMark, Inspection, Review, ReviewState, Severity, TriggerValue, Witness,
    WitnessInput, WitnessStatus,
};
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

/// The finding of a rule, with its picture.
fn drawn(record: &Inspection, rule: &str) -> ControlFlow {
    let mut all = record.findings.iter().filter(|f| f.rule == rule && f.artifact.starts_with("usr/"));
    all.next().unwrap().control_flow.clone().unwrap()
}

#[test]
fn the_picture_leads_from_source_through_trigger_to_payload() {
    for architecture in ["armel", "mipsel"] {
        let record = router(architecture);
        let flow = drawn(&record, "hidden-command");
        let marks: BTreeSet<FlowMark> = flow.blocks.iter().flat_map(|block| block.marks.clone()).collect();
        assert_eq!(marks.len(), 3, "{architecture}: {marks:?}");
        let marked = flow.blocks.iter().filter(|block| !block.marks.is_empty());
        assert!(marked.into_iter().all(|block| block.on_route), "{architecture}");
        assert!(flow.edges.iter().any(|edge| edge.on_route), "{architecture}");
        assert!(flow.edges.iter().any(|edge| !edge.on_route), "{architecture}");
    }
}

#[test]
fn pictures_are_bounded_and_can_be_laid_out() {
    let record = router("mipsel");
    let flows: Vec<&ControlFlow> = record.findings.iter().filter_map(|f| f.control_flow.as_ref()).collect();
    assert!(flows.len() >= 3);
    for flow in flows {
        assert!(flow.blocks.len() <= 64 && flow.blocks.iter().all(|block| block.lines.len() <= 8));
        let drawing = layout::control_flow(flow).unwrap();
        assert_eq!(drawing.picture.nodes.len(), flow.blocks.len());
    }
}

#[test]
fn a_record_as_sarif_is_valid() {
    let schema = include_str!("../../../docs/formats/sarif/sarif-schema-2.1.0.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut record = router("mipsel");
    record.findings[0].review.state = ReviewState::Rejected;
    record.blind_spots.push(BlindSpot { artifact: None, what: "a".to_owned(), why: "b".to_owned() });
    let log = inspect::render::sarif(&record);
    let errors: Vec<String> =
        validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), record.findings.len());
    assert!(log["runs"][0]["results"][0]["suppressions"].is_array());
}

#[test]
fn a_record_as_a_page_shows_every_part_and_runs_nothing() {
    let page = inspect::render::html(&router("mipsel"));
    for part in ["sdk_diag 8841", "<svg", "class=\"line middle\"", "payload", "etc/shadow", "Not seen"] {
        assert!(page.contains(part), "{part}");
    }
    for forbidden in ["<script", "<link", "http://", "https://", "src=", " onload", "javascript:"] {
        let allowed = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!allowed.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn texts_of_a_hostile_record_stay_texts() {
    let mut record = router("mipsel");
    let hostile = "</style></title><script>alert(1)</script><img src=x onerror=\"a\">\u{202e}";
    record.subject.name = hostile.to_owned();
    for artifact in &mut record.artifacts {
        artifact.path = hostile.to_owned();
        artifact.architecture = Some(hostile.to_owned());
    }
    for finding in &mut record.findings {
        for text in [&mut finding.id, &mut finding.rule, &mut finding.title, &mut finding.why] {
            *text = hostile.to_owned();
        }
        finding.artifact = hostile.to_owned();
        finding.location.function = Some(hostile.to_owned());
        finding.review =
            Review { state: ReviewState::Rejected, reason: Some(hostile.to_owned()), ..Review::default() };
        finding.witness = Some(Witness {
            status: WitnessStatus::NotPossible,
            input: Some(WitnessInput { hex: hostile.to_owned() }),
            how: hostile.to_owned(),
        });
        for line in &mut finding.evidence {
            line.text = hostile.to_owned();
        }
        for step in &mut finding.route {
            step.note = hostile.to_owned();
            step.function = Some(hostile.to_owned());
        }
        if let Some(flow) = &mut finding.control_flow {
            flow.functions.iter_mut().for_each(|f| f.name = hostile.to_owned());
            flow.blocks.iter_mut().flat_map(|b| &mut b.lines).for_each(|l| l.text = hostile.to_owned());
        }
        if let Some(source) = &mut finding.source {
            source.via = hostile.to_owned();
        }
        if let Some(trigger) = &mut finding.trigger {
            trigger.condition = hostile.to_owned();
            trigger.value = Some(TriggerValue { text: hostile.to_owned(), hex: hostile.to_owned() });
        }
        if let Some(payload) = &mut finding.payload {
            payload.operation = hostile.to_owned();
            payload.detail = hostile.to_owned();
        }
    }
    record.tool.version = hostile.to_owned();
    for spot in &mut record.blind_spots {
        *spot = BlindSpot {
            artifact: Some(hostile.to_owned()),
            what: hostile.to_owned(),
            why: hostile.to_owned(),
        };
    }
    let page = inspect::render::html(&record);
    assert!(page.contains("&lt;script&gt;"));
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{202e}'));
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
