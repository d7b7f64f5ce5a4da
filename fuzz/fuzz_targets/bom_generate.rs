#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let tree = unpack::unpack_bytes("fuzz", data.to_vec(), &unpack::UnpackLimits { total_bytes: 16 << 20, ..Default::default() });
    let _ = bom::generate(&tree, None);
});
