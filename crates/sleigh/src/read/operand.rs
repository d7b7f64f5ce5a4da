//! Operands and the symbols that define them.

use super::Builder;
use super::ids::{attribute, element};
use crate::error::LoadError;
use crate::packed::Element;
use crate::table::{NONE, Operand, Range, Source};

/// Reads the operand symbol `id` and appends it.
pub(super) fn read(builder: &mut Builder<'_>, id: u32) -> Result<(), LoadError> {
    let body = builder.symbols.body_of(id)?;
    if body.id() != element::OPERAND_SYM {
        return Err(LoadError::Child { element: body.id() });
    }
    let (source, expression) = match (body.number(attribute::SUBSYM), body.children().nth(1)) {
        (Some(_), _) => defined_by(builder, body.int(attribute::SUBSYM)?)?,
        (None, Some(expression)) => (Source::Expression, builder.expression(expression)?),
        (None, None) => (Source::Nothing, NONE),
    };
    builder.table.operands.push(Operand {
        source,
        expression,
        base: body.int(attribute::BASE)?,
        offset: body.int(attribute::OFF)?,
        length: body.int(attribute::MINLEN)?,
    });
    Ok(())
}

fn defined_by(builder: &mut Builder<'_>, symbol: u32) -> Result<(Source, u32), LoadError> {
    if let Some(known) = builder.symbols.sources.get(&symbol) {
        return Ok(*known);
    }
    let body = builder.symbols.body_of(symbol)?;
    let expression = match body.id() {
        element::VALUE_SYM
        | element::CONTEXT_SYM
        | element::VALUEMAP_SYM
        | element::NAME_SYM
        | element::VARLIST_SYM => builder.expression(body.child(0)?)?,
        _ => NONE,
    };
    let source = match body.id() {
        element::VALUE_SYM | element::CONTEXT_SYM => Source::Expression,
        element::VALUEMAP_SYM => Source::ValueMap(value_list(builder, body)?),
        element::NAME_SYM => Source::Names(name_list(builder, body)),
        element::VARLIST_SYM => Source::Registers(register_list(builder, body)?),
        element::VARNODE_SYM => Source::Register(builder.symbols.register(symbol)?),
        element::SUBTABLE_SYM => Source::Subtable(symbol),
        element::START_SYM => Source::Start,
        element::END_SYM => Source::End,
        element::NEXT2_SYM => return Err(LoadError::Unsupported { what: "`inst_next2`" }),
        other => return Err(LoadError::Child { element: other }),
    };
    builder.symbols.sources.insert(symbol, (source, expression));
    Ok((source, expression))
}

/// The items appended to a list since it had `before` of them.
fn range<T>(before: usize, list: &[T]) -> Range {
    Range { first: before as u32, count: (list.len() - before) as u32 }
}

fn value_list(builder: &mut Builder<'_>, body: Element<'_>) -> Result<Range, LoadError> {
    let before = builder.table.value_lists.len();
    for entry in body.children().skip(1) {
        builder.table.value_lists.push(entry.need(attribute::VAL)?.cast_signed());
    }
    Ok(range(before, &builder.table.value_lists))
}

fn name_list(builder: &mut Builder<'_>, body: Element<'_>) -> Range {
    let before = builder.table.name_lists.len();
    for entry in body.children().skip(1) {
        let name = entry.text(attribute::NAME).ok().filter(|name| *name != "_");
        let name = name.map_or(NONE, |name| builder.string(name));
        builder.table.name_lists.push(name);
    }
    range(before, &builder.table.name_lists)
}

fn register_list(builder: &mut Builder<'_>, body: Element<'_>) -> Result<Range, LoadError> {
    let before = builder.table.register_lists.len();
    for entry in body.children().skip(1) {
        let register = match entry.id() {
            element::VAR => builder.symbols.register(entry.int(attribute::ID)?)?,
            element::NULL => NONE,
            other => return Err(LoadError::Child { element: other }),
        };
        builder.table.register_lists.push(register);
    }
    Ok(range(before, &builder.table.register_lists))
}
