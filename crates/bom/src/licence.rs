//! Licences as stated.

use serde::{Deserialize, Serialize};

/// One statement about a licence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licence {
    /// An SPDX licence expression; a single identifier is one.
    Expression(String),
    /// A name that the document does not call an SPDX expression.
    Named(String),
}

impl Licence {
    /// The text as stated.
    pub fn text(&self) -> &str {
        match self {
            Self::Expression(text) | Self::Named(text) => text,
        }
    }
}
