//! SPDX 2.2 and 2.3 JSON.
//!
//! Files become components of kind `file`. `NOASSERTION` and `NONE` are absent values.

use serde::de::{Error, MapAccess};

use super::finish::{Drafts, RawComponent};
use super::json::{Node, Reading, Value};
use super::spdx_relation::{Meaning, meaning};
use super::spdx_value::{asserted, kind_of, licence, party, push_creator, reference};
use super::{Document, ReadError, ReadLimits};
use crate::{Component, ComponentKind, Format, HashAlgorithm, Metadata, RelationKind};

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let reading = Reading::new(limits);
    let raw: RawDocument = reading.document(bytes)?;
    let version = raw.version.clone().unwrap_or_default();
    let bom = raw.graph().finish(&reading);
    Ok(Document { format: Format::SpdxJson, version, bom, not_carried: reading.into_not_carried() })
}

/// A document before its references are resolved; tag-value text gives the same.
#[derive(Default)]
pub(super) struct RawDocument {
    pub(super) version: Option<String>,
    pub(super) id: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) packages: Vec<Package>,
    pub(super) files: Vec<File>,
    pub(super) describes: Vec<String>,
    pub(super) relationships: Vec<Relationship>,
}

impl RawDocument {
    pub(super) fn graph(self) -> Drafts {
        let mut drafts = Drafts::new(self.metadata);
        let contained: Vec<(String, Vec<String>)> =
            self.packages.iter().filter_map(Package::contained).collect();
        let components = self.packages.into_iter().map(|package| package.0);
        drafts.components(components.chain(self.files.into_iter().map(|file| file.0)).collect());
        for (package, files) in contained {
            files.into_iter().for_each(|file| drafts.relation(package.clone(), RelationKind::Contains, file));
        }
        let mut subjects = self.describes;
        let document = self.id.unwrap_or_else(|| "SPDXRef-DOCUMENT".to_owned());
        for Relationship { from, kind, to } in self.relationships {
            match kind {
                Some(Meaning::Describes) if from == document => subjects.push(to),
                Some(Meaning::DescribedBy) if to == document => subjects.push(from),
                Some(Meaning::Forward(kind)) if from != document => drafts.relation(from, kind, to),
                // Some tools let the document contain its packages.
                Some(Meaning::Forward(RelationKind::Contains)) => subjects.push(to),
                Some(Meaning::Backward(kind)) if to != document => drafts.relation(to, kind, from),
                _ => {}
            }
        }
        subjects.sort();
        subjects.dedup();
        // Several subjects are roots among others; a graph has one subject or none.
        if let [subject] = subjects.as_slice()
            && drafts.knows(subject)
        {
            drafts.set_subject(subject.clone());
        }
        drafts
    }
}

