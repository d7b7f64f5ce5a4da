//! Where control goes inside and after one instruction.
//!
//! Conditional execution, `rep` loops and the branches inside an instruction end no block: they are found here and only
//! the ways *out* of the instruction are answered. Shapes that look like one thing and are another (traps that lift to
//! indirect jumps, interrupts that lift to calls, calls of the next instruction) are told apart here as well.

use std::ops::Range;

use sleigh::pcode::{Opcode, Varnode};
use sleigh::{Lifted, Table};

use crate::address::VirtAddr;
use crate::fold::signed;

/// One decoded instruction of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Where.
    pub address: VirtAddr,
    /// Bytes, delay slot included.
    pub length: u8,
    pub(crate) first: u32,
    pub(crate) count: u16,
}

impl Instruction {
    /// The address behind it.
    pub fn end(&self) -> VirtAddr {
        self.address.plus(u64::from(self.length))
    }

    /// Its operations, as indices into [`crate::Function::ops`].
    pub fn ops(&self) -> Range<usize> {
        self.first as usize..self.first as usize + usize::from(self.count)
    }
}

/// The condition under which something happens: the value that the `CBRANCH` at this index reads is `when`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) op: u16,
    pub(crate) when: bool,
}

/// A way out of an instruction, or a call in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) op: u16,
    pub(crate) kind: WayKind,
    /// `None`: always, once the instruction is reached.
    pub(crate) guard: Option<Guard>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayKind {
    Jump(VirtAddr),
    JumpIndirect(Varnode),
    Call(VirtAddr),
    CallIndirect(Varnode),
    /// The operating system is called; the number is that of the user operation.
    System,
    Return,
    /// Stops the program: undefined instruction, breakpoint, halt.
    Trap,
}

/// Control flow of one instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) ways: Vec<Way>,
    /// Can control get to the next instruction?
    pub(crate) falls: bool,
}

/// User operations that enter the operating system, as the tables name them.
const SYSTEM: &[&str] =
    &["syscall", "software_interrupt", "CallSupervisor", "ecall", "swi", "sysenter", "software_hvc"];

pub(crate) fn is_system(table: &Table, number: u32) -> bool {
    table.user_op(number).is_some_and(|name| SYSTEM.contains(&name))
}

/// User operations that stand for breakpoints with which compilers end what must not go on (`__builtin_trap`).
const TRAPS: &[&str] = &["ebreak", "trap"];

fn is_trap(table: &Table, number: u32) -> bool {
    table.user_op(number).is_some_and(|name| TRAPS.contains(&name))
}

impl Flow {
    /// `None` for the usual instruction, which only falls through.
    pub(crate) fn of(table: &Table, lifted: &Lifted<'_>, address: VirtAddr) -> Option<Self> {
        let control = |op: &sleigh::pcode::Op| {
            matches!(
                op.opcode(),
                Opcode::Branch
                    | Opcode::CBranch
                    | Opcode::BranchInd
                    | Opcode::Call
                    | Opcode::CallInd
                    | Opcode::Return
            ) || op.user_op().is_some_and(|number| is_system(table, number) || is_trap(table, number))
        };
        if !lifted.ops.iter().any(control) {
            return None;
        }
        Some(Scan { table, lifted, address, next: address.plus(u64::from(lifted.length)) }.run())
    }
}

struct Scan<'a, 'l> {
    table: &'a Table,
    lifted: &'a Lifted<'l>,
    address: VirtAddr,
    next: VirtAddr,
}

/// Where an operation hands control, as an index; the count of operations stands for the end.
struct Step {
    to: [Option<usize>; 2],
    way: Option<WayKind>,
}

impl Scan<'_, '_> {
    fn run(&self) -> Flow {
        let count = self.lifted.ops.len();
        let mut reached = vec![false; count + 1];
        let mut flow = Flow::default();
        let mut skips: Vec<(Range<usize>, Guard)> = Vec::new();
        let mut todo = vec![0];
        // Forward order, so that the skips that cover an operation are known when it is met.
        while let Some(index) = todo.pop() {
            let again = reached.get_mut(index).is_none_or(|reached| std::mem::replace(reached, true));
            if again || index == count {
                continue;
            }
            let step = self.step(index);
            if let Some(skip) = self.skip(index) {
                skips.push(skip);
            }
            if let Some(kind) = step.way {
                flow.ways.push(Way { op: index as u16, kind, guard: self.guard(index, &skips) });
            }
            let mut to: Vec<usize> = step.to.into_iter().flatten().filter(|to| *to <= count).collect();
            to.sort_unstable_by(|a, b| b.cmp(a));
            todo.extend(to);
        }
        flow.ways.sort_by_key(|way| way.op);
        flow.falls = reached.last() == Some(&true);
        flow
    }

