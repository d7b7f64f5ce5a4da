//! The program as a process: started in the interpreter until it calls `main`, then functions are called in it.
//!
//! A C library works only once it is set up: locale, thread-local storage, heap, what resolvers choose (`IFUNC`). Setting
//! it up is what the program's own code does before `main`, whatever library it is; so that code is run.

use program::image::{Abi, CodeAddr, Image};
use program::{Program, VirtAddr};
use sleigh::Table;
use sleigh::emulate::{Emulator, Machine, Memory as _, Outcome, Value, enter_function};
use sleigh::language::{Convention, Role, code_pointer};

use super::kernel::{Asked, CACHE_LINE, ENTRY, Kernel};
use super::space::Space;
use crate::abi::CallRules;
use crate::system;

/// Arguments that are addresses point here, a page each.
pub(super) const PLACES: u64 = 0x6a00_0000;
pub(super) const PLACE: u64 = 0x1000;
pub(super) const MAX_PLACES: u64 = 16;
/// Where tried functions return to.
const RETURN: u64 = 0x6b80_0000;
const STACK: u64 = 0x6c80_0000;
const STACK_SIZE: u64 = 0x8_0000;
/// Operations until `main` is called. Static programs with glibc take 100,000 to 900,000.
const MAX_START: u64 = 4_000_000;
/// Functions that are told of others before it is one of the first that was told of `main`.
const MAX_TOLD: usize = 3;
/// Names and values that the process finds in its environment.
const ENVIRONMENT: &[&[u8]] = &[b"KETTLE=lid\0", b"PATH=/bin\0"];
const ARGUMENTS: &[&[u8]] = &[b"/kettle\0", b"pot\0"];

/// A process that waits to be told what to call.
#[derive(Clone)]
pub(super) struct Process<'a> {
    image: &'a Image,
    table: &'static Table,
    pub(super) convention: &'static Convention,
    machine: Machine<'static, Space<'a>>,
    kernel: Kernel<'a>,
}

/// What came of a call.
pub(super) struct Tried<'a> {
    /// What it returned; `None` if it did not in time, or ended the process.
    pub(super) result: Option<u64>,
    pub(super) asked: Vec<Asked>,
    pub(super) memory: Space<'a>,
    kernel: Kernel<'a>,
    pub(super) operations: u64,
}

/// A machine that is used again and again, because making one takes longer than most calls.
pub(super) struct Bench<'a>(Emulator<'static, Space<'a>>);

/// How a process was started.
pub(super) struct Started<'a> {
    pub(super) process: Process<'a>,
    /// The function that starts `main`, and `main`.
    pub(super) main: Option<(VirtAddr, VirtAddr)>,
    pub(super) operations: u64,
}

impl<'a> Process<'a> {
    /// `None` if there is no table, no convention, or the image lies where the stack would.
    fn new(program: &'a Program) -> Option<Self> {
        let image = &program.image;
        let table: &'static Table = program.table().ok()?;
        let convention: &'static Convention = CallRules::of(image, table)?.convention;
        let end =
            image.segments().iter().map(|segment| segment.start.0.saturating_add(segment.size)).max()?;
        let ours = PLACES..0x7800_0000;
        let overlaps = |segment: &program::image::Segment| {
            segment.start.0 < ours.end && segment.start.0.saturating_add(segment.size) > ours.start
        };
        if image.segments().iter().any(overlaps) || end > u64::MAX >> 1 {
            return None;
        }
        let mut space = Space::new(image);
        space.map(PLACES..PLACES + MAX_PLACES * PLACE);
        space.map(STACK - STACK_SIZE..STACK);
        let kernel = Kernel::new(image, convention, end.next_multiple_of(0x1_0000));
        let machine = Machine::new(table, space);
        let mut process = Self { image, table, convention, machine, kernel };
        process.set_registers();
        Some(process)
    }

