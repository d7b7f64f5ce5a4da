//! Memory, registers, control: what surrounds the arithmetic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use proptest::prelude::*;
use sleigh::emulate::{
    CallSite, Control, Emulator, Environment, Fault, Machine, MapError, Memory, MemoryError, Observe,
    Outcome, PAGE, PagedMemory, Permissions, Registers, Reply, Stop, UserOp, Value, leave_function,
};
use sleigh::language::{code_pointer, conventions_of, with_mode};
use sleigh::{LanguageId, LiftError, table};

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Code at `CODE`, a page of data around `DATA`.
fn program(language: LanguageId, hex: &str) -> Emulator<'static, PagedMemory> {
    let table = table(language).unwrap();
    let mut memory = PagedMemory::new(16);
    memory.map(CODE, PAGE, Permissions::READ_EXECUTE).unwrap();
    memory.place(CODE, &bytes(hex)).unwrap();
    memory.map(DATA, PAGE, Permissions::READ_WRITE).unwrap();
    Emulator::new(Machine::new(table, memory), CODE, table.default_context())
}

fn set(emulator: &mut Emulator<'_, PagedMemory>, register: &str, value: u64) {
    emulator.machine.registers.set_named(register, value.into()).unwrap();
}

fn value(emulator: &Emulator<'_, PagedMemory>, register: &str) -> u64 {
    emulator.machine.registers.named(register).unwrap().low()
}

#[test]
fn pages_are_mapped_read_and_refused() {
    let mut memory = PagedMemory::new(2);
    memory.map(0x1ff0, 0x20, Permissions::READ_WRITE).unwrap();
    memory.store(0x1ffe, &[1, 2, 3, 4]).unwrap();
    let mut bytes = [0; 6];
    memory.load(0x1ffd, &mut bytes).unwrap();
    assert_eq!(bytes, [0, 1, 2, 3, 4, 0]);
    assert_eq!(memory.load(0x2fff, &mut bytes), Err(MemoryError::Unmapped { address: 0x3000 }));
    assert_eq!(memory.load(0xfff, &mut bytes), Err(MemoryError::Unmapped { address: 0xfff }));
    assert_eq!(memory.map(0, 1, Permissions::READ), Err(MapError { address: 0, pages: 3, limit: 2 }));
    assert_eq!(memory.map(0, u64::MAX, Permissions::READ).unwrap_err().limit, 2);
    memory.map(0x2000, 1, Permissions::READ_EXECUTE).unwrap();
    assert_eq!(memory.store(0x1fff, &[9, 9]), Err(MemoryError::Unwritable { address: 0x2000 }));
    memory.load(0x1fff, &mut bytes[..1]).unwrap();
    assert_eq!(bytes[0], 2, "nothing is written when a part is refused");
    assert_eq!((memory.fetch(0x2ffc, &mut bytes), memory.fetch(0x1ffc, &mut bytes)), (4, 0));
    assert_eq!(memory.load(u64::MAX, &mut bytes), Err(MemoryError::Unmapped { address: u64::MAX }));
}

#[test]
fn parts_of_registers_overlap_as_the_table_says() {
    let rows = [
        (LanguageId::X86_64, "RAX", "AH", 0x1122_3344_5566_7788, 0x77),
        (LanguageId::X86_64, "XMM3", "XMM3_Qa", 0x1122_3344_5566_7788, 0x1122_3344_5566_7788),
        (LanguageId::Aarch64, "x5", "w5", 0x1122_3344_5566_7788, 0x5566_7788),
        (LanguageId::Mips64Be, "a0", "a0_lo", 0x1122_3344_5566_7788, 0x5566_7788),
        (LanguageId::Mips64Be, "a0", "a0_hi", 0x1122_3344_5566_7788, 0x1122_3344),
        (LanguageId::Mips32Be, "f0_1", "f0", 0x1122_3344_5566_7788, 0x5566_7788),
        (LanguageId::Mips32Le, "f0_1", "f0", 0x1122_3344_5566_7788, 0x5566_7788),
        (LanguageId::ArmLe, "d0", "s1", 0x1122_3344_5566_7788, 0x1122_3344),
        (LanguageId::ArmBe, "q0", "d1", 0x1122_3344_5566_7788, 0),
    ];
    for (language, whole, part, number, expected) in rows {
        let mut registers = Registers::new(table(language).unwrap());
        registers.set_named(whole, number).unwrap();
        assert_eq!(registers.named(part).unwrap().low(), expected, "{language:?} {part}");
    }
}

