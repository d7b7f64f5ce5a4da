//! One language as flat, immutable arrays.
//!
//! Everything refers to everything else by index; the indices were checked once when the table was loaded
//! ([`crate::validate`]), so that decoding meets no dangling reference. Equal expressions, varnode templates and
//! strings are stored once.

use std::collections::BTreeMap;

use crate::context::{Context, ContextVariable};
use crate::handle::Export;
use crate::pcode::{SpaceId, Varnode};
use crate::program::Programs;

/// No such item.
pub(crate) const NONE: u32 = u32::MAX;

/// What a space holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpaceKind {
    /// Numbers.
    Constant,
    /// Temporaries of one instruction.
    Unique,
    /// Memory of the processor.
    Memory,
    /// Registers.
    Register,
    /// Ghidra's space for anything else; no instruction uses it.
    Other,
}

/// An address space of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Name in the specification.
    pub name: String,
    /// What it holds.
    pub kind: SpaceKind,
    /// Bytes of an address, 1–8.
    pub address_size: u8,
    /// Offsets wrap to these bits.
    pub(crate) mask: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    /// String number.
    pub name: u32,
    pub varnode: Varnode,
}

/// A run of items in another array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub first: u32,
    pub count: u32,
}

impl Range {
    pub(crate) fn indices(self) -> std::ops::Range<usize> {
        self.first as usize..self.first as usize + self.count as usize
    }
}

/// A field of the instruction bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenField {
    /// First byte, from the node's position.
    pub start: u8,
    /// Bytes, 1–8.
    pub bytes: u8,
    /// Low bits dropped.
    pub shift: u8,
    /// Bits kept, 1–64.
    pub bits: u8,
    pub signed: bool,
    pub big_endian: bool,
}

/// A field of the context, as a shift of both words read as one 64-bit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ContextField {
    pub shift: u8,
    pub bits: u8,
    pub signed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mult,
    Div,
    Left,
    Right,
    And,
    Or,
    Xor,
}

/// Pattern expressions; the numbers are places in the array of expressions, always below the own one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expression {
    Number(i64),
    Token(TokenField),
    Context(ContextField),
    InstructionStart,
    InstructionEnd,
    /// Constructor, operand number.
    Operand(u32, u32),
    Binary(Binary, u32, u32),
    Minus(u32),
    Not(u32),
}

/// What defines an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Root decision of the subtable.
    Subtable(u32),
    /// The operand's expression.
    Expression,
    /// Entry of `value_lists` picked by the expression.
    ValueMap(Range),
    /// Entry of `name_lists` picked by the expression.
    Names(Range),
    /// Entry of `register_lists` picked by the expression.
    Registers(Range),
    /// Register number.
    Register(u32),
    Start,
    End,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub source: Source,
    /// Value inside expressions, or [`NONE`] for 0.
    pub expression: u32,
    /// Operand whose end the position counts from, or −1 for the start of the constructor.
    pub base: i16,
    pub offset: u16,
    pub length: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitTarget {
    Operand(u32),
    Start,
    End,
}

/// A context change while decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextChange {
    Set(ContextSet),
    Commit(ContextCommit),
}

/// The masks cover both words as one 64-bit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContextSet {
    pub word: u8,
    pub shift: u8,
    pub mask: u32,
    pub expression: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContextCommit {
    pub target: CommitTarget,
    pub word: u8,
    pub mask: u32,
    pub flow: bool,
}

/// Part of what an instruction prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// String number.
    Text(u32),
    /// Operand number.
    Operand(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Constructor {
    pub operands: Range,
    pub changes: Range,
    pub pieces: Range,
    /// First blank piece: the mnemonic stands before it.
    pub blank: u32,
    /// Template number, or [`NONE`] if the instruction is unimplemented.
    pub template: u32,
    pub length: u16,
    /// Bytes of delay slot.
    pub delay: u8,
}

/// A node of a decision tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// First child; in a leaf, first pair.
    pub first: u32,
    /// First bit; in a leaf, number of pairs.
    pub start: u16,
    /// Bits read, 0 in a leaf.
    pub size: u8,
    pub context: bool,
}

/// A constructor with its pattern. A mask of 0 demands nothing, with a value other than 0 it never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub constructor: u32,
    /// First byte of the 64 instruction bits compared.
    pub offset: u8,
    pub mask: u64,
    pub value: u64,
    pub context_mask: u64,
    pub context_value: u64,
}