    fn guard(&self, index: usize, skips: &[(Range<usize>, Guard)]) -> Option<Guard> {
        if self.lifted.ops.get(index).is_some_and(|op| op.opcode() == Opcode::CBranch) {
            return Some(Guard { op: index as u16, when: true });
        }
        skips.iter().rev().find(|(range, _)| range.contains(&index)).map(|(_, guard)| *guard)
    }

    /// The operations that a forward conditional branch inside the instruction may skip.
    fn skip(&self, index: usize) -> Option<(Range<usize>, Guard)> {
        let op = self.lifted.ops.get(index).filter(|op| op.opcode() == Opcode::CBranch)?;
        let to = self.inside(index, op.input(0)?).filter(|to| *to > index)?;
        Some((index + 1..to, Guard { op: index as u16, when: false }))
    }

    /// The operation that a branch target stands for, if it is inside this instruction or its end.
    fn inside(&self, index: usize, target: Varnode) -> Option<usize> {
        if target.is_constant() {
            return index.checked_add_signed(signed((target.offset, target.size)) as isize);
        }
        match VirtAddr(target.offset) {
            own if own == self.address => Some(0),
            next if next == self.next => Some(self.lifted.ops.len()),
            _ => None,
        }
    }

    fn step(&self, index: usize) -> Step {
        let after = Some(index + 1);
        let Some(op) = self.lifted.ops.get(index) else { return Step { to: [None; 2], way: None } };
        let target = op.input(0).unwrap_or(Varnode::constant(0, 0));
        let leave = |kind| Step { to: [None; 2], way: Some(kind) };
        let pass = |kind| Step { to: [after, None], way: Some(kind) };
        let address = VirtAddr(target.offset);
        match op.opcode() {
            Opcode::Branch => match self.inside(index, target) {
                Some(to) => Step { to: [Some(to), None], way: None },
                None => leave(WayKind::Jump(address)),
            },
            Opcode::CBranch => match self.inside(index, target) {
                Some(to) => Step { to: [after, Some(to)], way: None },
                None => pass(WayKind::Jump(address)),
            },
            Opcode::BranchInd if self.is_user_result(index, target) => leave(WayKind::Trap),
            Opcode::BranchInd => leave(WayKind::JumpIndirect(target)),
            Opcode::Call if address == self.next => Step { to: [after, None], way: None },
            Opcode::Call => pass(WayKind::Call(address)),
            Opcode::CallInd if self.is_user_result(index, target) => pass(WayKind::System),
            Opcode::CallInd => pass(WayKind::CallIndirect(target)),
            // An interrupt that cannot come back is written as a call and a return to nowhere.
            Opcode::Return if target.is_constant() => leave(WayKind::Trap),
            Opcode::Return => leave(WayKind::Return),
            // Interrupts of x86 compute a target that is then called.
            Opcode::CallOther
                if op.output().is_none() && op.user_op().is_some_and(|n| is_system(self.table, n)) =>
            {
                pass(WayKind::System)
            }
            Opcode::CallOther
                if op.output().is_none() && op.user_op().is_some_and(|n| is_trap(self.table, n)) =>
            {
                leave(WayKind::Trap)
            }
            _ => Step { to: [after, None], way: None },
        }
    }

    /// Was the value computed by a user operation of this instruction?
    fn is_user_result(&self, before: usize, place: Varnode) -> bool {
        let earlier = self.lifted.ops.get(..before).unwrap_or_default();
        let writer = earlier.iter().rev().find(|op| op.output().is_some_and(|out| out == place));
        writer.is_some_and(|op| op.opcode() == Opcode::CallOther)
    }
}

#[cfg(test)]
mod tests {
    use sleigh::{LanguageId, Lifter};

    use super::*;

