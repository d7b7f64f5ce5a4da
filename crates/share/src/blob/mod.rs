//! Content-addressed storage of envelopes: `ab/cdef…`, compressed; files of the data directory, or objects of an S3
//! bucket. Written whole or not at all, and stored before the caller goes on.

mod folder;
mod s3;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use record::Sha256;
use sha2::Digest as _;
use statement::Envelope;

use folder::Folder;
pub use s3::OpenBucketError;
use s3::S3;

/// Longest blob that is read back, in bytes; the same limit as for envelopes.
const MAX_BYTES: u64 = statement::MAX_ENVELOPE_BYTES as u64;

/// All calls block.
#[derive(Clone, Debug)]
pub(crate) enum Blobs {
    Folder(Folder),
    S3(Arc<S3>),
}

impl Blobs {
    /// Files in `folder`; made where it is missing.
    pub(crate) fn in_folder(folder: &Path) -> io::Result<Self> {
        Ok(Self::Folder(Folder::open(folder)?))
    }

    /// Objects at `s3://bucket/prefix?endpoint=…&region=…`.
    pub(crate) fn in_bucket(url: &str) -> Result<Self, OpenBucketError> {
        Ok(Self::S3(Arc::new(S3::open(url)?)))
    }

    /// Stores what `write` writes, without having it as a whole; takes as long for bytes that are there already, so that
    /// nobody learns what others have.
    pub(crate) fn put(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Sha256> {
        match self {
            Self::Folder(folder) => {
                let mut file = folder.begin()?;
                let digest = compressed(&mut file, write)?;
                folder.end(file, &name(digest))?;
                Ok(digest)
            }
            Self::S3(bucket) => {
                let mut bytes = Vec::new();
                let digest = compressed(&mut bytes, write)?;
                bucket.put(&name(digest), &bytes)?;
                Ok(digest)
            }
        }
    }

    /// The bytes with that digest, checked.
    pub(crate) fn get(&self, digest: Sha256) -> io::Result<Vec<u8>> {
        self.read(digest, |from| {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).map(|_| bytes)
        })
    }

    /// The envelope with that digest, checked; its text is never there as a whole.
    pub(crate) fn envelope(&self, digest: Sha256) -> io::Result<Envelope> {
        self.read(digest, |from| Envelope::read_from(from).map_err(io::Error::other))
    }

    /// What `read` makes of the bytes with that digest, checked.
    fn read<T>(&self, digest: Sha256, read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>) -> io::Result<T> {
        let compressed: Box<dyn Read> = match self {
            Self::Folder(folder) => Box::new(folder.open_file(&name(digest))?),
            Self::S3(bucket) => Box::new(io::Cursor::new(bucket.get(&name(digest), MAX_BYTES)?)),
        };
        let bytes = zstd::stream::read::Decoder::new(compressed)?.take(MAX_BYTES);
        let mut from = BufReader::new(Hashing { digest: sha2::Sha256::new(), of: bytes });
        let found = read(&mut from);
        io::copy(&mut from, &mut io::sink())?;
        if from.into_inner().digest.finalize().as_slice() == digest.0 {
            return found;
        }
        let what = format!("stored statement `{digest}` was changed");
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }

    /// Stores bytes under a name of their own, outside of what digests name.
    pub(crate) fn put_named(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.put(name, bytes),
            Self::S3(bucket) => bucket.put(name, bytes),
        }
    }

    /// The bytes with that name.
    pub(crate) fn get_named(&self, name: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => folder.get(name),
            Self::S3(bucket) => bucket.get(name, MAX_BYTES),
        }
    }

    /// Takes away what has that name; what a digest names stays for ever.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.remove(name),
            Self::S3(bucket) => bucket.remove(name),
        }
    }
}

/// Hashes what passes through.
struct Hashing<T> {
    digest: sha2::Sha256,
    of: T,
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.of.write(bytes)?;
        self.digest.update(bytes.get(..length).unwrap_or_default());
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.of.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.of.read(bytes)?;
        self.digest.update(bytes.get(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Writes what `write` writes to `to`, compressed; its digest.
fn compressed(to: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Sha256> {
    let of = zstd::stream::write::Encoder::new(to, 3)?;
    let mut out = Hashing { digest: sha2::Sha256::new(), of };
    write(&mut out)?;
    out.of.finish()?;
    Ok(Sha256(out.digest.finalize().into()))
}

fn name(digest: Sha256) -> String {
    let text = digest.to_string();
    let (head, tail) = text.split_at(2);
    format!("{head}/{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder, and a bucket where the environment names one.
    fn places(folder: &Path) -> Vec<Blobs> {
        let mut places = vec![Blobs::in_folder(folder).unwrap()];
        match std::env::var("SUKASHI_TEST_S3") {
            Ok(url) => places.push(Blobs::in_bucket(&url).unwrap()),
            Err(_) => println!("skipped: S3 (`SUKASHI_TEST_S3` names no bucket)"),
        }
        places
    }

    #[test]
    fn what_was_stored_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        for blobs in places(folder.path()) {
            let digest = blobs.put(|out| out.write_all(b"hello")).unwrap();
            assert_eq!(digest.0, sha2::Sha256::digest(b"hello").as_slice());
            assert_eq!(blobs.put(|out| out.write_all(b"hello")).unwrap(), digest);
            assert_eq!(blobs.get(digest).unwrap(), b"hello");
        }
    }

    #[test]
    fn what_was_changed_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        for blobs in places(folder.path()) {
            let digest = blobs.put(|out| out.write_all(b"to be changed")).unwrap();
            let other = zstd::bulk::compress(b"changed", 3).unwrap();
            match &blobs {
                Blobs::Folder(folder) => folder.put(&name(digest), &other).unwrap(),
                Blobs::S3(bucket) => bucket.put(&name(digest), &other).unwrap(),
            }
            assert_eq!(blobs.get(digest).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn what_has_a_name_can_be_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        for blobs in places(folder.path()) {
            blobs.put_named("uploads/a/0", b"piece").unwrap();
            assert_eq!(blobs.get_named("uploads/a/0").unwrap(), b"piece");
            blobs.remove("uploads/a/0").unwrap();
            assert_eq!(blobs.get_named("uploads/a/0").unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn what_was_never_stored_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        for blobs in places(folder.path()) {
            let error = blobs.get(Sha256([0xab; 32])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        }
    }
}
