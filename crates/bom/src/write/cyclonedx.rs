//! CycloneDX 1.6 and 1.7 JSON.
//!
//! "Contains" becomes nesting; what the subject contains stands at the top. Relations that the standard cannot say are
//! written twice: as the nearest thing it can say (`dependsOn`), and exactly, as a property of ours.

use std::collections::{BTreeMap, HashMap};

use super::cyclonedx_elements::{
    Dependency, Document, Element, EvidenceElement, Hash, Identity, LicenceChoice, LicenceElement, Lifecycle,
    MetadataElement, Method, Occurrence, Party, Property, Tool, Tools,
};
use super::nesting::{Nesting, nest};
use super::{Losses, Written};
use crate::read::{CPE_PROPERTIES, RELATION_PROPERTY};
use crate::write::licences::is_identifier;
use crate::{Bom, Component, Evidence, Licence, RelationKind};

pub(super) fn write(bom: &Bom, version: &'static str) -> Written {
    let mut writer = Writer::new(bom);
    let document = writer.document(version);
    // Only maps with keys that are no texts fail, and there are none.
    let mut bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
    bytes.push(b'\n');
    Written { bytes, lost: writer.losses.0 }
}

struct Writer<'b> {
    bom: &'b Bom,
    nesting: Nesting,
    /// Properties of ours, by component.
    properties: BTreeMap<usize, Vec<Property<'b>>>,
    losses: Losses,
}

impl<'b> Writer<'b> {
    fn new(bom: &'b Bom) -> Self {
        let ids = bom.components.iter().enumerate();
        let index: HashMap<&str, usize> = ids.map(|(at, c)| (c.reference.0.as_str(), at)).collect();
        let subject = bom.metadata.subject.as_ref().and_then(|id| index.get(id.0.as_str())).copied();
        let nesting = nest(bom, &index, subject);
        let mut writer = Self { bom, nesting, properties: BTreeMap::new(), losses: Losses::default() };
        for (whole, part) in std::mem::take(&mut writer.nesting.others) {
            let part = bom.components.get(part).map_or("", |component| component.reference.0.as_str());
            writer.link(whole, RelationKind::Contains, part);
        }
        for relation in &bom.relations {
            let exact = matches!(
                relation.kind,
                RelationKind::Contains | RelationKind::DependsOn | RelationKind::Provides
            );
            match index.get(relation.from.0.as_str()) {
                Some(from) if !exact => writer.link(*from, relation.kind, &relation.to.0),
                _ => {}
            }
        }
        writer
    }

    fn link(&mut self, from: usize, kind: RelationKind, to: &'b str) {
        let name = format!("{RELATION_PROPERTY}{}", kind.name());
        self.properties.entry(from).or_default().push(Property { name, value: to });
    }

    fn document(&mut self, version: &'static str) -> Document<'b> {
        let bom = self.bom;
        if bom.metadata.name.is_some() {
            self.losses.add("name of the document");
        }
        let serial = bom.metadata.serial.as_deref();
        let metadata = self.metadata();
        let roots = std::mem::take(&mut self.nesting.roots);
        Document {
            schema: format!("http://cyclonedx.org/schema/bom-{version}.schema.json"),
            bom_format: "CycloneDX",
            spec_version: version,
            serial_number: self.losses.fit(serial, "id of the document", is_uuid_urn),
            version: 1,
            metadata,
            components: roots.into_iter().filter_map(|root| self.component(root)).collect(),
            dependencies: dependencies(bom),
        }
    }

    fn metadata(&mut self) -> Option<MetadataElement<'b>> {
        let metadata = &self.bom.metadata;
        let subject = metadata.subject.as_ref();
        let subject = subject.and_then(|id| self.bom.components.iter().position(|c| c.reference == *id));
        let tool = |name: &'b String| Tool { kind: "application", name };
        let tools: Vec<Tool<'b>> = metadata.tools.iter().map(tool).collect();
        let element = MetadataElement {
            timestamp: self.losses.fit(metadata.time.as_deref(), "time", is_date_time),
            lifecycles: metadata.lifecycles.iter().map(|phase| lifecycle(phase)).collect(),
            tools: (!tools.is_empty()).then_some(Tools { components: tools }),
            authors: metadata.authors.iter().map(|name| Party { name }).collect(),
            component: subject.and_then(|subject| self.component(subject)),
            supplier: metadata.supplier.as_deref().map(|name| Party { name }),
        };
        (element != MetadataElement::default()).then_some(element)
    }

