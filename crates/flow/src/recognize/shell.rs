//! `system` and `popen`: whoever hands a text to the shell needs the shell's name and its option.

use std::collections::BTreeSet;

use program::{CallTarget, FuncId, Function, Program, VirtAddr};

/// Bytes of code of a function that only passes on what it gets.
const SMALL: u64 = 96;
/// Bytes of code of a function that starts a shell and does little else.
const MAX_CODE: u64 = 4 << 10;

/// Functions that start a shell with a text that they get.
pub(super) fn starters(program: &Program) -> Vec<(FuncId, &'static str)> {
    let mut found: BTreeSet<FuncId> = program
        .functions()
        .filter(|(_, code)| {
            code.name.is_none() && code.code_bytes() <= MAX_CODE && names_shell(program, code)
        })
        .map(|(id, _)| id)
        .collect();
    let passes = |code: &Function| {
        let to = |target| matches!(target, CallTarget::Function(callee) if found.contains(&callee));
        code.code_bytes() <= SMALL && code.calls.iter().any(|call| call.tail && to(call.target))
    };
    let wrappers: Vec<FuncId> = program
        .functions()
        .filter(|(_, code)| code.name.is_none() && passes(code))
        .map(|(id, _)| id)
        .collect();
    found.extend(wrappers);
    found.into_iter().map(|id| (id, "system")).collect()
}

/// Does a function take the addresses of both texts?
fn names_shell(program: &Program, code: &Function) -> bool {
    let (mut shell, mut option) = (false, false);
    for op in code.ops().as_slice() {
        for place in (0..op.input_count()).filter_map(|n| op.input(n)) {
            // A number, or an address from which a number is loaded.
            let loaded = (!place.is_constant())
                .then(|| program.image.read_uint(VirtAddr(place.offset), program.image.pointer_size))
                .flatten();
            let number = if place.is_constant() { Some(place.offset) } else { loaded };
            let text = number.filter(|n| *n > 0xfff).and_then(|n| program.image.c_string_at(VirtAddr(n)));
            shell |= text == Some(b"/bin/sh");
            option |= text == Some(b"-c");
        }
    }
    shell && option
}
