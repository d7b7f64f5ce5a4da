//! Reasons to think that a test on a way to something is meant to be there.

use flow::{Comparison, Guard, Labels};
use program::FuncId;

use super::Case;
use crate::decision::{is_decision, is_state};
use crate::query::ConstantTest;
use crate::score::Doubt;

/// Reasons to think that a test on a way to something is meant to be there.
pub(crate) fn doubts(case: &Case<'_>, function: FuncId, guards: &[Guard], test: &ConstantTest) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if guards.iter().any(|guard| is_decision(case.facts, function, guard)) {
        doubts.push(Doubt::Authenticated);
    } else if guards.iter().any(|guard| is_state(case.facts, function, guard)) {
        doubts.push(Doubt::InState);
    }
    if case.texts.document(&test.value) {
        doubts.push(Doubt::Documented);
    }
    if test.labels.meets(Labels::UNSEEN) && !test.concealed {
        doubts.push(Doubt::UnseenSource);
    }
    if test.how == Comparison::Contains {
        doubts.push(Doubt::AnywhereInInput);
    }
    if test.value.len() < 4 {
        doubts.push(Doubt::Short);
    }
    if test.number {
        doubts.push(Doubt::Computed);
    }
    if case.marks().contain(&test.value) {
        doubts.push(Doubt::Mark);
    }
    if test.value.starts_with(b"--") {
        doubts.push(Doubt::OptionSyntax);
    }
    if is_protocol_word(&test.value) {
        doubts.push(Doubt::CommonWord);
    }
    doubts
}

/// A short word with the sign behind it that ends it in protocols: `HTTP/`, `Host:`.
fn is_protocol_word(value: &[u8]) -> bool {
    let word = value.strip_suffix(b":").or_else(|| value.strip_suffix(b"/"));
    word.is_some_and(|word| (1..=9).contains(&word.len()) && word.iter().all(u8::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_protocols_are_told_from_secrets() {
        assert!(is_protocol_word(b"HTTP/") && is_protocol_word(b"Host:"));
        for secret in [&b"public-x7/"[..], b"HTTP", b"QUIETHARBOR/", b":", b"a1:"] {
            assert!(!is_protocol_word(secret), "{}", String::from_utf8_lossy(secret));
        }
    }
}
