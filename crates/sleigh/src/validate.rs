//! The one check of a table, so that decoding needs no other.
//!
//! Decoding indexes the arrays of a table without looking whether a number is in range; this module proves that it
//! is. It also bounds what a table can demand: depth of expressions, bits of fields, operations of a template.

use crate::error::LoadError;
use crate::pcode::{MAX_INPUTS, Opcode, Varnode};
use crate::resolve::MAX_POSITION;
use crate::table::{
    BUILD, CommitTarget, Constant, Constructor, ContextChange, DELAY_SLOT, Decision, Expression, LABEL, NONE,
    OpTemplate, Operand, Piece, Range, Source, SpaceKind, Table, VarnodeTemplate,
};

/// Nesting of one expression, without the operands it refers to.
const MAX_DEPTH: u8 = 32;
const MAX_LABELS: u16 = 1024;
/// Spaces fit four bits.
pub(crate) const MAX_SPACES: usize = 16;

type Checked = Result<(), LoadError>;

fn check(good: bool, what: &'static str, index: usize) -> Checked {
    if good { Ok(()) } else { Err(LoadError::Invalid { what, index }) }
}

fn inside<T>(range: Range, items: &[T]) -> bool {
    u64::from(range.first) + u64::from(range.count) <= items.len() as u64
}

fn holds<T>(items: &[T], index: u32) -> bool {
    (index as usize) < items.len()
}

impl Table {
    /// Checks everything, then computes what is looked up often.
    pub(crate) fn finish(mut self) -> Result<Self, LoadError> {
        self.check_spaces()?;
        self.check_symbols()?;
        self.check_expressions()?;
        self.check_operands()?;
        self.check_trees()?;
        self.check_varnodes()?;
        self.check_constructors()?;
        self.index = self.build_index();
        Ok(self)
    }

    fn check_spaces(&self) -> Checked {
        check(self.spaces.len() <= MAX_SPACES, "space", self.spaces.len())?;
        check(self.space_kind(crate::pcode::SpaceId::CONSTANT) == Some(SpaceKind::Constant), "space", 0)?;
        for (index, space) in self.spaces.iter().enumerate() {
            check((1..=8).contains(&space.address_size), "space", index)?;
            check((space.kind == SpaceKind::Constant) == (index == 0), "space", index)?;
        }
        for space in [self.code_space, self.unique_space, self.register_space] {
            check(usize::from(space.0) < self.spaces.len(), "space", usize::from(space.0))?;
        }
        check(matches!(self.alignment, 1 | 2 | 4 | 8 | 16), "alignment", self.alignment as usize)
    }

    fn check_varnode(&self, varnode: Varnode) -> bool {
        let size = varnode.size < 255 || varnode.size == 256;
        size && usize::from(varnode.space.0) < self.spaces.len()
    }

    fn check_symbols(&self) -> Checked {
        let text = self.strings.text.as_str();
        let mut last = 0;
        for (index, end) in self.strings.ends.iter().enumerate() {
            check(*end >= last && text.is_char_boundary(*end as usize), "string", index)?;
            last = *end;
        }
        for (index, register) in self.registers.iter().enumerate() {
            let good = self.check_varnode(register.varnode) && holds(&self.strings.ends, register.name);
            check(good, "register", index)?;
        }
        for (index, name) in self.user_ops.iter().enumerate() {
            check(holds(&self.strings.ends, *name), "user operation", index)?;
        }
        for (index, variable) in self.variables.iter().enumerate() {
            check(variable.word < 2 && variable.shift < 32, "context variable", index)?;
        }
        let names = &self.name_lists;
        for (index, name) in names.iter().enumerate() {
            check(*name == NONE || holds(&self.strings.ends, *name), "name", index)?;
        }
        for (index, number) in self.register_lists.iter().enumerate() {
            check(*number == NONE || holds(&self.registers, *number), "register list entry", index)?;
        }
        Ok(())
    }

