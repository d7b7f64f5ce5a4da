//! What one function computes: an abstract interpretation of its P-code.
//!
//! Each block is carried out on a [`State`] of symbolic values; where ways meet, states meet ([`State::meet`]). A place
//! that holds different values at a meeting point becomes a merge of that block and stays one, and a place that one way
//! does not know is lost; each can happen once per block and place, every cycle of blocks has a block with a way in from
//! outside where its values meet, so the iteration ends. A cap on visits guards against our own mistakes.
//!
//! Assumptions, made to find things rather than to show their absence: stores through unknown pointers do not hit
//! tracked stack slots; a callee that gets the address of a stack slot may change the [`REACH`] bytes from there on.

use std::collections::{BTreeMap, BTreeSet};

use program::image::{Image, Pointer};
use program::{Block, BlockId, Call, CallTarget, Exit, FuncId, Function, Place, Program, VirtAddr};
use sleigh::Table;
use sleigh::pcode::{Op, Opcode, Varnode};

use crate::abi::{CallRules, MAX_ARGUMENTS};
use crate::cdecl::place_finder;
use crate::graph::Dominance;
use crate::state::{Places, State, slot};
use crate::system;
use crate::user;
use crate::value::{Arena, Value, ValueId, sign_extend};

/// Bytes behind a passed stack address that the callee may change.
const REACH: i64 = 64;
/// Values looked at to find what an address is computed from.
const MAX_ROOTS: usize = 24;
/// Visits of one block before the function is given up as it stands.
const MAX_VISITS: u32 = 40;

/// A call with what it passes.
#[derive(Clone, Debug)]
pub struct CallSite {
    /// The calling instruction.
    pub address: VirtAddr,
    /// Its block.
    pub block: BlockId,
    /// What is called.
    pub target: CallTarget,
    /// Name of the system call that is made, in the program's own code or through the library's `syscall`.
    pub system: Option<&'static str>,
    /// What it passes, as far as the convention tells; the callee may take fewer.
    pub arguments: Vec<ValueId>,
    /// The computed target of an indirect call.
    pub pointer: Option<ValueId>,
    /// It happens only if this value has this truth (conditional execution).
    pub condition: Option<(ValueId, bool)>,
}

/// A store to memory other than tracked stack slots.
#[derive(Clone, Copy, Debug)]
pub struct StoreSite {
    /// The storing instruction.
    pub address: VirtAddr,
    /// Its block.
    pub block: BlockId,
    /// Where to.
    pub to: ValueId,
    /// What.
    pub value: ValueId,
    /// Bytes.
    pub size: u16,
}

/// Facts of one function.
#[derive(Clone, Debug, Default)]
pub struct FunctionFacts {
    /// Its values.
    pub arena: Arena,
    /// Dominance between its blocks.
    pub dominance: Dominance,
    /// Calls that were reached, by their place in [`Function::calls`].
    pub calls: BTreeMap<u32, CallSite>,
    /// Stores, in order of address.
    pub stores: Vec<StoreSite>,
    /// The condition of a branch or the selector of a switch, by block.
    pub conditions: BTreeMap<BlockId, ValueId>,
    /// What the result register holds where the function returns.
    pub returns: BTreeMap<BlockId, ValueId>,
    /// Work done, in operations.
    pub work: u64,
    /// False if the iteration was cut.
    pub complete: bool,
}

/// What interpreting needs to know of the program.
pub(crate) struct Setting<'a> {
    pub(crate) program: &'a Program,
    pub(crate) image: &'a Image,
    pub(crate) table: &'a Table,
    pub(crate) rules: &'a CallRules,
    /// Arguments in [`CallRules::local`], by function; empty: none anywhere.
    pub(crate) local: &'a [u8],
}

impl Setting<'_> {
    fn local(&self, function: FuncId) -> u8 {
        self.local.get(function.0 as usize).copied().unwrap_or_default()
    }
}

