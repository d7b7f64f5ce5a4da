//! DSSE envelopes: bytes, their type, and signatures over both.
//!
//! Source: Dead Simple Signing Envelope 1.0.2, protocol.md and envelope.md. A key id is a hint without authority: it
//! only decides which key is tried first.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::base64_text;
use crate::key::SigningKey;

/// Longest envelope that is read, in bytes of JSON: a 256 MB document and its base64.
pub const MAX_ENVELOPE_BYTES: usize = 384 << 20;

/// Bytes of JSON for the names of an envelope's fields.
const ROOM: usize = 64;

/// Most signatures that are read.
pub const MAX_SIGNATURES: usize = 16;

/// A payload with its type and signatures, none of them checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Media type of the payload; signed together with it.
    pub payload_type: String,
    /// The exact bytes that were signed.
    pub payload: Vec<u8>,
    /// One or several, by different keys.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Which key is said to have signed; a hint.
    pub key_id: Option<String>,
    /// The signature's bytes.
    pub bytes: Vec<u8>,
}

/// Why an envelope could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadEnvelopeError {
    /// Longer than [`MAX_ENVELOPE_BYTES`].
    #[error("envelope has {bytes} bytes, limit is {MAX_ENVELOPE_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not the JSON of an envelope.
    #[error("not a DSSE envelope")]
    Json(#[source] serde_json::Error),
    /// A field that must be base64 is not.
    #[error("`{field}` of the envelope is not base64")]
    Base64 {
        /// The field.
        field: &'static str,
    },
    /// None, or more than [`MAX_SIGNATURES`].
    #[error("envelope has {count} signatures, expected 1 to {MAX_SIGNATURES}")]
    Signatures {
        /// How many there are.
        count: usize,
    },
}

