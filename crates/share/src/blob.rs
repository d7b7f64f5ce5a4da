//! Content-addressed files: `blobs/ab/cdef…`, compressed. Written whole or not at all, and on disk before the caller
//! goes on.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use record::Sha256;
use sha2::Digest as _;

/// Longest blob that is read back, in bytes; the same limit as for envelopes.
const MAX_BYTES: u64 = statement::MAX_ENVELOPE_BYTES as u64;

#[derive(Clone, Debug)]
pub(crate) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, (PathBuf, io::Error)> {
        fs::create_dir_all(&folder).map_err(|e| (folder.clone(), e))?;
        Ok(Self { folder })
    }

    fn path(&self, digest: Sha256) -> PathBuf {
        let text = digest.to_string();
        let (head, tail) = text.split_at(2);
        self.folder.join(head).join(tail)
    }

    /// Stores `bytes`; takes as long for bytes that are there already, so that nobody learns what others have.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<Sha256> {
        let digest = Sha256(sha2::Sha256::digest(bytes).into());
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix).map_err(io::Error::other)?;
        let temporary = path.with_extension(hex::encode(suffix));
        write_synced(&temporary, &zstd::bulk::compress(bytes, 3)?).inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })?;
        fs::rename(&temporary, &path)?;
        // The name must survive a power cut as well.
        File::open(folder)?.sync_all()?;
        Ok(digest)
    }

    /// The bytes with that digest, checked.
    pub(crate) fn get(&self, digest: Sha256) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(digest))?;
        zstd::stream::read::Decoder::new(file)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
        if sha2::Sha256::digest(&bytes).as_slice() == digest.0 {
            Ok(bytes)
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("stored statement `{digest}` was changed"),
            ))
        }
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_comes_back_and_a_changed_file_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().to_owned()).unwrap();
        let digest = blobs.put(b"hello").unwrap();
        assert_eq!(blobs.put(b"hello").unwrap(), digest);
        assert_eq!(blobs.get(digest).unwrap(), b"hello");
        fs::write(blobs.path(digest), zstd::bulk::compress(b"hallo", 3).unwrap()).unwrap();
        assert_eq!(blobs.get(digest).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn nothing_half_written_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().to_owned()).unwrap();
        let digest = blobs.put(b"hello").unwrap();
        let files = fs::read_dir(blobs.path(digest).parent().unwrap()).unwrap().count();
        assert_eq!(files, 1);
    }
}
