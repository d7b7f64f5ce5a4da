#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = system::read("fuzz", text) else { return };
    if let Ok(system) = system::System::new(&[("fuzz".to_owned(), document)]) {
        let _ = system.facts();
    }
});
