//! Checksums beside a download.

use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A checksum as a server states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checksum {
    /// `SHA-256`; some write `SHA_256`.
    pub alg_type: String,
    /// Hexadecimal.
    pub alg_value: String,
}

/// What the checksums of a download say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It is what the server described, by this algorithm.
    Same(&'static str),
    /// There is no checksum, or none of an algorithm that is strong enough and known here.
    Unknown,
}

/// A download is not what the server described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {algorithm} checksum is another than the one the server states")]
pub struct OtherContent {
    /// Which one.
    algorithm: &'static str,
}

impl Checksum {
    /// The algorithm and the digest of `bytes` by it; `None` for one that is not known or too weak.
    fn of(&self, bytes: &[u8]) -> Option<(&'static str, String)> {
        match self.alg_type.to_ascii_uppercase().replace('_', "-").as_str() {
            "SHA-256" => Some(("SHA-256", hex::encode(Sha256::digest(bytes)))),
            "SHA-384" => Some(("SHA-384", hex::encode(Sha384::digest(bytes)))),
            "SHA-512" => Some(("SHA-512", hex::encode(Sha512::digest(bytes)))),
            _ => None,
        }
    }
}

/// Compares `bytes` with every checksum that can be computed here; one that differs is enough to refuse.
///
/// # Errors
/// If one differs.
pub(super) fn compare(checksums: &[Checksum], bytes: &[u8]) -> Result<Integrity, OtherContent> {
    let mut found = Integrity::Unknown;
    for checksum in checksums {
        let Some((algorithm, digest)) = checksum.of(bytes) else { continue };
        if !digest.eq_ignore_ascii_case(checksum.alg_value.trim()) {
            return Err(OtherContent { algorithm });
        }
        found = Integrity::Same(algorithm);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: &str, value: &str) -> Checksum {
        Checksum { alg_type: algorithm.to_owned(), alg_value: value.to_owned() }
    }

    /// FIPS 180-4's example messages.
    const ABC: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    const ABC_384: &str =
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7";

    #[test]
    fn every_strong_checksum_counts() {
        let both = [checksum("SHA_256", ABC), checksum("sha-384", ABC_384)];
        assert_eq!(compare(&both, b"abc"), Ok(Integrity::Same("SHA-384")));
        assert_eq!(compare(&both, b"abd"), Err(OtherContent { algorithm: "SHA-256" }));
        let one_wrong = [checksum("SHA-256", ABC), checksum("SHA-384", ABC)];
        assert_eq!(compare(&one_wrong, b"abc"), Err(OtherContent { algorithm: "SHA-384" }));
    }

    #[test]
    fn weak_and_unknown_checksums_say_nothing() {
        let weak = [checksum("MD5", "900150983cd24fb0d6963f7d28e17f72"), checksum("BLAKE9", "00")];
        assert_eq!(compare(&weak, b"abc"), Ok(Integrity::Unknown));
        assert_eq!(compare(&[], b"abc"), Ok(Integrity::Unknown));
    }
}
