//! The component graph: what a document or a file tree holds.

use serde::{Deserialize, Serialize};

use crate::{Component, ComponentRef};

/// One component graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bom {
    /// What the graph is about, and who says so.
    pub metadata: Metadata,
    /// Every component, the subject among them, in the order of the document.
    pub components: Vec<Component>,
    /// Every relation between two components, sorted, each once.
    pub relations: Vec<Relation>,
}

/// About the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Name of the document.
    pub name: Option<String>,
    /// Its unique id: CycloneDX serial number, SPDX name space.
    pub serial: Option<String>,
    /// The component that the document describes.
    pub subject: Option<ComponentRef>,
    /// Persons and organizations that wrote it.
    pub authors: Vec<String>,
    /// Programs that wrote it, with their versions where stated.
    pub tools: Vec<String>,
    /// Who supplies the subject, as the document's metadata say.
    pub supplier: Option<String>,
    /// When it was written, as stated.
    pub time: Option<String>,
    /// In which phases of the subject's life it was written (`build`, `post-build`, `operations`).
    pub lifecycles: Vec<String>,
}

/// A directed relation between two components.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// The whole, or the one that depends.
    pub from: ComponentRef,
    /// How.
    pub kind: RelationKind,
    /// The part, or what is depended upon.
    pub to: ComponentRef,
}

/// Kinds of relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RelationKind {
    /// `to` is a part of `from`.
    Contains,
    /// `from` needs `to`, in a way that is not told.
    DependsOn,
    /// The run-time loader loads `to` for `from`.
    DynamicallyLinks,
    /// `to` was linked into `from`.
    StaticallyLinks,
    /// `from` implements the specification `to`.
    Provides,
    /// `from` was made from `to`.
    GeneratedFrom,
}

impl RelationKind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::DependsOn => "depends-on",
            Self::DynamicallyLinks => "dynamically-links",
            Self::StaticallyLinks => "statically-links",
            Self::Provides => "provides",
            Self::GeneratedFrom => "generated-from",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Contains,
            Self::DependsOn,
            Self::DynamicallyLinks,
            Self::StaticallyLinks,
            Self::Provides,
            Self::GeneratedFrom,
        ];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

impl Bom {
    /// The component with this id.
    pub fn component(&self, reference: &ComponentRef) -> Option<&Component> {
        self.components.iter().find(|component| component.reference == *reference)
    }

    /// The component that the document describes.
    pub fn subject(&self) -> Option<&Component> {
        self.component(self.metadata.subject.as_ref()?)
    }

    /// Puts the relations into their order; each stays once.
    pub(crate) fn sort_relations(&mut self) {
        self.relations.sort_unstable();
        self.relations.dedup();
    }
}
