//! Bundles, commitments and views from outside: read or refused, checked or faulty, never a panic.
#![no_main]

use client::Bundle;
use libfuzzer_sys::fuzz_target;
use statement::{Commitment, PartialView, Timestamp, Trust};

const TRUST: &[u8] = br#"{"schema":"sukashi.trust/1","organizations":[]}"#;

fuzz_target!(|bytes: &[u8]| {
    if let (Ok(bundle), Ok(trust), Some(now)) = (Bundle::read(bytes), Trust::read(TRUST), Timestamp::from_unix(0)) {
        let _ = bundle.verify(&trust, now);
    }
    if let Ok((commitment, view)) = serde_json::from_slice::<(Commitment, PartialView)>(bytes) {
        if view.verify(&commitment).is_ok() {
            let _ = (view.document(), view.opaque(&commitment));
        }
    }
});
