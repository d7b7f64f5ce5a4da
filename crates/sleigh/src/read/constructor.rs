//! Constructors: operands, print pieces, context changes, the template.

use super::ids::{attribute, element};
use super::{Builder, operand};
use crate::error::LoadError;
use crate::packed::Element;
use crate::table::{CommitTarget, Constructor, ContextChange, ContextCommit, ContextSet, NONE, Piece, Range};

/// Reads one constructor and appends it.
pub(super) fn read(builder: &mut Builder<'_>, item: Element<'_>) -> Result<(), LoadError> {
    let operands = builder.table.operands.len();
    let pieces = builder.table.pieces.len();
    let changes = builder.table.changes.len();
    let (mut template, mut delay) = (NONE, 0);
    for child in item.children() {
        match child.id() {
            element::OPER => operand::read(builder, child.int(attribute::ID)?)?,
            element::PRINT => {
                let text = builder.string(child.text(attribute::PIECE)?);
                builder.table.pieces.push(Piece::Text(text));
            }
            element::OPPRINT => builder.table.pieces.push(Piece::Operand(child.int(attribute::ID)?)),
            element::CONTEXT_OP | element::COMMIT => change(builder, child)?,
            element::CONSTRUCT_TPL if child.number(attribute::SECTION).is_some() => {
                return Err(LoadError::Unsupported { what: "named sections" });
            }
            element::CONSTRUCT_TPL => {
                delay = child.number(attribute::DELAY).unwrap_or(0).try_into().unwrap_or(u8::MAX);
                template = builder.template(child)?;
            }
            other => return Err(LoadError::Child { element: other }),
        }
    }
    let since = |before: usize, now: usize| Range { first: before as u32, count: (now - before) as u32 };
    let table = &mut builder.table;
    let first: i32 = item.int(attribute::FIRST)?;
    table.constructors.push(Constructor {
        operands: since(operands, table.operands.len()),
        changes: since(changes, table.changes.len()),
        pieces: since(pieces, table.pieces.len()),
        blank: u32::try_from(first).unwrap_or(NONE),
        template,
        length: item.int(attribute::LENGTH)?,
        delay,
    });
    Ok(())
}

fn change(builder: &mut Builder<'_>, item: Element<'_>) -> Result<(), LoadError> {
    let change = if item.id() == element::COMMIT {
        ContextChange::Commit(ContextCommit {
            target: target(builder, item.int(attribute::ID)?)?,
            word: item.int(attribute::NUMBER)?,
            mask: item.int(attribute::MASK)?,
            flow: item.need(attribute::FLOW)? != 0,
        })
    } else {
        ContextChange::Set(ContextSet {
            word: item.int(attribute::I)?,
            shift: item.int(attribute::SHIFT)?,
            mask: item.int(attribute::MASK)?,
            expression: builder.expression(item.child(0)?)?,
        })
    };
    builder.table.changes.push(change);
    Ok(())
}

fn target(builder: &Builder<'_>, symbol: u32) -> Result<CommitTarget, LoadError> {
    let body = builder.symbols.body_of(symbol)?;
    match body.id() {
        element::OPERAND_SYM => Ok(CommitTarget::Operand(body.int(attribute::INDEX)?)),
        element::START_SYM => Ok(CommitTarget::Start),
        element::END_SYM => Ok(CommitTarget::End),
        _ => Err(LoadError::Unsupported { what: "a context commit to a symbol that is no operand" }),
    }
}
