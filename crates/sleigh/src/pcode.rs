//! P-code: varnodes, opcodes and the packed operation.
//!
//! An operation has at most one output and, except [`Opcode::CallOther`], at most three inputs. `CALLOTHER` takes any
//! number (nine is the most in our tables); inputs beyond three stand in a side list of the sequence the operation
//! belongs to, so an [`Op`] alone is not enough to read them: ask [`Ops::inputs`] or [`crate::Lifted::inputs`].
//!
//! Source of the numbering: the opcode enumeration of Ghidra's decompiler, as stored in compiled tables.

/// Index of an address space in its language's table. 0 is always the constant space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub u8);

impl SpaceId {
    /// The space whose offsets are values, not places.
    pub const CONSTANT: Self = Self(0);
}

/// A contiguous run of `size` bytes at `offset` of a space; in the constant space, the number `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Varnode {
    /// Where.
    pub space: SpaceId,
    /// Byte offset in the space, or the value itself.
    pub offset: u64,
    /// Bytes, 0–254 or 256.
    pub size: u16,
}

impl Varnode {
    /// The number `value`, `size` bytes wide.
    pub const fn constant(value: u64, size: u16) -> Self {
        Self { space: SpaceId::CONSTANT, offset: value, size }
    }

    /// Is this a number rather than a place?
    pub fn is_constant(self) -> bool {
        self.space == SpaceId::CONSTANT
    }
}

macro_rules! opcodes {
    ($($id:ident = $code:literal $name:literal $least:literal ..= $most:literal, $output:ident, $doc:literal;)*) => {
        /// What an operation does. Inputs are called a, b, c in order.
        ///
        /// Integers are little words of any size modulo 2^bits; comparisons and `BOOL_*` give one byte, 0 or 1. A
        /// shift by the width or more gives 0 (`INT_SRIGHT`: the sign). Division by zero has no value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Opcode {
            $(#[doc = $doc] $id = $code,)*
        }

        impl Opcode {
            /// Every opcode, by number.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// The opcode of a number, as stored in tables.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$id),)*
                    _ => None,
                }
            }

            /// Name as Ghidra prints it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// Number of inputs it takes; only `CALLOTHER` varies.
            pub const fn inputs(self) -> std::ops::RangeInclusive<usize> {
                match self {
                    $(Self::$id => $least..=$most,)*
                }
            }

            /// Whether it writes an output.
            pub const fn output(self) -> Output {
                match self {
                    $(Self::$id => Output::$output,)*
                }
            }
        }
    };
}

/// Whether operations of an opcode have an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Always.
    One,
    /// Never.
    None,
    /// Either.
    Optional,
}