    fn check_expressions(&self) -> Checked {
        let mut depths: Vec<u8> = Vec::with_capacity(self.expressions.len());
        for (index, expression) in self.expressions.iter().enumerate() {
            let below = |inner: u32| depths.get(inner as usize).copied().unwrap_or(MAX_DEPTH);
            let (good, depth) = match *expression {
                Expression::Number(_) | Expression::InstructionStart | Expression::InstructionEnd => {
                    (true, 0)
                }
                Expression::Token(field) => {
                    let bytes = (1..=8).contains(&field.bytes);
                    let bits =
                        field.bits > 0 && field.shift.saturating_add(field.bits) <= 8 * field.bytes.min(8);
                    (bytes && bits, 0)
                }
                Expression::Context(field) => {
                    (field.bits > 0 && field.shift.saturating_add(field.bits) <= 64, 0)
                }
                Expression::Operand(constructor, operand) => {
                    let owner = self.constructors.get(constructor as usize);
                    (owner.is_some_and(|owner| operand < owner.operands.count), 0)
                }
                Expression::Binary(_, left, right) => (true, below(left).max(below(right)) + 1),
                Expression::Minus(inner) | Expression::Not(inner) => (true, below(inner) + 1),
            };
            check(good && depth < MAX_DEPTH, "expression", index)?;
            depths.push(depth);
        }
        Ok(())
    }

    fn check_operands(&self) -> Checked {
        for (index, operand) in self.operands.iter().enumerate() {
            let valued = holds(&self.expressions, operand.expression);
            let good = match operand.source {
                Source::Subtable(root) => holds(&self.decisions, root),
                Source::Expression => valued,
                Source::ValueMap(range) => valued && inside(range, &self.value_lists),
                Source::Names(range) => valued && inside(range, &self.name_lists),
                Source::Registers(range) => valued && inside(range, &self.register_lists),
                Source::Register(number) => holds(&self.registers, number),
                Source::Start | Source::End | Source::Nothing => true,
            };
            let near = operand.offset < MAX_POSITION && operand.length < MAX_POSITION;
            check(near && good && (valued || operand.expression == NONE), "operand", index)?;
        }
        Ok(())
    }

    fn check_trees(&self) -> Checked {
        check(holds(&self.decisions, self.root), "decision", self.root as usize)?;
        for (index, node) in self.decisions.iter().enumerate() {
            check(self.check_decision(index, *node), "decision", index)?;
        }
        for (index, pair) in self.pairs.iter().enumerate() {
            check(holds(&self.constructors, pair.constructor) && pair.offset < 16, "pattern", index)?;
        }
        Ok(())
    }

    /// Children stand behind their parent, so that every walk down ends.
    fn check_decision(&self, index: usize, node: Decision) -> bool {
        let range = |count| Range { first: node.first, count };
        match node.size {
            0 => inside(range(u32::from(node.start)), &self.pairs),
            1..=8 => {
                let start = if node.context { node.start < 64 } else { node.start < 128 };
                start && node.first as usize > index && inside(range(1 << node.size), &self.decisions)
            }
            _ => false,
        }
    }

    fn check_varnodes(&self) -> Checked {
        for (index, varnode) in self.varnodes.iter().enumerate() {
            let good = match *varnode {
                VarnodeTemplate::Fixed(varnode) => self.check_varnode(varnode),
                VarnodeTemplate::Whole(_) => true,
                VarnodeTemplate::General(number) => holds(&self.general_varnodes, number),
            };
            check(good, "varnode template", index)?;
        }
        for (index, [space, offset, size]) in self.general_varnodes.iter().enumerate() {
            let known = [*space, *offset, *size].iter().all(|constant| self.check_constant(*constant));
            check(known && is_space(*space), "varnode template", index)?;
        }
        for (index, h) in self.handles.iter().enumerate() {
            let all =
                [h.space, h.size, h.pointer_space, h.pointer_offset, h.pointer_size, h.temporary_offset];
            let known = all.iter().all(|constant| self.check_constant(*constant));
            let pointer = match h.pointer_space {
                Constant::Number(_) => true,
                Constant::Space(0) => is_space(h.space),
                space => is_space(space) && is_space(h.temporary_space),
            };
            check(known && pointer && is_space(h.space), "handle template", index)?;
        }
        Ok(())
    }

    fn check_constant(&self, constant: Constant) -> bool {
        match constant {
            Constant::Space(space) => usize::from(space) < self.spaces.len(),
            _ => true,
        }
    }

    fn check_constructors(&self) -> Checked {
        for (index, constructor) in self.constructors.iter().enumerate() {
            let ranges = inside(constructor.operands, &self.operands)
                && inside(constructor.changes, &self.changes)
                && inside(constructor.pieces, &self.pieces);
            let good = ranges
                && constructor.length < MAX_POSITION
                && self.check_positions(constructor)
                && self.check_changes(constructor)
                && self.check_pieces(constructor)
                && self.check_template(constructor);
            check(good, "constructor", index)?;
        }
        Ok(())
    }

