//! Texts that the program computes: decoded by running the code that computes them.
//!
//! For a call that gets a text nobody can read in the file, the function is run from its entry to that call in the P-code
//! interpreter, with filler in place of everything that is not known ([`Filler`]): parameters, what library functions
//! return, memory outside of the image. That is done twice, with different filler. What the program has written and what
//! is the same both times does not hang on the filler: the program determines it.
//!
//! Control is steered to the call: branches go where they go, unless the call can no longer be reached from there, or a
//! loop goes on for too long. Functions of the program are entered, copying library functions are modelled, all others
//! return filler. Bounded by operations for each attempt and for the program.
//!
//! Misses: what hangs on a file, and what is computed in another function beforehand and kept in memory.

use std::collections::{BTreeMap, BTreeSet};

use program::image::Image;
use program::{BlockId, FuncId, Function, Program, VirtAddr};
use sleigh::Table;
use sleigh::emulate::{
    CallSite, Control, Emulator, Environment, Machine, Outcome, Reply, UserOp, Value, enter_function,
    leave_function,
};
use sleigh::language::{Convention, Role};

use crate::cdecl;
use crate::filler::Filler;

/// Operations of one attempt.
const ATTEMPT: u64 = 60_000;
/// Passes through one block before it is left by another way.
const MAX_PASSES: u32 = 600;
/// Functions of the program entered below the one that is tried.
const MAX_DEPTH: u32 = 4;
/// Bytes of a text.
const MAX_TEXT: u64 = 200;
/// Where parameters point, far from images and from each other.
const PARAMETERS: u64 = 0x6a00_0000;
const STACK: u64 = 0x6c80_0000;
const THREAD: u64 = 0x6b00_0000;
const HEAP: u64 = 0x6e00_0000;

/// Runs functions of one program.
pub(crate) struct Decoder<'a> {
    pub(crate) program: &'a Program,
    pub(crate) table: &'static Table,
    pub(crate) convention: &'static Convention,
    /// Operations left for the whole program.
    pub(crate) left: u64,
}

impl Decoder<'_> {
    /// The text that argument `n` of a call points to when the call is made.
    pub(crate) fn text(
        &mut self,
        function: FuncId,
        block: BlockId,
        call: VirtAddr,
        n: u32,
    ) -> Option<Vec<u8>> {
        let first = self.attempt(function, block, call, n, 1)?;
        let second = self.attempt(function, block, call, n, 2)?;
        (first == second).then_some(first)
    }

    fn attempt(
        &mut self,
        function: FuncId,
        block: BlockId,
        call: VirtAddr,
        n: u32,
        seed: u64,
    ) -> Option<Vec<u8>> {
        let code = self.program.function(function)?;
        let image = &self.program.image;
        let mut emulator = self.start(code, image, seed)?;
        let mut way = Way::to(code, block)?;
        let mut outside = Outside {
            program: self.program,
            convention: self.convention,
            call: call.0,
            depth: 0,
            count: 0,
            heap: HEAP,
            found: None,
        };
        let budget = ATTEMPT.min(self.left);
        while emulator.operations() < budget && outside.found.is_none() {
            let before = emulator.address();
            match emulator.step(&mut outside) {
                Ok(Outcome::Called(_)) => outside.depth += 1,
                Ok(Outcome::Returned { .. }) if outside.depth > 0 => outside.depth -= 1,
                Ok(Outcome::Returned { .. }) => way.force(&mut emulator, code)?,
                Ok(_) => {}
                Err(_) => break,
            }
            if outside.depth == 0 && outside.found.is_none() {
                way.steer(&mut emulator, code, VirtAddr(before))?;
            }
        }
        self.left = self.left.saturating_sub(emulator.operations());
        let pointer = outside.found.and_then(|arguments| arguments.get(n as usize).copied())?;
        emulator.machine.memory.text_written(pointer, MAX_TEXT)
    }

    fn start<'e>(
        &self,
        code: &Function,
        image: &'e Image,
        seed: u64,
    ) -> Option<Emulator<'static, Filler<'e>>> {
        let memory = Filler::new(image, seed);
        let mut emulator = Emulator::new(Machine::new(self.table, memory), code.entry.0, code.context);
        let registers = &mut emulator.machine.registers;
        registers.set_named(self.convention.stack_pointer.name(), u128::from(STACK));
        for role in [Role::GlobalPointer, Role::TableOfContents] {
            if let (Some(register), Some(value)) = (self.convention.special(role), image.global_pointer) {
                registers.set_named(register.name(), u128::from(value));
            }
        }
        if let Some(register) = self.convention.special(Role::ThreadPointer) {
            registers.set_named(register.name(), u128::from(THREAD));
        }
        for segment in ["FS_OFFSET", "GS_OFFSET"] {
            registers.set_named(segment, u128::from(THREAD));
        }
        for (name, n) in cdecl::registers(image.abi).iter().zip(0..) {
            registers.set_named(name, u128::from(PARAMETERS + (6 + n) * 0x1000 + seed * 0x100));
        }
        let arguments: Vec<u64> = (0..6).map(|n| PARAMETERS + n * 0x1000 + seed * 0x100).collect();
        enter_function(&mut emulator, self.convention, code.entry.0, &arguments, THREAD + 0x1000).ok()?;
        emulator.jump(code.entry.0, code.context);
        Some(emulator)
    }
}

