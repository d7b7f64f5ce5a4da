//! Ids. Random, so that they reveal neither count nor order of what others registered.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statement::Timestamp;

use crate::error::WriteError;

/// 128 random bits in hexadecimal.
pub(crate) fn random_text() -> Result<String, WriteError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(WriteError::Random)?;
    Ok(hex::encode(bytes))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
            #[serde(transparent)]
            pub struct $name(String);

            impl $name {
                /// The id with this text; whether anything has it is another question.
                pub fn new(text: impl Into<String>) -> Self {
                    Self(text.into())
                }

                #[allow(dead_code)]
                pub(crate) fn fresh() -> Result<Self, WriteError> {
                    random_text().map(Self)
                }

                /// As text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )*
    };
}

ids! {
    /// An account of a person or a script.
    AccountId,
    /// A registered statement.
    EvidenceId,
    /// A supply link.
    LinkId,
    /// An organization.
    OrganizationId,
    /// A product.
    ProductId,
    /// A release of a product.
    ReleaseId,
    /// A system of an organization.
    SystemId,
}

/// The wall clock, whole seconds.
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let epoch = Timestamp::from_unix(0);
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    // The epoch is within the range of timestamps.
    epoch.unwrap_or_else(|| unreachable!("the epoch is a timestamp")).plus(seconds)
}