    fn flow(language: LanguageId, thumb: bool, hex: &str) -> Flow {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        let table = sleigh::table(language).unwrap();
        let mut context = table.default_context();
        if thumb {
            context = context.with(table.variable("TMode").unwrap(), 1);
        }
        let mut lifter = Lifter::new(table);
        let lifted = lifter.lift(&bytes, 0x1000, context).unwrap();
        Flow::of(table, &lifted, VirtAddr(0x1000)).unwrap_or(Flow { ways: Vec::new(), falls: true })
    }

    fn shape(flow: &Flow) -> (Vec<(WayKind, Option<bool>)>, bool) {
        (flow.ways.iter().map(|way| (way.kind, way.guard.map(|guard| guard.when))).collect(), flow.falls)
    }

    #[test]
    fn conditional_execution_ends_no_block() {
        assert_eq!(shape(&flow(LanguageId::ArmLe, false, "0100a003")), (vec![], true), "moveq");
        assert_eq!(shape(&flow(LanguageId::X86_64, false, "0f44c1")), (vec![], true), "cmove");
        assert_eq!(shape(&flow(LanguageId::X86_64, false, "f3a4")), (vec![], true), "rep movsb");
        assert_eq!(shape(&flow(LanguageId::X86_64, false, "0fa2")), (vec![], true), "cpuid");
    }

    #[test]
    fn traps_are_no_indirect_jumps() {
        let traps = [
            (LanguageId::X86_64, false, "0f0b"),
            (LanguageId::ArmLe, false, "f000f0e7"),
            (LanguageId::ArmLe, true, "00de"),
            (LanguageId::Aarch64, false, "00000000"),
            (LanguageId::Mips32Be, false, "0000000d"),
            (LanguageId::Riscv64, false, "0290"),
            (LanguageId::Riscv64, false, "73001000"),
        ];
        for (language, thumb, hex) in traps {
            assert_eq!(shape(&flow(language, thumb, hex)), (vec![(WayKind::Trap, None)], false), "{hex}");
        }
    }

    #[test]
    fn interrupts_are_system_calls() {
        let calls = [
            (LanguageId::X86, "cd80"),
            (LanguageId::X86_64, "0f05"),
            (LanguageId::Aarch64, "010000d4"),
            (LanguageId::ArmLe, "000000ef"),
            (LanguageId::Mips32Be, "0000000c"),
            (LanguageId::Ppc32Be, "44000002"),
            (LanguageId::Riscv64, "73000000"),
        ];
        for (language, hex) in calls {
            assert_eq!(shape(&flow(language, false, hex)), (vec![(WayKind::System, None)], true), "{hex}");
        }
    }

    #[test]
    fn calling_the_next_instruction_is_no_call() {
        let idioms = [
            (LanguageId::X86, "e800000000"),
            (LanguageId::Ppc32Be, "429f0005"),
            (LanguageId::Mips32Be, "0411000100000000"),
        ];
        for (language, hex) in idioms {
            assert_eq!(shape(&flow(language, false, hex)), (vec![], true), "{hex}");
        }
    }

    #[test]
    fn guarded_ways_state_their_condition() {
        // beq +8; bxeq lr; blne
        let at = |address| WayKind::Jump(VirtAddr(address));
        let (ways, falls) = shape(&flow(LanguageId::ArmLe, false, "0000000a"));
        assert_eq!((ways.len(), falls), (1, true));
        assert_eq!(ways[0].0, at(0x1008));
        let (ways, falls) = shape(&flow(LanguageId::ArmLe, false, "1eff2f01"));
        assert_eq!((ways, falls), (vec![(WayKind::Return, Some(false))], true));
        let (ways, falls) = shape(&flow(LanguageId::ArmLe, false, "0000001b"));
        assert_eq!((ways, falls), (vec![(WayKind::Call(VirtAddr(0x1008)), Some(false))], true));
        // Branch likely: the slot runs only when taken.
        let (ways, falls) = shape(&flow(LanguageId::Mips32Be, false, "50400003afbf001c"));
        assert_eq!((ways, falls), (vec![(at(0x1010), Some(false))], true));
        // jne
        let (ways, falls) = shape(&flow(LanguageId::X86_64, false, "7510"));
        assert_eq!((ways, falls), (vec![(at(0x1012), Some(true))], true));
    }
}