/// What surrounds the function that is tried.
struct Outside<'a> {
    program: &'a Program,
    convention: &'static Convention,
    /// The call that is looked for.
    call: u64,
    depth: u32,
    /// Unknown things met so far.
    count: u64,
    heap: u64,
    /// What the call gets.
    found: Option<Vec<u64>>,
}

impl Environment<Filler<'_>> for Outside<'_> {
    fn call(&mut self, machine: &mut Machine<'_, Filler<'_>>, site: CallSite) -> Control {
        if site.from == self.call && self.depth == 0 {
            self.found = Some((0..4).map(|n| self.argument(machine, n)).collect());
            return Control::Halt;
        }
        let image = &self.program.image;
        let entry = image.code_addr(site.target).address;
        let function = self.program.function_at(entry).and_then(|id| self.program.function(id));
        let stub = function.and_then(|f| f.stub).or_else(|| machine.memory.import_at(site.target));
        if stub.is_none() && function.is_some() && self.depth < MAX_DEPTH {
            return Control::Enter;
        }
        let named = function.and_then(|f| f.name.as_deref());
        let name =
            stub.and_then(|id| image.import(id)).map(|i| i.name.as_str()).or(named).unwrap_or_default();
        let result = self.model(machine, name);
        leave_function(machine, self.convention, result);
        Control::Skip
    }

    fn user_op(&mut self, machine: &mut Machine<'_, Filler<'_>>, operation: &UserOp<'_>) -> Reply {
        self.count += 1;
        let size = operation.output_size;
        if size == 0 {
            Reply::Done
        } else {
            Reply::Value(Value::new(machine.memory.number(self.count), size))
        }
    }
}

impl Outside<'_> {
    fn argument(&self, machine: &Machine<'_, Filler<'_>>, n: u32) -> u64 {
        match self.convention.argument(n) {
            sleigh::language::Place::Register(register) => {
                machine.registers.named(register.name()).map_or(0, |value| value.low())
            }
            sleigh::language::Place::Stack { offset, size } => {
                let stack = machine.registers.named(self.convention.stack_pointer.name());
                let at = stack.map_or(0, |value| value.low()).wrapping_add(offset);
                machine.load(at, u16::from(size)).map_or(0, |value| value.low())
            }
        }
    }

    /// What library functions that move data do; others return something unknown.
    fn model(&mut self, machine: &mut Machine<'_, Filler<'_>>, name: &str) -> u64 {
        let [a, b, c] = [0, 1, 2].map(|n| self.argument(machine, n));
        let name = name.strip_prefix("__").and_then(|n| n.strip_suffix("_chk")).unwrap_or(name);
        match name {
            "memcpy" | "memmove" | "mempcpy" => copy(machine, a, b, c, false),
            "bcopy" => copy(machine, b, a, c, false),
            "strcpy" | "stpcpy" => copy(machine, a, b, MAX_TEXT, true),
            "strncpy" => copy(machine, a, b, c, true),
            "strcat" | "strncat" => {
                let end = length(machine, a);
                copy(machine, a.wrapping_add(end), b, MAX_TEXT, true);
            }
            "memset" => {
                for n in 0..c.min(MAX_TEXT * 4) {
                    let _ = machine.store(a.wrapping_add(n), &Value::new(b & 0xff, 1));
                }
            }
            "strlen" => return length(machine, a),
            "malloc" | "calloc" | "xmalloc" | "g_malloc" | "g_malloc0" => {
                self.heap += 0x1000;
                return self.heap;
            }
            "strdup" => {
                self.heap += 0x1000;
                copy(machine, self.heap, a, MAX_TEXT, true);
                return self.heap;
            }
            _ => {
                self.count += 1;
                return PARAMETERS + 0x10_0000 + machine.memory.number(self.count) % 0x1000 * 0x10;
            }
        }
        a
    }
}

