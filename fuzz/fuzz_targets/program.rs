#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(image) = program::image::load(data.to_vec(), &program::image::ImageLimits::default()) {
        image.strings(4).count();
        let effort = program::Effort { work_units: 100_000, ..program::Effort::default() };
        let _ = program::analyze(image, &effort);
    }
});
