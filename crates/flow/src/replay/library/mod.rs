//! The world around a program that is run: what brings in the input, and what library functions do.

mod access;
mod input;

use std::collections::BTreeMap;

use program::{FuncId, Function, ImportId, VirtAddr};
use sleigh::Table;
use sleigh::emulate::{
    CallSite, Control, Emulator, Environment, Machine, Outcome, Reply, Upcoming, UserOp, Value,
};
use sleigh::language::{Convention, ReturnAddress, code_pointer};

use super::shadow::Shadow;
use super::words::Word;
use super::{Aim, Goal, texts};
use crate::facts::Facts;
use crate::filler::Filler;
use crate::hash::HashSet;
use crate::labels::Labels;
use crate::machine::{HEAP, PARAMETERS, begin, leave};
use crate::windows::popped_by;

/// Operations of one run.
const RUN: u64 = 60_000;
/// Functions inside functions.
const MAX_DEPTH: u32 = 24;
/// Times that the end of the input is told before the run ends.
const MAX_ENDS: u32 = 12;
/// Bytes of a text.
pub(super) const MAX_TEXT: u64 = 1024;
/// Comparisons remembered of one run.
const MAX_PATCHES: usize = 64;

/// A piece of memory was compared with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) found: Vec<u8>,
    pub(super) wanted: Vec<u8>,
}

/// What one run showed.
pub(super) struct Trace {
    pub(super) reached: bool,
    pub(super) patches: Vec<Patch>,
    /// Conditions on the input that the run met.
    pub(super) shadow: Shadow,
    /// Instructions that were come to, and the state of the program then.
    pub(super) places: HashSet<(u64, u64)>,
    /// Operations that were run.
    pub(super) operations: u64,
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

/// What was run on last, to be run on again.
pub(super) type Bench<'a> = Option<Emulator<'static, Filler<'a>>>;

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
        let calls =
            |code: &Function| code.calls.iter().any(|call| goal.aim == Aim::Instruction(call.address));
        let is_call = program.functions().any(|(_, code)| calls(code));
        let arrivals = facts.arrivals(goal.start);
        Some(Self { facts, goal, table, convention, code, main, arrivals, stubs, is_call })
    }

    /// Runs the program on an input, of which it gets at most `piece` bytes at a time.
    pub(super) fn run(&self, bench: &mut Bench<'a>, input: &[u8], piece: Option<usize>) -> Option<Trace> {
        let image = &self.facts.program().image;
        let arguments: Vec<u64> = match self.main {
            true => vec![2, PARAMETERS + 0x8000, PARAMETERS + 0x9000],
            false => (0..6).map(|n| PARAMETERS + n * 0x1000).collect(),
        };
        let mut emulator = begin(bench.take(), self.table, self.convention, image, self.code, &arguments, 3)?;
        let mut run = Run {
            world: self,
            input: input.to_vec(),
            piece,
            at: 0,
            ends: 0,
            depth: 0,
            count: 0,
            heap: HEAP,
            names: Vec::new(),
            token: 0,
            begins: None,
            result: None,
            trace: Trace {
                reached: false,
                patches: Vec::new(),
                shadow: Shadow::new(&emulator.machine),
                places: HashSet::default(),
                operations: 0,
                taken: 0,
            },
        };
        run.hand_over(&mut emulator.machine);
        while emulator.operations() < RUN && !run.trace.reached {
            if run.step(&mut emulator).is_none() {
                break;
            }
        }
        run.trace.taken = run.trace.taken.max(run.at);
        run.trace.operations = emulator.operations();
        *bench = Some(emulator);
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
    /// Bytes given at a time at most.
    piece: Option<usize>,
    /// Bytes that were taken in.
    at: usize,
    ends: u32,
    depth: u32,
    /// Unknown things met so far.
    count: u64,
    heap: u64,
    /// Names for which a line of the input was given.
    names: Vec<Vec<u8>>,
    /// Where `strtok` goes on.
    pub(super) token: u64,
    /// A function that a modelled call starts, and its argument.
    begins: Option<(u64, u64)>,
    /// What the modelled call returns, if that hangs on the input.
    pub(super) result: Option<Word>,
    trace: Trace,
}

