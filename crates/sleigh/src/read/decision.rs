//! Decision trees and patterns.

use std::collections::VecDeque;

use super::Builder;
use super::ids::{attribute, element};
use crate::error::LoadError;
use crate::packed::Element;
use crate::table::{Decision, Pair};

/// Words of instruction, of context; `None` where nothing is demanded.
type Blocks<'d> = (Option<Element<'d>>, Option<Element<'d>>);

/// Reads the tree of a subtable and returns its root. Children of a node stand together, behind the node.
pub(super) fn read(builder: &mut Builder<'_>, subtable: u32, tree: Element<'_>) -> Result<u32, LoadError> {
    let root = builder.table.decisions.len();
    builder.table.decisions.push(Decision::default());
    let mut waiting = VecDeque::from([(root, tree)]);
    while let Some((place, item)) = waiting.pop_front() {
        let decision = if item.need(attribute::SIZE)? == 0 {
            leaf(builder, subtable, item)?
        } else {
            let decision = branch(builder, item)?;
            waiting.extend((decision.first as usize..).zip(item.children()));
            decision
        };
        if let Some(slot) = builder.table.decisions.get_mut(place) {
            *slot = decision;
        }
    }
    Ok(root as u32)
}

fn branch(builder: &mut Builder<'_>, item: Element<'_>) -> Result<Decision, LoadError> {
    let size: u8 = item.int(attribute::SIZE)?;
    let first = builder.table.decisions.len();
    let children = item.all(element::DECISION).count();
    if size > 8 || children != 1 << size || children != item.children().count() {
        return Err(LoadError::Child { element: item.id() });
    }
    builder.table.decisions.resize(first + children, Decision::default());
    let context = item.need(attribute::CONTEXT)? != 0;
    Ok(Decision { first: first as u32, start: item.int(attribute::STARTBIT)?, size, context })
}

fn leaf(builder: &mut Builder<'_>, subtable: u32, item: Element<'_>) -> Result<Decision, LoadError> {
    let first = builder.table.pairs.len();
    for pair in item.children() {
        if pair.id() != element::PAIR {
            return Err(LoadError::Child { element: item.id() });
        }
        let constructor = builder.symbols.constructor(subtable, pair.int(attribute::ID)?)?;
        let pair = pattern(constructor, pair.child(0)?)?;
        builder.table.pairs.push(pair);
    }
    let count = u16::try_from(builder.table.pairs.len() - first);
    let start = count.map_err(|_| LoadError::Unsupported { what: "more than 65535 patterns in a leaf" })?;
    Ok(Decision { first: first as u32, start, size: 0, context: false })
}

fn pattern(constructor: u32, item: Element<'_>) -> Result<Pair, LoadError> {
    let (instruction, context) = blocks(item)?;
    let (offset, mask, value) = instruction.map_or(Ok((0, 0, 0)), block)?;
    let (start, context_mask, context_value) = context.map_or(Ok((0, 0, 0)), block)?;
    // Context blocks count from byte 0 of both words.
    let shift = 8 * u32::from(start);
    let lost = context_mask.checked_shl(64_u32.saturating_sub(shift)).unwrap_or(0);
    if shift > 0 && (shift >= 64 && context_mask != 0 || shift < 64 && lost != 0) {
        return Err(LoadError::Unsupported { what: "more than two words of context" });
    }
    let (context_mask, context_value) = match context_mask {
        0 => (0, context_value),
        mask => (mask >> shift, context_value >> shift),
    };
    Ok(Pair { constructor, offset, mask, value, context_mask, context_value })
}

fn blocks(item: Element<'_>) -> Result<Blocks<'_>, LoadError> {
    let only = |item: Element<'_>| item.child(0).map(|_| ());
    only(item)?;
    match item.id() {
        element::INSTRUCT_PAT => Ok((Some(item.child(0)?), None)),
        element::CONTEXT_PAT => Ok((None, Some(item.child(0)?))),
        element::COMBINE_PAT => {
            let (context, instruction) = (item.child(0)?, item.child(1)?);
            if context.id() != element::CONTEXT_PAT || instruction.id() != element::INSTRUCT_PAT {
                return Err(LoadError::Child { element: item.id() });
            }
            Ok((Some(instruction.child(0)?), Some(context.child(0)?)))
        }
        other => Err(LoadError::Child { element: other }),
    }
}

/// First byte, mask and value of at most 64 bits.
fn block(item: Element<'_>) -> Result<(u8, u64, u64), LoadError> {
    if item.id() != element::PAT_BLOCK {
        return Err(LoadError::Child { element: item.id() });
    }
    let nonzero: i64 = item.int(attribute::NONZERO)?;
    if nonzero <= 0 {
        return Ok((0, 0, u64::from(nonzero < 0)));
    }
    let (mut mask, mut value) = (0, 0);
    for (index, word) in item.all(element::MASK_WORD).enumerate() {
        if index >= 2 {
            return Err(LoadError::Unsupported { what: "a pattern of more than two words" });
        }
        let shift = 32 - 32 * index as u32;
        let (m, v): (u32, u32) = (word.int(attribute::MASK)?, word.int(attribute::VAL)?);
        mask |= u64::from(m) << shift;
        value |= u64::from(v) << shift;
    }
    Ok((item.int(attribute::OFF)?, mask, value))
}
