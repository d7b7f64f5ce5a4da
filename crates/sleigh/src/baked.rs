//! The compact form of a table that is embedded in the crate.
//!
//! A version byte, then every array of [`Table`] in order of its fields with variable-length integers (seven bits a
//! byte, low part first), all of it compressed. Tables are small that way, and loading is one pass.

use crate::context::{Context, ContextVariable};
use crate::error::LoadError;
use crate::pcode::{SpaceId, Varnode};
use crate::table::{
    Binary, CommitTarget, Constant, Constructor, ContextChange, ContextCommit, ContextField, ContextSet,
    Decision, Expression, HandleTemplate, Index, OpTemplate, Operand, Pair, Piece, Range, Register, Source,
    Space, SpaceKind, Strings, Table, Template, TokenField, VarnodeTemplate,
};

const VERSION: u8 = 1;
const MAX_INFLATED: usize = 64 << 20;

/// Reads an embedded table and checks it.
pub(crate) fn decode(compressed: &[u8]) -> Result<Table, LoadError> {
    let bytes =
        zstd::bulk::decompress(compressed, inflated_size(compressed)?).map_err(|_| LoadError::Inflate)?;
    let Some((&VERSION, bytes)) = bytes.split_first() else {
        return Err(LoadError::Version { version: u64::from(bytes.first().copied().unwrap_or(0)) });
    };
    let mut input = Input { bytes, position: 0 };
    let table = Table::take(&mut input).ok_or(LoadError::Encoding { offset: input.position })?;
    if input.position != bytes.len() {
        return Err(LoadError::Encoding { offset: input.position });
    }
    table.finish()
}

fn inflated_size(compressed: &[u8]) -> Result<usize, LoadError> {
    let size =
        zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten().ok_or(LoadError::Inflate)?;
    usize::try_from(size).ok().filter(|size| *size <= MAX_INFLATED).ok_or(LoadError::TooLarge)
}

/// Writes a table as it is embedded.
#[cfg(feature = "bake")]
pub(crate) fn encode(table: &Table) -> Result<Vec<u8>, LoadError> {
    zstd::bulk::compress(&plain(table), 19).map_err(|_| LoadError::TooLarge)
}

/// The embedded form before compression.
#[cfg(any(test, feature = "bake"))]
pub(crate) fn plain(table: &Table) -> Vec<u8> {
    let mut out = vec![VERSION];
    table.put(&mut out);
    out
}

struct Input<'b> {
    bytes: &'b [u8],
    position: usize,
}

impl Input<'_> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.position)?;
        self.position += 1;
        Some(byte)
    }
}

trait Wire: Sized {
    #[cfg_attr(
        not(any(test, feature = "bake")),
        allow(dead_code, reason = "only the chore that bakes tables writes")
    )]
    fn put(&self, out: &mut Vec<u8>);
    fn take(input: &mut Input<'_>) -> Option<Self>;
}

impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    #[inline]
    fn take(input: &mut Input<'_>) -> Option<Self> {
        // Nearly every integer of a table is one byte: loading is a third faster with that case apart.
        let first = input.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for shift in (7..70).step_by(7) {
            let byte = input.byte()?;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

macro_rules! narrow {
    ($($type:ty)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                u64::from(*self).put(out);
            }

            #[inline]
            fn take(input: &mut Input<'_>) -> Option<Self> {
                u64::take(input)?.try_into().ok()
            }
        }
    )*};
}
narrow!(u8 u16 u32);

impl Wire for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((self << 1) ^ (self >> 63)).cast_unsigned().put(out);
    }

    #[inline]
    fn take(input: &mut Input<'_>) -> Option<Self> {
        let folded = u64::take(input)?;
        Some((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()))
    }
}

impl Wire for i16 {
    fn put(&self, out: &mut Vec<u8>) {
        i64::from(*self).put(out);
    }

    #[inline]
    fn take(input: &mut Input<'_>) -> Option<Self> {
        i64::take(input)?.try_into().ok()
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn take(input: &mut Input<'_>) -> Option<Self> {
        match input.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(input: &mut Input<'_>) -> Option<Self> {
        let count = usize::try_from(u64::take(input)?).ok()?;
        let bytes = input.bytes.get(input.position..input.position.checked_add(count)?)?;
        input.position += count;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Input<'_>) -> Option<Self> {
        let count = usize::try_from(u64::take(input)?).ok()?;
        // Every item takes at least a byte: no count can claim more memory than the input justifies.
        if count > input.bytes.len() - input.position {
            return None;
        }
        let mut items = Self::with_capacity(count);
        for _ in 0..count {
            items.push(T::take(input)?);
        }
        Some(items)
    }
}

impl<T: Wire + Copy + Default, const N: usize> Wire for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Input<'_>) -> Option<Self> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::take(input)?;
        }
        Some(items)
    }
}

