//! Any bytes as a line of every feed: facts or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| vuln::fuzz_importers(bytes));
