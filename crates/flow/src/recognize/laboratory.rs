//! Functions are called here, and what comes of it compared with what functions of the C library do.

use std::collections::HashMap;

use program::{Function, Program};
use sleigh::language::code_pointer;

use super::answers::NOW;
use super::kernel::{Asked, UNKNOWN};
use super::process::{Bench, MAX_PLACES, PLACE, PLACES, Process, Tried};
use super::trials::{Answer, Arg, FUNCTIONS, Known, STANDARD, STREAMS, Seen, Trial};
use super::wrappers;

/// Operations of one call.
const MAX_OPERATIONS: u64 = 20_000;
/// Operations of all calls of one function.
const MAX_WORK: u64 = 120_000;
/// A system call that all kinds of Linux have.
const TOLD: &str = "setreuid";
/// Bytes of [`Arg::Room`].
const ROOM: [u8; 64] = [0; 64];
/// What functions are called with to see what they ask the system for.
const ASKED_WITH: &[&[u8]] = &[b"/kettle\0", b"r\0", b"2\0", b"3\0", b"4\0", b"5\0"];

/// Where functions are tried.
pub(super) struct Laboratory<'a> {
    program: &'a Program,
    pub(super) process: &'a Process<'a>,
}

/// A stream, and the process in which it is one.
#[derive(Clone)]
pub(super) struct Open<'a> {
    pub(super) process: Process<'a>,
    pub(super) stream: u64,
}

/// What is known of a function.
#[derive(Default)]
pub(super) struct Verdict<'a> {
    pub(super) name: Option<&'static str>,
    pub(super) work: u64,
    /// It opened this.
    pub(super) open: Option<Open<'a>>,
}

/// Which trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trials {
    /// What it asks the system for.
    Asking,
    All,
}

/// Calls that were made, so that none is made twice.
struct Calls<'l, 'a> {
    laboratory: &'l Laboratory<'a>,
    bench: &'l mut Bench<'a>,
    pointer: u64,
    work: u64,
    made: HashMap<(&'static [Arg], u64), Option<Tried<'a>>>,
}

impl<'a> Laboratory<'a> {
    pub(super) fn new(program: &'a Program, process: &'a Process<'a>) -> Self {
        Self { program, process }
    }

    /// The address under which a function is called: with the mode of its instructions.
    fn pointer(&self, code: &Function) -> u64 {
        let Ok(table) = self.program.table() else { return code.entry.0 };
        let short = code_pointer(table, code.entry.0 | 1, table.default_context());
        if short.0 == code.entry.0 && short.1 == code.context { code.entry.0 | 1 } else { code.entry.0 }
    }

    fn calls<'l>(&'l self, bench: &'l mut Bench<'a>, code: &Function) -> Calls<'l, 'a> {
        Calls { laboratory: self, bench, pointer: self.pointer(code), work: 0, made: HashMap::new() }
    }

    /// Which function of the C library behaves like this one?
    pub(super) fn name(
        &self,
        bench: &mut Bench<'a>,
        code: &Function,
        trials: Trials,
        open: &[Open<'a>],
    ) -> Verdict<'a> {
        let mut calls = self.calls(bench, code);
        let mut verdict = Verdict::default();
        let Some(asked) = calls.asks(&mut verdict) else { return verdict };
        if trials == Trials::All && verdict.name.is_none() {
            // Who asks the system for something with any arguments is none of those that need nothing but memory.
            let known = if asked { STANDARD } else { FUNCTIONS };
            let nothing_open = Open { process: self.process.clone(), stream: 0 };
            verdict.name = calls.first(known, &nothing_open);
            for open in open {
                verdict.name = verdict.name.or_else(|| calls.first(STREAMS, open));
            }
        }
        verdict.work = calls.work;
        verdict
    }

    /// The descriptor that a function which reads from a stream asks the system to read.
    pub(super) fn descriptor(&self, code: &Function, name: &str, open: &Open<'a>) -> Option<u64> {
        let trial = STREAMS.iter().find(|known| known.0 == name)?.1.first()?;
        let mut bench = self.process.bench();
        let mut calls = self.calls(&mut bench, code);
        let tried = calls.call(trial.passed, open)?;
        tried.asked.iter().find(|asked| reads(asked)).and_then(|asked| asked.arguments.first().copied())
    }
}

