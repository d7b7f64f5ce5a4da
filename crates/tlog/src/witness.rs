//! Asking a witness, and being one: the request and its checks, without network and storage.
//! Source: C2SP tlog-witness.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{NoteError, Verifier};
use crate::proof::verify_consistency;

/// Most hashes of a consistency proof in a request.
pub const MAX_PROOF_LINES: usize = 63;

/// What a log sends: its new checkpoint, and proof that it continues the one the witness saw last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the tree the witness saw last; 0 if none.
    pub old: u64,
    /// From there to the checkpoint.
    pub proof: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// The body of a request does not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request to a witness: `old SIZE`, hashes, an empty line, a checkpoint")]
pub struct ReadRequestError;

/// Why a witness does not cosign. Each has a status of the protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: the request contradicts itself.
    #[error("the checkpoint is older than what it is said to continue")]
    Backwards,
    /// 403: not signed by the log.
    #[error("no known key of the log has signed the checkpoint")]
    Unsigned,
    /// 404: not a log we watch.
    #[error("the log is not known")]
    UnknownLog,
    /// 409: we saw another tree last.
    #[error("the last tree that was seen has {size} leaves")]
    Conflict {
        /// Its leaves.
        size: u64,
    },
    /// 422: the log forked.
    #[error("the checkpoint does not continue the last one")]
    Inconsistent,
}

impl Refusal {
    /// HTTP status of the protocol.
    pub fn status(&self) -> u16 {
        match self {
            Self::Backwards => 400,
            Self::Unsigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent => 422,
        }
    }
}

impl AddCheckpoint {
    /// The body of a request.
    pub fn write(&self) -> String {
        let lines = self.proof.iter().map(|hash| STANDARD.encode(hash.0) + "\n");
        format!("old {}\n{}\n{}", self.old, lines.collect::<String>(), self.checkpoint)
    }

    /// Reads the body of a request.
    pub fn read(body: &str) -> Result<Self, ReadRequestError> {
        let (head, checkpoint) = body.split_once("\n\n").ok_or(ReadRequestError)?;
        let mut lines = head.split('\n');
        let old =
            lines.next().and_then(|l| l.strip_prefix("old ")).and_then(decimal).ok_or(ReadRequestError)?;
        let hash = |line: &str| Hash::from_slice(&STANDARD.decode(line).ok()?);
        let proof: Option<Vec<_>> = lines.take(MAX_PROOF_LINES + 1).map(hash).collect();
        let proof = proof.filter(|p| p.len() <= MAX_PROOF_LINES).ok_or(ReadRequestError)?;
        Ok(Self { old, proof, checkpoint: checkpoint.to_owned() })
    }

    /// The origin that the checkpoint names, before anything is verified.
    pub fn origin(&self) -> Option<&str> {
        self.checkpoint.split('\n').next()
    }

    /// The checkpoint, if a witness that saw `last` (size and root) may cosign it. `log` is the key for its origin.
    pub fn check(&self, log: &Verifier, last: Option<(u64, Hash)>) -> Result<Checkpoint, Refusal> {
        let opened = Checkpoint::open(&self.checkpoint, std::slice::from_ref(log));
        let (checkpoint, _) = opened.map_err(|error| match error {
            CheckpointError::Note(NoteError::Syntax) | CheckpointError::Syntax => Refusal::Backwards,
            CheckpointError::Note(_) => Refusal::Unsigned,
        })?;
        if self.old > checkpoint.size {
            return Err(Refusal::Backwards);
        }
        let (size, root) = last.unwrap_or((0, crate::hash::empty_root()));
        if self.old != size || (size == checkpoint.size && size > 0 && root != checkpoint.root) {
            return Err(Refusal::Conflict { size });
        }
        let proven = match size {
            0 => self.proof.is_empty(),
            _ => verify_consistency(size, checkpoint.size, &self.proof, root, checkpoint.root).is_ok(),
        };
        if proven { Ok(checkpoint) } else { Err(Refusal::Inconsistent) }
    }
}

/// ASCII digits without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Signer;
    use crate::{Edge, Tile, TileReader, consistency, leaf_hash, root};
    use std::collections::BTreeMap;

    struct Rows(BTreeMap<(u8, u64), Vec<Hash>>);

    impl TileReader for Rows {
        fn row(&self, tile: Tile) -> Option<&[Hash]> {
            self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
        }
    }

    /// A log of ten leaves, its signer, and a request that goes from `old` to `new`.
    fn log() -> (Rows, Signer) {
        let (mut edge, mut rows) = (Edge::default(), BTreeMap::new());
        for n in 0..10_u8 {
            rows.extend(edge.push(leaf_hash(&[n])).into_iter().map(|(t, row)| ((t.level, t.index), row)));
        }
        (Rows(rows), Signer::new("example.com/log", &[1; 32]).unwrap())
    }

    fn request(rows: &Rows, signer: &Signer, old: u64, new: u64) -> AddCheckpoint {
        let origin = "example.com/log".to_owned();
        let checkpoint = Checkpoint { origin, size: new, root: root(rows, new).unwrap() }.sign(signer);
        AddCheckpoint { old, proof: consistency(rows, old, new).unwrap(), checkpoint }
    }

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let (rows, signer) = log();
        for (old, new) in [(0, 3), (3, 10), (10, 10)] {
            let request = request(&rows, &signer, old, new);
            assert_eq!(AddCheckpoint::read(&request.write()), Ok(request.clone()));
            assert_eq!(request.origin(), Some("example.com/log"));
        }
        for body in ["", "old 1\n", "old 01\n\nx", "old 1\nAA==\n\nx", "new 1\n\nx"] {
            assert_eq!(AddCheckpoint::read(body), Err(ReadRequestError), "{body:?}");
        }
    }

    #[test]
    fn only_what_continues_the_last_tree_is_cosigned() {
        let (rows, signer) = log();
        let key = signer.verifier();
        let last = |size| Some((size, root(&rows, size).unwrap()));
        assert_eq!(request(&rows, &signer, 0, 7).check(&key, None).unwrap().size, 7);
        assert_eq!(request(&rows, &signer, 3, 7).check(&key, last(3)).unwrap().size, 7);
        assert_eq!(request(&rows, &signer, 7, 7).check(&key, last(7)).unwrap().size, 7);
        let table = [
            (request(&rows, &signer, 0, 7), last(3), Refusal::Conflict { size: 3 }),
            (request(&rows, &signer, 3, 7), Some((3, leaf_hash(b"fork"))), Refusal::Inconsistent),
            (request(&rows, &signer, 7, 7), Some((7, leaf_hash(b"fork"))), Refusal::Conflict { size: 7 }),
            (AddCheckpoint { old: 8, ..request(&rows, &signer, 3, 7) }, last(8), Refusal::Backwards),
        ];
        for (request, last, expected) in table {
            assert_eq!(request.check(&key, last), Err(expected));
        }
        let stranger = Signer::new("example.com/log", &[2; 32]).unwrap();
        assert_eq!(request(&rows, &stranger, 0, 7).check(&key, None), Err(Refusal::Unsigned));
    }
}
