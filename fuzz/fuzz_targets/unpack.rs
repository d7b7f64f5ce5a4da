//! Any bytes as an image: files with paths that stay inside, within the limits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = unpack::UnpackLimits { total_bytes: 64 << 20, files: 10_000, ..unpack::UnpackLimits::default() };
    for (path, _) in unpack::unpack_bytes("x", data.to_vec(), &limits).entries() {
        assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."), "{path}");
    }
});
