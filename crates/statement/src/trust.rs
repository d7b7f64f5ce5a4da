//! The trust file, `TRUST.json`: whose word is accepted, by key. It is written by hand or by an administrator and is
//! the only place where a verifier's trust comes from.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{KeyId, KeyRing, PublicKey};

/// The format's name and major version; a document of another format does not read as this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrustFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.trust/1")]
    V1,
}

/// Pinned keys of organizations, logs and witnesses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Always `sukashi.trust/1`.
    pub schema: TrustFormat,
    /// Whose statements are accepted.
    pub organizations: Vec<PinnedOrganization>,
    /// The log that statements must be in; null: none is asked for.
    #[serde(default)]
    pub log: Option<PinnedLog>,
    /// Who must have seen the log's checkpoint; null: nobody.
    #[serde(default)]
    pub witnesses: Option<WitnessPolicy>,
}

/// An organization and its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedOrganization {
    /// Its name, shown as the signer.
    pub name: String,
    /// Keys it signs with.
    pub keys: Vec<PinnedKey>,
}

/// A pinned key. The id is written for people; it must be that of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// Id of `public_key`.
    pub key_id: KeyId,
    /// Base64 of the 32 bytes.
    pub public_key: PublicKey,
}

/// A transparency log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedLog {
    /// First line of its checkpoints.
    pub origin: String,
    /// Its verifier key, as signed notes write it: `name+hash+base64`.
    pub key: String,
}

/// How many of which witnesses must have signed a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessPolicy {
    /// At least this many.
    pub threshold: u32,
    /// Verifier keys, as signed notes write them.
    pub keys: Vec<String>,
}

/// Why a trust file was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not the JSON of a trust file.
    #[error("not a trust file")]
    Json(#[source] serde_json::Error),
    /// The id beside a key is not its id.
    #[error("key of `{organization}` has id `{actual}`, but the file says `{written}`")]
    KeyId {
        /// Whose key.
        organization: String,
        /// What the key's id is.
        actual: KeyId,
        /// What stands beside it.
        written: KeyId,
    },
    /// A key would speak for two organizations.
    #[error("key `{key_id}` is pinned twice")]
    Twice {
        /// The key.
        key_id: KeyId,
    },
    /// More witnesses are asked for than there are.
    #[error("witness policy asks for {threshold} of {keys} witnesses")]
    Threshold {
        /// Asked for.
        threshold: u32,
        /// Listed.
        keys: usize,
    },
}

impl Trust {
    /// Reads and checks a trust file.
    pub fn read(json: &[u8]) -> Result<Self, TrustError> {
        let trust: Self = serde_json::from_slice(json).map_err(TrustError::Json)?;
        trust.check_keys()?;
        match &trust.witnesses {
            Some(w) if w.threshold as usize > w.keys.len() => {
                Err(TrustError::Threshold { threshold: w.threshold, keys: w.keys.len() })
            }
            _ => Ok(trust),
        }
    }

    fn check_keys(&self) -> Result<(), TrustError> {
        let mut seen = BTreeSet::new();
        for (organization, key) in self.organizations.iter().flat_map(|o| o.keys.iter().map(move |k| (o, k)))
        {
            let (actual, written) = (key.public_key.id(), key.key_id);
            if actual != written {
                return Err(TrustError::KeyId { organization: organization.name.clone(), actual, written });
            }
            if !seen.insert(actual) {
                return Err(TrustError::Twice { key_id: actual });
            }
        }
        Ok(())
    }

    /// The accepted keys.
    pub fn key_ring(&self) -> KeyRing {
        let mut ring = KeyRing::default();
        for organization in &self.organizations {
            for key in &organization.keys {
                ring.accept(key.public_key, &organization.name);
            }
        }
        ring
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    fn file(ids: [u8; 2]) -> String {
        let key = |seed| SigningKey::from_seed(&[seed; 32]).public();
        let pinned = |seed, of| format!(r#"{{"key_id":"{}","public_key":"{}"}}"#, key(of).id(), key(seed));
        format!(
            r#"{{"schema":"sukashi.trust/1","organizations":[
                {{"name":"Kawa Devices","keys":[{}]}},{{"name":"Mizu Water","keys":[{}]}}]}}"#,
            pinned(1, 1),
            pinned(ids[0], ids[1])
        )
    }

    #[test]
    fn pinned_keys_speak_for_their_organization() {
        let ring = Trust::read(file([2, 2]).as_bytes()).unwrap().key_ring();
        let accepted = ring.key(SigningKey::from_seed(&[2; 32]).public().id()).unwrap();
        assert_eq!(accepted.organization, "Mizu Water");
    }

    #[test]
    fn an_id_that_is_not_the_keys_is_refused() {
        let error = Trust::read(file([2, 3]).as_bytes()).unwrap_err();
        assert!(matches!(error, TrustError::KeyId { .. }), "{error}");
    }

    #[test]
    fn a_key_for_two_organizations_is_refused() {
        let error = Trust::read(file([1, 1]).as_bytes()).unwrap_err();
        assert!(matches!(error, TrustError::Twice { .. }), "{error}");
    }

    #[test]
    fn misspelt_fields_and_impossible_policies_are_refused() {
        let misspelt = r#"{"schema":"sukashi.trust/1","organisations":[]}"#;
        assert!(matches!(Trust::read(misspelt.as_bytes()), Err(TrustError::Json(_))));
        let policy =
            r#"{"schema":"sukashi.trust/1","organizations":[],"witnesses":{"threshold":1,"keys":[]}}"#;
        assert!(matches!(Trust::read(policy.as_bytes()), Err(TrustError::Threshold { .. })));
    }
}
