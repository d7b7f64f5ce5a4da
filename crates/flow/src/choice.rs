//! Pointers that hang on the way by which control came: which function runs on each way.
//!
//! Compilers unroll the loop over a table of names and functions: each comparison leads to the same call, with the number
//! of the row set on the way.

use std::collections::BTreeSet;

use program::{BlockId, CallTarget, FuncId, VirtAddr};

use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::guard::Guard;
use crate::value::{Value, ValueId};

/// Values followed, and ways told apart.
const MAX_STEPS: usize = 64;

/// What a call through a pointer calls on one way.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The function that runs.
    pub function: FuncId,
    /// What holds on the way, the closest first.
    pub guards: Vec<Guard>,
}

impl Facts<'_> {
    /// The functions that a call of unknown target calls, each with its way, if the way alone decides. Empty otherwise.
    pub fn choices(&self, function: FuncId, call: u32) -> Vec<Choice> {
        let Some(own) = self.function(function) else { return Vec::new() };
        let site = own.calls.get(&call).filter(|site| site.target == CallTarget::Unresolved);
        let Some((pointer, merge)) =
            site.and_then(|site| site.pointer).and_then(|p| Some((p, only_merge(own, p)?)))
        else {
            return Vec::new();
        };
        let load = |address: u64, size: u16| {
            let word = u16::from(self.program().image.pointer_size);
            (size == word).then(|| self.pointer_word(VirtAddr(address))).flatten()
        };
        let ways = self.ways_of(function, own, merge).0.into_iter();
        let mut all: Vec<Choice> = ways
            .filter_map(|(number, guards)| {
                let target = own.arena.number_if(pointer, (merge, number), &load)?;
                let entry = self.program().image.code_addr(target).address;
                Some(Choice { function: self.program().function_at(entry)?, guards })
            })
            .collect();
        all.sort_by(|a, b| (a.function, &a.guards).cmp(&(b.function, &b.guards)));
        if all.iter().map(|choice| choice.function).collect::<BTreeSet<_>>().len() > 1 {
            all
        } else {
            Vec::new()
        }
    }

    /// Blocks where ways meet that chose between functions to be called, and bring different things therefore.
    pub fn choosing(&self, function: FuncId) -> BTreeSet<BlockId> {
        let Some(own) = self.function(function) else { return BTreeSet::new() };
        let chosen = own.calls.iter().filter(|(call, _)| !self.choices(function, **call).is_empty());
        let merges = chosen.filter_map(|(_, site)| only_merge(own, site.pointer?));
        merges.flat_map(|merge| self.ways_of(function, own, merge).1).collect()
    }

    /// Numbers that meet in a merge, through other merges, with what holds on the way of each; blocks of the merges.
    fn ways_of(
        &self,
        function: FuncId,
        own: &FunctionFacts,
        merge: ValueId,
    ) -> (Vec<(u64, Vec<Guard>)>, BTreeSet<BlockId>) {
        let (mut found, mut blocks) = (Vec::new(), BTreeSet::new());
        let mut todo: Vec<(ValueId, Vec<Guard>)> = vec![(merge, Vec::new())];
        let mut seen = BTreeSet::new();
        while let Some((id, after)) = todo.pop() {
            let Value::Merge { block, .. } = own.arena.get(id) else { continue };
            if !seen.insert(id) || seen.len() + found.len() > MAX_STEPS {
                continue;
            }
            blocks.insert(block);
            for (_, from, value) in own.arena.operands(id) {
                let guards = || self.way(function, *from, block, &after);
                match own.arena.number(*value) {
                    Some(number) => found.push((number, guards())),
                    None => todo.push((*value, guards())),
                }
            }
        }
        (found, blocks)
    }

    fn way(&self, function: FuncId, from: BlockId, to: BlockId, after: &[Guard]) -> Vec<Guard> {
        let mut guards = after.to_vec();
        for guard in self.edge(function, from, to).into_iter().chain(self.guards(function, from)) {
            if !guards.contains(&guard) {
                guards.push(guard);
            }
        }
        guards
    }
}

/// The one merge that a pointer is computed from.
fn only_merge(own: &FunctionFacts, pointer: ValueId) -> Option<ValueId> {
    let mut merge = None;
    let mut todo = vec![pointer];
    for _ in 0..MAX_STEPS {
        let Some(id) = todo.pop() else { return merge };
        match own.arena.get(id) {
            Value::Merge { .. } if merge.is_some_and(|other| other != id) => return None,
            Value::Merge { .. } => merge = Some(id),
            value => todo.extend(own.arena.inputs(value).into_iter().flatten()),
        }
    }
    None
}