    /// Nesting is bounded, so this may call itself.
    fn component(&mut self, at: usize) -> Option<Element<'b>> {
        let component = self.bom.components.get(at)?;
        let parts = self.nesting.parts.remove(&at).unwrap_or_default();
        let mut properties = self.properties.remove(&at).unwrap_or_default();
        let (cpe, more) =
            component.cpes.split_first().map_or((None, &[][..]), |(cpe, more)| (Some(cpe), more));
        properties.extend(more.iter().map(|value| Property { name: CPE_PROPERTIES[0].to_owned(), value }));
        Some(Element {
            // The standard's own advice where nothing better is known.
            kind: component.kind.name().unwrap_or("application"),
            bom_ref: &component.reference.0,
            supplier: component.supplier.as_deref().map(|name| Party { name }),
            publisher: component.originator.as_deref(),
            group: component.group.as_deref(),
            name: &component.name,
            version: component.version.as_deref(),
            description: component.description.as_deref(),
            hashes: self.hashes(component),
            licenses: licences(&component.licences, &mut self.losses),
            copyright: component.copyright.as_deref(),
            cpe: cpe.map(String::as_str),
            purl: component.purl.as_deref(),
            components: parts.into_iter().filter_map(|part| self.component(part)).collect(),
            evidence: evidence(&component.evidence),
            properties,
        })
    }

    fn hashes(&mut self, component: &'b Component) -> Vec<Hash<'b>> {
        let mut hashes = Vec::new();
        for (algorithm, content) in &component.hashes {
            let digits = content.bytes().all(|byte| byte.is_ascii_hexdigit());
            match algorithm.cyclonedx() {
                // GOST digests came with 1.7.
                Some(alg)
                    if digits && HASH_DIGITS.contains(&content.len()) && !alg.starts_with("Streebog") =>
                {
                    hashes.push(Hash { alg, content });
                }
                _ => self.losses.add("digest"),
            }
        }
        hashes
    }
}

/// Hexadecimal digits that a digest may have (schema, `hash-content`).
const HASH_DIGITS: [usize; 5] = [32, 40, 64, 96, 128];

/// Phases with a name in the standard (schema, `lifecycles.phase`).
const PHASES: [&str; 7] =
    ["design", "pre-build", "build", "post-build", "operations", "discovery", "decommission"];

fn lifecycle(phase: &str) -> Lifecycle<'_> {
    if PHASES.contains(&phase) {
        Lifecycle { phase: Some(phase), name: None }
    } else {
        Lifecycle { phase: None, name: Some(phase) }
    }
}

fn is_uuid_urn(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    let groups: Vec<&str> = uuid.split('-').collect();
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(lower_hex))
}

/// `2024-05-01T10:00:00Z`, with fraction and offset where stated (RFC 3339).
pub(crate) fn is_date_time(text: &str) -> bool {
    let shape = text.bytes().take(19).map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    let rest = text.get(19..).unwrap_or_default().trim_start_matches('.');
    let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let offset = zone.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(*b"0000-00-00T00:00:00")
        && (zone == "Z" || offset.clone().eq(*b"+00:00") || offset.eq(*b"-00:00"))
}

fn licences<'b>(stated: &'b [Licence], losses: &mut Losses) -> Vec<LicenceChoice<'b>> {
    if let [Licence::Expression(expression)] = stated
        && !is_identifier(expression)
    {
        return vec![LicenceChoice { expression: Some(expression), license: None }];
    }
    let mut choices: Vec<LicenceChoice<'b>> = Vec::new();
    for licence in stated {
        let (id, name) = match licence {
            Licence::Expression(id) if is_identifier(id) => (Some(id.as_str()), None),
            Licence::Expression(text) => {
                losses.add("licence expression among others, written as a name");
                (None, Some(text.as_str()))
            }
            Licence::Named(name) => (None, Some(name.as_str())),
        };
        choices.push(LicenceChoice { expression: None, license: Some(LicenceElement { id, name }) });
    }
    choices
}

fn evidence(found: &[Evidence]) -> Option<EvidenceElement<'_>> {
    (!found.is_empty()).then(|| EvidenceElement {
        identity: vec![Identity { field: "name", methods: found.iter().map(method).collect() }],
        occurrences: found
            .iter()
            .map(|evidence| Occurrence {
                location: &evidence.path,
                offset: evidence.offset,
                additional_context: evidence.what.as_deref(),
            })
            .collect(),
    })
}

fn method(evidence: &Evidence) -> Method {
    Method {
        technique: evidence.technique.name().unwrap_or("other"),
        confidence: f64::from(evidence.confidence.unwrap_or(0)) / 1000.0,
    }
}

fn dependencies(bom: &Bom) -> Vec<Dependency<'_>> {
    let mut dependencies: BTreeMap<&str, Dependency<'_>> = BTreeMap::new();
    for relation in &bom.relations {
        let entry = || Dependency { from: &relation.from.0, ..Dependency::default() };
        match relation.kind {
            RelationKind::DependsOn | RelationKind::DynamicallyLinks | RelationKind::StaticallyLinks => {
                dependencies.entry(&relation.from.0).or_insert_with(entry).depends_on.insert(&relation.to.0);
            }
            RelationKind::Provides => {
                dependencies.entry(&relation.from.0).or_insert_with(entry).provides.insert(&relation.to.0);
            }
            RelationKind::Contains | RelationKind::GeneratedFrom => {}
        }
    }
    dependencies.into_values().collect()
}
