//! Any bytes, written over a small program of one of five processors, and any call in it as the goal: the search for an
//! input ends within its budget, and what it finds is short.
#![no_main]

mod programs;

use flow::{Aim, Goal, Labels, Proof};

/// Operations of one search: its own limit, one run more, and one question to the solver more.
const MAX_WORK: u64 = 3_000_000 + 65_536 + 60_000 + 2_000 + 50 * 40_001;

libfuzzer_sys::fuzz_target!(|input: (u8, u16, Vec<u8>, Vec<(u16, Vec<u8>)>)| {
    let (which, call, mut value, changes) = input;
    value.truncate(64);
    let Some(program) = programs::changed(which, &changes) else { return };
    let effort = flow::Effort { code_bytes: 20_000, ..flow::Effort::default() };
    let Ok(facts) = flow::Facts::of(&program, &effort) else { return };
    let calls: Vec<_> =
        facts.functions().flat_map(|(id, own)| own.calls.values().map(move |site| (id, site.address))).collect();
    let Some((start, address)) = calls.get(usize::from(call) % calls.len().max(1)) else { return };
    let goal = Goal { start: *start, aim: Aim::Instruction(*address), origin: Labels::OUTSIDE, value };
    match facts.prove(&goal) {
        Some(Proof::Confirmed { input, work, .. }) => assert!(input.len() <= 512 && work <= MAX_WORK, "{work}"),
        Some(Proof::Unsolved { work, .. }) => assert!(work <= MAX_WORK, "{work}"),
        None => {}
    }
});
