//! Which values reach which places, under which conditions?
//!
//! [`Facts::of`] looks at a recovered program and answers what detectors ask: what a call passes, where data comes from
//! ([`Labels`]), which comparisons must have come out which way before a block runs ([`Facts::guards`]), which sensitive
//! operations a function performs ([`Effect`]), and how functions lead to each other ([`Edge`]).
//!
//! - `value`: symbolic values, hash-consed; constants folded, comparisons brought to one form.
//! - `followed`: which functions are looked at, if the effort does not suffice for all.
//! - `function`: abstract interpretation of one function; registers and stack slots to values; why it ends.
//! - `abi`, `cdecl`: where arguments lie, as the convention says and as 32-bit x86 compilers do beside it.
//! - `windows`: what callees take off the stack in 32-bit Windows code.
//! - `graph`: dominance; an edge that dominates a block makes its condition a guard of the block.
//! - `guard`: conditions brought to readable tests.
//! - `hash`: fast tables.
//! - `knowledge`: what library functions do, from data files under `knowledge/`.
//! - `start`: the function that the C library starts; `user`: operations that tables only name.
//! - `system`: system calls that the program makes itself.
//! - `labels`, `taint`: origins of data as a powerset lattice; interprocedural fixpoint.
//! - `unseen`: data that no label explains and that the program does not determine.
//! - `choice`: pointers that hang on the way by which control came.
//! - `dispatch`: tables of names and functions.
//! - `decode`, `filler`, `machine`: texts that the program computes, found by running the code that does.
//! - `recognize`: functions of the C library that were linked in without their names.
//! - `replay`: inputs that reach a place, found by solving conditions and shown by running.
//! - `facts`: all of it for one program; call graph with callbacks and tables of function pointers.
//!
//! Not here: what is suspicious. What was cut by a budget is told by [`Facts::complete`].

mod abi;
mod cdecl;
mod choice;
mod decode;
mod dispatch;
mod facts;
mod filler;
mod followed;
mod function;
mod graph;
mod guard;
mod hash;
mod knowledge;
mod labels;
mod machine;
mod recognize;
mod replay;
mod start;
mod state;
mod system;
mod taint;
mod unseen;
mod user;
mod value;
mod windows;

pub use choice::Choice;
pub use dispatch::{Dispatch, Row};
pub use facts::{Edge, Effect, Effort, Facts, FlowError};
pub use function::{CallSite, FunctionFacts, StoreSite};
pub use graph::Dominance;
pub use guard::{Guard, Test};
pub use knowledge::{Comparison, Fact, Spot, facts_of, operations};
pub use labels::Labels;
pub use recognize::{Recognition, recognize};
pub use replay::{Aim, Goal, Proof};
pub use value::{Arena, Value, ValueId};
