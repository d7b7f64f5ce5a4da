//! What follows from these facts by these rules, incrementally, and why?
//!
//! Rules are text, loaded at run time ([`Program::load`]; the language is described in `docs/rules.md`). After each
//! change of facts only what the change touches is computed again. This crate knows nothing of what relations mean.
//!
//! ```
//! use datalog::{Fact, Options, Pattern, Program, Session, Source};
//!
//! let rules = "
//!     .decl edge(from: symbol, to: symbol)
//!     .decl path(from: symbol, to: symbol)
//!     path(X, Y) :- edge(X, Y).
//!     path(X, Z) :- path(X, Y), edge(Y, Z).
//! ";
//! let program = Program::load(&[Source { name: "paths.dl", text: rules }])?;
//! let mut session = Session::new(program, Options::default());
//! session.insert(&Fact::of("edge", &["a", "b"]))?;
//! session.insert(&Fact::of("edge", &["b", "c"]))?;
//! session.commit()?;
//! let paths: Vec<String> = session.facts("path").iter().map(ToString::to_string).collect();
//! assert_eq!(paths, ["path(a, b)", "path(a, c)", "path(b, c)"]);
//!
//! let goal: Pattern = "path(a, c)".parse()?;
//! assert_eq!(session.why(&goal)?.map(|proof| proof.steps.len()), Some(2));
//!
//! session.retract(&Fact::of("edge", &["b", "c"]))?;
//! session.commit()?;
//! assert_eq!(session.facts("path").len(), 1);
//! assert_eq!(session.missing(&goal, 1000)?[0].to_string(), "edge(a, c)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The stages, each a module with its own error type: characters to tokens (`lex`), tokens to syntax (`parse`), names
//! and types (`resolve`), bound variables (`safety`), layers of negation (`stratify`), join order (`plan`, `order`). A
//! [`Session`] holds the facts (`database`, `packed`) and brings conclusions up to date by one of two [`Method`]s:
//! `seminaive` follows rules from what changed; `engine` runs them as operators of differential-dataflow (`render`,
//! `operators`). `reference` is a slow, obvious evaluator that tests compare both with; `explain` and `proofs` answer
//! why, `missing` answers why not.
//!
//! Known limit: all workers live in one process (`docs/decisions/0003-one-process.md`).

mod bodies;
mod cheapest;
mod database;
mod derivations;
mod engine;
mod explain;
mod lex;
mod matching;
mod meter;
mod missing;
mod operators;
mod order;
mod packed;
mod parse;
mod pattern;
mod plan;
mod program;
mod proofs;
mod reference;
mod render;
mod replace;
mod resolve;
mod safety;
mod seminaive;
mod session;
mod source;
mod stored;
mod stratify;
mod syntax;
mod uses;
mod value;
mod workers;

pub use cheapest::{Cheapest, Search};
pub use derivations::{Application, Derivations, FactId};
pub use explain::{Proof, ProofStep};
pub use lex::LexError;
pub use missing::Missing;
pub use parse::ParseError;
pub use pattern::{FactError, FactsError, ParsePatternError, Pattern};
pub use plan::PlanError;
pub use program::{ColumnType, Mistake, Program, ProgramError, Relation, Rule, RuleId};
pub use proofs::CheapestProofs;
pub use reference::reference;
pub use replace::ReplaceError;
pub use resolve::ResolveError;
pub use safety::SafetyError;
pub use session::{
    Changes, CommitError, Incomplete, KEPT_WHEN_CUT, Limit, Method, Options, Session, WhatIfError,
};
pub use source::{Diagnostic, MAX_SOURCE_BYTES, Source, Span};
pub use stratify::StratifyError;
pub use syntax::{Annotation, Argument};
pub use uses::Uses;
pub use value::{Change, Fact, Update, Value};
