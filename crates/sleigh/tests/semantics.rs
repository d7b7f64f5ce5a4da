//! Small functions, compiled for every language, run in the emulator and compared with the same computation in Rust.
//!
//! What comparing operations with another translator cannot find shows here: wrong byte order, wrong parts of
//! registers, wrong meaning of an opcode. The code is made by `cargo xtask semantics-fixtures`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::precedence,
    reason = "a test, whose formulas stand as in the C source"
)]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use sha2::Digest;
use sleigh::emulate::{
    ByteOrder, Emulator, Machine, Memory, Observe, PagedMemory, Permissions, Stop, Value, enter_function,
};
use sleigh::language::{Abi, Convention, Role, conventions_of};
use sleigh::{LanguageId, table};

/// Where the images were linked.
const CODE: u64 = 0x1_0000;
const STACK: u64 = 0x8_0000;
const DATA: u64 = 0x9_0000;
/// Multiple of 4 outside all mappings: functions return to it.
const BACK: u64 = 0xf_0000;
const BUDGET: u64 = 3_000_000;

/// One image.
#[derive(Clone, Copy)]
struct Target {
    name: &'static str,
    language: LanguageId,
    data: ByteOrder,
    floats: bool,
}

const fn target(name: &'static str, language: LanguageId, data: ByteOrder, floats: bool) -> Target {
    Target { name, language, data, floats }
}

const TARGETS: &[Target] = &[
    target("x86", LanguageId::X86, ByteOrder::Little, false),
    target("x86-64", LanguageId::X86_64, ByteOrder::Little, true),
    target("aarch64", LanguageId::Aarch64, ByteOrder::Little, true),
    target("arm-le", LanguageId::ArmLe, ByteOrder::Little, false),
    target("thumb-le", LanguageId::ArmLe, ByteOrder::Little, false),
    target("arm-be", LanguageId::ArmBe, ByteOrder::Big, false),
    target("thumb-be", LanguageId::ArmBe, ByteOrder::Big, false),
    target("arm-be8", LanguageId::ArmLe, ByteOrder::Big, false),
    target("cortex-m", LanguageId::CortexM, ByteOrder::Little, false),
    target("mips32-be", LanguageId::Mips32Be, ByteOrder::Big, true),
    target("mips32-le", LanguageId::Mips32Le, ByteOrder::Little, true),
    target("mips64-be", LanguageId::Mips64Be, ByteOrder::Big, true),
    target("mips64-le", LanguageId::Mips64Le, ByteOrder::Little, true),
    target("ppc32-be", LanguageId::Ppc32Be, ByteOrder::Big, true),
    target("ppc64-le", LanguageId::Ppc64Le, ByteOrder::Little, true),
    target("ppc64-be", LanguageId::Ppc64Be, ByteOrder::Big, true),
    target("riscv64", LanguageId::Riscv64, ByteOrder::Little, true),
    target("riscv32", LanguageId::Riscv32, ByteOrder::Little, true),
];

/// A program ready to be called.
struct Program {
    name: String,
    emulator: Emulator<'static, PagedMemory>,
    convention: &'static Convention,
    functions: Vec<(String, u64, u64)>,
    data: ByteOrder,
}

