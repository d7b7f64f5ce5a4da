//! Symbols: first all heads, then registers, user operations, context variables and subtables.

use std::collections::HashMap;

use super::ids::{attribute, element};
use super::{Builder, constructor, decision};
use crate::context::ContextVariable;
use crate::error::LoadError;
use crate::packed::Element;
use crate::pcode::{SpaceId, Varnode};
use crate::table::{NONE, Register, Source};

/// What is known of the symbols before the bodies of subtables are read.
#[derive(Default)]
pub(super) struct Symbols<'d> {
    names: Vec<Option<&'d str>>,
    bodies: Vec<Option<Element<'d>>>,
    /// Symbol numbers of subtables, in order of their bodies.
    subtables: Vec<u32>,
    /// The subtable that decodes instructions.
    root: Option<u32>,
    /// First constructor and number of constructors, by symbol.
    constructors: HashMap<u32, (u32, u32)>,
    /// Register number by symbol.
    registers: HashMap<u32, u32>,
    /// What a symbol means as an operand, with its expression.
    pub(super) sources: HashMap<u32, (Source, u32)>,
}

impl<'d> Symbols<'d> {
    pub(super) fn read(table: Element<'d>) -> Result<Self, LoadError> {
        let count: usize = table.int(attribute::SYMBOLSIZE)?;
        // A head and a body each: a larger count would claim memory that the file does not justify.
        if table.children().count() < 2 * count {
            return Err(LoadError::Range { element: table.id(), attribute: attribute::SYMBOLSIZE });
        }
        let mut symbols = Self { names: vec![None; count], bodies: vec![None; count], ..Self::default() };
        let items: Vec<_> = table.children().filter(|child| child.id() != element::SCOPE).collect();
        let (heads, bodies) = items.split_at_checked(count).unwrap_or_default();
        heads.iter().try_for_each(|head| symbols.head(*head))?;
        bodies.iter().try_for_each(|body| symbols.body(*body))?;
        Ok(symbols)
    }

    fn head(&mut self, head: Element<'d>) -> Result<(), LoadError> {
        let id: u32 = head.int(attribute::ID)?;
        let name = head.text(attribute::NAME)?;
        let missing = LoadError::Range { element: head.id(), attribute: attribute::ID };
        *self.names.get_mut(id as usize).ok_or(missing)? = Some(name);
        let global = head.need(attribute::SCOPE)? == 0;
        if head.id() == element::SUBTABLE_HEAD && global && name == "instruction" {
            self.root = Some(id);
        }
        Ok(())
    }

    fn body(&mut self, body: Element<'d>) -> Result<(), LoadError> {
        let id: u32 = body.int(attribute::ID)?;
        let missing = LoadError::Range { element: body.id(), attribute: attribute::ID };
        *self.bodies.get_mut(id as usize).ok_or(missing)? = Some(body);
        if body.id() == element::SUBTABLE_SYM {
            let before = self.subtables.last().and_then(|last| self.constructors.get(last));
            let first = before.map_or(0, |(first, count)| first + count);
            let count = body.all(element::CONSTRUCTOR).count() as u32;
            if body.need(attribute::NUMCT)? != u64::from(count) {
                return Err(LoadError::Range { element: body.id(), attribute: attribute::NUMCT });
            }
            self.constructors.insert(id, (first, count));
            self.subtables.push(id);
        }
        Ok(())
    }

    pub(super) fn name(&self, id: u32) -> Result<&'d str, LoadError> {
        let name = self.names.get(id as usize).copied().flatten();
        name.ok_or(LoadError::Invalid { what: "symbol", index: id as usize })
    }

    pub(super) fn body_of(&self, id: u32) -> Result<Element<'d>, LoadError> {
        let body = self.bodies.get(id as usize).copied().flatten();
        body.ok_or(LoadError::Invalid { what: "symbol", index: id as usize })
    }

    /// Number of a constructor, given its subtable and its place there.
    pub(super) fn constructor(&self, subtable: u32, place: u32) -> Result<u32, LoadError> {
        let wrong = LoadError::Invalid { what: "constructor", index: place as usize };
        let (first, count) = *self.constructors.get(&subtable).ok_or(wrong.clone())?;
        if place < count { Ok(first + place) } else { Err(wrong) }
    }

    pub(super) fn register(&self, id: u32) -> Result<u32, LoadError> {
        self.registers.get(&id).copied().ok_or(LoadError::Invalid { what: "register", index: id as usize })
    }
}

