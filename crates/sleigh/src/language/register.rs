//! Registers by name.

use crate::pcode::Varnode;
use crate::table::Table;

/// A register, by its name in the table of its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register(pub(super) &'static str);

impl Register {
    /// The name, as the table spells it.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Where it lies. `None` only with the table of another language.
    pub fn varnode(self, table: &Table) -> Option<Varnode> {
        table.register(self.0)
    }
}

/// A static list of registers from their names.
macro_rules! registers {
    ($($name:literal)*) => {
        &[$($crate::language::Register($name)),*]
    };
}
pub(super) use registers;
