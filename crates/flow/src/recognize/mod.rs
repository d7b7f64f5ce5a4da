//! Functions of the C library that were linked into a program without their names, recognised by what they do.
//!
//! Every unnamed function of a program without imports is tried in the P-code interpreter with texts whose comparison,
//! search or copy is known ([`trials`]); only one that gives every expected answer gets the name. Signatures of bytes would
//! have to be made anew for each compiler, option and version; behaviour is the same for all. What the loader would
//! choose by processor (`IFUNC`) is asked of the program's own resolvers. `system` and `popen` are known by the texts that
//! they cannot do without: the shell and its option.
//!
//! Sound only as far as the trials tell functions apart: a function that behaves like `strcmp` on all of them is treated
//! as `strcmp`. Misses: functions that need more than memory (locales in thread-local storage), and vector instructions
//! that the tables only name.

mod laboratory;
mod shell;
mod trials;

use program::{FuncId, Function, Program};
use rayon::prelude::*;

use laboratory::Laboratory;

/// Bytes of code above which a function is not tried: the largest `strcmp` of glibc has 6 KiB.
const MAX_CODE: u64 = 12 << 10;
/// Functions tried. A static program with glibc has 1,000 to 3,000.
const MAX_FUNCTIONS: usize = 8_000;

/// What recognising took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recognition {
    /// Operations that were run.
    pub work: u64,
    /// Functions that were not tried, because there are too many.
    pub left_out: usize,
}

/// Names what is recognised in a program that has no imports.
pub fn recognize(program: &mut Program) -> Recognition {
    let dynamic = program.image.interpreter.is_some() || !program.image.imports.is_empty();
    if dynamic {
        return Recognition::default();
    }
    let Some(laboratory) = Laboratory::new(program) else { return Recognition::default() };
    let mut unnamed: Vec<(FuncId, &Function)> =
        program.functions().filter(|(_, code)| may_be_known(code)).collect();
    let left_out = unnamed.len().saturating_sub(MAX_FUNCTIONS);
    unnamed.truncate(MAX_FUNCTIONS);
    let tried = unnamed.into_par_iter().map(|(id, code)| (id, laboratory.name(code)));
    let tried: Vec<(FuncId, (Option<&'static str>, u64))> = tried.collect();
    let work = tried.iter().map(|(_, (_, work))| work).sum();
    let mut names: Vec<(FuncId, &str)> =
        tried.into_iter().filter_map(|(id, (name, _))| Some((id, name?))).collect();
    names.extend(shell::starters(program));
    for (id, name) in names {
        if let Some(function) = program.functions.get_mut(id.0 as usize).filter(|code| code.name.is_none()) {
            function.name = Some(name.to_owned());
        }
    }
    Recognition { work, left_out }
}

fn may_be_known(code: &Function) -> bool {
    code.name.is_none() && code.stub.is_none() && code.returns && code.code_bytes() <= MAX_CODE
}