#[test]
fn registers_far_apart_need_little_memory() {
    let riscv = table(LanguageId::Riscv64).unwrap();
    let mut registers = Registers::new(riscv);
    registers.set_named("fcsr", 0xe5).unwrap();
    assert_eq!(registers.named("fcsr").unwrap(), Value::new(0xe5, 8));
    let mut beyond = riscv.register("fcsr").unwrap();
    beyond.offset = u64::MAX - 3;
    assert_eq!(registers.read(beyond), None);
    assert_eq!(registers.write(beyond, &Value::new(1, 8)), None);
}

#[test]
fn memory_faults_name_the_instruction_and_the_address() {
    // mov eax, [rbx]; mov [rbx], eax
    let mut emulator = program(LanguageId::X86_64, "8b038903");
    set(&mut emulator, "RBX", 0x4000);
    let fault = |source| Err(Fault::Memory { address: CODE, source });
    assert_eq!(emulator.step(&mut Observe), fault(MemoryError::Unmapped { address: 0x4000 }));
    assert_eq!(emulator.address(), CODE, "still there");
    set(&mut emulator, "RBX", CODE);
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: CODE + 2 }));
    let source = MemoryError::Unwritable { address: CODE };
    assert_eq!(emulator.step(&mut Observe), Err(Fault::Memory { address: CODE + 2, source }));
    set(&mut emulator, "RBX", u64::MAX - 1);
    let beyond = MemoryError::Unmapped { address: u64::MAX };
    assert_eq!(emulator.step(&mut Observe), Err(Fault::Memory { address: CODE + 2, source: beyond }));
}

#[test]
fn code_must_be_mapped_executable_and_decodable() {
    let mut emulator = program(LanguageId::Riscv64, "0000");
    assert_eq!(emulator.step(&mut Observe), Err(Fault::Lift(LiftError::NoMatch { address: CODE })));
    let context = emulator.context();
    emulator.jump(DATA, context);
    assert_eq!(emulator.step(&mut Observe), Err(Fault::Fetch { address: DATA }));
}

#[test]
fn division_by_zero_is_a_fault() {
    // div ecx
    let mut emulator = program(LanguageId::X86_64, "f7f1");
    assert_eq!(emulator.step(&mut Observe), Err(Fault::DivisionByZero { address: CODE }));
    set(&mut emulator, "RCX", 7);
    set(&mut emulator, "RAX", 100);
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: CODE + 2 }));
    assert_eq!((value(&emulator, "EAX"), value(&emulator, "EDX")), (14, 2));
}

#[test]
fn a_loop_ends_with_the_budget() {
    // jmp to itself
    let mut emulator = program(LanguageId::X86_64, "ebfe");
    assert_eq!(emulator.run(&mut Observe, 0, 1000), Stop::BudgetExhausted);
    assert_eq!(emulator.operations(), 1000);
    assert_eq!(emulator.run(&mut Observe, CODE, 1000), Stop::Reached, "one instruction at least");
}

#[test]
fn repetition_runs_iteration_by_iteration() {
    // rep movsb
    let mut emulator = program(LanguageId::X86_64, "f3a4");
    emulator.machine.memory.store(DATA, b"abcdef").unwrap();
    for (register, number) in [("RCX", 5), ("RSI", DATA), ("RDI", DATA + 0x100)] {
        set(&mut emulator, register, number);
    }
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: CODE }));
    assert_eq!(emulator.run(&mut Observe, CODE + 2, 1000), Stop::Reached);
    let mut copied = [0; 6];
    emulator.machine.memory.load(DATA + 0x100, &mut copied).unwrap();
    assert_eq!((&copied, value(&emulator, "RCX")), (b"abcde\0", 0));
}

/// Answers 42 to every call and keeps the sites.
#[derive(Default)]
struct Stub {
    sites: Vec<CallSite>,
    operations: Vec<(String, Vec<u64>)>,
}

impl<M: Memory> Environment<M> for Stub {
    fn call(&mut self, machine: &mut Machine<'_, M>, site: CallSite) -> Control {
        self.sites.push(site);
        leave_function(machine, &conventions_of(LanguageId::X86_64)[0], 42);
        Control::Skip
    }

    fn user_op(&mut self, _: &mut Machine<'_, M>, operation: &UserOp<'_>) -> Reply {
        let inputs = operation.inputs.iter().map(Value::low).collect();
        self.operations.push((operation.name.to_owned(), inputs));
        if operation.name == "swi" { Reply::Value(Value::new(0x8000, 8)) } else { Reply::Halt }
    }
}

#[test]
fn the_environment_may_stand_in_for_a_callee() {
    // call 0x2000
    let mut emulator = program(LanguageId::X86_64, "e8fb0f0000");
    set(&mut emulator, "RSP", DATA + 0x100);
    let mut stub = Stub::default();
    let site = CallSite { from: CODE, target: 0x2000, return_to: CODE + 5 };
    assert_eq!(emulator.step(&mut stub), Ok(Outcome::Skipped(site)));
    assert_eq!((emulator.address(), stub.sites), (CODE + 5, vec![site]));
    assert_eq!((value(&emulator, "RAX"), value(&emulator, "RSP")), (42, DATA + 0x100));
    // Without a stand-in the callee is entered.
    let mut emulator = program(LanguageId::X86_64, "e8fb0f0000");
    set(&mut emulator, "RSP", DATA + 0x100);
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Called(site)));
    assert_eq!((emulator.address(), value(&emulator, "RSP")), (0x2000, DATA + 0xf8));
}