/// A number in a template; operand numbers are those of the constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Constant {
    Number(u64),
    /// Label number, to become a distance in operations.
    Relative(u64),
    HandleSpace(u32),
    HandleOffset(u32),
    HandleSize(u32),
    /// Operand, byte offset of the part, bytes dropped from a constant.
    HandlePart(u32, u16, u16),
    Start,
    Next,
    Space(u8),
}

impl Constant {
    /// The operand it looks at.
    pub(crate) fn operand(self) -> Option<u32> {
        match self {
            Self::HandleSpace(operand)
            | Self::HandleOffset(operand)
            | Self::HandleSize(operand)
            | Self::HandlePart(operand, ..) => Some(operand),
            _ => None,
        }
    }
}

/// A varnode of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum VarnodeTemplate {
    /// The same in every instruction.
    Fixed(Varnode),
    /// Space, offset and size of an operand.
    Whole(u32),
    /// Place in `general_varnodes`.
    General(u32),
}

/// Space, offset, size.
pub(crate) type GeneralVarnode = [Constant; 3];

/// What a constructor exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HandleTemplate {
    pub space: Constant,
    pub size: Constant,
    pub pointer_space: Constant,
    pub pointer_offset: Constant,
    pub pointer_size: Constant,
    pub temporary_space: Constant,
    pub temporary_offset: Constant,
}

/// Directives have the codes of opcodes that never occur in tables.
pub(crate) const BUILD: u8 = 60;
pub(crate) const DELAY_SLOT: u8 = 61;
pub(crate) const LABEL: u8 = 65;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpTemplate {
    /// Opcode or directive.
    pub code: u8,
    pub inputs: u8,
    /// First in `template_inputs`; the number itself for a directive.
    pub first: u32,
    /// In `varnodes`, or [`NONE`].
    pub output: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub ops: Range,
    pub labels: u16,
    /// In `handles`, or [`NONE`].
    pub handle: u32,
}

/// Strings stored once, end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strings {
    pub text: String,
    pub ends: Vec<u32>,
}

impl Strings {
    pub(crate) fn at(&self, index: u32) -> Option<&str> {
        let index = index as usize;
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.text.get(start as usize..*self.ends.get(index)? as usize)
    }
}

/// A language: everything needed to decode its instructions. Immutable and shared by threads.
#[derive(Debug)]
pub struct Table {
    pub(crate) big_endian: bool,
    pub(crate) alignment: u32,
    pub(crate) unique_base: u64,
    pub(crate) unique_mask: u64,
    pub(crate) code_space: SpaceId,
    pub(crate) unique_space: SpaceId,
    pub(crate) register_space: SpaceId,
    /// Root decision of the instruction table.
    pub(crate) root: u32,
    pub(crate) default_context: Context,
    pub(crate) spaces: Vec<Space>,
    pub(crate) strings: Strings,
    pub(crate) registers: Vec<Register>,
    /// String numbers.
    pub(crate) user_ops: Vec<u32>,
    pub(crate) variables: Vec<ContextVariable>,
    pub(crate) expressions: Vec<Expression>,
    pub(crate) value_lists: Vec<i64>,
    /// String numbers or [`NONE`].
    pub(crate) name_lists: Vec<u32>,
    /// Register numbers or [`NONE`].
    pub(crate) register_lists: Vec<u32>,
    pub(crate) constructors: Vec<Constructor>,
    pub(crate) operands: Vec<Operand>,
    pub(crate) changes: Vec<ContextChange>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) templates: Vec<Template>,
    pub(crate) ops: Vec<OpTemplate>,
    pub(crate) template_inputs: Vec<u32>,
    pub(crate) varnodes: Vec<VarnodeTemplate>,
    pub(crate) general_varnodes: Vec<GeneralVarnode>,
    pub(crate) handles: Vec<HandleTemplate>,
    pub(crate) index: Index,
}

/// What is computed from the rest when a table is loaded.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Register numbers sorted by name.
    pub by_name: Vec<u32>,
    /// First register number of each distinct place.
    pub by_place: BTreeMap<Varnode, u32>,
    /// Context bits that travel along edges.
    pub flow: Context,
    pub programs: Programs,
    /// By operand: whether its handle is looked at, by its constructor's template or a commit.
    pub used: Vec<bool>,
    /// Parallel to `handles`.
    pub exports: Vec<Export>,
    /// Bits that offsets have, by space.
    pub masks: [u64; 16],
}

/// The low `size` bytes of a number.
pub(crate) fn low_bytes(value: u64, size: u32) -> u64 {
    match size {
        0 => 0,
        1..=7 => value & ((1 << (8 * size)) - 1),
        _ => value,
    }
}

