//! Checkpoints, proofs, requests to witnesses, verifier keys and tile paths from outside: read or refused; what is read writes itself again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::note::Verifier;
use tlog::{AddCheckpoint, Checkpoint, ProofFile, Tile};

const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|text: &str| {
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string(), text);
    }
    if let Ok(verifier) = text.parse::<Verifier>() {
        assert_eq!(verifier.to_string().parse::<Verifier>().ok(), Some(verifier));
    }
    if let Ok(proof) = ProofFile::read(text) {
        assert_eq!(ProofFile::read(&proof.write()), Ok(proof));
    }
    if let Ok(request) = AddCheckpoint::read(text) {
        assert_eq!(AddCheckpoint::read(&request.write()), Ok(request));
    }
    let known: Vec<Verifier> = KEY.parse().into_iter().collect();
    let _ = Checkpoint::open(text, &known);
});