fn copy(machine: &mut Machine<'_, Filler<'_>>, to: u64, from: u64, count: u64, text: bool) {
    for n in 0..count.min(MAX_TEXT * 4) {
        let Ok(byte) = machine.load(from.wrapping_add(n), 1) else { return };
        // What was filler stays filler: it is not marked as written.
        let known = machine.memory.byte(from.wrapping_add(n)).is_some_and(|b| b.1);
        let image = machine.memory.is_image(from.wrapping_add(n));
        if (known || image || byte.is_zero()) && machine.store(to.wrapping_add(n), &byte).is_err() {
            return;
        }
        if text && byte.is_zero() {
            return;
        }
    }
}

fn length(machine: &Machine<'_, Filler<'_>>, text: u64) -> u64 {
    (0..MAX_TEXT * 4)
        .find(|n| machine.load(text.wrapping_add(*n), 1).map_or(true, |byte| byte.is_zero()))
        .unwrap_or(MAX_TEXT * 4)
}

/// The way to the block of the call.
struct Way {
    /// Blocks from which it can be reached.
    leading: BTreeSet<BlockId>,
    passes: BTreeMap<BlockId, u32>,
    at: BlockId,
}

impl Way {
    fn to(code: &Function, target: BlockId) -> Option<Self> {
        let mut before: BTreeMap<BlockId, Vec<BlockId>> = BTreeMap::new();
        for (id, block) in (0..).map(BlockId).zip(&code.blocks) {
            for next in block.successors() {
                before.entry(next).or_default().push(id);
            }
        }
        let mut leading = BTreeSet::from([target]);
        let mut todo = vec![target];
        while let Some(block) = todo.pop() {
            let new = before.get(&block).into_iter().flatten().filter(|block| leading.insert(**block));
            todo.extend(new.copied().collect::<Vec<_>>());
        }
        let at = code.block_at(code.entry)?;
        leading.contains(&at).then_some(Self { leading, passes: BTreeMap::new(), at })
    }

    /// Follows control, and turns it back where it leaves the way.
    fn steer(
        &mut self,
        emulator: &mut Emulator<'_, Filler<'_>>,
        code: &Function,
        before: VirtAddr,
    ) -> Option<()> {
        let here = VirtAddr(emulator.address());
        let inside = code.block(self.at).is_some_and(|b| (b.start..b.end).contains(&here));
        let moved = code.block_at(here).filter(|next| *next != self.at || here <= before);
        let next = match moved {
            Some(next) => next,
            None if inside => return Some(()),
            // A jump out of the function, or to where no block is.
            None => return self.force(emulator, code),
        };
        if !self.leading.contains(&next) || self.count(next) > MAX_PASSES {
            return self.force(emulator, code);
        }
        self.at = next;
        *self.passes.entry(next).or_default() += 1;
        Some(())
    }

    fn count(&self, block: BlockId) -> u32 {
        self.passes.get(&block).copied().unwrap_or(0)
    }

    /// Goes on at the least used block behind this one that leads to the call.
    fn force(&mut self, emulator: &mut Emulator<'_, Filler<'_>>, code: &Function) -> Option<()> {
        let next = code.block(self.at)?.successors().into_iter().filter(|block| self.leading.contains(block));
        let next =
            next.min_by_key(|block| self.count(*block)).filter(|block| self.count(*block) <= MAX_PASSES)?;
        let block = code.block(next)?;
        emulator.jump(block.start.0, block.context);
        self.at = next;
        *self.passes.entry(next).or_default() += 1;
        Some(())
    }
}
