//! Envelopes as they come in: one may have hundreds of megabytes, and is decoded while it arrives.

use std::io::{self, BufRead, Read};

use axum::RequestExt as _;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use futures_util::StreamExt as _;
use statement::{KeyRing, ReadEnvelopeError, Statement, Unverified, Verified, VerifyError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::answer::body_problem;
use crate::problem::{Code, Problem};

/// Bytes from which on an envelope is decoded apart from what answers others.
const LONG: usize = 256 << 10;

/// Pieces that wait to be decoded.
const AHEAD: usize = 16;

/// The body of a request, which may hold an envelope; not read yet.
pub(crate) struct Incoming(Body);

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(request.with_limited_body().into_body()))
    }
}

impl Incoming {
    /// The statement, if one of `keys` signed it.
    pub(crate) async fn verified(self, keys: KeyRing) -> Result<Verified<Statement>, Problem> {
        let (mut pieces, mut begun) = (self.0.into_data_stream(), Vec::new());
        while begun.len() < LONG {
            match pieces.next().await {
                Some(piece) => begun.extend_from_slice(&piece.map_err(body_problem)?),
                None => return verify(Unverified::read(begun), &keys),
            }
        }
        let (give, take) = mpsc::channel(AHEAD);
        let mut arriving = Arriving { piece: begun.into(), take };
        let verifying = spawn_blocking(move || verify(Unverified::read_from(&mut arriving), &keys));
        let passing = async {
            while let Some(piece) = pieces.next().await {
                let (piece, problem) = match piece {
                    Ok(piece) => (Ok(piece), None),
                    Err(error) => (Err(io::ErrorKind::UnexpectedEof.into()), Some(body_problem(error))),
                };
                // Whoever reads no more has its reason, which is told below.
                if give.send(piece).await.is_err() || problem.is_some() {
                    return problem.map_or(Ok(()), Err);
                }
            }
            drop(give);
            Ok(())
        };
        let (verified, passed) = tokio::join!(verifying, passing);
        passed?;
        verified.map_err(|e| Problem::internal(&e))?
    }
}

fn verify(
    claim: Result<Unverified<Statement>, ReadEnvelopeError>,
    keys: &KeyRing,
) -> Result<Verified<Statement>, Problem> {
    let claim = claim.map_err(|e| Problem::because(Code::BadStatement, e.to_string()))?;
    claim.verify(keys).map_err(|error| {
        let code = match error {
            VerifyError::NotAccepted { .. } => Code::NotYourKey,
            _ => Code::BadStatement,
        };
        Problem::because(code, error.to_string())
    })
}

/// Pieces as one stream, for whoever may wait for them.
struct Arriving {
    piece: Bytes,
    take: mpsc::Receiver<io::Result<Bytes>>,
}

impl BufRead for Arriving {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            match self.take.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        let _ = self.piece.split_to(amount.min(self.piece.len()));
    }
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.len().min(into.len());
        let piece = self.piece.split_to(length);
        into.get_mut(..length).unwrap_or_default().copy_from_slice(&piece);
        Ok(length)
    }
}
