//! What operands mean: a place, a number, or a place that a pointer leads to.
//!
//! Handles are computed when the tree of an instruction is complete, children before parents, with the final context.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers from the table were checked when it was loaded; slot numbers are made by the resolver"
)]

use crate::error::Fault;
use crate::pcode::{SpaceId, Varnode};
use crate::resolve::{Slot, Tree};
use crate::table::{Constant, HandleTemplate, NONE, Operand, Source, Table, low_bytes};

/// `pointer_space` of a handle that is no pointer.
const STATIC: u8 = u8::MAX;

/// The meaning of one operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    /// In `space`; of the pointer, if dynamic.
    pub offset: u64,
    pub temporary_offset: u64,
    pub size: u32,
    pub pointer_size: u32,
    pub space: u8,
    pub pointer_space: u8,
    pub temporary_space: u8,
}

impl Handle {
    /// What a constructor without export leaves.
    pub(crate) const NOTHING: Self = Self::at(Varnode::constant(0, 0));

    pub(crate) const fn at(varnode: Varnode) -> Self {
        Self {
            offset: varnode.offset,
            temporary_offset: 0,
            size: varnode.size as u32,
            pointer_size: 0,
            space: varnode.space.0,
            pointer_space: STATIC,
            temporary_space: 0,
        }
    }

    /// Is the place held in a pointer?
    #[inline]
    pub(crate) fn is_dynamic(&self) -> bool {
        self.pointer_space != STATIC
    }

    /// The space of the operand itself, or of the temporary that takes what the pointer leads to.
    #[inline]
    pub(crate) fn own_space(&self) -> u8 {
        if self.is_dynamic() { self.temporary_space } else { self.space }
    }

    #[inline]
    pub(crate) fn own_offset(&self) -> u64 {
        if self.is_dynamic() { self.temporary_offset } else { self.offset }
    }

    /// The part of the operand at byte `offset`; of a number, what remains without its low `dropped` bytes.
    fn part(&self, offset: u16, dropped: u16) -> u64 {
        let own = self.own_offset();
        if self.space == SpaceId::CONSTANT.0 {
            own.checked_shr(8 * u32::from(dropped)).unwrap_or(0)
        } else {
            own.wrapping_add(u64::from(offset))
        }
    }
}

/// What the constants of a template look at: the operands of one node, and the place of the instruction.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub table: &'a Table,
    pub handles: &'a [Handle],
    pub start: u64,
    pub next: u64,
}

impl Scope<'_> {
    /// The number a constant stands for.
    #[inline]
    pub(crate) fn number(&self, constant: Constant) -> u64 {
        let handle = |operand: u32| &self.handles[operand as usize];
        match constant {
            Constant::Number(number) | Constant::Relative(number) => number,
            Constant::HandleSpace(operand) => u64::from(handle(operand).own_space()),
            Constant::HandleOffset(operand) => handle(operand).own_offset(),
            Constant::HandleSize(operand) => u64::from(handle(operand).size),
            Constant::HandlePart(operand, offset, dropped) => handle(operand).part(offset, dropped),
            Constant::Start => self.start,
            Constant::Next => self.next,
            Constant::Space(space) => u64::from(space),
        }
    }

    /// The space a constant stands for; the table promises that it stands for one.
    #[inline]
    pub(crate) fn space(&self, constant: Constant) -> u8 {
        self.number(constant) as u8
    }

    pub(crate) fn size(&self, constant: Constant) -> u32 {
        u32::try_from(self.number(constant)).unwrap_or(u32::MAX)
    }

    fn wrap(&self, space: u8, offset: u64) -> u64 {
        offset & self.table.index.masks[usize::from(space & 15)]
    }

    #[inline]
    fn export(&self, template: &HandleTemplate, shape: Export) -> Handle {
        match shape {
            Export::Fixed(varnode) => Handle::at(varnode),
            Export::Operand(operand) => self.handles[operand as usize],
            Export::Any => self.export_any(template),
        }
    }

    fn export_any(&self, template: &HandleTemplate) -> Handle {
        let size = self.size(template.size);
        match template.pointer_space {
            Constant::Number(_) => self.place(template, size),
            _ => self.pointed(template, size),
        }
    }

    /// An export that is no pointer itself, though what it passes on may be one.
    fn place(&self, template: &HandleTemplate, size: u32) -> Handle {
        let space = match template.space {
            Constant::HandleSpace(operand) => self.handles[operand as usize].space,
            space => self.space(space),
        };
        if let Some(operand) = template.pointer_offset.operand() {
            return Handle { space, size, ..self.handles[operand as usize] };
        }
        let offset = self.wrap(space, self.number(template.pointer_offset));
        Handle { space, size, offset, ..Handle::NOTHING }
    }

    fn pointed(&self, template: &HandleTemplate, size: u32) -> Handle {
        let space = self.space(template.space);
        let offset = self.number(template.pointer_offset);
        let pointer_space = self.space(template.pointer_space);
        if pointer_space == SpaceId::CONSTANT.0 {
            return Handle { space, size, offset: self.wrap(space, offset), ..Handle::NOTHING };
        }
        Handle {
            offset,
            temporary_offset: self.number(template.temporary_offset),
            size,
            pointer_size: self.size(template.pointer_size),
            space,
            pointer_space,
            temporary_space: self.space(template.temporary_space),
        }
    }
}

