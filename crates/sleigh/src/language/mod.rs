//! Calling conventions and modes: what the tables do not say about the processors.
//!
//! One file an ABI, each a static table of typed register names. [`conventions_of`] lists those of a language, the
//! one of Linux user programs first. Names are resolved against the language's table with [`Register::varnode`]; a
//! test resolves every name in every language that uses it.
//!
//! Not here: variadic functions, structures passed in parts, choosing the ABI of a file (its reader knows the flags).

mod aarch64;
mod arm;
mod convention;
mod mips_n64;
mod mips_o32;
mod mode;
mod ppc32;
mod ppc64;
mod register;
mod riscv;
#[cfg(test)]
mod tests;
mod x86;
mod x86_64;

pub use convention::{
    Abi, Convention, FloatArguments, FloatRule, Place, Results, ReturnAddress, Role, StackArguments,
    SystemCall, conventions_of,
};
pub(crate) use mode::ModeSwitch;
pub use mode::{code_pointer, with_mode};
pub use register::Register;
