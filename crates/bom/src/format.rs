//! Which standard a document follows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Document formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// CycloneDX 1.2–1.7 as JSON (ECMA-424).
    #[serde(rename = "cyclonedx-json")]
    CycloneDxJson,
    /// CycloneDX 1.0–1.7 as XML.
    #[serde(rename = "cyclonedx-xml")]
    CycloneDxXml,
    /// SPDX 2.2, 2.3 as JSON.
    #[serde(rename = "spdx-json")]
    SpdxJson,
    /// SPDX 2.2, 2.3 as tag-value text.
    #[serde(rename = "spdx-tag-value")]
    SpdxTagValue,
    /// SPDX 3.0 as JSON-LD.
    #[serde(rename = "spdx-json-ld")]
    SpdxJsonLd,
}

impl Format {
    /// The standard without its encoding.
    pub fn standard(self) -> &'static str {
        match self {
            Self::CycloneDxJson | Self::CycloneDxXml => "CycloneDX",
            Self::SpdxJson | Self::SpdxTagValue | Self::SpdxJsonLd => "SPDX",
        }
    }

    /// Whether documents of this version of the standard are read, by the version's name in them.
    pub(crate) fn reads(self, version: &str) -> bool {
        match self {
            Self::CycloneDxJson | Self::CycloneDxXml => {
                matches!(version, "1.0" | "1.1" | "1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7")
            }
            // 2.2 has revisions: `SPDX-2.2.1` is ISO/IEC 5962.
            Self::SpdxJson | Self::SpdxTagValue => {
                version.strip_prefix("SPDX-2.").is_some_and(|minor| minor.starts_with(['0', '1', '2', '3']))
            }
            Self::SpdxJsonLd => version == "3.0" || version.starts_with("3.0."),
        }
    }

    /// Name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::CycloneDxJson => "cyclonedx-json",
            Self::CycloneDxXml => "cyclonedx-xml",
            Self::SpdxJson => "spdx-json",
            Self::SpdxTagValue => "spdx-tag-value",
            Self::SpdxJsonLd => "spdx-json-ld",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
