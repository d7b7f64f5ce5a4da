//! The functions of a program: blocks of P-code, the ways between them, calls.

use std::ops::Range;

use sleigh::Context;
use sleigh::pcode::{Op, Ops};

use crate::address::{BlockId, FuncId, ImportId, VirtAddr};
use crate::instruction::Instruction;

/// How a function came to be known. Several may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The entry of the image.
    Entry,
    /// Run by the loader: init and fini functions, resolvers.
    Loader,
    /// A symbol says so.
    Symbol,
    /// Unwinding tables say so (`.eh_frame`, `.ARM.exidx`).
    Unwind,
    /// Called or tail-called.
    Called,
    /// Its address stands in data or is used as a value in code.
    Taken,
    /// Found in a gap between functions, by its look.
    Gap,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// First instruction.
    pub entry: VirtAddr,
    /// Decoder context at the entry.
    pub context: Context,
    /// Name, if a symbol or an import gives one.
    pub name: Option<String>,
    /// How it came to be known, sorted.
    pub origins: Vec<Origin>,
    /// Basic blocks, by start. One of them starts at the entry.
    pub blocks: Vec<Block>,
    /// Calls, tail calls and system calls, by block and place.
    pub calls: Vec<Call>,
    /// Can it come back to its caller?
    pub returns: bool,
    /// Set if it does nothing but pass on to an import (PLT stub, thunk).
    pub stub: Option<ImportId>,
    /// Part of a library that was linked in, which only that library's own functions lead to.
    pub in_library: bool,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) ops: Ops,
}

/// A basic block: entered at its start only, left at its end only (a call that comes back does not end it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// First instruction.
    pub start: VirtAddr,
    /// Address behind the last one.
    pub end: VirtAddr,
    /// Decoder context at the start.
    pub context: Context,
    pub(crate) instructions: Range<u32>,
    /// Where control goes then.
    pub exit: Exit,
}

/// How control leaves a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// To one place.
    Always(Place),
    /// To one of two.
    Branch {
        /// The `CBRANCH` whose second input is the condition: index into [`Function::ops`].
        op: u32,
        /// Value of the condition that leads to `taken`.
        when: bool,
        /// Place then.
        taken: Place,
        /// Place otherwise.
        otherwise: Place,
    },
    /// Through a table of addresses.
    Switch {
        /// The `BRANCHIND`: index into [`Function::ops`].
        op: u32,
        /// Value of the selecting expression, and the block that it leads to; by value.
        cases: Vec<(u64, BlockId)>,
    },
}

/// Where control can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A block of the same function.
    Block(BlockId),
    /// Another function, not to come back here: index into [`Function::calls`].
    TailCall(u32),
    /// Back to the caller.
    Return,
    /// Nowhere.
    Stop(Stop),
    /// An address that was not found out.
    Unresolved,
}

/// Why control goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// Behind a call that never comes back.
    NoReturn,
    /// An undefined instruction, breakpoint or halt.
    Trap,
    /// The bytes are no instruction that the table knows.
    Undecoded,
    /// Nothing executable is mapped there.
    Unmapped,
    /// The limit on instructions of one function.
    Limit,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The calling instruction.
    pub address: VirtAddr,
    /// Its block.
    pub block: BlockId,
    /// The calling operation: index into [`Function::ops`].
    pub op: u32,
    /// What is called.
    pub target: CallTarget,
    /// Through a register or memory, rather than to a stated address?
    pub indirect: bool,
    /// A jump that ends this function?
    pub tail: bool,
    /// May be skipped within its instruction (conditional execution)?
    pub conditional: bool,
}

/// What a call leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallTarget {
    /// A function of this program.
    Function(FuncId),
    /// An imported function, directly or through a stub.
    Import(ImportId),
    /// An address where no function was recovered.
    Address(VirtAddr),
    /// The operating system.
    System,
    /// Not found out.
    Unresolved,
}

impl Function {
    /// All operations; instructions and blocks refer to them by index.
    pub fn ops(&self) -> &Ops {
        &self.ops
    }

    /// The instructions of a block, in order.
    pub fn instructions(&self, block: &Block) -> &[Instruction] {
        let range = block.instructions.start as usize..block.instructions.end as usize;
        self.instructions.get(range).unwrap_or_default()
    }

    /// The operations of an instruction.
    pub fn instruction_ops(&self, instruction: &Instruction) -> &[Op] {
        self.ops.as_slice().get(instruction.ops()).unwrap_or_default()
    }

    /// A block by its id.
    pub fn block(&self, id: BlockId) -> Option<&Block> {
        self.blocks.get(id.0 as usize)
    }

    /// The block that starts here.
    pub fn block_at(&self, start: VirtAddr) -> Option<BlockId> {
        let found = self.blocks.binary_search_by_key(&start, |block| block.start);
        found.ok().map(|index| BlockId(index as u32))
    }

    /// Bytes of all instructions; overlapping ones count each.
    pub fn code_bytes(&self) -> u64 {
        let blocks = self.blocks.iter().map(|block| block.end.0.saturating_sub(block.start.0));
        blocks.sum()
    }
}

impl Block {
    /// Blocks that may follow; each once, in the order of the exit.
    pub fn successors(&self) -> Vec<BlockId> {
        let mut all: Vec<BlockId> = match &self.exit {
            Exit::Always(place) => place.block().into_iter().collect(),
            Exit::Branch { taken, otherwise, .. } => {
                taken.block().into_iter().chain(otherwise.block()).collect()
            }
            Exit::Switch { cases, .. } => cases.iter().map(|case| case.1).collect(),
        };
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|block| seen.insert(*block));
        all
    }
}

impl Place {
    /// The block, if it is one.
    pub fn block(self) -> Option<BlockId> {
        match self {
            Self::Block(block) => Some(block),
            Self::TailCall(_) | Self::Return | Self::Stop(_) | Self::Unresolved => None,
        }
    }
}
