//! What calls do to labels: library functions by what is known of them, the program's own by their summaries.

use program::{CallTarget, FuncId, VirtAddr};

use super::{Look, grow};
use crate::facts::{Edge, name_of};
use crate::function::CallSite;
use crate::knowledge::{Fact, Spot, origin};
use crate::labels::{Labels, MAX_PARAMETERS};
use crate::start::main_of;
use crate::value::{Value, ValueId};

/// Name of the variable that holds the stream of standard input; [`crate::recognize`] gives it where it was lost.
pub(crate) const INPUT_VARIABLE: &str = "stdin";
/// Reading calls in a row that pass on their stream.
const MAX_CHAIN: u32 = 16;

impl Look<'_, '_> {
    pub(super) fn call(&mut self, index: u32, call: &CallSite) {
        let facts = (self.inputs.knowledge)(call);
        match call.target {
            CallTarget::Function(callee) if facts.is_empty() => self.internal(index, call, callee),
            _ if facts.is_empty()
                && call.target == CallTarget::Unresolved
                && self.through_table(index, call) => {}
            _ if facts.is_empty() => {
                let all = call.arguments.iter().fold(Labels::NONE, |all, a| all.or(self.label(*a)));
                self.result(index, all.data());
            }
            _ => {}
        }
        for fact in facts {
            self.fact(index, call, *fact);
        }
    }

    /// A call of any function of a table.
    fn through_table(&mut self, index: u32, call: &CallSite) -> bool {
        let low = Edge { caller: self.id, callee: FuncId(0), call: 0, registered: false };
        let high = Edge { caller: self.id, callee: FuncId(u32::MAX), call: u32::MAX, registered: true };
        let edges = self.inputs.edges.range(low..=high).filter(|e| e.call == index && !e.registered);
        let callees: Vec<FuncId> = edges.map(|edge| edge.callee).collect();
        for callee in &callees {
            self.internal(index, call, *callee);
        }
        !callees.is_empty()
    }

    fn internal(&mut self, index: u32, call: &CallSite, callee: FuncId) {
        let summary = self.taint.summaries.get(callee.0 as usize).copied().unwrap_or_default();
        let result = self.substitute(call, summary.result);
        self.result(index, result);
        for (argument, written) in call.arguments.iter().zip(summary.written) {
            let labels = self.substitute(call, written);
            self.write(*argument, labels);
        }
        for (n, argument) in call.arguments.iter().enumerate().take(usize::from(MAX_PARAMETERS)) {
            let passed = self.taint.actual(self.id, self.label(*argument));
            self.pass(callee, n, passed);
        }
    }

    fn pass(&mut self, callee: FuncId, parameter: usize, labels: Labels) {
        let incoming = self.taint.incoming.get_mut(callee.0 as usize);
        let Some(slot) = incoming.and_then(|all| all.get_mut(parameter)) else { return };
        if grow(slot, labels) {
            self.grown.callees.insert(callee);
        }
    }

    fn substitute(&self, call: &CallSite, labels: Labels) -> Labels {
        let passed = labels.parameters().filter_map(|n| call.arguments.get(usize::from(n)));
        passed.fold(labels.absolute(), |all, argument| all.or(self.label(*argument)))
    }

    fn fact(&mut self, index: u32, call: &CallSite, fact: Fact) {
        match fact {
            Fact::Source(labels, to) => {
                let named = call.arguments.first().and_then(|name| self.facts.arena.number(*name));
                let image = &self.inputs.program.image;
                let named = named.and_then(|name| image.c_string_at(VirtAddr(name)));
                self.arrive(index, call, origin(labels, named), to);
            }
            Fact::Through(n, to) => {
                let stream = call.arguments.get(usize::from(n)).copied();
                let on = stream.map(|s| self.taint.actual(self.id, self.label(s))).unwrap_or_default();
                let read = match stream {
                    Some(s) if self.is_input_variable(s) => Labels::INPUT,
                    Some(s) if on.read_through().is_none() && self.is_standard_input(s) => Labels::INPUT,
                    _ => on.read_through(),
                };
                self.arrive(index, call, read, to);
            }
            Fact::Opens(labels, what) => {
                // The name is the first or, relative to a folder, the second argument.
                let names = call.arguments.iter().take(2).map(|name| self.label(*name).of_name());
                let all = names.fold(labels, Labels::or);
                self.arrive(index, call, all, what);
            }
            Fact::Copies(from, to) => {
                let labels = self.collect(index, call, from);
                self.arrive(index, call, labels, to);
            }
            Fact::Derives => self.result(index, Labels::DERIVED),
            Fact::Calls(n, data) => self.callback(call, n, data),
            Fact::Compares { .. } | Fact::Does(..) | Fact::Decides | Fact::Hands(_) | Fact::Pops(_) => {}
        }
    }

    /// Of a stream that a reading function returns, so that the next one can read on, the stream it was given.
    fn first_of_chain(&self, mut stream: ValueId) -> ValueId {
        for _ in 0..MAX_CHAIN {
            let Value::Result(call) = self.facts.arena.get(stream) else { break };
            let Some(site) = self.facts.calls.get(&call) else { break };
            let given = (self.inputs.knowledge)(site).iter().find_map(|fact| match fact {
                Fact::Copies(Spot::Argument(n), Spot::Result) => site.arguments.get(usize::from(*n)),
                _ => None,
            });
            let Some(given) = given else { break };
            stream = *given;
        }
        stream
    }

