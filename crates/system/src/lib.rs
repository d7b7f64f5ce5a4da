//! What is the real system?
//!
//! A system model is one or several YAML (or JSON) documents of format `sukashi.system/1`, merged by id. Reading goes
//! through three states, each its own type: text, [`Document`] (well-formed, every key known), [`System`] (every
//! reference leads somewhere, every address and port is one). Only a [`System`] gives [`facts`](System::facts), and
//! only facts reach the assessment.
//!
//! Reachability is compiled to zones: sets of hosts that all filters treat alike ([`zones`]). A network of 10,000
//! hosts behind five filters has a handful of zones, not 10⁸ pairs.
//!
//! Not here: how a system is attacked. No fact says that anything is bad.

mod check;
pub mod delivered;
mod diagnostic;
mod document;
mod facts;
pub mod import;
mod merge;
mod ports;
mod read;
mod reference;
mod written;
pub mod zones;

pub use check::{CheckError, System, join};
pub use diagnostic::{Diagnostic, Place};
pub use document::{
    Account, Action, Attacker, Countermeasure, CountermeasureKind, Credential, CredentialKind, Data,
    Direction, Document, Filter, FilterRule, Flow, Goal, Group, Host, HostKind, Interaction, Interest,
    Interface, Link, LinkKind, Located, Network, Person, PlaceOf, Privilege, Process, Protection, Protocol,
    Range, Release, Service, Software, SoftwareVex, Supplier, SystemFormat, Usage, Vex, VexStatus,
    Vulnerability, Zone,
};
pub use facts::{Fact, RELATIONS, Relation, Value};
pub use merge::MergeError;
pub use ports::{ParsePortsError, Ports};
pub use read::{MAX_DOCUMENT_BYTES, ReadError, read};
pub use reference::{Kind, ParseReferenceError, Reference};
pub use written::{Entry, entries, yaml};

/// JSON Schema (draft 2020-12) of a document, for editors.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}
