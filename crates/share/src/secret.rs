//! Secrets of login links, sessions and tokens: 32 random bytes in hexadecimal, of which only the SHA-256 is stored.

use sha2::Digest as _;

use crate::error::WriteError;
use crate::ids::random_text;

/// A secret in clear: shown once, never stored, not printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text to hand over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// One that somebody else made.
    pub(crate) fn known(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn fresh() -> Result<Self, WriteError> {
        Ok(Self(random_text()? + &random_text()?))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(crate) fn digest(secret: &str) -> Vec<u8> {
    sha2::Sha256::digest(secret).to_vec()
}
