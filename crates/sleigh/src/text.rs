//! Disassembly text, for listings: what people read, never what analyses use.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers from the table were checked when it was loaded; slot numbers are made by the resolver"
)]

use std::fmt::{self, Write};

use crate::context::Context;
use crate::error::{Fault, LiftError};
use crate::lifter::Lifter;
use crate::resolve::{Slot, Tree};
use crate::table::{Constructor, NONE, Piece, Source, Table};

/// An instruction as the processor's manual would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What comes before the first blank.
    pub mnemonic: String,
    /// The rest.
    pub operands: String,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = if self.operands.is_empty() { "" } else { " " };
        write!(f, "{}{blank}{}", self.mnemonic, self.operands)
    }
}

impl Lifter<'_> {
    /// The text of the instruction at `address`, without that of its delay slot. Also there for instructions that
    /// have no semantics in the table.
    ///
    /// # Errors
    /// As [`Lifter::lift`], when the bytes do not decode.
    pub fn text(&mut self, bytes: &[u8], address: u64, context: Context) -> Result<Text, LiftError> {
        let table = self.table();
        let tree = self.decode_alone(bytes, address, context)?;
        let printer = Printer { table, tree };
        printer.instruction().map_err(|fault| fault.at(address, 0))
    }
}

struct Printer<'a> {
    table: &'a Table,
    tree: &'a Tree,
}

impl Printer<'_> {
    fn instruction(&self) -> Result<Text, Fault> {
        let slot = self.speaker();
        let pieces = self.pieces(slot);
        let blank = (self.constructor(slot).blank as usize).min(pieces.len());
        let (before, after) = pieces.split_at(blank);
        let mut text = Text { mnemonic: String::new(), operands: String::new() };
        self.write(&mut text.mnemonic, slot, before)?;
        self.write(&mut text.operands, slot, after.get(1..).unwrap_or_default())?;
        Ok(text)
    }

    /// The first node from the root that does more than pass on another one.
    fn speaker(&self) -> usize {
        let mut slot = 0;
        while let [Piece::Operand(operand)] = self.pieces(slot) {
            let inner = usize::from(self.tree.slots[slot].first) + *operand as usize;
            if self.tree.slots[inner].constructor == NONE {
                break;
            }
            slot = inner;
        }
        slot
    }

    fn constructor(&self, slot: usize) -> &Constructor {
        &self.table.constructors[self.tree.slots[slot].constructor as usize]
    }

    fn pieces(&self, slot: usize) -> &[Piece] {
        &self.table.pieces[self.constructor(slot).pieces.indices()]
    }

    /// The nesting is that of the tree, which the resolver limits.
    fn write(&self, out: &mut String, slot: usize, pieces: &[Piece]) -> Result<(), Fault> {
        for piece in pieces {
            match *piece {
                Piece::Text(string) => out.push_str(self.table.strings.at(string).unwrap_or_default()),
                Piece::Operand(operand) => {
                    let inner = usize::from(self.tree.slots[slot].first) + operand as usize;
                    self.operand(out, inner)?;
                }
            }
        }
        Ok(())
    }

    fn operand(&self, out: &mut String, slot: usize) -> Result<(), Fault> {
        let Slot { constructor, operand, start, .. } = self.tree.slots[slot];
        if constructor != NONE {
            return self.write(out, slot, self.pieces(slot));
        }
        let operand = &self.table.operands[operand as usize];
        match operand.source {
            Source::Expression => {
                number(out, self.tree.value(self.table, operand.expression, slot, start, 0)?);
            }
            Source::ValueMap(_) => number(out, self.tree.entry(self.table, operand, slot)?),
            Source::Names(_) => {
                let name = self.tree.entry(self.table, operand, slot)?;
                out.push_str(self.table.strings.at(name as u32).unwrap_or_default());
            }
            Source::Registers(_) => {
                let register = self.tree.entry(self.table, operand, slot)?;
                out.push_str(self.table.register_at(register as u32).0);
            }
            Source::Register(register) => out.push_str(self.table.register_at(register).0),
            Source::Start => number(out, self.tree.address.cast_signed()),
            Source::End => number(out, self.tree.next.cast_signed()),
            Source::Subtable(_) | Source::Nothing => {}
        }
        Ok(())
    }
}

fn number(out: &mut String, value: i64) {
    let sign = if value < 0 { "-" } else { "" };
    // Writing to a string does not fail.
    let _ = write!(out, "{sign}{:#x}", value.unsigned_abs());
}
