//! Which registers play which role when functions call each other: just what finding code needs.
//!
//! Names are those of the tables; sources are the processor supplements named in `sleigh`.

use sleigh::pcode::Varnode;
use sleigh::{LanguageId, Table};

use crate::image::Abi;

/// Registers by role.
#[derive(Debug)]
pub(crate) struct Roles {
    /// Stack pointer.
    pub(crate) stack: Varnode,
    /// Holds the return address at entry; `None`: it stands on the stack.
    pub(crate) link: Option<Varnode>,
    /// Holds the function's own address at entry, in position-independent code.
    pub(crate) entry: Option<Varnode>,
    /// Global pointer, the same in every function of one image.
    pub(crate) global: Option<Varnode>,
    /// Kept by calls.
    pub(crate) saved: Vec<Varnode>,
    /// First arguments.
    pub(crate) arguments: Vec<Varnode>,
    /// Copied beside every comparison, and hardly ever set: the sticky overflow bit of PowerPC.
    pub(crate) overflow: Option<Varnode>,
    /// Results of comparisons, which no caller passes on.
    pub(crate) flags: Vec<Varnode>,
}

struct Names {
    stack: &'static str,
    link: Option<&'static str>,
    entry: Option<&'static str>,
    global: Option<&'static str>,
    saved: &'static [&'static str],
    arguments: &'static [&'static str],
    flags: &'static [&'static str],
}

const X86: Names = Names {
    stack: "ESP",
    link: None,
    entry: None,
    // Of the stubs of position-independent code only, which is where it matters.
    global: Some("EBX"),
    saved: &["EBX", "ESI", "EDI", "EBP"],
    arguments: &[],
    flags: &["CF", "ZF", "SF", "OF", "PF"],
};
const X86_64: Names = Names {
    stack: "RSP",
    link: None,
    entry: None,
    global: None,
    saved: &["RBX", "RBP", "R12", "R13", "R14", "R15"],
    arguments: &["RDI", "RSI", "RDX", "RCX", "R8", "R9"],
    flags: &["CF", "ZF", "SF", "OF", "PF"],
};
const AARCH64: Names = Names {
    stack: "sp",
    link: Some("x30"),
    entry: None,
    global: None,
    saved: &["x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29"],
    arguments: &["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
    flags: &["NG", "ZR", "CY", "OV"],
};
const ARM: Names = Names {
    stack: "sp",
    link: Some("lr"),
    entry: None,
    global: None,
    saved: &["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"],
    arguments: &["r0", "r1", "r2", "r3"],
    flags: &["NG", "ZR", "OV"],
};
const MIPS: Names = Names {
    stack: "sp",
    link: Some("ra"),
    entry: Some("t9"),
    global: Some("gp"),
    saved: &["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "gp"],
    arguments: &["a0", "a1", "a2", "a3"],
    flags: &[],
};
const SAVED_PPC: &[&str] = &[
    "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28",
    "r29", "r30", "r31",
];
const PPC32: Names = Names {
    stack: "r1",
    link: Some("LR"),
    entry: None,
    global: None,
    saved: SAVED_PPC,
    arguments: &["r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"],
    flags: &["cr0", "cr1", "cr5", "cr6", "cr7"],
};
const PPC64: Names = Names {
    stack: "r1",
    link: Some("LR"),
    entry: Some("r12"),
    global: Some("r2"),
    saved: SAVED_PPC,
    arguments: PPC32.arguments,
    flags: &["cr0", "cr1", "cr5", "cr6", "cr7"],
};
const RISCV: Names = Names {
    stack: "sp",
    link: Some("ra"),
    entry: None,
    global: Some("gp"),
    saved: &["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"],
    arguments: &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
    flags: &[],
};

fn names(language: LanguageId) -> Option<&'static Names> {
    Some(match language {
        LanguageId::X86 => &X86,
        LanguageId::X86_64 => &X86_64,
        LanguageId::Aarch64 => &AARCH64,
        LanguageId::ArmLe | LanguageId::ArmBe | LanguageId::CortexM => &ARM,
        LanguageId::Mips32Be | LanguageId::Mips32Le | LanguageId::Mips64Be | LanguageId::Mips64Le => &MIPS,
        LanguageId::Ppc32Be => &PPC32,
        LanguageId::Ppc64Le | LanguageId::Ppc64Be => &PPC64,
        LanguageId::Riscv64 | LanguageId::Riscv32 => &RISCV,
        _ => return None,
    })
}

impl Roles {
    /// `None` for a language without an entry here, or a table that lacks a register.
    pub(crate) fn of(language: LanguageId, table: &Table) -> Option<Self> {
        let names = names(language)?;
        let one = |name: &str| table.register(name);
        let all = |list: &[&str]| list.iter().map(|name| one(name)).collect::<Option<Vec<_>>>();
        let optional = |name: Option<&'static str>| match name {
            Some(name) => one(name).map(Some),
            None => Some(None),
        };
        Some(Self {
            stack: one(names.stack)?,
            link: optional(names.link)?,
            entry: optional(names.entry)?,
            global: optional(names.global)?,
            saved: all(names.saved)?,
            arguments: all(names.arguments)?,
            overflow: table.register("xer_so"),
            flags: all(names.flags)?,
        })
    }
}

impl Roles {
    /// Windows passes and keeps other registers on x86-64 (Microsoft, x64 calling convention).
    pub(crate) fn in_abi(mut self, abi: Abi, table: &Table) -> Self {
        if abi == Abi::X86_64Windows {
            self.arguments =
                ["RCX", "RDX", "R8", "R9"].iter().filter_map(|name| table.register(name)).collect();
            self.saved.extend(["RSI", "RDI"].iter().filter_map(|name| table.register(name)));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_all_its_registers() {
        for language in LanguageId::ALL {
            let table = sleigh::table(*language).unwrap();
            assert!(Roles::of(*language, table).is_some(), "{}", language.name());
        }
    }
}
