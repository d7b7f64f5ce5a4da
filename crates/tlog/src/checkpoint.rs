//! Checkpoints: size and root of a log, as the text of a signed note. Source: C2SP tlog-checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::Hash;
use crate::note::{self, NoteError, Signer, Verifier};

/// What a log says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log; a URL without its scheme.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("note is not a checkpoint")]
    Syntax,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    /// The signed note.
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign(&self.text())
    }

    /// Reads a checkpoint that a key of `known` has signed; says who did.
    pub fn open(note: &str, known: &[Verifier]) -> Result<(Self, Vec<String>), CheckpointError> {
        let note = note::open(note, known)?;
        let checkpoint = Self::read(&note.text).ok_or(CheckpointError::Syntax)?;
        Ok((checkpoint, note.signed_by))
    }

    /// Extension lines are allowed and not looked at.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let canonical = size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        if origin.is_empty() || !canonical || lines.any(str::is_empty) {
            return None;
        }
        let root = Hash::from_slice(&STANDARD.decode(root).ok()?)?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text is the specification's example.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_reads_and_writes_itself() {
        let checkpoint = Checkpoint::read(TEXT).unwrap();
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.text(), TEXT);
        assert_eq!(Checkpoint::read(&format!("{TEXT}extension\n")), Some(checkpoint));
    }

    #[test]
    fn texts_that_are_no_checkpoint_are_refused() {
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "-1"),
            ("CsUY", "CsU"),
            ("example.com/behind-the-sofa", ""),
        ] {
            assert_eq!(Checkpoint::read(&TEXT.replace(from, to)), None, "{to}");
        }
        assert_eq!(Checkpoint::read(&format!("{TEXT}\n")), None);
    }

    #[test]
    fn a_signed_checkpoint_opens_only_with_its_logs_key() {
        let signer = Signer::new("example.com/log", &[9; 32]).unwrap();
        let checkpoint =
            Checkpoint { origin: "example.com/log".to_owned(), size: 0, root: crate::root_of(&[]) };
        let note = checkpoint.sign(&signer);
        assert_eq!(Checkpoint::open(&note, &[signer.verifier()]).unwrap().0, checkpoint);
        let other = Signer::new("example.com/log", &[8; 32]).unwrap();
        assert_eq!(
            Checkpoint::open(&note, &[other.verifier()]),
            Err(CheckpointError::Note(NoteError::Unsigned))
        );
    }
}
