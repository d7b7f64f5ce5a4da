//! ELF files cut or damaged anywhere: read in part or refused, and what is read is analysed to an end.

use program::image::{ImageLimits, load};
use program::{Effort, analyze};

fn whole() -> Vec<u8> {
    std::fs::read(format!("{}/tests/images/switch-ppc64le.so", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Functions found, or none if the file is refused.
fn functions(data: Vec<u8>) -> Option<usize> {
    let image = load(data, &ImageLimits::default()).ok()?;
    Some(analyze(image, &Effort::default()).ok()?.functions.len())
}

#[test]
fn a_file_without_its_end_still_gives_its_functions() {
    let data = whole();
    let all = functions(data.clone()).unwrap();
    // The table of sections stands last; what the loader needs stands before.
    let cut = functions(data[..data.len() - 600].to_vec()).unwrap();
    assert!(cut > 0 && all > 0, "{cut} of {all}");
    (0..data.len()).step_by(29).for_each(|length| _ = functions(data[..length].to_vec()));
}

#[test]
fn damage_anywhere_ends_in_a_result_or_an_error() {
    let data = whole();
    let mut number = 1_u64;
    for _ in 0..200 {
        let mut damaged = data.clone();
        for _ in 0..8 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let span = if number & 1 == 0 { damaged.len() } else { 512 };
            damaged[(number >> 16) as usize % span] = (number >> 8) as u8;
        }
        functions(damaged);
    }
}
