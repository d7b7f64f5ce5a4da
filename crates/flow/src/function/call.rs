//! Calls: what they call, what they pass, what they leave behind.

use program::image::Endian;
use program::{Call, CallTarget, VirtAddr};
use sleigh::pcode::{Op, Opcode};

use super::{At, CallSite, Step, Walk};
use crate::abi::MAX_ARGUMENTS;
use crate::cdecl::place_finder;
use crate::facts::called;
use crate::knowledge::{Fact, facts_of};
use crate::state::{State, slot};
use crate::system;
use crate::value::{Value, ValueId};
use crate::windows;

/// Words of a structure that a started program gets: `STARTUPINFO` has 13 (64 bits) or 17.
const HANDED: i64 = 18;
/// Bytes behind a passed stack address that the callee may change.
const REACH: i64 = 64;

impl Walk<'_, '_> {
    pub(super) fn call(&mut self, at: &At, index: u32, call: &Call, op: &Op, state: &mut State, step: &Step) {
        let pointer = op.input(0).filter(|_| call.indirect).map(|p| self.read(p, state, step, at));
        let varies = pointer.is_some_and(|p| self.varies(p));
        let target = match call.target {
            CallTarget::Function(_) if varies => CallTarget::Unresolved,
            CallTarget::Unresolved => pointer.and_then(|p| self.target(p)).unwrap_or(call.target),
            target => target,
        };
        let mut arguments = self.arguments(state, target);
        let mut system = None;
        if target == CallTarget::System {
            (system, arguments) = self.system_call(state);
        } else if self.is_system_function(target)
            && let Some(number) = arguments.first().and_then(|first| self.facts.arena.number(*first))
        {
            system = system::name_of(self.setting.image, number);
            arguments.remove(0);
        }
        if self.recording {
            let handed = self.handed(target, state);
            let condition = step.skipped.filter(|(end, _)| at.index < *end).map(|(_, value)| (value, false));
            let site = CallSite {
                address: call.address,
                block: at.block,
                target,
                system,
                arguments: arguments.clone(),
                handed,
                pointer,
                condition,
            };
            self.facts.calls.insert(index, site);
        }
        let rules = self.setting.rules;
        if let Some(place) = place_finder(self.setting.program, target, rules) {
            let here = self.facts.arena.constant(at.next.0, place.size);
            state.write(place, Some(here));
            return self.pop_return_address(state, 0);
        }
        let register = self.setting.table.register_space();
        let big_endian = self.big_endian();
        let kept_result = state.read(&mut self.facts.arena, rules.result, big_endian);
        state.forget_registers(&mut self.facts.arena, register, rules.kept(), big_endian);
        let reach = self.reach(&arguments);
        for argument in &arguments {
            if let Value::Stack(distance) = self.facts.arena.get(*argument) {
                // Compilers put saved registers and addresses beside buffers; callees have no business there.
                let (arena, image) = (&self.facts.arena, self.setting.image);
                let keep = |value: ValueId| match arena.get(value) {
                    Value::Entry(_) | Value::Import(_) => true,
                    Value::Number(n) => n > 0xff && image.access(VirtAddr(n)).is_some(),
                    _ => false,
                };
                state.forget_stack(distance, distance.saturating_add(reach).min(0), keep);
            }
        }
        if let (Some(above), Some(number)) = (rules.contents_slot, self.setting.image.global_pointer)
            && let Some(Value::Stack(top)) = state.exact(rules.stack).map(|top| self.facts.arena.get(top))
        {
            let contents = self.facts.arena.constant(number, rules.stack.size);
            state.write(slot(top.wrapping_add(above), rules.stack.size), Some(contents));
        }
        let ordered = self.in_network_order(target, &arguments);
        let mut result = ordered.unwrap_or_else(|| self.facts.arena.add(Value::Result(index)));
        if let (Some((_, when)), Some(old)) = (step.skipped.filter(|(end, _)| at.index < *end), kept_result) {
            result = self.facts.arena.add(Value::Choice { when, then: old, otherwise: result });
        }
        state.write(rules.result, Some(result));
        if let Some(zero) = rules.zero {
            state.write(zero, Some(self.facts.arena.constant(0, zero.size)));
        }
        if target != CallTarget::System {
            let block = self.function.block(at.block);
            let program = self.setting.program;
            let popped = windows::popped(program, self.function, block, target, at.next, rules.stack);
            self.pop_return_address(state, popped);
        }
    }

    /// Takes the return address, and bytes of arguments, off the stack.
    fn pop_return_address(&mut self, state: &mut State, arguments: u64) {
        let rules = self.setting.rules;
        let popped = i64::from(rules.convention.popped_on_return()).saturating_add_unsigned(arguments);
        if let Some(top) = state.exact(rules.stack) {
            let restored = self.facts.arena.sum(top, popped, rules.stack.size);
            state.write(rules.stack, Some(restored));
        }
    }

