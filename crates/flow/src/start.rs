//! The function that the C library starts a program with, `main`.

use program::image::{Abi, Pointer};
use program::{FuncId, Program, VirtAddr};

use crate::function::{CallSite, FunctionFacts};
use crate::value::Value;

/// Functions that start `main`.
const STARTERS: [&str; 2] = ["__libc_start_main", "__uClibc_main"];

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
    program.function_at(image.code_addr(pointer).address)
}
