//! One instruction at an address: bytes to operations.

use crate::context::{Commit, Context};
use crate::error::{Fault, LiftError};
use crate::pcode::{Inputs, Op, Ops, Varnode};
use crate::resolve::Tree;
use crate::table::{CommitTarget, Table};
use crate::template::{Engine, Output};

/// Instructions in one delay slot.
const MAX_DELAYED: usize = 8;
const MAX_COMMITS: usize = 64;

/// Turns instructions into P-code. One per thread; its memory is used again for each instruction.
#[derive(Debug)]
pub struct Lifter<'t> {
    table: &'t Table,
    tree: Tree,
    delayed: Vec<Tree>,
    out: Output,
    commits: Vec<Commit>,
}

/// One lifted instruction.
#[derive(Clone, Copy, Debug)]
pub struct Lifted<'a> {
    /// Bytes, delay slot included.
    pub length: u32,
    /// What it does, in order. A branch whose first input is constant goes that many operations forward (or back);
    /// one past the last operation is the end of the instruction.
    pub ops: &'a [Op],
    /// Context it orders for other addresses: see [`Table::context_at`].
    pub commits: &'a [Commit],
    side: &'a [Varnode],
}

impl<'a> Lifted<'a> {
    pub(crate) fn of(length: u32, ops: &'a [Op], side: &'a [Varnode], commits: &'a [Commit]) -> Self {
        Self { length, ops, commits, side }
    }

    /// Where the inputs of operations with many of them stand.
    pub(crate) fn side(&self) -> &'a [Varnode] {
        self.side
    }

    /// The inputs of one of these operations.
    pub fn inputs(&self, op: &Op) -> Inputs<'a> {
        Inputs::new(op, self.side)
    }

    /// What one of these operations writes.
    pub fn output(&self, op: &Op) -> Option<Varnode> {
        op.output()
    }

    /// Appends the operations to a longer sequence, for keeping them; loads from the constant space become copies.
    pub fn append_to(&self, ops: &mut Ops) {
        ops.append(self.ops, self.side);
    }
}

impl<'t> Lifter<'t> {
    /// A lifter for one language.
    pub fn new(table: &'t Table) -> Self {
        Self {
            table,
            tree: Tree::default(),
            delayed: Vec::new(),
            out: Output::default(),
            commits: Vec::new(),
        }
    }

    /// The language.
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// Lifts the instruction at `address`.
    ///
    /// `bytes` is what memory holds from `address` on: 16 bytes, and those of a delay slot (at most as many again),
    /// are enough; fewer are right where memory ends.
    ///
    /// # Errors
    /// See [`LiftError`]; each is about this instruction (or its delay slot) only.
    pub fn lift(&mut self, bytes: &[u8], address: u64, context: Context) -> Result<Lifted<'_>, LiftError> {
        self.out.clear();
        self.commits.clear();
        let own = self.tree.decode(self.table, bytes, address, context)?;
        commit(&self.tree, &mut self.commits).map_err(|fault| fault.at(address, own))?;
        let (length, delayed) = match self.tree.delay {
            0 => (own, 0),
            delay => self.decode_slot(bytes, own, u32::from(delay), context)?,
        };
        let next = delayed.checked_sub(1).and_then(|last| self.delayed.get(last)).unwrap_or(&self.tree).next;
        let delayed = self.delayed.get(..delayed).unwrap_or_default();
        let mut engine = Engine { table: self.table, delayed, out: &mut self.out };
        engine.run(&self.tree, next).map_err(|fault| fault.at(address, length))?;
        Ok(Lifted { length, ops: self.out.ops.as_slice(), commits: &self.commits, side: self.out.ops.side() })
    }

    /// Decodes one instruction without its delay slot.
    pub(crate) fn decode_alone(
        &mut self,
        bytes: &[u8],
        address: u64,
        context: Context,
    ) -> Result<&Tree, LiftError> {
        self.tree.decode(self.table, bytes, address, context)?;
        Ok(&self.tree)
    }

    /// Decodes the instructions behind a branch of `own` bytes until they fill its delay slot. Returns the length of
    /// all, and how many there are.
    fn decode_slot(
        &mut self,
        bytes: &[u8],
        own: u32,
        delay: u32,
        context: Context,
    ) -> Result<(u32, usize), LiftError> {
        let address = self.tree.address;
        let (mut length, mut count, mut at) = (own, 0, self.tree.next);
        while length - own < delay {
            if count == MAX_DELAYED {
                return Err(LiftError::Limit { address });
            }
            if count == self.delayed.len() {
                self.delayed.push(Tree::default());
            }
            let Some(tree) = self.delayed.get_mut(count) else { break };
            let rest = bytes.get(length as usize..).unwrap_or_default();
            let context = self.table.context_at(address, context, &self.commits, at);
            length += tree.decode(self.table, rest, at, context)?;
            if tree.delay > 0 {
                return Err(LiftError::NestedDelaySlot { address: at });
            }
            commit(tree, &mut self.commits).map_err(|fault| fault.at(at, 0))?;
            at = tree.next;
            count += 1;
        }
        Ok((length, count))
    }
}

/// Gives the commits of a decoded instruction their addresses.
fn commit(tree: &Tree, commits: &mut Vec<Commit>) -> Result<(), Fault> {
    if commits.len() + tree.pending.len() > MAX_COMMITS {
        return Err(Fault::Limit);
    }
    commits.extend(tree.pending.iter().map(|pending| {
        let address = match pending.target {
            CommitTarget::Start => tree.address,
            CommitTarget::End => tree.next,
            CommitTarget::Operand(operand) => tree.operand_offset(pending.slot, operand),
        };
        Commit { address, word: pending.word, mask: pending.mask, bits: pending.bits, flow: pending.flow }
    }));
    Ok(())
}

impl Tree {
    /// The offset that an operand of a node stands for.
    fn operand_offset(&self, slot: u16, operand: u32) -> u64 {
        let node = self.slots.get(usize::from(slot));
        let place = node.map_or(0, |node| usize::from(node.first) + operand as usize);
        self.handles.get(place).map_or(0, |handle| handle.offset)
    }
}
