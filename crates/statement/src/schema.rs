//! JSON Schemas of our predicates and of the trust file, derived from the types that write them.

use schemars::{Schema, schema_for};

use crate::{
    Answer, Commitment, CountermeasureApplied, Delegation, DisclosureGrant, Head, KeyRevocation, KeyRotation,
    OpenPgpSignature, PartialView, SystemRegistration, Trust, Withdrawal,
};

/// A schema by its short name.
pub struct PredicateSchema {
    /// As file names under `docs/formats/` use it.
    pub name: &'static str,
    /// JSON Schema (draft 2020-12).
    pub schema: fn() -> Schema,
}

/// Sorted by name. Inspection and assessment are documents of crate `record`.
pub const PREDICATE_SCHEMAS: &[PredicateSchema] = &[
    PredicateSchema { name: "answer", schema: || schema_for!(Answer) },
    PredicateSchema { name: "commitment", schema: || schema_for!(Commitment) },
    PredicateSchema { name: "countermeasure-applied", schema: || schema_for!(CountermeasureApplied) },
    PredicateSchema { name: "delegation", schema: || schema_for!(Delegation) },
    PredicateSchema { name: "disclosure-grant", schema: || schema_for!(DisclosureGrant) },
    PredicateSchema { name: "head", schema: || schema_for!(Head) },
    PredicateSchema { name: "key-revocation", schema: || schema_for!(KeyRevocation) },
    PredicateSchema { name: "key-rotation", schema: || schema_for!(KeyRotation) },
    PredicateSchema { name: "openpgp-signature", schema: || schema_for!(OpenPgpSignature) },
    PredicateSchema { name: "partial-view", schema: || schema_for!(PartialView) },
    PredicateSchema { name: "system-registration", schema: || schema_for!(SystemRegistration) },
    PredicateSchema { name: "trust", schema: || schema_for!(Trust) },
    PredicateSchema { name: "withdrawal", schema: || schema_for!(Withdrawal) },
];
