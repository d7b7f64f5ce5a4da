//! JSON Schemas of our predicates and of the trust file, derived from the types that write them.

use schemars::{Schema, schema_for};

use crate::{CountermeasureApplied, DisclosureGrant, Head, SystemRegistration, Trust, Withdrawal};

/// A schema by its short name.
pub struct PredicateSchema {
    /// As file names under `docs/formats/` use it.
    pub name: &'static str,
    /// JSON Schema (draft 2020-12).
    pub schema: fn() -> Schema,
}

/// Sorted by name. Inspection and assessment are documents of crate `record`.
pub const PREDICATE_SCHEMAS: &[PredicateSchema] = &[
    PredicateSchema { name: "countermeasure-applied", schema: || schema_for!(CountermeasureApplied) },
    PredicateSchema { name: "disclosure-grant", schema: || schema_for!(DisclosureGrant) },
    PredicateSchema { name: "head", schema: || schema_for!(Head) },
    PredicateSchema { name: "system-registration", schema: || schema_for!(SystemRegistration) },
    PredicateSchema { name: "trust", schema: || schema_for!(Trust) },
    PredicateSchema { name: "withdrawal", schema: || schema_for!(Withdrawal) },
];
