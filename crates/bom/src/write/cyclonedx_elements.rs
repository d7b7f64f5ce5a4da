//! The elements of CycloneDX 1.6 and 1.7, in the order in which they are written.

use std::collections::BTreeSet;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'b> {
    #[serde(rename = "$schema")]
    pub(super) schema: String,
    pub(super) bom_format: &'static str,
    pub(super) spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial_number: Option<&'b str>,
    pub(super) version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<MetadataElement<'b>>,
    pub(super) components: Vec<Element<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<Dependency<'b>>,
}

#[derive(Default, PartialEq, Serialize)]
pub(super) struct MetadataElement<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<&'b str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lifecycles: Vec<Lifecycle<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tools: Option<Tools<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authors: Vec<Party<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) component: Option<Element<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<Party<'b>>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Lifecycle<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phase: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'b str>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Tools<'b> {
    pub(super) components: Vec<Tool<'b>>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Tool<'b> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: &'b str,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Party<'b> {
    pub(super) name: &'b str,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Element<'b> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<Party<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publisher: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<&'b str>,
    pub(super) name: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'b str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<LicenceChoice<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) copyright: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpe: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<&'b str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Element<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<EvidenceElement<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'b>>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Hash<'b> {
    pub(super) alg: &'static str,
    pub(super) content: &'b str,
}

#[derive(PartialEq, Serialize)]
pub(super) struct LicenceChoice<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expression: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<LicenceElement<'b>>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct LicenceElement<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'b str>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct EvidenceElement<'b> {
    pub(super) identity: Vec<Identity>,
    pub(super) occurrences: Vec<Occurrence<'b>>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Identity {
    pub(super) field: &'static str,
    pub(super) methods: Vec<Method>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Method {
    pub(super) technique: &'static str,
    pub(super) confidence: f64,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Occurrence<'b> {
    pub(super) location: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_context: Option<&'b str>,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Property<'b> {
    pub(super) name: String,
    pub(super) value: &'b str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dependency<'b> {
    #[serde(rename = "ref")]
    pub(super) from: &'b str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) depends_on: BTreeSet<&'b str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) provides: BTreeSet<&'b str>,
}
