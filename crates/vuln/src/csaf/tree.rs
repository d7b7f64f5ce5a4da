//! The product tree, as far as advisories and VEX statements need it.
//!
//! Source: OASIS CSAF 2.0 and 2.1, section 3.2.2.

use serde::Deserialize;

/// Branches inside branches that are looked into.
pub(crate) const MAX_DEPTH: usize = 64;

#[derive(Default, Deserialize)]
pub(crate) struct Tree {
    #[serde(default)]
    pub(crate) branches: Vec<Branch>,
    #[serde(default)]
    pub(crate) full_product_names: Vec<FullName>,
    #[serde(default)]
    pub(crate) relationships: Vec<Relationship>,
    #[serde(default)]
    pub(crate) product_groups: Vec<Group>,
}

#[derive(Deserialize)]
pub(crate) struct Branch {
    #[serde(default)]
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) branches: Vec<Branch>,
    pub(crate) product: Option<FullName>,
}

#[derive(Deserialize)]
pub(crate) struct FullName {
    pub(crate) product_id: String,
    #[serde(default)]
    pub(crate) product_identification_helper: Helper,
}

#[derive(Clone, Default, Deserialize)]
pub(crate) struct Helper {
    pub(crate) cpe: Option<String>,
    pub(crate) purl: Option<String>,
    /// Since 2.1.
    #[serde(default)]
    pub(crate) purls: Vec<String>,
}

/// A component inside of a product.
#[derive(Deserialize)]
pub(crate) struct Relationship {
    pub(crate) full_product_name: FullName,
    pub(crate) product_reference: String,
    #[serde(default)]
    pub(crate) relates_to_product_reference: String,
}

#[derive(Deserialize)]
pub(crate) struct Group {
    pub(crate) group_id: String,
    #[serde(default)]
    pub(crate) product_ids: Vec<String>,
}