    /// What the loader and the start-up code would set if they are not run.
    fn set_registers(&mut self) {
        for role in [Role::GlobalPointer, Role::TableOfContents] {
            if let (Some(register), Some(value)) = (self.convention.special(role), self.image.global_pointer)
            {
                let _ = self.machine.registers.set_named(register.name(), u128::from(value));
            }
        }
        let _ = self.machine.registers.set_named("dczid_el0", u128::from((CACHE_LINE / 4).ilog2()));
    }

    /// Runs the program's own start until it calls `main`. If it does not, the process stands at its beginning.
    pub(super) fn start(program: &'a Program) -> Option<Started<'a>> {
        let begin = Self::new(program)?;
        let mut process = begin.clone();
        let mut watch = Watch::new(program);
        let (found, mut operations) = process.run_start(&mut watch);
        if found || watch.last.is_none() {
            let process = if found { process } else { begin };
            return Some(process.ready(watch.main, operations));
        }
        // Nobody was told of `main` beforehand: it is what was called last with the program's arguments.
        watch = Watch { known: watch.last, ..Watch::new(program) };
        process = begin.clone();
        let (found, more) = process.run_start(&mut watch);
        operations += more;
        let process = if found { process } else { begin };
        Some(process.ready(watch.main, operations))
    }

    fn ready(mut self, main: Option<(VirtAddr, VirtAddr)>, operations: u64) -> Started<'a> {
        self.kernel.asked.clear();
        if main.is_none() {
            let _ = self
                .machine
                .registers
                .set_named(self.convention.stack_pointer.name(), u128::from(STACK - 0x8000));
        }
        self.machine.memory.freeze();
        Started { process: self, main, operations }
    }

    /// Has `main` been reached? And the operations that it took.
    fn run_start(&mut self, watch: &mut Watch<'_>) -> (bool, u64) {
        let Some(entry) = self.image.entry else { return (false, 0) };
        let Some(stack) = self.put_arguments(entry.address.0) else { return (false, 0) };
        let _ = self.machine.registers.set_named(self.convention.stack_pointer.name(), u128::from(stack));
        let word = u64::from(self.convention.pointer);
        watch.arguments = (ARGUMENTS.len() as u64, stack + word);
        let pointer = entry.address.0 | u64::from(entry.short);
        if let Some(register) = self.convention.special(Role::FunctionEntry) {
            let _ = self.machine.registers.set_named(register.name(), u128::from(pointer));
        }
        let (address, context) = code_pointer(self.table, pointer, self.table.default_context());
        let mut emulator = Emulator::new(self.machine.clone(), address, context);
        let found = self.watch(&mut emulator, watch);
        let operations = emulator.operations();
        self.machine = emulator.machine;
        (found, operations)
    }

    fn watch(&mut self, emulator: &mut Emulator<'static, Space<'a>>, watch: &mut Watch<'_>) -> bool {
        while emulator.operations() < MAX_START {
            if self.kernel.help(emulator) {
                if self.kernel.ended {
                    return false;
                }
                continue;
            }
            let before = emulator.address();
            match emulator.step(&mut self.kernel) {
                Ok(Outcome::Called(_) | Outcome::Stepped { .. }) => {}
                Ok(Outcome::Skipped(_) | Outcome::Returned { .. }) => continue,
                Ok(Outcome::Halted) | Err(_) => return false,
            }
            let at = emulator.address();
            let near = at.wrapping_sub(before) < 16;
            if !near && watch.enters(&emulator.machine, self.convention, self.image, VirtAddr(at)) {
                return true;
            }
        }
        false
    }

