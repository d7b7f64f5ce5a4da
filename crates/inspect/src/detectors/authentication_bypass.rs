//! `authentication-bypass`: a constant in one datum makes the check of another one unnecessary.
//!
//! **Finds** functions in which success is had either by a decision (something compared with what the device keeps, a
//! library's decision, a function of the program that makes one or finds another part of the same message in the program's
//! memory, such as a session) or by other data from outside, or of unseen origin, being equal to a constant.
//! **Misses** ways around that do not compare anything, and decisions that the program makes in its own arithmetic.
//! **Wrongly reports** requests that need no login by design and are dispatched beside the check.
//! **Source**: D-Link (CVE-2013-6026); Thomas and Francillon (RAID 2018), route around authentication.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Aim, Comparison, Fact, Labels, Test, Value, ValueId};
use program::FuncId;
use record::{Location, Payload, RouteStep, SourceKind};

use super::doubts::doubts;
use super::outcome::TwoWays;
use super::{Case, Detector};
use crate::files::escaped;
use crate::finding::{ProgramFinding, address, data_from, evidence, name_of, source, source_kind, trigger};
use crate::score::{Doubt, PayloadWeight, score};

pub(crate) const DETECTOR: Detector = Detector { rule: "authentication-bypass", version: 6, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    findings(case, DETECTOR.rule, Kind::Other)
}

/// What the constant stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The secret itself.
    Credential,
    /// The check of another datum.
    Other,
    /// The check of a signature.
    Signature,
}

/// Functions with a decision, above which what looks like one is how the program compares its data everywhere. Measured:
/// daemons with a login have 1 to 8, a mail server 28, a resolver's library 538.
const MAX_CHECKERS: usize = 16;
/// Values with the same success in one function, above which they are words of a language.
const MAX_VALUES: usize = 4;

pub(crate) fn findings(case: &Case<'_>, rule: &'static str, kind: Kind) -> Vec<ProgramFinding> {
    let mut best: BTreeMap<(FuncId, Vec<u8>), ProgramFinding> = BTreeMap::new();
    let checkers = case.facts.functions().filter(|(id, _)| case.facts.is_checker(*id)).count();
    for pairs in case.two_ways() {
        // If a pair is about the secret itself, others of the same constant are the same thing seen from elsewhere.
        let credentials: Vec<Vec<u8>> =
            pairs.iter().filter(|p| p.same_datum(case.facts)).map(|p| p.constant.value.clone()).collect();
        let values: BTreeSet<&[u8]> = pairs.iter().map(|pair| pair.constant.value.as_slice()).collect();
        let many = values.len() > MAX_VALUES || checkers > MAX_CHECKERS;
        for pair in pairs.iter().filter(|pair| !reads_document(case, pair)) {
            let of = match () {
                () if is_signature(case, pair) => Kind::Signature,
                () if credentials.contains(&pair.constant.value) => Kind::Credential,
                () => Kind::Other,
            };
            if of == kind {
                let finding = finding(case, rule, kind, pair, many);
                let key = (pair.function, pair.constant.value.clone());
                if best.get(&key).is_none_or(|before| before.score < finding.score) {
                    best.insert(key, finding);
                }
            }
        }
    }
    best.into_values().filter(|finding| finding.score >= 20).collect()
}

/// Is the datum that equals the constant one of a file that the program opens?
fn of_file(pair: &TwoWays) -> bool {
    pair.constant.labels.meets(Labels::DOCUMENT) && !pair.constant.labels.meets(Labels::OUTSIDE)
}

/// Does the program only read a file, as those do that read a language or a state: is one text compared with another, or
/// does the decision only say that something was read? Signatures are bytes, or were derived.
fn reads_document(case: &Case<'_>, pair: &TwoWays) -> bool {
    if !of_file(pair) {
        return false;
    }
    let labels = |value| case.facts.labels(pair.function, value);
    match pair.decision.test {
        Some(Test::Text { how, left, right, .. }) => {
            how != Comparison::Bytes && !labels(left).or(labels(right)).meets(Labels::DERIVED)
        }
        Some(Test::Equal { left, .. }) => labels(left).meets(Labels::DOCUMENT) && fills(case, pair, left),
        Some(Test::Case { .. } | Test::Less { .. }) | None => false,
    }
}

/// Is a value the answer of the call that brought in what is compared with the constant: how much it was? What was asked
/// before about the same place is not what the constant replaces.
fn fills(case: &Case<'_>, pair: &TwoWays, value: ValueId) -> bool {
    let Some(own) = case.facts.function(pair.function) else { return false };
    let Value::Result(call) = own.arena.get(own.resolve(value)) else { return false };
    let before =
        own.calls.get(&call).is_some_and(|site| own.dominance.dominates(site.block, pair.constant.block));
    before && pair.passed(case.facts)
}