impl Run<'_> {
    /// One instruction. `None` if the run is over.
    fn step(&mut self, emulator: &mut Emulator<'_, Filler<'_>>) -> Option<()> {
        let before = emulator.address();
        let aim = self.world.goal.aim;
        let forks = self.trace.shadow.forks.len();
        let outcome = emulator.step(self).ok()?;
        let now = emulator.address();
        self.trace.places.insert((now, self.trace.shadow.state));
        self.trace.shadow.forks.iter_mut().skip(forks).for_each(|fork| fork.went = now);
        match outcome {
            Outcome::Called(_) => self.depth += 1,
            Outcome::Returned { .. } => self.depth = self.depth.checked_sub(1)?,
            Outcome::Halted => {
                let (pointer, data) = self.begins.take()?;
                self.begin(emulator, pointer, data);
            }
            // A jump to an imported function is a call that returns to our caller.
            Outcome::Stepped { to } => {
                if let Some(name) = self.world.import_at(&emulator.machine, to) {
                    self.trace.reached |= aim == Aim::Instruction(VirtAddr(before));
                    self.tail(emulator, name, before)?;
                }
            }
            Outcome::Skipped(_) => {}
        }
        // Calls are seen when they are made, other places when they are come to.
        self.trace.reached |= match aim {
            Aim::Instruction(at) => !self.world.is_call && now == at.0,
            Aim::Branch { from, to } => before == from.0 && now == to.0,
        };
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
        self.leave(machine, name, result);
        self.depth = self.depth.checked_sub(1)?;
        let (address, context) = code_pointer(world.table, to, emulator.context());
        emulator.jump(address, context);
        Some(())
    }

    /// Makes a modelled callee return.
    fn leave(&mut self, machine: &mut Machine<'_, Filler<'_>>, name: &str, result: u64) {
        let convention = self.world.convention;
        let image = &self.world.facts.program().image;
        leave(machine, convention, image, result);
        let stack = convention.stack_pointer.name();
        if let (Some(popped), Some(top)) =
            (popped_by(image.abi, name).filter(|bytes| *bytes > 0), machine.registers.named(stack))
        {
            machine.registers.set_named(stack, u128::from(top.low().wrapping_add(popped)));
        }
        let register = convention.results.integers.first().and_then(|r| self.world.table.register(r.name()));
        let word = self.result.take();
        if let Some(register) = register {
            self.trace.shadow.set_register(register, word);
        }
    }

    /// Goes to a function that another thread would run; it returns to the place behind the call.
    fn begin(&mut self, emulator: &mut Emulator<'_, Filler<'_>>, pointer: u64, data: u64) {
        let world = self.world;
        self.result = None;
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

    pub(super) fn shadow(&mut self) -> &mut Shadow {
        &mut self.trace.shadow
    }

    /// Is a call one that brings in what somebody outside chose?
    pub(super) fn arrives(&self, from: u64) -> bool {
        let labels = self.world.arrivals.get(&from).copied().unwrap_or_default();
        self.world.goal.wants(labels)
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

    /// What an imported function returns. `None` if the run ends here.
    fn library(&mut self, machine: &mut Machine<'_, Filler<'_>>, name: &str, from: u64) -> Option<u64> {
        if self.ends > MAX_ENDS {
            return None;
        }
        texts::call(self, machine, name, from)
    }
}

impl Environment<Filler<'_>> for Run<'_> {
    fn before(&mut self, machine: &Machine<'_, Filler<'_>>, upcoming: &Upcoming<'_>) {
        self.trace.shadow.before(machine, upcoming);
    }

    fn call(&mut self, machine: &mut Machine<'_, Filler<'_>>, site: CallSite) -> Control {
        if self.world.goal.aim == Aim::Instruction(VirtAddr(site.from)) {
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
        self.leave(machine, &name, result);
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
