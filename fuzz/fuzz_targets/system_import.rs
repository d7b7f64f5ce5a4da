#![no_main]
use system::import::{Placement, iptables, nmap};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = nmap("fuzz", text);
    let _ = iptables("fuzz", text, Placement { host: "h", outer: "o", inner: "i" });
});
