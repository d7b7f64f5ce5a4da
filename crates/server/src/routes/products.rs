//! Products and releases.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use record::Sha256;
use schemars::JsonSchema;
use serde::Deserialize;
use share::{
    AffectedView, ComponentView, EvidenceView, FindingSummary, NewRelease, Page, Paging, ProductId,
    ProductKind, ProductView, ReleaseId, ReleaseView,
};

use crate::answer::{Asked, Input, Json, List, ok};
use crate::caller::{App, Caller};
use crate::problem::Problem;
use crate::routes::{Route, get, post};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get!("/api/v1/products", products, Page<ProductView>, "products one sees", "own", "after", "limit"),
        post!("/api/v1/products", add_product, NewProduct, 201 ProductView, "add a product of one's own"),
        get!("/api/v1/products/{id}", product, ProductView, "a product with its releases"),
        post!("/api/v1/products/{id}/releases", add_release, ReleaseInput, 201 ReleaseView, "add a release"),
        get!("/api/v1/releases/{id}", release, ReleaseView, "a release with its current evidence"),
        get!(
            "/api/v1/releases/{id}/components",
            components,
            Page<ComponentView>,
            "components of its newest bill of materials",
            "after",
            "limit"
        ),
        get!(
            "/api/v1/releases/{id}/findings",
            findings,
            Page<FindingSummary>,
            "findings of its newest inspection",
            "after",
            "limit"
        ),
        get!(
            "/api/v1/releases/{id}/vulnerabilities",
            known,
            Vec<String>,
            "vulnerabilities known in its components"
        ),
        get!("/api/v1/vulnerabilities/{id}", affected, AffectedView, "who of mine is affected", "installed"),
        get!(
            "/api/v1/releases/{id}/history",
            history,
            Page<EvidenceView>,
            "all evidence about it, in all states",
            "after",
            "limit"
        ),
    ]
}

#[derive(Deserialize)]
struct Which {
    /// Only releases installed in a system of one's own.
    #[serde(default)]
    installed: bool,
}

#[derive(Deserialize)]
struct Products {
    own: Option<bool>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize, JsonSchema)]
struct NewProduct {
    /// Name.
    name: String,
    /// What it is.
    kind: ProductKind,
}

#[derive(Deserialize, JsonSchema)]
struct ReleaseInput {
    /// Unique in the product.
    version: String,
    /// Delivered files.
    #[serde(default)]
    artifacts: Vec<ArtifactInput>,
    /// Releases inside it.
    #[serde(default)]
    parts: Vec<ReleaseId>,
}

#[derive(Deserialize, JsonSchema)]
struct ArtifactInput {
    /// File name.
    name: String,
    /// Digest.
    sha256: Sha256,
    /// Bytes.
    size: Option<u64>,
}

async fn products(
    State(app): State<App>,
    caller: Caller,
    Asked(ask): Asked<Products>,
) -> Json<Page<ProductView>> {
    let products = app.products(&caller.viewer, ask.own == Some(true));
    ok(Paging { after: ask.after, limit: ask.limit }.cut(products, |p| p.id.to_string()))
}

async fn add_product(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<NewProduct>,
) -> Result<Json<ProductView>, Problem> {
    let id = app.add_product(&caller.viewer, &new.name, new.kind).await?;
    Ok(Json(StatusCode::CREATED, app.product(&caller.viewer, &id)?))
}

async fn product(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProductView>, Problem> {
    Ok(ok(app.product(&caller.viewer, &ProductId::new(id))?))
}

async fn add_release(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(new): Input<ReleaseInput>,
) -> Result<Json<ReleaseView>, Problem> {
    let artifacts = new.artifacts.into_iter().map(|a| (a.name, a.sha256, a.size)).collect();
    let release = NewRelease { version: new.version, artifacts, parts: new.parts };
    let id = app.add_release(&caller.viewer, &ProductId::new(id), release).await?;
    Ok(Json(StatusCode::CREATED, app.release(&caller.viewer, &id)?))
}

async fn release(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ReleaseView>, Problem> {
    Ok(ok(app.release(&caller.viewer, &ReleaseId::new(id))?))
}

/// Lists inside a document have no ids of their own; their places serve as cursors.
fn by_place<T>(items: Vec<T>, list: List) -> Page<T> {
    let page = Paging::from(list).cut(items.into_iter().enumerate(), |(place, _)| place.to_string());
    Page { items: page.items.into_iter().map(|(_, item)| item).collect(), next: page.next }
}

async fn components(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(list): Asked<List>,
) -> Result<Json<Page<ComponentView>>, Problem> {
    Ok(ok(by_place(app.components(&caller.viewer, &ReleaseId::new(id)).await?, list)))
}

async fn findings(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(list): Asked<List>,
) -> Result<Json<Page<FindingSummary>>, Problem> {
    Ok(ok(by_place(app.findings(&caller.viewer, &ReleaseId::new(id)).await?, list)))
}

async fn known(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<String>>, Problem> {
    Ok(ok(app.known_vulnerabilities(&caller.viewer, &ReleaseId::new(id))?))
}

async fn affected(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(which): Asked<Which>,
) -> Json<AffectedView> {
    ok(app.affected(&caller.viewer, &id, which.installed))
}

async fn history(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(list): Asked<List>,
) -> Result<Json<Page<EvidenceView>>, Problem> {
    let history = app.history(&caller.viewer, &ReleaseId::new(id))?;
    Ok(ok(Paging::from(list).cut(history, |e| e.id.to_string())))
}
