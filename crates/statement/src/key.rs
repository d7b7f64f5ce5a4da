//! Ed25519 keys and their ids.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer as _;
use record::Sha256;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;
use zeroize::Zeroizing;

use crate::base64_text;

/// DER of a SubjectPublicKeyInfo for Ed25519, before the 32 bytes of the key (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Which key: SHA-256 of its SubjectPublicKeyInfo in DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub Sha256);

/// A text that is not a [`KeyId`].
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a key id; hint: write 64 lower-case hexadecimal digits")]
pub struct ParseKeyIdError {
    text: String,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyId {
    type Err = ParseKeyIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseKeyIdError { text: text.to_owned() })
    }
}

/// The public half of a key. Written as base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// Something that is not a public key.
#[derive(Debug, thiserror::Error)]
#[error("not an Ed25519 public key; hint: write base64 of the 32 bytes of a point on the curve")]
pub struct ParseKeyError;

impl PublicKey {
    /// Errors: not a point on the curve, or one of the few points that make every signature valid.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| ParseKeyError)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| ParseKeyError)?;
        if key.is_weak() { Err(ParseKeyError) } else { Ok(Self(key)) }
    }

    /// The 32 bytes of RFC 8032.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Its id.
    pub fn id(self) -> KeyId {
        let digest = sha2::Sha256::new().chain_update(SPKI_PREFIX).chain_update(self.0.as_bytes());
        KeyId(Sha256(digest.finalize().into()))
    }

    /// Whether `signature` is one of `message` by this key, in the strict sense (no small-order points, canonical).
    pub fn accepts(self, message: &[u8], signature: &[u8]) -> bool {
        self.accepts_parts(&[message], signature)
    }

    /// The same for a message in parts, which need not be joined for it.
    pub(crate) fn accepts_parts(self, message: &[&[u8]], signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
        // What makes it strict: the key was checked when it was read, so the other point is left.
        let sound =
            |point: &[u8; 32]| ed25519_dalek::VerifyingKey::from_bytes(point).is_ok_and(|p| !p.is_weak());
        let Ok(mut verifier) = self.0.verify_stream(&signature) else { return false };
        if !sound(signature.r_bytes()) {
            return false;
        }
        message.iter().for_each(|part| verifier.update(part));
        verifier.finalize_and_verify().is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64_text::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(&base64_text::decode(text).ok_or(ParseKeyError)?)
    }
}

/// A private key. Its memory is erased when it is dropped; it prints only its id.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("cannot get random bytes from the operating system")]
pub struct RandomError(#[from] getrandom::Error);

/// 32 random bytes, for secrets that others are derived from.
pub fn random_seed() -> Result<[u8; 32], RandomError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, RandomError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut())?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of a 32-byte seed (the private key of RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signature of `message`, 64 bytes. For documents use [`crate::Statement::sign`].
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    pub(crate) fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public().id())
    }
}

macro_rules! as_text {
    ($type:ident, $schema:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

as_text!(KeyId, {"type": "string", "pattern": "^[0-9a-f]{64}$"});
as_text!(PublicKey, {"type": "string", "contentEncoding": "base64"});

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        for [seed, public, message, signature] in RFC_8032 {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let (message, signature) = (hex::decode(message).unwrap(), hex::decode(signature).unwrap());
            let key = SigningKey::from_seed(&seed);
            assert_eq!(hex::encode(key.public().to_bytes()), public);
            assert_eq!(key.sign(&message), signature.as_slice());
            assert!(key.public().accepts(&message, &signature));
        }
    }

    #[test]
    fn a_changed_message_or_signature_is_not_accepted() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign(b"message");
        assert!(!key.public().accepts(b"massage", &signature));
        assert!(!key.public().accepts(b"message", &signature[..63]));
        let mut changed = signature;
        changed[3] ^= 1;
        assert!(!key.public().accepts(b"message", &changed));
    }

    /// With R of small order, an owner of the key can make signatures that some verifiers accept and others do not.
    #[test]
    fn a_signature_with_a_point_of_small_order_is_not_accepted() {
        use curve25519_dalek::scalar::Scalar;
        let key = SigningKey::from_seed(&[7; 32]);
        let mut identity = [0; 32];
        identity[0] = 1;
        let hash = sha2::Sha512::new().chain_update(identity).chain_update(key.public().to_bytes());
        let challenge = Scalar::from_bytes_mod_order_wide(&hash.chain_update(b"message").finalize().into());
        let s = challenge * key.0.to_scalar();
        let signature = [identity, s.to_bytes()].concat();
        // It fulfils the equation.
        let lenient = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        assert!(ed25519_dalek::Verifier::verify(&key.public().0, b"message", &lenient).is_ok());
        assert!(!key.public().accepts(b"message", &signature));
    }

    #[test]
    fn a_message_in_parts_is_the_message() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign(b"message");
        assert!(key.public().accepts_parts(&[b"mes", b"", b"sage"], &signature));
        assert!(!key.public().accepts_parts(&[b"sage", b"mes"], &signature));
    }

    #[test]
    fn a_point_of_small_order_is_no_key() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(PublicKey::from_bytes(&identity).is_err());
    }

    /// Made with: printf '302a300506032b6570032100d75a…' | xxd -r -p | sha256sum (the key of RFC 8032, test 1).
    #[test]
    fn a_key_id_is_the_digest_of_its_der() {
        let public = PublicKey::from_bytes(&hex::decode(RFC_8032[0][1]).unwrap()).unwrap();
        assert_eq!(
            public.id().to_string(),
            "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"
        );
    }

    #[test]
    fn printing_a_private_key_shows_only_its_id() {
        let key = SigningKey::from_seed(&[7; 32]);
        assert_eq!(format!("{key:?}"), format!("SigningKey(of {})", key.public().id()));
    }
}
