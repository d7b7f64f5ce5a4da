//! How much does a component graph say of what it should?
//!
//! Elements: NTIA, *The Minimum Elements For a Software Bill of Materials* (July 2021), section V "Data Fields", which
//! METI's *Guide of Introduction of SBOM* (ver. 2.0, 2024) takes over; and those that CISA's *2025 Minimum Elements*
//! (draft, August 2025) adds: component hash, licence, tool name, generation context. Types of SBOM: CISA, *Types of
//! Software Bill of Materials* (April 2023).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{Bom, Component, ComponentKind};

/// What a graph says and does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// Mean of all elements, 0–100.
    pub score: u8,
    /// Are all elements of NTIA's list (and so of METI's) complete?
    pub minimum_elements: bool,
    /// Every element.
    pub elements: Vec<Element>,
    /// Types by CISA's list that the stated phases of life mean: `design`, `source`, `build`, `analyzed`, `deployed`,
    /// `runtime`.
    pub types: Vec<&'static str>,
}

/// One element and how many components have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Element {
    /// Its name.
    pub name: &'static str,
    /// Who demands it.
    pub demanded_by: &'static str,
    /// How many have it.
    pub filled: usize,
    /// How many should: components, or 1 for what concerns the document.
    pub of: usize,
}

impl Element {
    fn percent(&self) -> usize {
        (self.filled * 100).checked_div(self.of).unwrap_or(0)
    }
}

const NTIA: &str = "NTIA 2021, METI 2024";
const CISA: &str = "CISA 2025 draft";

/// Measures a graph. Files count as components only for their names and digests: nobody states a supplier for a file.
pub fn quality(bom: &Bom) -> Quality {
    let packages: Vec<&Component> = bom.components.iter().filter(|c| c.kind != ComponentKind::File).collect();
    let of_packages = |name, demanded_by, has: &dyn Fn(&Component) -> bool| Element {
        name,
        demanded_by,
        filled: packages.iter().filter(|component| has(component)).count(),
        of: packages.len(),
    };
    let of_document =
        |name, demanded_by, has: bool| Element { name, demanded_by, filled: usize::from(has), of: 1 };
    let related: BTreeSet<&str> =
        bom.relations.iter().flat_map(|r| [r.from.0.as_str(), r.to.0.as_str()]).collect();
    let metadata = &bom.metadata;
    let elements = vec![
        of_packages("supplier name", NTIA, &|c| c.supplier.is_some() || c.originator.is_some()),
        of_packages("component name", NTIA, &|c| !c.name.is_empty()),
        of_packages("version", NTIA, &|c| c.version.is_some()),
        of_packages("other unique identifiers", NTIA, &|c| c.purl.is_some() || !c.cpes.is_empty()),
        of_packages("dependency relationship", NTIA, &|c| related.contains(c.reference.0.as_str())),
        of_document("author of SBOM data", NTIA, !metadata.authors.is_empty() || metadata.supplier.is_some()),
        of_document("timestamp", NTIA, metadata.time.is_some()),
        of_packages("component hash", CISA, &|c| !c.hashes.is_empty()),
        of_packages("licence", CISA, &|c| !c.licences.is_empty()),
        of_document("tool name", CISA, !metadata.tools.is_empty()),
        of_document("generation context", CISA, !metadata.lifecycles.is_empty()),
    ];
    let complete = |element: &Element| element.filled == element.of && element.of > 0;
    let sum: usize = elements.iter().map(Element::percent).sum();
    Quality {
        // A mean of shares is at most 100.
        score: u8::try_from(sum / elements.len().max(1)).unwrap_or(100),
        minimum_elements: elements.iter().filter(|element| element.demanded_by == NTIA).all(complete),
        elements,
        types: types(&metadata.lifecycles),
    }
}

fn types(lifecycles: &[String]) -> Vec<&'static str> {
    let kind = |phase: &str| {
        Some(match phase {
            "design" => "design",
            "pre-build" | "source" => "source",
            "build" => "build",
            "post-build" | "analyzed" => "analyzed",
            "operations" | "deployed" => "deployed",
            "discovery" | "runtime" => "runtime",
            _ => return None,
        })
    };
    let found: BTreeSet<&'static str> = lifecycles.iter().filter_map(|phase| kind(phase)).collect();
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ComponentRef, HashAlgorithm, Licence, Metadata, Relation, RelationKind};

    fn complete() -> Bom {
        let component = |id: &str| Component {
            reference: ComponentRef(id.to_owned()),
            kind: ComponentKind::Library,
            name: id.to_owned(),
            version: Some("1".to_owned()),
            supplier: Some("S".to_owned()),
            purl: Some(format!("pkg:generic/{id}@1")),
            licences: vec![Licence::Expression("MIT".to_owned())],
            hashes: [(HashAlgorithm::Sha256, "00".to_owned())].into(),
            ..Component::default()
        };
        let metadata = Metadata {
            authors: vec!["A".to_owned()],
            tools: vec!["T".to_owned()],
            time: Some("2024-01-01T00:00:00Z".to_owned()),
            lifecycles: vec!["post-build".to_owned()],
            ..Metadata::default()
        };
        let relations = vec![Relation {
            from: ComponentRef("a".to_owned()),
            kind: RelationKind::DependsOn,
            to: ComponentRef("b".to_owned()),
        }];
        Bom { metadata, components: vec![component("a"), component("b")], relations }
    }

    #[test]
    fn a_graph_that_says_everything_has_100_points() {
        let quality = quality(&complete());
        assert_eq!((quality.score, quality.minimum_elements), (100, true));
        assert_eq!(quality.types, ["analyzed"]);
    }

    #[test]
    fn a_missing_supplier_costs_the_minimum_elements() {
        let mut bom = complete();
        bom.components[0].supplier = None;
        let quality = quality(&bom);
        assert!(!quality.minimum_elements);
        assert_eq!((quality.elements[0].filled, quality.elements[0].of), (1, 2));
    }

    #[test]
    fn an_empty_graph_says_nothing() {
        let quality = quality(&Bom::default());
        assert_eq!((quality.score, quality.minimum_elements), (0, false));
    }
}
