//! What a transparency log holds of a statement: a digest that says nothing to whoever does not know all of it.

use record::Sha256;
use sha2::Digest as _;

use crate::key::KeyId;

/// The log entry of a registration: SHA-256 over `sukashi.leaf/1`, payload digest, key id and salt, each behind its
/// length in four big-endian bytes. The salt is random, so that the log can be public.
pub fn log_entry(payload: Sha256, key_id: KeyId, salt: Sha256) -> Sha256 {
    let mut digest = sha2::Sha256::new().chain_update("sukashi.leaf/1");
    for field in [payload.0, key_id.0.0, salt.0] {
        digest = digest.chain_update(32_u32.to_be_bytes()).chain_update(field);
    }
    Sha256(digest.finalize().into())
}

/// Digest of a list of log entries, as heads of supply links sign it.
pub fn list_digest(entries: &[Sha256]) -> Sha256 {
    let digest = entries.iter().fold(sha2::Sha256::new(), |digest, entry| digest.chain_update(entry.0));
    Sha256(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib from the description above.
    #[test]
    fn the_entry_is_what_the_description_says() {
        let entry = log_entry(Sha256([1; 32]), KeyId(Sha256([2; 32])), Sha256([3; 32]));
        assert_eq!(entry.to_string(), "97d52c31cce154abe1db6d96dfba0a16dad43a9c3a2931298ec5469d6f0491de");
    }
}
