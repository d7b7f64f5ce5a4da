//! The formats by name, and their JSON Schemas.

use schemars::{Schema, schema_for};

use crate::{Assessment, Inspection, Status};

/// A format of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Result of `assess`.
    Assessment,
    /// Result of `inspect`.
    Inspection,
    /// The status map.
    Status,
}

impl Format {
    /// All formats, sorted by name.
    pub const ALL: &[Self] = &[Self::Assessment, Self::Inspection, Self::Status];

    /// As the `schema` field of a document names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assessment => "sukashi.assessment/1",
            Self::Inspection => "sukashi.inspection/1",
            Self::Status => "sukashi.status/1",
        }
    }

    /// The format of that name; `name` may leave out `sukashi.` and the version.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.name() == name || f.short_name() == name)
    }

    /// Without prefix and version, as file names use it.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Assessment => "assessment",
            Self::Inspection => "inspection",
            Self::Status => "status",
        }
    }
}

/// JSON Schema (draft 2020-12) of a format, derived from the types that write it.
pub fn schema_of(format: Format) -> Schema {
    match format {
        Format::Assessment => schema_for!(Assessment),
        Format::Inspection => schema_for!(Inspection),
        Format::Status => schema_for!(Status),
    }
}