opcodes! {
    Copy = 1 "COPY" 1..=1, One, "out = a";
    Load = 2 "LOAD" 2..=2, One, "out = memory of space number a at b";
    Store = 3 "STORE" 3..=3, None, "memory of space number a at b = c";
    Branch = 4 "BRANCH" 1..=1, None, "go to a: an address, or a distance in operations if a is constant";
    CBranch = 5 "CBRANCH" 2..=2, None, "go to a if b is not 0";
    BranchInd = 6 "BRANCHIND" 1..=1, None, "go to the address held in a";
    Call = 7 "CALL" 1..=1, None, "call a";
    CallInd = 8 "CALLIND" 1..=1, None, "call the address held in a";
    CallOther = 9 "CALLOTHER" 1..=255, Optional, "user operation number a applied to the other inputs";
    Return = 10 "RETURN" 1..=1, None, "return to the address held in a";
    IntEqual = 11 "INT_EQUAL" 2..=2, One, "a = b";
    IntNotEqual = 12 "INT_NOTEQUAL" 2..=2, One, "a ≠ b";
    IntSLess = 13 "INT_SLESS" 2..=2, One, "signed a < b";
    IntSLessEqual = 14 "INT_SLESSEQUAL" 2..=2, One, "signed a ≤ b";
    IntLess = 15 "INT_LESS" 2..=2, One, "unsigned a < b";
    IntLessEqual = 16 "INT_LESSEQUAL" 2..=2, One, "unsigned a ≤ b";
    IntZExt = 17 "INT_ZEXT" 1..=1, One, "zero-extend a";
    IntSExt = 18 "INT_SEXT" 1..=1, One, "sign-extend a";
    IntAdd = 19 "INT_ADD" 2..=2, One, "a + b";
    IntSub = 20 "INT_SUB" 2..=2, One, "a − b";
    IntCarry = 21 "INT_CARRY" 2..=2, One, "unsigned a + b overflows";
    IntSCarry = 22 "INT_SCARRY" 2..=2, One, "signed a + b overflows";
    IntSBorrow = 23 "INT_SBORROW" 2..=2, One, "signed a − b overflows";
    Int2Comp = 24 "INT_2COMP" 1..=1, One, "−a";
    IntNegate = 25 "INT_NEGATE" 1..=1, One, "bitwise complement of a";
    IntXor = 26 "INT_XOR" 2..=2, One, "bitwise exclusive or";
    IntAnd = 27 "INT_AND" 2..=2, One, "bitwise and";
    IntOr = 28 "INT_OR" 2..=2, One, "bitwise or";
    IntLeft = 29 "INT_LEFT" 2..=2, One, "a shifted left by b; the sizes may differ";
    IntRight = 30 "INT_RIGHT" 2..=2, One, "a shifted right by b, zeros enter";
    IntSRight = 31 "INT_SRIGHT" 2..=2, One, "a shifted right by b, copies of the sign enter";
    IntMult = 32 "INT_MULT" 2..=2, One, "a · b";
    IntDiv = 33 "INT_DIV" 2..=2, One, "unsigned a / b";
    IntSDiv = 34 "INT_SDIV" 2..=2, One, "signed a / b, toward 0";
    IntRem = 35 "INT_REM" 2..=2, One, "unsigned remainder";
    IntSRem = 36 "INT_SREM" 2..=2, One, "signed remainder with the sign of a";
    BoolNegate = 37 "BOOL_NEGATE" 1..=1, One, "1 − a";
    BoolXor = 38 "BOOL_XOR" 2..=2, One, "a ≠ b";
    BoolAnd = 39 "BOOL_AND" 2..=2, One, "a and b";
    BoolOr = 40 "BOOL_OR" 2..=2, One, "a or b";
    FloatEqual = 41 "FLOAT_EQUAL" 2..=2, One, "a = b";
    FloatNotEqual = 42 "FLOAT_NOTEQUAL" 2..=2, One, "a ≠ b";
    FloatLess = 43 "FLOAT_LESS" 2..=2, One, "a < b";
    FloatLessEqual = 44 "FLOAT_LESSEQUAL" 2..=2, One, "a ≤ b";
    FloatNan = 46 "FLOAT_NAN" 1..=1, One, "a is not a number";
    FloatAdd = 47 "FLOAT_ADD" 2..=2, One, "a + b";
    FloatDiv = 48 "FLOAT_DIV" 2..=2, One, "a / b";
    FloatMult = 49 "FLOAT_MULT" 2..=2, One, "a · b";
    FloatSub = 50 "FLOAT_SUB" 2..=2, One, "a − b";
    FloatNeg = 51 "FLOAT_NEG" 1..=1, One, "−a";
    FloatAbs = 52 "FLOAT_ABS" 1..=1, One, "absolute value";
    FloatSqrt = 53 "FLOAT_SQRT" 1..=1, One, "square root";
    Int2Float = 54 "INT2FLOAT" 1..=1, One, "signed integer to float";
    Float2Float = 55 "FLOAT2FLOAT" 1..=1, One, "float of another width";
    Trunc = 56 "TRUNC" 1..=1, One, "float to signed integer, toward 0";
    Ceil = 57 "CEIL" 1..=1, One, "round toward +∞";
    Floor = 58 "FLOOR" 1..=1, One, "round toward −∞";
    Round = 59 "ROUND" 1..=1, One, "round to nearest";
    Piece = 62 "PIECE" 2..=2, One, "concatenation, a is the high part";
    SubPiece = 63 "SUBPIECE" 2..=2, One, "a without its low b bytes, cut to the output's size";
    PopCount = 72 "POPCOUNT" 1..=1, One, "number of 1 bits";
    LzCount = 73 "LZCOUNT" 1..=1, One, "leading 0 bits of a";
}

