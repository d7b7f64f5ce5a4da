//! What a switch is on.

use program::VirtAddr;
use sleigh::pcode::Opcode;

use super::MAX_PARTS;
use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::value::{Value, ValueId};

impl Facts<'_> {
    /// What a computed jump is computed from: descends through the table's addresses.
    pub(super) fn selector(&self, facts: &FunctionFacts, jump: ValueId) -> ValueId {
        let arena = &facts.arena;
        let mut at = jump;
        for _ in 0..MAX_PARTS {
            at = match arena.get(at) {
                Value::Sum(base, _) => base,
                Value::Load { at: address, .. } if self.in_table(facts, address) => address,
                Value::Binary(Opcode::IntAdd, _, a, b) => {
                    if arena.number(a).is_some() || self.in_table(facts, b) { b } else { a }
                }
                Value::Binary(Opcode::IntMult | Opcode::IntLeft, _, a, _) => a,
                Value::Unary(opcode, _, a) if opcode != Opcode::SubPiece => a,
                _ => return at,
            };
        }
        at
    }

    /// Is an address made from that of read-only memory?
    fn in_table(&self, facts: &FunctionFacts, address: ValueId) -> bool {
        let image = &self.program().image;
        let mut todo = vec![address];
        let mut steps = 0;
        while let Some(id) = todo.pop() {
            steps += 1;
            if steps > MAX_PARTS {
                return false;
            }
            match facts.arena.get(id) {
                Value::Number(n) if image.is_read_only(VirtAddr(n)) => return true,
                Value::Sum(_, n) if image.is_read_only(VirtAddr(n as u64)) => return true,
                Value::Sum(base, _) => todo.push(base),
                Value::Binary(_, _, a, b) => todo.extend([a, b]),
                Value::Load { at, .. } => todo.push(at),
                _ => {}
            }
        }
        false
    }
}
