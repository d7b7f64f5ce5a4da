//! Private keys at rest: sealed by a passphrase, in a file only its owner reads.
//!
//! Key of the cipher: Argon2id (RFC 9106) over the passphrase. Cipher: XChaCha20-Poly1305, whose nonce is long enough
//! to be random; the public key is authenticated along with the seed, so that the two cannot be exchanged.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base64_text;
use crate::key::{KeyId, PublicKey, RandomError, SigningKey};

/// RFC 9106, section 4, second recommendation: 64 MiB, three passes, four lanes.
const COST: Cost = Cost { memory_kib: 64 * 1024, iterations: 3, parallelism: 4 };

/// A file may ask for this much at most, so that opening a hostile one stays cheap.
const MAX_COST: Cost = Cost { memory_kib: 1024 * 1024, iterations: 16, parallelism: 16 };

/// Longest key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum KeyFormat {
    #[default]
    #[serde(rename = "sukashi.key/1")]
    V1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// A private key that only its passphrase opens. Safe to store and to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    schema: KeyFormat,
    key_id: KeyId,
    public_key: PublicKey,
    argon2id: Cost,
    salt: String,
    nonce: String,
    xchacha20poly1305: String,
}

/// Why a sealed key did not open, or could not be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenKeyError {
    /// The passphrase is wrong, or the file was changed; the two cannot be told apart.
    #[error("passphrase does not open key `{key_id}`")]
    Passphrase {
        /// Which key.
        key_id: KeyId,
    },
    /// A field does not have the form it must have.
    #[error("`{field}` of the key file is not valid")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// Key derivation would cost more than we are willing to spend.
    #[error("key file asks for too much work: {memory_kib} KiB, {iterations} passes")]
    Cost {
        /// Memory it asks for, KiB.
        memory_kib: u32,
        /// Passes it asks for.
        iterations: u32,
    },
    /// No random salt or nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Why a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Reading failed.
    #[error("cannot read key file `{path}`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It exists already; keys are never overwritten.
    #[error("key file `{path}` exists already; hint: choose another name")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Writing failed.
    #[error("cannot write key file `{path}`")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not the JSON of a key file.
    #[error("`{path}` is not a key file")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
}

impl SealedKey {
    /// Seals `key` with `passphrase`.
    pub fn seal(key: &SigningKey, passphrase: &[u8]) -> Result<Self, OpenKeyError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        getrandom::fill(&mut salt).map_err(RandomError::from)?;
        getrandom::fill(&mut nonce).map_err(RandomError::from)?;
        let public_key = key.public();
        let sealed = cipher(passphrase, &salt, COST)?
            .encrypt(&XNonce::from(nonce), Payload { msg: key.seed().as_ref(), aad: &public_key.to_bytes() })
            .map_err(|_| OpenKeyError::Field { field: "xchacha20poly1305" })?;
        Ok(Self {
            schema: KeyFormat::V1,
            key_id: public_key.id(),
            public_key,
            argon2id: COST,
            salt: base64_text::encode(&salt),
            nonce: base64_text::encode(&nonce),
            xchacha20poly1305: base64_text::encode(&sealed),
        })
    }

    /// The key inside. Takes a good part of a second, on purpose.
    pub fn open(&self, passphrase: &[u8]) -> Result<SigningKey, OpenKeyError> {
        let nonce: [u8; 24] = field("nonce", &self.nonce)?;
        let salt: [u8; 16] = field("salt", &self.salt)?;
        let sealed: [u8; 48] = field("xchacha20poly1305", &self.xchacha20poly1305)?;
        let wrong = || OpenKeyError::Passphrase { key_id: self.key_id };
        let seed = cipher(passphrase, &salt, self.argon2id)?
            .decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: &self.public_key.to_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| wrong())?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| wrong())?;
        let key = SigningKey::from_seed(seed);
        if key.public() == self.public_key && self.key_id == self.public_key.id() {
            Ok(key)
        } else {
            Err(wrong())
        }
    }

    /// Which key it is.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Its public half, as the file says; proven only by opening it.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }
}

fn field<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], OpenKeyError> {
    base64_text::decode(text).and_then(|b| b.try_into().ok()).ok_or(OpenKeyError::Field { field })
}

fn cipher(passphrase: &[u8], salt: &[u8; 16], cost: Cost) -> Result<XChaCha20Poly1305, OpenKeyError> {
    let Cost { memory_kib, iterations, parallelism } = cost;
    let within = memory_kib <= MAX_COST.memory_kib
        && iterations <= MAX_COST.iterations
        && parallelism <= MAX_COST.parallelism;
    if !within {
        return Err(OpenKeyError::Cost { memory_kib, iterations });
    }
    let invalid = |_| OpenKeyError::Field { field: "argon2id" };
    let params = Params::new(memory_kib, iterations, parallelism, Some(32)).map_err(invalid)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, key.as_mut())
        .map_err(invalid)?;
    Ok(XChaCha20Poly1305::new(&Key::from(*key)))
}

/// Reads a key file; it stays sealed.
pub fn read_key_file(path: &Path) -> Result<SealedKey, KeyFileError> {
    let read = |source| KeyFileError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(read)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(read)?;
    serde_json::from_slice(&bytes).map_err(|source| KeyFileError::Json { path: path.to_owned(), source })
}

/// Writes a new key file that only its owner may read. Never overwrites.
pub fn write_key_file(path: &Path, key: &SealedKey) -> Result<(), KeyFileError> {
    let write = |source| KeyFileError::Write { path: path.to_owned(), source };
    let json = serde_json::to_vec_pretty(key)
        .map_err(|source| KeyFileError::Json { path: path.to_owned(), source })?;
    let mut file = private_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.to_owned() },
        _ => write(source),
    })?;
    file.write_all(&json).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all()).map_err(write)
}

/// Writes a new file that only its owner may read: for secrets beside keys.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> SealedKey {
        SealedKey::seal(&SigningKey::from_seed(&[5; 32]), b"correct horse").unwrap()
    }

    #[test]
    fn the_right_passphrase_opens_and_a_wrong_one_does_not() {
        let sealed = sealed();
        assert_eq!(sealed.open(b"correct horse").unwrap().public(), sealed.public_key());
        let error = sealed.open(b"battery staple").unwrap_err();
        assert!(matches!(error, OpenKeyError::Passphrase { .. }), "{error}");
    }

    #[test]
    fn a_sealed_key_with_another_public_key_does_not_open() {
        let mut sealed = sealed();
        sealed.public_key = SigningKey::from_seed(&[6; 32]).public();
        assert!(matches!(sealed.open(b"correct horse"), Err(OpenKeyError::Passphrase { .. })));
    }

    #[test]
    fn a_file_that_asks_for_gigabytes_is_refused() {
        let mut sealed = sealed();
        sealed.argon2id.memory_kib = u32::MAX;
        assert!(matches!(sealed.open(b"x"), Err(OpenKeyError::Cost { .. })));
    }

    #[test]
    fn key_files_are_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.json");
        let sealed = sealed();
        write_key_file(&path, &sealed).unwrap();
        assert_eq!(read_key_file(&path).unwrap().key_id(), sealed.key_id());
        assert!(matches!(write_key_file(&path, &sealed), Err(KeyFileError::Exists { .. })));
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_file_does_not_hold_the_seed() {
        let text = serde_json::to_string(&sealed()).unwrap();
        assert!(!text.contains(&base64_text::encode(&[5; 32])));
        assert!(!text.contains(&hex::encode([5; 32])));
    }
}
