//! From `.sla` and `.pspec` files to a [`Table`].
//!
//! Only the chore that bakes the embedded tables (and tests) comes here. Two passes: heads give every symbol a kind
//! and every constructor its number, bodies may then refer to anything. Element and attribute numbers are those of
//! Ghidra's packed format and are named in [`ids`].

mod constructor;
mod decision;
mod expression;
mod ids;
mod operand;
mod specification;
mod symbols;
mod template;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

#[cfg(feature = "bake")]
use crate::baked;
use crate::error::LoadError;
use crate::packed::{Document, Element};
use crate::pcode::SpaceId;
use crate::table::{
    Expression, GeneralVarnode, HandleTemplate, Index, NONE, Space, SpaceKind, Strings, Table,
    VarnodeTemplate,
};
use ids::{attribute, element};

/// Reads a compiled table and the processor specification that gives its default context, and writes them in the
/// form embedded in this crate.
///
/// # Errors
/// Anything malformed or beyond what the runtime supports.
#[cfg(feature = "bake")]
pub fn bake(sla: &[u8], pspec: &[u8]) -> Result<Vec<u8>, LoadError> {
    baked::encode(&read(sla, pspec)?)
}

/// Reads a compiled table and a processor specification into a checked table.
pub(crate) fn read(sla: &[u8], pspec: &[u8]) -> Result<Table, LoadError> {
    let document = Document::parse(sla)?;
    let mut builder = Builder::new(document.root()?)?;
    builder.symbols()?;
    builder.table.default_context = specification::default_context(pspec, &builder.table)?;
    builder.table.finish()
}

/// A table under construction.
struct Builder<'d> {
    table: Table,
    symbols: symbols::Symbols<'d>,
    strings: HashMap<String, u32>,
    expressions: HashMap<Expression, u32>,
    varnodes: HashMap<VarnodeTemplate, u32>,
    general: HashMap<GeneralVarnode, u32>,
    handles: HashMap<HandleTemplate, u32>,
}

impl<'d> Builder<'d> {
    fn new(root: Element<'d>) -> Result<Self, LoadError> {
        if root.id() != element::SLEIGH {
            return Err(LoadError::Child { element: root.id() });
        }
        let version = root.need(attribute::VERSION)?;
        if version != 4 {
            return Err(LoadError::Version { version });
        }
        let table = empty_table(root)?;
        let symbols = root.all(element::SYMBOL_TABLE).next();
        let symbols = symbols::Symbols::read(symbols.ok_or(LoadError::Child { element: root.id() })?)?;
        Ok(Self {
            table,
            symbols,
            strings: HashMap::new(),
            expressions: HashMap::new(),
            varnodes: HashMap::new(),
            general: HashMap::new(),
            handles: HashMap::new(),
        })
    }

    fn string(&mut self, text: &str) -> u32 {
        if let Some(number) = self.strings.get(text) {
            return *number;
        }
        let number = self.table.strings.ends.len() as u32;
        self.table.strings.text.push_str(text);
        self.table.strings.ends.push(self.table.strings.text.len() as u32);
        self.strings.insert(text.to_owned(), number);
        number
    }
}

/// The number of an item, storing it if it is new.
fn intern<T: Copy + Eq + std::hash::Hash>(items: &mut Vec<T>, known: &mut HashMap<T, u32>, item: T) -> u32 {
    *known.entry(item).or_insert_with(|| {
        items.push(item);
        items.len() as u32 - 1
    })
}

/// The table with its spaces and properties, without symbols.
fn empty_table(root: Element<'_>) -> Result<Table, LoadError> {
    if root.number(attribute::NUMSECTIONS).unwrap_or(0) != 0 {
        return Err(LoadError::Unsupported { what: "named sections" });
    }
    let list = root.all(element::SPACES).next().ok_or(LoadError::Child { element: root.id() })?;
    let spaces = spaces(list)?;
    let find = |good: &dyn Fn(&Space) -> bool, what| {
        let index = spaces.iter().position(good).ok_or(LoadError::Invalid { what, index: 0 })?;
        Ok(SpaceId(index as u8))
    };
    let default = list.text(attribute::DEFAULTSPACE)?;
    let code_space = find(&|space| space.name == default, "default space")?;
    let unique_space = find(&|space| space.kind == SpaceKind::Unique, "unique space")?;
    let register_space = find(&|space| space.kind == SpaceKind::Register, "register space")?;
    Ok(Table {
        big_endian: root.need(attribute::BIGENDIAN)? != 0,
        alignment: root.int(attribute::ALIGN)?,
        unique_base: root.need(attribute::UNIQBASE)?,
        unique_mask: root.number(attribute::UNIQMASK).unwrap_or(0),
        code_space,
        unique_space,
        register_space,
        root: NONE,
        default_context: crate::Context::default(),
        spaces,
        strings: Strings::default(),
        registers: Vec::new(),
        user_ops: Vec::new(),
        variables: Vec::new(),
        expressions: Vec::new(),
        value_lists: Vec::new(),
        name_lists: Vec::new(),
        register_lists: Vec::new(),
        constructors: Vec::new(),
        operands: Vec::new(),
        changes: Vec::new(),
        pieces: Vec::new(),
        decisions: Vec::new(),
        pairs: Vec::new(),
        templates: Vec::new(),
        ops: Vec::new(),
        template_inputs: Vec::new(),
        varnodes: Vec::new(),
        general_varnodes: Vec::new(),
        handles: Vec::new(),
        index: Index::default(),
    })
}

fn spaces(list: Element<'_>) -> Result<Vec<Space>, LoadError> {
    let constant =
        Space { name: "const".to_owned(), kind: SpaceKind::Constant, address_size: 8, mask: u64::MAX };
    let mut spaces = vec![constant];
    for child in list.children() {
        if child.number(attribute::WORDSIZE).unwrap_or(1) != 1 {
            return Err(LoadError::Unsupported { what: "a space addressed in units larger than a byte" });
        }
        if child.need(attribute::INDEX)? != spaces.len() as u64 {
            return Err(LoadError::Range { element: child.id(), attribute: attribute::INDEX });
        }
        spaces.push(space(child)?);
    }
    Ok(spaces)
}

fn space(element: Element<'_>) -> Result<Space, LoadError> {
    let name = element.text(attribute::NAME)?.to_owned();
    let kind = match element.id() {
        element::SPACE if name == "register" => SpaceKind::Register,
        element::SPACE => SpaceKind::Memory,
        element::SPACE_UNIQUE => SpaceKind::Unique,
        element::SPACE_OTHER => SpaceKind::Other,
        other => return Err(LoadError::Child { element: other }),
    };
    let address_size: u8 = element.int(attribute::SIZE)?;
    let mask = crate::table::low_bytes(u64::MAX, u32::from(address_size));
    Ok(Space { name, kind, address_size, mask })
}