#[test]
fn user_operations_go_to_the_environment() {
    // syscall
    let mut emulator = program(LanguageId::X86_64, "0f05");
    let number = match emulator.step(&mut Observe) {
        Err(Fault::UserOp { address: CODE, number }) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(emulator.machine.table().user_op(number), Some("syscall"));
    assert_eq!(emulator.step(&mut Stub::default()), Ok(Outcome::Halted));
    assert_eq!(emulator.address(), CODE + 2);
    // int 0x80: an operation with a result, which is then called.
    let mut emulator = program(LanguageId::X86_64, "cd80");
    let mut stub = Stub::default();
    let site = CallSite { from: CODE, target: 0x8000, return_to: CODE + 2 };
    assert_eq!(emulator.step(&mut stub), Ok(Outcome::Skipped(site)));
    assert_eq!(stub.operations, [("swi".to_owned(), vec![0x80])]);
}

#[test]
fn jumps_select_the_instruction_set() {
    // bx r3; at 0x1004 in Thumb: movs r0, #5; blx 0x100c; nop; at 0x100c in ARM: mov r1, #7; bx lr
    let mut emulator = program(LanguageId::ArmLe, "13ff2fe1052000f002e8c0460710a0e31eff2fe1");
    let arm = emulator.context();
    set(&mut emulator, "r3", 0x1005);
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: 0x1004 }));
    let thumb = with_mode(emulator.machine.table(), arm, true);
    assert_eq!(emulator.context(), thumb);
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: 0x1006 }));
    let site = CallSite { from: 0x1006, target: 0x100c, return_to: 0x100a };
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Called(site)));
    assert_eq!((emulator.context(), value(&emulator, "lr")), (arm, 0x100b));
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Stepped { to: 0x1010 }));
    assert_eq!(emulator.step(&mut Observe), Ok(Outcome::Returned { to: 0x100a }));
    assert_eq!((emulator.context(), value(&emulator, "r0"), value(&emulator, "r1")), (thumb, 5, 7));
    assert_eq!(code_pointer(emulator.machine.table(), 0x100b, arm), (0x100a, thumb));
}

#[test]
fn code_that_was_changed_runs_as_it_is_now() {
    // inc eax; jmp back
    let mut emulator = program(LanguageId::X86, "40ebfd");
    let run = |emulator: &mut Emulator<'_, PagedMemory>| emulator.run(&mut Observe, CODE, 100);
    for _ in 0..2 {
        assert_eq!(run(&mut emulator), Stop::Reached);
    }
    assert_eq!(value(&emulator, "EAX"), 2);
    // dec eax
    emulator.machine.memory.place(CODE, &[0x48]).unwrap();
    assert_eq!(run(&mut emulator), Stop::Reached);
    assert_eq!(value(&emulator, "EAX"), 1);
}

#[test]
fn a_second_run_knows_nothing_of_the_first() {
    // inc eax; jmp back
    let mut emulator = program(LanguageId::X86, "40ebfd");
    let memory = emulator.machine.memory.clone();
    for _ in 0..2 {
        assert_eq!(emulator.run(&mut Observe, CODE, 100), Stop::Reached);
        assert_eq!((value(&emulator, "EAX"), emulator.operations() < 20), (1, true));
        emulator.again(memory.clone(), CODE, emulator.context());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_bytes_run_within_the_budget(
        language in proptest::sample::select(LanguageId::ALL),
        code in proptest::collection::vec(any::<u8>(), 0..64),
        seed in any::<u64>(),
    ) {
        let table = table(language).unwrap();
        let mut memory = PagedMemory::new(4);
        memory.map(0, 4 * PAGE, Permissions { read: true, write: true, execute: true }).unwrap();
        memory.place(CODE, &code).unwrap();
        let mut machine = Machine::new(table, memory);
        for (index, (_, register)) in (1..).zip(table.registers().filter(|(_, r)| r.size <= 8)) {
            let number = seed.wrapping_mul(index).rotate_left(index as u32 % 64);
            machine.registers.write(register, &Value::new(number & 0x3fff, register.size)).unwrap();
        }
        let mut emulator = Emulator::new(machine, CODE, table.default_context());
        let stop = emulator.run(&mut Observe, 0, 2000);
        prop_assert!(emulator.operations() < 2000 + 65_537, "{:?}", stop);
    }
}
