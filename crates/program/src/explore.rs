//! Walking one function: recursive descent, with decoder context and known values along the edges.
//!
//! Blocks are decoded when first reached and walked again whenever a joining path makes less known about registers
//! (see [`crate::state`]); that cannot go on for ever, because knowledge only shrinks. Jump targets found with more
//! knowledge stay: the walk may visit too much, never silently less.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sleigh::pcode::{Op, Opcode, Ops, Varnode};
use sleigh::{Context, LiftError, Lifter};

use crate::address::{ImportId, VirtAddr};
use crate::function::Stop;
use crate::image::CodeAddr;
use crate::instruction::{Flow, Guard, Instruction, Way, WayKind};
use crate::known::Known;
use crate::state::{Setting, State, Value, Walk};
use crate::switch;

/// Where control goes, while blocks are still known by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawPlace {
    To(VirtAddr, Context),
    TailCall(u32),
    Return,
    Stop(Stop),
    Unresolved,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawExit {
    Always(RawPlace),
    Branch { op: u32, when: bool, taken: RawPlace, otherwise: RawPlace },
    Switch { op: u32, cases: Vec<(u64, VirtAddr)> },
}

#[derive(Clone, Debug)]
pub(crate) struct RawBlock {
    pub(crate) context: Context,
    pub(crate) instructions: Range<u32>,
    pub(crate) end: VirtAddr,
    /// `None` until decoded.
    pub(crate) exit: Option<RawExit>,
    /// What is known at its start.
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RawTarget {
    Code(CodeAddr),
    Import(ImportId),
    System,
    Unresolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawCall {
    pub(crate) address: VirtAddr,
    pub(crate) target: RawTarget,
    pub(crate) indirect: bool,
    pub(crate) tail: bool,
    pub(crate) conditional: bool,
}

/// A walked function.
#[derive(Clone, Debug)]
pub(crate) struct Explored {
    pub(crate) entry: CodeAddr,
    pub(crate) blocks: BTreeMap<VirtAddr, RawBlock>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) ops: Ops,
    /// By index of the calling operation; [`FALLS`] is set where there is none.
    pub(crate) calls: BTreeMap<u32, RawCall>,
    /// Addresses of code that stand in argument registers at calls or are stored.
    pub(crate) taken: BTreeSet<CodeAddr>,
    pub(crate) failures: Vec<LiftError>,
    pub(crate) complete: bool,
    /// Instructions walked, each time counted.
    pub(crate) work: u64,
    /// Does its first block make a stack frame?
    pub(crate) has_frame: bool,
    flows: BTreeMap<u32, Flow>,
}

/// The unchanging side of a walk.
pub(crate) struct Explorer<'a> {
    pub(crate) setting: Setting<'a>,
    pub(crate) known: &'a Known,
    /// Instructions of one function.
    pub(crate) max_instructions: usize,
}

/// Marks, in the index of a call's operation, a function that runs on into the next one without a call.
pub(crate) const FALLS: u32 = 1 << 31;

/// Bytes offered to the lifter: an instruction and its delay slot.
const WINDOW: usize = 32;

impl Explorer<'_> {
    pub(crate) fn context(&self, short: bool) -> Context {
        let table = self.setting.table;
        let context = table.default_context();
        match table.variable("TMode").or_else(|| table.variable("ISA_MODE")) {
            Some(variable) if short => context.with(variable, 1),
            _ => context,
        }
    }

    fn is_short(&self, context: Context) -> bool {
        let table = self.setting.table;
        let variable = table.variable("TMode").or_else(|| table.variable("ISA_MODE"));
        variable.is_some_and(|variable| context.value(variable) != 0)
    }

    /// Walks the function at `entry`.
    pub(crate) fn explore(&self, lifter: &mut Lifter<'_>, entry: CodeAddr) -> Explored {
        let found = Explored {
            entry,
            blocks: BTreeMap::new(),
            instructions: Vec::new(),
            ops: Ops::default(),
            calls: BTreeMap::new(),
            taken: BTreeSet::new(),
            failures: Vec::new(),
            complete: true,
            work: 0,
            has_frame: false,
            flows: BTreeMap::new(),
        };
        let border = self.known.next_entry(entry.address);
        let mut visit = Visit { explorer: self, lifter, found, border, queue: BTreeSet::new() };
        let state = State::at_entry(&self.setting, entry.address);
        visit.reach(entry.address, self.context(entry.short), &state);
        let mut tried = BTreeSet::new();
        loop {
            while let Some(block) = visit.queue.pop_first() {
                visit.run(block);
            }
            if !visit.solve_switches(&mut tried) {
                break;
            }
        }
        visit.found
    }
}