impl<'a> Calls<'_, 'a> {
    /// Calls it with texts, and names it if it asks the system for what a known function asks. Did it ask at all?
    fn asks(&mut self, verdict: &mut Verdict<'a>) -> Option<bool> {
        let arguments: Vec<u64> = (0..ASKED_WITH.len() as u64).map(|n| PLACES + n * PLACE).collect();
        let bytes: Vec<(u64, &[u8])> = arguments.iter().copied().zip(ASKED_WITH.iter().copied()).collect();
        let process = self.laboratory.process;
        let tried = process.call(self.bench, self.pointer, &arguments, &bytes, MAX_OPERATIONS)?;
        self.work += tried.operations;
        if self.opens(&tried, &arguments) {
            verdict.open = self.open(&arguments);
            verdict.name = Some("fopen");
        } else if tried.asked.len() == 1 && tried.asked.iter().any(|asked| asked.name == UNKNOWN) {
            verdict.name = self.asks_what_it_is_told().then_some("syscall");
        } else if tried.result == Some(NOW) && tried.asked.len() == 1 {
            verdict.name = Some("time");
        } else if tried.asked.is_empty() {
            verdict.name = self.sets_handler().then_some("signal");
        } else {
            verdict.name = wrappers::name_of(&tried.asked, &arguments, b"/kettle");
        }
        Some(!tried.asked.iter().all(is_for_memory))
    }

    /// Does it make the system call whose number it gets, with what it gets behind that?
    fn asks_what_it_is_told(&mut self) -> bool {
        let process = self.laboratory.process;
        let Some(number) = process.number_of(TOLD) else { return false };
        let passed = [11, 12, 13];
        let arguments: Vec<u64> = std::iter::once(number).chain(passed).collect();
        let tried = process.call(self.bench, self.pointer, &arguments, &[], MAX_OPERATIONS);
        tried.is_some_and(|tried| match tried.asked.as_slice() {
            [asked] => asked.name == TOLD && asked.arguments.starts_with(&passed),
            _ => false,
        })
    }

    /// Does it ask for a function to be called on a signal, given the number of one and that function? What it asks with
    /// holds the function in its first word or, on MIPS, the second.
    fn sets_handler(&mut self) -> bool {
        let process = self.laboratory.process;
        let (signal, handler) = (15, PLACES);
        let Some(tried) = process.call(self.bench, self.pointer, &[signal, handler], &[], MAX_OPERATIONS)
        else {
            return false;
        };
        self.work += tried.operations;
        let word = process.convention.pointer;
        let [asked] = tried.asked.as_slice() else { return false };
        let [number, action, ..] = *asked.arguments.as_slice() else { return false };
        let at = |n: u64| tried.memory.word(action.wrapping_add(n * u64::from(word)), word);
        matches!(asked.name, "rt_sigaction" | "sigaction")
            && number == signal
            && (at(0) == Some(handler) || at(1) == Some(handler))
    }

    /// Does it open a file by name and mode, and answer with an address?
    fn opens(&mut self, tried: &Tried<'a>, arguments: &[u64]) -> bool {
        let open = |asked: &&Asked| matches!(asked.name, "open" | "openat");
        let Some(asked) = tried.asked.iter().find(open) else { return false };
        let Some(name) = arguments.first().copied() else { return false };
        let stream = tried.result.is_some_and(|result| result > 0xffff && result != name);
        if !stream || !asked.arguments.iter().take(2).any(|passed| *passed == name) {
            return false;
        }
        // With a mode that means nothing, nothing is opened.
        let bytes: Vec<(u64, &[u8])> = vec![(name, b"/kettle\0"), (name + PLACE, b"?\0")];
        let other = self.laboratory.process.call(self.bench, self.pointer, arguments, &bytes, MAX_OPERATIONS);
        other.is_some_and(|other| {
            other.result.is_some_and(|result| result as u32 == 0) && !other.asked.iter().any(|a| open(&a))
        })
    }

    /// A stream for reading and writing.
    fn open(&mut self, arguments: &[u64]) -> Option<Open<'a>> {
        let process = self.laboratory.process;
        let bytes: Vec<(u64, &[u8])> =
            arguments.iter().copied().zip([&b"/kettle\0"[..], &b"r+\0"[..]]).collect();
        let tried = process.call(self.bench, self.pointer, arguments, &bytes, MAX_OPERATIONS)?;
        Some(Open { process: process.after(&tried), stream: tried.result? })
    }

    /// The first of these that it behaves like.
    fn first(&mut self, known: &'static [Known], open: &Open<'a>) -> Option<&'static str> {
        for (name, trials) in known {
            let mut fit = true;
            for trial in *trials {
                if self.work > MAX_WORK {
                    return None;
                }
                let convention = open.process.convention;
                fit &=
                    self.call(trial.passed, open).is_some_and(|tried| fits(trial, tried, convention.pointer));
                if !fit {
                    break;
                }
            }
            if fit {
                return Some(name);
            }
        }
        None
    }

    fn call(&mut self, passed: &'static [Arg], open: &Open<'a>) -> Option<&Tried<'a>> {
        let key = (passed, open.stream);
        if !self.made.contains_key(&key) {
            let mut arguments = Vec::new();
            let mut bytes: Vec<(u64, &[u8])> = Vec::new();
            for (arg, place) in passed.iter().zip((0..).map(|n| PLACES + n * PLACE)) {
                arguments.push(match *arg {
                    Arg::Text(text) => {
                        bytes.push((place, text));
                        place
                    }
                    Arg::Room => {
                        bytes.push((place, &ROOM));
                        place
                    }
                    Arg::Number(number) => number,
                    Arg::Stream => open.stream,
                });
            }
            let tried = open.process.call(self.bench, self.pointer, &arguments, &bytes, MAX_OPERATIONS);
            self.work += tried.as_ref().map_or(0, |tried| tried.operations);
            self.made.insert(key, tried);
        }
        self.made.get(&key)?.as_ref()
    }
}

