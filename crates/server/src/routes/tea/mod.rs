//! The Transparency Exchange API 0.4.0 (OWASP, Ecma TC54): products, releases, collections, artifacts, discovery.
//!
//! It shows what the native interface shows to the same caller, and no more; what is hidden is unknown.

mod objects;

use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use serde::Deserialize;
use serde_json::{Value, json};
use share::{EvidenceId, ProductId, ProductView, ReleaseId, ReleaseView, Viewer};

use crate::answer::ok;
use crate::caller::{App, Caller};
use crate::here::Here;
use crate::problem::Problem;
use crate::routes::tea::objects::{Collections, Owner};
use crate::routes::{Area, Route, plain};

/// Version of the interface.
const VERSION: &str = "0.4.0";

/// Where routes are written.
const PREFIX: &str = "/tea/v1/";

/// A route's own path, and the one that clients make of the discovery document: `/v` and a version of the standard.
pub(crate) fn paths(path: &str) -> Vec<String> {
    let discovered = path.strip_prefix(PREFIX).map(|rest| format!("/tea/v{VERSION}/{rest}"));
    std::iter::once(path.to_owned()).chain(discovered).collect()
}

/// Largest page.
const MAX_PAGE: u64 = 1000;

pub(super) fn routes() -> Vec<Route> {
    let get = |path, summary, handler: fn(MethodFilter) -> MethodRouter<App>| {
        plain(MethodFilter::GET, Method::GET, path, Area::Tea, (200, "application/json"), summary, handler)
    };
    let well_known = plain(
        MethodFilter::GET,
        Method::GET,
        "/.well-known/tea",
        Area::Open,
        (200, "application/json"),
        "where the Transparency Exchange API is",
        |m| on(m, well_known),
    );
    vec![
        well_known,
        get("/tea/v1/discovery", "releases with a TEI", |m| on(m, discovery)),
        get("/tea/v1/products", "TEA products", |m| on(m, products)),
        get("/tea/v1/components", "TEA components", |m| on(m, products)),
        get("/tea/v1/product/{uuid}", "a TEA product", |m| on(m, product)),
        get("/tea/v1/component/{uuid}", "a TEA component", |m| on(m, product)),
        get("/tea/v1/product/{uuid}/releases", "releases of a product", |m| on(m, releases_of_product)),
        get("/tea/v1/component/{uuid}/releases", "releases of a component", |m| on(m, releases_of_component)),
        get("/tea/v1/product/{uuid}/cle", "life cycle of a product", |m| on(m, product_cle)),
        get("/tea/v1/component/{uuid}/cle", "life cycle of a component", |m| on(m, product_cle)),
        get("/tea/v1/productReleases", "TEA product releases", |m| on(m, product_releases)),
        get("/tea/v1/componentReleases", "TEA component releases", |m| on(m, component_releases)),
        get("/tea/v1/productRelease/{uuid}", "a TEA product release", |m| on(m, product_release)),
        get("/tea/v1/componentRelease/{uuid}", "a TEA component release", |m| on(m, component_release)),
        get("/tea/v1/productRelease/{uuid}/cle", "life cycle of a release", |m| on(m, release_cle)),
        get("/tea/v1/componentRelease/{uuid}/cle", "life cycle of a release", |m| on(m, release_cle)),
        get("/tea/v1/productRelease/{uuid}/collections", "all collections", |m| on(m, product_collections)),
        get("/tea/v1/componentRelease/{uuid}/collections", "all collections", |m| {
            on(m, component_collections)
        }),
        get("/tea/v1/productRelease/{uuid}/collection/{version}", "a collection", |m| {
            on(m, product_collection)
        }),
        get("/tea/v1/componentRelease/{uuid}/collection/{version}", "a collection", |m| {
            on(m, component_collection)
        }),
        get("/tea/v1/artifact/{uuid}/{version}", "a TEA artifact", |m| on(m, artifact)),
    ]
}

/// Errors in the words of the standard.
#[derive(Debug)]
enum TeaError {
    Unknown,
    Invalid,
    Other(Problem),
}

impl IntoResponse for TeaError {
    fn into_response(self) -> Response {
        let body = |status, body: &'static str| {
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        };
        match self {
            Self::Unknown => body(StatusCode::NOT_FOUND, r#"{"error":"OBJECT_UNKNOWN"}"#),
            Self::Invalid => body(StatusCode::BAD_REQUEST, "{}"),
            Self::Other(problem) => problem.into_response(),
        }
    }
}

impl From<share::ReadError> for TeaError {
    fn from(error: share::ReadError) -> Self {
        match error {
            share::ReadError::NotFound => Self::Unknown,
            other => Self::Other(other.into()),
        }
    }
}

type Answer = Result<Response, TeaError>;

