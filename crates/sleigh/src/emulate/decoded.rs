//! Instructions that were lifted already: programs run the same ones again and again, and lifting takes longer than
//! executing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::context::{Commit, Context};
use crate::error::LiftError;
use crate::lifter::{Lifted, Lifter};
use crate::pcode::{Op, Varnode};

/// Bytes that an instruction and its delay slot need at most.
pub(super) const FETCHED: usize = 32;
/// Instructions that are kept; beyond, all are forgotten. A function has some hundred.
const MOST: usize = 16_384;

/// Lifted instructions of one language.
///
/// An instruction counts as known only while the bytes in memory are those that were lifted.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    known: HashMap<(u64, Context), Instruction>,
}

#[derive(Debug)]
struct Instruction {
    /// All that were given to the lifter.
    bytes: Box<[u8]>,
    length: u32,
    ops: Box<[Op]>,
    side: Box<[Varnode]>,
    commits: Box<[Commit]>,
}

impl Decoded {
    /// The instruction at `address`, lifted now if it is not known.
    pub(super) fn lift(
        &mut self,
        lifter: &mut Lifter<'_>,
        bytes: &[u8],
        address: u64,
        context: Context,
    ) -> Result<Lifted<'_>, LiftError> {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        let known = match self.known.entry((address, context)) {
            Entry::Vacant(slot) => {
                slot.insert(Instruction::of(bytes, &lifter.lift(bytes, address, context)?))
            }
            Entry::Occupied(slot) => {
                let known = slot.into_mut();
                if *known.bytes != *bytes {
                    *known = Instruction::of(bytes, &lifter.lift(bytes, address, context)?);
                }
                known
            }
        };
        Ok(Lifted::of(known.length, &known.ops, &known.side, &known.commits))
    }
}

impl Instruction {
    fn of(bytes: &[u8], lifted: &Lifted<'_>) -> Self {
        Self {
            bytes: bytes.into(),
            length: lifted.length,
            ops: lifted.ops.into(),
            side: lifted.side().into(),
            commits: lifted.commits.into(),
        }
    }
}