impl Table {
    /// The address spaces by number; number 0 is the constant space.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }

    /// What a space holds.
    pub fn space_kind(&self, space: SpaceId) -> Option<SpaceKind> {
        self.spaces.get(usize::from(space.0)).map(|space| space.kind)
    }

    /// The memory that instructions are fetched from.
    pub fn code_space(&self) -> SpaceId {
        self.code_space
    }

    /// The space of temporaries. They are dead at the end of their instruction.
    pub fn unique_space(&self) -> SpaceId {
        self.unique_space
    }

    /// The space of registers.
    pub fn register_space(&self) -> SpaceId {
        self.register_space
    }

    /// The smallest distance between two instructions, in bytes.
    pub fn alignment(&self) -> u32 {
        self.alignment
    }

    /// Bytes of a code address: 4 or 8.
    pub fn address_size(&self) -> u8 {
        self.spaces.get(usize::from(self.code_space.0)).map_or(0, |space| space.address_size)
    }

    /// Byte order of memory and of overlapping registers.
    pub fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// Where a register lies.
    pub fn register(&self, name: &str) -> Option<Varnode> {
        let found = self.index.by_name.binary_search_by(|number| self.register_at(*number).0.cmp(name));
        Some(self.register_at(*self.index.by_name.get(found.ok()?)?).1)
    }

    pub(crate) fn register_at(&self, number: u32) -> (&str, Varnode) {
        let found = self.registers.get(number as usize);
        let register = found.copied().unwrap_or(Register { name: NONE, varnode: Varnode::constant(0, 0) });
        (self.strings.at(register.name).unwrap_or_default(), register.varnode)
    }

    /// The name of exactly this place; the first one in the specification if there are several.
    pub fn register_name(&self, varnode: Varnode) -> Option<&str> {
        let number = self.index.by_place.get(&varnode)?;
        Some(self.register_at(*number).0)
    }

    /// The smallest named register that contains this place.
    pub fn containing_register(&self, varnode: Varnode) -> Option<(&str, Varnode)> {
        let end = varnode.offset.checked_add(u64::from(varnode.size))?;
        // No register is larger than 256 bytes.
        let lowest = Varnode { offset: varnode.offset.saturating_sub(256), size: 0, ..varnode };
        let highest = Varnode { size: u16::MAX, ..varnode };
        let candidates = self.index.by_place.range(lowest..=highest);
        let holding = candidates.filter(|(place, _)| place.offset + u64::from(place.size) >= end);
        holding.min_by_key(|(place, _)| place.size).map(|(_, number)| self.register_at(*number))
    }

    /// Every register with its place, in the order of the specification; several names may share a place.
    pub fn registers(&self) -> impl Iterator<Item = (&str, Varnode)> {
        (0..self.registers.len() as u32).map(|number| self.register_at(number))
    }

    /// Name of a user operation, the first input of `CALLOTHER`.
    pub fn user_op(&self, number: u32) -> Option<&str> {
        self.strings.at(*self.user_ops.get(number as usize)?)
    }

    /// Bytes of memory this table occupies.
    pub fn resident_bytes(&self) -> usize {
        fn of<T>(items: &Vec<T>) -> usize {
            items.capacity() * size_of::<T>()
        }
        let names: usize = self.spaces.iter().map(|s| s.name.len()).sum::<usize>()
            + self.variables.iter().map(|v| v.name.len()).sum::<usize>();
        let index = of(&self.index.by_name)
            + of(&self.index.exports)
            + of(&self.index.used)
            + of(&self.index.programs.steps)
            + of(&self.index.programs.ranges)
            + self.index.by_place.len() * size_of::<(Varnode, u32)>() * 3 / 2;
        let symbols = of(&self.registers) + of(&self.user_ops) + of(&self.variables) + of(&self.spaces);
        let text = self.strings.text.capacity() + of(&self.strings.ends) + of(&self.pieces);
        let lists = of(&self.value_lists) + of(&self.name_lists) + of(&self.register_lists);
        let decoding =
            of(&self.constructors) + of(&self.operands) + of(&self.changes) + of(&self.expressions);
        let trees = of(&self.decisions) + of(&self.pairs);
        let templates = of(&self.templates) + of(&self.ops) + of(&self.template_inputs) + of(&self.handles);
        let varnodes = of(&self.varnodes) + of(&self.general_varnodes);
        size_of::<Self>() + names + index + symbols + text + lists + decoding + trees + templates + varnodes
    }
}
