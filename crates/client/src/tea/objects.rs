//! What a server of the interface answers, as far as it is of use here.

use serde::Deserialize;

use crate::tea::checksum::Checksum;

/// Versions of the interface that are spoken here, best first.
const VERSIONS: &[&str] = &["0.4.0", "0.4"];

#[derive(Debug, Deserialize)]
pub(super) struct WellKnown {
    pub(super) endpoints: Vec<Endpoint>,
}

/// A server of the interface, and what it speaks.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Endpoint {
    #[serde(alias = "rootUrl")]
    pub(super) url: String,
    pub(super) versions: Vec<String>,
    pub(super) priority: Option<f64>,
}

impl Endpoint {
    /// How well a version fits, lower is better, and where that version is.
    fn root(&self) -> Option<(usize, String)> {
        let spoken = |version: &str| self.versions.iter().any(|v| v == version);
        let place = VERSIONS.iter().position(|v| spoken(v))?;
        Some((place, format!("{}/v{}", self.url.trim_end_matches('/'), VERSIONS.get(place)?)))
    }
}

/// Where a version that is spoken here is: the best version first, then what the server prefers.
pub(super) fn roots(endpoints: &[Endpoint]) -> Vec<String> {
    let mut found: Vec<_> =
        endpoints.iter().filter_map(|e| e.root().map(|r| (r, e.priority.unwrap_or(1.0)))).collect();
    found.sort_by(|((a, _), p), ((b, _), q)| a.cmp(b).then(q.total_cmp(p)));
    found.into_iter().map(|((_, root), _)| root).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Discovered {
    pub(super) product_release_uuid: String,
    pub(super) servers: Vec<Endpoint>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) total_results: u64,
    pub(super) results: Vec<ProductRelease>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductRelease {
    pub(super) uuid: String,
    pub(super) product_name: Option<String>,
    pub(super) version: String,
    #[serde(default)]
    pub(super) components: Vec<ComponentRef>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ComponentRef {
    pub(super) release: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComponentRelease {
    pub(super) release: Distributed,
    pub(super) latest_collection: Collection,
}

#[derive(Debug, Deserialize)]
pub(super) struct Distributed {
    #[serde(default)]
    pub(super) distributions: Vec<Distribution>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Distribution {
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) checksums: Vec<Checksum>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Collection {
    #[serde(default)]
    pub(super) artifacts: Vec<Artifact>,
}

/// A document about a release, in one or several forms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// Its id there.
    pub uuid: String,
    /// Its revision.
    #[serde(default = "one")]
    pub version: u64,
    /// For reading.
    pub name: Option<String>,
    /// `BOM`, `ATTESTATION`, …
    pub r#type: String,
    /// The same in several forms.
    pub formats: Vec<Format>,
}

fn one() -> u64 {
    1
}

/// One form of a document, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    /// Media type.
    pub media_type: Option<String>,
    /// Where it is.
    pub url: Option<String>,
    /// Where a signature beside it is.
    pub signature_url: Option<String>,
    /// Its checksums.
    #[serde(default)]
    pub checksums: Vec<Checksum>,
}

impl Format {
    /// Whether it says to be a signed statement.
    pub fn is_envelope(&self) -> bool {
        self.media_type.as_deref().is_some_and(|t| t.starts_with("application/vnd.dsse.envelope"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, versions: &[&str], priority: Option<f64>) -> Endpoint {
        let versions = versions.iter().map(|&v| v.to_owned()).collect();
        Endpoint { url: url.to_owned(), versions, priority }
    }

    #[test]
    fn the_best_version_goes_before_what_a_server_prefers() {
        let endpoints = [
            endpoint("https://a", &["0.4"], Some(1.0)),
            endpoint("https://b/", &["0.3.0", "0.4.0"], Some(0.1)),
            endpoint("https://c", &["0.4.0"], None),
            endpoint("https://d", &["9.0.0"], None),
        ];
        assert_eq!(roots(&endpoints), ["https://c/v0.4.0", "https://b/v0.4.0", "https://a/v0.4"]);
    }
}
