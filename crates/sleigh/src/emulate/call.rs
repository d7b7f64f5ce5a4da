//! Entering and leaving functions by their calling convention.

use super::emulator::Emulator;
use super::machine::Machine;
use super::memory::{Memory, MemoryError};
use super::value::Value;
use crate::language::{Convention, Place, ReturnAddress, code_pointer};

/// Places integer arguments and the return address as a caller would, and goes to the function that `pointer` points
/// to. The stack pointer must be set; it is lowered to make room for arguments on the stack.
///
/// The context is the default one with the mode that the pointer selects. Registers with a role (global pointer, table
/// of contents) are the caller's business, except that `t9` (MIPS) and `r12` (PowerPC) get the function's address.
///
/// # Errors
/// [`MemoryError`] when the stack cannot be written.
pub fn enter_function<M: Memory>(
    emulator: &mut Emulator<'_, M>,
    convention: &Convention,
    pointer: u64,
    arguments: &[u64],
    return_to: u64,
) -> Result<(), MemoryError> {
    let machine = &mut emulator.machine;
    let word = u16::from(convention.word);
    let slots = arguments.len().saturating_sub(convention.arguments.len()) as u64;
    let room = convention.stack_arguments.first + slots * u64::from(convention.stack_arguments.slot);
    let stack = machine.registers.named(convention.stack_pointer.name()).map_or(0, |value| value.low());
    // All our ABIs align frames to 16 bytes or less. On x86 that holds before the call pushes the return address.
    let popped = u64::from(convention.popped_on_return());
    let stack = (stack.wrapping_sub(room) & !15).wrapping_sub(popped) & machine.address_mask();
    machine.set(convention.stack_pointer.name(), stack);
    for (index, argument) in (0..).zip(arguments) {
        match convention.argument(index) {
            Place::Register(register) => machine.set(register.name(), *argument),
            Place::Stack { offset, .. } => {
                machine.store(stack.wrapping_add(offset), &Value::new(*argument, word))?
            }
        }
    }
    match convention.return_address {
        ReturnAddress::Register(register) => machine.set(register.name(), return_to),
        ReturnAddress::Stack => {
            machine.store(stack, &Value::new(return_to, u16::from(convention.pointer)))?
        }
    }
    if let Some(register) = convention.special(crate::language::Role::FunctionEntry) {
        machine.set(register.name(), pointer);
    }
    let table = machine.table();
    let (address, context) = code_pointer(table, pointer, table.default_context());
    emulator.jump(address, context);
    Ok(())
}

/// Makes a modelled callee return `result`: for [`Environment::call`](super::Environment::call) before it answers
/// [`Control::Skip`](super::Control::Skip).
pub fn leave_function<M: Memory>(machine: &mut Machine<'_, M>, convention: &Convention, result: u64) {
    if let Some(register) = convention.results.integers.first() {
        machine.set(register.name(), result);
    }
    let popped = u64::from(convention.popped_on_return());
    let stack = convention.stack_pointer.name();
    let value = machine.registers.named(stack).map_or(0, |value| value.low());
    machine.set(stack, value.wrapping_add(popped));
}

impl<M: Memory> Machine<'_, M> {
    /// Conventions name only registers of their languages.
    fn set(&mut self, register: &str, value: u64) {
        let _ = self.registers.set_named(register, u128::from(value));
    }
}
