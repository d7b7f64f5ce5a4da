//! Ours against the reference's, instruction by instruction.

use std::collections::HashSet;
use std::path::Path;

use sleigh::pcode::{Opcode, Varnode};
use sleigh::{Context, LanguageId, LiftError, Lifted, Lifter, table};

use super::fixture::{Sample, WANTED};
use super::process::{Answer, Oracle, OracleOp};
use super::programs::Stretch;
use super::sweep::sweep;

/// Differences printed in full for each language.
const SHOWN: u64 = 20;

/// Outcome of a comparison.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) compared: u64,
    ops: u64,
    refused: u64,
    crashed: u64,
    pub(crate) differences: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.ops += other.ops;
        self.refused += other.refused;
        self.crashed += other.crashed;
        self.differences += other.differences;
    }

    pub(crate) fn row(&self) -> String {
        let Self { compared, ops, refused, crashed, differences } = self;
        format!("{compared} | {ops} | {refused} | {crashed} | {differences}")
    }
}

/// Compares all stretches of one language; also returns a sample of distinct instructions with the reference's answers.
pub(crate) fn compare(
    language: LanguageId,
    stretches: &[Stretch],
    tables: &Path,
) -> anyhow::Result<(Tally, Vec<Sample>)> {
    let table = table(language)?;
    let mut lifter = Lifter::new(table);
    let mut oracles = [Oracle::start(language, false, tables)?, Oracle::start(language, true, tables)?];
    let mut tally = Tally::default();
    let mut sampler = Sampler::new(stretches);
    for stretch in stretches {
        let thumb = usize::from(stretch.context != table.default_context());
        for chunk in sweep(&mut lifter, stretch) {
            let offsets: Vec<u32> = chunk.instructions.iter().map(|(offset, _)| *offset).collect();
            let Some(oracle) = oracles.get_mut(thumb) else { continue };
            let answers = oracle.lift(stretch.address, &stretch.bytes, &offsets)?;
            for (&(offset, context), answer) in chunk.instructions.iter().zip(answers) {
                let at = Place { language, stretch, offset, context };
                judge(&mut lifter, &at, &answer, &mut tally);
                sampler.offer(&mut lifter, &at, answer);
            }
        }
    }
    Ok((tally, sampler.taken))
}

struct Place<'a> {
    language: LanguageId,
    stretch: &'a Stretch,
    offset: u32,
    context: Context,
}

impl Place<'_> {
    fn bytes(&self) -> &[u8] {
        self.stretch.bytes.get(self.offset as usize..).unwrap_or_default()
    }

    fn address(&self) -> u64 {
        self.stretch.address + u64::from(self.offset)
    }
}

fn judge(lifter: &mut Lifter<'_>, at: &Place<'_>, answer: &Answer, tally: &mut Tally) {
    let ours = lifter.lift(at.bytes(), at.address(), at.context);
    match (&ours, answer) {
        (_, Answer::Crashed) => tally.crashed += 1,
        (Err(_), Answer::Refused) => tally.refused += 1,
        (Ok(lifted), Answer::Lifted { length, ops }) if equal(lifted, *length, ops) => {
            tally.compared += 1;
            tally.ops += ops.len() as u64;
        }
        _ => {
            tally.differences += 1;
            if tally.differences <= SHOWN {
                show(at, &ours, answer);
            }
        }
    }
}

fn equal(lifted: &Lifted<'_>, length: u32, ops: &[OracleOp]) -> bool {
    lifted.length == length
        && lifted.ops.len() == ops.len()
        && lifted.ops.iter().zip(ops).all(|(ours, theirs)| {
            Some(ours.opcode()) == Opcode::from_code(theirs.opcode)
                && ours.output() == theirs.output
                && equal_inputs(ours.opcode(), lifted.inputs(ours), &theirs.inputs)
        })
}

/// The first input of LOAD and STORE names a space; there, it is a pointer of the host.
fn equal_inputs(opcode: Opcode, ours: impl ExactSizeIterator<Item = Varnode>, theirs: &[Varnode]) -> bool {
    let skipped = usize::from(matches!(opcode, Opcode::Load | Opcode::Store));
    ours.len() == theirs.len() && ours.skip(skipped).eq(theirs.iter().skip(skipped).copied())
}

fn show(at: &Place<'_>, ours: &Result<Lifted<'_>, LiftError>, theirs: &Answer) {
    let bytes: String = at.bytes().iter().take(16).map(|b| format!("{b:02x}")).collect();
    eprintln!("{} {:#x} {bytes} context {:x?}", at.language.name(), at.address(), at.context.0);
    match ours {
        Ok(lifted) => {
            eprintln!("  ours   length {}", lifted.length);
            for op in lifted.ops {
                let inputs: Vec<String> = lifted.inputs(op).map(show_varnode).collect();
                let output = op.output().map(show_varnode).unwrap_or_default();
                eprintln!("    {output} = {} {}", op.opcode().name(), inputs.join(" "));
            }
        }
        Err(error) => eprintln!("  ours   {error}"),
    }
    match theirs {
        Answer::Lifted { length, ops } => {
            eprintln!("  theirs length {length}");
            for op in ops {
                let inputs: Vec<String> = op.inputs.iter().copied().map(show_varnode).collect();
                let output = op.output.map(show_varnode).unwrap_or_default();
                let name = Opcode::from_code(op.opcode).map_or("?", Opcode::name);
                eprintln!("    {output} = {name} {}", inputs.join(" "));
            }
        }
        Answer::Refused => eprintln!("  theirs refused"),
        Answer::Crashed => eprintln!("  theirs crashed"),
    }
}

fn show_varnode(v: Varnode) -> String {
    format!("{}:{:x}:{}", v.space.0, v.offset, v.size)
}

/// Takes distinct instructions, spread over all stretches.
struct Sampler {
    seen: HashSet<(Vec<u8>, Context)>,
    taken: Vec<Sample>,
    every: usize,
    count: usize,
}

impl Sampler {
    fn new(stretches: &[Stretch]) -> Self {
        let bytes: usize = stretches.iter().map(|s| s.bytes.len()).sum();
        // About four bytes an instruction, three in four of them seen before.
        Self { seen: HashSet::new(), taken: Vec::new(), every: (bytes / 16 / WANTED).max(1), count: 0 }
    }

    fn offer(&mut self, lifter: &mut Lifter<'_>, at: &Place<'_>, answer: Answer) {
        let Answer::Lifted { length, ops } = answer else { return };
        let Some(bytes) = at.bytes().get(..length as usize) else { return };
        if self.taken.len() >= WANTED || self.seen.contains(&(bytes.to_vec(), at.context)) {
            return;
        }
        self.count += 1;
        let alone = lifter.lift(bytes, at.address(), at.context).is_ok();
        if self.count.is_multiple_of(self.every) && alone {
            self.seen.insert((bytes.to_vec(), at.context));
            let (address, context) = (at.address(), at.context);
            self.taken.push(Sample { address, context, bytes: bytes.to_vec(), ops });
        }
    }
}