impl Program {
    fn load(target: Target, level: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/semantics");
        let name = format!("{}-{level}", target.name);
        let code = fs::read(folder.join(format!("{name}.bin"))).unwrap();
        let mut memory = PagedMemory::new(256);
        memory.map(CODE, code.len() as u64, Permissions::READ_EXECUTE).unwrap();
        memory.place(CODE, &code).unwrap();
        memory.map(STACK, 0x8000, Permissions::READ_WRITE).unwrap();
        memory.map(DATA, 0x8000, Permissions::READ_WRITE).unwrap();
        let table = table(target.language).unwrap();
        let mut machine = Machine::new(table, memory);
        machine.data_order = target.data;
        let functions = fs::read_to_string(folder.join("functions.txt")).unwrap();
        let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
        let functions = functions.lines().filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [of, function, address, contents] if of == name => {
                Some((function.to_owned(), number(address), number(contents)))
            }
            _ => None,
        });
        Self {
            emulator: Emulator::new(machine, CODE, table.default_context()),
            convention: &conventions_of(target.language)[0],
            functions: functions.collect(),
            data: target.data,
            name,
        }
    }

    /// Runs a function; its result is the low 32 bits of the result register.
    fn call(&mut self, function: &str, arguments: &[u64]) -> u32 {
        let (_, pointer, contents) = self.functions.iter().find(|(name, ..)| name == function).unwrap();
        let convention = self.convention;
        let registers = &mut self.emulator.machine.registers;
        registers.set_named(convention.stack_pointer.name(), u128::from(STACK + 0x7000)).unwrap();
        if convention.abi == Abi::Ppc64ElfV1 {
            let toc = convention.special(Role::TableOfContents).unwrap();
            registers.set_named(toc.name(), u128::from(*contents)).unwrap();
        }
        let kept: Vec<_> =
            convention.preserved.iter().map(|r| (r.name(), registers.named(r.name()))).collect();
        enter_function(&mut self.emulator, convention, *pointer, arguments, BACK).unwrap();
        let stack = self.emulator.machine.registers.named(convention.stack_pointer.name()).unwrap();
        let stop = self.emulator.run(&mut Observe, BACK, BUDGET);
        assert_eq!(stop, Stop::Reached, "{} {function} at {:#x}", self.name, self.emulator.address());
        let registers = &self.emulator.machine.registers;
        for (name, before) in kept {
            assert_eq!(registers.named(name), before, "{} {function} changed {name}", self.name);
        }
        let after = registers.named(convention.stack_pointer.name()).unwrap();
        let popped = u64::from(convention.popped_on_return());
        assert_eq!(after.low(), stack.low() + popped, "{} {function}", self.name);
        registers.named(convention.results.integers[0].name()).unwrap().low() as u32
    }

    /// Numbers of `size` bytes, in the byte order of the target.
    fn put(&mut self, address: u64, size: u16, numbers: impl IntoIterator<Item = u64>) {
        for (index, number) in (0..).zip(numbers) {
            let at = address + index * u64::from(size);
            self.emulator.machine.store(at, &Value::new(number, size)).unwrap();
        }
    }

    fn at(&self, address: u64, size: u16, count: u64) -> Vec<u64> {
        let places = (0..count).map(|index| address + index * u64::from(size));
        places.map(|at| self.emulator.machine.load(at, size).unwrap().low()).collect()
    }

    fn bytes(&self, address: u64, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.emulator.machine.memory.load(address, &mut bytes).unwrap();
        bytes
    }
}

/// MIPS keeps 32-bit numbers sign-extended in its 64-bit registers, and so does RISC-V.
fn word(number: u32) -> u64 {
    i64::from(number as i32) as u64
}

/// Checks every image and says for how many the check failed, after the messages of each.
fn for_all(check: impl Fn(&mut Program)) {
    for_those(TARGETS, check);
}

fn for_those<'a>(targets: impl IntoIterator<Item = &'a Target>, check: impl Fn(&mut Program)) {
    let run = |target, level| {
        let check = || check(&mut Program::load(target, level));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err()
    };
    let images = targets.into_iter().flat_map(|target| ["O1", "O2"].map(|level| (*target, level)));
    let failed: Vec<_> = images.filter(|(target, level)| run(*target, level)).collect();
    assert!(failed.is_empty(), "{} images failed", failed.len());
}

#[test]
fn copy_moves_bytes() {
    let bytes: Vec<u8> = (0..61_u8).map(|n| n.wrapping_mul(7) ^ 0xa5).collect();
    for_all(|program| {
        for (to, from, count) in [(0x100, 0x200, 61_usize), (0x102, 0x203, 17), (0x100, 0x200, 0)] {
            program.emulator.machine.store(DATA + to, &Value::new(0, 64)).unwrap();
            program.emulator.machine.memory.store(DATA + from, &bytes).unwrap();
            program.call("copy", &[DATA + to, DATA + from, count as u64]);
            assert_eq!(program.bytes(DATA + to, count), bytes[..count], "{}", program.name);
            assert_eq!(program.bytes(DATA + to + count as u64, 1), [0], "{}", program.name);
        }
    });
}

#[test]
fn crc32_of_the_check_string() {
    for_all(|program| {
        program.emulator.machine.memory.store(DATA, b"123456789").unwrap();
        // The check value in the catalogue of parametrised CRC algorithms.
        assert_eq!(program.call("crc32", &[DATA, 9]), 0xcbf4_3926, "{}", program.name);
    });
}

