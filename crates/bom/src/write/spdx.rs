//! SPDX 2.3 JSON.
//!
//! Every component becomes a package, files as well: a file of SPDX needs a SHA-1 digest, which few documents have. The
//! standard demands a time and a unique name space: where the graph states none, the time is the epoch, and the name
//! space is made from the graph's digest, so that the same graph gives the same bytes. Both are listed as lost.
//!
//! Source: SPDX 2.3, clauses 6, 7 and 11, and its JSON schema.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::cyclonedx::is_date_time;
use super::licences::is_identifier;
use super::{Losses, Written};
use crate::{Bom, Component, ComponentKind, ComponentRef, Licence, RelationKind};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// What stands where nothing is known.
const NOTHING: &str = "NOASSERTION";

pub(super) fn write(bom: &Bom) -> Written {
    let mut losses = Losses::default();
    let ids = ids(bom);
    let packages: Vec<Value> = bom
        .components
        .iter()
        .map(|component| {
            package(component, ids.get(&component.reference).map_or("", String::as_str), &mut losses)
        })
        .collect();
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name(bom),
        "documentNamespace": name_space(bom, &mut losses),
        "creationInfo": creation(bom, &mut losses),
        "packages": packages,
        "relationships": relationships(bom, &ids),
    });
    let subject = bom.metadata.subject.as_ref().and_then(|subject| ids.get(subject));
    if let (Some(subject), Some(document)) = (subject, document.as_object_mut()) {
        document.insert("documentDescribes".to_owned(), json!([subject]));
    }
    // Trees of texts and numbers always print.
    let mut bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
    bytes.push(b'\n');
    Written { bytes, lost: losses.0 }
}

/// Ids of the standard's form: the component's own where it has one, else its number.
fn ids(bom: &Bom) -> HashMap<&ComponentRef, String> {
    let mut taken: BTreeSet<String> = BTreeSet::from([DOCUMENT.to_owned()]);
    let own: Vec<bool> =
        bom.components.iter().map(|c| is_id(&c.reference.0) && taken.insert(c.reference.0.clone())).collect();
    let mut ids = HashMap::new();
    for (number, (component, own)) in bom.components.iter().zip(own).enumerate() {
        let mut id = if own { component.reference.0.clone() } else { format!("SPDXRef-{number}") };
        while !own && !taken.insert(id.clone()) {
            id.push('-');
        }
        ids.insert(&component.reference, id);
    }
    ids
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    text.strip_prefix("SPDXRef-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fits))
}

fn name(bom: &Bom) -> &str {
    let subject = || bom.subject().map(|subject| subject.name.as_str());
    bom.metadata.name.as_deref().or_else(subject).filter(|name| !name.is_empty()).unwrap_or("unnamed")
}

fn name_space(bom: &Bom, losses: &mut Losses) -> String {
    let is_uri = |text: &&str| text.contains(':') && !text.contains(['#', ' ', '"', '<', '>']);
    if let Some(stated) = bom.metadata.serial.as_deref().filter(is_uri) {
        return stated.to_owned();
    }
    losses.add("name space, demanded and not stated: made from a digest");
    let digest = Sha256::digest(serde_json::to_vec(bom).unwrap_or_default());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:sha256:{hex}")
}

fn creation(bom: &Bom, losses: &mut Losses) -> Value {
    let metadata = &bom.metadata;
    let mut creators: Vec<String> =
        metadata.tools.iter().map(|tool| format!("Tool: {}", line(tool))).collect();
    creators.extend(metadata.authors.iter().chain(&metadata.supplier).map(|name| organization(name)));
    if creators.is_empty() {
        creators.push(organization(""));
    }
    // The standard has seconds, without fractions and zones.
    let seconds = |time: &&str| is_date_time(time) && time.len() == 20;
    let time = metadata.time.as_deref().filter(seconds).unwrap_or_else(|| {
        losses.add("time, demanded in seconds and not stated so: written as the epoch");
        "1970-01-01T00:00:00Z"
    });
    metadata.lifecycles.iter().for_each(|_| losses.add("phase of life"));
    json!({"created": time, "creators": creators})
}

fn organization(name: &str) -> String {
    format!("Organization: {}", line(name))
}

/// One line: what follows a line's end would be another field in tag-value text.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn package(component: &Component, id: &str, losses: &mut Losses) -> Value {
    let mut package = Map::new();
    let mut put = |key: &str, value: Value| package.insert(key.to_owned(), value);
    put("SPDXID", json!(id));
    put("name", json!(component.full_name()));
    put("downloadLocation", json!(NOTHING));
    put("filesAnalyzed", json!(false));
    put("copyrightText", json!(component.copyright.as_deref().unwrap_or(NOTHING)));
    put("licenseConcluded", json!(NOTHING));
    put("licenseDeclared", json!(licence(&component.licences, losses)));
    for (key, value) in
        [("versionInfo", component.version.as_deref()), ("description", component.description.as_deref())]
    {
        value.and_then(|value| put(key, json!(value)));
    }
    for (key, value) in [("supplier", &component.supplier), ("originator", &component.originator)] {
        value.as_deref().and_then(|name| put(key, json!(organization(name))));
    }
    purpose(component.kind, losses).and_then(|purpose| put("primaryPackagePurpose", json!(purpose)));
    let checksums = checksums(component, losses);
    if !checksums.is_empty() {
        put("checksums", json!(checksums));
    }
    let references = references(component);
    if !references.is_empty() {
        put("externalRefs", json!(references));
    }
    component.evidence.iter().for_each(|_| losses.add("evidence"));
    Value::Object(package)
}

