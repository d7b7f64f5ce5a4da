//! What is known about the whole program while its functions are being walked.
//!
//! Walking one function reads this and changes nothing; rounds of discovery add to it between walks. That makes each
//! walk a pure function of (image, known), and the result the same for any number of threads.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{ImportId, VirtAddr};
use crate::function::Origin;
use crate::image::{CodeAddr, Image};

/// A place where a function starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) short: bool,
    pub(crate) origins: BTreeSet<Origin>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) entries: BTreeMap<VirtAddr, Entry>,
    /// Starts of pieces that belong to another function (`.cold`): no entries, and no border either.
    pub(crate) fragments: BTreeSet<VirtAddr>,
    /// Ranges of code that unwinding tables describe, by start: nothing but the start of one is an entry.
    pub(crate) unwound: BTreeMap<VirtAddr, VirtAddr>,
    /// Functions that choose another function (IFUNC).
    pub(crate) resolvers: BTreeSet<VirtAddr>,
    /// Functions that never come back.
    pub(crate) no_return: BTreeSet<VirtAddr>,
    /// Places in this image that stand for an import, as its symbol says.
    pub(crate) stubs: BTreeMap<VirtAddr, ImportId>,
    no_return_imports: BTreeSet<ImportId>,
}

/// Functions of C, C++ and compiler libraries that never come back. Sources: ISO C, POSIX, glibc, musl and uClibc
/// headers (`noreturn`), Itanium C++ ABI, Windows headers.
const NO_RETURN: &[&str] = &[
    "ExitProcess",
    "ExitThread",
    "FatalAppExitA",
    "FatalAppExitW",
    "FreeLibraryAndExitThread",
    "RtlExitUserProcess",
    "RtlExitUserThread",
    "_CxxThrowException",
    "_Exit",
    "_Unwind_Resume",
    "_ZSt10unexpectedv",
    "_ZSt9terminatev",
    "__assert",
    "__assert_fail",
    "__assert_perror_fail",
    "__assert_rtn",
    "__chk_fail",
    "__cxa_bad_cast",
    "__cxa_bad_typeid",
    "__cxa_call_unexpected",
    "__cxa_deleted_virtual",
    "__cxa_pure_virtual",
    "__cxa_rethrow",
    "__cxa_throw",
    "__cxa_throw_bad_array_new_length",
    "__fortify_fail",
    "__libc_fatal",
    "__libc_init",
    "__libc_start_main",
    "__longjmp_chk",
    "__stack_chk_fail",
    "__stack_chk_fail_local",
    "__uClibc_main",
    "_exit",
    "_longjmp",
    "abort",
    "err",
    "errx",
    "exit",
    "exit_group",
    "g_assertion_message",
    "g_assertion_message_cmpnum",
    "g_assertion_message_cmpstr",
    "g_assertion_message_expr",
    "longjmp",
    "pthread_exit",
    "quick_exit",
    "siglongjmp",
    "thrd_exit",
    "verr",
    "verrx",
];

/// `std::__throw_bad_alloc()` and its family.
const NO_RETURN_PREFIX: &str = "_ZSt";
const NO_RETURN_INFIX: &str = "__throw_";

fn never_returns(name: &str) -> bool {
    NO_RETURN.binary_search(&name).is_ok()
        || name.strip_prefix(NO_RETURN_PREFIX).is_some_and(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(NO_RETURN_INFIX)
        })
}

impl Known {
    pub(crate) fn of(image: &Image) -> Self {
        let mut known = Self::default();
        for (import, id) in image.imports.iter().zip(0..) {
            if never_returns(&import.name) {
                known.no_return_imports.insert(ImportId(id));
            }
            if let Some(stub) = import.stub.filter(|stub| image.access(*stub).is_some_and(|a| a.execute)) {
                known.stubs.insert(stub, ImportId(id));
            }
        }
        for symbol in image.symbols.iter().filter(|symbol| symbol.defined && never_returns(&symbol.name)) {
            known.no_return.insert(symbol.address);
        }
        known
    }

    /// `true` if the entry is new.
    pub(crate) fn add(&mut self, at: CodeAddr, origin: Origin) -> bool {
        let new = !self.entries.contains_key(&at.address);
        let entry =
            self.entries.entry(at.address).or_insert_with(|| Entry { short: at.short, ..Entry::default() });
        entry.origins.insert(origin);
        new
    }

    pub(crate) fn is_entry(&self, address: VirtAddr) -> bool {
        self.entries.contains_key(&address)
    }

    /// Does the address lie inside a range that the unwinding tables describe, behind its start?
    pub(crate) fn is_unwound_inside(&self, address: VirtAddr) -> bool {
        let before = self.unwound.range(..address).next_back();
        before.is_some_and(|(_, end)| address < *end) && !self.unwound.contains_key(&address)
    }

    /// The next entry behind an address.
    pub(crate) fn next_entry(&self, address: VirtAddr) -> Option<VirtAddr> {
        self.entries.range(address.plus(1)..).next().map(|entry| *entry.0)
    }

    pub(crate) fn import_returns(&self, import: ImportId) -> bool {
        !self.no_return_imports.contains(&import)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(NO_RETURN.is_sorted());
    }

    #[test]
    fn throwing_helpers_of_the_cpp_library_never_return() {
        assert!(never_returns("_ZSt17__throw_bad_allocv"));
        assert!(!never_returns("_ZSt4cout"));
    }
}
