//! The official schemas, compiled when first needed.

use std::error::Error;
use std::sync::LazyLock;

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value;

use super::{Finding, xsd};
use crate::Format;

/// Findings of one document that are kept; a broken list of a million components has a million.
const MAX_FINDINGS: usize = 10_000;

/// A compiled schema.
pub(super) struct Schema(Option<Validator>);

macro_rules! schemas {
    ($($constant:ident = $path:literal;)+) => {
        $(static $constant: LazyLock<Schema> =
            LazyLock::new(|| Schema::compile(include_str!(concat!("../../schemas/", $path))));)+
    };
}

schemas! {
    CYCLONEDX_1_2 = "cyclonedx/bom-1.2.schema.json";
    CYCLONEDX_1_3 = "cyclonedx/bom-1.3.schema.json";
    CYCLONEDX_1_4 = "cyclonedx/bom-1.4.schema.json";
    CYCLONEDX_1_5 = "cyclonedx/bom-1.5.schema.json";
    CYCLONEDX_1_6 = "cyclonedx/bom-1.6.schema.json";
    CYCLONEDX_1_7 = "cyclonedx/bom-1.7.schema.json";
    SPDX_2_2 = "spdx/spdx-2.2.schema.json";
    SPDX_2_3 = "spdx/spdx-2.3.schema.json";
    SPDX_3_0_1 = "spdx/spdx-3.0.1.schema.json";
}

/// Schemas to which those of CycloneDX refer, by file name.
const REFERRED: [(&str, &str); 3] = [
    ("spdx.schema.json", include_str!("../../schemas/cyclonedx/spdx.schema.json")),
    ("jsf-0.82.schema.json", include_str!("../../schemas/cyclonedx/jsf-0.82.schema.json")),
    ("cryptography-defs.schema.json", include_str!("../../schemas/cyclonedx/cryptography-defs.schema.json")),
];

/// The schema of a version of a format, if there is one.
pub(super) fn of(format: Format, version: &str) -> Option<&'static Schema> {
    Some(match (format, version) {
        (Format::CycloneDxJson, "1.2") => &CYCLONEDX_1_2,
        (Format::CycloneDxJson, "1.3") => &CYCLONEDX_1_3,
        (Format::CycloneDxJson, "1.4") => &CYCLONEDX_1_4,
        (Format::CycloneDxJson, "1.5") => &CYCLONEDX_1_5,
        (Format::CycloneDxJson, "1.6") => &CYCLONEDX_1_6,
        (Format::CycloneDxJson, "1.7") => &CYCLONEDX_1_7,
        (Format::SpdxJson, "SPDX-2.2") => &SPDX_2_2,
        (Format::SpdxJson, "SPDX-2.3") => &SPDX_2_3,
        (Format::SpdxJsonLd, "3.0.1") => &SPDX_3_0_1,
        _ => return None,
    })
}

macro_rules! xml_schemas {
    ($($version:literal = $constant:ident;)+) => {
        $(static $constant: LazyLock<Result<xsd::Schema, String>> = LazyLock::new(|| {
            xsd::compile(include_str!(concat!("../../schemas/cyclonedx/bom-", $version, ".xsd")), &[LICENCE_IDS])
        });)+

        /// The XML Schema of a version of CycloneDX, if there is one. A test compiles every schema, so that none fails.
        pub(super) fn of_xml(version: &str) -> Option<&'static Result<xsd::Schema, String>> {
            match version {
                $($version => Some(&$constant),)+
                _ => None,
            }
        }
    };
}

const LICENCE_IDS: &str = include_str!("../../schemas/cyclonedx/spdx.xsd");

xml_schemas! {
    "1.0" = XML_1_0;
    "1.1" = XML_1_1;
    "1.2" = XML_1_2;
    "1.3" = XML_1_3;
    "1.4" = XML_1_4;
    "1.5" = XML_1_5;
    "1.6" = XML_1_6;
    "1.7" = XML_1_7;
}

/// Gives the built-in schemas; nothing is ever fetched.
struct BuiltIn;

impl Retrieve for BuiltIn {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        let known = REFERRED.iter().find(|(file, _)| *file == name);
        let (_, text) = known.ok_or_else(|| format!("`{uri}` is not built in"))?;
        Ok(serde_json::from_str(text)?)
    }
}

impl Schema {
    /// A test compiles every schema, so that none is absent.
    fn compile(text: &str) -> Self {
        let schema: Option<Value> = serde_json::from_str(text).ok();
        let options = jsonschema::options().with_retriever(BuiltIn).should_validate_formats(true);
        Self(schema.and_then(|schema| options.build(&schema).ok()))
    }

    pub(super) fn check(&self, document: &Value) -> Vec<Finding> {
        let Some(validator) = &self.0 else {
            let message = "the built-in schema cannot be used; hint: please report this".to_owned();
            return vec![Finding { path: String::new(), message }];
        };
        let finding = |error: jsonschema::ValidationError<'_>| Finding {
            path: error.instance_path().to_string(),
            message: error.masked().to_string(),
        };
        validator.iter_errors(document).take(MAX_FINDINGS).map(finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_compiles() {
        for version in ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"] {
            assert!(of(Format::CycloneDxJson, version).unwrap().0.is_some(), "{version}");
        }
        for version in ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"] {
            assert_eq!(of_xml(version).unwrap().as_ref().err(), None, "{version}");
        }
        for version in ["SPDX-2.2", "SPDX-2.3"] {
            assert!(of(Format::SpdxJson, version).unwrap().0.is_some(), "{version}");
        }
        assert!(of(Format::SpdxJsonLd, "3.0.1").unwrap().0.is_some());
    }
}
