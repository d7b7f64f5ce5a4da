//! Signed notes: text with Ed25519 signatures below it, of logs and of witnesses. Source: C2SP signed-note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use sha2::Digest as _;

use crate::cosignature::cosigned;

/// Longest note that is read, in bytes.
pub const MAX_NOTE_BYTES: usize = 1 << 20;

/// Most signature lines that are read.
pub const MAX_SIGNATURES: usize = 64;

/// What a signature line holds, by the type byte of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ed25519 over the text (C2SP signed-note).
    Plain,
    /// A time, and Ed25519 over time and text (C2SP tlog-cosignature).
    Cosignature,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Plain => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Plain, Self::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Who signs, as the last part of a signature line names it: a log, or a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    kind: Kind,
    key: ed25519_dalek::VerifyingKey,
}

/// A key that signs notes under a name.
pub struct Signer {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// A verifier key that does not read, or a name that may not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not `name+hash+base64`, or the hash does not belong to the key.
    #[error("`{text}` is not the verifier key of a signed note; hint: it looks like `name+1a2b3c4d+base64`")]
    Verifier {
        /// What was given.
        text: String,
    },
    /// Empty, or with spaces, plus signs or control characters.
    #[error("`{name}` cannot be the name of a note's key")]
    Name {
        /// What was given.
        name: String,
    },
}

/// Why a note is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Not a note: too long, no signature, control characters.
    #[error("not a signed note")]
    Syntax,
    /// A key we know did not sign this text.
    #[error("signature of `{name}` does not match the note")]
    Signature {
        /// Of the key.
        name: String,
    },
    /// No key we know signed it.
    #[error("no known key has signed the note")]
    Unsigned,
}

/// A note that at least one known key has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, with its final line feed.
    pub text: String,
    /// Names of the known keys that signed, in the order of the lines.
    pub signed_by: Vec<String>,
}

fn valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn key_hash(name: &str, kind: Kind, public: &[u8; 32]) -> [u8; 4] {
    let digest =
        sha2::Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(public);
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
    [a, b, c, d]
}

/// A signature line with its line feed.
pub(crate) fn line(name: &str, kind: Kind, public: &[u8; 32], signature: &[u8]) -> String {
    let bytes = [key_hash(name, kind, public).as_slice(), signature].concat();
    format!("\u{2014} {name} {}\n", STANDARD.encode(bytes))
}

impl Signer {
    /// Signs as `name` with the key of a 32-byte seed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !valid_name(name) {
            return Err(KeyError::Name { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// What others verify with.
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), kind: Kind::Plain, key: self.key.verifying_key() }
    }

    /// The note: `text`, which ends in a line feed, and a signature line.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        format!("{text}\n{}", line(&self.name, Kind::Plain, self.key.verifying_key().as_bytes(), &signature))
    }
}

impl Verifier {
    pub(crate) fn of(name: &str, kind: Kind, key: ed25519_dalek::VerifyingKey) -> Result<Self, KeyError> {
        if valid_name(name) {
            Ok(Self { name: name.to_owned(), kind, key })
        } else {
            Err(KeyError::Name { name: name.to_owned() })
        }
    }

    /// The name on its signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn hash(&self) -> [u8; 4] {
        key_hash(&self.name, self.kind, self.key.as_bytes())
    }

    fn accepts(&self, text: &str, bytes: &[u8]) -> bool {
        let valid = |message: &[u8], signature: &[u8]| {
            ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
        };
        match self.kind {
            Kind::Plain => valid(text.as_bytes(), bytes),
            Kind::Cosignature => bytes.split_first_chunk::<8>().is_some_and(|(time, signature)| {
                valid(cosigned(u64::from_be_bytes(*time), text).as_bytes(), signature)
            }),
        }
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([&[self.kind.byte()], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.hash()))
    }
}

impl std::str::FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError::Verifier { text: text.to_owned() };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let key = STANDARD.decode(key).map_err(|_| wrong())?;
        let (kind, public) = key.split_first().ok_or_else(wrong)?;
        let kind = Kind::of_byte(*kind).ok_or_else(wrong)?;
        let public: &[u8; 32] = public.try_into().map_err(|_| wrong())?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| wrong())?;
        let verifier = Self::of(name, kind, key).map_err(|_| wrong())?;
        let belongs = hex::encode(verifier.hash()) == hash && !verifier.key.is_weak();
        belongs.then_some(verifier).ok_or_else(wrong)
    }
}

