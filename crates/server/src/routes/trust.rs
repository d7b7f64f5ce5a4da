//! The platform's own keys, lists of supply links, statements that wait, questions, emergencies.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, on};
use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{AnswerView, EvidenceView, LinkId, LinkListView, LinkView, Page, Paging, PendingView, ReleaseId};
use statement::{KeyId, PublicKey};

use crate::answer::{Asked, Input, Json, List, Raw, ok};
use crate::caller::{App, Caller};
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, get, plain, post};

pub(super) const EMERGENCIES: &str = "/api/v1/emergencies";

pub(super) fn routes() -> Vec<Route> {
    let reject = plain(
        MethodFilter::DELETE,
        Method::DELETE,
        "/api/v1/pending/{id}",
        Area::Api,
        (204, ""),
        "throw away a statement that waits",
        |m| on(m, reject),
    );
    vec![
        get!("/api/v1/instance", instance, Instance, "the platform's own keys, to pin and to delegate to"),
        get!(
            "/api/v1/supply-links/{id}/list",
            list,
            LinkListView,
            "what is disclosed over a link, as its heads count it"
        ),
        post!("/api/v1/supply-links/{id}/questions", allow, Allowance, 200 LinkView, "set how many questions the customer may ask in a month"),
        post!("/api/v1/releases/{id}/questions", ask, Question, 201 AnswerView, "ask whether a vulnerability affects a release whose components one may not see"),
        get!(
            "/api/v1/pending",
            pending,
            Page<PendingView>,
            "statements that wait for a second person",
            "after",
            "limit"
        ),
        post!("/api/v1/pending/{id}/approve", approve, (), 201 EvidenceView, "register a statement that waits"),
        reject,
        post!("/api/v1/four-eyes", four_eyes, FourEyes, 200 FourEyes, "set whether statements need a second person"),
        post!("/api/v1/emergencies", emergency, serde_json::Value, 201 Emergency, "import a list of known exploited vulnerabilities, CISA's JSON (instance administrator)"),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Instance {
    /// Id of the key it signs statements with.
    key_id: KeyId,
    /// That key.
    public_key: PublicKey,
    /// First line of the log's checkpoints.
    log_origin: &'static str,
    /// Verifier key of the log.
    log_key: String,
    /// Verifier key of its cosignatures on other logs.
    witness_key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Allowance {
    /// Questions in a month; 0 for none.
    a_month: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Question {
    /// Such as `CVE-2021-44228`.
    vulnerability: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FourEyes {
    /// Whether they do.
    on: bool,
}

#[derive(Serialize, JsonSchema)]
struct Emergency {
    /// Digest of the list.
    list: Sha256,
    /// Vulnerabilities in it.
    vulnerabilities: u64,
    /// Releases it concerns.
    releases: u64,
}

async fn instance(State(app): State<App>, _: Caller) -> Json<Instance> {
    let public_key = app.instance_key();
    ok(Instance {
        key_id: public_key.id(),
        public_key,
        log_origin: app.log_origin(),
        log_key: app.log_key(),
        witness_key: app.witness_key(),
    })
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkListView>, Problem> {
    Ok(ok(app.link_list(&caller.viewer, &LinkId::new(id))?))
}

async fn allow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(new): Input<Allowance>,
) -> Result<Json<LinkView>, Problem> {
    let id = LinkId::new(id);
    app.allow_questions(&caller.viewer, &id, new.a_month).await?;
    let found = app.links(&caller.viewer).into_iter().find(|l| l.id == id);
    Ok(ok(found.ok_or(Problem::new(Code::NotFound))?))
}

async fn ask(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Input(new): Input<Question>,
) -> Result<Json<AnswerView>, Problem> {
    let question = app.question(&caller.viewer, &ReleaseId::new(id), &new.vulnerability).await?;
    let data = app.vulnerabilities().ok_or(Problem::new(Code::NoVulnerabilities))?;
    let digest = data.digest();
    let (question, verdict) = blocking(move || {
        let verdict = data.answer(question.document(), question.vulnerability());
        (question, verdict)
    })
    .await?;
    let verdict = verdict.map_err(|e| Problem::internal(&e))?;
    Ok(Json(StatusCode::CREATED, app.answer(&caller.viewer, question, verdict, digest).await?))
}

/// Runs an engine where it may take its time.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))
}

async fn pending(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<PendingView>>, Problem> {
    Ok(ok(Paging::from(list).cut(app.pending(&caller.viewer).await?, |p| p.id.clone())))
}

async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EvidenceView>, Problem> {
    Ok(Json(StatusCode::CREATED, app.approve(&caller.viewer, &id).await?))
}

async fn reject(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.reject(&caller.viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn four_eyes(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<FourEyes>,
) -> Result<Json<FourEyes>, Problem> {
    app.require_four_eyes(&caller.viewer, new.on).await?;
    Ok(ok(new))
}

/// The part of CISA's catalogue that matters here.
#[derive(Deserialize)]
struct Catalogue {
    vulnerabilities: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "cveID")]
    id: String,
}

async fn emergency(
    State(app): State<App>,
    caller: Caller,
    Raw(body): Raw,
) -> Result<Json<Emergency>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let catalogue: Catalogue =
        serde_json::from_slice(&body).map_err(|e| Problem::because(Code::BadRequest, e.to_string()))?;
    let ids: BTreeSet<String> = catalogue.vulnerabilities.into_iter().map(|l| l.id).collect();
    let list = pipeline::digest(&body);
    let releases = app.declare_emergency(&administrator, list, &ids).await?;
    let (vulnerabilities, releases) = (ids.len() as u64, releases as u64);
    Ok(Json(StatusCode::CREATED, Emergency { list, vulnerabilities, releases }))
}
