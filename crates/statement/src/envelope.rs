//! DSSE envelopes: bytes, their type, and signatures over both.
//!
//! Source: Dead Simple Signing Envelope 1.0.2, protocol.md and envelope.md. A key id is a hint without authority: it
//! only decides which key is tried first.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base64_text::{self, Text};
use crate::key::{PublicKey, SigningKey};
use crate::statement::{ReadStatementError, Statement};

/// Longest envelope that is read, in bytes of JSON: a 256 MB document and its base64.
pub const MAX_ENVELOPE_BYTES: usize = 384 << 20;

/// How an envelope begins whose payload can be decoded as it comes.
const BEGINNING: &[u8] = br#"{"payload":""#;

/// Bytes of JSON for the names of an envelope's fields.
const ROOM: usize = 64;

/// Most signatures that are read.
pub const MAX_SIGNATURES: usize = 16;

/// A payload with its type and signatures, none of them checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Media type of the payload; signed together with it.
    pub payload_type: String,
    /// The exact bytes that were signed. Whoever reads them shares them: they may be hundreds of megabytes.
    pub payload: Bytes,
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
    /// It could not be read to its end.
    #[error("cannot read the envelope")]
    Io(#[from] io::Error),
    /// None, or more than [`MAX_SIGNATURES`].
    #[error("envelope has {count} signatures, expected 1 to {MAX_SIGNATURES}")]
    Signatures {
        /// How many there are.
        count: usize,
    },
}

/// The envelope as JSON. Fields we do not know are ignored, as the standard asks. The payload is borrowed from what is
/// read wherever JSON allows.
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
    [pae_head(payload_type, payload).as_bytes(), payload].concat()
}

/// What stands there before the payload.
fn pae_head(payload_type: &str, payload: &[u8]) -> String {
    format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len())
}

impl Envelope {
    /// Signs `payload` with every key of `keys`, in that order.
    pub fn sign(payload_type: &str, payload: Vec<u8>, keys: &[&SigningKey]) -> Self {
        let message = pae(payload_type, &payload);
        let signatures = keys.iter().map(|key| Signature::of(key, &message)).collect();
        Self { payload_type: payload_type.to_owned(), payload: payload.into(), signatures }
    }

    /// Reads the JSON form. Bytes that are given away become the payload; others are copied.
    pub fn read(json: impl Into<Vec<u8>>) -> Result<Self, ReadEnvelopeError> {
        let json = json.into();
        if json.len() > MAX_ENVELOPE_BYTES {
            return Err(ReadEnvelopeError::TooLong { bytes: json.len() });
        }
        let wire: Wire<'_> = serde_json::from_slice(&json).map_err(ReadEnvelopeError::Json)?;
        let count = wire.signatures.len();
        if count == 0 || count > MAX_SIGNATURES {
            return Err(ReadEnvelopeError::Signatures { count });
        }
        let signatures: Result<_, _> = wire.signatures.into_iter().map(Signature::read).collect();
        let (payload_type, signatures) = (wire.payload_type, signatures?);
        let (buffer, start, length) = match wire.payload {
            Cow::Borrowed(text) => {
                let start = text.as_ptr().addr().saturating_sub(json.as_ptr().addr());
                let length = text.len();
                (json, start, length)
            }
            Cow::Owned(text) => {
                let length = text.len();
                (text.into_bytes(), 0, length)
            }
        };
        let payload = base64_text::decode_within(buffer, start..start.saturating_add(length));
        let payload = payload.ok_or(ReadEnvelopeError::Base64 { field: "payload" })?.into();
        Ok(Self { payload_type, payload, signatures })
    }

    /// Reads the JSON form as it comes. Where the payload stands first, as [`Self::write_json`] writes it, its text is never
    /// there as a whole.
    pub fn read_from(from: &mut dyn BufRead) -> Result<Self, ReadEnvelopeError> {
        let mut from = from.take(MAX_ENVELOPE_BYTES as u64 + 1);
        let mut begun = Vec::new();
        (&mut from).take(BEGINNING.len() as u64).read_to_end(&mut begun)?;
        if begun != BEGINNING {
            from.read_to_end(&mut begun)?;
            return Self::read(begun);
        }
        match base64_text::read(&mut from)?.ok_or(ReadEnvelopeError::Base64 { field: "payload" })? {
            Text::Whole(payload) => {
                begun.push(b'"');
                from.read_to_end(&mut begun)?;
                if from.limit() == 0 {
                    return Err(ReadEnvelopeError::TooLong { bytes: MAX_ENVELOPE_BYTES.saturating_add(1) });
                }
                let payload = payload.into();
                Ok(Self { payload, ..Self::read(begun)? })
            }
            Text::Escaped(text) => {
                begun.extend(text);
                from.read_to_end(&mut begun)?;
                Self::read(begun)
            }
        }
    }

    /// Whether `key` made `signature` over this payload and its type.
    pub fn is_signed_by(&self, key: PublicKey, signature: &Signature) -> bool {
        let head = pae_head(&self.payload_type, &self.payload);
        key.accepts_parts(&[head.as_bytes(), &self.payload], &signature.bytes)
    }

