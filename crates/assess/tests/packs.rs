//! What can be said against the built-in packs.

use assess::packs::{built_in, lint};

#[test]
fn the_linter_has_nothing_to_say_against_the_built_in_packs() {
    let complaints = lint(&built_in()).unwrap_or_else(|e| panic!("{e}"));
    let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
