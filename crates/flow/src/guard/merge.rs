//! A value that meets from several ways tells which of them was taken.

use std::collections::BTreeSet;

use program::{BlockId, FuncId};

use super::{Guard, MAX_PARTS, Test};
use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::value::{Value, ValueId};

impl Facts<'_> {
    /// A condition on a value that meets from several ways, of which only one can satisfy it, says that control came
    /// that way: compilers set a variable on each way and test it afterwards.
    pub(super) fn refine(&self, function: FuncId, facts: &FunctionFacts, all: &mut Vec<Guard>) {
        let mut seen: BTreeSet<Guard> = all.iter().copied().collect();
        let mut next = 0;
        while let Some(guard) = all.get(next).copied().filter(|_| next < MAX_PARTS) {
            next += 1;
            let Some((block, from, value)) = self.only_way(function, facts, &guard) else { continue };
            let mut more = self.edge(function, from, block);
            if let Test::Equal { right, .. } = guard.test
                && facts.arena.number(value).is_none()
            {
                let mut tests = Vec::new();
                self.equality(function, facts, value, right, guard.holds, &mut tests);
                more.extend(tests.into_iter().map(|(test, holds)| Guard { test, holds, ..guard }));
            }
            more.extend(self.dominating(function, facts, from));
            all.extend(more.into_iter().filter(|guard| seen.insert(*guard)));
        }
    }

    /// The only operand of a merge that can satisfy a guard: the merge's block, where the operand comes from, the operand.
    fn only_way(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        guard: &Guard,
    ) -> Option<(BlockId, BlockId, ValueId)> {
        let Test::Equal { left, right } = guard.test else { return None };
        let Value::Merge { block, .. } = facts.arena.get(left) else { return None };
        let number = facts.arena.number(right)?;
        let can = |from: BlockId, value: ValueId| match facts.arena.number(value) {
            Some(n) => (n == number) == guard.holds,
            None => !self.contradicts(function, facts, (from, block), value, right, guard.holds),
        };
        let operands = facts.arena.operands(left).iter();
        let mut ways = operands.filter(|(_, from, value)| *value != left && can(*from, *value));
        let (_, from, value) = ways.next().filter(|_| ways.next().is_none())?;
        Some((block, *from, *value))
    }

    /// Does the way from one block to another say that two values are not equal, or equal, as is asked here?
    fn contradicts(
        &self,
        function: FuncId,
        facts: &FunctionFacts,
        way: (BlockId, BlockId),
        a: ValueId,
        b: ValueId,
        equal: bool,
    ) -> bool {
        let said = self.edge(function, way.0, way.1);
        if said.is_empty() {
            return false;
        }
        let mut asked = Vec::new();
        self.equality(function, facts, a, b, equal, &mut asked);
        said.iter()
            .any(|guard| asked.iter().any(|(test, holds)| guard.test == *test && guard.holds != *holds))
    }
}
