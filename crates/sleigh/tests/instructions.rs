//! Single instructions of every language: bytes, state before, state after.
//!
//! The tables under `instructions/` were written from the architecture manuals that each names in its first line, and
//! assembled with GNU `as`; no value comes from our own code. A row is `bytes | instruction | before | after`, where
//! states are hexadecimal: `NAME=VALUE` for registers, `[ADDRESS]=BYTES` for memory in its order, `pc=ADDRESS`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::fs;
use std::path::PathBuf;

use sleigh::emulate::{Emulator, Machine, Memory, Observe, Outcome, PAGE, PagedMemory, Permissions};
use sleigh::{LanguageId, table};

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;

/// Where Ghidra's tables differ from the manuals. They are lifted as they stand, so users of the operations must know.
const LIMITS_OF_THE_TABLES: &[&str] = &[
    // Written to 64 bits: the form with writeback lacks the zero extension.
    "aarch64: `ldrsb w0,[x1,#1]!`: x0 is ffffffffffffff80, not ffffff80",
    // Division by zero gives 0 there unless trapping is switched on, and all ones or the dividend on RISC-V.
    "cortex-m: `udiv r0,r1,r2`: the instruction at 0x1000 divides by zero",
    "riscv64: `remu a0,a1,a2`: the instruction at 0x1000 divides by zero",
    "riscv32: `remu a0,a1,a2`: the instruction at 0x1000 divides by zero",
];

/// One row of a table.
struct Row<'a> {
    code: Vec<u8>,
    text: &'a str,
    before: &'a str,
    after: &'a str,
}

/// A part of a state.
enum Cell<'a> {
    Register(&'a str, u64),
    Memory(u64, Vec<u8>),
    ProgramCounter(u64),
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap_or_else(|_| panic!("`{hex}` is no hexadecimal number"))
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [code, text, before, after] = cells[..] else { panic!("not four cells: {line}") };
            Row { code: bytes(code), text, before, after }
        })
        .collect()
}

fn cells(state: &str) -> Vec<Cell<'_>> {
    state
        .split_whitespace()
        .map(|cell| match cell.split_once('=').expect(cell) {
            ("pc", value) => Cell::ProgramCounter(number(value)),
            (place, value) if place.starts_with('[') => {
                Cell::Memory(number(place.trim_matches(['[', ']'])), bytes(value))
            }
            (register, value) => Cell::Register(register, number(value)),
        })
        .collect()
}

fn prepared(language: LanguageId, row: &Row<'_>) -> Emulator<'static, PagedMemory> {
    let table = table(language).unwrap();
    let mut memory = PagedMemory::new(16);
    memory.map(CODE, PAGE, Permissions::READ_EXECUTE).unwrap();
    memory.place(CODE, &row.code).unwrap();
    memory.map(DATA, PAGE, Permissions::READ_WRITE).unwrap();
    let mut emulator = Emulator::new(Machine::new(table, memory), CODE, table.default_context());
    for cell in cells(row.before) {
        match cell {
            Cell::Register(name, value) => {
                let known = emulator.machine.registers.set_named(name, value.into());
                known.unwrap_or_else(|| panic!("no register `{name}` for {}", row.text));
            }
            Cell::Memory(address, bytes) => emulator.machine.memory.place(address, &bytes).unwrap(),
            Cell::ProgramCounter(_) => panic!("execution starts at {CODE:x}"),
        }
    }
    emulator
}

/// Runs the whole instruction: a repetition steps once for each turn.
fn run(emulator: &mut Emulator<'_, PagedMemory>) -> Result<(), String> {
    for _ in 0..16 {
        match emulator.step(&mut Observe) {
            Ok(Outcome::Stepped { to }) if to == CODE => {}
            Ok(_) => return Ok(()),
            Err(fault) => return Err(fault.to_string()),
        }
    }
    Err("does not end".to_owned())
}

/// What differs from the state that is expected.
fn differences(emulator: &mut Emulator<'_, PagedMemory>, expected: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for cell in cells(expected) {
        match cell {
            Cell::Register(name, value) => {
                let found = emulator.machine.registers.named(name).expect(name).low();
                if found != value {
                    wrong.push(format!("{name} is {found:x}, not {value:x}"));
                }
            }
            Cell::Memory(address, value) => {
                let mut found = vec![0; value.len()];
                emulator.machine.memory.load(address, &mut found).unwrap();
                if found != value {
                    wrong.push(format!("[{address:x}] is {found:02x?}, not {value:02x?}"));
                }
            }
            Cell::ProgramCounter(value) if emulator.address() != value => {
                wrong.push(format!("goes to {:x}, not {value:x}", emulator.address()));
            }
            Cell::ProgramCounter(_) => {}
        }
    }
    wrong
}

#[test]
fn instructions_do_what_the_manuals_say() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/instructions");
    let mut wrong = Vec::new();
    for language in LanguageId::ALL {
        let path = folder.join(format!("{}.txt", language.name()));
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("no table for `{}`", language.name()));
        for row in rows(&text) {
            let mut emulator = prepared(*language, &row);
            let differences = match run(&mut emulator) {
                Ok(()) => differences(&mut emulator, row.after),
                Err(fault) => vec![fault],
            };
            wrong.extend(differences.iter().map(|d| format!("{}: `{}`: {d}", language.name(), row.text)));
        }
    }
    assert_eq!(wrong, LIMITS_OF_THE_TABLES);
}
