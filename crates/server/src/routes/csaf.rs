//! CSAF provider (OASIS CSAF 2.0, section 7): for each organization that registered advisories as TLP:CLEAR, its
//! metadata, a ROLIE feed, the documents, their hashes, and their OpenPGP signatures where the organization registered
//! them. Who signed all of its documents is a *trusted* provider. The instance signs nothing here: it is not its word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use share::{Advisory, EvidenceId, OrganizationId};
use statement::{OpenPgpSignature, Timestamp};

use crate::answer::ok;
use crate::caller::App;
use crate::here::Here;
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, plain};

pub(super) fn routes() -> Vec<Route> {
    let get = |path, summary, handler: fn(MethodFilter) -> MethodRouter<App>| {
        plain(MethodFilter::GET, Method::GET, path, Area::Open, (200, "application/json"), summary, handler)
    };
    vec![
        get(
            "/.well-known/csaf/{organization}/provider-metadata.json",
            "CSAF provider metadata of an organization with public advisories",
            |m| on(m, metadata),
        ),
        get("/.well-known/csaf/{organization}/feed-tlp-white.json", "ROLIE feed of its advisories", |m| {
            on(m, feed)
        }),
        get(
            "/.well-known/csaf/{organization}/white/{year}/{file}",
            "an advisory, or its `.sha256`, `.sha512` or `.asc`",
            |m| on(m, document),
        ),
        get(
            "/.well-known/csaf/{organization}/openpgp/{file}",
            "an OpenPGP key of the organization, by its fingerprint",
            |m| on(m, certificate),
        ),
    ]
}

/// Most advisories and signatures that are remembered; beyond, they are read again.
const MAX_KNOWN: usize = 20_000;

/// What was read of advisories and signatures. They never change, so that feeds need not read them again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    entries: Memo<Entry>,
    signatures: Memo<OpenPgpSignature>,
}

