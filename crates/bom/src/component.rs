//! A component: one named, versioned piece of software, hardware or data.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{HashAlgorithm, Licence};

/// What one document calls a component: `bom-ref` in CycloneDX, `SPDXID` or `spdxId` in SPDX. Unique in its [`crate::Bom`],
/// without meaning outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComponentRef(pub String);

impl fmt::Display for ComponentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One component. Every text is as the document states it; empty texts are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its id in the document.
    pub reference: ComponentRef,
    /// What it is.
    pub kind: ComponentKind,
    /// Name space of the name where the format keeps the two apart (`org.apache.logging.log4j`).
    pub group: Option<String>,
    /// Name.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// Who delivers it: name of an organization or person.
    pub supplier: Option<String>,
    /// Who made it, if stated apart from the supplier: manufacturer, originator, author.
    pub originator: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Copyright notice.
    pub copyright: Option<String>,
    /// Package URL.
    pub purl: Option<String>,
    /// CPE names, 2.2 or 2.3 form.
    pub cpes: Vec<String>,
    /// Licences; several are alternatives or all valid, the document does not say which.
    pub licences: Vec<Licence>,
    /// Digests of the delivered file, lower-case hexadecimal.
    pub hashes: BTreeMap<HashAlgorithm, String>,
    /// Where it was seen.
    pub evidence: Vec<Evidence>,
}

impl Component {
    /// Name with its group: `org.apache/log4j`, `busybox`.
    pub fn full_name(&self) -> String {
        self.group.as_ref().map_or_else(|| self.name.clone(), |group| format!("{group}/{}", self.name))
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $type:ident, default $default:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)+
            /// Not stated, or not one of these.
            #[default]
            #[serde(rename = "unstated")]
            $default,
        }

        impl $type {
            /// The name in CycloneDX; `None` if not stated.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($name),)+
                    Self::$default => None,
                }
            }

            /// The value of a CycloneDX name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

named! {
    /// Kinds of component, by their names in CycloneDX 1.7 (`component.type`).
    ComponentKind, default Unstated {
        /// A program with a use of its own.
        Application = "application",
        /// A library that calls the program.
        Framework = "framework",
        /// Code that a program calls.
        Library = "library",
        /// A container image.
        Container = "container",
        /// Where software runs.
        Platform = "platform",
        /// An operating system.
        OperatingSystem = "operating-system",
        /// Hardware.
        Device = "device",
        /// Software that runs hardware.
        DeviceDriver = "device-driver",
        /// Software inside hardware.
        Firmware = "firmware",
        /// A file.
        File = "file",
        /// A trained model.
        MachineLearningModel = "machine-learning-model",
        /// Data.
        Data = "data",
        /// An algorithm, certificate or key.
        CryptographicAsset = "cryptographic-asset",
    }
}

named! {
    /// How a component was found, by the names of CycloneDX 1.7 (`evidence.identity.methods.technique`).
    Technique, default Unstated {
        /// Its source code was read.
        SourceCodeAnalysis = "source-code-analysis",
        /// Its compiled code or data was read.
        BinaryAnalysis = "binary-analysis",
        /// A package database or manifest lists it.
        ManifestAnalysis = "manifest-analysis",
        /// Its syntax tree is known.
        AstFingerprint = "ast-fingerprint",
        /// Its digest is known.
        HashComparison = "hash-comparison",
        /// It was seen at run time, from inside.
        Instrumentation = "instrumentation",
        /// It was seen at run time.
        DynamicAnalysis = "dynamic-analysis",
        /// Its file name is known.
        Filename = "filename",
        /// Somebody said so.
        Attestation = "attestation",
        /// Another way.
        Other = "other",
    }
}

/// Where, and how, a component was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Path of the file, from the root of the image.
    pub path: String,
    /// How.
    pub technique: Technique,
    /// What was seen there, in a few words: the version string, the name of the package database.
    pub what: Option<String>,
    /// Offset in the file, in bytes, of what was seen.
    pub offset: Option<u64>,
    /// How sure, in thousandths.
    pub confidence: Option<u16>,
}
