//! What the relationships of SPDX mean in the graph.
//!
//! Source: SPDX 2.3, clause 11.1; SPDX 3.0.1, `Core/Vocabularies/RelationshipType`.

use crate::RelationKind;

/// What a relationship says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The second element is the subject of the document.
    Describes,
    /// The first element is the subject of the document.
    DescribedBy,
    /// A relation in the stated direction.
    Forward(RelationKind),
    /// A relation in the opposite direction.
    Backward(RelationKind),
}

/// The meaning of a relationship type of SPDX 2; `None` if the graph does not hold it.
pub(crate) fn meaning(relationship: &str) -> Option<Meaning> {
    use Meaning::{Backward, DescribedBy, Describes, Forward};
    use RelationKind::{Contains, DependsOn, DynamicallyLinks, GeneratedFrom, Provides, StaticallyLinks};
    Some(match relationship {
        "DESCRIBES" => Describes,
        "DESCRIBED_BY" => DescribedBy,
        "CONTAINS" | "HAS_FILE" => Forward(Contains),
        "CONTAINED_BY" | "PACKAGE_OF" => Backward(Contains),
        "DEPENDS_ON" | "HAS_PREREQUISITE" => Forward(DependsOn),
        "DEPENDENCY_OF"
        | "RUNTIME_DEPENDENCY_OF"
        | "OPTIONAL_DEPENDENCY_OF"
        | "PROVIDED_DEPENDENCY_OF"
        | "PREREQUISITE_FOR" => Backward(DependsOn),
        "DYNAMIC_LINK" => Forward(DynamicallyLinks),
        "STATIC_LINK" => Forward(StaticallyLinks),
        "GENERATED_FROM" => Forward(GeneratedFrom),
        "GENERATES" => Backward(GeneratedFrom),
        "REQUIREMENT_DESCRIPTION_FOR" | "SPECIFICATION_FOR" => Backward(Provides),
        _ => return None,
    })
}

/// The meaning of a relationship type of SPDX 3; `None` if the graph does not hold it.
pub(crate) fn meaning3(relationship: &str) -> Option<Meaning> {
    use Meaning::{Describes, Forward};
    use RelationKind::{Contains, DependsOn, DynamicallyLinks, GeneratedFrom, StaticallyLinks};
    Some(match relationship {
        "describes" => Describes,
        "contains" => Forward(Contains),
        "dependsOn" | "hasPrerequisite" | "hasOptionalDependency" | "hasProvidedDependency" => {
            Forward(DependsOn)
        }
        "hasDynamicLink" => Forward(DynamicallyLinks),
        "hasStaticLink" => Forward(StaticallyLinks),
        "generates" => Meaning::Backward(GeneratedFrom),
        _ => return None,
    })
}
