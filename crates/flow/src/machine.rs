//! A machine on which one function is about to run, with [`Filler`] around it; where its callers and callees meet it.

use program::Function;
use program::image::Image;
use sleigh::Table;
use sleigh::emulate::{Emulator, Machine, Value, enter_function, leave_function};
use sleigh::language::{Convention, Place, Role};

use crate::abi::contents_slot;
use crate::cdecl;
use crate::filler::Filler;

/// Where parameters point, far from images and from each other.
pub(crate) const PARAMETERS: u64 = 0x6a00_0000;
/// What is allocated lies from here on.
pub(crate) const HEAP: u64 = 0x6e00_0000;
const STACK: u64 = 0x6c80_0000;
const THREAD: u64 = 0x6b00_0000;

/// A machine at the entry of a function, called with these arguments. An earlier one of the same program is used again.
pub(crate) fn begin<'e>(
    earlier: Option<Emulator<'static, Filler<'e>>>,
    table: &'static Table,
    convention: &Convention,
    image: &'e Image,
    code: &Function,
    arguments: &[u64],
    seed: u64,
) -> Option<Emulator<'static, Filler<'e>>> {
    let memory = Filler::new(image, seed);
    let mut emulator = match earlier {
        Some(mut emulator) => {
            emulator.again(memory, code.entry.0, code.context);
            emulator
        }
        None => Emulator::new(Machine::new(table, memory), code.entry.0, code.context),
    };
    let registers = &mut emulator.machine.registers;
    registers.set_named(convention.stack_pointer.name(), u128::from(STACK));
    for role in [Role::GlobalPointer, Role::TableOfContents] {
        if let (Some(register), Some(value)) = (convention.special(role), image.global_pointer) {
            registers.set_named(register.name(), u128::from(value));
        }
    }
    if let Some(register) = convention.special(Role::ThreadPointer) {
        registers.set_named(register.name(), u128::from(THREAD));
    }
    for segment in ["FS_OFFSET", "GS_OFFSET"] {
        registers.set_named(segment, u128::from(THREAD));
    }
    for (name, n) in cdecl::registers(image.abi).iter().zip(0..) {
        registers.set_named(name, u128::from(PARAMETERS + (6 + n) * 0x1000 + seed * 0x100));
    }
    enter_function(&mut emulator, convention, code.entry.0, arguments, THREAD + 0x1000).ok()?;
    emulator.jump(code.entry.0, code.context);
    Some(emulator)
}

/// Argument `n` of a call that is being made.
pub(crate) fn argument(machine: &Machine<'_, Filler<'_>>, convention: &Convention, n: u32) -> u64 {
    match convention.argument(n) {
        Place::Register(register) => machine.registers.named(register.name()).map_or(0, |value| value.low()),
        Place::Stack { offset, size } => {
            let at = stack(machine, convention).wrapping_add(offset);
            machine.load(at, u16::from(size)).map_or(0, |value| value.low())
        }
    }
}

/// Makes a modelled callee return. Where callers load the table of contents anew behind a call, the stub in front of
/// the callee would have saved it.
pub(crate) fn leave(
    machine: &mut Machine<'_, Filler<'_>>,
    convention: &Convention,
    image: &Image,
    result: u64,
) {
    if let (Some(above), Some(contents)) = (contents_slot(image.abi), image.global_pointer) {
        let at = stack(machine, convention).wrapping_add_signed(above);
        let _ = machine.store(at, &Value::new(contents, 8));
    }
    leave_function(machine, convention, result);
}

fn stack(machine: &Machine<'_, Filler<'_>>, convention: &Convention) -> u64 {
    machine.registers.named(convention.stack_pointer.name()).map_or(0, |value| value.low())
}
