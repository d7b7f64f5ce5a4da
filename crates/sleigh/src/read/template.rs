//! Templates: operations, varnodes, constants and what is exported.

use super::ids::{attribute, element};
use super::{Builder, intern};
use crate::error::LoadError;
use crate::packed::Element;
use crate::pcode::{Opcode, SpaceId, Varnode};
use crate::table::{
    BUILD, Constant, DELAY_SLOT, HandleTemplate, LABEL, NONE, OpTemplate, Range, SpaceKind, Template,
    VarnodeTemplate, low_bytes,
};

impl Builder<'_> {
    /// Stores a template and returns its number.
    pub(super) fn template(&mut self, item: Element<'_>) -> Result<u32, LoadError> {
        let export = item.child(0)?;
        let handle = match export.id() {
            element::HANDLE_TPL => self.handle(export)?,
            element::NULL => NONE,
            other => return Err(LoadError::Child { element: other }),
        };
        let first = self.table.ops.len() as u32;
        for op in item.children().skip(1) {
            let op = self.op(op)?;
            self.table.ops.push(op);
        }
        let ops = Range { first, count: self.table.ops.len() as u32 - first };
        let labels = match item.number(attribute::LABELS) {
            Some(_) => item.int(attribute::LABELS)?,
            None => 0,
        };
        self.table.templates.push(Template { ops, labels, handle });
        Ok(self.table.templates.len() as u32 - 1)
    }

    fn handle(&mut self, item: Element<'_>) -> Result<u32, LoadError> {
        let constant = |index| self.constant(item.child(index)?);
        let handle = HandleTemplate {
            space: constant(0)?,
            size: constant(1)?,
            pointer_space: constant(2)?,
            pointer_offset: constant(3)?,
            pointer_size: constant(4)?,
            temporary_space: constant(5)?,
            temporary_offset: constant(6)?,
        };
        Ok(intern(&mut self.table.handles, &mut self.handles, handle))
    }

    fn op(&mut self, item: Element<'_>) -> Result<OpTemplate, LoadError> {
        if item.id() != element::OP_TPL {
            return Err(LoadError::Child { element: item.id() });
        }
        let code: u8 = item.int(attribute::CODE)?;
        if let BUILD | DELAY_SLOT | LABEL = code {
            let operand = item.child(1)?.child(1)?;
            return Ok(OpTemplate { code, inputs: 0, first: operand.int(attribute::VAL)?, output: NONE });
        }
        if Opcode::from_code(code).is_none() {
            return Err(LoadError::Unsupported { what: "an operation that no supported language has" });
        }
        let output = item.child(0)?;
        let output = if output.id() == element::NULL { NONE } else { self.varnode(output)? };
        let first = self.table.template_inputs.len();
        for input in item.children().skip(1) {
            let input = self.varnode(input)?;
            self.table.template_inputs.push(input);
        }
        let inputs = u8::try_from(self.table.template_inputs.len() - first);
        let inputs = inputs.map_err(|_| LoadError::Unsupported { what: "more than 255 inputs" })?;
        Ok(OpTemplate { code, inputs, first: first as u32, output })
    }

    fn varnode(&mut self, item: Element<'_>) -> Result<u32, LoadError> {
        if item.id() != element::VARNODE_TPL {
            return Err(LoadError::Child { element: item.id() });
        }
        let constant = |index| self.constant(item.child(index)?);
        let general = [constant(0)?, constant(1)?, constant(2)?];
        let template = match general {
            [Constant::Space(space), Constant::Number(offset), Constant::Number(size)]
                if self.table.unique_mask == 0 || SpaceId(space) != self.table.unique_space =>
            {
                VarnodeTemplate::Fixed(self.fixed(item, space, offset, size)?)
            }
            [Constant::HandleSpace(a), Constant::HandleOffset(b), Constant::HandleSize(c)]
                if a == b && b == c =>
            {
                VarnodeTemplate::Whole(a)
            }
            _ => {
                VarnodeTemplate::General(intern(&mut self.table.general_varnodes, &mut self.general, general))
            }
        };
        Ok(intern(&mut self.table.varnodes, &mut self.varnodes, template))
    }

    fn fixed(&self, item: Element<'_>, space: u8, offset: u64, size: u64) -> Result<Varnode, LoadError> {
        let wrong = LoadError::Range { element: item.id(), attribute: attribute::SPACE };
        let size = u16::try_from(size).map_err(|_| wrong.clone())?;
        let target = self.table.spaces.get(usize::from(space)).ok_or(wrong)?;
        let offset = match target.kind {
            SpaceKind::Constant => low_bytes(offset, u32::from(size)),
            SpaceKind::Unique => offset,
            _ => offset & target.mask,
        };
        Ok(Varnode { space: SpaceId(space), offset, size })
    }

    fn constant(&self, item: Element<'_>) -> Result<Constant, LoadError> {
        Ok(match item.id() {
            element::CONST_REAL => Constant::Number(item.need(attribute::VAL)?),
            element::CONST_RELATIVE => Constant::Relative(item.need(attribute::VAL)?),
            element::CONST_HANDLE => handle_part(item)?,
            element::CONST_SPACEID => Constant::Space(item.int(attribute::SPACE)?),
            element::CONST_START => Constant::Start,
            element::CONST_NEXT => Constant::Next,
            element::CONST_CURSPACE => Constant::Space(self.table.code_space.0),
            element::CONST_CURSPACE_SIZE => Constant::Number(u64::from(self.table.address_size())),
            _ => {
                return Err(LoadError::Unsupported {
                    what: "a template constant that no supported language has",
                });
            }
        })
    }
}

fn handle_part(item: Element<'_>) -> Result<Constant, LoadError> {
    let operand = item.int(attribute::VAL)?;
    Ok(match item.need(attribute::SELECTOR)? {
        0 => Constant::HandleSpace(operand),
        1 => Constant::HandleOffset(operand),
        2 => Constant::HandleSize(operand),
        3 => {
            let plus = item.need(attribute::PLUS)?;
            let dropped = u16::try_from(plus >> 16).unwrap_or(u16::MAX);
            Constant::HandlePart(operand, plus as u16, dropped)
        }
        _ => return Err(LoadError::Range { element: item.id(), attribute: attribute::SELECTOR }),
    })
}
