//! Shapes that compilers give to code: what must be found in them, and what must not be accused. The source stands
//! beside the images.

use std::path::Path;

use expect_test::expect;
use inspect::{Options, inspect_program};
use record::Severity;

/// The findings that somebody should look at, without addresses.
fn urgent(image: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images").join(image);
    let record = inspect_program(std::fs::read(path).unwrap(), image, &Options::default());
    let urgent = record.findings.iter().filter(|finding| finding.severity >= Severity::High);
    let mut lines: Vec<String> = urgent
        .map(|finding| {
            let trigger = finding.trigger.as_ref().map_or("-", |trigger| trigger.condition.as_str());
            let payload = finding.payload.as_ref().map_or("-", |payload| payload.detail.as_str());
            format!("{} {trigger} | {payload}\n", finding.rule)
        })
        .collect();
    lines.sort();
    lines.concat()
}

#[test]
fn clang_hides_nothing_by_unrolling_folding_and_sharing() {
    // A row of a table whose loop is unrolled, a text written as numbers, a call that several ways share; the page
    // that needs no login and the honest lamp are not among them.
    let expected = expect![[r#"
        hardcoded-credential input == "uV3-lantern" | success of the check
        magic-packet first d35a; then input[0..2] == d4a5 | system("/usr/sbin/telnetd -l /bin/sh")
        undocumented-url input == "/q9-open" | system(input)
    "#]];
    expected.assert_eq(&urgent("shapes-arm64"));
    expected.assert_eq(&urgent("shapes-amd64"));
}

/// `corpus/programs/stationgw.cpp`, compiled by `x86_64-linux-gnu-g++ -std=gnu++17 -O2 -s -Wl,--build-id=none`.
#[test]
fn strings_and_streams_of_cpp_are_followed() {
    let expected = expect![[r#"
        hardcoded-credential input == "Rn4%kilovolt" | success of the check
    "#]];
    expected.assert_eq(&urgent("stationgw-backdoored-amd64"));
    assert_eq!(urgent("stationgw-clean-amd64"), "");
}

#[test]
fn what_an_interpreter_comes_back_to_is_not_behind_its_words() {
    // Words lead to a command only by way of the interpreter, which has a documented way to it; one word does not.
    let expected = expect![[r#"
        magic-packet input[0..5] == 7f15e29b33 | system(input)
    "#]];
    expected.assert_eq(&urgent("language-hidden-amd64.so"));
    assert_eq!(urgent("language-plain-amd64.so"), "");
}

#[test]
fn what_is_reached_through_pointers_and_the_heap_is_judged_without_its_source() {
    // Where the data comes from is not seen in any of them. The plain ones allow a folder without a login, answer a word
    // by a fixed command, refuse a name and end a prompt at a word, of which either half may differ to go on.
    let expected = expect![[r#"
        authentication-bypass input == "tdr-fieldkit-7731" | success of the check
        hidden-command input == "Ledger-Ink" | system(input)
        hidden-command input == "QUIETHARBOR" | system("/bin/sh")
        hidden-command input == "oucqidupstair" | execl("/bin/sh")
        shell-on-socket - | execl("/bin/sh") on a socket
    "#]];
    expected.assert_eq(&urgent("handlers-hidden-amd64.so"));
    assert_eq!(urgent("handlers-hidden-amd64.so"), urgent("handlers-hidden-arm64.so"));
    assert_eq!(urgent("handlers-plain-amd64.so"), "");
    assert_eq!(urgent("handlers-plain-arm64.so"), "");
}

#[test]
fn what_a_function_runs_that_runs_anything_is_told_by_who_calls_it() {
    // `images/runner.c`: its one word runs a fixed command by the function that runs the operator's own.
    assert_eq!(urgent("runner-amd64"), "");
    assert_eq!(urgent("runner-arm64"), "");
}
