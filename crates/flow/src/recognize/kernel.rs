//! What a process asks of Linux, answered and written down.
//!
//! Nothing here touches the machine that this runs on: a file that is opened is a number, what is read from it is always
//! the same text, a new process is the old one going on as the child. The answers are those of a system on which
//! everything succeeds, because a function shows best what it is when nothing stops it.

use program::image::{Abi, Image};
use sleigh::emulate::{ByteOrder, Emulator, Environment, Machine, Reply, UserOp, Value};
use sleigh::language::{Convention, code_pointer};

use super::answers::{DESCRIPTOR, MAPPINGS, load, store};
use super::power;
use super::process::{MAX_PLACES, PLACE, PLACES};
use super::space::Space;
use crate::{system, user};

/// Zeros, in no argument's place.
const NOTHING: u64 = PLACES + MAX_PLACES * PLACE - 64;
/// Bytes of a text, or of data that is sent, that are kept.
pub(super) const MOST: u64 = 256;
/// System calls in one call of a function, or at the start.
const MAX_ASKED: usize = 400;

/// Helpers of the kernel (Linux, `Documentation/arm/kernel_user_helpers`).
const HELPER_BARRIER: u64 = 0xffff_0fa0;
const HELPER_COMPARE: u64 = 0xffff_0fc0;
const HELPER_THREAD: u64 = 0xffff_0fe0;

/// "Equal" in a field of the condition register of Power: the store happened.
const STORED: u128 = 2;
/// Bytes that AArch64 clears at once; `dczid_el0` says so as a power of 2 of words.
pub(super) const CACHE_LINE: u64 = 64;
/// Where i386 programs ask the system, as they are told at their start.
pub(super) const ENTRY: u64 = 0x6b90_0000;

/// What `socketcall` asks, by number from 1, and how many arguments it takes (Linux, `include/uapi/linux/net.h`).
const SOCKET_CALLS: &[(&str, u64)] = &[
    ("socket", 3),
    ("bind", 3),
    ("connect", 3),
    ("listen", 2),
    ("accept", 3),
    ("getsockname", 3),
    ("getpeername", 3),
    ("socketpair", 4),
    ("send", 4),
    ("recv", 4),
    ("sendto", 6),
    ("recvfrom", 6),
    ("shutdown", 2),
    ("setsockopt", 5),
    ("getsockopt", 5),
    ("sendmsg", 3),
    ("recvmsg", 3),
    ("accept4", 4),
];

/// Bytes of `int 0x80`.
const INTERRUPT: u64 = 2;

/// A call whose number is not in the table.
pub(super) const UNKNOWN: &str = "?";

/// A system call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) name: &'static str,
    pub(super) arguments: Vec<u64>,
    pub(super) answer: u64,
    /// What was written or sent; of a program that is started, its arguments joined by spaces.
    pub(super) data: Vec<u8>,
}

