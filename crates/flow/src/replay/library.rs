//! The world around a program that is run: what brings in the input, and what library functions do.

use std::collections::BTreeMap;

use program::{FuncId, Function, ImportId};
use sleigh::Table;
use sleigh::emulate::{CallSite, Control, Emulator, Environment, Machine, Outcome, Reply, UserOp, Value};
use sleigh::language::{Convention, ReturnAddress, code_pointer};

use super::{Goal, texts};
use crate::facts::Facts;
use crate::filler::Filler;
use crate::labels::Labels;
use crate::machine::{HEAP, PARAMETERS, argument, begin, leave};

/// Operations of one run.
const RUN: u64 = 60_000;
/// Functions inside functions.
const MAX_DEPTH: u32 = 24;
/// Times that the end of the input is told before the run ends.
const MAX_ENDS: u32 = 12;
/// Bytes of a text.
pub(super) const MAX_TEXT: u64 = 1024;
/// Bytes between two objects that are allocated.
const OBJECT: u64 = 0x1000;
/// Comparisons remembered of one run.
const MAX_PATCHES: usize = 64;

/// A piece of memory was compared with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) found: Vec<u8>,
    pub(super) wanted: Vec<u8>,
}

/// What one run showed.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) reached: bool,
    pub(super) patches: Vec<Patch>,
    /// Bytes of the input that the program took in.
    taken: usize,
}

impl Trace {
    /// The part of the input that the program took in.
    pub(super) fn taken(&self, mut input: Vec<u8>) -> Vec<u8> {
        input.truncate(self.taken.max(1));
        input
    }
}

/// What is the same in every run.
pub(super) struct World<'a> {
    facts: &'a Facts<'a>,
    goal: &'a Goal,
    table: &'static Table,
    convention: &'static Convention,
    code: &'a Function,
    /// The start gets the command line.
    main: bool,
    /// What each call brings in, by address.
    arrivals: BTreeMap<u64, Labels>,
    stubs: BTreeMap<u64, ImportId>,
    /// The place to be reached is a call.
    is_call: bool,
}

impl<'a> World<'a> {
    pub(super) fn new(
        facts: &'a Facts<'a>,
        goal: &'a Goal,
        table: &'static Table,
        convention: &'static Convention,
        main: bool,
    ) -> Option<Self> {
        let program = facts.program();
        let stubs = program.functions().filter_map(|(_, code)| Some((code.entry.0, code.stub?))).collect();
        let code = program.function(goal.start)?;
        let calls = |code: &Function| code.calls.iter().any(|call| call.address == goal.place);
        let is_call = program.functions().any(|(_, code)| calls(code));
        let arrivals = facts.arrivals(goal.start);
        Some(Self { facts, goal, table, convention, code, main, arrivals, stubs, is_call })
    }

    pub(super) fn run(&self, input: &[u8]) -> Option<Trace> {
        let image = &self.facts.program().image;
        let arguments: Vec<u64> = match self.main {
            true => vec![2, PARAMETERS + 0x8000, PARAMETERS + 0x9000],
            false => (0..6).map(|n| PARAMETERS + n * 0x1000).collect(),
        };
        let mut emulator = begin(self.table, self.convention, image, self.code, &arguments, 3)?;
        let mut run = Run {
            world: self,
            input: input.to_vec(),
            at: 0,
            ends: 0,
            depth: 0,
            count: 0,
            heap: HEAP,
            token: 0,
            begins: None,
            trace: Trace::default(),
        };
        run.hand_over(&mut emulator.machine);
        while emulator.operations() < RUN && !run.trace.reached {
            if run.step(&mut emulator).is_none() {
                break;
            }
        }
        run.trace.taken = run.trace.taken.max(run.at);
        Some(run.trace)
    }

    fn function_at(&self, target: u64) -> Option<FuncId> {
        let program = self.facts.program();
        program.function_at(program.image.code_addr(target).address)
    }

    /// The name of an imported function that an address stands for.
    fn import_at(&self, machine: &Machine<'_, Filler<'_>>, address: u64) -> Option<&'a str> {
        let program = self.facts.program();
        let entry = program.image.code_addr(address).address.0;
        let import = self.stubs.get(&entry).copied().or_else(|| machine.memory.import_at(address))?;
        program.image.import(import).map(|import| import.name.as_str())
    }
}

