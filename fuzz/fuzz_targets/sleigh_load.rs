//! Any compiled table and processor specification: a baked table or an error.
//!
//! The table is given without its compression, which would hide everything from the fuzzer.
#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pspec, content) = input;
    let mut encoder = ZlibEncoder::new(b"sla\x04".to_vec(), Compression::none());
    if encoder.write_all(content).is_err() {
        return;
    }
    let Ok(sla) = encoder.finish() else { return };
    let _ = sleigh::bake(&sla, pspec);
});
