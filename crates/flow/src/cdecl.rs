//! What 32-bit x86 code does beside its convention, which passes every argument on the stack.
//!
//! - Functions that nobody outside of the file calls take their first three arguments in EAX, EDX and ECX: GCC does that
//!   by itself when it optimises, as if `regparm(3)` were written there (GCC manual, "x86 function attributes").
//! - Position-independent code calls a function that does nothing but load its own return address; no register but that
//!   one changes.
//!
//! Misses: local functions that do nothing but push their register arguments on, which cannot be told from padding of the
//! stack, and LLVM's `fastcc`.

use std::collections::{BTreeMap, BTreeSet};

use program::image::Abi;
use program::{BlockId, CallTarget, Function, Origin, Program, VirtAddr};
use sleigh::pcode::{Op, Opcode, Varnode};

use crate::abi::CallRules;

/// Registers of the first arguments of local functions, in order; none where the convention already has such.
pub(crate) fn registers(abi: Abi) -> &'static [&'static str] {
    match abi {
        Abi::X86SystemV | Abi::X86Windows => &["EAX", "EDX", "ECX"],
        _ => &[],
    }
}

/// How many arguments every function takes in [`CallRules::local`], by its number.
pub(crate) fn register_arguments(program: &Program, rules: &CallRules) -> Vec<u8> {
    if rules.local.is_empty() {
        return Vec::new();
    }
    let exported = program.image.symbols.iter().filter(|symbol| symbol.dynamic).map(|symbol| symbol.address);
    let exported: BTreeSet<VirtAddr> = exported.collect();
    let own = |function: &Function| match is_exposed(function) || exported.contains(&function.entry) {
        true => 0,
        false => Entry { program, rules, function }.arguments(),
    };
    program.functions.iter().map(own).collect()
}

/// Is it called by what knows nothing but the convention?
fn is_exposed(function: &Function) -> bool {
    let outside = [Origin::Entry, Origin::Loader, Origin::Taken];
    function.stub.is_some() || function.origins.iter().any(|origin| outside.contains(origin))
}

/// The registers of a function that hold what they held at its entry.
struct Entry<'a> {
    program: &'a Program,
    rules: &'a CallRules,
    function: &'a Function,
}

/// A set of [`CallRules::local`], by bit.
type Bits = u8;

impl Entry<'_> {
    /// Registers are taken in their order: if the third is read before it is written, the first two are arguments too.
    /// A register that is pushed may be padding, but not beside one that is read in another way: then GCC has more use for
    /// it.
    fn arguments(&self) -> u8 {
        let [used, pushed] = self.read();
        let read = if used == 0 { 0 } else { used | pushed };
        (Bits::BITS - read.leading_zeros()) as u8
    }

    /// Registers that some way from the entry reads before anything was written there. The sets of a block only grow, so
    /// this ends. Those that are only pushed stand apart.
    fn read(&self) -> [Bits; 2] {
        let Some(first) = self.function.block_at(self.function.entry) else { return [0; 2] };
        let all = Bits::MAX >> (Bits::BITS as usize - self.rules.local.len());
        let mut before: BTreeMap<BlockId, Bits> = BTreeMap::from([(first, all)]);
        let (mut todo, mut read) = (vec![first], [0; 2]);
        while let Some(id) = todo.pop() {
            let Some(block) = self.function.block(id) else { continue };
            let mut kept = before.get(&id).copied().unwrap_or_default();
            for instruction in self.function.instructions(block) {
                let range = instruction.ops();
                let ops = self.function.instruction_ops(instruction);
                self.step(range.start as u32, ops, &mut kept, &mut read);
            }
            for next in block.successors().into_iter().filter(|_| kept != 0) {
                let slot = before.entry(next).or_default();
                if *slot | kept != *slot {
                    *slot |= kept;
                    todo.push(next);
                }
            }
        }
        read
    }

    /// One instruction: adds what it reads of what is kept, and leaves what is kept behind it.
    fn step(&self, first: u32, ops: &[Op], kept: &mut Bits, read: &mut [Bits; 2]) {
        let pushes = ops.iter().any(|op| op.opcode() == Opcode::Store)
            && ops.iter().any(|op| op.output() == Some(self.rules.stack));
        let [used, pushed] = read;
        let read = if pushes { pushed } else { used };
        for (op, index) in ops.iter().zip(first..) {
            if !forgets_inputs(op) {
                let inputs = (0..op.input_count()).filter_map(|i| op.input(i));
                *read |= inputs.fold(0, |all, input| all | self.bits(input)) & *kept;
            }
            *kept &= !op.output().map_or(0, |output| self.bits(output));
            if matches!(op.opcode(), Opcode::Call | Opcode::CallInd) {
                *kept &= !self.changed(index);
            }
        }
    }

    fn bits(&self, place: Varnode) -> Bits {
        let meets = |register: &Varnode| {
            place.space == register.space
                && place.offset < register.offset + u64::from(register.size)
                && register.offset < place.offset + u64::from(place.size)
        };
        let numbered = self.rules.local.iter().enumerate();
        numbered.filter(|(_, register)| meets(register)).fold(0, |all, (n, _)| all | 1 << n)
    }

    /// What a call changes.
    fn changed(&self, op: u32) -> Bits {
        let call = self.function.calls.iter().find(|call| call.op == op);
        let finder = call.and_then(|call| place_finder(self.program, call.target, self.rules));
        finder.map_or(Bits::MAX, |place| self.bits(place))
    }
}

/// Is the result the same whatever the inputs hold: `xor eax, eax`, `sbb eax, eax`, `or eax, -1`?
fn forgets_inputs(op: &Op) -> bool {
    let (Some(a), Some(b)) = (op.input(0), op.input(1)) else { return false };
    let ones =
        |place: Varnode| place.is_constant() && crate::value::sign_extend(place.offset, place.size) == -1;
    match op.opcode() {
        Opcode::IntXor | Opcode::IntSub => a == b,
        Opcode::IntOr => ones(b),
        Opcode::IntAnd => b.is_constant() && b.offset == 0,
        _ => false,
    }
}

/// The register that a function loads its own return address into, if that is all it does: how code finds out where it
/// is.
pub(crate) fn place_finder(program: &Program, target: CallTarget, rules: &CallRules) -> Option<Varnode> {
    if rules.convention.popped_on_return() == 0 {
        return None;
    }
    let CallTarget::Function(callee) = target else { return None };
    let function = program.function(callee)?;
    let [block] = function.blocks.as_slice() else { return None };
    let [load, _] = function.instructions(block) else { return None };
    let ops = function.instruction_ops(load);
    let loads = ops.iter().any(|op| op.opcode() == Opcode::Load && op.input(1) == Some(rules.stack));
    let written = ops.last().and_then(Op::output).filter(|output| output.size == rules.stack.size);
    written.filter(|output| loads && *output != rules.stack && function.calls.is_empty())
}