/// What a handle template amounts to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Export {
    /// The same in every instruction.
    Fixed(Varnode),
    /// An operand, unchanged.
    Operand(u32),
    Any,
}

impl Export {
    pub(crate) fn of(table: &Table, template: &HandleTemplate) -> Self {
        let HandleTemplate { space, size, pointer_offset: offset, pointer_space, .. } = *template;
        if !matches!(pointer_space, Constant::Number(_)) {
            return Self::Any;
        }
        match (space, offset, size) {
            (Constant::HandleSpace(a), Constant::HandleOffset(b), Constant::HandleSize(c))
                if a == b && b == c =>
            {
                Self::Operand(a)
            }
            (Constant::Space(space), Constant::Number(offset), Constant::Number(size)) => {
                let mask = table.spaces.get(usize::from(space)).map_or(0, |space| space.mask);
                let varnode = |size| Varnode { space: SpaceId(space), offset: offset & mask, size };
                u16::try_from(size).map_or(Self::Any, |size| Self::Fixed(varnode(size)))
            }
            _ => Self::Any,
        }
    }
}

impl Tree {
    /// Computes the handles of all slots but the root, last first: children stand behind their parent.
    pub(crate) fn compute_handles(&mut self, table: &Table) -> Result<(), Fault> {
        let mut handles = std::mem::take(&mut self.handles);
        // Every slot but the root gets its handle below; that of the root is never looked at.
        if handles.len() < self.slots.len() {
            handles.resize(self.slots.len(), Handle::NOTHING);
        }
        let mut result = Ok(());
        for slot in (1..self.slots.len()).rev() {
            match self.handle(table, slot, &handles) {
                Ok(handle) => handles[slot] = handle,
                Err(fault) => {
                    result = Err(fault);
                    break;
                }
            }
        }
        self.handles = handles;
        result
    }

    /// The handles of the slots after this one are known.
    #[inline]
    fn handle(&self, table: &Table, slot: usize, handles: &[Handle]) -> Result<Handle, Fault> {
        let Slot { constructor, operand, first, .. } = self.slots[slot];
        if constructor == NONE {
            return self.leaf(table, slot, &table.operands[operand as usize]);
        }
        let constructor = &table.constructors[constructor as usize];
        let template = table.templates.get(constructor.template as usize);
        let number = template.map_or(NONE, |template| template.handle) as usize;
        let (Some(template), Some(shape)) = (table.handles.get(number), table.index.exports.get(number))
        else {
            return Ok(Handle::NOTHING);
        };
        let first = usize::from(first);
        let handles = &handles[first..first + constructor.operands.count as usize];
        Ok(Scope { table, handles, start: self.address, next: self.next }.export(template, *shape))
    }

    fn leaf(&self, table: &Table, slot: usize, operand: &Operand) -> Result<Handle, Fault> {
        let number = |value: i64| Handle::at(Varnode::constant(value.cast_unsigned(), 0));
        let address = |offset| {
            let size = u16::from(table.address_size());
            Handle::at(Varnode { space: table.code_space, offset, size })
        };
        Ok(match operand.source {
            Source::Expression if !table.index.used[self.slots[slot].operand as usize] => Handle::NOTHING,
            Source::Expression => {
                number(self.value(table, operand.expression, slot, self.slots[slot].start, 0)?)
            }
            Source::ValueMap(_) => number(self.entry(table, operand, slot)?),
            Source::Names(_) => {
                self.entry(table, operand, slot)?;
                number(self.value(table, operand.expression, slot, self.slots[slot].start, 0)?)
            }
            Source::Registers(_) => {
                let register = self.entry(table, operand, slot)? as usize;
                Handle::at(table.registers[register].varnode)
            }
            Source::Register(register) => Handle::at(table.registers[register as usize].varnode),
            Source::Start => address(self.address),
            Source::End => address(self.next),
            Source::Subtable(_) | Source::Nothing => Handle::NOTHING,
        })
    }
}

/// A varnode with its offset brought into its space. Temporaries get the instruction's own bits.
#[inline]
pub(crate) fn place(table: &Table, unique: u64, space: u8, offset: u64, size: u32) -> Result<Varnode, Fault> {
    match size {
        0..=254 | 256 => Ok(located(table, unique, space, offset, size as u16)),
        _ => Err(Fault::Unsupported),
    }
}

/// As [`place`], for a size known to fit an operation.
#[inline]
pub(crate) fn located(table: &Table, unique: u64, space: u8, offset: u64, size: u16) -> Varnode {
    let offset = if space == SpaceId::CONSTANT.0 {
        low_bytes(offset, u32::from(size))
    } else if space == table.unique_space.0 {
        offset | unique
    } else {
        offset & table.index.masks[usize::from(space & 15)]
    };
    Varnode { space: SpaceId(space), offset, size }
}
