//! The function that the C library starts a program with, `main`.

use program::image::{Abi, Pointer};
use program::{FuncId, Function, Program, VirtAddr};

use crate::function::{CallSite, FunctionFacts};
use crate::value::Value;

/// The function that glibc and musl start `main` with.
pub(crate) const STARTER: &str = "__libc_start_main";
/// What they start.
pub(crate) const MAIN: &str = "main";
/// Functions that start `main`.
const STARTERS: [&str; 2] = [STARTER, "__uClibc_main"];

/// The function that a call starts as `main`, if it is a call that does. On Power, the argument is a pointer to four
/// words, of which the second one leads to `main` (glibc, `sysdeps/powerpc`).
pub(crate) fn main_of(program: &Program, own: &FunctionFacts, site: &CallSite, name: &str) -> Option<FuncId> {
    if !STARTERS.contains(&name) {
        return None;
    }
    let image = &program.image;
    let number = |n: usize| match own.arena.get(*site.arguments.get(n)?) {
        Value::Number(number) => Some(number),
        _ => None,
    };
    let pointer = match image.abi {
        Abi::Ppc32SystemV | Abi::Ppc64ElfV1 | Abi::Ppc64ElfV2 => {
            let place = VirtAddr(number(5)?).plus(u64::from(image.pointer_size));
            match image.pointer_at(place) {
                Some(Pointer::Local(target)) => target.0,
                _ => image.word_at(place)?,
            }
        }
        _ => number(0)?,
    };
    // It may be a jump there that is no function of its own; where `main` has its name, that is known.
    let named = || program.functions().find(|(_, code)| code.name.as_deref() == Some(MAIN)).map(|(id, _)| id);
    program.function_at(image.code_addr(pointer).address).or_else(named)
}

/// Where the C library begins in a program that was linked with it: linkers put it behind the program's own code, and first
/// of it what starts `main`. `None` in other programs.
pub(crate) fn library_of(program: &Program) -> Option<VirtAddr> {
    let starts = |code: &&Function| code.stub.is_none() && code.name.as_deref() == Some(STARTER);
    program.functions.iter().find(starts).map(|code| code.entry)
}
