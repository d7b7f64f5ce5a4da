//! From a component graph to a document, with a report of what the format cannot say.
//!
//! The same graph gives the same bytes.

mod cyclonedx;
mod cyclonedx_elements;
mod licences;
mod nesting;
mod spdx;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Bom;

/// Formats that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// CycloneDX 1.6 JSON.
    #[serde(rename = "cyclonedx-1.6")]
    CycloneDx1_6,
    /// CycloneDX 1.7 JSON.
    #[serde(rename = "cyclonedx-1.7")]
    CycloneDx1_7,
    /// SPDX 2.3 JSON.
    #[serde(rename = "spdx-2.3")]
    Spdx2_3,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 3] = [Self::CycloneDx1_6, Self::CycloneDx1_7, Self::Spdx2_3];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::CycloneDx1_6 => "cyclonedx-1.6",
            Self::CycloneDx1_7 => "cyclonedx-1.7",
            Self::Spdx2_3 => "spdx-2.3",
        }
    }

    /// The target of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }
}

/// A written document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its bytes, ending with a newline.
    pub bytes: Vec<u8>,
    /// What the format cannot say: kind of element, with how many there were.
    pub lost: BTreeMap<String, u64>,
}

/// What is lost on the way.
#[derive(Debug, Default)]
struct Losses(BTreeMap<String, u64>);

impl Losses {
    fn add(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    /// The value, where it is fit; otherwise it is lost.
    fn fit<'v>(
        &mut self,
        value: Option<&'v str>,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Option<&'v str> {
        let value = value?;
        if fits(value) {
            return Some(value);
        }
        self.add(what);
        None
    }
}

/// Writes a graph.
pub fn write(bom: &Bom, target: Target) -> Written {
    match target {
        Target::CycloneDx1_6 => cyclonedx::write(bom, "1.6"),
        Target::CycloneDx1_7 => cyclonedx::write(bom, "1.7"),
        Target::Spdx2_3 => spdx::write(bom),
    }
}
