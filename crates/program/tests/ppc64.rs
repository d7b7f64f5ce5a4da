//! 64-bit PowerPC: what only its table of contents leads to.

use program::image::{ImageLimits, load};
use program::{BlindSpotKind, Effort, Exit, analyze};

#[test]
fn a_jump_table_is_found_through_r2_that_an_import_stub_saved() {
    let path = format!("{}/tests/images/switch-ppc64le.so", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    let program = analyze(image, &Effort::default()).unwrap();
    let exits = program.functions.iter().flat_map(|function| &function.blocks).map(|block| &block.exit);
    let switches: Vec<usize> = exits
        .filter_map(|exit| match exit {
            Exit::Switch { cases, .. } => Some(cases.len()),
            _ => None,
        })
        .collect();
    assert_eq!(switches, [8]);
    assert!(program.blind_spots.iter().all(|spot| spot.kind != BlindSpotKind::UnresolvedJump));
}