/// Inputs stored in the operation itself.
const INLINE: usize = 3;
/// Stands in unused places.
pub(crate) const NO_VARNODE: Varnode = Varnode::constant(0, 0);
/// Set in `shape` when there is an output; the other bits count inputs.
const HAS_OUTPUT: u8 = 0x80;
/// Most inputs of one operation.
pub(crate) const MAX_INPUTS: usize = 0x7f;

/// One operation, packed into 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Op {
    /// Output, a, b, c. Of an operation with more than three inputs: output, a with the place of its inputs in the
    /// side list in the high half.
    offsets: [u64; 4],
    /// 255 stands for 256.
    sizes: [u8; 4],
    /// Four bits each.
    spaces: u16,
    opcode: Opcode,
    shape: u8,
}

const _: () = assert!(size_of::<Op>() == 40);

/// 256 becomes 255, which is no size of its own.
#[inline]
fn packed(size: u16) -> u8 {
    if size > 255 { 255 } else { size as u8 }
}

impl Op {
    /// An operation of at most three inputs; further inputs are ignored. Sizes are 0–254 or 256, spaces 0–15.
    pub fn new(opcode: Opcode, output: Option<Varnode>, inputs: &[Varnode]) -> Self {
        let mut all = [NO_VARNODE; INLINE];
        all.iter_mut().zip(inputs).for_each(|(slot, input)| *slot = *input);
        Self::pack(opcode, output, all, inputs.len().min(INLINE) as u8)
    }

    /// As [`Self::new`], of `count` inputs that stand first in `inputs`.
    #[inline]
    pub(crate) fn pack(
        opcode: Opcode,
        output: Option<Varnode>,
        inputs: [Varnode; INLINE],
        count: u8,
    ) -> Self {
        let [a, b, c] = inputs;
        let has_output = if output.is_some() { HAS_OUTPUT } else { 0 };
        let out = output.unwrap_or(NO_VARNODE);
        let space = |varnode: Varnode, place: u32| u16::from(varnode.space.0 & 15) << (4 * place);
        Self {
            offsets: [out.offset, a.offset, b.offset, c.offset],
            sizes: [packed(out.size), packed(a.size), packed(b.size), packed(c.size)],
            spaces: space(out, 0) | space(a, 1) | space(b, 2) | space(c, 3),
            opcode,
            shape: has_output | count,
        }
    }

    /// A load from the constant space gives the address itself: tables write masks that they compute in this way
    /// (PowerPC `rldic`). Whoever keeps operations shall not have to know that.
    fn without_constant_load(self) -> Self {
        let loads = self.opcode == Opcode::Load && self.input(0).is_some_and(|space| space.offset == 0);
        match (self.output(), self.input(1)) {
            (Some(output), Some(value)) if loads && output.size == value.size => {
                Self::new(Opcode::Copy, Some(output), &[value])
            }
            _ => self,
        }
    }

    #[inline]
    fn at(&self, place: usize) -> Option<Varnode> {
        let size = match *self.sizes.get(place)? {
            u8::MAX => 256,
            size => u16::from(size),
        };
        let space = SpaceId((self.spaces >> (4 * place)) as u8 & 15);
        Some(Varnode { space, offset: *self.offsets.get(place)?, size })
    }

    /// What it does.
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// What it writes, if anything.
    #[inline]
    pub fn output(&self) -> Option<Varnode> {
        if self.shape & HAS_OUTPUT == 0 { None } else { self.at(0) }
    }

    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        usize::from(self.shape & !HAS_OUTPUT)
    }

    /// Input `index`. `None` beyond the last one, and for inputs that stand in the side list (those of an operation
    /// with more than three inputs, except the first).
    #[inline]
    pub fn input(&self, index: usize) -> Option<Varnode> {
        let count = self.input_count();
        if index >= count {
            return None;
        }
        if count <= INLINE {
            return self.at(index + 1);
        }
        let first = self.at(1).filter(|_| index == 0)?;
        Some(Varnode { offset: first.offset & 0xffff_ffff, ..first })
    }

    /// Number of the user operation of a `CALLOTHER`.
    pub fn user_op(&self) -> Option<u32> {
        let first = self.input(0).filter(|_| self.opcode == Opcode::CallOther)?;
        u32::try_from(first.offset).ok()
    }

    fn side(&self) -> Option<usize> {
        let [_, first, ..] = self.offsets;
        (self.input_count() > INLINE).then_some((first >> 32) as usize)
    }
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = |f: &mut std::fmt::Formatter<'_>, v: Varnode| {
            write!(f, "{}:{:x}:{}", v.space.0, v.offset, v.size)
        };
        if let Some(output) = self.output() {
            show(f, output)?;
            write!(f, " = ")?;
        }
        write!(f, "{}", self.opcode.name())?;
        for input in (0..self.input_count()).map_while(|index| self.input(index)) {
            write!(f, " ")?;
            show(f, input)?;
        }
        if self.side().is_some() { write!(f, " …") } else { Ok(()) }
    }
}

