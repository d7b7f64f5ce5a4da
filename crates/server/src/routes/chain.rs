//! Supply links, disclosures, accesses, changes.

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, on};
use schemars::JsonSchema;
use serde::Deserialize;
use share::{
    AccessView, ChangeView, DeliveryView, DisclosureView, LinkId, LinkView, NewLink, OrganizationId, Page,
    Paging, ProductId, WebhookView,
};
use statement::Timestamp;

use crate::answer::{Asked, Input, Json, List, ok};
use crate::caller::{App, Caller};
use crate::mail::{Language, Recipient};
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, get, plain, post};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get!(
            "/api/v1/supply-links",
            links,
            Page<LinkView>,
            "supply links of one's organization",
            "after",
            "limit"
        ),
        post!("/api/v1/supply-links", propose, LinkInput, 201 LinkView, "propose a supply link"),
        post!("/api/v1/supply-links/{id}/accept", accept, (), 200 LinkView, "agree to a proposed link"),
        post!("/api/v1/supply-links/{id}/end", end, (), 200 LinkView, "end a link"),
        get!(
            "/api/v1/disclosures",
            disclosures,
            Page<DisclosureView>,
            "what one's organization discloses",
            "after",
            "limit"
        ),
        get!(
            "/api/v1/accesses",
            accesses,
            Page<AccessView>,
            "who looked at one's evidence",
            "after",
            "limit"
        ),
        get!(
            "/api/v1/webhooks",
            webhooks,
            Page<WebhookView>,
            "where one's organization is told of changes",
            "after",
            "limit"
        ),
        post!("/api/v1/webhooks", add_webhook, WebhookInput, 201 WebhookView, "be told of changes at an https address, or by e-mail (`mailto:`)"),
        get!(
            "/api/v1/webhooks/{id}/deliveries",
            deliveries,
            Page<DeliveryView>,
            "the last deliveries to a webhook or mailbox, and why they failed, newest first",
            "after",
            "limit"
        ),
        plain(
            MethodFilter::DELETE,
            Method::DELETE,
            "/api/v1/webhooks/{id}",
            Area::Api,
            (204, ""),
            "be told no more",
            |m| on(m, remove_webhook),
        ),
        get!(
            "/api/v1/changes",
            changes,
            Page<ChangeView>,
            "what happened since the cursor, oldest first",
            "since",
            "limit"
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct LinkInput {
    /// Who delivers.
    supplier: OrganizationId,
    /// Who receives.
    customer: OrganizationId,
    /// Which products; null for all.
    products: Option<Vec<ProductId>>,
    /// In force from.
    valid_from: Option<Timestamp>,
    /// In force until.
    valid_to: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Since {
    since: Option<String>,
    limit: Option<usize>,
}

async fn links(State(app): State<App>, caller: Caller, Asked(list): Asked<List>) -> Json<Page<LinkView>> {
    ok(Paging::from(list).cut(app.links(&caller.viewer), |l| l.id.to_string()))
}

fn link(app: &App, caller: &Caller, id: &LinkId) -> Result<LinkView, Problem> {
    let found = app.links(&caller.viewer).into_iter().find(|l| l.id == *id);
    found.ok_or(Problem::new(Code::NotFound))
}

async fn propose(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<LinkInput>,
) -> Result<Json<LinkView>, Problem> {
    let LinkInput { supplier, customer, products, valid_from, valid_to } = new;
    let new = NewLink { supplier, customer, products, valid_from, valid_to };
    let id = app.propose_link(&caller.viewer, new).await?;
    Ok(Json(StatusCode::CREATED, link(&app, &caller, &id)?))
}

async fn accept(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkView>, Problem> {
    let id = LinkId::new(id);
    app.accept_link(&caller.viewer, &id).await?;
    Ok(ok(link(&app, &caller, &id)?))
}

async fn end(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkView>, Problem> {
    let id = LinkId::new(id);
    app.end_link(&caller.viewer, &id).await?;
    Ok(ok(link(&app, &caller, &id)?))
}

async fn disclosures(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Json<Page<DisclosureView>> {
    ok(Paging::from(list).cut(app.disclosures(&caller.viewer), |d| d.id.clone()))
}

async fn accesses(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<AccessView>>, Problem> {
    Ok(ok(app.accesses(&caller.viewer, list.after.as_deref(), list.limit).await?))
}

#[derive(Deserialize, JsonSchema)]
struct WebhookInput {
    /// `https://…` with a public address, or `mailto:…`.
    url: String,
    /// Of e-mail; English where absent.
    #[serde(default)]
    language: Option<Language>,
}

async fn webhooks(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<WebhookView>>, Problem> {
    Ok(ok(Paging::from(list).cut(app.webhooks(&caller.viewer).await?, |w| w.id.clone())))
}

async fn deliveries(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(list): Asked<List>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let all = app.deliveries(&caller.viewer, &id).await?;
    Ok(ok(Paging::from(list).cut(all, |d| d.attempt.to_string())))
}

/// Where to: an https address, or a mailbox that e-mail may be sent to.
fn target(app: &App, new: &WebhookInput) -> Result<String, Problem> {
    if !new.url.starts_with("mailto:") {
        return Ok(new.url.clone());
    }
    let mail = app.mail.as_ref().ok_or(Problem::new(Code::NoMail))?;
    let url = match new.language {
        None => new.url.clone(),
        Some(Language::English) => format!("{}?language=en", new.url),
        Some(Language::Japanese) => format!("{}?language=ja", new.url),
    };
    let served = Recipient::of_url(&url).is_some_and(|to| mail.serves(&to));
    served
        .then_some(url)
        .ok_or(Problem::because(Code::BadRequest, "`url` is no mailbox that e-mail may be sent to"))
}

async fn add_webhook(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<WebhookInput>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(StatusCode::CREATED, app.add_webhook(&caller.viewer, &target(&app, &new)?).await?))
}

async fn remove_webhook(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.remove_webhook(&caller.viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn changes(State(app): State<App>, caller: Caller, Asked(ask): Asked<Since>) -> Json<Page<ChangeView>> {
    ok(app.changes(&caller.viewer, ask.since, ask.limit))
}