    /// What the kernel puts on the stack of a new process: System V ABI, "process initialization". Its address.
    fn put_arguments(&mut self, entry: u64) -> Option<u64> {
        let word = u64::from(self.convention.pointer);
        let mut texts = STACK - 0x1000;
        let mut put = |machine: &mut Machine<'_, Space<'_>>, text: &[u8]| {
            let at = texts;
            texts += (text.len() as u64).next_multiple_of(16);
            machine.memory.store(at, text).ok().map(|()| at)
        };
        let mut words = vec![ARGUMENTS.len() as u64];
        for text in ARGUMENTS {
            words.push(put(&mut self.machine, text)?);
        }
        words.push(0);
        for text in ENVIRONMENT {
            words.push(put(&mut self.machine, text)?);
        }
        words.push(0);
        let random = put(&mut self.machine, b"0123456789abcdef")?;
        let (headers, size, count) = self.program_headers();
        // AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_ENTRY, AT_SECURE, AT_RANDOM (`elf.h`).
        let told = [(3, headers), (4, size), (5, count), (6, 4096), (9, entry), (23, 0), (25, random)];
        words.extend(told.iter().flat_map(|(kind, value)| [*kind, *value]));
        if self.image.abi == Abi::X86SystemV {
            // AT_SYSINFO.
            words.extend([32, ENTRY]);
        }
        words.extend([0, 0]);
        let stack = (texts_end(STACK) - word * words.len() as u64) & !63;
        for (n, value) in (0..).zip(words) {
            self.machine.store(stack + n * word, &Value::new(value, word as u16)).ok()?;
        }
        Some(stack)
    }

    /// Address, size and count of the program headers, as the file header says.
    fn program_headers(&self) -> (u64, u64, u64) {
        let wide = self.convention.pointer == 8 || self.image.file().get(4) == Some(&2);
        let big = self.image.endian == program::image::Endian::Big;
        let number = |at: usize, size: usize| {
            let bytes = self.image.file().get(at..at + size).unwrap_or_default();
            let join = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
            if big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
        };
        let (offset, rest) = if wide { (number(32, 8), 54) } else { (number(28, 4), 42) };
        let holds = |segment: &&program::image::Segment| {
            segment.file_offset(segment.start).is_some_and(|start| start.0 == 0)
        };
        let first = self.image.segments().iter().find(holds).map_or(0, |segment| segment.start.0);
        (first.wrapping_add(offset), number(rest, 2), number(rest + 2, 2))
    }

    /// A machine on which functions of this process are called, one after the other.
    pub(super) fn bench(&self) -> Bench<'a> {
        Bench(Emulator::new(self.machine.clone(), 0, self.table.default_context()))
    }

    /// Calls a function with these arguments, after writing these bytes.
    pub(super) fn call(
        &self,
        bench: &mut Bench<'a>,
        pointer: u64,
        arguments: &[u64],
        bytes: &[(u64, &[u8])],
        most: u64,
    ) -> Option<Tried<'a>> {
        let emulator = &mut bench.0;
        let mut kernel = self.kernel.clone();
        emulator.machine.registers.copy_from(&self.machine.registers);
        emulator.machine.memory = self.machine.memory.clone();
        for (at, bytes) in bytes {
            emulator.machine.memory.store(*at, bytes).ok()?;
        }
        let stack = emulator.machine.registers.named(self.convention.stack_pointer.name())?.low();
        let stack = stack.wrapping_sub(0x400) & !63;
        emulator.machine.registers.set_named(self.convention.stack_pointer.name(), u128::from(stack));
        enter_function(emulator, self.convention, pointer, arguments, RETURN).ok()?;
        let end = emulator.operations().saturating_add(most);
        let before = emulator.operations();
        let mut returned = false;
        while emulator.operations() < end {
            if emulator.address() == RETURN {
                returned = true;
                break;
            }
            if kernel.help(emulator) {
                if kernel.ended {
                    break;
                }
                continue;
            }
            match emulator.step(&mut kernel) {
                Ok(Outcome::Halted) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let result = self.convention.results.integers.first()?;
        let result = emulator.machine.registers.named(result.name())?.low();
        Some(Tried {
            result: returned.then_some(result),
            asked: std::mem::take(&mut kernel.asked),
            kernel,
            memory: emulator.machine.memory.clone(),
            operations: emulator.operations() - before,
        })
    }

    /// What MIPS programs have set as their global pointer.
    pub(super) fn global_pointer(&self) -> Option<u64> {
        let mips = matches!(self.image.abi, Abi::MipsO32 | Abi::MipsN32 | Abi::MipsN64);
        let register = self.convention.special(Role::GlobalPointer).filter(|_| mips)?;
        Some(self.machine.registers.named(register.name())?.low()).filter(|pointer| *pointer != 0)
    }

    pub(super) fn number_of(&self, name: &str) -> Option<u64> {
        system::number_of(self.image, name)
    }

    /// The process after a call, to go on from there.
    pub(super) fn after(&self, tried: &Tried<'a>) -> Self {
        let mut process = self.clone();
        process.machine.memory = tried.memory.clone();
        process.machine.memory.freeze();
        process.kernel = tried.kernel.clone();
        process
    }

    /// The word at an address.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        Some(self.machine.load(address, u16::from(self.convention.pointer)).ok()?.low())
    }
}

