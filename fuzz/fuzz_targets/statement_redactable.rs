//! Documents taken apart into salted leaves: what is shown of them is a part of them and verifies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use statement::{PredicateType, Redactable};

fuzz_target!(|document: &str| {
    let Ok(redactable) = Redactable::open(document, &[7; 32]) else { return };
    let commitment = redactable.commitment(PredicateType::CYCLONEDX);
    for least in 0..4 {
        let view = redactable.view(|at| at.len() > least);
        assert_eq!(view.verify(&commitment), Ok(()));
    }
});
