//! Proofs to keep and to check without the log: a leaf's place, the hashes to the root, and the checkpoint.
//! Source: C2SP tlog-proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{self, Verifier};
use crate::proof::{ProofError, verify_inclusion};
use crate::witness::decimal;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Longest proof that is read, in bytes: its hashes, its extra data and a checkpoint.
pub const MAX_PROOF_BYTES: usize = note::MAX_NOTE_BYTES + (64 << 10);

/// Most hashes a proof can need: one a level.
const MAX_HASHES: usize = 64;

/// A proof that something is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// What else is needed to make the entry; not authenticated by itself.
    pub extra: Option<Vec<u8>>,
    /// Which leaf.
    pub index: u64,
    /// From the leaf up.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// Whose word a proof is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// First line of the log's checkpoints.
    pub origin: String,
    /// The log's key.
    pub log: Verifier,
    /// Keys of witnesses.
    pub witnesses: Vec<Verifier>,
    /// How many of them must have cosigned.
    pub threshold: usize,
}

/// The text is not a proof.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a log proof; hint: its first line is `{FIRST_LINE}`")]
pub struct ReadProofError;

/// Why a checkpoint or a proof is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The log's signature, or the text.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Signed by the right key for another log.
    #[error("checkpoint is of log `{found}`, expected `{expected}`")]
    Origin {
        /// Its first line.
        found: String,
        /// The pinned one.
        expected: String,
    },
    /// Too few witnesses saw it.
    #[error("{found} of the known witnesses have seen the checkpoint, {threshold} are asked for")]
    Witnesses {
        /// How many did.
        found: usize,
        /// How many must.
        threshold: usize,
    },
    /// The leaf is not in the tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl LogPolicy {
    /// The checkpoint in `note`, signed by the log and seen by enough witnesses.
    pub fn open(&self, note: &str) -> Result<Checkpoint, PolicyError> {
        let (checkpoint, _) = Checkpoint::open(note, std::slice::from_ref(&self.log))?;
        if checkpoint.origin != self.origin {
            return Err(PolicyError::Origin { found: checkpoint.origin, expected: self.origin.clone() });
        }
        let saw = |w: &&Verifier| note::open(note, std::slice::from_ref(*w)).is_ok();
        let found = self.witnesses.iter().filter(saw).count();
        if found < self.threshold {
            return Err(PolicyError::Witnesses { found, threshold: self.threshold });
        }
        Ok(checkpoint)
    }
}

impl ProofFile {
    /// The text.
    pub fn write(&self) -> String {
        let extra =
            self.extra.as_ref().map(|e| format!("extra {}\n", STANDARD.encode(e))).unwrap_or_default();
        let hashes: String = self.hashes.iter().map(|h| STANDARD.encode(h.0) + "\n").collect();
        format!("{FIRST_LINE}\n{extra}index {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads the text; nothing in it is verified.
    pub fn read(text: &str) -> Result<Self, ReadProofError> {
        if text.len() > MAX_PROOF_BYTES {
            return Err(ReadProofError);
        }
        Self::parse(text).ok_or(ReadProofError)
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let extra = match lines.peek()?.strip_prefix("extra ") {
            Some(encoded) => {
                lines.next();
                Some(STANDARD.decode(encoded).ok()?)
            }
            None => None,
        };
        let index = decimal(lines.next()?.strip_prefix("index ")?)?;
        let hashes: Vec<_> = lines
            .take(MAX_HASHES + 1)
            .map(|line| Hash::from_slice(&STANDARD.decode(line).ok()?))
            .collect::<Option<_>>()?;
        (hashes.len() <= MAX_HASHES).then(|| Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Whether `leaf` (a leaf hash) is where this says, in a tree that `policy` accepts.
    pub fn verify(&self, leaf: Hash, policy: &LogPolicy) -> Result<Checkpoint, PolicyError> {
        let checkpoint = policy.open(&self.checkpoint)?;
        verify_inclusion(self.index, checkpoint.size, leaf, &self.hashes, checkpoint.root)?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Signer;
    use crate::{Cosigner, leaf_hash, root_of};

    fn signed() -> (ProofFile, Hash, LogPolicy, Cosigner) {
        let (leaves, signer) = ([leaf_hash(b"a"), leaf_hash(b"b")], Signer::new("log", &[1; 32]).unwrap());
        let checkpoint = Checkpoint { origin: "log".to_owned(), size: 2, root: root_of(&leaves) };
        let witness = Cosigner::new("w", &[2; 32]).unwrap();
        let note = checkpoint.sign(&signer) + &witness.line(&checkpoint.text(), 7);
        let file = ProofFile { extra: Some(vec![1, 2]), index: 1, hashes: vec![leaves[0]], checkpoint: note };
        let policy = LogPolicy {
            origin: "log".to_owned(),
            log: signer.verifier(),
            witnesses: vec![witness.verifier().parse().unwrap()],
            threshold: 1,
        };
        (file, leaves[1], policy, witness)
    }

    #[test]
    fn a_proof_reads_back_and_proves_its_leaf_and_no_other() {
        let (file, leaf, policy, _) = signed();
        assert_eq!(ProofFile::read(&file.write()), Ok(file.clone()));
        let bare = ProofFile { extra: None, ..file.clone() };
        assert_eq!(ProofFile::read(&bare.write()), Ok(bare));
        assert_eq!(file.verify(leaf, &policy).unwrap().size, 2);
        assert_eq!(file.verify(leaf_hash(b"c"), &policy), Err(ProofError::Root.into()));
    }

    #[test]
    fn too_few_witnesses_or_another_log_are_not_accepted() {
        let (file, leaf, policy, _) = signed();
        let stricter = LogPolicy { threshold: 2, ..policy.clone() };
        assert_eq!(file.verify(leaf, &stricter), Err(PolicyError::Witnesses { found: 1, threshold: 2 }));
        let other = LogPolicy { origin: "other".to_owned(), ..policy };
        assert!(matches!(file.verify(leaf, &other), Err(PolicyError::Origin { .. })));
    }

    #[test]
    fn texts_that_are_no_proof_are_refused() {
        let (file, ..) = signed();
        let text = file.write();
        for (from, to) in [("@v1", "@v2"), ("index 1", "index 01"), ("extra AQI=", "extra A"), ("\n\n", "\n")]
        {
            assert_eq!(ProofFile::read(&text.replacen(from, to, 1)), Err(ReadProofError), "{to}");
        }
    }
}