/// Texts of the start lie below this; words below them.
fn texts_end(stack: u64) -> u64 {
    stack - 0x1000
}

fn argument(machine: &Machine<'_, Space<'_>>, convention: &Convention, n: u32) -> u64 {
    match convention.argument(n) {
        sleigh::language::Place::Register(register) => {
            machine.registers.named(register.name()).map_or(0, |value| value.low())
        }
        sleigh::language::Place::Stack { offset, size } => {
            let stack =
                machine.registers.named(convention.stack_pointer.name()).map_or(0, |value| value.low());
            machine.load(stack.wrapping_add(offset), u16::from(size)).map_or(0, |value| value.low())
        }
    }
}

/// Waits for `main`.
struct Watch<'a> {
    program: &'a Program,
    /// Count and place of the program's arguments.
    arguments: (u64, u64),
    /// Functions whose address was passed to another one, and to which.
    told: Vec<(VirtAddr, VirtAddr)>,
    /// The function that was told of `main`, once that is called.
    starter: Option<VirtAddr>,
    /// What was called last with the program's arguments.
    last: Option<VirtAddr>,
    /// Known from a first run.
    known: Option<VirtAddr>,
    main: Option<(VirtAddr, VirtAddr)>,
}

impl<'a> Watch<'a> {
    fn new(program: &'a Program) -> Self {
        Self {
            program,
            arguments: (0, 0),
            told: Vec::new(),
            starter: None,
            last: None,
            known: None,
            main: None,
        }
    }

    /// Control enters at `at`: is that `main`?
    fn enters(
        &mut self,
        machine: &Machine<'_, Space<'_>>,
        convention: &Convention,
        image: &Image,
        at: VirtAddr,
    ) -> bool {
        let at = image.whole_function(CodeAddr { address: at, short: false }).address;
        let narrow = |n: u64| if convention.pointer == 4 { n & 0xffff_ffff } else { n };
        let first = narrow(argument(machine, convention, 0));
        let known = self.program.function_at(at).is_some();
        if (first, narrow(argument(machine, convention, 1))) == self.arguments {
            // What was told may be a jump to `main` that is no function of its own.
            let told = self.told.iter().find(|(told, _)| *told == at).map(|(_, teller)| *teller);
            self.starter = self.starter.or(told).or((self.known == Some(at)).then_some(at));
            if known {
                self.last = Some(at);
                self.main = self.starter.map(|starter| (starter, at));
            }
            if self.main.is_some() {
                return true;
            }
        }
        if known && self.told.len() < MAX_TOLD {
            // On Power, glibc passes it as the second of four words that the sixth argument points to.
            let word = u64::from(convention.pointer);
            let pointed = argument(machine, convention, 5).wrapping_add(word);
            let pointed = machine.load(pointed, word as u16).map_or(0, |value| value.low());
            let pointed = image.language.name().starts_with("ppc").then_some(pointed);
            let code =
                |told: u64| Some(image.code_addr(narrow(told)).address).filter(|at| image.is_code(*at));
            let told = pointed.and_then(code).or_else(|| code(first));
            self.told.extend(told.map(|told| (told, at)));
        }
        false
    }
}
