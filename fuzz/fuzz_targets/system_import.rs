#![no_main]
use system::import::{
    Placement, cisco, components, directory, fortios, iptables, juniper, mulval, nft, nmap, openvas, paloalto,
    table,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let place = Placement { host: "h", outer: "o", inner: "i" };
    let _ = cisco("fuzz", text);
    let _ = components("fuzz", text, "h");
    let _ = directory("fuzz", text);
    let _ = fortios("fuzz", text);
    let _ = iptables("fuzz", text, place);
    let _ = juniper("fuzz", text);
    let _ = mulval("fuzz", text);
    let _ = nft("fuzz", text, place);
    let _ = nmap("fuzz", text);
    let _ = openvas("fuzz", text);
    let _ = paloalto("fuzz", text);
    let _ = table("fuzz", text);
});