impl FunctionFacts {
    pub(crate) fn of(setting: &Setting<'_>, id: FuncId, function: &Function, work_limit: u64) -> Self {
        let dominance = Dominance::of(function);
        let mut walk = Walk {
            setting,
            function,
            facts: Self { complete: true, ..Self::default() },
            places: Places::default(),
            calls: function.calls.iter().zip(0..).map(|(call, index)| (call.op, (index, call))).collect(),
            local: setting.local(id),
            recording: false,
        };
        walk.run(&dominance, work_limit);
        let mut facts = walk.facts;
        facts.dominance = dominance;
        facts.stores.sort_by_key(|store| (store.address, store.to, store.value));
        facts
    }

    /// The values that an address is computed from: through sums, and through merges of loops.
    pub fn roots(&self, address: ValueId) -> BTreeSet<ValueId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![address];
        while let Some(id) = todo.pop() {
            if !seen.insert(id) || seen.len() > MAX_ROOTS {
                continue;
            }
            match self.arena.get(id) {
                Value::Sum(base, _) => todo.push(base),
                Value::Binary(Opcode::IntAdd, _, a, b) => todo.extend([a, b]),
                Value::Merge { .. } => todo.extend(self.arena.operands(id).iter().map(|operand| operand.2)),
                _ => {
                    found.insert(id);
                }
            }
        }
        found
    }

    /// Follows merges whose ways all bring the same value.
    pub fn resolve(&self, mut value: ValueId) -> ValueId {
        for _ in 0..8 {
            let mut others = self.arena.operands(value).iter().map(|o| o.2).filter(|o| *o != value);
            let Some(first) = others.next() else { return value };
            if others.any(|other| other != first) {
                return value;
            }
            value = first;
        }
        value
    }
}

struct Walk<'a, 's> {
    setting: &'a Setting<'s>,
    function: &'a Function,
    facts: FunctionFacts,
    places: Places,
    calls: BTreeMap<u32, (u32, &'a Call)>,
    /// Arguments that it takes in [`CallRules::local`].
    local: u8,
    recording: bool,
}

/// Inside one instruction.
struct Step {
    temporaries: Vec<(Varnode, ValueId)>,
    /// Operations before this index run only if the value is false.
    skipped: Option<(usize, ValueId)>,
}

impl Walk<'_, '_> {
    fn run(&mut self, dominance: &Dominance, work_limit: u64) {
        let count = self.function.blocks.len();
        let mut before: Vec<Option<State>> = vec![None; count];
        let mut after: Vec<Option<State>> = vec![None; count];
        let mut visits = vec![0_u32; count];
        let mut pending: Vec<bool> = vec![true; dominance.order.len()];
        let rank: BTreeMap<BlockId, usize> = dominance.order.iter().copied().zip(0..).collect();
        while let Some(next) = pending.iter().position(|p| *p) {
            if let Some(p) = pending.get_mut(next) {
                *p = false;
            }
            let Some(id) = dominance.order.get(next).copied() else { continue };
            let index = id.0 as usize;
            let (Some(block), Some(visit)) = (self.function.blocks.get(index), visits.get_mut(index)) else {
                continue;
            };
            *visit += 1;
            if *visit > MAX_VISITS || self.facts.work > work_limit {
                self.facts.complete = false;
                continue;
            }
            let earlier = before.get(index).and_then(Option::as_ref);
            let state = self.entry_state(id, dominance, &after, earlier);
            if earlier == Some(&state) {
                continue;
            }
            let mut out = state.clone();
            self.block(id, block, &mut out);
            if let Some(slot) = before.get_mut(index) {
                *slot = Some(state);
            }
            let changed = after.get(index).and_then(Option::as_ref) != Some(&out);
            if let Some(slot) = after.get_mut(index) {
                *slot = Some(out);
            }
            if changed {
                for successor in block.successors() {
                    if let Some(p) = rank.get(&successor).and_then(|rank| pending.get_mut(*rank)) {
                        *p = true;
                    }
                }
            }
        }
        self.record(dominance, &before, &after);
    }

    /// Last pass: the states are final, now calls, stores and conditions are written down.
    fn record(&mut self, dominance: &Dominance, before: &[Option<State>], after: &[Option<State>]) {
        self.recording = true;
        let big_endian = self.big_endian();
        for id in &dominance.order {
            let index = id.0 as usize;
            let (Some(block), Some(Some(state))) = (self.function.blocks.get(index), before.get(index))
            else {
                continue;
            };
            let mut state = state.clone();
            self.block(*id, block, &mut state);
            if returns(&block.exit)
                && let Some(value) = state.read(&mut self.facts.arena, self.setting.rules.result, big_endian)
            {
                self.facts.returns.insert(*id, value);
            }
        }
        self.merges(dominance, after);
    }

