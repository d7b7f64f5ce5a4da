//! Proof by running, on requests that lead to commands (`images/request.c`).

use flow::{Effort, Facts, Goal, Labels, Proof};
use program::image::{ImageLimits, load};
use program::{Program, analyze};

fn program(name: &str) -> Program {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    analyze(image, &program::Effort::default()).unwrap()
}

/// Tries to reach the command that a function runs.
fn prove(program: &Program, function: &str, value: &[u8]) -> Proof {
    let facts = Facts::of(program, &Effort::default()).unwrap();
    let start = program.functions().find(|(_, code)| code.name.as_deref() == Some(function)).unwrap().0;
    let own = facts.function(start).unwrap();
    let mut sites = own.calls.iter().filter(|(call, _)| facts.callee_name(start, **call) == Some("system"));
    let place = sites.next().unwrap().1.address;
    let goal = Goal { start, place, origin: Labels::NETWORK, value: value.to_vec() };
    facts.prove(&goal).unwrap()
}

#[test]
fn an_input_is_found_behind_formats_and_comparisons() {
    for name in ["request-riscv64.so", "request-arm64.so"] {
        let Proof::Confirmed { input, .. } = prove(&program(name), "scanned", b"k9-0f3a") else {
            panic!("{name}")
        };
        assert!(input.starts_with(b"RUN k9-0f3a\n"), "{name}: {}", String::from_utf8_lossy(&input));
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
fn what_only_a_hash_decides_is_not_claimed() {
    let proof = prove(&program("request-riscv64.so"), "hashed", b"");
    assert!(matches!(proof, Proof::Unsolved { always: false, .. }), "{proof:?}");
}

#[test]
fn proofs_are_the_same_each_time() {
    let program = program("request-riscv64.so");
    assert_eq!(prove(&program, "scanned", b""), prove(&program, "scanned", b""));
}
