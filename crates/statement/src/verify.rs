//! From a claim somebody sent to a statement whose signer is known.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::str::FromStr as _;
use std::sync::Arc;

use record::Sha256;
use sha2::Digest as _;

use crate::envelope::{Envelope, ReadEnvelopeError, Signature};
use crate::key::{KeyId, PublicKey};
use crate::predicate::Predicate;
use crate::statement::{PAYLOAD_TYPE, PredicateError, ReadStatementError, Statement};

/// Keys that are accepted, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(BTreeMap<KeyId, AcceptedKey>);

/// A key and the organization it speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedKey {
    /// The key.
    pub key: PublicKey,
    /// The organization: its name in a trust file, its id on a platform.
    pub organization: String,
}

/// Who signed, as far as accepted keys tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// The organization.
    pub organization: String,
    /// By which key.
    pub key_id: KeyId,
}

/// A claim from outside. Nothing in it may be relied on; its payload has not even been read.
#[derive(Clone, Debug)]
pub struct Unverified<T> {
    envelope: Envelope,
    claim: PhantomData<fn() -> T>,
}

/// A claim with at least one signature by an accepted key.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    value: T,
    envelope: Arc<Envelope>,
    payload_sha256: Sha256,
    signers: BTreeSet<Signer>,
}

/// Why a claim is not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The payload is not a statement.
    #[error("payload type is `{found}`, expected `{PAYLOAD_TYPE}`")]
    PayloadType {
        /// What it is said to be.
        found: String,
    },
    /// No signature claims or proves to be by a key of the ring.
    #[error(
        "signed by a key you have not accepted ({key_ids}); hint: pin the key in the trust file after checking it with its owner"
    )]
    NotAccepted {
        /// The keys it is said to be signed by.
        key_ids: String,
    },
    /// It names an accepted key, but that key did not sign these bytes.
    #[error("signature by key `{key_id}` does not match the contents")]
    Signature {
        /// The key it names.
        key_id: KeyId,
    },
    /// Signed, but not a statement.
    #[error("signed payload does not read")]
    Statement(#[from] ReadStatementError),
}

impl KeyRing {
    /// Accepts `key` for `organization`. A key speaks for one organization only: the first one it was accepted for.
    pub fn accept(&mut self, key: PublicKey, organization: impl Into<String>) {
        self.0.entry(key.id()).or_insert_with(|| AcceptedKey { key, organization: organization.into() });
    }

    /// The accepted key with that id.
    pub fn key(&self, id: KeyId) -> Option<&AcceptedKey> {
        self.0.get(&id)
    }

    /// The signer, where one of our keys made `signature`. The named key is tried first; the name proves nothing, so
    /// without a match all others are tried.
    fn signer(&self, envelope: &Envelope, signature: &Signature) -> Option<Signer> {
        let named = self.named(signature).filter(|(_, a)| envelope.is_signed_by(a.key, signature));
        let (key_id, accepted) = match (named, &signature.key_id) {
            (Some(found), _) => found,
            (None, Some(hint)) if KeyId::from_str(hint).is_ok() => return None,
            (None, _) => self
                .0
                .iter()
                .map(|(id, a)| (*id, a))
                .find(|(_, a)| envelope.is_signed_by(a.key, signature))?,
        };
        Some(Signer { organization: accepted.organization.clone(), key_id })
    }

    fn named(&self, signature: &Signature) -> Option<(KeyId, &AcceptedKey)> {
        let id = signature.key_id.as_deref()?.parse().ok()?;
        Some((id, self.0.get(&id)?))
    }
}

impl Unverified<Statement> {
    /// Reads an envelope, as [`Envelope::read`] does; its payload stays closed.
    pub fn read(json: impl Into<Vec<u8>>) -> Result<Self, ReadEnvelopeError> {
        Envelope::read(json).map(Self::from)
    }

    /// Reads an envelope as it comes, as [`Envelope::read_from`] does; its payload stays closed.
    pub fn read_from(from: &mut dyn std::io::BufRead) -> Result<Self, ReadEnvelopeError> {
        Envelope::read_from(from).map(Self::from)
    }

    /// The ids of the keys it is said to be signed by.
    pub fn claimed_key_ids(&self) -> impl Iterator<Item = &str> {
        self.envelope.signatures.iter().filter_map(|s| s.key_id.as_deref())
    }

    /// The only way to a [`Verified`]; consumes the claim so that an unchecked copy cannot linger.
    pub fn verify(self, keys: &KeyRing) -> Result<Verified<Statement>, VerifyError> {
        let envelope = self.envelope;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(VerifyError::PayloadType { found: envelope.payload_type });
        }
        let signers: BTreeSet<_> =
            envelope.signatures.iter().filter_map(|s| keys.signer(&envelope, s)).collect();
        if signers.is_empty() {
            return Err(unaccepted(keys, &envelope.signatures));
        }
        let value = Statement::read(&envelope.payload)?;
        let payload_sha256 = Sha256(sha2::Sha256::digest(&envelope.payload).into());
        Ok(Verified { value, envelope: Arc::new(envelope), payload_sha256, signers })
    }
}

impl From<Envelope> for Unverified<Statement> {
    fn from(envelope: Envelope) -> Self {
        Self { envelope, claim: PhantomData }
    }
}