#[test]
fn sha256_of_abc() {
    let start = [
        0x6a09_e667_u64,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let mut block = [0; 64];
    block[..4].copy_from_slice(b"abc\x80");
    block[63] = 24;
    let expected = sha2::Sha256::digest(b"abc");
    for_all(|program| {
        program.put(DATA, 4, start);
        program.emulator.machine.memory.store(DATA + 0x40, &block).unwrap();
        program.call("sha256_block", &[DATA, DATA + 0x40]);
        let state = program.at(DATA, 4, 8);
        let digest: Vec<u8> = state.iter().flat_map(|word| (*word as u32).to_be_bytes()).collect();
        assert_eq!(digest, expected.as_slice(), "{}", program.name);
    });
}

#[test]
fn sort_orders_by_the_chosen_key() {
    let numbers: Vec<i32> =
        (0..40_i32).map(|n| n.wrapping_mul(0x2545_f491).rotate_left(7) ^ n << 20).collect();
    for_all(|program| {
        for by_low_half in [false, true] {
            program.put(DATA, 4, numbers.iter().map(|n| u64::from(*n as u32)));
            program.call("sort", &[DATA, numbers.len() as u64, u64::from(by_low_half)]);
            let sorted: Vec<i32> = program.at(DATA, 4, 40).iter().map(|n| *n as i32).collect();
            let mut expected = numbers.clone();
            expected.sort_by_key(|n| if by_low_half { -i32::from(*n as i16) } else { *n });
            assert_eq!(sorted, expected, "{}", program.name);
        }
    });
}

fn mix64(a: u64, b: u64) -> [u64; 10] {
    let n = b as u32 & 63;
    let (low_a, low_b) = (a as u32, b as u32);
    let signed = (a as i64, b as i64);
    let order = u64::from(a < b)
        | u64::from(signed.0 < signed.1) << 1
        | u64::from(a == b) << 2
        | u64::from(signed.0 >= signed.1) << 3;
    [
        a.wrapping_add(b),
        a.wrapping_sub(b),
        a.wrapping_mul(b),
        a << n,
        a >> n,
        (a as i64 >> n) as u64,
        u64::from(low_a) * u64::from(low_b),
        (i64::from(low_a as i32) * i64::from(low_b as i32)) as u64,
        order,
        a.rotate_left(17),
    ]
}

fn mix32(a: u32, b: u32) -> [u32; 11] {
    let n = b & 31;
    let (signed_a, signed_b) = (a as i32, b as i32);
    let (sum, difference) = (a.wrapping_add(b), a.wrapping_sub(b));
    let order = u32::from(signed_a < signed_b)
        | u32::from(a < b) << 1
        | u32::from((a as i8) < b as i8) << 2
        | u32::from((a as u16) < b as u16) << 3;
    [
        signed_a.wrapping_div(signed_b | 1) as u32,
        signed_a.wrapping_rem(signed_b | 1) as u32,
        a / (b | 1),
        a % (b | 1),
        (signed_a >> n) as u32,
        a.rotate_left(n),
        (i32::from(a as i8) as u32).wrapping_add(i32::from(b as i16) as u32),
        u32::from(sum as u8) << 16 | u32::from(difference as u16),
        order,
        (signed_a / 10) as u32 ^ (signed_b % 1000) as u32 ^ a / 7,
        a.swap_bytes(),
    ]
}

/// Edge cases, then numbers without pattern.
fn pairs() -> Vec<(u64, u64)> {
    let edges = [0, 1, 0x7f, 0x80, 0xff80, 0x7fff_ffff, 0x8000_0001, 0xffff_fffe, 1 << 63, u64::MAX - 1];
    let mut pairs: Vec<_> = edges.iter().flat_map(|a| [(*a, 3), (7, *a), (*a, *a)]).collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20 {
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        pairs.push((next(), next()));
    }
    pairs
}

#[test]
fn arithmetic_of_64_bits() {
    for_all(|program| {
        for (a, b) in pairs() {
            program.put(DATA, 8, [a, b]);
            program.call("mix64", &[DATA + 0x100, DATA]);
            assert_eq!(program.at(DATA + 0x100, 8, 10), mix64(a, b), "{} {a:#x} {b:#x}", program.name);
        }
    });
}

#[test]
fn arithmetic_of_32_bits() {
    for_all(|program| {
        // The lowest number divided by -1 is undefined in C.
        for (a, b) in pairs().into_iter().map(|(a, b)| (a as u32, b as u32)) {
            if a == 1 << 31 && b | 1 == u32::MAX {
                continue;
            }
            program.put(DATA, 4, [a.into(), b.into()]);
            program.call("mix32", &[DATA + 0x100, DATA]);
            let found: Vec<u32> = program.at(DATA + 0x100, 4, 11).iter().map(|n| *n as u32).collect();
            assert_eq!(found, mix32(a, b), "{} {a:#x} {b:#x}", program.name);
        }
    });
}

#[test]
fn narrow_and_wide_accesses_see_the_same_bytes() {
    for_all(|program| {
        let order = program.data;
        let result = program.call("views", &[DATA]);
        let mut memory = [0; 12];
        let mut put = |at: usize, value: Value| {
            let end = at + usize::from(value.size());
            value.write_to(&mut memory[at..end], order);
            memory
        };
        let now = put(0, Value::new(0x8182_8384, 4));
        let half = |bytes: [u8; 12], at: usize| Value::from_bytes(&bytes[at..at + 2], order).low() as u16;
        put(4, Value::new(0x9192, 2));
        put(6, Value::new(0xfe, 1));
        put(7, Value::new(u64::from(half(now, 0) >> 4), 1));
        let sum = 0x8182_8384_u32.wrapping_add(0xffff_9192).wrapping_add(0xffff_fffe);
        let now = put(8, Value::new(sum.into(), 4));
        assert_eq!(program.bytes(DATA, 12), now, "{}", program.name);
        let signed = |byte: u8| i32::from(byte as i8) as u32;
        let expected = signed(now[0]) << 8 ^ u32::from(half(now, 2)) ^ signed(now[9]) << 20;
        assert_eq!(result, expected, "{}", program.name);
    });
}

#[test]
fn a_switch_takes_every_branch() {
    let (a, b) = (0xdead_beef_u32, 0x1234_5678_u32);
    let expected = [
        a.wrapping_add(b),
        a.wrapping_sub(b),
        a & !b,
        a ^ b << 1,
        a | b >> 3,
        !a,
        a.wrapping_mul(3).wrapping_add(b.wrapping_mul(5)),
        b.wrapping_sub(a.wrapping_mul(9)),
        77,
        77,
    ];
    for_all(|program| {
        for (which, expected) in (0..).zip(expected) {
            let found = program.call("choose", &[which, word(a), word(b)]);
            assert_eq!(found, expected, "{} {which}", program.name);
        }
    });
}

#[test]
fn arguments_arrive_in_registers_and_on_the_stack() {
    let factors = [1_u32, 2, 3, 5, 7, 11, 13, 17, 19, 23];
    let arguments: Vec<u32> = (1..=10).map(|n: u32| n.wrapping_mul(0x1111_2345)).collect();
    let expected =
        factors.iter().zip(&arguments).fold(0_u32, |sum, (f, a)| sum.wrapping_add(f.wrapping_mul(*a)));
    let words: Vec<u64> = arguments.iter().map(|a| word(*a)).collect();
    for_all(|program| assert_eq!(program.call("many", &words), expected, "{}", program.name));
}

#[test]
fn floats_of_32_and_64_bits() {
    let rows = [[1.5, -2.25, 3.1, 4096.7], [-0.3, 1e10, -7.7, -123.99], [2.0, 1.0, 0.1, 0.2]];
    for_those(TARGETS.iter().filter(|target| target.floats), |program| {
        for row in rows {
            let sum = row.iter().fold(0.0, |sum, x| sum * row[0] + x);
            let third = if row[0] < row[1] { -row[2] } else { row[3] - row[1] };
            let product = row[1] as f32 * row[2] as f32;
            let difference = row[3] as f32 - product;
            program.put(DATA, 8, row.map(f64::to_bits));
            program.call("floats", &[DATA + 0x100, DATA, DATA + 0x200]);
            let doubles = [sum, row[1] / row[2], third, f64::from(difference)];
            assert_eq!(program.at(DATA + 0x100, 8, 4), doubles.map(f64::to_bits), "{}", program.name);
            let singles = [product, difference].map(|x| u64::from(x.to_bits()));
            assert_eq!(program.at(DATA + 0x200, 4, 2), singles, "{}", program.name);
        }
    });
}

#[test]
fn integers_become_floats() {
    for_those(TARGETS.iter().filter(|target| target.floats), |program| {
        for number in [0, 1, -1, i32::MIN, i32::MAX, 12345] {
            program.call("from_integer", &[DATA, word(number as u32)]);
            assert_eq!(program.at(DATA, 8, 1), [f64::from(number).to_bits()], "{} {number}", program.name);
        }
    });
}

#[test]
fn floats_become_integers() {
    // The tables of RISC-V lose the result of `fcvt.w.d`: see below.
    let riscv = |target: &&Target| target.name.starts_with("riscv");
    for_those(TARGETS.iter().filter(|target| target.floats && !riscv(target)), |program| {
        for number in [0.0, 1.5, -1.5, 4096.7, -123.99] {
            program.put(DATA, 8, [f64::to_bits(number)]);
            let expected = (number * 3.0) as i32 as u32;
            assert_eq!(program.call("to_integer", &[DATA]), expected, "{} {number}", program.name);
        }
    });
}

/// Remove the exception above when a newer table makes this fail.
#[test]
fn the_riscv_tables_still_lose_converted_floats() {
    for_those(TARGETS.iter().filter(|target| target.name.starts_with("riscv")), |program| {
        program.put(DATA, 8, [f64::to_bits(1.5)]);
        assert_ne!(program.call("to_integer", &[DATA]), 4, "{}", program.name);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn crc32_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let expected = !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
        });
        for_all(|program| {
            program.emulator.machine.memory.store(DATA, &bytes).unwrap();
            assert_eq!(program.call("crc32", &[DATA, bytes.len() as u64]), expected, "{}", program.name);
        });
    }
}
