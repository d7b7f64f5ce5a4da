//! The operations of one instruction.

use super::environment::{Environment, Reply, Upcoming, UserOp};
use super::error::Fault;
use super::machine::{AccessError, Machine};
use super::memory::Memory;
use super::semantics::fold;
use super::value::Value;
use crate::lifter::Lifted;
use crate::pcode::{Op, Opcode, SpaceId, Varnode};

/// Most operations that one instruction may execute, loops included.
const MOST: u64 = 65_536;

/// How an instruction ends. Addresses are not yet cut to the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Next,
    Jump(Target),
    Call(Target),
    Return(Target),
    Halt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Written in the instruction.
    Direct(u64),
    /// Computed: may select another instruction set.
    Indirect(u64),
}

impl Target {
    pub(super) fn address(self) -> u64 {
        match self {
            Self::Direct(address) | Self::Indirect(address) => address,
        }
    }
}

/// What to do after one operation.
enum Flow {
    Next,
    /// Distance in operations.
    Skip(i64),
    Exit(Exit),
}

/// One instruction while it executes.
pub(super) struct Execution<'a, 't, M, E> {
    pub address: u64,
    pub lifted: Lifted<'a>,
    pub machine: &'a mut Machine<'t, M>,
    pub environment: &'a mut E,
    /// Operands of the current operation, kept for their memory.
    pub inputs: &'a mut Vec<Value>,
    /// Operations executed.
    pub count: u64,
}

impl<M: Memory, E: Environment<M>> Execution<'_, '_, M, E> {
    pub(super) fn run(&mut self) -> Result<Exit, Fault> {
        let ops = self.lifted.ops;
        let endless = Fault::Endless { address: self.address };
        let mut at = 0_usize;
        while let Some(op) = ops.get(at) {
            self.count += 1;
            if self.count > MOST {
                return Err(endless);
            }
            let next = self.address.wrapping_add(u64::from(self.lifted.length));
            let upcoming = Upcoming { from: self.address, next, op };
            self.environment.before(self.machine, &upcoming);
            at = match self.operation(op)? {
                Flow::Next => at + 1,
                Flow::Skip(distance) => {
                    let target = i64::try_from(at).ok().and_then(|at| at.checked_add(distance));
                    target
                        .and_then(|at| usize::try_from(at).ok())
                        .filter(|at| *at <= ops.len())
                        .ok_or(endless)?
                }
                Flow::Exit(exit) => return Ok(exit),
            };
        }
        Ok(Exit::Next)
    }

    fn operation(&mut self, op: &Op) -> Result<Flow, Fault> {
        match op.opcode() {
            Opcode::Load => self.load(op)?,
            Opcode::Store => self.store(op)?,
            Opcode::Branch => return self.branch(op),
            Opcode::CBranch => {
                return if self.input(op, 1)?.is_zero() { Ok(Flow::Next) } else { self.branch(op) };
            }
            Opcode::BranchInd => return Ok(Flow::Exit(Exit::Jump(self.indirect(op)?))),
            Opcode::Call => return Ok(Flow::Exit(Exit::Call(Target::Direct(self.operand(op, 0)?.offset)))),
            Opcode::CallInd => return Ok(Flow::Exit(Exit::Call(self.indirect(op)?))),
            Opcode::Return => return Ok(Flow::Exit(Exit::Return(self.indirect(op)?))),
            Opcode::CallOther => return self.user_op(op),
            _ => self.compute(op)?,
        }
        Ok(Flow::Next)
    }

    fn compute(&mut self, op: &Op) -> Result<(), Fault> {
        self.inputs.clear();
        for input in self.lifted.inputs(op) {
            let value = self.read(input)?;
            self.inputs.push(value);
        }
        let output = op.output().ok_or_else(|| self.no_value(op))?;
        let value = fold(op.opcode(), self.inputs, output.size).ok_or_else(|| self.no_value(op))?;
        self.write(output, &value)
    }

    /// `fold` gave nothing: why?
    fn no_value(&self, op: &Op) -> Fault {
        let (opcode, address) = (op.opcode(), self.address);
        let division = matches!(opcode, Opcode::IntDiv | Opcode::IntSDiv | Opcode::IntRem | Opcode::IntSRem);
        if division && self.inputs.get(1).is_some_and(Value::is_zero) {
            return Fault::DivisionByZero { address };
        }
        Fault::NoValue { address, opcode }
    }

    /// The place that a LOAD or STORE means: the first input is the number of its space.
    fn pointed(&self, op: &Op, size: u16) -> Result<Varnode, Fault> {
        let space = SpaceId(u8::try_from(self.operand(op, 0)?.offset).unwrap_or(u8::MAX));
        Ok(Varnode { space, offset: self.input(op, 1)?.low(), size })
    }

    fn load(&mut self, op: &Op) -> Result<(), Fault> {
        let output = op.output().ok_or_else(|| self.no_value(op))?;
        let value = self.read(self.pointed(op, output.size)?)?;
        self.write(output, &value)
    }

    fn store(&mut self, op: &Op) -> Result<(), Fault> {
        let value = self.input(op, 2)?;
        self.write(self.pointed(op, value.size())?, &value)
    }

    fn branch(&self, op: &Op) -> Result<Flow, Fault> {
        let target = self.operand(op, 0)?;
        if !target.is_constant() {
            return Ok(Flow::Exit(Exit::Jump(Target::Direct(target.offset))));
        }
        let distance = Value::new(target.offset, target.size).sign_extended(8).low();
        Ok(Flow::Skip(distance as i64))
    }

    fn indirect(&self, op: &Op) -> Result<Target, Fault> {
        Ok(Target::Indirect(self.input(op, 0)?.low()))
    }

    fn user_op(&mut self, op: &Op) -> Result<Flow, Fault> {
        let number = op.user_op().unwrap_or(u32::MAX);
        self.inputs.clear();
        for input in self.lifted.inputs(op).skip(1) {
            let value = self.read(input)?;
            self.inputs.push(value);
        }
        let name = self.machine.table().user_op(number).unwrap_or_default();
        let output_size = op.output().map_or(0, |output| output.size);
        let operation = UserOp { from: self.address, number, name, inputs: self.inputs, output_size };
        let result = match self.environment.user_op(self.machine, &operation) {
            Reply::Value(value) => value,
            Reply::Done => Value::new(0, output_size),
            Reply::Halt => return Ok(Flow::Exit(Exit::Halt)),
            Reply::Unknown => return Err(Fault::UserOp { address: self.address, number }),
        };
        if let Some(output) = op.output() {
            self.write(output, &result)?;
        }
        Ok(Flow::Next)
    }

    fn operand(&self, op: &Op, index: usize) -> Result<Varnode, Fault> {
        op.input(index).ok_or_else(|| self.no_value(op))
    }

    fn input(&self, op: &Op, index: usize) -> Result<Value, Fault> {
        self.read(self.operand(op, index)?)
    }

    fn read(&self, varnode: Varnode) -> Result<Value, Fault> {
        self.machine.read(varnode).map_err(|error| self.fault(error))
    }

    fn write(&mut self, varnode: Varnode, value: &Value) -> Result<(), Fault> {
        self.machine.write(varnode, value).map_err(|error| self.fault(error))
    }

    fn fault(&self, error: AccessError) -> Fault {
        match error {
            AccessError::Memory(source) => Fault::Memory { address: self.address, source },
            AccessError::Place(place) => Fault::Place { address: self.address, place },
        }
    }
}