    /// What the payload says, whoever signed it. To rely on it, see [`crate::Unverified::verify`].
    ///
    /// # Errors
    /// If it is no statement.
    pub fn statement(&self) -> Result<Statement, ReadStatementError> {
        Statement::read(&self.payload)
    }

    /// The JSON form, on one line.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let around = self.payload_type.len().saturating_add(self.signatures.len().saturating_mul(256));
        let length = base64_text::length(&self.payload).saturating_add(around).saturating_add(ROOM);
        let mut json = Vec::with_capacity(length);
        self.write_json(&mut json).map_err(serde_json::Error::io)?;
        Ok(json)
    }

    /// Writes the JSON form, without having it as a whole.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let signatures: Vec<_> = self.signatures.iter().map(Signature::wire).collect();
        out.write_all(BEGINNING)?;
        base64_text::write(out, &self.payload)?;
        out.write_all(br#"","payloadType":"#)?;
        serde_json::to_writer(&mut *out, &self.payload_type)?;
        out.write_all(br#","signatures":"#)?;
        serde_json::to_writer(&mut *out, &signatures)?;
        out.write_all(b"}")
    }
}

impl Signature {
    fn of(key: &SigningKey, message: &[u8]) -> Self {
        Self { key_id: Some(key.public().id().to_string()), bytes: key.sign(message).to_vec() }
    }

    fn read(wire: WireSignature) -> Result<Self, ReadEnvelopeError> {
        let bytes = base64_text::decode(&wire.sig);
        let bytes = bytes.ok_or(ReadEnvelopeError::Base64 { field: "signatures[].sig" })?;
        Ok(Self { key_id: wire.keyid, bytes })
    }

    fn wire(&self) -> WireSignature {
        WireSignature { keyid: self.key_id.clone(), sig: base64_text::encode(&self.bytes) }
    }
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
            assert_eq!(*envelope.payload, [0xfb, 0xff, 0xbf, 0x3e, 0x3f], "{payload}");
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
        let error = Envelope::read(*json).unwrap_err().to_string();
        assert_eq!(error, "`signatures[].sig` of the envelope is not base64");
    }

    #[test]
    fn a_payload_with_escapes_is_read_as_well() {
        let json = br#"{"payload":"+\/+\/Pj8=","payloadType":"t","signatures":[{"sig":"AA=="}]}"#;
        assert_eq!(*Envelope::read(*json).unwrap().payload, [0xfb, 0xff, 0xbf, 0x3e, 0x3f]);
    }

    #[test]
    fn an_escape_after_a_text_in_the_other_alphabet_is_read_as_well() {
        let json = br#"{"payload":"-_-_\u0050j8-","payloadType":"t","signatures":[{"sig":"AA=="}]}"#;
        let whole = Envelope::read(*json).unwrap();
        assert_eq!(*whole.payload, [0xfb, 0xff, 0xbf, 0x3e, 0x3f, 0x3e]);
        assert_eq!(Envelope::read_from(&mut json.as_slice()).unwrap(), whole);
    }

    #[test]
    fn an_envelope_is_written_on_one_line() {
        let signatures = vec![Signature { key_id: Some("a\"b".to_owned()), bytes: vec![1, 2, 3] }];
        let envelope = Envelope { payload_type: "t\n".to_owned(), payload: vec![0xfb; 4].into(), signatures };
        let json = envelope.to_json().unwrap();
        let expected =
            r#"{"payload":"+/v7+w==","payloadType":"t\n","signatures":[{"keyid":"a\"b","sig":"AQID"}]}"#;
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn an_envelope_reads_back_as_it_was_written(payload: Vec<u8>, payload_type: String, sig: Vec<u8>) {
            let signatures = vec![Signature { key_id: None, bytes: sig }];
            let envelope = Envelope { payload_type, payload: payload.into(), signatures };
            let json = envelope.to_json().unwrap();
            prop_assert_eq!(&Envelope::read_from(&mut json.as_slice()).unwrap(), &envelope);
            prop_assert_eq!(Envelope::read(json).unwrap(), envelope);
        }

        #[test]
        fn what_is_read_as_it_comes_is_read_alike(
            before in prop::sample::select(vec!["{\"payload\":\"", "{ \"payload\":\"", "{\"x\":1,\"payload\":\""]),
            text in "([A-Za-z0-9+/]|\\\\/|\\\\u0041|-){0,20}[=]{0,2}",
            after in prop::sample::select(vec!["\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\"}]}", "\",\"payload\":\"AAAA\"}", ""]),
        ) {
            let json = format!("{before}{text}{after}");
            let (whole, come) = (Envelope::read(json.as_bytes()), Envelope::read_from(&mut json.as_bytes()));
            match (whole, come) {
                (Ok(whole), Ok(come)) => prop_assert_eq!(whole, come),
                (Err(_), Err(_)) => {}
                (whole, come) => prop_assert!(false, "{json}: {whole:?} {come:?}"),
            }
        }

        #[test]
        fn different_claims_are_never_encoded_alike(a: (String, Vec<u8>), b: (String, Vec<u8>)) {
            prop_assert_eq!(pae(&a.0, &a.1) == pae(&b.0, &b.1), a == b);
        }
    }
}