/// One run.
pub(super) struct Run<'w> {
    world: &'w World<'w>,
    input: Vec<u8>,
    /// Bytes that were taken in.
    at: usize,
    ends: u32,
    depth: u32,
    /// Unknown things met so far.
    count: u64,
    heap: u64,
    /// Where `strtok` goes on.
    pub(super) token: u64,
    /// A function that a modelled call starts, and its argument.
    begins: Option<(u64, u64)>,
    trace: Trace,
}

impl Run<'_> {
    /// One instruction. `None` if the run is over.
    fn step(&mut self, emulator: &mut Emulator<'_, Filler<'_>>) -> Option<()> {
        let before = emulator.address();
        let wanted = self.world.goal.place.0;
        match emulator.step(self).ok()? {
            Outcome::Called(_) => self.depth += 1,
            Outcome::Returned { .. } => self.depth = self.depth.checked_sub(1)?,
            Outcome::Halted => {
                let (pointer, data) = self.begins.take()?;
                self.begin(emulator, pointer, data);
            }
            // A jump to an imported function is a call that returns to our caller.
            Outcome::Stepped { to } => {
                if let Some(name) = self.world.import_at(&emulator.machine, to) {
                    self.trace.reached |= before == wanted;
                    self.tail(emulator, name, before)?;
                }
            }
            Outcome::Skipped(_) => {}
        }
        // Calls are seen when they are made, other places when they are come to.
        self.trace.reached |= !self.world.is_call && emulator.address() == wanted;
        Some(())
    }

    fn tail(&mut self, emulator: &mut Emulator<'_, Filler<'_>>, name: &str, from: u64) -> Option<()> {
        let world = self.world;
        let machine = &mut emulator.machine;
        let to = match world.convention.return_address {
            ReturnAddress::Register(register) => machine.registers.named(register.name())?.low(),
            ReturnAddress::Stack => {
                let stack = machine.registers.named(world.convention.stack_pointer.name())?.low();
                machine.load(stack, u16::from(world.convention.pointer)).ok()?.low()
            }
        };
        let result = self.library(machine, name, from)?;
        leave(machine, world.convention, &world.facts.program().image, result);
        self.depth = self.depth.checked_sub(1)?;
        let (address, context) = code_pointer(world.table, to, emulator.context());
        emulator.jump(address, context);
        Some(())
    }

    /// Goes to a function that another thread would run; it returns to the place behind the call.
    fn begin(&mut self, emulator: &mut Emulator<'_, Filler<'_>>, pointer: u64, data: u64) {
        let world = self.world;
        if let sleigh::language::Place::Register(register) = world.convention.argument(0) {
            emulator.machine.registers.set_named(register.name(), u128::from(data));
        }
        if let Some(register) = world.convention.special(sleigh::language::Role::FunctionEntry) {
            emulator.machine.registers.set_named(register.name(), u128::from(pointer));
        }
        let (address, context) = code_pointer(world.table, pointer, world.code.context);
        emulator.jump(address, context);
        self.depth += 1;
    }

    /// Puts the input where the start finds it when it is called.
    fn hand_over(&mut self, machine: &mut Machine<'_, Filler<'_>>) {
        let goal = self.world.goal;
        if self.world.main {
            let word = u64::from(self.world.convention.pointer);
            let list = PARAMETERS + 0x8000;
            let (name, text) = (PARAMETERS + 0xa000, PARAMETERS + 0xb000);
            self.write(machine, name, b"program\0");
            let argument =
                if goal.wants(Labels::ARGUMENT) { self.first_line() } else { b"argument".to_vec() };
            self.write(machine, text, &[argument, vec![0]].concat());
            for (n, address) in [name, text, 0, 0].into_iter().enumerate() {
                let value = Value::new(address, word as u16);
                let _ = machine.store(list.wrapping_add(n as u64 * word), &value);
            }
            let _ = machine.store(PARAMETERS + 0x9000, &Value::new(0, word as u16));
        } else if self.world.arrivals.values().all(|labels| !goal.wants(*labels)) {
            let text = [self.first_line(), vec![0]].concat();
            for n in 0..4 {
                self.write(machine, PARAMETERS + n * 0x1000, &text);
            }
        }
    }

    fn first_line(&mut self) -> Vec<u8> {
        let line: Vec<u8> =
            self.input.iter().copied().take_while(|byte| !matches!(byte, b'\n' | 0)).collect();
        self.trace.taken = self.trace.taken.max(line.len());
        line
    }

    /// The next bytes of the input; `line`: up to the end of a line.
    pub(super) fn take(&mut self, most: usize, line: bool) -> Vec<u8> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| line && *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let taken: Vec<u8> = rest.iter().take(most.min(end)).copied().collect();
        self.at += taken.len();
        self.ends += u32::from(taken.is_empty());
        taken
    }

    /// Is a call one that brings in what somebody outside chose?
    pub(super) fn arrives(&self, from: u64) -> bool {
        let labels = self.world.arrivals.get(&from).copied().unwrap_or_default();
        self.world.goal.wants(labels)
    }

    /// All of the input, for what is asked for by name.
    pub(super) fn whole(&mut self) -> Vec<u8> {
        self.first_line()
    }

    pub(super) fn compared(&mut self, found: &[u8], wanted: &[u8]) {
        for (found, wanted) in [(found, wanted), (wanted, found)] {
            let patch = Patch { found: found.to_vec(), wanted: wanted.to_vec() };
            if self.trace.patches.len() < MAX_PATCHES && !self.trace.patches.contains(&patch) {
                self.trace.patches.push(patch);
            }
        }
    }

    pub(super) fn starts(&mut self, pointer: u64, data: u64) {
        self.begins = Some((pointer, data));
    }

    pub(super) fn argument(&self, machine: &Machine<'_, Filler<'_>>, n: u32) -> u64 {
        argument(machine, self.world.convention, n)
    }

    pub(super) fn word(&self) -> u16 {
        u16::from(self.world.convention.pointer)
    }

    pub(super) fn text(&self, machine: &Machine<'_, Filler<'_>>, address: u64, most: u64) -> Vec<u8> {
        let bytes = (0..most.min(MAX_TEXT)).map_while(|n| machine.memory.byte(address.checked_add(n)?));
        bytes.map(|byte| byte.0).take_while(|byte| *byte != 0).collect()
    }

    pub(super) fn bytes(&self, machine: &Machine<'_, Filler<'_>>, address: u64, count: u64) -> Vec<u8> {
        let bytes = (0..count.min(MAX_TEXT)).map_while(|n| machine.memory.byte(address.checked_add(n)?));
        bytes.map(|byte| byte.0).collect()
    }

    pub(super) fn write(&self, machine: &mut Machine<'_, Filler<'_>>, address: u64, bytes: &[u8]) {
        for (n, byte) in (0..).zip(bytes) {
            let _ = machine.store(address.wrapping_add(n), &Value::new(u64::from(*byte), 1));
        }
    }

    /// A new object, all zero.
    pub(super) fn object(&mut self, machine: &mut Machine<'_, Filler<'_>>) -> u64 {
        self.heap += OBJECT;
        self.write(machine, self.heap, &[0; 256]);
        self.heap
    }

    /// What an imported function returns. `None` if the run ends here.
    fn library(&mut self, machine: &mut Machine<'_, Filler<'_>>, name: &str, from: u64) -> Option<u64> {
        if self.ends > MAX_ENDS {
            return None;
        }
        texts::call(self, machine, name, from)
    }
}

impl Environment<Filler<'_>> for Run<'_> {
    fn call(&mut self, machine: &mut Machine<'_, Filler<'_>>, site: CallSite) -> Control {
        if site.from == self.world.goal.place.0 {
            self.trace.reached = true;
            return Control::Halt;
        }
        let import = self.world.import_at(machine, site.target);
        let function = self.world.function_at(site.target);
        if import.is_none() && function.is_some() && self.depth < MAX_DEPTH {
            return Control::Enter;
        }
        let code = function.and_then(|id| self.world.facts.program().function(id));
        let name = import.or_else(|| code.and_then(|code| code.name.as_deref())).unwrap_or_default();
        let name = name.to_owned();
        let Some(result) = self.library(machine, &name, site.from) else { return Control::Halt };
        if self.begins.is_some() {
            return Control::Halt;
        }
        leave(machine, self.world.convention, &self.world.facts.program().image, result);
        Control::Skip
    }

    fn user_op(&mut self, machine: &mut Machine<'_, Filler<'_>>, operation: &UserOp<'_>) -> Reply {
        self.count += 1;
        match operation.output_size {
            0 => Reply::Done,
            size => Reply::Value(Value::new(machine.memory.number(self.count), size)),
        }
    }
}
