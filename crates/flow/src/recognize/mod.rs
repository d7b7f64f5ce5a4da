//! Functions of the C library that were linked into a program without their names, recognised by what they do.
//!
//! The program is started in the P-code interpreter, on a model of Linux, until it calls `main` ([`process`], [`kernel`], [`answers`]).
//! Then each function that its own code leads to is called there ([`laboratory`]): with texts whose comparison, search or
//! copy is known, with streams that hold known lines, with descriptors ([`trials`]); what a function asks the system for
//! is compared with what library functions ask ([`wrappers`]). Only one that gives every expected answer gets the name.
//! Signatures of bytes would have to be made anew for each library, compiler, option and version; behaviour is the same
//! for all, and the library sets itself up as it does on a device: resolvers (`IFUNC`), locale, heap.
//!
//! From `main`, constructors, and functions that nothing refers to, the search follows calls and addresses of functions
//! and stops at what is recognised ([`search`]). What only the library itself leads to is marked
//! ([`program::Function::in_library`]) and not followed: its meaning is in the knowledge files.
//!
//! Sound only as far as the trials tell functions apart: a function that behaves like `strcmp` on all of them is treated
//! as `strcmp`. A function that only adds something to what another one does keeps its own code in view. Misses:
//! functions for which there is no trial, and vector instructions that the tables only name.

mod answers;
mod kernel;
mod laboratory;
mod power;
mod process;
mod search;
mod space;
mod trials;
mod wrappers;

use program::Program;
use program::image::{Symbol, SymbolKind};

use crate::taint::INPUT_VARIABLE;
use process::Process;
use search::Search;

/// What recognising took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recognition {
    /// Operations that were run.
    pub work: u64,
    /// Functions that were not tried, because there are too many.
    pub left_out: usize,
    /// Functions that only functions of the library lead to.
    pub in_library: usize,
}

/// Names what is recognised in a program that has no imports.
pub fn recognize(program: &mut Program) -> Recognition {
    let dynamic = program.image.interpreter.is_some() || !program.image.imports.is_empty();
    if dynamic {
        return Recognition::default();
    }
    let Some(started) = Process::start(program) else { return Recognition::default() };
    let found = Search::run(program, &started);
    let mut recognition =
        Recognition { work: started.operations + found.work, left_out: found.left_out, in_library: 0 };
    for (id, name) in &found.names {
        if let Some(function) = program.functions.get_mut(id.0 as usize).filter(|code| code.name.is_none()) {
            function.name = Some((*name).to_owned());
        }
    }
    if let Some(followed) = &found.followed {
        for (id, function) in (0..).map(program::FuncId).zip(&mut program.functions) {
            function.in_library = !followed.contains(&id);
            recognition.in_library += usize::from(function.in_library);
        }
    }
    program.image.symbols.extend(found.standard_inputs.iter().map(|address| Symbol {
        address: program::VirtAddr(*address),
        name: INPUT_VARIABLE.to_owned(),
        size: u64::from(program.image.pointer_size),
        kind: SymbolKind::Object,
        short: false,
        local_entry: 0,
        defined: true,
        exported: false,
        weak: false,
        dynamic: false,
    }));
    program.image.symbols.sort();
    recognition
}