    fn merges(&mut self, dominance: &Dominance, after: &[Option<State>]) {
        let merges: Vec<(ValueId, BlockId, u32)> = self
            .facts
            .arena
            .values()
            .filter_map(|(id, value)| match value {
                Value::Merge { block, place } => Some((id, block, place)),
                _ => None,
            })
            .collect();
        let big_endian = self.big_endian();
        let mut operands = Vec::new();
        for (merge, block, place) in merges {
            let Some(place) = self.places.place(place) else { continue };
            for predecessor in dominance.predecessors(block) {
                let state = after.get(predecessor.0 as usize).and_then(Option::as_ref);
                let arena = &mut self.facts.arena;
                if let Some(value) = state.and_then(|state| state.read(arena, place, big_endian)) {
                    operands.push((merge, *predecessor, value));
                }
            }
        }
        operands.sort_unstable();
        operands.dedup();
        self.facts.arena.merges = operands;
    }

    fn entry_state(
        &mut self,
        id: BlockId,
        dominance: &Dominance,
        after: &[Option<State>],
        earlier: Option<&State>,
    ) -> State {
        let big_endian = self.big_endian();
        let mut ways = dominance
            .predecessors(id)
            .iter()
            .filter_map(|p| after.get(p.0 as usize).and_then(Option::as_ref));
        let mut state = match dominance.order.first() == Some(&id) {
            true => self.first_state(),
            false => ways.next().cloned().unwrap_or_default(),
        };
        for way in ways {
            state.meet(way, &mut self.facts.arena, id, &mut self.places, big_endian);
        }
        if let Some(earlier) = earlier {
            state.keep_merges(earlier, &self.facts.arena, id);
        }
        state
    }

    fn first_state(&mut self) -> State {
        let rules = self.setting.rules;
        let arena = &mut self.facts.arena;
        let mut state = State::default();
        state.write(rules.stack, Some(arena.add(Value::Stack(0))));
        for index in 0..MAX_ARGUMENTS {
            if let Some(place) = rules.argument(index, self.local, 0) {
                state.write(place, Some(arena.add(Value::Parameter(index as u8))));
            }
        }
        let known = [
            (rules.entry, Some(self.function.entry.0)),
            (rules.global, self.setting.image.global_pointer),
            (rules.zero, Some(0)),
        ];
        for (place, number) in known {
            if let (Some(place), Some(number)) = (place, number) {
                state.write(place, Some(arena.constant(number, place.size)));
            }
        }
        if let Some(link) = rules.link {
            state.write(link, Some(arena.add(Value::Entry(link))));
        }
        state
    }

    fn big_endian(&self) -> bool {
        self.setting.table.big_endian()
    }

    fn block(&mut self, id: BlockId, block: &Block, state: &mut State) {
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
        state.write(output, Some(value));
    }

