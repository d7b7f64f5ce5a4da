//! What one instruction computes: its operations, one after the other.

use program::{Block, BlockId, Exit, VirtAddr};
use sleigh::pcode::{Op, Opcode, Varnode};

use super::{At, Step, Walk};
use crate::state::State;
use crate::user;
use crate::value::{Value, ValueId, sign_extend};

impl Walk<'_, '_> {
    pub(super) fn block(&mut self, id: BlockId, block: &Block, state: &mut State) {
        for instruction in self.function.instructions(block) {
            let range = instruction.ops();
            let first = range.start as u32;
            let mut step = Step { temporaries: Vec::new(), skipped: None };
            let ops = self.function.instruction_ops(instruction);
            self.facts.work += ops.len() as u64;
            for (index, op) in ops.iter().enumerate() {
                let place = At {
                    block: id,
                    address: instruction.address,
                    next: instruction.end(),
                    op: first + index as u32,
                    index,
                };
                self.operation(&place, op, state, &mut step, instruction.end(), ops.len());
            }
        }
    }

    fn operation(
        &mut self,
        at: &At,
        op: &Op,
        state: &mut State,
        step: &mut Step,
        next: VirtAddr,
        count: usize,
    ) {
        match op.opcode() {
            Opcode::CBranch => {
                let Some(condition) = op.input(1).map(|c| self.read(c, state, step, at)) else { return };
                self.condition(at, condition);
                if let Some(end) = skip_end(at.index, op, next, count) {
                    step.skipped = Some((end, condition));
                }
            }
            Opcode::BranchInd => {
                if let Some(selector) = op.input(0).map(|c| self.read(c, state, step, at)) {
                    self.condition(at, selector);
                }
            }
            Opcode::Store => self.store(at, op, state, step),
            _ => {}
        }
        if let Some((index, call)) = self.calls.get(&at.op).copied() {
            self.call(at, index, call, op, state, step);
        } else if let Some(output) = op.output() {
            let value = self.evaluate(op, output, state, step, at);
            self.assign(at, output, value, state, step);
        }
    }

    fn condition(&mut self, at: &At, value: ValueId) {
        let exit = self.function.block(at.block).map(|block| &block.exit);
        let own = match exit {
            Some(Exit::Branch { op, .. } | Exit::Switch { op, .. }) => *op == at.op,
            _ => false,
        };
        if own {
            self.facts.conditions.insert(at.block, value);
        }
    }

    fn assign(&mut self, at: &At, output: Varnode, value: ValueId, state: &mut State, step: &mut Step) {
        let table = self.setting.table;
        if output.space == table.unique_space() {
            let before = step.temporaries.iter().rev().find(|(place, _)| *place == output);
            let value = match (step.skipped.filter(|(end, _)| at.index < *end), before) {
                (Some((_, when)), Some((_, old))) if *old != value => {
                    self.facts.arena.add(Value::Choice { when, then: *old, otherwise: value })
                }
                _ => value,
            };
            step.temporaries.push((output, value));
            return;
        }
        if output.space == table.code_space() {
            // Some tables write fixed addresses in memory as places.
            let to = self.facts.arena.constant(output.offset, 8);
            self.remember(at, to, value, output.size);
            return;
        }
        if output.space != table.register_space() || Some(output) == self.setting.rules.zero {
            return;
        }
        let value = match step.skipped.filter(|(end, _)| at.index < *end) {
            None => value,
            Some((_, when)) => {
                let old = self.read(output, state, step, at);
                if old == value {
                    value
                } else {
                    self.facts.arena.add(Value::Choice { when, then: old, otherwise: value })
                }
            }
        };
        let whole = if self.big_endian() { None } else { state.cleared(&self.facts.arena, output) };
        if let Some(whole) = whole {
            let low = self.facts.arena.cast(value, output.size, output.size, false);
            return state.write(whole, Some(low));
        }
        state.write(output, Some(value));
    }

    pub(super) fn read(&mut self, operand: Varnode, state: &State, step: &Step, at: &At) -> ValueId {
        let table = self.setting.table;
        let big_endian = self.big_endian();
        let arena = &mut self.facts.arena;
        if operand.is_constant() {
            return arena.constant(operand.offset, operand.size);
        }
        let known = if operand.space == table.unique_space() {
            let found = step.temporaries.iter().rev().find(|(place, _)| {
                place.offset <= operand.offset
                    && operand.offset + u64::from(operand.size) <= place.offset + u64::from(place.size)
            });
            match found {
                Some((place, value)) if *place == operand => Some(*value),
                Some((place, value)) => {
                    let mut part = State::default();
                    part.write(*place, Some(*value));
                    part.read(arena, operand, big_endian)
                }
                None => None,
            }
        } else if operand.space == table.code_space() {
            let address = arena.constant(operand.offset, 8);
            return self.load(address, operand.size, state);
        } else {
            state.read(arena, operand, big_endian)
        };
        known.unwrap_or_else(|| self.facts.arena.add(Value::Unknown(at.op)))
    }

    fn evaluate(&mut self, op: &Op, output: Varnode, state: &State, step: &Step, at: &At) -> ValueId {
        let opcode = op.opcode();
        if opcode == Opcode::CallOther {
            let known = self.user_operation(op, state, step, at);
            return known.unwrap_or_else(|| self.facts.arena.add(Value::Unknown(at.op)));
        }
        let inputs: Vec<(ValueId, u16)> = (0..op.input_count())
            .filter_map(|i| op.input(i))
            .map(|input| (self.read(input, state, step, at), input.size))
            .collect();
        let data = u64::from(self.setting.table.code_space().0);
        match (opcode, inputs.as_slice()) {
            (Opcode::Copy, [a]) => a.0,
            (Opcode::Load, [_, a]) if op.input(0).is_some_and(|space| space.offset == data) => {
                self.load(a.0, output.size, state)
            }
            (Opcode::SubPiece, [a, b]) if self.facts.arena.number(b.0) == Some(0) => {
                self.facts.arena.cast(a.0, a.1, output.size, false)
            }
            (_, [a]) => self.facts.arena.unary(opcode, output.size, *a),
            (_, [a, b]) => self.facts.arena.binary(opcode, output.size, *a, *b),
            _ => self.facts.arena.add(Value::Unknown(at.op)),
        }
    }

    /// The result of an operation that the table only names.
    fn user_operation(&mut self, op: &Op, state: &State, step: &Step, at: &At) -> Option<ValueId> {
        let size = user::reversed_load(self.setting.table.user_op(op.user_op()?)?)?;
        // Behind the number and the place of the result.
        let mut operands = self.function.ops().inputs(op).skip(2);
        let [base, index] = [operands.next()?, operands.next()?];
        let word = base.size;
        // Register 0 stands for the number 0 there.
        let none = self.setting.table.register("r0") == Some(base);
        let base = if none { self.facts.arena.constant(0, word) } else { self.read(base, state, step, at) };
        let (base, index) = ((base, word), (self.read(index, state, step, at), index.size));
        let address = self.facts.arena.binary(Opcode::IntAdd, word, base, index);
        let loaded = self.load(address, size, state);
        Some(self.facts.arena.reversed(loaded, size))
    }
}

/// The operation up to which a conditional branch inside an instruction skips.
fn skip_end(index: usize, op: &Op, next: VirtAddr, count: usize) -> Option<usize> {
    let target = op.input(0)?;
    let end = match target.is_constant() {
        true => index.wrapping_add(sign_extend(target.offset, target.size) as usize),
        false if target.offset == next.0 => count,
        false => return None,
    };
    (end > index && end <= count).then_some(end)
}
