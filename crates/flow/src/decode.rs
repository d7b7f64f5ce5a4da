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

use program::{BlockId, FuncId, Function, Program, VirtAddr};
use sleigh::Table;
use sleigh::emulate::{CallSite, Control, Emulator, Environment, Machine, Outcome, Reply, UserOp, Value};
use sleigh::language::Convention;

use crate::filler::Filler;
use crate::graph::Dominance;
use crate::machine::{HEAP, PARAMETERS, argument, begin, leave};

/// Operations of one attempt.
const ATTEMPT: u64 = 60_000;
/// Passes through one block before it is left by another way.
const MAX_PASSES: u32 = 600;
/// Functions of the program entered below the one that is tried.
const MAX_DEPTH: u32 = 4;
/// Bytes of a text.
const MAX_TEXT: u64 = 200;

/// Runs functions of one program.
pub(crate) struct Decoder<'a> {
    pub(crate) program: &'a Program,
    pub(crate) table: &'static Table,
    pub(crate) convention: &'static Convention,
    /// Where functions that were linked in begin.
    pub(crate) linked_in: Option<VirtAddr>,
    /// Operations left for the whole program.
    pub(crate) left: u64,
    /// What was run on last.
    pub(crate) emulator: Option<Emulator<'static, Filler<'a>>>,
}

impl Decoder<'_> {
    /// The text at a distance of `moved` bytes from where argument `n` of a call points to when the call is made.
    pub(crate) fn text(
        &mut self,
        function: FuncId,
        block: BlockId,
        call: VirtAddr,
        n: u32,
        moved: i64,
    ) -> Option<Vec<u8>> {
        let first = self.attempt(function, block, call, (n, moved), 1)?;
        let second = self.attempt(function, block, call, (n, moved), 2)?;
        (first == second).then_some(first)
    }

    fn attempt(
        &mut self,
        function: FuncId,
        block: BlockId,
        call: VirtAddr,
        (n, moved): (u32, i64),
        seed: u64,
    ) -> Option<Vec<u8>> {
        let code = self.program.function(function)?;
        let image = &self.program.image;
        let parameters: Vec<u64> = (0..6).map(|n| PARAMETERS + n * 0x1000 + seed * 0x100).collect();
        let mut way = Way::to(code, block)?;
        let earlier = self.emulator.take();
        let mut emulator = begin(earlier, self.table, self.convention, image, code, &parameters, seed)?;
        let mut outside = Outside {
            program: self.program,
            convention: self.convention,
            linked_in: self.linked_in,
            call: call.0,
            depth: 0,
            count: 0,
            heap: HEAP,
            found: None,
        };
        let ended = outside.run(&mut emulator, code, &mut way, ATTEMPT.min(self.left));
        self.left = self.left.saturating_sub(emulator.operations());
        let pointer = ended.and(outside.found).and_then(|arguments| arguments.get(n as usize).copied());
        let memory = &emulator.machine.memory;
        let text = pointer.and_then(|at| memory.text_written(at.wrapping_add_signed(moved), MAX_TEXT));
        self.emulator = Some(emulator);
        text
    }
}

/// What surrounds the function that is tried.
struct Outside<'a> {
    program: &'a Program,
    convention: &'static Convention,
    linked_in: Option<VirtAddr>,
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
            self.found = Some((0..4).map(|n| argument(machine, self.convention, n)).collect());
            return Control::Halt;
        }
        let image = &self.program.image;
        let entry = image.code_addr(site.target).address;
        let function = self.program.function_at(entry).and_then(|id| self.program.function(id));
        let stub = function.and_then(|f| f.stub).or_else(|| machine.memory.import_at(site.target));
        // What was linked in has not been set up here, and is known by its name.
        let linked = self.linked_in.is_some_and(|library| entry >= library);
        if stub.is_none() && function.is_some() && !linked && self.depth < MAX_DEPTH {
            return Control::Enter;
        }
        let named = function.and_then(|f| f.name.as_deref());
        let name =
            stub.and_then(|id| image.import(id)).map(|i| i.name.as_str()).or(named).unwrap_or_default();
        let result = self.model(machine, name);
        leave(machine, self.convention, image, result);
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
    /// Runs until the call is found or the budget is spent. `None` if no way leads on.
    fn run(
        &mut self,
        emulator: &mut Emulator<'_, Filler<'_>>,
        code: &Function,
        way: &mut Way,
        budget: u64,
    ) -> Option<()> {
        while emulator.operations() < budget && self.found.is_none() {
            let before = emulator.address();
            match emulator.step(self) {
                Ok(Outcome::Called(_)) => self.depth += 1,
                Ok(Outcome::Returned { .. }) if self.depth > 0 => self.depth -= 1,
                Ok(Outcome::Returned { .. }) => way.force(emulator, code)?,
                Ok(_) => {}
                Err(_) => break,
            }
            if self.depth == 0 && self.found.is_none() {
                way.steer(emulator, code, VirtAddr(before))?;
            }
        }
        Some(())
    }

    /// What library functions that move data do; others return something unknown.
    fn model(&mut self, machine: &mut Machine<'_, Filler<'_>>, name: &str) -> u64 {
        let [a, b, c] = [0, 1, 2].map(|n| argument(machine, self.convention, n));
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

/// The blocks of the loop that an edge back to its head closes.
fn loop_of(dominance: &Dominance, last: BlockId, head: BlockId) -> BTreeSet<BlockId> {
    let mut all = BTreeSet::from([head, last]);
    let mut todo = vec![last];
    while let Some(block) = todo.pop().filter(|block| *block != head) {
        todo.extend(dominance.predecessors(block).iter().filter(|before| all.insert(**before)));
    }
    all
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
        let dominance = Dominance::of(code);
        // Going round a loop that the call is in leads there again, and no closer.
        let again = |from: BlockId, to: BlockId| {
            dominance.dominates(to, from) && loop_of(&dominance, from, to).contains(&target)
        };
        let mut leading = BTreeSet::from([target]);
        let mut todo = vec![target];
        while let Some(block) = todo.pop() {
            for from in dominance.predecessors(block) {
                if !again(*from, block) && leading.insert(*from) {
                    todo.push(*from);
                }
            }
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
