//! RPM's own container, `Packages.db`: slots that say which package lies in which blocks, then the blocks.
//!
//! Format: rpm, `lib/backend/ndb/rpmpkg.c` (its header comment and constants). Numbers are little-endian.

use super::{Blobs, ContainerError, Order};

const MAGIC: &[u8] = b"RpmP";
const PAGE: usize = 4096;
const SLOT: usize = 16;
/// The file's head takes the room of two slots.
const FIRST_SLOT: usize = 32;
const BLOCK: usize = 16;
const BLOB_HEAD: usize = 16;

pub(super) fn read(content: &[u8]) -> Option<Result<Blobs, ContainerError>> {
    content.starts_with(MAGIC).then(|| slots(content))
}

fn slots(content: &[u8]) -> Result<Blobs, ContainerError> {
    let damaged = |what, at: usize| ContainerError::Damaged { what, at: at as u64 };
    let pages = Order::Little.size(content, 12).ok_or(damaged("header", 0))?;
    let end = pages.checked_mul(PAGE).filter(|end| *end <= content.len()).ok_or(damaged("header", 12))?;
    let (mut blobs, mut room) = (Blobs::new(), content.len());
    for at in (FIRST_SLOT..end).step_by(SLOT) {
        let slot =
            content.get(at..at + SLOT).filter(|slot| slot.starts_with(b"Slot")).ok_or(damaged("slot", at))?;
        let package = Order::Little.u32(slot, 4).unwrap_or_default();
        if package == 0 {
            continue;
        }
        let start = Order::Little.size(slot, 8).and_then(|block| block.checked_mul(BLOCK));
        let start = start.ok_or(damaged("slot", at))?;
        let blob = blob(content, start, package).ok_or(damaged("package", start))?;
        room = room.checked_sub(blob.len()).ok_or(ContainerError::Overlap)?;
        blobs.push(((start + BLOB_HEAD) as u64, blob.to_vec()));
    }
    Ok(blobs)
}

fn blob(content: &[u8], start: usize, package: u32) -> Option<&[u8]> {
    let head = content.get(start..start.checked_add(BLOB_HEAD)?)?;
    let same = head.starts_with(b"BlbS") && Order::Little.u32(head, 4) == Some(package);
    let length = Order::Little.size(head, 12).filter(|_| same)?;
    content.get(start + BLOB_HEAD..)?.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = vec![0; PAGE];
        file[..4].copy_from_slice(MAGIC);
        file[12] = 1;
        for at in (FIRST_SLOT..PAGE).step_by(SLOT) {
            file[at..at + 4].copy_from_slice(b"Slot");
        }
        file[36] = 7;
        file[40..44].copy_from_slice(&256_u32.to_le_bytes());
        file.extend(b"BlbS\x07\0\0\0\x01\0\0\0\x03\0\0\0abc");
        file
    }

    #[test]
    fn a_slot_leads_to_its_package() {
        assert_eq!(read(&file()).unwrap().unwrap(), [(4112, b"abc".to_vec())]);
        assert!(read(b"none").is_none());
    }

    #[test]
    fn damage_is_told_with_its_place() {
        for (at, what) in
            [(36, "`package` at offset 4096"), (13, "`header` at offset 12"), (48, "`slot` at offset 48")]
        {
            let mut bad = file();
            bad[at] += 1;
            let error = read(&bad).unwrap().unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
        let short = &file()[..4114];
        assert!(read(short).unwrap().is_err());
    }
}