impl Builder<'_> {
    /// Everything in the symbol table.
    pub(super) fn symbols(&mut self) -> Result<(), LoadError> {
        let bodies = std::mem::take(&mut self.symbols.bodies);
        let result = bodies.iter().flatten().try_for_each(|body| self.simple_symbol(*body));
        self.symbols.bodies = bodies;
        result?;
        let mut roots = HashMap::new();
        for id in self.symbols.subtables.clone() {
            roots.insert(id, self.subtable(id)?);
        }
        self.resolve_subtables(&roots)
    }

    fn simple_symbol(&mut self, body: Element<'_>) -> Result<(), LoadError> {
        match body.id() {
            element::VARNODE_SYM => self.register(body),
            element::USEROP => self.user_op(body),
            element::CONTEXT_SYM => self.variable(body),
            _ => Ok(()),
        }
    }

    fn register(&mut self, body: Element<'_>) -> Result<(), LoadError> {
        let id = body.int(attribute::ID)?;
        let name = self.string(self.symbols.name(id)?);
        let varnode = Varnode {
            space: SpaceId(body.int(attribute::SPACE)?),
            offset: body.need(attribute::OFF)?,
            size: body.int(attribute::SIZE)?,
        };
        self.symbols.registers.insert(id, self.table.registers.len() as u32);
        self.table.registers.push(Register { name, varnode });
        Ok(())
    }

    fn user_op(&mut self, body: Element<'_>) -> Result<(), LoadError> {
        let name = self.string(self.symbols.name(body.int(attribute::ID)?)?);
        let index: u16 = body.int(attribute::INDEX)?;
        let index = usize::from(index);
        if self.table.user_ops.len() <= index {
            self.table.user_ops.resize(index + 1, name);
        }
        if let Some(slot) = self.table.user_ops.get_mut(index) {
            *slot = name;
        }
        Ok(())
    }

    fn variable(&mut self, body: Element<'_>) -> Result<(), LoadError> {
        let name = self.symbols.name(body.int(attribute::ID)?)?.to_owned();
        let (low, high): (u8, u8) = (body.int(attribute::LOW)?, body.int(attribute::HIGH)?);
        if high < low || low / 32 != high / 32 || high >= 64 {
            return Err(LoadError::Unsupported { what: "a context variable outside one of two words" });
        }
        let shift = 31 - high % 32;
        let mask = ((1_u64 << (high - low + 1)) - 1) << shift;
        let flow = body.number(attribute::FLOW).unwrap_or(0) != 0;
        self.table.variables.push(ContextVariable { name, word: low / 32, shift, mask: mask as u32, flow });
        Ok(())
    }

    /// The constructors and the decision tree of a subtable; returns the root of the tree.
    fn subtable(&mut self, id: u32) -> Result<u32, LoadError> {
        let body = self.symbols.body_of(id)?;
        for constructor in body.all(element::CONSTRUCTOR) {
            constructor::read(self, constructor)?;
        }
        let tree = body.all(element::DECISION).next();
        decision::read(self, id, tree.ok_or(LoadError::Child { element: body.id() })?)
    }

    /// Operands name subtables by symbol until all roots are known.
    fn resolve_subtables(&mut self, roots: &HashMap<u32, u32>) -> Result<(), LoadError> {
        let wrong = |id: u32| LoadError::Invalid { what: "subtable", index: id as usize };
        for operand in &mut self.table.operands {
            if let Source::Subtable(id) = operand.source {
                operand.source = Source::Subtable(*roots.get(&id).ok_or(wrong(id))?);
            }
        }
        let root = self.symbols.root.unwrap_or(NONE);
        self.table.root = *roots.get(&root).ok_or(wrong(root))?;
        Ok(())
    }
}