    /// Bytes that a callee changes behind an address it gets: it is often told how many.
    fn reach(&self, arguments: &[ValueId]) -> i64 {
        let numbers = arguments.iter().filter_map(|argument| self.facts.arena.number(*argument));
        let counts = numbers.filter_map(|n| i64::try_from(n).ok()).filter(|n| (1..=REACH).contains(n));
        counts.max().map_or(REACH, |count| count.max(i64::from(self.setting.image.pointer_size)))
    }

    /// Is a pointer loaded from an address that differs from one time round a loop to the next?
    fn varies(&self, pointer: ValueId) -> bool {
        let arena = &self.facts.arena;
        let pointer = match arena.get(pointer) {
            // The mode bit is cut off.
            Value::Binary(Opcode::IntAnd, _, pointer, _) => pointer,
            _ => pointer,
        };
        let Value::Load { at, .. } = arena.get(pointer) else { return false };
        let mut todo = vec![at];
        for _ in 0..16 {
            match todo.pop().map(|id| arena.get(id)) {
                Some(Value::Merge { .. }) => return true,
                Some(value) => todo.extend(arena.inputs(value).into_iter().flatten()),
                None => break,
            }
        }
        false
    }

    /// Name and arguments of a system call.
    fn system_call(&mut self, state: &State) -> (Option<&'static str>, Vec<ValueId>) {
        let (rules, big_endian) = (self.setting.rules, self.big_endian());
        let arena = &mut self.facts.arena;
        let number = state.read(arena, rules.system_number, big_endian).and_then(|n| arena.number(n));
        let arguments = rules.system_arguments.iter();
        let arguments = arguments.map_while(|place| state.read(arena, *place, big_endian)).collect();
        (number.and_then(|number| system::name_of(self.setting.image, number)), arguments)
    }

    /// The library function that makes the system call of a number.
    fn is_system_function(&self, target: CallTarget) -> bool {
        called(self.setting.program, target) == Some("syscall")
    }

    /// What stands in the structure that a started program gets.
    fn handed(&mut self, target: CallTarget, state: &State) -> Vec<ValueId> {
        let Some(name) = called(self.setting.program, target) else { return Vec::new() };
        let argument = facts_of(name).iter().find_map(|fact| match fact {
            Fact::Hands(n) => Some(u32::from(*n)),
            _ => None,
        });
        let (rules, big_endian) = (self.setting.rules, self.big_endian());
        let top = state.exact(rules.stack).map(|top| self.facts.arena.get(top));
        let (Some(argument), Some(Value::Stack(top))) = (argument, top) else { return Vec::new() };
        let arena = &mut self.facts.arena;
        let place = rules.argument(argument, 0, top).and_then(|place| state.read(arena, place, big_endian));
        let Some(Value::Stack(start)) = place.map(|place| arena.get(place)) else { return Vec::new() };
        let word = u16::from(self.setting.image.pointer_size);
        (0..HANDED)
            .filter_map(|n| {
                state.read(arena, slot(start.checked_add(n * i64::from(word))?, word), big_endian)
            })
            .collect()
    }

    /// What `htonl` and its like return: without optimisation they are calls, with it instructions.
    fn in_network_order(&mut self, target: CallTarget, arguments: &[ValueId]) -> Option<ValueId> {
        let size = match called(self.setting.program, target)? {
            "htonl" | "ntohl" => 4,
            "htons" | "ntohs" => 2,
            _ => return None,
        };
        let arena = &mut self.facts.arena;
        let number = arena.cast(*arguments.first()?, 8, size, false);
        Some(if self.setting.image.endian == Endian::Big { number } else { arena.reversed(number, size) })
    }

    /// What a computed pointer calls, if it is one place.
    fn target(&self, pointer: ValueId) -> Option<CallTarget> {
        match self.facts.arena.get(pointer) {
            Value::Import(import) => Some(CallTarget::Import(import)),
            Value::Number(address) => {
                let program = self.setting.program;
                let id = program.function_at(program.image.code_addr(address).address)?;
                let stub = program.function(id).and_then(|function| function.stub);
                Some(stub.map_or(CallTarget::Function(id), CallTarget::Import))
            }
            _ => None,
        }
    }

    /// Arguments up to the last place whose value is known.
    fn arguments(&mut self, state: &State, target: CallTarget) -> Vec<ValueId> {
        let rules = self.setting.rules;
        let big_endian = self.big_endian();
        let local = match target {
            CallTarget::Function(callee) => self.setting.local(callee),
            _ => 0,
        };
        let top = match state.exact(rules.stack).map(|top| self.facts.arena.get(top)) {
            Some(Value::Stack(top)) => Some(top),
            _ => None,
        };
        let in_registers = rules.arguments.len() as u32 + u32::from(local);
        let known = if top.is_some() { MAX_ARGUMENTS } else { MAX_ARGUMENTS.min(in_registers) };
        let mut all = Vec::new();
        for index in 0..known {
            let Some(place) = rules.argument(index, local, top.unwrap_or_default()) else { break };
            let Some(value) = state.read(&mut self.facts.arena, place, big_endian) else { break };
            all.push(value);
        }
        all
    }
}
