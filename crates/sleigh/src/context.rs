//! Context: the decoder's mode bits, and how they travel along control-flow edges.
//!
//! There is no map from addresses to modes. The caller keeps a [`Context`] for each block start and asks
//! [`Table::context_at`] for that of a successor, as here, where ARM code calls Thumb code:
//!
//! ```
//! use sleigh::{LanguageId, Lifter, table};
//!
//! let table = table(LanguageId::ArmLe)?;
//! let mode = table.variable("TMode").unwrap();
//! let arm = table.default_context();
//! let mut lifter = Lifter::new(table);
//!
//! // `blx 0x1008` in ARM state orders Thumb state for its target, flowing on from there.
//! let call = lifter.lift(&[0, 0, 0, 0xfa], 0x1000, arm)?;
//! let callee = table.context_at(0x1000, arm, call.commits, 0x1008);
//! assert_eq!(callee.value(mode), 1);
//! // The way back keeps the mode of the caller.
//! assert_eq!(table.context_at(0x1000, arm, call.commits, 0x1004), arm);
//!
//! // `movs r0, #1` in the callee: what follows is Thumb code as well.
//! let movs = lifter.lift(&[0x01, 0x20], 0x1008, callee)?;
//! assert_eq!(movs.length, 2);
//! assert_eq!(table.context_at(0x1008, callee, movs.commits, 0x100a), callee);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::table::Table;

/// The two words of context. Bit 0 of the specifications is the most significant bit of the first word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context(pub [u32; 2]);

impl Context {
    pub(crate) fn to_bits(self) -> u64 {
        let [high, low] = self.0;
        u64::from(high) << 32 | u64::from(low)
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self([(bits >> 32) as u32, bits as u32])
    }

    /// The value of a variable.
    pub fn value(self, variable: &ContextVariable) -> u32 {
        (word(self.to_bits(), variable.word) & variable.mask) >> variable.shift
    }

    /// This context with another value of one variable; excess bits of the value are dropped.
    #[must_use]
    pub fn with(self, variable: &ContextVariable, value: u32) -> Self {
        let bits = value.wrapping_shl(u32::from(variable.shift));
        Self::from_bits(replaced(self.to_bits(), variable.word, variable.mask, bits))
    }
}

/// Word 0 is the high half.
#[inline]
pub(crate) fn word(bits: u64, word: u8) -> u32 {
    if word == 0 { (bits >> 32) as u32 } else { bits as u32 }
}

/// `bits` with the masked part of one word taken from `value`.
#[inline]
pub(crate) fn replaced(bits: u64, word: u8, mask: u32, value: u32) -> u64 {
    let place = if word == 0 { 32 } else { 0 };
    bits & !(u64::from(mask) << place) | u64::from(value & mask) << place
}

/// A named part of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextVariable {
    /// Name in the specification.
    pub name: String,
    /// Word that holds it, 0 or 1.
    pub word: u8,
    /// Position of its lowest bit in the word.
    pub shift: u8,
    /// Its bits in the word.
    pub mask: u32,
    /// Whether it travels along control-flow edges.
    pub flow: bool,
}

/// A change of context that an instruction orders for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    /// For the instruction here.
    pub address: u64,
    /// Context word, 0 or 1.
    pub word: u8,
    /// Bits changed.
    pub mask: u32,
    /// Their new values.
    pub bits: u32,
    /// Whether the change travels on from there.
    pub flow: bool,
}

/// Variables that mean "instructions may be two bytes long".
const SHORT: &[&str] = &["TMode", "ISA_MODE", "vle", "RVC"];

impl Table {
    /// The context of a processor after its usual start.
    pub fn default_context(&self) -> Context {
        self.default_context
    }

    /// A context variable by name; the first one if the name is used twice.
    pub fn variable(&self, name: &str) -> Option<&ContextVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Every context variable. Several may cover the same bits.
    pub fn variables(&self) -> &[ContextVariable] {
        &self.variables
    }

    /// The context that the edge from the instruction at `from` (lifted with `context`, ordering `commits`) brings to
    /// `target`.
    pub fn context_at(&self, from: u64, context: Context, commits: &[Commit], target: u64) -> Context {
        let flow = self.index.flow.to_bits();
        let start = context.to_bits() & flow | self.default_context.to_bits() & !flow;
        let meant = commits.iter().filter(|c| c.address == target || c.flow && c.address == from);
        let bits = meant.fold(start, |bits, c| replaced(bits, c.word, c.mask, c.bits));
        Context::from_bits(bits)
    }

    /// Bytes to step over when those at an address do not decode: the unit in which this processor places
    /// instructions in this context.
    pub fn step_on_error(&self, context: Context) -> u32 {
        let short = |name: &&str| self.variable(name).is_some_and(|variable| context.value(variable) != 0);
        match self.alignment {
            2 if !SHORT.iter().any(short) => 4,
            alignment => alignment,
        }
    }

    /// Variables that flow, without the bits of those that do not.
    pub(crate) fn flow_bits(&self) -> Context {
        let of = |flow: bool| {
            let chosen = self.variables.iter().filter(|variable| variable.flow == flow);
            chosen.fold(0, |bits, v| replaced(bits, v.word, v.mask, u32::MAX))
        };
        Context::from_bits(of(true) & !of(false))
    }
}