fn fits(trial: &Trial, tried: &Tried<'_>, pointer: u8) -> bool {
    let Some(result) = tried.result else { return false };
    let low = result as u32;
    let address = if pointer == 4 { u64::from(low) } else { result };
    let answered = match trial.answer {
        Answer::Any => true,
        Answer::Zero => low == 0,
        Answer::Negative => (low as i32) < 0,
        Answer::Positive => (low as i32) > 0,
        Answer::Number(number) => low == number,
        Answer::At(distance) => address == PLACES + distance,
        Answer::Text(text) => {
            !(PLACES..PLACES + MAX_PLACES * PLACE).contains(&address) && is_text(tried, address, text)
        }
    };
    answered && seen(trial, tried, pointer)
}

fn is_text(tried: &Tried<'_>, address: u64, text: &[u8]) -> bool {
    let bytes = tried.memory.bytes(address, text.len() as u64 + 1);
    bytes.split_last().is_some_and(|(end, rest)| *end == 0 && rest == text)
}

fn seen(trial: &Trial, tried: &Tried<'_>, pointer: u8) -> bool {
    let place = |n: usize| PLACES + n as u64 * PLACE;
    let left = |n: usize, bytes: &[u8]| tried.memory.bytes(place(n), bytes.len() as u64) == bytes;
    let wrote: Vec<&Asked> =
        tried.asked.iter().filter(|asked| matches!(asked.name, "write" | "writev")).collect();
    let written: Vec<u8> = wrote.iter().flat_map(|asked| asked.data.iter().copied()).collect();
    let read = tried.asked.iter().any(reads);
    let quiet = tried.asked.iter().all(is_for_memory);
    match trial.seen {
        Seen::Nothing => {
            let mut texts = (0..).zip(trial.passed);
            quiet
                && texts.all(|(n, arg)| match arg {
                    Arg::Text(text) => left(n, text),
                    Arg::Number(_) | Arg::Room | Arg::Stream => true,
                })
        }
        Seen::Left(n, bytes) => quiet && left(n, bytes),
        Seen::Pointed(n, text) => {
            tried.memory.word(place(n), pointer).is_some_and(|pointer| is_text(tried, pointer, text))
        }
        Seen::Read(n, bytes) => read && left(n, bytes),
        Seen::Asked => read,
        Seen::Wrote(to, bytes) => {
            let there = |asked: &&Asked| to.is_none() || asked.arguments.first().copied() == to;
            wrote.iter().all(there) && written == bytes
        }
    }
}

/// Is it only about memory, or chance?
fn is_for_memory(asked: &Asked) -> bool {
    matches!(asked.name, "brk" | "futex" | "getrandom" | "mmap" | "mmap2" | "mprotect" | "munmap")
}

fn reads(asked: &Asked) -> bool {
    matches!(asked.name, "read" | "readv" | "recv" | "recvfrom")
}