#[derive(Debug)]
struct Memo<T>(Mutex<BTreeMap<EvidenceId, Arc<T>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Memo<T> {
    async fn get<E>(&self, id: &EvidenceId, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = Arc::new(read.await?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MAX_KNOWN {
            all.insert(id.clone(), Arc::clone(&read));
        }
        Ok(read)
    }
}

/// What feeds say of a document.
#[derive(Debug)]
struct Entry {
    tracking: String,
    title: String,
    first: String,
    current: String,
    file: String,
    sha256: record::Sha256,
}

/// A document that is shown, and the signature of it.
struct Listed {
    id: EvidenceId,
    entry: Arc<Entry>,
    signature: Option<Arc<OpenPgpSignature>>,
}

/// Tracking id in lower case, everything but letters, digits, `+` and `-` as `_` (section 5.1).
fn file_name(tracking: &str) -> String {
    let mut name = String::new();
    for c in tracking.to_lowercase().chars() {
        let kept = c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-');
        match kept {
            true => name.push(c),
            false if name.ends_with('_') => {}
            false => name.push('_'),
        }
    }
    name + ".json"
}

impl Entry {
    fn of(text: &str, registered: Timestamp) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let at = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let tracking = at("/document/tracking/id").unwrap_or_else(|| "advisory".to_owned());
        let time = |pointer: &str| at(pointer).unwrap_or_else(|| registered.to_string());
        Self {
            file: file_name(&tracking),
            title: at("/document/title").unwrap_or_else(|| tracking.clone()),
            first: time("/document/tracking/initial_release_date"),
            current: time("/document/tracking/current_release_date"),
            tracking,
            sha256: record::Sha256(Sha256::digest(text).into()),
        }
    }

    fn year(&self) -> &str {
        self.first.get(..4).unwrap_or("0000")
    }
}

fn base(here: &Here, organization: &str) -> String {
    format!("{}/.well-known/csaf/{organization}", here.origin)
}

fn known(app: &App, organization: &str) -> Result<Vec<Advisory>, Problem> {
    let advisories = app.advisories(&OrganizationId::new(organization));
    if advisories.is_empty() { Err(Problem::new(Code::NotFound)) } else { Ok(advisories) }
}

async fn signatures(app: &App, organization: &str) -> Result<Vec<Arc<OpenPgpSignature>>, Problem> {
    let mut found = Vec::new();
    for id in app.openpgp_signatures(&OrganizationId::new(organization)) {
        found.push(app.csaf.signatures.get(&id, app.openpgp_signature(&id)).await?);
    }
    Ok(found)
}

async fn entries(app: &App, organization: &str) -> Result<Vec<Listed>, Problem> {
    let advisories = known(app, organization)?;
    let signatures = signatures(app, organization).await?;
    let mut entries = Vec::new();
    for Advisory { id, at, .. } in advisories {
        let read = async { app.advisory(&id).await.map(|text| Entry::of(&text, at)) };
        let entry = app.csaf.entries.get(&id, read).await?;
        let signature = signatures.iter().rfind(|s| s.document == entry.sha256).cloned();
        entries.push(Listed { id, entry, signature });
    }
    Ok(entries)
}

async fn metadata(
    State(app): State<App>,
    here: Here,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let advisories = known(&app, &organization)?;
    let (base, last) = (base(&here, &organization), advisories.last());
    let name = last.map(|a| a.issuer.name.clone()).unwrap_or_default();
    let entries = entries(&app, &organization).await?;
    let trusted = entries.iter().all(|e| e.signature.is_some());
    let keys: BTreeSet<_> =
        entries.iter().filter_map(|e| e.signature.as_ref()).map(|s| &s.fingerprint).collect();
    let key = |fingerprint: &&String| json!({"fingerprint": fingerprint, "url": format!("{base}/openpgp/{fingerprint}.asc")});
    let feed = json!({
        "summary": "TLP:WHITE advisories", "tlp_label": "WHITE", "url": format!("{base}/feed-tlp-white.json"),
    });
    let value = json!({
        "canonical_url": format!("{base}/provider-metadata.json"),
        "distributions": [{"rolie": {"feeds": [feed]}}],
        "last_updated": last.map(|a| a.at),
        "list_on_CSAF_aggregators": true,
        "metadata_version": "2.0",
        "mirror_on_CSAF_aggregators": true,
        "public_openpgp_keys": keys.iter().map(key).collect::<Vec<_>>(),
        "publisher": {"category": "vendor", "name": name, "namespace": base},
        "role": if trusted { "csaf_trusted_provider" } else { "csaf_provider" },
    });
    Ok(ok(value).into_response())
}

async fn feed(
    State(app): State<App>,
    here: Here,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let base = base(&here, &organization);
    let entries = entries(&app, &organization).await?;
    let updated = entries.iter().map(|e| e.entry.current.clone()).max();
    let entry = |Listed { entry: e, signature, .. }: &Listed| {
        let url = format!("{base}/white/{}/{}", e.year(), e.file);
        let link = |rel: &str, end: &str| json!({"rel": rel, "href": format!("{url}{end}")});
        let mut links = vec![link("self", ""), link("hash", ".sha256"), link("hash", ".sha512")];
        links.extend(signature.as_ref().map(|_| link("signature", ".asc")));
        json!({
            "id": e.tracking,
            "title": e.title,
            "link": links,
            "published": e.first,
            "updated": e.current,
            "content": {"type": "application/json", "src": url},
            "format": {"schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", "version": "2.0"},
        })
    };
    let value = json!({"feed": {
        "id": "csaf-feed-tlp-white",
        "title": "CSAF feed (TLP:WHITE)",
        "link": [{"rel": "self", "href": format!("{base}/feed-tlp-white.json")}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": updated,
        "entry": entries.iter().map(entry).collect::<Vec<_>>(),
    }});
    Ok(ok(value).into_response())
}

async fn document(
    State(app): State<App>,
    Path((organization, year, file)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (name, hash) = match file.rsplit_once(".json.") {
        Some((name, hash)) => (format!("{name}.json"), Some(hash)),
        None => (file, None),
    };
    let entries = entries(&app, &organization).await?;
    let found = entries.into_iter().rfind(|e| e.entry.year() == year && e.entry.file == name);
    let Listed { id, signature, .. } = found.ok_or(Problem::new(Code::NotFound))?;
    if hash == Some("asc") {
        return Ok(armored(signature.ok_or(Problem::new(Code::NotFound))?.signature.clone()));
    }
    let text = app.advisory(&id).await?;
    let digest = match hash {
        None => return Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response()),
        Some("sha256") => hex::encode(Sha256::digest(&text)),
        Some("sha512") => hex::encode(Sha512::digest(&text)),
        Some(_) => return Err(Problem::new(Code::NotFound)),
    };
    Ok(([(header::CONTENT_TYPE, "text/plain")], format!("{digest}  {name}\n")).into_response())
}

/// An organization's key, as one of its signatures brought it.
async fn certificate(
    State(app): State<App>,
    Path((organization, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let signatures = signatures(&app, &organization).await?;
    let found = signatures.into_iter().rfind(|s| Some(s.fingerprint.as_str()) == file.strip_suffix(".asc"));
    Ok(armored(found.ok_or(Problem::new(Code::NotFound))?.certificate.clone()))
}

fn armored(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of the standard, section 5.1.
    #[test]
    fn file_names_are_those_of_the_standard() {
        for (id, name) in [
            ("Example Company - 2019-YH3234", "example_company_-_2019-yh3234.json"),
            ("RHBA-2019:0024", "rhba-2019_0024.json"),
            ("2022 #01-A", "2022_01-a.json"),
        ] {
            assert_eq!(file_name(id), name);
        }
    }
}
