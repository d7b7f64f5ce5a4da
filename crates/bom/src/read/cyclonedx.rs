//! CycloneDX JSON, 1.2–1.7 (ECMA-424).

use serde::de::{Error, MapAccess};

use super::cyclonedx_parts::{Hash, Party, Property, RawDependency, RawEvidence, RawLicence, Tools};
use super::finish::{Drafts, RawComponent};
use super::json::{Node, Reading, Value};
use super::{Document, ReadError, ReadLimits};
use crate::{ComponentKind, Format, Metadata};

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let reading = Reading::new(limits);
    let raw: RawBom = reading.document(bytes)?;
    Ok(document(raw, reading))
}

/// The same from a tree, to which XML is turned.
pub(super) fn from_value(value: &serde_json::Value, reading: Reading) -> Result<Document, ReadError> {
    let raw: RawBom = reading.value(value)?;
    Ok(document(raw, reading))
}

fn document(mut raw: RawBom, reading: Reading) -> Document {
    raw.metadata.metadata.serial = raw.serial;
    let mut drafts = Drafts::new(raw.metadata.metadata);
    drafts.subject(raw.metadata.subject.map(|subject| *subject));
    drafts.components(raw.components);
    for dependency in raw.dependencies {
        let from = dependency.from.unwrap_or_default();
        dependency.to.into_iter().for_each(|(kind, to)| drafts.relation(from.clone(), kind, to));
    }
    let bom = drafts.finish(&reading);
    let version = raw.version.unwrap_or_default();
    Document { format: Format::CycloneDxJson, version, bom, not_carried: reading.into_not_carried() }
}

#[derive(Default)]
struct RawBom {
    version: Option<String>,
    serial: Option<String>,
    metadata: RawMetadata,
    components: Vec<RawComponent>,
    dependencies: Vec<RawDependency>,
}

impl<'de> Node<'de> for RawBom {
    const NAME: &'static str = "bom";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "bomFormat" | "$schema" | "version" => value.skip()?,
            "specVersion" => self.version = value.text()?,
            "serialNumber" => self.serial = value.text()?,
            "metadata" => self.metadata = value.node()?,
            "components" => self.components = value.list()?,
            "dependencies" => self.dependencies = value.list()?,
            // Which of the two a reader takes must not depend on the reader.
            "spdxVersion" | "@context" => {
                return Err(A::Error::custom(format!(
                    "`{key}` makes it another standard's document as well"
                )));
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct RawMetadata {
    metadata: Metadata,
    subject: Option<Box<RawComponent>>,
}

impl<'de> Node<'de> for RawMetadata {
    const NAME: &'static str = "metadata";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let metadata = &mut self.metadata;
        match key {
            "timestamp" => metadata.time = value.text()?,
            "component" => self.subject = Some(Box::new(value.node()?)),
            "supplier" => metadata.supplier = value.node::<Party>()?.name,
            "authors" | "manufacture" | "manufacturer" => {
                metadata.authors.extend(value.list::<Party>()?.into_iter().filter_map(|party| party.name));
            }
            "tools" => metadata.tools = value.node::<Tools>()?.0,
            "lifecycles" => {
                let phases = value.list::<Lifecycle>()?;
                metadata.lifecycles = phases.into_iter().filter_map(|lifecycle| lifecycle.0).collect();
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Lifecycle(Option<String>);

impl<'de> Node<'de> for Lifecycle {
    const NAME: &'static str = "lifecycle";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "phase" | "name" => self.0 = value.text()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

impl<'de> Node<'de> for RawComponent {
    const NAME: &'static str = "component";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let component = &mut self.component;
        match key {
            "bom-ref" => self.reference = value.text()?,
            "type" => {
                component.kind =
                    value.text()?.and_then(|kind| ComponentKind::from_name(&kind)).unwrap_or_default();
            }
            "group" => component.group = value.text()?,
            "name" => component.name = value.text()?.unwrap_or_default(),
            "version" => component.version = value.text()?,
            "description" => component.description = value.text()?,
            "copyright" => component.copyright = value.text()?,
            "purl" => component.purl = value.text()?,
            "cpe" => component.cpes.extend(value.text()?),
            "supplier" => component.supplier = value.node::<Party>()?.name,
            "publisher" | "author" | "manufacturer" | "authors" => {
                let makers = value.list::<Party>()?;
                let maker = makers.into_iter().find_map(|party| party.name);
                component.originator = component.originator.take().or(maker);
            }
            "hashes" => {
                let hashes = value.list::<Hash>()?;
                component.hashes.extend(hashes.into_iter().filter_map(Hash::known));
            }
            "licenses" => {
                component.licences =
                    value.list::<RawLicence>()?.into_iter().filter_map(|raw| raw.0).collect();
            }
            "components" => self.parts = value.list()?,
            "evidence" => component.evidence = value.node::<RawEvidence>()?.evidence(),
            "properties" => {
                let reading = value.reading;
                value.list::<Property>()?.into_iter().for_each(|property| self.property(property, reading));
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }

    fn finish<E: Error>(&mut self, reading: &Reading) -> Result<(), E> {
        reading.component()
    }
}
