//! One instruction after the other.

use super::decoded::{Decoded, FETCHED};
use super::environment::{CallSite, Control, Environment};
use super::error::Fault;
use super::execute::{Execution, Exit, Target};
use super::machine::Machine;
use super::memory::Memory;
use super::value::Value;
use crate::context::{Commit, Context};
use crate::language::ModeSwitch;
use crate::lifter::Lifter;

/// What one instruction did. The emulator stands at `to` or `target` afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Went on to an address: the next one, or that of a jump.
    Stepped {
        /// Next instruction.
        to: u64,
    },
    /// Called; the environment chose to enter.
    Called(CallSite),
    /// Called; the environment did the work, the emulator stands at `return_to`.
    Skipped(CallSite),
    /// Returned from a function.
    Returned {
        /// Next instruction.
        to: u64,
    },
    /// The environment stopped the program. After a call the emulator stands at the callee, after a user operation
    /// behind the instruction.
    Halted,
}

/// Why [`Emulator::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The address to run to is next.
    Reached,
    /// The environment stopped the program.
    Halted,
    /// The operations are used up; running on is possible.
    BudgetExhausted,
    /// An instruction failed; the emulator still stands at it.
    Fault(Fault),
}

/// Executes a program.
///
/// Carries the context along, so code of both instruction sets of a processor runs: direct jumps change it by the
/// commits of the instruction, indirect ones by the mode register of the table.
#[derive(Debug)]
pub struct Emulator<'t, M> {
    /// Registers and memory.
    pub machine: Machine<'t, M>,
    lifter: Lifter<'t>,
    decoded: Decoded,
    address: u64,
    context: Context,
    mode: Option<ModeSwitch>,
    operations: u64,
    inputs: Vec<Value>,
}

impl<'t, M: Memory> Emulator<'t, M> {
    /// About to execute the instruction at `address`. For a code pointer, see
    /// [`code_pointer`](crate::language::code_pointer).
    pub fn new(machine: Machine<'t, M>, address: u64, context: Context) -> Self {
        let table = machine.table();
        let mut emulator = Self {
            machine,
            lifter: Lifter::new(table),
            decoded: Decoded::default(),
            address,
            context,
            mode: ModeSwitch::of(table),
            operations: 0,
            inputs: Vec::new(),
        };
        emulator.jump(address, context);
        emulator
    }

    /// Begins again as [`Self::new`] does, with other memory and all registers 0: what was lifted is kept, and making the
    /// room for temporaries takes longer than many runs.
    pub fn again(&mut self, memory: M, address: u64, context: Context) {
        self.machine.memory = memory;
        self.machine.registers.clear();
        self.operations = 0;
        self.jump(address, context);
    }

    /// Goes on at another place.
    pub fn jump(&mut self, address: u64, context: Context) {
        self.address = address & self.machine.address_mask();
        self.context = context;
        if let Some(mode) = &self.mode {
            let value = Value::new(u64::from(context.value(&mode.variable)), mode.register.size);
            // The mode register lies in the register space, as its table was checked to say.
            let _ = self.machine.registers.write(mode.register, &value);
        }
    }

    /// Address of the next instruction.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Context of the next instruction.
    pub fn context(&self) -> Context {
        self.context
    }

    /// Operations executed so far; an instruction counts as one at least.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Executes one instruction, its delay slot included.
    ///
    /// # Errors
    /// [`Fault`]; the emulator still stands at the instruction, which may have been executed in part.
    pub fn step(&mut self, environment: &mut impl Environment<M>) -> Result<Outcome, Fault> {
        let address = self.address;
        let mut code = [0; FETCHED];
        let available = self.machine.memory.fetch(address, &mut code).min(FETCHED);
        let code = code.get(..available).unwrap_or_default();
        if code.is_empty() {
            return Err(Fault::Fetch { address });
        }
        let lifted = self.decoded.lift(&mut self.lifter, code, address, self.context)?;
        let inputs = &mut self.inputs;
        let mut execution = Execution {
            address,
            lifted,
            machine: &mut self.machine,
            environment: &mut *environment,
            inputs,
            count: 0,
        };
        let exit = execution.run();
        self.operations = self.operations.saturating_add(execution.count.max(1));
        let next = address.wrapping_add(u64::from(lifted.length)) & self.machine.address_mask();
        let exit = exit?;
        let along =
            Edge { mode: self.mode.as_ref(), from: address, context: self.context, commits: lifted.commits };
        let (outcome, (to, context)) = match exit {
            Exit::Next => (Outcome::Stepped { to: next }, along.to(&self.machine, Target::Direct(next))),
            Exit::Halt => (Outcome::Halted, along.to(&self.machine, Target::Direct(next))),
            Exit::Jump(target) => {
                let reached = along.to(&self.machine, target);
                (Outcome::Stepped { to: reached.0 }, reached)
            }
            Exit::Return(target) => {
                let reached = along.to(&self.machine, target);
                (Outcome::Returned { to: reached.0 }, reached)
            }
            Exit::Call(target) => {
                let callee = along.to(&self.machine, target);
                let site = CallSite { from: address, target: callee.0, return_to: next };
                match environment.call(&mut self.machine, site) {
                    Control::Enter => (Outcome::Called(site), callee),
                    Control::Halt => (Outcome::Halted, callee),
                    Control::Skip => (Outcome::Skipped(site), along.to(&self.machine, Target::Direct(next))),
                }
            }
        };
        self.jump(to, context);
        Ok(outcome)
    }

    /// Executes until the instruction at `until` is next, but at least one instruction, and about `budget` operations
    /// at most: the instruction that exceeds the budget is finished.
    pub fn run(&mut self, environment: &mut impl Environment<M>, until: u64, budget: u64) -> Stop {
        let end = self.operations.saturating_add(budget);
        while self.operations < end {
            match self.step(environment) {
                Ok(Outcome::Halted) => return Stop::Halted,
                Ok(_) if self.address == until => return Stop::Reached,
                Ok(_) => {}
                Err(fault) => return Stop::Fault(fault),
            }
        }
        Stop::BudgetExhausted
    }
}

/// The way from an instruction to the next one.
struct Edge<'a> {
    mode: Option<&'a ModeSwitch>,
    from: u64,
    context: Context,
    commits: &'a [Commit],
}

impl Edge<'_> {
    /// Address and context at the other end.
    fn to<M: Memory>(&self, machine: &Machine<'_, M>, target: Target) -> (u64, Context) {
        let address = target.address() & machine.address_mask();
        let context = machine.table().context_at(self.from, self.context, self.commits, address);
        let Some(mode) = self.mode.filter(|_| matches!(target, Target::Indirect(_))) else {
            return (address, context);
        };
        let selected = machine.registers.read(mode.register).map_or(0, |value| value.low() as u32 & 1);
        (address, context.with(&mode.variable, selected))
    }
}
