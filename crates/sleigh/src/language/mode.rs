//! Instruction sets of one processor: ARM and Thumb, MIPS and its compressed forms.
//!
//! Both kinds of table have the context variable `ISA_MODE` (1 = Thumb, or MIPS16/microMIPS by variable `RELP`) and
//! the register `ISAModeSwitch`, which indirect jumps set from bit 0 of the pointer.

use crate::context::{Context, ContextVariable};
use crate::pcode::Varnode;
use crate::table::Table;

const MODE_VARIABLE: &str = "ISA_MODE";
const MODE_REGISTER: &str = "ISAModeSwitch";

/// The context that starts execution in the second instruction set (`other`: Thumb, MIPS16, microMIPS) or in the
/// first one (ARM, MIPS). Unchanged in languages with one instruction set.
#[must_use]
pub fn with_mode(table: &Table, context: Context, other: bool) -> Context {
    table.variable(MODE_VARIABLE).map_or(context, |variable| context.with(variable, u32::from(other)))
}

/// Where a code pointer (a function symbol, an entry of a jump table, a stored return address) leads: the address
/// with the mode bit cleared, and `context` with the mode it selects.
///
/// Where the language has one instruction set the pointer is the address.
pub fn code_pointer(table: &Table, pointer: u64, context: Context) -> (u64, Context) {
    if table.variable(MODE_VARIABLE).is_none() {
        return (pointer, context);
    }
    (pointer & !1, with_mode(table, context, pointer & 1 == 1))
}

/// Register and context variable that hold the mode.
#[derive(Clone, Debug)]
pub(crate) struct ModeSwitch {
    pub register: Varnode,
    pub variable: ContextVariable,
}

impl ModeSwitch {
    /// `None` in languages with one instruction set.
    pub(crate) fn of(table: &Table) -> Option<Self> {
        let variable = table.variable(MODE_VARIABLE)?.clone();
        Some(Self { register: table.register(MODE_REGISTER)?, variable })
    }
}
