//! What is inside the images of `images`, as text.

use unpack::{Entry, EntryKind, Tree, UnpackLimits, unpack_bytes};

pub(crate) fn open(name: &str) -> Tree {
    let path = format!("{}/tests/images/{name}.img.xz", env!("CARGO_MANIFEST_DIR"));
    // Mostly empty, they compress better than limits for unknown input allow.
    let limits = UnpackLimits { ratio: 10_000, ..UnpackLimits::default() };
    unpack_bytes(name, std::fs::read(path).unwrap(), &limits)
}

fn sum(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

fn describe(entry: &Entry) -> String {
    match &entry.kind {
        EntryKind::File(content) if content.len() <= 40 => format!("{:?}", String::from_utf8_lossy(content)),
        EntryKind::File(content) => format!("{} bytes {:08x}", content.len(), sum(content)),
        EntryKind::Directory => "directory".to_owned(),
        EntryKind::Symlink(target) => format!("-> {target}"),
        EntryKind::Special => "special".to_owned(),
    }
}

pub(crate) fn list(tree: &Tree) -> String {
    let entry = |(path, entry): (&str, &Entry)| format!("{path} {:o} {}\n", entry.mode, describe(entry));
    let problem = |p: &unpack::Problem| format!("! {} {}: {}\n", p.path, p.what, p.cause);
    tree.entries().map(entry).chain(tree.problems().iter().map(problem)).collect()
}