/// The inputs of one operation, in order.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    op: Op,
    side: &'a [Varnode],
    next: usize,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(op: &Op, side: &'a [Varnode]) -> Self {
        let own = op.side().and_then(|start| side.get(start..start + op.input_count()));
        Self { op: *op, side: own.unwrap_or_default(), next: 0 }
    }
}

impl Iterator for Inputs<'_> {
    type Item = Varnode;

    #[inline]
    fn next(&mut self) -> Option<Varnode> {
        let index = self.next;
        self.next += 1;
        self.side.get(index).copied().or_else(|| self.op.input(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.op.input_count().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Inputs<'_> {}

/// A sequence of operations with the side list of their inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ops {
    ops: Vec<Op>,
    side: Vec<Varnode>,
}

impl Ops {
    /// The operations in order.
    pub fn as_slice(&self) -> &[Op] {
        &self.ops
    }

    /// The inputs of an operation of this sequence.
    pub fn inputs(&self, op: &Op) -> Inputs<'_> {
        Inputs::new(op, &self.side)
    }

    /// Appends an operation of any number of inputs (at most 127, the rest is ignored).
    pub fn push(&mut self, opcode: Opcode, output: Option<Varnode>, inputs: &[Varnode]) {
        let mut op = Op::new(opcode, output, inputs);
        if inputs.len() > INLINE {
            let inputs = inputs.get(..MAX_INPUTS).unwrap_or(inputs);
            op = self.with_side(Op::new(opcode, output, inputs.get(..1).unwrap_or_default()), inputs);
        }
        self.ops.push(op);
    }

    fn with_side(&mut self, mut op: Op, inputs: &[Varnode]) -> Op {
        let [_, first, ..] = &mut op.offsets;
        *first = *first & 0xffff_ffff | (self.side.len() as u64) << 32;
        op.shape = op.shape & HAS_OUTPUT | inputs.len() as u8;
        self.side.extend_from_slice(inputs);
        op
    }

    #[inline]
    pub(crate) fn push_op(&mut self, op: Op) {
        self.ops.push(op);
    }

    pub(crate) fn op_mut(&mut self, index: usize) -> Option<&mut Op> {
        self.ops.get_mut(index)
    }

    /// Appends operations whose inputs stand in `side`.
    pub(crate) fn append(&mut self, ops: &[Op], side: &[Varnode]) {
        for op in ops {
            let Some(start) = op.side() else {
                self.ops.push(op.without_constant_load());
                continue;
            };
            let inputs = side.get(start..start + op.input_count()).unwrap_or_default();
            let op = self.with_side(*op, inputs);
            self.ops.push(op);
        }
    }

    /// Empties the sequence and keeps its memory.
    pub fn clear(&mut self) {
        self.ops.clear();
        self.side.clear();
    }

    /// Gives back memory that nothing stands in.
    pub fn shrink_to_fit(&mut self) {
        self.ops.shrink_to_fit();
        self.side.shrink_to_fit();
    }

    pub(crate) fn side(&self) -> &[Varnode] {
        &self.side
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// No operations?
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}

impl Op {
    /// Adds to the first input's value, modulo its size: how relative branches get their distance.
    pub(crate) fn set_distance(&mut self, distance: u64) {
        let [_, size, ..] = self.sizes;
        let [_, first, ..] = &mut self.offsets;
        *first = crate::table::low_bytes(distance, u32::from(size));
    }

    /// The raw first input's offset.
    pub(crate) fn first_offset(&self) -> u64 {
        let [_, first, ..] = self.offsets;
        first
    }
}
