//! What nothing leads to: `images/lazy.c` has stubs that are bound late, padding between functions, and one such place.

use program::image::{ImageLimits, load};
use program::{BlindSpotKind, Effort, VirtAddr, analyze};

#[test]
fn neither_padding_nor_what_binds_imports_is_a_blind_spot() {
    let path = format!("{}/tests/images/lazy-x86-64.so", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    let program = analyze(image, &Effort::default()).unwrap();
    let unreached = program.blind_spots.iter().filter(|spot| spot.kind == BlindSpotKind::Unreached);
    let places: Vec<(VirtAddr, u64)> = unreached.map(|spot| (spot.address, spot.size)).collect();
    // Five bytes of code each, one of them behind a jump to an import.
    assert_eq!(places, [(VirtAddr(0x2e0), 5), (VirtAddr(0x2eb), 5)]);
}
