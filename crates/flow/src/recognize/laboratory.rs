//! Functions are called here, with memory of their own, and their answers compared.

use std::collections::HashMap;

use program::image::{Image, Pointer};
use program::{Function, Program};
use sleigh::Table;
use sleigh::emulate::{CallSite, Control, Emulator, Environment, Machine, Outcome, Reply, UserOp, Value};
use sleigh::language::Convention;

use super::trials::{Answer, FIRST, FUNCTIONS, Second, Trial};
use crate::abi::CallRules;
use crate::filler::Filler;
use crate::machine::{PARAMETERS, begin};

/// Operations of one call.
const MAX_OPERATIONS: u64 = 3_000;
/// Operations of all calls of one function.
const MAX_WORK: u64 = 30_000;
/// Functions inside functions.
const MAX_DEPTH: u32 = 3;
/// Texts stand so far from each other.
const DISTANCE: u64 = 0x1000;

pub(super) struct Laboratory<'a> {
    image: &'a Image,
    table: &'static Table,
    convention: &'static Convention,
    /// Places that the loader would fill with what a resolver chooses, and the choice.
    chosen: Vec<(u64, u64)>,
}

/// What came of a call.
struct Outcomes {
    result: u64,
    left: Vec<u8>,
}

impl<'a> Laboratory<'a> {
    pub(super) fn new(program: &'a Program) -> Option<Self> {
        let table: &'static Table = program.table().ok()?;
        let convention: &'static Convention = CallRules::of(&program.image, table)?.convention;
        let mut laboratory = Self { image: &program.image, table, convention, chosen: Vec::new() };
        let resolvers = program.image.pointers().filter_map(|(slot, pointer)| match pointer {
            Pointer::Resolver(resolver) => Some((slot.0, resolver)),
            _ => None,
        });
        laboratory.chosen = resolvers
            .filter_map(|(slot, resolver)| {
                let code = program.function(program.function_at(resolver)?)?;
                Some((slot, laboratory.call(code, &[], &mut 0)?.0))
            })
            .collect();
        Some(laboratory)
    }

    /// The name of a function that gives every answer of a known one, and the operations that it took.
    pub(super) fn name(&self, code: &Function) -> (Option<&'static str>, u64) {
        let mut work = 0;
        let mut known: HashMap<(&[u8], Second, u64), Option<Outcomes>> = HashMap::new();
        if self.attempt(code, &FIRST, &mut work).is_none() {
            return (None, work);
        }
        let found = FUNCTIONS.iter().find(|(_, trials)| {
            trials.iter().all(|trial| {
                let key = (trial.first, trial.second, trial.third);
                let outcome = known.entry(key).or_insert_with(|| self.attempt(code, trial, &mut work));
                outcome.as_ref().is_some_and(|outcome| fits(trial, outcome, self.convention))
            })
        });
        (found.map(|(name, _)| *name), work)
    }

    fn attempt(&self, code: &Function, trial: &Trial, work: &mut u64) -> Option<Outcomes> {
        if *work >= MAX_WORK {
            return None;
        }
        let second = match trial.second {
            Second::Text(_) => PARAMETERS + DISTANCE,
            Second::Number(number) => number,
        };
        let mut texts = vec![(PARAMETERS, trial.first)];
        if let Second::Text(text) = trial.second {
            texts.push((second, text));
        }
        let (result, machine) = self.called(code, &[PARAMETERS, second, trial.third], &texts, work)?;
        let bytes = (0..trial.left.len() as u64).map_while(|n| machine.memory.byte(PARAMETERS + n));
        Some(Outcomes { result, left: bytes.map(|(byte, _)| byte).collect() })
    }

    fn call(&self, code: &Function, arguments: &[u64], work: &mut u64) -> Option<(u64, ())> {
        self.called(code, arguments, &[], work).map(|(result, _)| (result, ()))
    }

    /// What a function returns, and the machine then. `None` if it does not return in time.
    fn called(
        &self,
        code: &Function,
        arguments: &[u64],
        texts: &[(u64, &[u8])],
        work: &mut u64,
    ) -> Option<(u64, Machine<'static, Filler<'a>>)> {
        let mut emulator = begin(self.table, self.convention, self.image, code, arguments, 5)?;
        let word = u16::from(self.convention.pointer);
        for (slot, target) in &self.chosen {
            let _ = emulator.machine.store(*slot, &Value::new(*target, word));
        }
        for (at, text) in texts {
            for (n, byte) in (0..).zip(*text) {
                emulator.machine.store(at + n, &Value::new(u64::from(*byte), 1)).ok()?;
            }
        }
        let returned = run(&mut emulator);
        *work += emulator.operations();
        returned?;
        let result = self.convention.results.integers.first()?;
        let result = emulator.machine.registers.named(result.name())?.low();
        Some((result, emulator.machine))
    }
}

/// Runs until the first function returns.
fn run(emulator: &mut Emulator<'static, Filler<'_>>) -> Option<()> {
    let mut inside = Inside { depth: 0 };
    while emulator.operations() < MAX_OPERATIONS {
        match emulator.step(&mut inside).ok()? {
            Outcome::Called(_) => inside.depth += 1,
            Outcome::Returned { .. } if inside.depth == 0 => return Some(()),
            Outcome::Returned { .. } => inside.depth -= 1,
            Outcome::Stepped { .. } | Outcome::Skipped(_) => {}
            Outcome::Halted => return None,
        }
    }
    None
}

struct Inside {
    depth: u32,
}

impl Environment<Filler<'_>> for Inside {
    fn call(&mut self, _: &mut Machine<'_, Filler<'_>>, _: CallSite) -> Control {
        if self.depth < MAX_DEPTH { Control::Enter } else { Control::Halt }
    }

    /// What only has a name in the table computes nothing here. A processor that is asked what it can do says: nothing.
    fn user_op(&mut self, _: &mut Machine<'_, Filler<'_>>, operation: &UserOp<'_>) -> Reply {
        match operation.output_size {
            0 => Reply::Done,
            size => Reply::Value(Value::new(0, size)),
        }
    }
}

fn fits(trial: &Trial, outcome: &Outcomes, convention: &Convention) -> bool {
    let low = outcome.result as u32;
    let address = if convention.pointer == 4 { u64::from(low) } else { outcome.result };
    let answered = match trial.answer {
        Answer::Zero => low == 0,
        Answer::Negative => (low as i32) < 0,
        Answer::Positive => (low as i32) > 0,
        Answer::Number(number) => low == number,
        Answer::At(distance) => address == PARAMETERS + distance,
    };
    answered && outcome.left == trial.left
}
