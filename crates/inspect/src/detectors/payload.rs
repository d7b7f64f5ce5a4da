//! Payloads that run something: here or in what is called from here.

use flow::{Edge, Effect, Facts};
use program::{CallTarget, FuncId, VirtAddr};
use record::Payload;

use crate::files::escaped;
use crate::finding::address;
use crate::query::{Runs, what_it_runs};
use crate::score::PayloadWeight;

/// Calls between a place and the payload that it leads to.
const DEPTH: usize = 2;

/// An operation that runs something, as seen from one call.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) effect: Effect,
    pub(crate) runs: Runs,
    /// The way there, in the order of calls.
    pub(crate) way: Vec<Edge>,
}

/// What a call runs: itself, or a function that it calls.
pub(crate) fn running(facts: &Facts<'_>, function: FuncId, call: u32) -> Option<Running> {
    let own = facts.effects(function).iter().find(|e| e.call == call && is_exec(e));
    if let Some(effect) = own {
        return Some(of(facts, *effect, Vec::new()));
    }
    let site = facts.function(function)?.calls.get(&call)?;
    let CallTarget::Function(callee) = site.target else { return None };
    let first = |at: FuncId| strongest(facts, at);
    let (mut way, effect) = facts.downwards(callee, DEPTH - 1, first)?;
    way.insert(0, Edge { caller: function, callee, call, registered: false });
    Some(of(facts, effect, way))
}

/// The operation of a function that runs the worst.
fn strongest(facts: &Facts<'_>, function: FuncId) -> Option<Effect> {
    let all = facts.effects(function).iter().filter(|e| is_exec(e));
    all.min_by_key(|effect| what_it_runs(facts, function, effect.on)).copied()
}

pub(crate) fn is_exec(effect: &Effect) -> bool {
    effect.operation == "process.exec"
}

fn of(facts: &Facts<'_>, effect: Effect, way: Vec<Edge>) -> Running {
    Running { effect, runs: what_it_runs(facts, effect.function, effect.on), way }
}

impl Running {
    pub(crate) fn weight(&self) -> PayloadWeight {
        match self.runs {
            Runs::Shell(_) => PayloadWeight::Shell,
            Runs::Input => PayloadWeight::RunsInput,
            Runs::Fixed(_) => PayloadWeight::RunsFixed,
            Runs::Unknown => PayloadWeight::RunsUnknown,
        }
    }

    /// What it does to a reader: "starts the shell `/bin/sh`".
    pub(crate) fn sentence(&self) -> String {
        match &self.runs {
            Runs::Shell(command) => format!("starts `{}`", escaped(command.as_bytes())),
            Runs::Input => "runs text that the sender chose".to_owned(),
            Runs::Fixed(command) => format!("runs `{}`", escaped(command.as_bytes())),
            Runs::Unknown => "runs a command".to_owned(),
        }
    }

    pub(crate) fn place(&self, facts: &Facts<'_>) -> Option<VirtAddr> {
        place(facts, &self.effect)
    }

    pub(crate) fn payload(&self, facts: &Facts<'_>) -> Payload {
        let name = facts.callee_name(self.effect.function, self.effect.call).unwrap_or("?");
        let argument = match &self.runs {
            Runs::Shell(command) | Runs::Fixed(command) => format!("\"{}\"", escaped(command.as_bytes())),
            Runs::Input => "input".to_owned(),
            Runs::Unknown => "…".to_owned(),
        };
        Payload {
            address: self.place(facts).and_then(address),
            operation: self.effect.operation.to_owned(),
            detail: format!("{name}({argument})"),
        }
    }
}

/// The calling instruction of an effect.
pub(crate) fn place(facts: &Facts<'_>, effect: &Effect) -> Option<VirtAddr> {
    facts.function(effect.function)?.calls.get(&effect.call).map(|site| site.address)
}