fn is_signature(case: &Case<'_>, pair: &TwoWays) -> bool {
    // A file that somebody brings, and what is checked is in it: an update, not a person.
    if of_file(pair) {
        return true;
    }
    let Some(Test::Equal { left, .. }) = pair.decision.test else { return false };
    let Some(own) = case.facts.function(pair.function) else { return false };
    let Value::Result(call) = own.arena.get(own.resolve(left)) else { return false };
    let known = case.facts.knowledge(pair.function, call);
    known.iter().any(|fact| matches!(fact, Fact::Does("signature.check", _)))
}

fn finding(
    case: &Case<'_>,
    rule: &'static str,
    kind: Kind,
    pair: &TwoWays,
    one_of_many: bool,
) -> ProgramFinding {
    let facts = case.facts;
    let TwoWays { function, constant, decision, opened } = pair;
    let function = *function;
    let input = source_kind(constant.labels);
    let guards = facts.guards(function, constant.block);
    let mut doubts = doubts(case, function, &guards, constant);
    // What must be there before a comparison is made (an account, a connection) is no login.
    doubts.retain(|doubt| *doubt != Doubt::InState);
    if one_of_many {
        doubts.push(Doubt::OneOfMany);
    }
    // A credential that its own texts mention would be no secret; one that is a plain word of a protocol is none.
    if is_common(&constant.value) && !doubts.contains(&Doubt::CommonWord) {
        doubts.push(Doubt::CommonWord);
    }
    let typed = constant.labels.meets(Labels::INPUT);
    if input == SourceKind::File && !typed && constant.value.len() <= 4 {
        doubts.push(Doubt::FormatWord);
    }
    let weight = match kind {
        Kind::Credential => PayloadWeight::CredentialAccepted,
        Kind::Other | Kind::Signature => PayloadWeight::DecisionSkipped,
    };
    let (source, mut route) = source(facts, function, constant.labels);
    let trigger = trigger(constant);
    route.push(RouteStep {
        address: trigger.address,
        function: Some(name_of(facts, function)),
        note: format!("success if {}", trigger.condition),
    });
    let decided = facts.program().function(function).and_then(|code| {
        let block = code.block(decision.block)?;
        code.instructions(block).last().map(|last| last.address)
    });
    route.push(RouteStep {
        address: decided.and_then(address),
        function: Some(name_of(facts, function)),
        note: "the check that this replaces".to_owned(),
    });
    let value = escaped(&constant.value);
    let (title, operation, what) = match kind {
        Kind::Credential => (
            format!("`{value}` is accepted as if it were the stored secret"),
            "authentication.success",
            "the same datum is also compared with what the device keeps, with the same success",
        ),
        Kind::Other => (
            format!("`{value}` opens the way without a login"),
            "authentication.skip",
            "the same success otherwise needs a check against what the device keeps",
        ),
        Kind::Signature => (
            format!("`{value}` stands in for a valid signature"),
            "signature.skip",
            "the same success otherwise needs a valid signature",
        ),
    };
    let mut places = vec![(function, constant.address)];
    places.extend(decided.map(|at| (function, at)));
    ProgramFinding {
        rule,
        score: score(weight, input, &doubts),
        title,
        why: format!(
            "{} that equals the constant `{value}` leads to success; {what}. The constant is the same on every device \
             and cannot be changed.",
            data_from(&source)
        ),
        params: [("value".to_owned(), value)].into(),
        location: Location {
            address: address(constant.address),
            function: Some(name_of(facts, function)),
            line: None,
        },
        source: Some(source),
        payload: Some(Payload {
            address: decided.and_then(address),
            operation: operation.to_owned(),
            detail: "success of the check".to_owned(),
        }),
        trigger: Some(trigger),
        route,
        evidence: evidence(facts, &places),
        control_flow: None,
        witness: None,
        aim: opened.map(|(from, to)| Aim::Branch { from, to }),
        entry: None,
    }
}

/// A single lower- or upper-case word, perhaps with the sign behind it that ends it: protocols and configuration
/// languages are made of them.
fn is_common(value: &[u8]) -> bool {
    let value = match value {
        [word @ .., b' ' | b'/' | b':' | b'='] => word,
        word => word,
    };
    value.len() <= 9 && (value.iter().all(u8::is_ascii_lowercase) || value.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_protocols_and_configurations_are_common() {
        for word in [&b"rounds="[..], b"HTTP/", b"user ", b"pty"] {
            assert!(is_common(word), "{}", escaped(word));
        }
        for word in [&b"xq7-maint-edition"[..], b"PTZ2", b"k9-0f3a", b"otI1ke0q2"] {
            assert!(!is_common(word), "{}", escaped(word));
        }
    }
}