/// All stated licences at once, if each is an expression.
fn licence(stated: &[Licence], losses: &mut Losses) -> String {
    let mut expressions = Vec::new();
    for licence in stated {
        match licence {
            Licence::Expression(text) => expressions.push(text.as_str()),
            Licence::Named(name) if is_identifier(name) => expressions.push(name),
            Licence::Named(_) => losses.add("licence with a name that is no identifier"),
        }
    }
    match expressions.as_slice() {
        [] => NOTHING.to_owned(),
        [one] => (*one).to_owned(),
        several => {
            losses.add("relation between several licences: written as AND");
            several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" AND ")
        }
    }
}

/// SPDX 2.3, 7.24.
fn purpose(kind: ComponentKind, losses: &mut Losses) -> Option<&'static str> {
    Some(match kind {
        ComponentKind::Application => "APPLICATION",
        ComponentKind::Framework => "FRAMEWORK",
        ComponentKind::Library => "LIBRARY",
        ComponentKind::Container => "CONTAINER",
        ComponentKind::OperatingSystem => "OPERATING-SYSTEM",
        ComponentKind::Device => "DEVICE",
        ComponentKind::Firmware => "FIRMWARE",
        ComponentKind::File => "FILE",
        ComponentKind::Unstated => return None,
        ComponentKind::Platform
        | ComponentKind::DeviceDriver
        | ComponentKind::MachineLearningModel
        | ComponentKind::Data
        | ComponentKind::CryptographicAsset => {
            losses.add("kind of component");
            "OTHER"
        }
    })
}

fn checksums(component: &Component, losses: &mut Losses) -> Vec<Value> {
    let mut checksums = Vec::new();
    for (algorithm, digest) in &component.hashes {
        match algorithm.spdx() {
            Some(name) => checksums.push(json!({"algorithm": name, "checksumValue": digest})),
            None => losses.add("digest"),
        }
    }
    checksums
}

fn references(component: &Component) -> Vec<Value> {
    let purl = component.purl.iter().map(|purl| ("PACKAGE-MANAGER", "purl", purl));
    let cpes = component.cpes.iter().map(|cpe| {
        let kind = if cpe.starts_with("cpe:2.3:") { "cpe23Type" } else { "cpe22Type" };
        ("SECURITY", kind, cpe)
    });
    let reference = |(category, kind, locator): (&str, &str, &String)| json!({"referenceCategory": category, "referenceType": kind, "referenceLocator": locator});
    purl.chain(cpes).map(reference).collect()
}

fn relationships(bom: &Bom, ids: &HashMap<&ComponentRef, String>) -> Vec<Value> {
    let between = |from: &str, kind: &str, to: &str| json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
    let subject = bom.metadata.subject.as_ref().and_then(|subject| ids.get(subject));
    let describes = subject.map(|subject| between(DOCUMENT, "DESCRIBES", subject));
    let related = bom.relations.iter().filter_map(|relation| {
        let (from, to) = (ids.get(&relation.from)?, ids.get(&relation.to)?);
        Some(match relation.kind {
            RelationKind::Contains => between(from, "CONTAINS", to),
            RelationKind::DependsOn => between(from, "DEPENDS_ON", to),
            RelationKind::DynamicallyLinks => between(from, "DYNAMIC_LINK", to),
            RelationKind::StaticallyLinks => between(from, "STATIC_LINK", to),
            RelationKind::Provides => between(to, "SPECIFICATION_FOR", from),
            RelationKind::GeneratedFrom => between(from, "GENERATED_FROM", to),
        })
    });
    describes.into_iter().chain(related).collect()
}