fn unaccepted(keys: &KeyRing, signatures: &[Signature]) -> VerifyError {
    match signatures.iter().find_map(|s| keys.named(s)) {
        Some((key_id, _)) => VerifyError::Signature { key_id },
        None => {
            let ids: Vec<_> = signatures.iter().map(|s| s.key_id.as_deref().unwrap_or("unnamed")).collect();
            VerifyError::NotAccepted { key_ids: ids.join(", ") }
        }
    }
}

impl<T> Verified<T> {
    /// The claim.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Who signed; at least one.
    pub fn signers(&self) -> &BTreeSet<Signer> {
        &self.signers
    }

    /// The envelope as it came.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// SHA-256 of the signed payload: the statement's name, whoever signs it and however the envelope is written.
    pub fn payload_sha256(&self) -> Sha256 {
        self.payload_sha256
    }
}

impl Verified<Statement> {
    /// The typed body, as well verified as the statement.
    pub fn predicate<P: Predicate>(&self) -> Result<Verified<P>, PredicateError> {
        let value = self.value.predicate()?;
        let (envelope, signers) = (Arc::clone(&self.envelope), self.signers.clone());
        Ok(Verified { value, envelope, payload_sha256: self.payload_sha256, signers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Withdrawal;
    use crate::key::SigningKey;
    use crate::statement::Subject;

    const A: [u8; 32] = [1; 32];
    const B: [u8; 32] = [2; 32];

    fn envelope(seeds: &[[u8; 32]]) -> Envelope {
        let keys: Vec<_> = seeds.iter().map(SigningKey::from_seed).collect();
        let body = Withdrawal { reason: "x".to_owned() };
        let statement = Statement::new(vec![Subject::new("s", Sha256([0; 32]))], &body).unwrap();
        statement.sign(&keys.iter().collect::<Vec<_>>()).unwrap()
    }

    fn ring(seeds: &[[u8; 32]]) -> KeyRing {
        let mut ring = KeyRing::default();
        for seed in seeds {
            ring.accept(SigningKey::from_seed(seed).public(), format!("org {}", seed[0]));
        }
        ring
    }

    #[test]
    fn every_accepted_signer_is_named_and_no_other() {
        let verified = Unverified::from(envelope(&[A, B])).verify(&ring(&[A])).unwrap();
        let names: Vec<_> = verified.signers().iter().map(|s| s.organization.as_str()).collect();
        assert_eq!(names, ["org 1"]);
        let verified = Unverified::from(envelope(&[A, B])).verify(&ring(&[A, B])).unwrap();
        assert_eq!(verified.signers().len(), 2);
    }

    #[test]
    fn one_key_twice_is_one_signer() {
        let verified = Unverified::from(envelope(&[A, A])).verify(&ring(&[A, B])).unwrap();
        assert_eq!(verified.signers().len(), 1);
    }

    #[test]
    fn a_key_that_was_not_accepted_is_said_so() {
        let error = Unverified::from(envelope(&[B])).verify(&ring(&[A])).unwrap_err();
        assert!(error.to_string().starts_with("signed by a key you have not accepted ("), "{error}");
    }

    #[test]
    fn a_changed_payload_or_type_is_not_verified() {
        let mut changed = envelope(&[A]);
        changed.payload = [&changed.payload[..], b" "].concat().into();
        let error = Unverified::from(changed).verify(&ring(&[A])).unwrap_err();
        assert!(matches!(error, VerifyError::Signature { .. }), "{error}");
        let mut other = envelope(&[A]);
        other.payload_type = "application/json".to_owned();
        let error = Unverified::from(other).verify(&ring(&[A])).unwrap_err();
        assert!(matches!(error, VerifyError::PayloadType { .. }), "{error}");
    }

    #[test]
    fn a_key_id_is_only_a_hint() {
        for hint in [None, Some("my laptop".to_owned())] {
            let mut unnamed = envelope(&[A]);
            unnamed.signatures[0].key_id = hint;
            assert!(Unverified::from(unnamed).verify(&ring(&[A, B])).is_ok());
        }
        let mut forged = envelope(&[B]);
        forged.signatures[0].key_id = Some(SigningKey::from_seed(&A).public().id().to_string());
        assert!(Unverified::from(forged).verify(&ring(&[A])).is_err());
    }

    /// DSSE testvectors/vectors.json, keys A and B of RFC 8032: type, payload, signatures, and whether both hold.
    #[test]
    fn published_signatures_are_accepted_or_not_as_published() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let key = SigningKey::from_seed(&hex::decode(seed).unwrap().try_into().unwrap()).public();
        let cases = [
            (
                "application/vnd.in-toto+json",
                r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
                "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==",
                true,
            ),
            (
                "application/vnd.example.other+json",
                r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
                "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==",
                false,
            ),
            (
                "application/vnd.ex\u{e4}mple+json",
                r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
                "xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw==",
                true,
            ),
            (
                "application/vnd.in-toto+json",
                "",
                "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==",
                true,
            ),
            (
                "",
                r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
                "iC3q/+3Rm0+lpAJRueDmDh15PnwCfxKmS0NAfKsbv+zgulXQC/WM9trc+j1XEqlwDIg/vf/uNfebeD6sxInrDg==",
                true,
            ),
        ];
        for (payload_type, payload, signature, accepted) in cases {
            let signature = crate::base64_text::decode(signature).unwrap();
            assert_eq!(
                key.accepts(&crate::pae(payload_type, payload.as_bytes()), &signature),
                accepted,
                "{payload_type}"
            );
        }
    }
}
