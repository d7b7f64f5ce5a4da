//! Context changes of a constructor as straight-line programs.
//!
//! Some specifications compute dozens of context fields for every instruction, from expressions that share most of
//! their parts. Walking those expressions would take half of the decoding time, so when a table is loaded the changes
//! of each constructor become one list of steps in which every part is computed once.

use std::collections::HashMap;

use crate::table::{
    Binary, Constructor, ContextChange, ContextCommit, ContextField, ContextSet, Expression, NONE, Operand,
    Range, Table, TokenField,
};

/// Steps of one program: a step names an earlier one in a byte.
pub(crate) const MAX_STEPS: usize = 256;

/// One step; its value is that of the step's number, 0 for changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Number(i64),
    Token(TokenField),
    Context(ContextField),
    InstructionStart,
    InstructionEnd,
    Binary(Binary, u8, u8),
    Minus(u8),
    Not(u8),
    /// An expression that looks at other nodes: walked.
    Walk(u32),
    /// The change, and the step that holds its value.
    Set(ContextSet, u8),
    /// The change, its value walked.
    WalkSet(ContextSet),
    Commit(ContextCommit),
}

/// The programs of a table.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    pub steps: Vec<Step>,
    /// By constructor.
    pub ranges: Vec<Range>,
}

impl Programs {
    pub(crate) fn compile(table: &Table) -> Self {
        let mut programs = Self::default();
        for (number, constructor) in table.constructors.iter().enumerate() {
            let first = programs.steps.len();
            if constructor.changes.count > 0 {
                programs.steps.extend(Compiler::new(table, number as u32, constructor).run());
            }
            let count = (programs.steps.len() - first) as u32;
            programs.ranges.push(Range { first: first as u32, count });
        }
        programs.steps.shrink_to_fit();
        programs
    }
}

/// What an expression is when seen from the start of the constructor: its number and the bytes its fields move.
type Key = (u32, u16);

struct Compiler<'t> {
    table: &'t Table,
    number: u32,
    constructor: &'t Constructor,
    steps: Vec<Step>,
    /// Which steps depend on the context.
    varies: Vec<bool>,
    known: HashMap<Key, u8>,
}

impl<'t> Compiler<'t> {
    fn new(table: &'t Table, number: u32, constructor: &'t Constructor) -> Self {
        Self { table, number, constructor, steps: Vec::new(), varies: Vec::new(), known: HashMap::new() }
    }

    /// The program; expressions are walked one by one if a program would be too long.
    fn run(mut self) -> Vec<Step> {
        let changes = self.table.changes.get(self.constructor.changes.indices()).unwrap_or_default();
        for change in changes {
            let done = match change {
                ContextChange::Commit(commit) => self.push(Step::Commit(*commit)),
                ContextChange::Set(set) => {
                    self.expression(set.expression, 0, 0).and_then(|value| self.push(Step::Set(*set, value)))
                }
            };
            // Fields of the context may have other values from now on.
            let varies = &self.varies;
            self.known.retain(|_, step| !varies.get(usize::from(*step)).is_some_and(|varies| *varies));
            if done.is_none() {
                return changes.iter().map(walked).collect();
            }
        }
        self.steps
    }

    fn push(&mut self, step: Step) -> Option<u8> {
        let number = u8::try_from(self.steps.len()).ok()?;
        let of = |step: u8| self.varies.get(usize::from(step)).is_some_and(|varies| *varies);
        let varies = match step {
            Step::Context(_) | Step::Walk(_) => true,
            Step::Binary(_, left, right) => of(left) || of(right),
            Step::Minus(inner) | Step::Not(inner) => of(inner),
            _ => false,
        };
        self.varies.push(varies);
        self.steps.push(step);
        Some(number)
    }

    /// The step that holds the value of an expression; `None` if the program grows too long.
    fn expression(&mut self, expression: u32, moved: u16, depth: u32) -> Option<u8> {
        if let Some(step) = self.known.get(&(expression, moved)) {
            return Some(*step);
        }
        let step = match *self.table.expressions.get(expression as usize)? {
            Expression::Number(number) => Step::Number(number),
            Expression::Token(field) => {
                let start = u8::try_from(u16::from(field.start) + moved).ok()?;
                Step::Token(TokenField { start, ..field })
            }
            Expression::Context(field) => Step::Context(field),
            Expression::InstructionStart => Step::InstructionStart,
            Expression::InstructionEnd => Step::InstructionEnd,
            Expression::Operand(owner, index) => match self.own_operand(owner, index, depth) {
                Some(Operand { expression: NONE, .. }) => Step::Number(0),
                Some(operand) => return self.expression(operand.expression, operand.offset, depth + 1),
                None if moved == 0 => Step::Walk(expression),
                None => return None,
            },
            Expression::Binary(op, left, right) => {
                let left = self.expression(left, moved, depth + 1)?;
                Step::Binary(op, left, self.expression(right, moved, depth + 1)?)
            }
            Expression::Minus(inner) => Step::Minus(self.expression(inner, moved, depth + 1)?),
            Expression::Not(inner) => Step::Not(self.expression(inner, moved, depth + 1)?),
        };
        let number = self.push(step)?;
        self.known.insert((expression, moved), number);
        Some(number)
    }

    /// An operand whose place is known already: one of this constructor that counts from its start.
    fn own_operand(&self, owner: u32, index: u32, depth: u32) -> Option<&'t Operand> {
        if owner != self.number || depth >= 32 {
            return None;
        }
        let operands = self.table.operands.get(self.constructor.operands.indices())?;
        operands.get(index as usize).filter(|operand| operand.base == -1)
    }
}

fn walked(change: &ContextChange) -> Step {
    match change {
        ContextChange::Commit(commit) => Step::Commit(*commit),
        ContextChange::Set(set) => Step::WalkSet(*set),
    }
}
