//! Blocks of one walk: reached, decoded, split, walked again.

use std::collections::BTreeSet;

use sleigh::{Context, LiftError, Lifter, Table};

use super::{Explored, Explorer, RawBlock, RawExit, RawPlace};
use crate::address::VirtAddr;
use crate::function::Stop;
use crate::instruction::{Flow, Instruction, WayKind};
use crate::state::{State, Value, Walk};
use crate::switch;

/// Length of an instruction whose meaning is not known but whose existence is; 0 for none. `scv 0`, the system call of
/// Power ISA 3.0, is missing in the tables.
fn skipped_length(table: &Table, error: &LiftError, bytes: &[u8]) -> u32 {
    const SCV: u32 = 0x4400_0001;
    match (error, bytes.first_chunk::<4>()) {
        (LiftError::Unimplemented { length, .. }, _) => *length,
        (_, Some(word)) if table.register("xer_so").is_some() => {
            let word = if table.big_endian() { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
            if word == SCV { 4 } else { 0 }
        }
        _ => 0,
    }
}

/// Bytes offered to the lifter: an instruction and its delay slot.
const WINDOW: usize = 32;

pub(super) struct Visit<'v, 'a, 'l, 't> {
    pub(super) explorer: &'v Explorer<'a>,
    pub(super) lifter: &'l mut Lifter<'t>,
    pub(super) found: Explored,
    /// The next function behind the entry.
    pub(super) border: Option<VirtAddr>,
    pub(super) queue: BTreeSet<VirtAddr>,
}

/// What a walked instruction does to the block it stands in.
pub(super) enum After {
    /// The block goes on.
    Next,
    /// The block ends.
    Ends(RawExit),
}

impl Visit<'_, '_, '_, '_> {
    /// Control reaches an address, with what is known there.
    pub(super) fn reach(&mut self, address: VirtAddr, context: Context, state: &State) {
        if !self.found.blocks.contains_key(&address) && !self.split(address) {
            let instructions = 0..0;
            let block = RawBlock { context, instructions, end: address, exit: None, state: state.clone() };
            self.found.blocks.insert(address, block);
            self.queue.insert(address);
            return;
        }
        let Some(block) = self.found.blocks.get_mut(&address) else { return };
        if block.state.join(state) {
            self.queue.insert(address);
        }
    }

    /// Splits the block that has an instruction here. `false` if there is none.
    fn split(&mut self, address: VirtAddr) -> bool {
        let Some((start, block)) = self.found.blocks.range_mut(..address).next_back() else { return false };
        let range = block.instructions.start as usize..block.instructions.end as usize;
        let inside = self.found.instructions.get(range).unwrap_or_default();
        let Ok(index) = inside.binary_search_by_key(&address, |instruction| instruction.address) else {
            return false;
        };
        let middle = block.instructions.start + index as u32;
        // The part behind keeps what was known in front until the front is walked again; that can only lose knowledge.
        let back = RawBlock {
            context: block.context,
            instructions: middle..block.instructions.end,
            end: block.end,
            exit: block.exit.take(),
            state: block.state.clone(),
        };
        let context = back.context;
        block.instructions.end = middle;
        block.end = address;
        block.exit = Some(RawExit::Always(RawPlace::To(address, context)));
        let start = *start;
        // Registers may have changed since the start of the block: nothing of its state is sure in the middle.
        let back = RawBlock { state: self.state_before(start, address), ..back };
        self.found.blocks.insert(address, back);
        true
    }

    /// What is known just before an instruction of a decoded block.
    fn state_before(&self, start: VirtAddr, address: VirtAddr) -> State {
        let Some(block) = self.found.blocks.get(&start) else { return State::default() };
        let mut state = block.state.clone();
        for index in block.instructions.clone() {
            match self.found.instructions.get(index as usize).copied() {
                Some(instruction) if instruction.address < address => {
                    self.replay(index, &instruction, &mut state)
                }
                _ => break,
            }
        }
        state
    }

    /// Walks a decoded instruction for its effect on the state alone.
    fn replay(&self, index: u32, instruction: &Instruction, state: &mut State) {
        let setting = &self.explorer.setting;
        let mut walk = Walk::new(setting, state);
        let ops = self.found.ops.as_slice().get(instruction.ops()).unwrap_or_default();
        for (place, op) in ops.iter().enumerate() {
            walk.step(place, op, self.found.ops.inputs(op), instruction.end(), ops.len());
        }
        let Some(flow) = self.found.flows.get(&index) else { return };
        if flow.ways.iter().any(|way| matches!(way.kind, WayKind::Call(_) | WayKind::CallIndirect(_))) {
            let thunk = self.pc_thunk_register(flow);
            state.clobber(setting);
            if let Some(register) = thunk {
                state.write(register, Some(Value::Number(instruction.end().0)));
            }
        }
    }

    /// Walks a block: decodes it at the first time, then hands what is known to its successors.
    pub(super) fn run(&mut self, start: VirtAddr) {
        let Some(block) = self.found.blocks.get(&start) else { return };
        let mut state = block.state.clone();
        let exit = match &block.exit {
            Some(_) => {
                let range = block.instructions.clone();
                for index in range {
                    let Some(instruction) = self.found.instructions.get(index as usize).copied() else {
                        break;
                    };
                    self.replay(index, &instruction, &mut state);
                    self.found.work += 1;
                }
                self.found.blocks.get(&start).and_then(|block| block.exit.clone())
            }
            None => Some(self.decode(start, &mut state)),
        };
        let places: Vec<(VirtAddr, Context)> = match exit {
            Some(RawExit::Always(place)) => place.target().into_iter().collect(),
            Some(RawExit::Branch { taken, otherwise, .. }) => {
                taken.target().into_iter().chain(otherwise.target()).collect()
            }
            Some(RawExit::Switch { cases, .. }) => {
                let context =
                    self.found.blocks.get(&start).map_or_else(Context::default, |block| block.context);
                cases.iter().map(|case| (case.1, context)).collect()
            }
            None => Vec::new(),
        };
        for (address, context) in places {
            self.reach(address, context, &state);
        }
    }

    /// Decodes a block from its start until control leaves it.
    fn decode(&mut self, start: VirtAddr, state: &mut State) -> RawExit {
        let mut context = self.found.blocks.get(&start).map_or_else(Context::default, |block| block.context);
        let first = self.found.instructions.len() as u32;
        let mut at = start;
        let exit = loop {
            if at != start && (self.found.blocks.contains_key(&at) || self.is_other_function(at)) {
                break RawExit::Always(self.place(at, context, None, state));
            }
            if self.found.instructions.len() >= self.explorer.max_instructions {
                self.found.complete = false;
                break RawExit::Always(RawPlace::Stop(Stop::Limit));
            }
            let after = self.decode_one(&mut at, &mut context, state);
            if start == self.found.entry.address {
                self.found.has_frame |=
                    state.depth(self.explorer.setting.roles).is_some_and(|depth| depth < 0);
            }
            match after {
                After::Next => {}
                After::Ends(exit) => break exit,
            }
        };
        let last = self.found.instructions.len() as u32;
        if let Some(block) = self.found.blocks.get_mut(&start) {
            block.instructions = first..last;
            block.end = at;
            block.exit = Some(exit.clone());
        }
        exit
    }

    fn is_other_function(&self, address: VirtAddr) -> bool {
        address != self.found.entry.address && self.explorer.known.is_entry(address)
    }

    fn decode_one(&mut self, at: &mut VirtAddr, context: &mut Context, state: &mut State) -> After {
        let setting = &self.explorer.setting;
        let address = *at;
        let bytes = setting.image.bytes_from(address);
        let bytes = bytes.get(..WINDOW).unwrap_or(bytes);
        if bytes.is_empty() || !setting.image.access(address).is_some_and(|access| access.execute) {
            return After::Ends(RawExit::Always(RawPlace::Stop(Stop::Unmapped)));
        }
        self.found.work += 1;
        let lifted = match self.lifter.lift(bytes, address.0, *context) {
            Ok(lifted) => lifted,
            Err(error) if skipped_length(setting.table, &error, bytes) > 0 => {
                let length = skipped_length(setting.table, &error, bytes);
                self.found.failures.push(LiftError::Unimplemented { address: address.0, length });
                self.found.instructions.push(Instruction {
                    address,
                    length: u8::try_from(length).unwrap_or(u8::MAX),
                    first: self.found.ops.len() as u32,
                    count: 0,
                });
                *at = address.plus(u64::from(length));
                *context = setting.table.context_at(address.0, *context, &[], at.0);
                // What it changes is not known.
                state.clobber_all(setting);
                return After::Next;
            }
            Err(error) => {
                self.found.failures.push(error);
                return After::Ends(RawExit::Always(RawPlace::Stop(Stop::Undecoded)));
            }
        };
        let first = self.found.ops.len() as u32;
        lifted.append_to(&mut self.found.ops);
        let instruction = Instruction {
            address,
            length: u8::try_from(lifted.length).unwrap_or(u8::MAX),
            first,
            count: lifted.ops.len() as u16,
        };
        let index = self.found.instructions.len() as u32;
        self.found.instructions.push(instruction);
        let next = instruction.end();
        let flow = Flow::of(setting.table, &lifted, address);
        let next_context = setting.table.context_at(address.0, *context, lifted.commits, next.0);
        let targets: Vec<Context> = flow
            .iter()
            .flat_map(|flow| &flow.ways)
            .map(|way| match way.kind {
                WayKind::Jump(to) | WayKind::Call(to) => {
                    setting.table.context_at(address.0, *context, lifted.commits, to.0)
                }
                _ => next_context,
            })
            .collect();
        *at = next;
        *context = next_context;
        let step = Walked { instruction, next, next_context };
        self.walk(&step, flow.as_ref(), &targets, state, index)
    }

    /// Jumps that are no table and leave with the stack of the entry are calls of unknown functions.
    pub(super) fn note_tail_calls(&mut self) {
        for block in self.found.blocks.values_mut() {
            let range = block.instructions.start as usize..block.instructions.end as usize;
            let Some(last) = self.found.instructions.get(range).and_then(<[Instruction]>::last) else {
                continue;
            };
            let ops = last.ops().start as u32..last.ops().end as u32;
            let Some((op, call)) = self.found.leaving.range(ops).next() else { continue };
            let unresolved = match &mut block.exit {
                Some(RawExit::Always(place)) => place,
                Some(RawExit::Branch { taken, .. }) => taken,
                Some(RawExit::Switch { .. }) | None => continue,
            };
            if *unresolved == RawPlace::Unresolved {
                *unresolved = RawPlace::TailCall(*op);
                self.found.calls.insert(*op, *call);
            }
        }
    }

    /// Tries to resolve indirect jumps that have not been tried with the blocks known now. `true` if one was.
    pub(super) fn solve_switches(&mut self, tried: &mut BTreeSet<VirtAddr>) -> bool {
        let unresolved: Vec<VirtAddr> = self
            .found
            .blocks
            .iter()
            .filter(|(start, block)| {
                block.exit.as_ref().is_some_and(RawExit::is_unresolved) && !tried.contains(*start)
            })
            .map(|(start, _)| *start)
            .collect();
        let mut solved = false;
        for start in unresolved {
            tried.insert(start);
            let Some(solution) = switch::solve(&self.explorer.setting, &self.found, self.border, start)
            else {
                continue;
            };
            self.found.work += solution.work;
            self.found.literals.extend(&solution.table);
            if let Some(block) = self.found.blocks.get_mut(&start) {
                block.exit = Some(match &block.exit {
                    // A guarded jump keeps its other arm.
                    Some(RawExit::Branch { otherwise: RawPlace::To(next, _), .. }) => {
                        let mut cases = solution.cases;
                        if !cases.iter().any(|case| case.1 == *next) {
                            cases.push((u64::MAX, *next));
                        }
                        RawExit::Switch { op: solution.op, cases }
                    }
                    _ => RawExit::Switch { op: solution.op, cases: solution.cases },
                });
                self.queue.insert(start);
                solved = true;
            }
        }
        solved
    }
}

/// An instruction just decoded.
pub(super) struct Walked {
    pub(super) instruction: Instruction,
    pub(super) next: VirtAddr,
    pub(super) next_context: Context,
}