impl Wire for Context {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(input: &mut Input<'_>) -> Option<Self> {
        Wire::take(input).map(Self)
    }
}

impl Wire for SpaceId {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    #[inline]
    fn take(input: &mut Input<'_>) -> Option<Self> {
        Wire::take(input).map(Self)
    }
}

/// Computed after loading, not stored.
impl Wire for Index {
    fn put(&self, _: &mut Vec<u8>) {}

    fn take(_: &mut Input<'_>) -> Option<Self> {
        Some(Self::default())
    }
}

/// The fields of a structure, in this order.
macro_rules! fields {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            #[inline]
            fn take(input: &mut Input<'_>) -> Option<Self> {
                Some(Self { $($field: Wire::take(input)?),* })
            }
        }
    )*};
}

fields! {
    Varnode { space offset size }
    Space { name kind address_size mask }
    Register { name varnode }
    Range { first count }
    TokenField { start bytes shift bits signed big_endian }
    ContextField { shift bits signed }
    ContextVariable { name word shift mask flow }
    Operand { source expression base offset length }
    ContextSet { word shift mask expression }
    ContextCommit { target word mask flow }
    Constructor { operands changes pieces blank template length delay }
    Decision { first start size context }
    Pair { constructor offset mask value context_mask context_value }
    HandleTemplate {
        space size pointer_space pointer_offset pointer_size temporary_space temporary_offset
    }
    OpTemplate { code inputs first output }
    Template { ops labels handle }
    Strings { text ends }
    Table {
        big_endian alignment unique_base unique_mask code_space unique_space register_space root default_context
        spaces strings registers user_ops variables expressions value_lists name_lists register_lists constructors
        operands changes pieces decisions pairs templates ops template_inputs varnodes general_varnodes handles index
    }
}

/// A tag byte for the variant, then its fields.
macro_rules! variants {
    ($($name:ident { $($tag:literal $variant:ident $(($($field:ident)*))?,)* })*) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($field),*))? => {
                        out.push($tag);
                        $($($field.put(out);)*)?
                    })*
                }
            }

            #[inline]
            fn take(input: &mut Input<'_>) -> Option<Self> {
                Some(match input.byte()? {
                    $($tag => {
                        $($(let $field = Wire::take(input)?;)*)?
                        Self::$variant $(($($field),*))?
                    })*
                    _ => return None,
                })
            }
        }
    )*};
}

variants! {
    SpaceKind { 0 Constant, 1 Unique, 2 Memory, 3 Register, 4 Other, }
    Binary { 0 Add, 1 Sub, 2 Mult, 3 Div, 4 Left, 5 Right, 6 And, 7 Or, 8 Xor, }
    Expression {
        0 Number(value), 1 Token(field), 2 Context(field), 3 InstructionStart, 4 InstructionEnd,
        5 Operand(constructor operand), 6 Binary(op left right), 7 Minus(inner), 8 Not(inner),
    }
    Source {
        0 Subtable(root), 1 Expression, 2 ValueMap(range), 3 Names(range), 4 Registers(range), 5 Register(number),
        6 Start, 7 End, 8 Nothing,
    }
    CommitTarget { 0 Operand(number), 1 Start, 2 End, }
    ContextChange { 0 Set(set), 1 Commit(commit), }
    Piece { 0 Text(string), 1 Operand(number), }
    Constant {
        0 Number(value), 1 Relative(label), 2 HandleSpace(operand), 3 HandleOffset(operand), 4 HandleSize(operand),
        5 HandlePart(operand offset dropped), 6 Start, 7 Next, 8 Space(space),
    }
    VarnodeTemplate { 0 Fixed(varnode), 1 Whole(operand), 2 General(number), }
}

impl Wire for [Constant; 3] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|constant| constant.put(out));
    }

    fn take(input: &mut Input<'_>) -> Option<Self> {
        Some([Wire::take(input)?, Wire::take(input)?, Wire::take(input)?])
    }
}
