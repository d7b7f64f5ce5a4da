//! Lists what is inside images: `list [--files] IMAGE...`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use std::time::Instant;

use unpack::{UnpackLimits, unpack};

fn main() {
    let mut files = false;
    for path in std::env::args().skip(1) {
        if path == "--files" {
            files = true;
            continue;
        }
        let start = Instant::now();
        let tree = match unpack(path.as_ref(), &UnpackLimits::default()) {
            Ok(tree) => tree,
            Err(error) => {
                println!("{path}: {error}");
                continue;
            }
        };
        let programs = tree.files().filter(|(_, content)| content.starts_with(b"\x7fELF")).count();
        let (entries, ms) = (tree.entries().count(), start.elapsed().as_millis());
        println!("{path}: {entries} entries, {programs} ELF, {ms} ms");
        for problem in tree.problems() {
            println!("  ! {} {}: {}", problem.path, problem.what, problem.cause);
        }
        if files {
            for (path, entry) in tree.entries() {
                println!("  {path} {:o} {:?} {:?}", entry.mode, entry.kind, entry.layers);
            }
        }
    }
}