/// The model.
#[derive(Clone)]
pub(super) struct Kernel<'a> {
    pub(super) image: &'a Image,
    pub(super) convention: &'static Convention,
    pub(super) thread: u64,
    pub(super) asked: Vec<Asked>,
    /// Has the process ended, or become another program?
    pub(super) ended: bool,
    pub(super) heap: (u64, u64),
    pub(super) mappings: u64,
    pub(super) descriptors: u64,
    pub(super) read: usize,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(image: &'a Image, convention: &'static Convention, heap: u64) -> Self {
        Self {
            image,
            convention,
            thread: 0,
            asked: Vec::new(),
            ended: false,
            heap: (heap, heap),
            mappings: MAPPINGS,
            descriptors: DESCRIPTOR,
            read: 0,
        }
    }

    /// Does what the kernel's own code in the address space of a program does, if control stands at such.
    pub(super) fn help(&mut self, emulator: &mut Emulator<'static, Space<'a>>) -> bool {
        if emulator.address() == ENTRY && self.image.abi == Abi::X86SystemV {
            let machine = &mut emulator.machine;
            self.ended |= self.call(machine) == Reply::Halt;
            let stack = Self::register(machine, "ESP");
            let back = load(machine, stack, 4);
            let _ = machine.registers.set_named("ESP", u128::from(stack.wrapping_add(4)));
            let context = machine.table().default_context();
            emulator.jump(back, context);
            return true;
        }
        if !matches!(self.image.abi, Abi::Aapcs | Abi::AapcsVfp) || emulator.address() < HELPER_BARRIER {
            return false;
        }
        let at = emulator.address();
        let machine = &mut emulator.machine;
        let result = match at & 0xffff_ffff {
            HELPER_THREAD => self.thread,
            HELPER_BARRIER => Self::register(machine, "r0"),
            HELPER_COMPARE => {
                let (new, at) = (Self::register(machine, "r1"), Self::register(machine, "r2"));
                let equal = load(machine, at, 4) == Self::register(machine, "r0");
                if equal {
                    store(machine, at, new, 4);
                }
                let _ = machine.registers.set_named("CY", u128::from(equal));
                u64::from(!equal)
            }
            _ => return false,
        };
        let _ = machine.registers.set_named("r0", u128::from(result));
        let table = machine.table();
        let (address, context) = code_pointer(table, Self::register(machine, "lr"), table.default_context());
        emulator.jump(address, context);
        true
    }

    fn register(machine: &Machine<'_, Space<'_>>, name: &str) -> u64 {
        machine.registers.named(name).map_or(0, |value| value.low())
    }

    fn arguments(&self, machine: &Machine<'_, Space<'_>>) -> Vec<u64> {
        let call = &self.convention.system_call;
        let mut all: Vec<u64> =
            call.arguments.iter().map(|register| Self::register(machine, register.name())).collect();
        // The others are on the stack (`arch/mips/kernel/scall32-o32.S`).
        let stack = Self::register(machine, self.convention.stack_pointer.name());
        if self.image.abi == Abi::MipsO32 {
            let word =
                |n: u64| machine.load(stack.wrapping_add(16 + 4 * n), 4).map_or(0, |value| value.low());
            all.extend((0..3).map(word));
        }
        all.truncate(6);
        all
    }

    fn call(&mut self, machine: &mut Machine<'_, Space<'_>>) -> Reply {
        let number = Self::register(machine, self.convention.system_call.number.name());
        let arguments = self.arguments(machine);
        let name = system::any_name_of(self.image, number & 0xffff_ffff).unwrap_or(UNKNOWN);
        let (name, arguments) = self.socket_call(machine, name, &arguments).unwrap_or((name, arguments));
        let data = self.data(machine, name, &arguments);
        let answer = self.answer(machine, name, &arguments);
        let ends = matches!(name, "execve" | "execveat" | "exit" | "exit_group");
        self.asked.push(Asked { name, arguments, answer: answer.unwrap_or(u64::MAX), data });
        if ends || self.asked.len() > MAX_ASKED {
            return Reply::Halt;
        }
        self.reply(machine, answer);
        Reply::Done
    }

    /// What a call of old processors asks that stands for all calls on sockets: the first argument says which one, the
    /// second where its arguments are.
    fn socket_call(
        &self,
        machine: &Machine<'_, Space<'_>>,
        name: &str,
        arguments: &[u64],
    ) -> Option<(&'static str, Vec<u64>)> {
        let (which, list) = (*arguments.first()?, *arguments.get(1)?);
        let which = usize::try_from(which).ok()?.checked_sub(1)?;
        let (name, count) = *SOCKET_CALLS.get(which).filter(|_| name == "socketcall")?;
        let word = u64::from(self.convention.pointer);
        Some((name, (0..count).map(|n| load(machine, list.wrapping_add(n * word), word)).collect()))
    }

    /// Puts the answer where it is looked for; `Err` holds an error number.
    fn reply(&self, machine: &mut Machine<'_, Space<'_>>, answer: Result<u64, u64>) {
        let call = &self.convention.system_call;
        let (value, failed) = match (answer, call.error) {
            (Ok(value), _) => (value, 0),
            (Err(number), Some(_)) => (number, 1),
            (Err(number), None) => (number.wrapping_neg(), 0),
        };
        let _ = machine.registers.set_named(call.result.name(), u128::from(value));
        if let Some(error) = call.error {
            let _ = machine.registers.set_named(error.name(), failed);
        }
    }

    /// What a call hands over.
    fn data(&self, machine: &Machine<'_, Space<'_>>, name: &str, arguments: &[u64]) -> Vec<u8> {
        let at = |n: usize| arguments.get(n).copied().unwrap_or(0);
        let word = u64::from(self.convention.pointer);
        match name {
            "execve" => {
                let pointers = (0..8).map(|n| load(machine, at(1).wrapping_add(n * word), word));
                let texts = pointers.take_while(|pointer| *pointer != 0);
                texts.map(|text| machine.memory.text(text, MOST as usize)).collect::<Vec<_>>().join(&b' ')
            }
            _ => self.asked_bytes(machine, name, arguments),
        }
    }

    pub(super) fn asked_bytes(
        &self,
        machine: &Machine<'_, Space<'_>>,
        name: &str,
        arguments: &[u64],
    ) -> Vec<u8> {
        let at = |n: usize| arguments.get(n).copied().unwrap_or(0);
        let word = u64::from(self.convention.pointer);
        match name {
            "write" | "send" | "sendto" | "pwrite64" => machine.memory.bytes(at(1), at(2).min(MOST)),
            "writev" => {
                let parts = (0..at(2).min(8)).map(|n| at(1).wrapping_add(2 * word * n));
                let bytes = parts.map(|part| {
                    let count = load(machine, part.wrapping_add(word), word).min(MOST);
                    machine.memory.bytes(load(machine, part, word), count)
                });
                bytes.flatten().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Environment<Space<'_>> for Kernel<'_> {
    fn user_op(&mut self, machine: &mut Machine<'_, Space<'_>>, operation: &UserOp<'_>) -> Reply {
        let call = &self.convention.system_call;
        let wanted =
            call.operand.is_none_or(|operand| operation.inputs.first().map(Value::low) == Some(operand));
        if operation.name == call.user_op && wanted {
            return match self.call(machine) {
                // Interrupts of x86 give the address that is called then; what stands behind the instruction goes on.
                Reply::Done if operation.output_size > 0 => {
                    Reply::Value(Value::new(operation.from.wrapping_add(INTERRUPT), operation.output_size))
                }
                reply => reply,
            };
        }
        if let Some(value) = user::computed(operation.name, operation.inputs, operation.output_size) {
            return Reply::Value(value);
        }
        match (operation.name, operation.output_size) {
            // Nobody else runs, so what is stored under a reservation is stored.
            ("hasExclusiveAccess" | "ExclusiveMonitorPass", size) => Reply::Value(Value::new(1, size)),
            ("storeWordConditionalIndexed" | "storeDoubleWordConditionalIndexed", _) => {
                let size = if operation.name.starts_with("storeWord") { 4 } else { 8 };
                let number = |n: usize| operation.inputs.get(n).map_or(0, Value::low);
                store(machine, number(1).wrapping_add(number(2)), number(0), size);
                let _ = machine.registers.set_named("cr0", STORED);
                Reply::Done
            }
            // Libraries ask for one register only: where data of the thread are.
            (name, size)
                if matches!(name, "getHWRegister" | "coprocessor_movefromRt")
                    || name.ends_with("Thread_and_Process_ID") =>
            {
                Reply::Value(Value::new(self.thread, size))
            }
            ("DC_ZVA", _) => {
                let line = operation.inputs.first().map_or(0, Value::low) & !(CACHE_LINE - 1);
                Self::fill(machine, line, &[0; CACHE_LINE as usize]);
                Reply::Done
            }
            ("xxpermdiOp", 0) if power::perform(machine, operation.from).is_some() => Reply::Done,
            // It answers with the address of what it says.
            (name, size) if name.starts_with("cpuid") => Reply::Value(Value::new(NOTHING, size)),
            (name, size) => match user::reversed_load(name) {
                Some(count) => {
                    let number = |n: usize| operation.inputs.get(n).map_or(0, Value::low);
                    let bytes = machine.memory.bytes(number(0).wrapping_add(number(1)), count.into());
                    let order =
                        if machine.data_order == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
                    Reply::Value(Value::from_bytes(&bytes, order))
                }
                None if size == 0 => Reply::Done,
                // A processor that is asked what it can do says: nothing.
                None => Reply::Value(Value::new(0, size)),
            },
        }
    }
}