fn answer(value: Value) -> Answer {
    Ok(ok(value).into_response())
}

/// A caller and where it reached us.
struct Asking {
    viewer: Viewer,
    here: Here,
}

impl FromRequestParts<App> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Caller { viewer, .. } = Caller::from_request_parts(parts, app).await?;
        let Ok(here) = Here::from_request_parts(parts, app).await;
        Ok(Self { viewer, here })
    }
}

async fn well_known(here: Here) -> Response {
    let url = format!("{}/tea", here.origin);
    ok(json!({"schemaVersion": 1, "endpoints": [{"url": url, "versions": [VERSION]}]})).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    id_type: Option<String>,
    id_value: Option<String>,
    #[serde(default)]
    page_offset: u64,
    #[serde(default = "hundred")]
    page_size: u64,
}

fn hundred() -> u64 {
    100
}

impl Listing {
    /// The part that is asked for, of the objects with the identifier that is asked for.
    fn page(&self, items: Vec<Value>) -> Value {
        let has = |item: &Value, name: &str, wanted: &Option<String>| match wanted {
            None => true,
            Some(wanted) => item["identifiers"].as_array().into_iter().flatten().any(|i| i[name] == **wanted),
        };
        let fits = |i: &Value| has(i, "idType", &self.id_type) && has(i, "idValue", &self.id_value);
        let fitting: Vec<_> = items.into_iter().filter(fits).collect();
        let (skip, take) = (self.page_offset, self.page_size.clamp(1, MAX_PAGE));
        let total = fitting.len();
        let results: Vec<_> = fitting
            .into_iter()
            .skip(usize::try_from(skip).unwrap_or(usize::MAX))
            .take(usize::try_from(take).unwrap_or(1))
            .collect();
        json!({
            "timestamp": share::now(),
            "pageStartIndex": skip,
            "pageSize": take,
            "totalResults": total,
            "results": results,
        })
    }
}

type Asked = Result<Query<Listing>, axum::extract::rejection::QueryRejection>;

fn listing(asked: Asked) -> Result<Listing, TeaError> {
    asked.map(|q| q.0).map_err(|_| TeaError::Invalid)
}

fn known(text: &str) -> Result<String, TeaError> {
    objects::id(text).ok_or(TeaError::Invalid)
}

fn product_of(app: &App, viewer: &Viewer, uuid: &str) -> Result<ProductView, TeaError> {
    Ok(app.product(viewer, &ProductId::new(known(uuid)?))?)
}

fn release_of(app: &App, viewer: &Viewer, uuid: &str) -> Result<ReleaseView, TeaError> {
    Ok(app.release(viewer, &ReleaseId::new(known(uuid)?))?)
}

fn all_releases(app: &App, viewer: &Viewer) -> Vec<ReleaseView> {
    let products = app.products(viewer, false).into_iter();
    let with_releases = products.filter_map(|p| app.product(viewer, &p.id).ok());
    with_releases.flat_map(|p| p.release_list.unwrap_or_default()).collect()
}

async fn discovery(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    asked: Result<Query<Tei>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(Tei { tei }) = asked.map_err(|_| TeaError::Invalid)?;
    let found = of_tei(&app, &viewer, &tei)?;
    let info = |release: &ReleaseView| {
        json!({
            "productReleaseUuid": objects::uuid(release.id.as_str()),
            "servers": [{"rootUrl": format!("{}/tea", here.origin), "versions": [VERSION]}],
        })
    };
    if found.is_empty() {
        return Err(TeaError::Unknown);
    }
    answer(found.iter().map(info).collect())
}

#[derive(Deserialize)]
struct Tei {
    tei: String,
}

/// Releases with a TEI of ours: by UUID, or by the digest of a delivered file. The domain is whoever's the TEI names.
fn of_tei(app: &App, viewer: &Viewer, tei: &str) -> Result<Vec<ReleaseView>, TeaError> {
    let mut parts = tei.splitn(5, ':');
    let (Some("urn"), Some("tei"), Some(kind), Some(_), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TeaError::Invalid);
    };
    match kind {
        "uuid" => Ok(vec![release_of(app, viewer, name)?]),
        "hash" => {
            let digest = name.strip_prefix("SHA256:").or_else(|| name.strip_prefix("SHA-256:"));
            let digest: record::Sha256 = digest.and_then(|d| d.parse().ok()).ok_or(TeaError::Unknown)?;
            let has = |r: &ReleaseView| r.artifacts.iter().any(|a| a.sha256 == digest);
            Ok(all_releases(app, viewer).into_iter().filter(has).collect())
        }
        _ => Err(TeaError::Unknown),
    }
}

async fn products(State(app): State<App>, Asking { viewer, here }: Asking, asked: Asked) -> Answer {
    let listing = listing(asked)?;
    let products = app.products(&viewer, false);
    answer(listing.page(products.iter().map(|p| objects::product(&here, p)).collect()))
}

