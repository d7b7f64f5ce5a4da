//! How is this system attacked, what is exploitable, what stops it?
//!
//! A checked [`system::System`] gives facts; rule packs ([`packs`], text under `rules/`) say what follows for an
//! attacker; the engine of `datalog` derives everything. What rests on what is then an AND/OR graph, and all answers
//! are questions to that graph: paths, likelihood, time, choke points, countermeasures. [`assess`] asks them all.
//!
//! Every answer names its reason. A vulnerability that nobody reaches comes with the nearest missing premise; a plan
//! of countermeasures is applied in the engine before it is reported.
//!
//! Not here: where vulnerabilities come from ([`VulnerabilitySource`]), how a model is written (`system`), how pages
//! show the result (`record` has its types).

mod assessment;
mod choke;
mod cover;
mod difference;
mod effect;
mod exploit;
pub mod export;
mod facts;
mod game;
mod graph;
mod measures;
mod offers;
pub mod packs;
mod paths;
mod plan;
mod random;
pub mod render;
pub mod report;
mod sample;
mod stage;
mod template;
mod verdict;
mod vulnerabilities;

pub use assessment::{AssessError, Options, assess, assess_with};
pub use difference::compare;
pub use effect::{Consequence, Effect, Interaction, Privilege};
pub use facts::base_facts;
pub use stage::Stage;
pub use vulnerabilities::{KnownVulnerability, NoVulnerabilities, VulnerabilitySource};
