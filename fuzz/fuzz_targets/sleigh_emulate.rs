//! Any bytes, run as a program of any language in any registers: ends within its budget, never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sleigh::emulate::{Emulator, Environment, Machine, Memory, Observe, PagedMemory, Permissions, Reply, UserOp, Value};
use sleigh::{LanguageId, table};

/// Invents a result for every second user operation, so that execution goes on behind it.
struct Invent;

impl<M: Memory> Environment<M> for Invent {
    fn user_op(&mut self, machine: &mut Machine<'_, M>, operation: &UserOp<'_>) -> Reply {
        match operation.number % 2 {
            0 => Reply::Value(Value::new(operation.from, operation.output_size)),
            _ => Observe.user_op(machine, operation),
        }
    }
}

fuzz_target!(|input: (u8, u64, &[u8])| {
    let (language, seed, code) = input;
    let language = LanguageId::ALL[usize::from(language) % LanguageId::ALL.len()];
    let table = table(language).expect("every language is built");
    let mut memory = PagedMemory::new(4);
    let everything = Permissions { read: true, write: true, execute: true };
    memory.map(0, 4 * 4096, everything).expect("within the limit");
    memory.place(0x1000, &code[..code.len().min(0x1000)]).expect("mapped");
    let mut machine = Machine::new(table, memory);
    let mut number = seed | 1;
    for (_, register) in table.registers().filter(|(_, register)| register.size <= 8) {
        number = number.wrapping_mul(6_364_136_223_846_793_005).rotate_left(23);
        // Small numbers are addresses.
        let value = if number & 1 == 0 { number & 0x3fff } else { number };
        let _ = machine.registers.write(register, &Value::new(value, register.size));
    }
    let mut emulator = Emulator::new(machine, 0x1000, table.default_context());
    let _ = emulator.run(&mut Invent, 0, 20_000);
    assert!(emulator.operations() < 20_000 + 65_537);
});