async fn product(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    answer(objects::product(&here, &product_of(&app, &viewer, &uuid)?))
}

async fn releases_of_product(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path(uuid): Path<String>,
    asked: Asked,
) -> Answer {
    let listing = listing(asked)?;
    let releases = product_of(&app, &viewer, &uuid)?.release_list.unwrap_or_default();
    answer(listing.page(releases.iter().map(|r| objects::product_release(&here, r)).collect()))
}

async fn releases_of_component(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    let releases = product_of(&app, &viewer, &uuid)?.release_list.unwrap_or_default();
    answer(releases.iter().map(|r| objects::component_release(&here, r)).collect())
}

async fn product_cle(
    State(app): State<App>,
    Asking { viewer, .. }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    let releases = product_of(&app, &viewer, &uuid)?.release_list.unwrap_or_default();
    let oldest_first = releases.into_iter().rev().map(|r| (r.released_at, r.version));
    answer(objects::life_cycle(&oldest_first.collect::<Vec<_>>()))
}

async fn product_releases(State(app): State<App>, Asking { viewer, here }: Asking, asked: Asked) -> Answer {
    let listing = listing(asked)?;
    let releases = all_releases(&app, &viewer);
    answer(listing.page(releases.iter().map(|r| objects::product_release(&here, r)).collect()))
}

async fn component_releases(State(app): State<App>, Asking { viewer, here }: Asking, asked: Asked) -> Answer {
    let listing = listing(asked)?;
    let releases = all_releases(&app, &viewer);
    answer(listing.page(releases.iter().map(|r| objects::component_release(&here, r)).collect()))
}

async fn product_release(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    answer(objects::product_release(&here, &release_of(&app, &viewer, &uuid)?))
}

async fn component_release(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    let release = release_of(&app, &viewer, &uuid)?;
    let history = app.history(&viewer, &release.id)?;
    let collections = Collections::new(&release, &history, Owner::ComponentRelease);
    let latest = collections.version(&here, collections.latest());
    answer(json!({"release": objects::component_release(&here, &release), "latestCollection": latest}))
}

async fn release_cle(
    State(app): State<App>,
    Asking { viewer, .. }: Asking,
    Path(uuid): Path<String>,
) -> Answer {
    let release = release_of(&app, &viewer, &uuid)?;
    answer(objects::life_cycle(&[(release.released_at, release.version)]))
}

fn collections(app: &App, asking: &Asking, uuid: &str, owner: Owner) -> Answer {
    let release = release_of(app, &asking.viewer, uuid)?;
    let history = app.history(&asking.viewer, &release.id)?;
    let collections = Collections::new(&release, &history, owner);
    answer((1..=collections.latest()).rev().filter_map(|n| collections.version(&asking.here, n)).collect())
}

fn collection(app: &App, asking: &Asking, uuid: &str, version: &str, owner: Owner) -> Answer {
    let release = release_of(app, &asking.viewer, uuid)?;
    let history = app.history(&asking.viewer, &release.id)?;
    let collections = Collections::new(&release, &history, owner);
    let number = match version {
        "latest" => collections.latest(),
        number => number.parse().map_err(|_| TeaError::Invalid)?,
    };
    answer(collections.version(&asking.here, number).ok_or(TeaError::Unknown)?)
}

async fn product_collections(State(app): State<App>, asking: Asking, Path(uuid): Path<String>) -> Answer {
    collections(&app, &asking, &uuid, Owner::ProductRelease)
}

async fn component_collections(State(app): State<App>, asking: Asking, Path(uuid): Path<String>) -> Answer {
    collections(&app, &asking, &uuid, Owner::ComponentRelease)
}

async fn product_collection(
    State(app): State<App>,
    asking: Asking,
    Path((uuid, version)): Path<(String, String)>,
) -> Answer {
    collection(&app, &asking, &uuid, &version, Owner::ProductRelease)
}

async fn component_collection(
    State(app): State<App>,
    asking: Asking,
    Path((uuid, version)): Path<(String, String)>,
) -> Answer {
    collection(&app, &asking, &uuid, &version, Owner::ComponentRelease)
}

/// Artifacts never change, so they have one version.
async fn artifact(
    State(app): State<App>,
    Asking { viewer, here }: Asking,
    Path((uuid, version)): Path<(String, String)>,
) -> Answer {
    match version.as_str() {
        "latest" | "1" => {}
        other if other.parse::<u64>().is_ok() => return Err(TeaError::Unknown),
        _ => return Err(TeaError::Invalid),
    }
    answer(objects::artifact(&here, &app.evidence(&viewer, &EvidenceId::new(known(&uuid)?))?))
}
