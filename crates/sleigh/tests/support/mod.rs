//! Instructions in, readable operations out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "help for tests")]

use sleigh::pcode::Varnode;
use sleigh::{Commit, Context, LanguageId, LiftError, Lifter, Table, table};

/// Where every instruction of the tests lies.
pub(crate) const ADDRESS: u64 = 0x1000;

/// One lifted instruction as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) length: u32,
    pub(crate) ops: Vec<String>,
    pub(crate) commits: Vec<Commit>,
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// The default context with some variables set.
pub(crate) fn context(table: &Table, set: &[(&str, u32)]) -> Context {
    let start = table.default_context();
    set.iter().fold(start, |context, (name, value)| context.with(table.variable(name).unwrap(), *value))
}

fn varnode(table: &Table, varnode: Varnode) -> String {
    let space = &table.spaces()[usize::from(varnode.space.0)].name;
    let name = table.register_name(varnode).map(str::to_owned);
    name.unwrap_or_else(|| format!("{space}:{:x}:{}", varnode.offset, varnode.size))
}

pub(crate) fn lift_with(
    language: LanguageId,
    hex: &str,
    set: impl FnOnce(&Table) -> Context,
) -> Result<Shown, LiftError> {
    let table = table(language).unwrap();
    let mut lifter = Lifter::new(table);
    let lifted = lifter.lift(&bytes(hex), ADDRESS, set(table))?;
    let ops = lifted.ops.iter().map(|op| {
        let output = op.output().map_or(String::new(), |output| format!("{} = ", varnode(table, output)));
        let inputs = lifted.inputs(op).enumerate().map(|(index, input)| match op.user_op() {
            Some(user) if index == 0 => format!(" {}", table.user_op(user).unwrap()),
            _ => format!(" {}", varnode(table, input)),
        });
        format!("{output}{}{}", op.opcode().name(), inputs.collect::<String>())
    });
    Ok(Shown { length: lifted.length, ops: ops.collect(), commits: lifted.commits.to_vec() })
}

pub(crate) fn lift(language: LanguageId, hex: &str, set: &[(&str, u32)]) -> Result<Shown, LiftError> {
    lift_with(language, hex, |table| context(table, set))
}

/// Lifts in the default context and returns the operations.
pub(crate) fn ops(language: LanguageId, hex: &str) -> Vec<String> {
    lift(language, hex, &[]).unwrap().ops
}