/// The envelope as JSON. Fields we do not know are ignored, as the standard asks.
///
/// The payload may be hundreds of megabytes: it is borrowed from what is read wherever JSON allows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// The bytes a signature is made over: DSSE's pre-authentication encoding.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Signs `payload` with every key of `keys`, in that order.
    pub fn sign(payload_type: &str, payload: Vec<u8>, keys: &[&SigningKey]) -> Self {
        let message = pae(payload_type, &payload);
        let signatures = keys.iter().map(|key| Signature::of(key, &message)).collect();
        Self { payload_type: payload_type.to_owned(), payload, signatures }
    }

    /// Reads the JSON form.
    pub fn read(json: &[u8]) -> Result<Self, ReadEnvelopeError> {
        if json.len() > MAX_ENVELOPE_BYTES {
            return Err(ReadEnvelopeError::TooLong { bytes: json.len() });
        }
        let wire: Wire<'_> = serde_json::from_slice(json).map_err(ReadEnvelopeError::Json)?;
        let count = wire.signatures.len();
        if count == 0 || count > MAX_SIGNATURES {
            return Err(ReadEnvelopeError::Signatures { count });
        }
        let payload = decode("payload", &wire.payload)?;
        let signatures: Result<_, _> = wire.signatures.into_iter().map(Signature::read).collect();
        Ok(Self { payload_type: wire.payload_type, payload, signatures: signatures? })
    }

    /// The JSON form, on one line.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let payload_type = serde_json::to_string(&self.payload_type)?;
        let signatures: Vec<_> = self.signatures.iter().map(Signature::wire).collect();
        let signatures = serde_json::to_string(&signatures)?;
        // The payload goes straight into the text, whose length is known: each copy of a long one counts.
        let around = payload_type.len().saturating_add(signatures.len()).saturating_add(ROOM);
        let mut json = String::with_capacity(base64_text::length(&self.payload).saturating_add(around));
        json.push_str(r#"{"payload":""#);
        base64_text::append(&mut json, &self.payload);
        json.push_str(r#"","payloadType":"#);
        json.push_str(&payload_type);
        json.push_str(r#","signatures":"#);
        json.push_str(&signatures);
        json.push('}');
        Ok(json.into_bytes())
    }
}

impl Signature {
    fn of(key: &SigningKey, message: &[u8]) -> Self {
        Self { key_id: Some(key.public().id().to_string()), bytes: key.sign(message).to_vec() }
    }

    fn read(wire: WireSignature) -> Result<Self, ReadEnvelopeError> {
        Ok(Self { key_id: wire.keyid, bytes: decode("signatures[].sig", &wire.sig)? })
    }

    fn wire(&self) -> WireSignature {
        WireSignature { keyid: self.key_id.clone(), sig: base64_text::encode(&self.bytes) }
    }
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, ReadEnvelopeError> {
    base64_text::decode(text).ok_or(ReadEnvelopeError::Base64 { field })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of the DSSE specification, protocol.md and testvectors (the type with an umlaut counts bytes).
    #[test]
    fn the_encoding_is_that_of_the_specification() {
        let cases: [(&str, &[u8], &[u8]); 3] = [
            (
                "http://example.com/HelloWorld",
                b"hello world",
                b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
            ),
            ("application/vnd.ex\u{e4}mple+json", b"", b"DSSEv1 29 application/vnd.ex\xc3\xa4mple+json 0 "),
            ("", b"x", b"DSSEv1 0  1 x"),
        ];
        for (payload_type, payload, expected) in cases {
            assert_eq!(pae(payload_type, payload), expected);
        }
    }

    #[test]
    fn both_alphabets_and_missing_padding_are_read() {
        for payload in ["+/+/Pj8=", "-_-_Pj8=", "-_-_Pj8"] {
            let json = format!(
                r#"{{"payload":"{payload}","payloadType":"t","signatures":[{{"sig":"AA=="}}],"x":1}}"#
            );
            let envelope = Envelope::read(json.as_bytes()).unwrap();
            assert_eq!(envelope.payload, [0xfb, 0xff, 0xbf, 0x3e, 0x3f], "{payload}");
        }
    }

    #[test]
    fn envelopes_without_or_with_too_many_signatures_are_refused() {
        for count in [0, MAX_SIGNATURES + 1] {
            let signatures = vec![r#"{"sig":"AA=="}"#; count].join(",");
            let json = format!(r#"{{"payload":"","payloadType":"t","signatures":[{signatures}]}}"#);
            let error = Envelope::read(json.as_bytes()).unwrap_err();
            assert!(matches!(error, ReadEnvelopeError::Signatures { count: c } if c == count));
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_by_field() {
        let json = br#"{"payload":"","payloadType":"t","signatures":[{"sig":"*"}]}"#;
        let error = Envelope::read(json).unwrap_err().to_string();
        assert_eq!(error, "`signatures[].sig` of the envelope is not base64");
    }

    #[test]
    fn an_envelope_is_written_on_one_line_without_growing() {
        let signatures = vec![Signature { key_id: Some("a\"b".to_owned()), bytes: vec![1, 2, 3] }];
        let envelope = Envelope { payload_type: "t\n".to_owned(), payload: vec![0xfb; 4], signatures };
        let json = envelope.to_json().unwrap();
        let expected =
            r#"{"payload":"+/v7+w==","payloadType":"t\n","signatures":[{"keyid":"a\"b","sig":"AQID"}]}"#;
        assert_eq!(String::from_utf8(json.clone()).unwrap(), expected);
        assert!(json.capacity() <= json.len() + ROOM, "{} for {}", json.capacity(), json.len());
    }

    proptest! {
        #[test]
        fn an_envelope_reads_back_as_it_was_written(payload: Vec<u8>, payload_type: String, sig: Vec<u8>) {
            let signatures = vec![Signature { key_id: None, bytes: sig }];
            let envelope = Envelope { payload_type, payload, signatures };
            prop_assert_eq!(Envelope::read(&envelope.to_json().unwrap()).unwrap(), envelope);
        }

        #[test]
        fn different_claims_are_never_encoded_alike(a: (String, Vec<u8>), b: (String, Vec<u8>)) {
            prop_assert_eq!(pae(&a.0, &a.1) == pae(&b.0, &b.1), a == b);
        }
    }
}
