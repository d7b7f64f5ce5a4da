//! Functions of the C library in static programs: which of those that the program's own code calls are known again.
//!
//! Own code is what has the same names in the same program linked dynamically. A callee counts if the knowledge of
//! libraries says something of one of its names in the twin; it is known again if what is said of the name that it got is
//! the same. What a resolver chooses (IFUNC) counts where the call goes through a stub that states its slot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flow::facts_of;
use program::image::{Image, Pointer, SymbolKind};
use program::{CallTarget, Effort, FuncId, Function, Program, VirtAddr, analyze};

use super::{Share, image};

/// Library functions that own code calls.
#[derive(Clone, Copy, Default)]
pub(super) struct Library {
    pub(super) known: Share,
    /// Of all callees: those that are taken for another function.
    pub(super) wrong: usize,
}

/// Compares a static program's twins.
pub(super) fn library(twin: &Path, dynamic: &Path, stripped: &mut Program) -> anyhow::Result<Library> {
    let truth = analyze(image(twin)?, &Effort::default())?;
    let own = own_names(&image(dynamic)?);
    let is_own = |function: &&Function| function.name.as_ref().is_some_and(|name| own.contains(name));
    let calls = truth.functions.iter().filter(is_own).flat_map(|function| &function.calls);
    let callees: BTreeSet<FuncId> = calls
        .filter_map(|call| match call.target {
            CallTarget::Function(callee) => Some(callee),
            _ => None,
        })
        .collect();
    flow::recognize(stripped);
    let names = names(&truth.image);
    let mut library = Library::default();
    for callee in callees.into_iter().filter_map(|callee| truth.function(callee)) {
        if is_own(&callee) {
            continue;
        }
        let aliases = names.get(&callee.entry).or_else(|| names.get(&chosen_by(&truth, callee)?));
        let Some(aliases) = aliases else { continue };
        let got = stripped.function_at(callee.entry).and_then(|id| stripped.function(id)?.name.clone());
        let told: Vec<_> =
            aliases.iter().map(|name| facts_of(name)).filter(|facts| !facts.is_empty()).collect();
        let right = got.as_ref().is_some_and(|got| aliases.contains(got) || told.contains(&facts_of(got)));
        library.known.all += usize::from(!told.is_empty());
        library.known.found += usize::from(!told.is_empty() && right);
        library.wrong += usize::from(got.is_some_and(|got| !right && !facts_of(&got).is_empty()));
        if !told.is_empty() && !right {
            eprintln!(
                "{}: not known again: {}",
                twin.display(),
                aliases.iter().cloned().collect::<Vec<_>>().join(", ")
            );
        }
    }
    Ok(library)
}

/// Functions that a program itself defines.
fn own_names(image: &Image) -> BTreeSet<String> {
    let own = image.symbols.iter().filter(|s| s.defined && s.kind == SymbolKind::Function);
    own.map(|symbol| symbol.name.clone()).collect()
}

fn names(image: &Image) -> BTreeMap<VirtAddr, BTreeSet<String>> {
    let mut names: BTreeMap<VirtAddr, BTreeSet<String>> = BTreeMap::new();
    let kinds = [SymbolKind::Function, SymbolKind::Resolver];
    for symbol in image.symbols.iter().filter(|s| s.defined && kinds.contains(&s.kind)) {
        names.entry(symbol.address).or_default().insert(symbol.name.clone());
    }
    names
}

/// The resolver behind the slot that a stub states.
fn chosen_by(program: &Program, stub: &Function) -> Option<VirtAddr> {
    let memory = program.table().ok()?.code_space();
    let inputs = stub.ops().as_slice().iter().flat_map(|op| stub.ops().inputs(op));
    let places = inputs.filter(|input| input.space == memory).map(|input| VirtAddr(input.offset));
    let mut slots = places.filter_map(|place| program.image.pointer_at(place));
    slots.find_map(|pointer| match pointer {
        Pointer::Resolver(resolver) => Some(resolver),
        Pointer::Local(_) | Pointer::Import(_) => None,
    })
}
