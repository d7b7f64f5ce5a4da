//! Small programs with changes at random places, which leave more to understand than random bytes.

use program::Program;

const PROGRAMS: [&[u8]; 5] = [
    include_bytes!("../../../crates/flow/tests/images/local-i386.so"),
    include_bytes!("../../../crates/flow/tests/images/request-arm64.so"),
    include_bytes!("../../../crates/flow/tests/images/request-ppc64le.so"),
    include_bytes!("../../../crates/flow/tests/images/request-riscv64.so"),
    include_bytes!("../../../crates/program/tests/images/literals-arm.so"),
];

/// One of the programs with bytes written over it, as far as it still is one.
pub fn changed(which: u8, changes: &[(u16, Vec<u8>)]) -> Option<Program> {
    let mut bytes = PROGRAMS[usize::from(which) % PROGRAMS.len()].to_vec();
    for (at, change) in changes {
        let at = usize::from(*at) % bytes.len();
        bytes[at..].iter_mut().zip(change).for_each(|(byte, new)| *byte = *new);
    }
    let image = program::image::load(bytes, &program::image::ImageLimits::default()).ok()?;
    let effort = program::Effort { work_units: 100_000, ..program::Effort::default() };
    program::analyze(image, &effort).ok()
}
