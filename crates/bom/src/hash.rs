//! Digest algorithms, by their names in CycloneDX and SPDX.

use serde::{Deserialize, Serialize};

macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident: $cyclonedx:expr, $spdx:literal;)+) => {
        /// Digest algorithms of CycloneDX 1.7 (`hash-alg`) and SPDX 2.3 (`ChecksumAlgorithm`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum HashAlgorithm {
            $($(#[$doc])* $variant,)+
        }

        impl HashAlgorithm {
            /// Name in CycloneDX; `None` where it has none.
            pub fn cyclonedx(self) -> Option<&'static str> {
                match self { $(Self::$variant => $cyclonedx,)+ }
            }

            /// Name in SPDX 2; `None` where it has none.
            pub fn spdx(self) -> Option<&'static str> {
                let name = match self { $(Self::$variant => $spdx,)+ };
                (!name.is_empty()).then_some(name)
            }

            /// The algorithm of a CycloneDX or SPDX name, in any case, with or without hyphens.
            pub fn from_name(name: &str) -> Option<Self> {
                let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_uppercase();
                let wanted = plain(name);
                if wanted.is_empty() {
                    return None;
                }
                $(if $cyclonedx.is_some_and(|name: &str| plain(name) == wanted) || plain($spdx) == wanted {
                    return Some(Self::$variant);
                })+
                None
            }
        }
    };
}

algorithms! {
    /// Adler-32, a checksum without security.
    Adler32: None, "ADLER32";
    /// BLAKE2b with 256 bits.
    Blake2b256: Some("BLAKE2b-256"), "BLAKE2b-256";
    /// BLAKE2b with 384 bits.
    Blake2b384: Some("BLAKE2b-384"), "BLAKE2b-384";
    /// BLAKE2b with 512 bits.
    Blake2b512: Some("BLAKE2b-512"), "BLAKE2b-512";
    /// BLAKE3.
    Blake3: Some("BLAKE3"), "BLAKE3";
    /// MD2, broken.
    Md2: None, "MD2";
    /// MD4, broken.
    Md4: None, "MD4";
    /// MD5, broken.
    Md5: Some("MD5"), "MD5";
    /// MD6.
    Md6: None, "MD6";
    /// SHA-1, broken.
    Sha1: Some("SHA-1"), "SHA1";
    /// SHA-224.
    Sha224: None, "SHA224";
    /// SHA-256.
    Sha256: Some("SHA-256"), "SHA256";
    /// SHA-384.
    Sha384: Some("SHA-384"), "SHA384";
    /// SHA-512.
    Sha512: Some("SHA-512"), "SHA512";
    /// SHA3-256.
    Sha3_256: Some("SHA3-256"), "SHA3-256";
    /// SHA3-384.
    Sha3_384: Some("SHA3-384"), "SHA3-384";
    /// SHA3-512.
    Sha3_512: Some("SHA3-512"), "SHA3-512";
    /// Streebog (GOST R 34.11-2012) with 256 bits.
    Streebog256: Some("Streebog-256"), "";
    /// Streebog (GOST R 34.11-2012) with 512 bits.
    Streebog512: Some("Streebog-512"), "";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_standards_spellings_name_the_same_algorithm() {
        for (name, algorithm) in [
            ("SHA-256", HashAlgorithm::Sha256),
            ("SHA256", HashAlgorithm::Sha256),
            ("sha3_512", HashAlgorithm::Sha3_512),
            ("BLAKE2b-256", HashAlgorithm::Blake2b256),
        ] {
            assert_eq!(HashAlgorithm::from_name(name), Some(algorithm), "{name}");
        }
        assert_eq!(HashAlgorithm::from_name(""), None);
        assert_eq!(HashAlgorithm::from_name("CRC32"), None);
    }
}