struct Visit<'v, 'a, 'l, 't> {
    explorer: &'v Explorer<'a>,
    lifter: &'l mut Lifter<'t>,
    found: Explored,
    /// The next function behind the entry.
    border: Option<VirtAddr>,
    queue: BTreeSet<VirtAddr>,
}

/// What a walked instruction does to the block it stands in.
enum After {
    /// The block goes on.
    Next,
    /// The block ends.
    Ends(RawExit),
}

impl Visit<'_, '_, '_, '_> {
    /// Control reaches an address, with what is known there.
    fn reach(&mut self, address: VirtAddr, context: Context, state: &State) {
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
    fn run(&mut self, start: VirtAddr) {
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
            Err(LiftError::Unimplemented { length, .. }) if length > 0 => {
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

    /// Carries out an instruction just decoded.
    fn walk(
        &mut self,
        step: &Walked,
        flow: Option<&Flow>,
        contexts: &[Context],
        state: &mut State,
        index: u32,
    ) -> After {
        let explorer = self.explorer;
        let setting = &explorer.setting;
        let mut places: Vec<(Option<Guard>, RawPlace)> = Vec::new();
        let mut called: Option<bool> = None;
        let mut walk = Walk::new(setting, state);
        for place in 0..usize::from(step.instruction.count) {
            let absolute = step.instruction.first + place as u32;
            let Some(op) = self.found.ops.as_slice().get(absolute as usize).copied() else { break };
            let ways = flow.iter().flat_map(|flow| flow.ways.iter().zip(contexts));
            if let Some((way, context)) = ways.into_iter().find(|(way, _)| usize::from(way.op) == place) {
                let value = match way.kind {
                    WayKind::JumpIndirect(v) | WayKind::CallIndirect(v) => walk.value(v),
                    _ => None,
                };
                match self.way(step, way, *context, value, absolute, walk.state) {
                    Effect::Goes(place) => places.push((way.guard, place)),
                    Effect::Calls { returns } => {
                        called = Some(called.unwrap_or(true) && (returns || way.guard.is_some()));
                        self.note_arguments(walk.state);
                    }
                    Effect::None => {}
                }
            }
            self.note_stored(&op, &walk);
            walk.step(place, &op, self.found.ops.inputs(&op), step.next, usize::from(step.instruction.count));
        }
        if let Some(flow) = flow {
            self.found.flows.insert(index, flow.clone());
        }
        if called.is_some() {
            let thunk = flow.and_then(|flow| self.pc_thunk_register(flow));
            state.clobber(setting);
            if let Some(register) = thunk {
                state.write(register, Some(Value::Number(step.next.0)));
            }
        }
        if called == Some(false) && places.is_empty() {
            return After::Ends(RawExit::Always(RawPlace::Stop(Stop::NoReturn)));
        }
        let falls = flow.is_none_or(|flow| flow.falls);
        self.exit(step, &places, falls, state)
    }

    fn exit(
        &mut self,
        step: &Walked,
        places: &[(Option<Guard>, RawPlace)],
        falls: bool,
        state: &State,
    ) -> After {
        let next = |visit: &mut Self| visit.place(step.next, step.next_context, None, state);
        let exit = match *places {
            [] if falls => return After::Next,
            [] => RawExit::Always(RawPlace::Stop(Stop::Trap)),
            [(None, place), ..] => RawExit::Always(place),
            [(Some(guard), taken), ref rest @ ..] => {
                let otherwise = match rest.first() {
                    Some((_, place)) => *place,
                    None if falls => next(self),
                    None => RawPlace::Stop(Stop::Trap),
                };
                let op = step.instruction.first + u32::from(guard.op);
                RawExit::Branch { op, when: guard.when, taken, otherwise }
            }
        };
        After::Ends(exit)
    }

    fn way(
        &mut self,
        step: &Walked,
        way: &Way,
        context: Context,
        value: Option<Value>,
        op: u32,
        state: &State,
    ) -> Effect {
        let image = self.explorer.setting.image;
        let mut call = RawCall {
            address: step.instruction.address,
            target: RawTarget::Unresolved,
            indirect: false,
            tail: false,
            conditional: way.guard.is_some(),
        };
        match way.kind {
            WayKind::Return => Effect::Goes(RawPlace::Return),
            WayKind::Trap => Effect::Goes(RawPlace::Stop(Stop::Trap)),
            WayKind::System => {
                self.found.calls.insert(op, RawCall { target: RawTarget::System, ..call });
                Effect::None
            }
            WayKind::Jump(to) => Effect::Goes(self.place(to, context, Some((op, call)), state)),
            WayKind::JumpIndirect(_) => Effect::Goes(match value {
                Some(Value::ReturnAddress) => RawPlace::Return,
                Some(Value::Number(to)) => {
                    let to = image.code_addr(to);
                    call.indirect = true;
                    self.place(to.address, self.explorer.context(to.short), Some((op, call)), state)
                }
                Some(Value::Import(import)) => {
                    let call =
                        RawCall { target: RawTarget::Import(import), indirect: true, tail: true, ..call };
                    self.found.calls.insert(op, call);
                    RawPlace::TailCall(op)
                }
                Some(Value::Stack(_)) | None => RawPlace::Unresolved,
            }),
            WayKind::Call(to) => {
                let code = CodeAddr { address: to, short: self.explorer.is_short(context) };
                call.target = self.call_target(code);
                self.call(op, call)
            }
            WayKind::CallIndirect(_) => {
                call.indirect = true;
                call.target = match value {
                    Some(Value::Number(to)) => self.call_target(image.code_addr(to)),
                    Some(Value::Import(import)) => RawTarget::Import(import),
                    Some(Value::Stack(_) | Value::ReturnAddress) | None => RawTarget::Unresolved,
                };
                self.call(op, call)
            }
        }
    }

    fn call_target(&self, code: CodeAddr) -> RawTarget {
        match self.explorer.known.stubs.get(&code.address) {
            Some(import) => RawTarget::Import(*import),
            None => RawTarget::Code(code),
        }
    }

    fn call(&mut self, op: u32, call: RawCall) -> Effect {
        self.found.calls.insert(op, call);
        let known = self.explorer.known;
        let returns = match call.target {
            RawTarget::Code(code) => !known.no_return.contains(&code.address),
            RawTarget::Import(import) => known.import_returns(import),
            RawTarget::System | RawTarget::Unresolved => true,
        };
        Effect::Calls { returns }
    }

    /// Where a jump to an address leads: on in this function, or to another one. `call` is what to note in the second
    /// case; falling through has none and is noted as a tail call only into a known function.
    fn place(
        &mut self,
        to: VirtAddr,
        context: Context,
        call: Option<(u32, RawCall)>,
        state: &State,
    ) -> RawPlace {
        let known = self.explorer.known;
        let entry = self.found.entry.address;
        let other = if to == entry || known.fragments.contains(&to) {
            false
        } else if known.is_entry(to) || known.stubs.contains_key(&to) {
            true
        } else {
            let outside = to < entry || self.border.is_some_and(|border| to >= border);
            // With the stack as it was at entry, an unconditional jump elsewhere is the last call of the function.
            let roles = self.explorer.setting.roles;
            let last = call.is_some_and(|(_, call)| !call.conditional);
            outside && last && state.depth(roles).unwrap_or(0) == 0 && !self.found.blocks.contains_key(&to)
        };
        if !other {
            let mapped = self.explorer.setting.image.access(to).is_some_and(|access| access.execute);
            return if mapped { RawPlace::To(to, context) } else { RawPlace::Stop(Stop::Unmapped) };
        }
        let code = CodeAddr { address: to, short: self.explorer.is_short(context) };
        let target = self.call_target(code);
        let (op, call) = call.unwrap_or_else(|| {
            let op = (self.found.ops.len() as u32).saturating_sub(1) | FALLS;
            (op, RawCall { address: to, target, indirect: false, tail: true, conditional: false })
        });
        self.found.calls.insert(op, RawCall { target, tail: true, ..call });
        RawPlace::TailCall(op)
    }

    /// Code addresses in argument registers at a call.
    fn note_arguments(&mut self, state: &State) {
        let setting = &self.explorer.setting;
        for register in &setting.roles.arguments {
            if let Some(Value::Number(number)) = state.read(*register, setting.table.big_endian()) {
                self.note_code(number);
            }
        }
    }

    /// Code addresses that are stored.
    fn note_stored(&mut self, op: &Op, walk: &Walk<'_, '_>) {
        let stored = op.input(2).filter(|_| op.opcode() == Opcode::Store);
        // A call's return address is stored as well, on the stack just below the top: it is the next instruction.
        if let Some(Value::Number(number)) = stored.and_then(|stored| walk.value(stored)) {
            let own = self.found.instructions.last().map(|instruction| instruction.end().0);
            if own != Some(number) {
                self.note_code(number);
            }
        }
    }

    fn note_code(&mut self, number: u64) {
        let image = self.explorer.setting.image;
        let code = image.code_addr(number);
        if number != 0 && image.is_code(code.address) && code.address != self.found.entry.address {
            self.found.taken.insert(code);
        }
    }

    /// 32-bit x86 code gets its own address by calling a function that loads the return address into a register.
    fn pc_thunk_register(&self, flow: &Flow) -> Option<Varnode> {
        let setting = &self.explorer.setting;
        if setting.image.language != sleigh::LanguageId::X86 {
            return None;
        }
        let [Way { kind: WayKind::Call(target), .. }] = flow.ways[..] else { return None };
        // mov (%esp), %reg; ret
        let [0x8b, modrm, 0x24, 0xc3] = *setting.image.bytes_from(target).first_chunk::<4>()? else {
            return None;
        };
        const REGISTERS: [&str; 8] = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
        if modrm & 0xc7 != 0x04 {
            return None;
        }
        setting.table.register(REGISTERS.get(usize::from(modrm >> 3))?)
    }

    /// Tries to resolve indirect jumps that have not been tried with the blocks known now. `true` if one was.
    fn solve_switches(&mut self, tried: &mut BTreeSet<VirtAddr>) -> bool {
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
struct Walked {
    instruction: Instruction,
    next: VirtAddr,
    next_context: Context,
}

enum Effect {
    Goes(RawPlace),
    Calls { returns: bool },
    None,
}

impl RawPlace {
    pub(crate) fn target(self) -> Option<(VirtAddr, Context)> {
        match self {
            Self::To(address, context) => Some((address, context)),
            Self::TailCall(_) | Self::Return | Self::Stop(_) | Self::Unresolved => None,
        }
    }
}

impl RawExit {
    fn is_unresolved(&self) -> bool {
        match self {
            Self::Always(place) => *place == RawPlace::Unresolved,
            Self::Branch { taken, .. } => *taken == RawPlace::Unresolved,
            Self::Switch { .. } => false,
        }
    }

    pub(crate) fn places(&self) -> Vec<RawPlace> {
        match self {
            Self::Always(place) => vec![*place],
            Self::Branch { taken, otherwise, .. } => vec![*taken, *otherwise],
            Self::Switch { .. } => Vec::new(),
        }
    }
}

impl Explored {
    /// Addresses where a path of this function ends because the bytes are no instruction, or not mapped.
    pub(crate) fn is_clean(&self) -> bool {
        let bad = |place: &RawPlace| {
            matches!(
                place,
                RawPlace::Stop(Stop::Undecoded | Stop::Unmapped | Stop::Limit) | RawPlace::Unresolved
            )
        };
        self.failures.is_empty()
            && self
                .blocks
                .values()
                .filter_map(|block| block.exit.as_ref())
                .all(|exit| !exit.places().iter().any(bad))
    }

    /// Does it run on into another function without a call?
    pub(crate) fn runs_on(&self) -> bool {
        self.calls.keys().any(|op| op & FALLS != 0)
    }

    /// The block that has this address inside an instruction or between two, but not as its start.
    pub(crate) fn covers(&self, address: VirtAddr) -> bool {
        self.blocks.range(..=address).next_back().is_some_and(|(_, block)| address < block.end)
    }
}
