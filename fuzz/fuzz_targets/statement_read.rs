//! Envelopes, statements and trust files from outside: read or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use statement::{Trust, Unverified};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(trust) = Trust::read(bytes) {
        let _ = trust.key_ring();
    }
    if let Ok(claim) = Unverified::read(bytes) {
        let _ = claim.verify(&statement::KeyRing::default());
    }
});
