//! Following a log: each checkpoint must be signed by the pinned key, seen by enough witnesses, and continue the last
//! one that was seen. A log that forks, forgets or goes back is refused before anything is taken from it.

use std::time::Duration;

use tlog::{Checkpoint, Hash, LogPolicy, PolicyError, ProofError, verify_consistency};

use crate::remote::{Remote, RemoteError};

/// How often a checkpoint that too few witnesses have seen is asked for again, and the pause before it.
const PATIENCE: u32 = 3;
const PAUSE: Duration = Duration::from_secs(5);

/// Why a log is not followed any further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TailError {
    /// The request.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The checkpoint is not acceptable.
    #[error("checkpoint of the log is not accepted")]
    Policy(#[from] PolicyError),
    /// It has fewer leaves than before.
    #[error(
        "log went back from {seen} to {size} leaves; hint: ask its operator whether a backup was put back"
    )]
    Back {
        /// Leaves seen before.
        seen: u64,
        /// Leaves now.
        size: u64,
    },
    /// It is not the log that was seen before.
    #[error("log with {size} leaves does not continue the one with {seen}: it was forked or changed")]
    Fork {
        /// Leaves seen before.
        seen: u64,
        /// Leaves now.
        size: u64,
        /// What does not fit.
        #[source]
        source: ProofError,
    },
}

/// The checkpoint that covers evidence `newest`, or the newest one; it continues `seen`.
pub fn advance(
    remote: &Remote,
    policy: &LogPolicy,
    seen: Option<(u64, Hash)>,
    newest: Option<&str>,
) -> Result<Checkpoint, TailError> {
    let checkpoint = accepted(remote, policy, newest)?;
    let Some((size, root)) = seen else { return Ok(checkpoint) };
    if checkpoint.size < size {
        return Err(TailError::Back { seen: size, size: checkpoint.size });
    }
    let proof =
        if checkpoint.size == size { Vec::new() } else { remote.consistency(size, checkpoint.size)? };
    let continued = verify_consistency(size, checkpoint.size, &proof, root, checkpoint.root);
    continued.map_err(|source| TailError::Fork { seen: size, size: checkpoint.size, source })?;
    Ok(checkpoint)
}

fn accepted(remote: &Remote, policy: &LogPolicy, newest: Option<&str>) -> Result<Checkpoint, TailError> {
    let note = |size| match newest {
        Some(id) => Ok(remote.proof(id, size)?.proof.checkpoint),
        None => remote.checkpoint(),
    };
    let mut opened = policy.open(&note(None)?);
    for _ in 0..PATIENCE {
        // Witnesses are asked a while after a checkpoint was signed.
        let Err(PolicyError::Witnesses { .. }) = opened else { break };
        std::thread::sleep(PAUSE);
        opened = policy.open(&note(None)?);
    }
    Ok(opened?)
}
