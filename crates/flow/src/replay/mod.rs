//! Proof by running: an input that makes a program reach a place, found by trying it in the P-code interpreter.
//!
//! A [`Goal`] names the function in which data from outside enters and the place that is to be reached. The function is
//! run with library calls modelled ([`library`]): calls that bring in data get the input that is tried, files and
//! everything else that the device keeps are empty. Whenever the run compares a piece of the input with something else,
//! that piece is replaced in the next input: "input-to-state correspondence", after Aschermann et al., "REDQUEEN: Fuzzing
//! with Input-to-State Correspondence" (NDSS 2019). What was computed first is solved: the run records on which bits of
//! the input each branch hangs ([`shadow`], a [`circuit`] of gates), and a SAT solver finds an input that goes the other
//! way at the branch which leads nearest to the place ([`route`], [`solve`]). Only running an input shows anything: it
//! counts if it reaches the place and random inputs of the same length do not.
//!
//! Everything is bounded: operations of a run, runs, gates, conflicts of the solver, bytes of an input. Nothing is
//! executed on the host.
//!
//! Misses: strong hashes; lengths that only a longer text of another place would satisfy; data that comes through shared
//! memory or several processes; floating-point formats.

mod circuit;
mod format;
mod library;
mod route;
mod search;
mod shadow;
mod solve;
mod symbols;
mod texts;
mod words;

use std::collections::BTreeMap;

use program::{FuncId, VirtAddr};

use crate::facts::Facts;
use crate::labels::Labels;

/// What is to be shown.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Where running begins: the function in which data from outside enters.
    pub start: FuncId,
    /// What is to be reached.
    pub aim: Aim,
    /// What is chosen by somebody outside.
    pub origin: Labels,
    /// Bytes that the input probably holds.
    pub value: Vec<u8>,
}

/// A place that is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// An instruction is carried out.
    Instruction(VirtAddr),
    /// A branch goes to one of its targets.
    Branch {
        /// The branching instruction.
        from: VirtAddr,
        /// The target.
        to: VirtAddr,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// This input reaches the place, random ones do not.
    Confirmed {
        /// The bytes, in the order in which the program takes them in.
        input: Vec<u8>,
        /// The program takes in at most this many bytes at a time, as from packets; `None` if as many as it asks for.
        piece: Option<usize>,
        /// Inputs that were tried.
        runs: u32,
        /// Operations that were run, and conflicts of the solver as their like.
        work: u64,
    },
    /// Nothing that was tried reaches the place, or everything does.
    Unsolved {
        /// Inputs that were tried.
        runs: u32,
        /// Random inputs reach it, too.
        always: bool,
        /// Operations that were run, and conflicts of the solver as their like.
        work: u64,
    },
}

/// Functions below the start whose calls may bring in data.
const MAX_FUNCTIONS: usize = 400;

impl Facts<'_> {
    /// Looks for an input that reaches a place. `None` if the program cannot be run from there.
    pub fn prove(&self, goal: &Goal) -> Option<Proof> {
        search::Search::new(self, goal)?.run()
    }

    /// Calls below a function that bring in data, by address.
    fn arrivals(&self, start: FuncId) -> BTreeMap<u64, Labels> {
        let mut order = vec![start];
        let mut next = 0;
        while let Some(at) = order.get(next).copied().filter(|_| order.len() < MAX_FUNCTIONS) {
            next += 1;
            let new: Vec<FuncId> =
                self.callees(at).map(|edge| edge.callee).filter(|callee| !order.contains(callee)).collect();
            for callee in new {
                if !order.contains(&callee) {
                    order.push(callee);
                }
            }
        }
        let mut all = BTreeMap::new();
        for function in order {
            for (call, labels) in self.sources(function) {
                let site = self.function(function).and_then(|own| own.calls.get(&call));
                if let Some(site) = site {
                    all.insert(site.address.0, labels);
                }
            }
        }
        all
    }
}