impl<'de> Node<'de> for RawDocument {
    const NAME: &'static str = "document";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "spdxVersion" => self.version = value.text()?,
            "SPDXID" => self.id = value.text()?,
            "name" => self.metadata.name = value.text()?,
            "documentNamespace" => self.metadata.serial = value.text()?,
            "creationInfo" => value.node::<CreationInfo>()?.into_metadata(&mut self.metadata),
            "packages" => self.packages = value.list()?,
            "files" => self.files = value.list()?,
            "documentDescribes" => self.describes = value.texts()?,
            "relationships" => self.relationships = value.list()?,
            "dataLicense" => value.skip()?,
            "@context" | "@graph" | "bomFormat" => {
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
struct CreationInfo {
    time: Option<String>,
    creators: Vec<String>,
}

impl CreationInfo {
    fn into_metadata(self, metadata: &mut Metadata) {
        metadata.time = self.time;
        self.creators.iter().for_each(|creator| push_creator(creator, metadata));
    }
}

impl<'de> Node<'de> for CreationInfo {
    const NAME: &'static str = "creationInfo";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "created" => self.time = value.text()?,
            "creators" => self.creators = value.texts()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

/// A package, with the files it is said to contain as links.
#[derive(Default)]
pub(super) struct Package(pub(super) RawComponent);

impl Package {
    fn contained(&self) -> Option<(String, Vec<String>)> {
        let files: Vec<String> = self.0.links.iter().map(|(_, file)| file.clone()).collect();
        (!files.is_empty()).then(|| (self.0.reference.clone().unwrap_or_default(), files))
    }
}

impl<'de> Node<'de> for Package {
    const NAME: &'static str = "package";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let component = &mut self.0.component;
        match key {
            "SPDXID" => self.0.reference = value.text()?,
            "name" => component.name = value.text()?.unwrap_or_default(),
            "versionInfo" => component.version = value.text()?.and_then(asserted),
            "supplier" => component.supplier = value.text()?.and_then(party),
            "originator" => component.originator = value.text()?.and_then(party),
            "primaryPackagePurpose" => component.kind = kind_of(&value.text()?.unwrap_or_default()),
            "summary" | "description" => {
                let text = value.text()?;
                component.description = component.description.take().or(text);
            }
            "hasFiles" => {
                self.0.links.extend(value.texts()?.into_iter().map(|file| (RelationKind::Contains, file)));
            }
            "externalRefs" => value.list::<ExternalRef>()?.into_iter().for_each(|found| {
                reference(component, &found.kind.unwrap_or_default(), found.locator.unwrap_or_default());
            }),
            _ => element_key(component, key, value)?,
        }
        Ok(())
    }

    fn finish<E: Error>(&mut self, reading: &Reading) -> Result<(), E> {
        reading.component()
    }
}

#[derive(Default)]
pub(super) struct File(pub(super) RawComponent);

impl<'de> Node<'de> for File {
    const NAME: &'static str = "file";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let component = &mut self.0.component;
        component.kind = ComponentKind::File;
        match key {
            "SPDXID" => self.0.reference = value.text()?,
            "fileName" => component.name = value.text()?.unwrap_or_default(),
            _ => element_key(component, key, value)?,
        }
        Ok(())
    }

    fn finish<E: Error>(&mut self, reading: &Reading) -> Result<(), E> {
        reading.component()
    }
}

/// Keys that packages and files share.
fn element_key<'de, A: MapAccess<'de>>(
    component: &mut Component,
    key: &str,
    value: Value<'_, A>,
) -> Result<(), A::Error> {
    match key {
        "licenseDeclared" | "licenseConcluded" => {
            let stated = value.text()?.and_then(licence);
            component.licences.extend(stated.filter(|licence| !component.licences.contains(licence)));
        }
        "copyrightText" => component.copyright = value.text()?.and_then(asserted),
        "checksums" => {
            let checksums = value.list::<Checksum>()?;
            component.hashes.extend(checksums.into_iter().filter_map(Checksum::known));
        }
        _ => value.leave_out()?,
    }
    Ok(())
}

#[derive(Default)]
struct Checksum {
    algorithm: Option<String>,
    value: Option<String>,
}

impl Checksum {
    fn known(self) -> Option<(HashAlgorithm, String)> {
        Some((HashAlgorithm::from_name(&self.algorithm?)?, self.value?.to_ascii_lowercase()))
    }
}

impl<'de> Node<'de> for Checksum {
    const NAME: &'static str = "checksum";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "algorithm" => self.algorithm = value.text()?,
            "checksumValue" => self.value = value.text()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct ExternalRef {
    kind: Option<String>,
    locator: Option<String>,
}

impl<'de> Node<'de> for ExternalRef {
    const NAME: &'static str = "externalRef";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        match key {
            "referenceType" => self.kind = value.text()?,
            "referenceLocator" => self.locator = value.text()?,
            "referenceCategory" => value.skip()?,
            _ => value.leave_out()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Relationship {
    pub(super) from: String,
    pub(super) kind: Option<Meaning>,
    pub(super) to: String,
}

impl<'de> Node<'de> for Relationship {
    const NAME: &'static str = "relationship";

    fn key<A: MapAccess<'de>>(&mut self, key: &str, value: Value<'_, A>) -> Result<(), A::Error> {
        let reading = value.reading;
        match key {
            "spdxElementId" => self.from = value.text()?.unwrap_or_default(),
            "relatedSpdxElement" => self.to = value.text()?.unwrap_or_default(),
            "relationshipType" => {
                let name = value.text()?.unwrap_or_default();
                self.kind = meaning(&name);
                if self.kind.is_none() {
                    reading.leave_out(format_args!("relationship {name}"));
                }
            }
            _ => value.leave_out()?,
        }
        Ok(())
    }

    fn finish<E: Error>(&mut self, reading: &Reading) -> Result<(), E> {
        reading.relation()
    }
}
