//! Proof by solving and running, on requests that lead to commands (`images/request.c`).

use flow::{Aim, Effort, Facts, Goal, Labels, Proof};
use program::image::{ImageLimits, load};
use program::{Program, analyze};

fn program(name: &str) -> Program {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    analyze(image, &program::Effort::default()).unwrap()
}

/// The command that a function runs.
fn goal(program: &Program, function: &str, value: &[u8]) -> Goal {
    let facts = Facts::of(program, &Effort::default()).unwrap();
    let start = program.functions().find(|(_, code)| code.name.as_deref() == Some(function)).unwrap().0;
    let own = facts.function(start).unwrap();
    let mut sites = own.calls.iter().filter(|(call, _)| facts.callee_name(start, **call) == Some("system"));
    let place = sites.next().unwrap().1.address;
    Goal { start, aim: Aim::Instruction(place), origin: Labels::NETWORK, value: value.to_vec() }
}

/// Tries to reach the command that a function runs.
fn prove(program: &Program, function: &str, value: &[u8]) -> Proof {
    let facts = Facts::of(program, &Effort::default()).unwrap();
    facts.prove(&goal(program, function, value)).unwrap()
}

#[test]
fn an_input_is_found_behind_formats_and_comparisons() {
    for name in ["request-riscv64.so", "request-arm64.so"] {
        let Proof::Confirmed { input, .. } = prove(&program(name), "scanned", b"k9-0f3a") else {
            panic!("{name}")
        };
        assert!(input.starts_with(b"RUN k9-0f3a"), "{name}: {}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn a_text_that_is_decoded_first_is_found_without_being_told() {
    for name in ["request-riscv64.so", "request-arm64.so"] {
        let Proof::Confirmed { input, .. } = prove(&program(name), "forever", b"") else { panic!("{name}") };
        assert!(input.starts_with(b"ss73naspg"), "{name}: {}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn an_input_with_the_right_hash_is_found() {
    for name in ["request-riscv64.so", "request-arm64.so"] {
        let Proof::Confirmed { input, .. } = prove(&program(name), "hashed", b"") else { panic!("{name}") };
        let hash = |hash: u32, byte: &u8| hash.wrapping_mul(33).wrapping_add(u32::from(*byte));
        assert_eq!(input.iter().fold(5381, hash), 0x7c9e_6a35, "{name}");
    }
}

#[test]
fn what_an_entry_does_not_lead_to_is_not_claimed() {
    let program = program("request-riscv64.so");
    let (entry, other) = (goal(&program, "scanned", b""), goal(&program, "hashed", b""));
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    let proof = facts.prove(&Goal { aim: other.aim, ..entry }).unwrap();
    assert!(matches!(proof, Proof::Unsolved { always: false, .. }), "{proof:?}");
}

#[test]
fn a_branch_is_reached_only_if_it_goes_the_right_way() {
    let program = program("request-riscv64.so");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    let goal = goal(&program, "hashed", b"");
    let Aim::Instruction(call) = goal.aim else { panic!() };
    let code = program.function(goal.start).unwrap();
    let holds = |block: &&program::Block| code.instructions(block).iter().any(|i| i.address == call);
    let to = code.blocks.iter().find(holds).unwrap();
    let leads = |block: &&program::Block| block.successors().iter().any(|n| code.block(*n) == Some(to));
    let before = code.blocks.iter().find(leads).unwrap();
    let from = code.instructions(before).last().unwrap().address;
    let proof = facts.prove(&Goal { aim: Aim::Branch { from, to: to.start }, ..goal.clone() }).unwrap();
    assert!(matches!(proof, Proof::Confirmed { .. }), "{proof:?}");
    let others = before.successors().into_iter().filter_map(|block| code.block(block));
    let next = others.map(|block| block.start).find(|start| *start != to.start).unwrap();
    let away = facts.prove(&Goal { aim: Aim::Branch { from, to: next }, ..goal }).unwrap();
    assert!(matches!(away, Proof::Unsolved { always: true, .. }), "random inputs go there: {away:?}");
}

#[test]
fn proofs_are_the_same_each_time() {
    let program = program("request-riscv64.so");
    assert_eq!(prove(&program, "scanned", b""), prove(&program, "scanned", b""));
}
