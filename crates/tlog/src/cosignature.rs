//! Cosignatures: a witness's word that it saw a checkpoint, at a time. Source: C2SP tlog-cosignature, Ed25519 form.

use ed25519_dalek::Signer as _;

use crate::note::{KeyError, Kind, Verifier, line};

/// A witness's key. It must sign nothing but cosignatures: the message does not name the witness.
pub struct Cosigner {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// The text a cosignature is made over; `text` is the note's, with its final line feed.
pub(crate) fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl Cosigner {
    /// Signs as `name` with the key of a 32-byte seed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Verifier::of(name, Kind::Cosignature, key.verifying_key())?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// What others verify with.
    pub fn verifier(&self) -> String {
        let verifier = Verifier::of(&self.name, Kind::Cosignature, self.key.verifying_key());
        verifier.map(|v| v.to_string()).unwrap_or_default()
    }

    /// The line to add to a note with this text, seen at `time` (seconds since 1970).
    pub fn line(&self, text: &str, time: u64) -> String {
        let signature = self.key.sign(cosigned(time, text).as_bytes()).to_bytes();
        let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
        line(&self.name, Kind::Cosignature, self.key.verifying_key().as_bytes(), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{self, NoteError, Signer};

    #[test]
    fn a_cosigned_note_opens_with_the_witness_key_and_not_at_another_time() {
        let log = Signer::new("example.com/log", &[1; 32]).unwrap();
        let witness = Cosigner::new("witness.example/w1", &[2; 32]).unwrap();
        let text = "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let line = witness.line(text, 1_679_315_147);
        let cosigned = log.sign(text) + &line;
        let verifier: Verifier = witness.verifier().parse().unwrap();
        let note = note::open(&cosigned, &[log.verifier(), verifier.clone()]).unwrap();
        assert_eq!(note.signed_by, ["example.com/log", "witness.example/w1"]);
        let other = witness.line(text, 1_679_315_148);
        let (head, tail) = (line.split_at(line.len() - 60).0, other.split_at(other.len() - 60).1);
        let mixed = log.sign(text) + head + tail;
        assert!(matches!(note::open(&mixed, &[verifier]), Err(NoteError::Signature { .. })));
    }

    /// Checkpoint and cosignature of the specification's example; its keys are not published, so only the form is read.
    #[test]
    fn the_example_of_the_specification_reads() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        assert_eq!(note::open(note, &[]), Err(NoteError::Unsigned));
    }
}
