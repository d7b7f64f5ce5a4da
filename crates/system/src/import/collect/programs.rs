//! Digests of installed programs.

use std::fs::File;
use std::io::Read;

use record::Sha256;
use sha2::Digest;

use super::Collector;
use crate::delivered::PROGRAM_FOLDERS;

/// Most programs that are read; what comes after is told.
const MOST: usize = 20_000;
/// Most bytes of one program.
const LARGEST: u64 = 1 << 30;

pub(super) fn read(collector: &mut Collector<'_>) {
    for folder in PROGRAM_FOLDERS {
        // A folder that is a link is another one of these.
        if collector.link(folder).is_some() {
            continue;
        }
        for name in collector.names(folder) {
            let path = format!("{folder}/{name}");
            if collector.entry.files.len() >= MOST {
                collector.leave(1, folder, &format!("more than {MOST} programs: the rest has no digest"));
                return;
            }
            program(collector, path);
        }
    }
}

fn program(collector: &mut Collector<'_>, path: String) {
    let full = collector.root.join(&path);
    // Links lead to other programs, which are listed themselves.
    if !std::fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_file()) {
        return;
    }
    match digest(&full) {
        Ok(digest) => {
            collector.entry.files.insert(path, digest);
        }
        Err(error) => collector.leave(1, &path, &format!("cannot be read: {}", error.kind())),
    }
}

fn digest(path: &std::path::Path) -> std::io::Result<Sha256> {
    let mut file = File::open(path)?.take(LARGEST + 1);
    let (mut hasher, mut buffer, mut size) = (sha2::Sha256::new(), vec![0; 1 << 16], 0_u64);
    loop {
        let read = file.read(&mut buffer)?;
        size += read as u64;
        if size > LARGEST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        if read == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
