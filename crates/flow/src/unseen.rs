//! Data whose origin is not seen, and that the program does not determine itself.
//!
//! In large programs what was read travels through structures on the heap, through streams behind tables of functions
//! and through handlers that nothing calls by name. Labels stop there; that a datum carries none then says nothing. This
//! tells such a datum from one that the program itself chose: a parameter that every caller fills with constants, a
//! variable to which only constants are written, a text of the program.

use std::collections::BTreeSet;

use program::{CallTarget, FuncId};

use crate::facts::Facts;
use crate::function::FunctionFacts;
use crate::knowledge::{Fact, Spot};
use crate::value::{Value, ValueId};

/// Values looked at for one answer.
const MAX_VALUES: usize = 64;
/// Callers of a function that are asked what they pass; with more, it is taken for one that everybody uses.
const MAX_CALLERS: usize = 16;

impl Facts<'_> {
    /// Is it unknown where a datum comes from? False if its labels tell.
    pub fn is_unseen(&self, function: FuncId, value: ValueId) -> bool {
        if self.labels(function, value).tell() {
            return false;
        }
        let mut search = Search { facts: self, seen: BTreeSet::new(), todo: Vec::new() };
        search.todo.push(Asked { function, value, behind: false });
        search.run()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    function: FuncId,
    value: ValueId,
    /// Not the value itself: what memory holds at that address.
    behind: bool,
}

struct Search<'a, 'p> {
    facts: &'a Facts<'p>,
    seen: BTreeSet<Asked>,
    todo: Vec<Asked>,
}

impl Search<'_, '_> {
    fn run(&mut self) -> bool {
        while let Some(asked) = self.todo.pop() {
            let new = self.seen.len() < MAX_VALUES && self.seen.insert(asked);
            if new && self.is_unseen(asked) {
                return true;
            }
        }
        false
    }

    /// True if this is such a datum; what it was made of is left to be looked at.
    fn is_unseen(&mut self, asked: Asked) -> bool {
        let Some(own) = self.facts.function(asked.function) else { return false };
        let value = own.resolve(asked.value);
        match own.arena.get(value) {
            Value::Parameter(n) => return self.passed(asked, n),
            Value::Result(call) => return self.answered(own, asked, call),
            Value::Load { at, .. } => match own.arena.number(own.resolve(at)) {
                // What nobody stores by name is filled through a pointer, or never.
                Some(address) => self.stored(address, asked.behind),
                None => self.todo.push(Asked { value: own.arena.base(at).0, behind: true, ..asked }),
            },
            Value::Merge { .. } => {
                let operands = own.arena.operands(value).iter();
                self.todo.extend(operands.map(|operand| Asked { value: operand.2, ..asked }));
            }
            other => {
                let inputs = own.arena.inputs(other).into_iter().flatten();
                self.todo.extend(inputs.map(|value| Asked { value, ..asked }));
            }
        }
        false
    }

    fn stored(&mut self, address: u64, behind: bool) {
        let stores = self.facts.stores_to(address).iter();
        self.todo.extend(stores.map(|(function, store)| Asked {
            function: *function,
            value: store.value,
            behind,
        }));
    }

    /// A parameter: of a handler, what its unknown caller gives; of others, what the callers pass.
    fn passed(&mut self, asked: Asked, n: u8) -> bool {
        let mut callers = 0;
        for edge in self.facts.callers(asked.function) {
            callers += 1;
            if edge.registered {
                return true;
            }
            let caller = self.facts.function(edge.caller).filter(|_| callers <= MAX_CALLERS);
            let site = caller.and_then(|caller| caller.calls.get(&edge.call));
            let argument = site.and_then(|site| site.arguments.get(usize::from(n)));
            self.todo.extend(argument.map(|value| Asked {
                function: edge.caller,
                value: *value,
                behind: asked.behind,
            }));
        }
        callers == 0
    }

    /// What a call answers: of the program or of a pointer, anything; of a library, what is known of it. What stands in
    /// memory that a library hands out is whatever was put there.
    fn answered(&mut self, own: &FunctionFacts, asked: Asked, call: u32) -> bool {
        let Some(site) = own.calls.get(&call) else { return false };
        let known = self.facts.knowledge(asked.function, call);
        let copied: Vec<ValueId> = known
            .iter()
            .filter_map(|fact| match fact {
                Fact::Copies(Spot::Argument(n), Spot::Result) => site.arguments.get(usize::from(*n)).copied(),
                _ => None,
            })
            .collect();
        let own = known.is_empty() && matches!(site.target, CallTarget::Function(_) | CallTarget::Unresolved);
        let answers = own || asked.behind && copied.is_empty();
        self.todo.extend(copied.into_iter().map(|value| Asked { value, ..asked }));
        answers
    }
}
