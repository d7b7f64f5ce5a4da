//! The smaller elements of CycloneDX JSON.

use serde::de::{MapAccess, SeqAccess};

use super::finish::RawComponent;
use super::json::{Node, Reading, Value, next_node};
use crate::{Evidence, HashAlgorithm, Licence, RelationKind, Technique};

/// Properties that carry relations for which the standard has no place; the rest of the name is the kind.
pub(crate) const RELATION_PROPERTY: &str = "sukashi:relation:";

/// Properties that carry further CPE names: ours, and that of a common generator.
pub(crate) const CPE_PROPERTIES: [&str; 2] = ["sukashi:cpe", "syft:cpe23"];

/// An organization or a person.
#[derive(Default)]
pub(super) struct Party {
    pub(super) name: Option<String>,
}

impl<'de> Node<'de> for Party {
    const NAME: &'static str = "organization";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "name" => self.name = value.text()?,
            "bom-ref" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }

    fn text(&mut self, text: &str, _: &Reading) {
        self.name = Some(text.to_owned());
    }
}

/// Tools: a list up to 1.4, an object with components and services since 1.5.
#[derive(Default)]
pub(super) struct Tools(pub(super) Vec<String>);

impl<'de> Node<'de> for Tools {
    const NAME: &'static str = "tools";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "components" | "services" => {
                self.0.extend(value.list::<Tool>()?.into_iter().filter_map(Tool::title));
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A, reading: &Reading) -> Result<bool, A::Error> {
        let tool = next_node::<Tool, A>(list, reading)?;
        let found = tool.is_some();
        self.0.extend(tool.and_then(Tool::title));
        Ok(found)
    }
}

#[derive(Default)]
struct Tool {
    name: Option<String>,
    version: Option<String>,
}

impl Tool {
    fn title(self) -> Option<String> {
        let name = self.name?;
        Some(self.version.map_or_else(|| name.clone(), |version| format!("{name} {version}")))
    }
}

impl<'de> Node<'de> for Tool {
    const NAME: &'static str = "tool";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "name" => self.name = value.text()?,
            "version" => self.version = value.text()?,
            "type" | "bom-ref" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Hash {
    algorithm: Option<String>,
    content: Option<String>,
}

impl Hash {
    pub(super) fn known(self) -> Option<(HashAlgorithm, String)> {
        Some((HashAlgorithm::from_name(&self.algorithm?)?, self.content?.to_ascii_lowercase()))
    }
}

impl<'de> Node<'de> for Hash {
    const NAME: &'static str = "hash";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "alg" => self.algorithm = value.text()?,
            "content" => self.content = value.text()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

/// `{license: {id | name}}` or `{expression}`.
#[derive(Default)]
pub(super) struct RawLicence(pub(super) Option<Licence>);

impl<'de> Node<'de> for RawLicence {
    const NAME: &'static str = "license";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "license" => self.0 = value.node::<Self>()?.0,
            "id" | "expression" => self.0 = value.text()?.map(Licence::Expression),
            "name" => self.0 = value.text()?.map(Licence::Named),
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct RawEvidence {
    occurrences: Vec<Occurrence>,
    methods: Vec<Method>,
}

impl RawEvidence {
    /// Places together with the methods by which they were found, pairwise where their numbers agree.
    pub(super) fn evidence(self) -> Vec<Evidence> {
        let paired = self.methods.len() == self.occurrences.len();
        let Self { occurrences, methods } = self;
        let method_of = |index: usize| methods.get(if paired { index } else { 0 });
        let with_method = |(index, occurrence): (usize, Occurrence)| {
            let mut evidence = occurrence.0;
            if let Some(method) = method_of(index) {
                evidence.technique = method.technique;
                evidence.confidence = method.confidence;
            }
            evidence
        };
        occurrences.into_iter().enumerate().map(with_method).collect()
    }
}

impl<'de> Node<'de> for RawEvidence {
    const NAME: &'static str = "evidence";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "occurrences" => self.occurrences = value.list()?,
            "identity" => {
                let identities: Vec<Identity> = value.list()?;
                self.methods = identities.into_iter().flat_map(|identity| identity.0).collect();
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Identity(Vec<Method>);

impl<'de> Node<'de> for Identity {
    const NAME: &'static str = "identity";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "methods" => self.0 = value.list()?,
            "field" | "confidence" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Method {
    technique: Technique,
    confidence: Option<u16>,
}

impl<'de> Node<'de> for Method {
    const NAME: &'static str = "method";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "technique" => {
                let name = value.text()?.unwrap_or_default();
                self.technique = Technique::from_name(&name).unwrap_or_default();
            }
            "confidence" => self.confidence = value.text()?.as_deref().and_then(permille),
            "value" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

/// A share of 0 to 1 in thousandths.
fn permille(text: &str) -> Option<u16> {
    let share: f64 = text.parse().ok()?;
    // In range, so nothing is cut off.
    (0.0..=1.0).contains(&share).then(|| (share * 1000.0).round() as u16)
}

#[derive(Default)]
struct Occurrence(Evidence);

impl<'de> Node<'de> for Occurrence {
    const NAME: &'static str = "occurrence";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "location" => self.0.path = value.text()?.unwrap_or_default(),
            "offset" => self.0.offset = value.text()?.and_then(|offset| offset.parse().ok()),
            "additionalContext" => self.0.what = value.text()?,
            "bom-ref" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Property {
    name: Option<String>,
    value: Option<String>,
}

impl<'de> Node<'de> for Property {
    const NAME: &'static str = "property";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "name" => self.name = value.text()?,
            "value" => self.value = value.text()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

impl RawComponent {
    /// Takes what properties carry for us; others are counted by name.
    pub(super) fn property(&mut self, property: Property, reading: &Reading) {
        let (Some(name), Some(value)) = (property.name, property.value) else { return };
        if let Some(kind) = name.strip_prefix(RELATION_PROPERTY).and_then(RelationKind::from_name) {
            self.links.push((kind, value));
        } else if CPE_PROPERTIES.contains(&name.as_str()) {
            self.component.cpes.push(value);
        } else {
            reading.leave_out(format_args!("component.properties {name}"));
        }
    }
}

/// `{ref, dependsOn, provides}`.
#[derive(Default)]
pub(super) struct RawDependency {
    pub(super) from: Option<String>,
    pub(super) to: Vec<(RelationKind, String)>,
}

impl<'de> Node<'de> for RawDependency {
    const NAME: &'static str = "dependency";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let reading = value.reading;
        let kind = match key {
            "ref" => {
                self.from = value.text()?;
                return Ok(());
            }
            "dependsOn" => RelationKind::DependsOn,
            "provides" => RelationKind::Provides,
            _ => return value.leave_out(),
        };
        for target in value.texts()? {
            reading.relation()?;
            self.to.push((kind, target));
        }
        Ok(())
    }
}
