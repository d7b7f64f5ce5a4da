//! From bytes to a component graph.
//!
//! Reading is tolerant: numbers may stand where texts should, unknown keys are counted ([`Document::not_carried`]), ids
//! may be missing. Whether a document is *valid* is another question ([`crate::validate`]). The caller keeps the
//! original bytes: the graph does not hold everything that the standards can say.

mod cyclonedx;
mod cyclonedx_parts;
mod cyclonedx_xml;
mod detect;
mod each;
mod error;
mod finish;
mod json;
mod spdx;
mod spdx3;
mod spdx_relation;
mod spdx_tag;
mod spdx_value;

use std::collections::BTreeMap;

use crate::{Bom, Format};

pub(crate) use cyclonedx_parts::{CPE_PROPERTIES, RELATION_PROPERTY};
pub use detect::{Recognised, recognise};
pub use each::each_component;
pub use error::ReadError;
pub(crate) use json::plain;
pub(crate) use spdx_tag::Tags;

/// What a document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of the document. Default 1 GiB.
    pub bytes: usize,
    /// Components, files included. Default 5,000,000.
    pub components: usize,
    /// Relations. Default 50,000,000.
    pub relations: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { bytes: 1 << 30, components: 5_000_000, relations: 50_000_000 }
    }
}

/// A document, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its format.
    pub format: Format,
    /// The version of the standard, as stated (`1.6`, `SPDX-2.3`).
    pub version: String,
    /// What it says about components.
    pub bom: Bom,
    /// What the graph does not carry: kind of element and key (`component.pedigree`), with how often it occurs.
    pub not_carried: BTreeMap<String, u64>,
}

/// Reads a document of any format.
///
/// # Errors
/// See [`ReadError`]. Depth is limited to 128 nested values.
pub fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLong { bytes: bytes.len(), limit: limits.bytes });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let recognised = recognise(bytes).ok_or(ReadError::Unknown)?;
    let document = match recognised.format {
        Format::CycloneDxJson => cyclonedx::read(bytes, limits),
        Format::CycloneDxXml => cyclonedx_xml::read(bytes, limits),
        Format::SpdxJson => spdx::read(bytes, limits),
        Format::SpdxTagValue => spdx_tag::read(bytes, limits),
        Format::SpdxJsonLd => spdx3::read(bytes, limits),
    }?;
    // A document without a version is read as far as it goes; one of an unknown version may mean something else.
    if document.version.is_empty() || document.format.reads(&document.version) {
        return Ok(document);
    }
    Err(ReadError::Unsupported { format: document.format, version: Some(document.version) })
}