    /// The stream that a variable holds of which it is known that it is for standard input, whatever lies beside it.
    fn is_input_variable(&self, stream: ValueId) -> bool {
        let Value::Load { at, .. } = self.facts.arena.get(stream) else { return false };
        let Value::Number(address) = self.facts.arena.get(at) else { return false };
        let symbols = &self.inputs.program.image.symbols;
        let first = symbols.partition_point(|symbol| symbol.address.0 < address);
        let here = symbols.get(first..).unwrap_or_default();
        here.iter()
            .take_while(|symbol| symbol.address.0 == address)
            .any(|symbol| symbol.name == INPUT_VARIABLE)
    }

    /// Descriptor 0, or a stream that comes from a variable of the library.
    fn is_standard_input(&self, stream: ValueId) -> bool {
        let stream = self.first_of_chain(stream);
        match self.facts.arena.get(stream) {
            Value::Number(0) | Value::Import(_) => true,
            // A stream of C++ is an object itself; its place in this image, if it was copied.
            Value::Number(address) => {
                let image = &self.inputs.program.image;
                image.symbols.iter().any(|s| s.dynamic && s.address.0 == address && s.name == "_ZSt3cin")
            }
            Value::Load { at, .. } => match self.facts.arena.get(at) {
                Value::Import(_) => true,
                // A copied object: the library's variable has its place in this image.
                Value::Number(address) => {
                    let image = &self.inputs.program.image;
                    image.imports.iter().any(|import| import.stub == Some(VirtAddr(address)))
                        || image.symbols.iter().any(|s| {
                            s.address.0 == address
                                && s.kind == program::image::SymbolKind::Object
                                && s.dynamic
                        })
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn callback(&mut self, call: &CallSite, n: u8, data: Option<u8>) {
        let Some(data) = data else { return self.started(call) };
        let Some(Value::Number(pointer)) =
            call.arguments.get(usize::from(n)).map(|a| self.facts.arena.get(*a))
        else {
            return;
        };
        let entry = self.inputs.program.image.code_addr(pointer).address;
        let Some(callee) = self.inputs.program.function_at(entry) else { return };
        let argument = call.arguments.get(usize::from(data)).copied();
        let labels = argument.map(|a| self.taint.actual(self.id, self.label(a)));
        self.pass(callee, 0, labels.unwrap_or_default());
    }

    /// `main(argc, argv, envp)`, which the library starts.
    fn started(&mut self, call: &CallSite) {
        let program = self.inputs.program;
        let Some(name) = name_of(program, call) else { return };
        let Some(main) = main_of(program, self.facts, call, name) else { return };
        let parameters = [(0, Labels::ARGUMENT), (1, Labels::ARGUMENT), (2, Labels::ENVIRONMENT)];
        for (parameter, labels) in parameters {
            self.pass(main, parameter, labels);
        }
    }

    fn collect(&self, index: u32, call: &CallSite, from: Spot) -> Labels {
        match from {
            Spot::Result => self.local.results.get(&index).copied().unwrap_or_default(),
            Spot::Argument(n) | Spot::Object(n) | Spot::Stream(n) | Spot::Message(n) => {
                call.arguments.get(usize::from(n)).map(|a| self.label(*a)).unwrap_or_default()
            }
            Spot::From(n) => {
                let rest = call.arguments.get(usize::from(n)..).unwrap_or_default();
                rest.iter().fold(Labels::NONE, |all, a| all.or(self.label(*a)))
            }
        }
    }

    fn arrive(&mut self, index: u32, call: &CallSite, labels: Labels, to: Spot) {
        match to {
            Spot::Result => self.result(index, labels),
            Spot::Argument(n) => {
                if let Some(argument) = call.arguments.get(usize::from(n)).copied() {
                    match self.few_bytes(call, n, argument) {
                        Some((distance, size)) => self.write_slot(distance, size, labels),
                        None => self.write(argument, labels),
                    }
                }
            }
            Spot::Object(n) => {
                if let Some(argument) = call.arguments.get(usize::from(n)).copied() {
                    self.write(argument, labels);
                }
            }
            Spot::Message(n) => {
                let header = call.arguments.get(usize::from(n)).copied();
                for buffer in header.map(|header| self.buffers(header)).unwrap_or_default() {
                    self.write(buffer, labels);
                }
            }
            Spot::Stream(n) => {
                if let Some(buffer) = call.arguments.get(usize::from(n)).copied() {
                    self.write(buffer, labels);
                    self.write_stream(buffer, labels);
                }
            }
            Spot::From(n) => {
                for argument in call.arguments.get(usize::from(n)..).unwrap_or_default() {
                    self.write(*argument, labels);
                }
            }
        }
    }

    /// A stream on the stack holds its buffer behind two words: a table of functions, and a count.
    fn write_stream(&mut self, buffer: ValueId, labels: Labels) {
        let Some(at) = self.on_stack(buffer).filter(|_| !labels.is_none()) else { return };
        let words = 2 * i64::from(self.inputs.program.image.pointer_size);
        let stream = self.local.stack.entry(at.saturating_sub(words)).or_default();
        self.changed |= grow(stream, labels);
    }

    pub(super) fn result(&mut self, index: u32, labels: Labels) {
        self.changed |= grow(self.local.results.entry(index).or_default(), labels);
    }
}
