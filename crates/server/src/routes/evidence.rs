//! Evidence: registering, listing, reading.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use layout::Drawing;
use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{
    EvidenceFilter, EvidenceId, EvidenceView, FindingView, LogProof, OrganizationId, Page, Paging,
    Registered, Registration, ReleaseId, ShownView, SystemId, Tlp,
};
use statement::{DisclosureLevel, EvidenceType, MAX_ENVELOPE_BYTES, Timestamp};

use crate::answer::{Asked, Json, ok};
use crate::caller::{App, Caller};
use crate::intake::Incoming;
use crate::problem::Problem;
use crate::routes::{Route, get, post};

/// A finding and what a page draws of it.
#[derive(Serialize, JsonSchema)]
struct FindingAnswer {
    #[serde(flatten)]
    view: FindingView,
    /// Control flow of the functions on the route, laid out; absent where the record has none.
    flow: Option<Drawing>,
}

/// Media type of a signed envelope.
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

pub(super) const STATEMENTS: &str = "/api/v1/statements";

pub(super) fn routes() -> Vec<Route> {
    let mut register = post!(
        "/api/v1/statements",
        register,
        serde_json::Value,
        201 EvidenceView,
        "register a DSSE envelope signed by a key of one's organization; the same again answers 200, and 202 what waits for a second person",
        "release",
        "system",
        "supersedes",
        "tlp",
        "embargo_until",
        "document",
        "seed"
    );
    let mut envelope =
        get!("/api/v1/evidence/{id}/statement", signed, serde_json::Value, "the signed DSSE envelope");
    envelope.describes.media_type = ENVELOPE;
    register.handler = register.handler.layer(DefaultBodyLimit::max(MAX_ENVELOPE_BYTES));
    vec![
        register,
        get!(
            "/api/v1/evidence",
            list,
            Page<EvidenceView>,
            "evidence one sees, newest first",
            "type",
            "issuer",
            "release",
            "system",
            "state",
            "after",
            "limit"
        ),
        get!("/api/v1/evidence/{id}", one, EvidenceView, "one piece of evidence"),
        get!("/api/v1/evidence/{id}/document", document, serde_json::Value, "the document as one may see it"),
        get!(
            "/api/v1/evidence/{id}/findings/{finding}",
            finding,
            FindingAnswer,
            "one finding of an inspection"
        ),
        envelope,
        get!("/api/v1/evidence/{id}/proof", proof, LogProof, "proof that it is in the log", "size"),
        get!(
            "/api/v1/evidence/{id}/view",
            shown,
            ShownView,
            "the document in part, with proof against its commitment"
        ),
    ]
}

#[derive(Deserialize)]
struct About {
    release: Option<String>,
    system: Option<String>,
    supersedes: Option<String>,
    tlp: Option<Tlp>,
    embargo_until: Option<Timestamp>,
    document: Option<String>,
    seed: Option<Sha256>,
}

#[derive(Deserialize)]
struct Filter {
    r#type: Option<EvidenceType>,
    issuer: Option<String>,
    release: Option<String>,
    system: Option<String>,
    state: Option<States>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum States {
    Current,
    Any,
}

async fn register(
    State(app): State<App>,
    caller: Caller,
    Asked(about): Asked<About>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let verified = incoming.verified(app.own_keys(&caller.viewer)).await?;
    let registration = Registration {
        release: about.release.map(ReleaseId::new),
        system: about.system.map(SystemId::new),
        supersedes: about.supersedes.map(EvidenceId::new),
        tlp: about.tlp,
        embargo_until: about.embargo_until,
        document: about.document.map(EvidenceId::new),
        seed: about.seed,
    };
    Ok(match app.register(&caller.viewer, verified, registration).await? {
        Registered::New(evidence) => Json(StatusCode::CREATED, evidence).into_response(),
        Registered::Known(evidence) => Json(StatusCode::OK, evidence).into_response(),
        Registered::Waiting(waiting) => Json(StatusCode::ACCEPTED, waiting).into_response(),
    })
}

async fn list(State(app): State<App>, caller: Caller, Asked(ask): Asked<Filter>) -> Json<Page<EvidenceView>> {
    let filter = EvidenceFilter {
        kind: ask.r#type,
        issuer: ask.issuer.map(OrganizationId::new),
        release: ask.release.map(ReleaseId::new),
        system: ask.system.map(SystemId::new),
        all_states: ask.state == Some(States::Any),
    };
    ok(app.evidence_list(&caller.viewer, &filter, &Paging { after: ask.after, limit: ask.limit }))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<EvidenceView>, Problem> {
    Ok(ok(app.evidence(&caller.viewer, &EvidenceId::new(id))?))
}

async fn document(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let document = app.document(&caller.viewer, &EvidenceId::new(id)).await?;
    let level = if document.level >= DisclosureLevel::Full { "full" } else { "redacted" };
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (HeaderName::from_static("x-sukashi-level"), level)];
    Ok((headers, document.json).into_response())
}

async fn finding(
    State(app): State<App>,
    caller: Caller,
    Path((id, finding)): Path<(String, String)>,
) -> Result<Json<FindingAnswer>, Problem> {
    let view = app.finding(&caller.viewer, &EvidenceId::new(id), &finding).await?;
    // Whoever signed the record may have named blocks that are not there: then there is no picture.
    let flow = view.finding.control_flow.as_ref().and_then(|flow| layout::control_flow(flow).ok());
    Ok(ok(FindingAnswer { view, flow }))
}

async fn signed(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let envelope = app.statement(&caller.viewer, &EvidenceId::new(id)).await?;
    let headers = [
        (header::CONTENT_TYPE, ENVELOPE),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"statement.dsse.json\""),
    ];
    Ok((headers, envelope).into_response())
}

#[derive(Deserialize)]
struct OfSize {
    size: Option<u64>,
}

async fn proof(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(ask): Asked<OfSize>,
) -> Result<Json<LogProof>, Problem> {
    Ok(ok(app.proof(&caller.viewer, &EvidenceId::new(id), ask.size).await?))
}

async fn shown(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ShownView>, Problem> {
    Ok(ok(app.shown(&caller.viewer, &EvidenceId::new(id)).await?))
}
