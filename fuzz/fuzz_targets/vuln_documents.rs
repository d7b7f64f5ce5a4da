//! Any bytes as VEX document, as CSAF advisory, and as CVSS vector: statements, a verdict, a score, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(statements) = vuln::read_vex(bytes) {
        let vex = vuln::Vex::new(statements);
        let _ = vex.applied(&vuln::Query::default(), None, &["CVE-2024-0001"]);
    }
    let _ = vuln::check_csaf(bytes);
    if let Some(score) = std::str::from_utf8(bytes).ok().and_then(vuln::score) {
        assert!((0.0..=10.0).contains(&score));
    }
});
