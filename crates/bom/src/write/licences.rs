//! Which licence identifiers the standard knows.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

/// The list of SPDX identifiers that CycloneDX accepts, from its schema.
static LIST: &str = include_str!("../../schemas/cyclonedx/spdx.schema.json");

#[derive(Deserialize)]
struct List {
    #[serde(rename = "enum")]
    identifiers: Vec<String>,
}

static IDENTIFIERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let list: Result<List, _> = serde_json::from_str(LIST);
    list.map(|list| list.identifiers.into_iter().collect()).unwrap_or_default()
});

/// Is this one SPDX licence identifier?
pub(super) fn is_identifier(text: &str) -> bool {
    IDENTIFIERS.contains(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_there() {
        assert!(is_identifier("GPL-2.0-only") && is_identifier("MIT"));
        assert!(!is_identifier("GPLv2+") && !is_identifier("MIT OR Apache-2.0"));
    }
}