    fn operands_of(&self, constructor: &Constructor) -> &[Operand] {
        self.operands.get(constructor.operands.indices()).unwrap_or_default()
    }

    fn check_positions(&self, constructor: &Constructor) -> bool {
        let operands = self.operands_of(constructor).iter().zip(0_i16..);
        constructor.operands.count <= 255
            && operands.into_iter().all(|(operand, own)| (-1..own).contains(&operand.base))
    }

    fn check_changes(&self, constructor: &Constructor) -> bool {
        let changes = self.changes.get(constructor.changes.indices()).unwrap_or_default();
        changes.iter().all(|change| match change {
            ContextChange::Set(set) => {
                set.word < 2 && set.shift < 32 && holds(&self.expressions, set.expression)
            }
            ContextChange::Commit(commit) => match commit.target {
                CommitTarget::Operand(operand) => commit.word < 2 && operand < constructor.operands.count,
                CommitTarget::Start | CommitTarget::End => commit.word < 2,
            },
        })
    }

    fn check_pieces(&self, constructor: &Constructor) -> bool {
        let pieces = self.pieces.get(constructor.pieces.indices()).unwrap_or_default();
        pieces.iter().all(|piece| match *piece {
            Piece::Text(string) => holds(&self.strings.ends, string),
            Piece::Operand(operand) => operand < constructor.operands.count,
        })
    }

    fn check_template(&self, constructor: &Constructor) -> bool {
        if constructor.template == NONE {
            return true;
        }
        let Some(template) = self.templates.get(constructor.template as usize) else { return false };
        let known = |operand: Option<u32>| operand.is_none_or(|operand| operand < constructor.operands.count);
        let export = template.handle == NONE
            || self.handles.get(template.handle as usize).is_some_and(|h| {
                let all = [h.space, h.size, h.pointer_space, h.pointer_offset, h.pointer_size];
                let all = all.iter().chain([&h.temporary_space, &h.temporary_offset]);
                all.into_iter().all(|constant| known(constant.operand()))
            });
        let ops = self.ops.get(template.ops.indices());
        let ops = ops.is_some_and(|ops| ops.iter().all(|op| self.check_op(constructor, template.labels, op)));
        export && ops && template.labels <= MAX_LABELS
    }

    fn check_op(&self, constructor: &Constructor, labels: u16, op: &OpTemplate) -> bool {
        match op.code {
            BUILD => op.first < constructor.operands.count,
            LABEL => op.first < u32::from(labels),
            DELAY_SLOT => true,
            code => self.check_ordinary(constructor, labels, op, Opcode::from_code(code)),
        }
    }

    fn check_ordinary(
        &self,
        owner: &Constructor,
        labels: u16,
        op: &OpTemplate,
        opcode: Option<Opcode>,
    ) -> bool {
        let range = Range { first: op.first, count: u32::from(op.inputs) };
        let Some(opcode) = opcode.filter(|_| inside(range, &self.template_inputs)) else { return false };
        let count = usize::from(op.inputs);
        let inputs = self.template_inputs.get(range.indices()).unwrap_or_default();
        let operands = owner.operands.count;
        let output = op.output == NONE || self.check_use(operands, 0, op.output);
        let all = inputs.iter().enumerate().all(|(place, input)| {
            let branch = place == 0 && matches!(opcode, Opcode::Branch | Opcode::CBranch);
            self.check_use(operands, if branch { labels } else { 0 }, *input)
        });
        output && all && opcode.inputs().contains(&count) && count <= MAX_INPUTS
    }

    fn check_use(&self, operands: u32, labels: u16, varnode: u32) -> bool {
        let known = |constant: &Constant| {
            let label = match constant {
                Constant::Relative(label) => *label < u64::from(labels),
                _ => true,
            };
            label && constant.operand().is_none_or(|operand| operand < operands)
        };
        match self.varnodes.get(varnode as usize) {
            None => false,
            Some(VarnodeTemplate::Fixed(_)) => true,
            Some(VarnodeTemplate::Whole(operand)) => *operand < operands,
            Some(VarnodeTemplate::General(number)) => {
                self.general_varnodes.get(*number as usize).is_some_and(|all| all.iter().all(known))
            }
        }
    }
}

/// May this constant say which space is meant?
fn is_space(constant: Constant) -> bool {
    matches!(constant, Constant::Space(_) | Constant::HandleSpace(_))
}
