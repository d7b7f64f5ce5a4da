//! Proof of findings: an input that reaches the payload, found and shown in the P-code interpreter ([`flow::Goal`]).
//!
//! Tried for high and critical findings that name a trigger value and a payload; a few for each program, because each
//! costs many runs. What cannot be solved says so.

use std::collections::BTreeSet;

use flow::{Aim, Facts, Goal, Labels, Proof};
use program::{FuncId, VirtAddr};
use record::{Severity, SourceKind, Witness, WitnessInput, WitnessStatus};

use crate::files::severity;
use crate::finding::ProgramFinding;

/// Findings of one program that are tried.
const MAX_TRIED: usize = 4;

/// Adds a witness to each finding that can have one; the work that it took.
pub(crate) fn prove(facts: &Facts<'_>, findings: &mut [ProgramFinding]) -> u64 {
    let mut work = 0;
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|index| findings.get(*index).map(|finding| std::cmp::Reverse(finding.score)));
    let mut tried = 0;
    for index in order {
        let Some(finding) = findings.get_mut(index) else { continue };
        let Some(goal) = goal(facts, finding) else { continue };
        let (witness, more) = if tried < MAX_TRIED {
            tried += 1;
            attempt(facts, &goal)
        } else {
            (not(WitnessStatus::NotAttempted, "other findings of this program were tried"), 0)
        };
        work += more;
        finding.witness = Some(witness);
    }
    work
}

fn not(status: WitnessStatus, how: &str) -> Witness {
    Witness { status, input: None, how: how.to_owned() }
}

fn attempt(facts: &Facts<'_>, goal: &Goal) -> (Witness, u64) {
    match facts.prove(goal) {
        Some(Proof::Confirmed { input, piece, runs, work }) => {
            let pieces =
                piece.map_or_else(String::new, |bytes| format!(", taken in {bytes} bytes at a time"));
            let how = format!(
                "run in the P-code interpreter with modelled library calls, input number {runs}{pieces}; random inputs \
                 of the same length do not reach the payload"
            );
            let input = Some(WitnessInput { hex: hex::encode(input) });
            (Witness { status: WitnessStatus::Confirmed, input, how }, work)
        }
        Some(Proof::Unsolved { always: true, work, .. }) => {
            let how =
                "random inputs reach the payload, too, where the program is run with modelled library calls";
            (not(WitnessStatus::NotPossible, how), work)
        }
        Some(Proof::Unsolved { runs, always: false, work }) => {
            let how = format!("none of {runs} inputs that were tried reaches the payload");
            (not(WitnessStatus::NotPossible, &how), work)
        }
        None => (not(WitnessStatus::NotPossible, "the program cannot be run from where data enters"), 0),
    }
}

/// What is to be shown of a finding.
fn goal(facts: &Facts<'_>, finding: &ProgramFinding) -> Option<Goal> {
    if severity(finding.score) < Severity::High {
        return None;
    }
    let source = finding.entry.as_ref().or(finding.source.as_ref())?;
    let trigger = finding.trigger.as_ref()?;
    let aim = aim(finding)?;
    let value = trigger.value.as_ref().and_then(|value| hex::decode(&value.hex).ok())?;
    let origin = match source.kind {
        SourceKind::Network => Labels::NETWORK,
        SourceKind::File => Labels::INPUT.or(Labels::FILE).or(Labels::DOCUMENT),
        SourceKind::Environment => Labels::ENVIRONMENT,
        SourceKind::Argument => Labels::ARGUMENT,
        SourceKind::Device => Labels::DEVICE,
        SourceKind::Parameter => Labels::EXPORT,
        SourceKind::Time | SourceKind::None => return None,
    };
    let calling = |place: u64| {
        let calls = |function: &program::Function| function.calls.iter().any(|call| call.address.0 == place);
        facts.program().functions().find(|(_, function)| calls(function)).map(|(id, _)| id)
    };
    let entered = source.address.and_then(|address| calling(address.0));
    let holding = |at: u64| {
        let holds = |block: &program::Block, function: &program::Function| {
            function.instructions(block).iter().any(|instruction| instruction.address.0 == at)
        };
        let all = |function: &program::Function| function.blocks.iter().any(|block| holds(block, function));
        facts.program().functions().find(|(_, function)| all(function)).map(|(id, _)| id)
    };
    let place = match aim {
        Aim::Instruction(at) | Aim::Branch { from: at, .. } => at.0,
    };
    let start = entered.or_else(|| first_of(facts, holding(place)?))?;
    Some(Goal { start, aim, origin, value })
}

/// What shows a finding. Where a constant stands in for a check, the payload is that check, which everybody comes to:
/// only the branch that the constant opens shows something.
fn aim(finding: &ProgramFinding) -> Option<Aim> {
    let payload = finding.payload.as_ref()?;
    match payload.operation.as_str() {
        "authentication.success" | "authentication.skip" | "signature.skip" => finding.aim,
        _ => finding.aim.or(Some(Aim::Instruction(VirtAddr(payload.address?.0)))),
    }
}

/// The function that nobody calls, from which a function is reached: the program's own beginning.
fn first_of(facts: &Facts<'_>, mut function: FuncId) -> Option<FuncId> {
    let mut seen = BTreeSet::new();
    while seen.insert(function) {
        match facts.callers(function).find(|edge| !edge.registered) {
            Some(edge) => function = edge.caller,
            None => return Some(function),
        }
    }
    Some(function)
}
