//! SPDX 3.0 JSON-LD, in the one serialization that the standard's own JSON Schema allows: a list of elements under
//! `@graph`, each with `type` and `spdxId`.
//!
//! Packages, AI packages and datasets become components, files components of kind `file`. Licences stand in elements of
//! their own, to which relationships lead. Source: SPDX 3.0.1, annex "RDF and JSON-LD serialization", and its model.

use std::collections::HashMap;

use serde::de::MapAccess;

use super::finish::{Drafts, RawComponent};
use super::json::{Node, Reading, Value};
use super::spdx_relation::{Meaning, meaning3};
use super::spdx_value::{asserted, kind_of, licence};
use super::{Document, ReadError, ReadLimits};
use crate::{ComponentKind, Format, HashAlgorithm, Metadata};

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let reading = Reading::new(limits);
    let raw: RawGraph = reading.document(bytes)?;
    let version = raw.version();
    let bom = raw.graph(&reading).finish(&reading);
    Ok(Document { format: Format::SpdxJsonLd, version, bom, not_carried: reading.into_not_carried() })
}

#[derive(Default)]
struct RawGraph {
    context: Option<String>,
    elements: Vec<Element>,
}

impl<'de> Node<'de> for RawGraph {
    const NAME: &'static str = "document";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "@context" => self.context = value.texts()?.into_iter().next(),
            "@graph" => self.elements = value.list()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

/// Any element; which keys it has depends on its type.
#[derive(Default)]
struct Element {
    kind: String,
    id: String,
    raw: RawComponent,
    // Of relationships.
    from: String,
    to: Vec<String>,
    relation: String,
    // Of licences.
    expression: Option<String>,
    // Of documents and creation.
    roots: Vec<String>,
    creation: Option<String>,
    spec_version: Option<String>,
    created: Option<String>,
    created_by: Vec<String>,
    created_using: Vec<String>,
    sbom_types: Vec<String>,
    /// References to agents.
    supplied_by: Option<String>,
    originated_by: Option<String>,
}

impl<'de> Node<'de> for Element {
    const NAME: &'static str = "element";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let component = &mut self.raw.component;
        match key {
            "type" | "@type" => self.kind = value.text()?.unwrap_or_default(),
            "spdxId" | "@id" => self.id = value.text()?.unwrap_or_default(),
            "name" => component.name = value.text()?.unwrap_or_default(),
            "description" | "summary" => {
                let text = value.text()?;
                component.description = component.description.take().or(text);
            }
            "software_packageVersion" => component.version = value.text()?.and_then(asserted),
            "software_packageUrl" => component.purl = value.text()?,
            "software_copyrightText" => component.copyright = value.text()?.and_then(asserted),
            "software_primaryPurpose" => {
                component.kind = kind_of(&spelled(&value.text()?.unwrap_or_default()));
            }
            "verifiedUsing" => {
                let hashes = value.list::<Hash>()?;
                component.hashes.extend(hashes.into_iter().filter_map(Hash::known));
            }
            "externalIdentifier" => {
                for found in value.list::<Identifier>()? {
                    found.take(component);
                }
            }
            "suppliedBy" => self.supplied_by = value.text()?,
            "originatedBy" => self.originated_by = value.texts()?.into_iter().next(),
            "from" => self.from = value.text()?.unwrap_or_default(),
            "to" => self.to = value.texts()?,
            "relationshipType" => self.relation = value.text()?.unwrap_or_default(),
            "simplelicensing_licenseExpression" => self.expression = value.text()?,
            "rootElement" => self.roots = value.texts()?,
            "creationInfo" => self.creation = value.text()?,
            "specVersion" => self.spec_version = value.text()?,
            "created" => self.created = value.text()?,
            "createdBy" => self.created_by = value.texts()?,
            "createdUsing" => self.created_using = value.texts()?,
            "software_sbomType" => self.sbom_types = value.texts()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

/// `operatingSystem` as SPDX 2 spells it.
fn spelled(purpose: &str) -> String {
    let mut out = String::new();
    for c in purpose.chars() {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[derive(Default)]
struct Hash {
    algorithm: Option<String>,
    value: Option<String>,
}

impl Hash {
    fn known(self) -> Option<(HashAlgorithm, String)> {
        Some((HashAlgorithm::from_name(&self.algorithm?.to_uppercase())?, self.value?.to_ascii_lowercase()))
    }
}

impl<'de> Node<'de> for Hash {
    const NAME: &'static str = "hash";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "algorithm" => self.algorithm = value.text()?,
            "hashValue" => self.value = value.text()?,
            "type" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Identifier {
    kind: Option<String>,
    value: Option<String>,
}

impl Identifier {
    fn take(self, component: &mut crate::Component) {
        let (Some(kind), Some(value)) = (self.kind, self.value) else { return };
        match kind.as_str() {
            "packageUrl" | "packageURL" if component.purl.is_none() => component.purl = Some(value),
            "cpe22" | "cpe23" if !component.cpes.contains(&value) => component.cpes.push(value),
            _ => {}
        }
    }
}

impl<'de> Node<'de> for Identifier {
    const NAME: &'static str = "externalIdentifier";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "externalIdentifierType" => self.kind = value.text()?,
            "identifier" => self.value = value.text()?,
            "type" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

fn is_component(kind: &str) -> bool {
    matches!(kind, "software_Package" | "software_File" | "ai_AIPackage" | "dataset_DatasetPackage")
}

impl RawGraph {
    fn version(&self) -> String {
        let stated = self.elements.iter().find_map(|element| element.spec_version.clone());
        let in_context =
            || Some(self.context.as_ref()?.split_once("spdx.org/rdf/")?.1.split('/').next()?.to_owned());
        stated.or_else(in_context).unwrap_or_default()
    }

    fn graph(self, reading: &Reading) -> Drafts {
        let names: HashMap<String, String> =
            self.elements.iter().map(|e| (e.id.clone(), e.raw.component.name.clone())).collect();
        let named = |id: &String| names.get(id).filter(|name| !name.is_empty()).cloned();
        let expressions: HashMap<String, String> =
            self.elements.iter().filter_map(|e| Some((e.id.clone(), e.expression.clone()?))).collect();
        let mut drafts = Drafts::new(self.metadata(&named));
        let (mut components, mut licences, mut links) =
            (Vec::new(), HashMap::<String, Vec<String>>::new(), Vec::new());
        let (mut roots, mut documents) = (Vec::new(), Vec::new());
        for element in self.elements {
            match element.kind.as_str() {
                "Relationship" | "LifecycleScopedRelationship" => match element.relation.as_str() {
                    "hasDeclaredLicense" | "hasConcludedLicense" => {
                        let texts = element.to.iter().filter_map(|to| expressions.get(to).cloned());
                        licences.entry(element.from).or_default().extend(texts);
                    }
                    relation => {
                        let kind = meaning3(relation);
                        if kind.is_none() {
                            reading.leave_out(format_args!("relationship {relation}"));
                        }
                        links.extend(element.to.into_iter().map(|to| (element.from.clone(), kind, to)));
                    }
                },
                "SpdxDocument" | "software_Sbom" | "Bom" | "Bundle" => {
                    documents.push(element.id);
                    roots.extend(element.roots);
                }
                kind if is_component(kind) => components.push(component(element, &named)),
                _ => {}
            }
        }
        for raw in &mut components {
            let texts = licences.remove(raw.reference.as_deref().unwrap_or_default()).unwrap_or_default();
            for stated in texts.into_iter().filter_map(licence) {
                if !raw.component.licences.contains(&stated) {
                    raw.component.licences.push(stated);
                }
            }
        }
        drafts.components(components);
        for (from, kind, to) in links {
            match kind {
                Some(Meaning::Describes) => roots.push(to),
                Some(Meaning::Forward(kind)) if !documents.contains(&from) => drafts.relation(from, kind, to),
                Some(Meaning::Backward(kind)) => drafts.relation(to, kind, from),
                _ => {}
            }
        }
        roots.retain(|root| !documents.contains(root) && drafts.knows(root));
        roots.sort();
        roots.dedup();
        // Several roots are roots among others; a graph has one subject or none.
        if let [root] = roots.as_slice() {
            drafts.set_subject(root.clone());
        }
        drafts
    }

    fn metadata(&self, named: &dyn Fn(&String) -> Option<String>) -> Metadata {
        let document = self.elements.iter().find(|element| element.kind == "SpdxDocument");
        let creation = document.and_then(|document| document.creation.as_ref());
        let is_creation = |element: &&Element| element.kind == "CreationInfo";
        let creation = self
            .elements
            .iter()
            .filter(is_creation)
            .find(|element| Some(&element.id) == creation)
            .or_else(|| self.elements.iter().find(is_creation));
        let lifecycles = self.elements.iter().flat_map(|element| &element.sbom_types);
        Metadata {
            name: document
                .map(|document| document.raw.component.name.clone())
                .filter(|name| !name.is_empty()),
            serial: document.map(|document| document.id.clone()),
            time: creation.and_then(|creation| creation.created.clone()),
            authors: creation.into_iter().flat_map(|c| &c.created_by).filter_map(named).collect(),
            tools: creation.into_iter().flat_map(|c| &c.created_using).filter_map(named).collect(),
            lifecycles: lifecycles.cloned().collect(),
            ..Metadata::default()
        }
    }
}

fn component(element: Element, named: &dyn Fn(&String) -> Option<String>) -> RawComponent {
    let Element { mut raw, kind, id, supplied_by, originated_by, .. } = element;
    raw.reference = Some(id).filter(|id| !id.is_empty());
    raw.component.supplier = supplied_by.as_ref().and_then(named);
    raw.component.originator = originated_by.as_ref().and_then(named);
    match kind.as_str() {
        "software_File" => raw.component.kind = ComponentKind::File,
        "ai_AIPackage" => raw.component.kind = ComponentKind::MachineLearningModel,
        "dataset_DatasetPackage" => raw.component.kind = ComponentKind::Data,
        _ => {}
    }
    raw
}
