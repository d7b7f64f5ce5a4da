//! Programs as text, for people who debug and for golden tests. The form is no contract.

use std::fmt::Write as _;

use crate::function::{CallTarget, Exit, Function, Place};
use crate::program::Program;

impl Program {
    /// Functions, blocks, exits and calls, one a line.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        for function in &self.functions {
            self.dump_function(&mut out, function);
        }
        out
    }

    fn dump_function(&self, out: &mut String, function: &Function) {
        let name = function.name.as_deref().unwrap_or("-").escape_default();
        let ends = if function.returns { "" } else { " never-returns" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{} {name} {:?}{ends}", function.entry, function.origins);
        if let Some(import) = function.stub.and_then(|stub| self.image.import(stub)) {
            let _ = writeln!(out, "  stub of {}", import.name.escape_default());
            return;
        }
        for block in &function.blocks {
            let _ =
                writeln!(out, "  {}..{} {}", block.start, block.end, self.exit_text(function, &block.exit));
            let own =
                function.calls.iter().filter(|call| function.block(call.block) == Some(block) && !call.tail);
            for call in own {
                let how = if call.conditional { "may call" } else { "calls" };
                let _ = writeln!(out, "    {} {how} {}", call.address, self.target_text(call.target));
            }
        }
    }

    fn exit_text(&self, function: &Function, exit: &Exit) -> String {
        let place = |place: &Place| self.place_text(function, *place);
        match exit {
            Exit::Always(to) => format!("-> {}", place(to)),
            Exit::Branch { when, taken, otherwise, .. } => {
                format!("-> if {when} {} else {}", place(taken), place(otherwise))
            }
            Exit::Switch { cases, .. } => {
                let show = |(value, block): &(u64, _)| format!("{value:#x}:{}", place(&Place::Block(*block)));
                let cases: Vec<String> = cases.iter().map(show).collect();
                format!("-> switch {}", cases.join(" "))
            }
        }
    }

    fn place_text(&self, function: &Function, place: Place) -> String {
        match place {
            Place::Block(block) => {
                function.block(block).map_or_else(|| "?".to_owned(), |b| b.start.to_string())
            }
            Place::TailCall(call) => {
                let target = function.calls.get(call as usize).map(|call| self.target_text(call.target));
                format!("tail {}", target.unwrap_or_default())
            }
            Place::Return => "return".to_owned(),
            Place::Stop(stop) => format!("stop {stop:?}"),
            Place::Unresolved => "unresolved".to_owned(),
        }
    }

    /// The name of what is called, or its address.
    pub fn target_text(&self, target: CallTarget) -> String {
        match target {
            CallTarget::Import(import) => self
                .image
                .import(import)
                .map_or_else(String::new, |import| import.name.escape_default().to_string()),
            CallTarget::Function(function) => {
                self.function(function).map_or_else(String::new, |function| match &function.name {
                    Some(name) => name.escape_default().to_string(),
                    None => function.entry.to_string(),
                })
            }
            CallTarget::Address(address) => address.to_string(),
            CallTarget::System => "system".to_owned(),
            CallTarget::Unresolved => "unresolved".to_owned(),
        }
    }
}
