//! SPDX 2.2 and 2.3 tag-value text.
//!
//! Lines of `Tag: value`; a value in `<text>…</text>` goes over several lines. A package, a file or a snippet begins with
//! its name tag, and what follows belongs to it. Source: SPDX 2.3, clause 6–11, "Tag-value format" of each field.

use super::json::Reading;
use super::spdx::{File, Package, RawDocument, Relationship};
use super::spdx_relation::meaning;
use super::spdx_value::{asserted, kind_of, licence, party, push_creator, reference};
use super::{Document, ReadError, ReadLimits};
use crate::{Component, ComponentKind, Format, HashAlgorithm, Place};

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Document, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Malformed {
        place: Place::of_offset(bytes, error.valid_up_to()),
        message: "not UTF-8".to_owned(),
    })?;
    let reading = Reading::new(limits);
    let mut state = State { document: RawDocument::default(), section: Section::Document };
    let mut tags = Tags::new(text);
    while let Some((offset, tag, value)) = tags.next_tag().map_err(|at| unterminated(bytes, at))? {
        if tag.starts_with(['{', '<']) {
            let message = format!("`{tag}` is no tag, but another format's text");
            return Err(ReadError::Malformed { place: Place::of_offset(bytes, offset), message });
        }
        state.take(tag, value, &reading).map_err(|what| exceeded(bytes, offset, what, limits))?;
    }
    let version = state.document.version.clone().unwrap_or_default();
    let bom = state.document.graph().finish(&reading);
    Ok(Document { format: Format::SpdxTagValue, version, bom, not_carried: reading.into_not_carried() })
}

fn unterminated(bytes: &[u8], at: usize) -> ReadError {
    let message = "`<text>` without `</text>`".to_owned();
    ReadError::Malformed { place: Place::of_offset(bytes, at), message }
}

fn exceeded(bytes: &[u8], at: usize, what: &'static str, limits: &ReadLimits) -> ReadError {
    let limit = if what == "relations" { limits.relations } else { limits.components };
    ReadError::TooMany { place: Place::of_offset(bytes, at), what, limit }
}

/// Tags and their values, one after the other.
pub(crate) struct Tags<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Tags<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, offset: 0 }
    }

    /// The next tag with its offset; the error is the offset of a text that never ends.
    pub(crate) fn next_tag(&mut self) -> Result<Option<(usize, &'t str, &'t str)>, usize> {
        loop {
            let at = self.offset;
            let rest = self.text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(None);
            }
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default();
            self.offset = at + end + 1;
            if line.trim_start().starts_with('#') {
                continue;
            }
            let Some((tag, value)) = line.split_once(':') else { continue };
            if let Some(start) = value.trim_start().strip_prefix("<text>") {
                let from = at + end - start.len();
                let inside = self.text.get(from..).unwrap_or_default();
                let length = inside.find("</text>").ok_or(at)?;
                self.offset = from + length + "</text>".len();
                return Ok(Some((at, tag.trim(), inside.get(..length).unwrap_or_default().trim())));
            }
            return Ok(Some((at, tag.trim(), value.trim())));
        }
    }
}

/// To what the next tags belong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Document,
    Package,
    File,
    Other,
}

struct State {
    document: RawDocument,
    section: Section,
}

impl State {
    /// Takes one tag; the error names the limit that is exceeded.
    fn take(&mut self, tag: &str, value: &str, reading: &Reading) -> Result<(), &'static str> {
        match tag {
            "PackageName" => {
                reading.component_allowed()?;
                let mut package = Package::default();
                value.clone_into(&mut package.0.component.name);
                self.document.packages.push(package);
                self.section = Section::Package;
            }
            "FileName" => {
                reading.component_allowed()?;
                let mut file = File::default();
                file.0.component.kind = ComponentKind::File;
                value.clone_into(&mut file.0.component.name);
                self.document.files.push(file);
                self.section = Section::File;
            }
            "SnippetSPDXID" | "SnippetSPDXIdentifier" | "LicenseID" | "Annotator" | "Reviewer" => {
                reading.leave_out(format_args!("{tag}"));
                self.section = Section::Other;
            }
            "Relationship" => self.relationship(value, reading)?,
            _ => self.field(tag, value, reading),
        }
        Ok(())
    }

    fn relationship(&mut self, value: &str, reading: &Reading) -> Result<(), &'static str> {
        reading.relation_allowed()?;
        let mut words = value.split_whitespace();
        if let (Some(from), Some(name), Some(to)) = (words.next(), words.next(), words.next()) {
            let kind = meaning(name);
            if kind.is_none() {
                reading.leave_out(format_args!("relationship {name}"));
            }
            self.document.relationships.push(Relationship { from: from.to_owned(), kind, to: to.to_owned() });
        }
        Ok(())
    }

    fn field(&mut self, tag: &str, value: &str, reading: &Reading) {
        let raw = match self.section {
            Section::Document => return self.document_field(tag, value, reading),
            Section::Package => self.document.packages.last_mut().map(|package| &mut package.0),
            Section::File => self.document.files.last_mut().map(|file| &mut file.0),
            Section::Other => None,
        };
        let Some(raw) = raw else { return };
        if tag == "SPDXID" {
            raw.reference = Some(value.to_owned());
        } else if !component_field(&mut raw.component, tag, value) {
            reading.leave_out(format_args!("{tag}"));
        }
    }

    fn document_field(&mut self, tag: &str, value: &str, reading: &Reading) {
        let document = &mut self.document;
        let text = || Some(value.to_owned());
        match tag {
            "SPDXVersion" => document.version = text(),
            "SPDXID" => document.id = text(),
            "DocumentName" => document.metadata.name = text(),
            "DocumentNamespace" => document.metadata.serial = text(),
            "Created" => document.metadata.time = text(),
            "Creator" => push_creator(value, &mut document.metadata),
            "DataLicense" => {}
            _ => reading.leave_out(format_args!("{tag}")),
        }
    }
}

/// Takes a field of a package or a file; `false` if the graph does not hold it.
fn component_field(component: &mut Component, tag: &str, value: &str) -> bool {
    let text = || asserted(value.to_owned());
    match tag {
        "PackageVersion" => component.version = text(),
        "PackageSupplier" => component.supplier = party(value.to_owned()),
        "PackageOriginator" => component.originator = party(value.to_owned()),
        "PrimaryPackagePurpose" => component.kind = kind_of(value),
        "PackageSummary" | "PackageDescription" => {
            component.description = component.description.take().or_else(text);
        }
        "PackageCopyrightText" | "FileCopyrightText" => component.copyright = text(),
        "PackageLicenseDeclared" | "PackageLicenseConcluded" | "LicenseConcluded" => {
            let stated = licence(value.to_owned());
            component.licences.extend(stated.filter(|licence| !component.licences.contains(licence)));
        }
        "PackageChecksum" | "FileChecksum" => {
            if let Some((name, digest)) = value.split_once(':')
                && let Some(algorithm) = HashAlgorithm::from_name(name.trim())
            {
                component.hashes.insert(algorithm, digest.trim().to_ascii_lowercase());
            }
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            if let (Some(kind), Some(locator)) = (words.next(), words.next()) {
                reference(component, kind, locator.to_owned());
            }
        }
        _ => return false,
    }
    true
}