    fn read(&mut self, operand: Varnode, state: &State, step: &Step, at: &At) -> ValueId {
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

    fn load(&mut self, at: ValueId, size: u16, state: &State) -> ValueId {
        let big_endian = self.big_endian();
        let image = self.setting.image;
        match self.facts.arena.get(at) {
            Value::Stack(distance) => {
                if let Some(value) = state.read(&mut self.facts.arena, slot(distance, size), big_endian) {
                    return value;
                }
            }
            Value::Number(address) => {
                if let Some(value) = self.constant_memory(image, VirtAddr(address), size) {
                    return value;
                }
            }
            _ => {}
        }
        self.facts.arena.add(Value::Load { at, size })
    }

    fn constant_memory(&mut self, image: &Image, address: VirtAddr, size: u16) -> Option<ValueId> {
        let fixed = self.is_fixed(address);
        let arena = &mut self.facts.arena;
        if size == u16::from(image.pointer_size) {
            match image.pointer_at(address) {
                Some(Pointer::Local(target)) if fixed => {
                    return Some(arena.constant(target.0, size));
                }
                Some(Pointer::Import(import)) => return Some(arena.add(Value::Import(import))),
                _ => {}
            }
        }
        let bytes = u8::try_from(size).ok().filter(|size| (1..=8).contains(size))?;
        let number = fixed.then(|| image.read_uint(address, bytes)).flatten()?;
        Some(arena.constant(number, size))
    }

    /// Read-only, or in the offset table that only the loader writes: within reach of the global pointer, or named so.
    fn is_fixed(&self, address: VirtAddr) -> bool {
        let image = self.setting.image;
        let near = |global: u64| address.0.abs_diff(global) <= 0x8000 && self.setting.rules.entry.is_some();
        let offsets = || {
            let holds = |s: &&program::image::Section| {
                (s.start.0..s.start.0.saturating_add(s.size)).contains(&address.0)
            };
            image.sections().iter().find(holds).is_some_and(|section| section.name == ".got")
        };
        image.is_read_only(address) || image.global_pointer.is_some_and(near) || offsets()
    }

    fn store(&mut self, at: &At, op: &Op, state: &mut State, step: &Step) {
        let (Some(space), Some(pointer), Some(stored)) = (op.input(0), op.input(1), op.input(2)) else {
            return;
        };
        if space.offset != u64::from(self.setting.table.code_space().0) {
            return;
        }
        let to = self.read(pointer, state, step, at);
        let mut value = self.read(stored, state, step, at);
        if let Value::Stack(distance) = self.facts.arena.get(to) {
            let place = slot(distance, stored.size);
            if let Some((_, when)) = step.skipped.filter(|(end, _)| at.index < *end) {
                let old = self.load(to, stored.size, state);
                value = self.facts.arena.add(Value::Choice { when, then: old, otherwise: value });
            }
            state.write(place, Some(value));
        }
        self.remember(at, to, value, stored.size);
    }

    fn remember(&mut self, at: &At, to: ValueId, value: ValueId, size: u16) {
        if self.recording {
            self.facts.stores.push(StoreSite { address: at.address, block: at.block, to, value, size });
        }
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

    fn call(&mut self, at: &At, index: u32, call: &Call, op: &Op, state: &mut State, step: &Step) {
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
            let condition = step.skipped.filter(|(end, _)| at.index < *end).map(|(_, value)| (value, false));
            let site = CallSite {
                address: call.address,
                block: at.block,
                target,
                system,
                arguments: arguments.clone(),
                pointer,
                condition,
            };
            self.facts.calls.insert(index, site);
        }
        let rules = self.setting.rules;
        if let Some(place) = place_finder(self.setting.program, target, rules) {
            let here = self.facts.arena.constant(at.next.0, place.size);
            state.write(place, Some(here));
            return self.pop_return_address(state);
        }
        let register = self.setting.table.register_space();
        let big_endian = self.big_endian();
        let kept_result = state.read(&mut self.facts.arena, rules.result, big_endian);
        state.forget(|place| place.space == register && !rules.keeps(place));
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
        let mut result = self.facts.arena.add(Value::Result(index));
        if let (Some((_, when)), Some(old)) = (step.skipped.filter(|(end, _)| at.index < *end), kept_result) {
            result = self.facts.arena.add(Value::Choice { when, then: old, otherwise: result });
        }
        state.write(rules.result, Some(result));
        if let Some(zero) = rules.zero {
            state.write(zero, Some(self.facts.arena.constant(0, zero.size)));
        }
        if target != CallTarget::System {
            self.pop_return_address(state);
        }
    }

    fn pop_return_address(&mut self, state: &mut State) {
        let rules = self.setting.rules;
        let popped = i64::from(rules.convention.popped_on_return());
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
        let CallTarget::Import(import) = target else { return false };
        self.setting.image.import(import).is_some_and(|import| import.name == "syscall")
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

/// Where in the function an operation stands.
struct At {
    block: BlockId,
    address: VirtAddr,
    next: VirtAddr,
    op: u32,
    index: usize,
}

fn returns(exit: &Exit) -> bool {
    let is = |place: &Place| *place == Place::Return;
    match exit {
        Exit::Always(place) => is(place),
        Exit::Branch { taken, otherwise, .. } => is(taken) || is(otherwise),
        Exit::Switch { .. } => false,
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
