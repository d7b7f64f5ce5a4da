//! Which instructions are compared: a linear sweep by our own lifter, with context carried along.

use std::collections::BTreeMap;

use sleigh::{Context, LanguageId, Lifter, table};

use super::programs::Stretch;

/// Instructions in a row that one fresh copy of the reference may translate.
const MOST: usize = 4096;

/// Offsets of instructions (or of bytes that are none) in one stretch, cut wherever the reference would carry a mode
/// change to addresses it does not concern.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Into the stretch's bytes, with the context there.
    pub(crate) instructions: Vec<(u32, Context)>,
}

/// Sweeps one stretch.
pub(crate) fn sweep(lifter: &mut Lifter<'_>, stretch: &Stretch) -> Vec<Chunk> {
    let table = lifter.table();
    let mut chunks = vec![Chunk { instructions: Vec::new() }];
    let (mut offset, mut context) = (0_usize, stretch.context);
    while offset < stretch.bytes.len() {
        let address = stretch.address + offset as u64;
        if let (Some(chunk), Ok(at)) = (chunks.last_mut(), u32::try_from(offset)) {
            chunk.instructions.push((at, context));
        }
        let bytes = stretch.bytes.get(offset..).unwrap_or_default();
        let (step, next, cut) = match lifter.lift(bytes, address, context) {
            Ok(lifted) => {
                let after = address + u64::from(lifted.length);
                let next = table.context_at(address, context, lifted.commits, after);
                (lifted.length, next, lifted.commits.iter().any(|c| c.flow))
            }
            Err(_) => (table.step_on_error(context), stretch.context, false),
        };
        // A change that falls on the next address too belongs to it, and the next chunk could not know.
        let plain = next == stretch.context;
        if plain && (cut || chunks.last().is_some_and(|c| c.instructions.len() >= MOST)) {
            chunks.push(Chunk { instructions: Vec::new() });
        }
        offset += step.max(1) as usize;
        context = next;
    }
    chunks.retain(|c| !c.instructions.is_empty());
    chunks
}

/// Random bytes for every language, the same on each run.
pub(crate) fn random(mebibytes: usize) -> BTreeMap<LanguageId, Vec<Stretch>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut all = BTreeMap::new();
    for &language in LanguageId::ALL {
        let Ok(table) = table(language) else { continue };
        let mut stretches = Vec::new();
        for i in 0..mebibytes * 1024 {
            let bytes = (0..128).flat_map(|_| next(&mut state).to_le_bytes()).collect();
            let address = 0x10000 + 0x1000 * i as u64;
            stretches.push(Stretch { address, bytes, context: table.default_context() });
        }
        all.insert(language, stretches);
    }
    all
}

/// xorshift64: enough to reach every encoding, and needs no crate.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
