//! What programs say: version strings, build ids, needed libraries.

use program::image::{self, ImageLimits};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use unpack::{Bytes, Tree};

use super::embedded::{self, Embedded, note};
use super::inventory::Index;
use super::signature::{Hit, Signature, signatures};
use super::{Inventory, version};
use crate::{Component, ComponentKind, Evidence, HashAlgorithm, RelationKind, Technique};

/// Files that are no programs are searched from this size on: kernels and boot loaders are not smaller.
const SMALLEST_BLOB: usize = 64 * 1024;

/// An executable file of the tree.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) path: String,
    pub(super) soname: Option<String>,
    pub(super) needed: Vec<String>,
    /// The component it belongs to.
    pub(super) component: Index,
}

/// What one file says, found without looking at others.
struct Reading {
    hits: Vec<Hit>,
    program: bool,
    soname: Option<String>,
    needed: Vec<String>,
    build_id: Option<String>,
    sha256: String,
    embedded: Vec<Embedded>,
    /// The package it says it was built for, and where.
    note: Option<(u64, Component)>,
}

/// Reads every program of the tree and adds what it shows.
pub(super) fn read(tree: &Tree, inventory: &mut Inventory) -> Vec<Program> {
    let files: Vec<(&str, &Bytes)> = tree.files().filter(|(_, content)| worth_reading(content)).collect();
    let readings: Vec<Reading> = files.par_iter().map(|(_, content)| Reading::of(content)).collect();
    cpe_names(inventory);
    let found = files.iter().zip(readings);
    found.filter_map(|((path, _), reading)| place(path, reading, inventory)).collect()
}

fn is_elf(content: &[u8]) -> bool {
    content.starts_with(b"\x7fELF")
}

fn worth_reading(content: &[u8]) -> bool {
    // A text has no NUL in its first block.
    is_elf(content) || content.len() >= SMALLEST_BLOB && content.iter().take(4096).any(|byte| *byte == 0)
}

impl Reading {
    fn of(content: &Bytes) -> Self {
        let program = is_elf(content);
        let hits = signatures().search(content, program);
        let image = program.then(|| image::load(content.to_vec(), &ImageLimits::default()).ok()).flatten();
        let (soname, needed, build_id) =
            image.map(|image| (image.soname, image.needed, image.build_id)).unwrap_or_default();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let sha256 = if program { hex(&Sha256::digest(&**content)) } else { String::new() };
        let embedded = if program { embedded::read(content) } else { Vec::new() };
        let note = program.then(|| note::read(content)).flatten();
        Self { hits, program, soname, needed, build_id: build_id.map(|id| hex(&id)), sha256, embedded, note }
    }
}

/// Packages of well-known programs get the name under which vulnerabilities are recorded.
fn cpe_names(inventory: &mut Inventory) {
    for at in 0..inventory.components().len() {
        let Some(component) = inventory.component_mut(at).filter(|component| component.cpes.is_empty())
        else {
            continue;
        };
        let Some(version) = component.version.as_deref().map(version::upstream) else { continue };
        let same = signatures().all.iter().find(|signature| signature.is_package(&component.name));
        let cpe = same.and_then(|signature| signature.cpe(version));
        component.cpes.extend(cpe);
    }
}

/// Adds what one file shows; gives the program, if it is one, with the component it belongs to.
fn place(path: &str, reading: Reading, inventory: &mut Inventory) -> Option<Program> {
    let mut shown: Vec<Index> =
        reading.hits.iter().filter_map(|hit| identified(path, hit, inventory)).collect();
    shown.dedup();
    if !reading.program {
        return None;
    }
    // A package database knows better than the program itself, and what a program says of itself is worth more than
    // what it shows by the way.
    let noted = reading.note.as_ref().filter(|_| inventory.owner(path).is_none());
    let noted = noted.map(|(at, package)| inventory.component(noted_component(path, *at, package)));
    let component = match (inventory.owner(path).or(noted), shown.as_slice()) {
        (Some(owner), _) => owner,
        (None, [only]) => *only,
        (None, _) => inventory.component(file_component(path, &reading)),
    };
    for part in shown {
        inventory.relate(component, RelationKind::Contains, part);
    }
    for Embedded { name, found } in reading.embedded {
        match found {
            Ok(parts) => parts.into_iter().for_each(|mut part| {
                part.evidence = vec![embedded::evidence(path, name)];
                let part = inventory.component(part);
                inventory.relate(component, RelationKind::StaticallyLinks, part);
            }),
            Err(why) => inventory.blind_spot(path, name, why),
        }
    }
    Some(Program { path: path.to_owned(), soname: reading.soname, needed: reading.needed, component })
}

/// The component that a version string names: the package of the same program and version, or one of its own.
fn identified(path: &str, hit: &Hit, inventory: &mut Inventory) -> Option<Index> {
    let signature = signatures().all.get(hit.signature)?;
    let evidence = Evidence {
        path: path.to_owned(),
        technique: Technique::BinaryAnalysis,
        what: Some(hit.text.clone()),
        offset: Some(hit.offset),
        confidence: Some(signature.confidence),
    };
    let is_same = |component: &Component| {
        signature.is_package(&component.name)
            && component.version.as_deref().is_some_and(|stated| version::names(stated, &hit.version))
    };
    let owner = inventory.owner(path).filter(|owner| inventory.components().get(*owner).is_some_and(is_same));
    match owner.or_else(|| inventory.components().iter().position(is_same)) {
        Some(package) => {
            inventory.see(package, evidence);
            Some(package)
        }
        None => Some(inventory.component(component(signature, hit, evidence))),
    }
}

fn component(signature: &Signature, hit: &Hit, evidence: Evidence) -> Component {
    Component {
        kind: signature.kind,
        name: signature.name.clone(),
        version: Some(hit.version.clone()),
        purl: Some(signature.purl(&hit.version)),
        cpes: signature.cpe(&hit.version).into_iter().collect(),
        evidence: vec![evidence],
        ..Component::default()
    }
}

/// The package that a program says it was built for.
fn noted_component(path: &str, at: u64, package: &Component) -> Component {
    let evidence = Evidence {
        path: path.to_owned(),
        technique: Technique::BinaryAnalysis,
        what: Some("package metadata note".to_owned()),
        offset: Some(at),
        confidence: Some(1000),
    };
    Component { evidence: vec![evidence], ..package.clone() }
}

/// A program that nothing explains.
fn file_component(path: &str, reading: &Reading) -> Component {
    let evidence = Evidence {
        path: path.to_owned(),
        technique: Technique::BinaryAnalysis,
        what: reading.build_id.as_ref().map(|id| format!("build id {id}")),
        offset: Some(0),
        confidence: Some(1000),
    };
    Component {
        kind: ComponentKind::File,
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        hashes: [(HashAlgorithm::Sha256, reading.sha256.clone())].into(),
        evidence: vec![evidence],
        ..Component::default()
    }
}