struct SignatureLine<'a> {
    name: &'a str,
    hash: [u8; 4],
    signature: Vec<u8>,
}

/// Reads `note` and checks it with the keys we know. Signatures of others are ignored.
pub fn open(note: &str, known: &[Verifier]) -> Result<Note, NoteError> {
    let (text, lines) = parse(note).ok_or(NoteError::Syntax)?;
    let mut signed_by = Vec::new();
    for line in lines {
        let same = |v: &&Verifier| v.name == line.name && v.hash() == line.hash;
        let Some(verifier) = known.iter().find(same) else { continue };
        if !verifier.accepts(text, &line.signature) {
            return Err(NoteError::Signature { name: verifier.name.clone() });
        }
        signed_by.push(verifier.name.clone());
    }
    if signed_by.is_empty() {
        Err(NoteError::Unsigned)
    } else {
        Ok(Note { text: text.to_owned(), signed_by })
    }
}

fn parse(note: &str) -> Option<(&str, Vec<SignatureLine<'_>>)> {
    if note.len() > MAX_NOTE_BYTES || note.bytes().any(|b| b < 0x20 && b != b'\n') {
        return None;
    }
    let split = note.rfind("\n\n")?;
    let (text, rest) = (note.get(..=split)?, note.get(split.checked_add(2)?..)?);
    let lines: Vec<_> = rest.strip_suffix('\n')?.split('\n').map(signature_line).collect::<Option<_>>()?;
    (1..=MAX_SIGNATURES).contains(&lines.len()).then_some((text, lines))
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (hash, signature) = bytes.split_first_chunk::<4>()?;
    (valid_name(name) && !signature.is_empty()).then(|| SignatureLine {
        name,
        hash: *hash,
        signature: signature.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key and note of the Go module `golang.org/x/mod/sumdb/note`, its documentation's example.
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_opens_with_its_published_key() {
        let verifier: Verifier = VERIFIER.parse().unwrap();
        assert_eq!(verifier.to_string(), VERIFIER);
        let note = open(NOTE, &[verifier]).unwrap();
        assert_eq!(note.signed_by, ["PeterNeumann"]);
        assert!(note.text.ends_with("problem is.\n"));
    }

    #[test]
    fn a_changed_note_or_an_unknown_key_does_not_open() {
        let verifier: Verifier = VERIFIER.parse().unwrap();
        let changed = NOTE.replace("answer", "cause");
        assert_eq!(
            open(&changed, std::slice::from_ref(&verifier)),
            Err(NoteError::Signature { name: "PeterNeumann".to_owned() })
        );
        let other = Signer::new("PeterNeumann", &[1; 32]).unwrap().verifier();
        assert_eq!(open(NOTE, &[other]), Err(NoteError::Unsigned));
    }

    #[test]
    fn what_we_sign_opens_beside_signatures_of_others() {
        let signer = Signer::new("example.com/log", &[3; 32]).unwrap();
        let note = signer.sign("a\n\nb\n") + NOTE.lines().last().unwrap() + "\n";
        assert_eq!(open(&note, &[signer.verifier()]).unwrap().text, "a\n\nb\n");
    }

    #[test]
    fn texts_that_are_no_note_are_refused() {
        let known = [VERIFIER.parse().unwrap()];
        for text in [
            "",
            "\n\n",
            "a\n",
            "a\n\n",
            "a\n\n\u{2014} x\n",
            "a\t\n\n\u{2014} x AAAAAAAA\n",
            "a\n\n- x AAAAAAAA\n",
        ] {
            assert_eq!(open(text, &known), Err(NoteError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn verifier_keys_with_another_hash_or_name_are_refused() {
        for text in [VERIFIER.replace("c74f", "c74e"), VERIFIER.replace("Peter", "Paul"), "x".to_owned()] {
            assert!(text.parse::<Verifier>().is_err(), "{text}");
        }
        assert!(Signer::new("with space", &[0; 32]).is_err());
    }
}
