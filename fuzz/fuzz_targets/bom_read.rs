#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = bom::validate(data);
    let Ok(document) = bom::read(data, &bom::ReadLimits::default()) else { return };
    for target in bom::Target::ALL {
        let written = bom::write(&document.bom, target);
        let again = bom::read(&written.bytes, &bom::ReadLimits::default()).expect("what we write can be read");
        assert_eq!(again.bom.components.len(), document.bom.components.len());
    }
    let _ = bom::quality(&document.bom);
    assert!(bom::diff(&document.bom, &document.bom).is_empty());
});
