//! Other instances that evidence is pulled from.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, on};
use client::Bundle;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{NewPeer, OrganizationId, Page, Paging, PeerKind, PeerView};
use statement::Trust;

use crate::answer::{Asked, Input, Json, List, Raw, ok};
use crate::caller::{App, Caller};
use crate::federation::{self, PullError};
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, get, plain, post};

/// Where bundles go; they may be larger than other bodies.
pub(super) const BUNDLES: &str = "/api/v1/peers/{id}/bundles";

/// Largest bundle that is taken at once, in bytes.
const MAX_BUNDLE: usize = 256 << 20;

pub(super) fn routes() -> Vec<Route> {
    let mut pull = post!(
        "/api/v1/peers/{id}/pull",
        pull,
        (),
        200 Pulled,
        "pull everything that is new now (instance administrator)"
    );
    pull.describes.takes = None;
    let mut bundle = post!(
        "/api/v1/peers/{id}/bundles",
        bundle,
        serde_json::Value,
        200 Pulled,
        "take what a bundle (`sukashi.bundle/1`) from a peer holds, without asking the peer (instance administrator)"
    );
    bundle.handler = bundle.handler.layer(DefaultBodyLimit::max(MAX_BUNDLE));
    vec![
        get!(
            "/api/v1/peers",
            peers,
            Page<PeerView>,
            "instances that evidence is pulled from",
            "after",
            "limit"
        ),
        post!("/api/v1/peers", add, Peer, 201 PeerView, "pull evidence from another instance from now on, and watch its log (instance administrator)"),
        plain(
            MethodFilter::DELETE,
            Method::DELETE,
            "/api/v1/peers/{id}",
            Area::Api,
            (204, ""),
            "pull no more from an instance (instance administrator)",
            |m| on(m, remove),
        ),
        pull,
        bundle,
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Peer {
    /// What it is called here.
    name: String,
    /// Its address.
    url: String,
    /// What it is: an instance, if absent.
    #[serde(default = "instance")]
    kind: PeerKind,
    /// For whom it is pulled: an organization here.
    organization: String,
    /// Token of that organization's account there; kept sealed, never shown. A server of the Transparency Exchange API
    /// may need none.
    token: Option<String>,
    /// Whose statements are accepted, and the log of an instance (`sukashi.trust/1`).
    trust: Trust,
}

fn instance() -> PeerKind {
    PeerKind::Instance
}

#[derive(Serialize, JsonSchema)]
struct Pulled {
    /// Statements that are evidence now.
    taken: u64,
    /// Statements that were there.
    known: u64,
    /// What stays where it is: shown without proof, or of a kind that is not handed on.
    stays: u64,
    /// What was not taken.
    left: Vec<Left>,
}

#[derive(Serialize, JsonSchema)]
struct Left {
    /// Its id where it came from.
    what: String,
    /// Why not.
    why: String,
}

impl From<client::Pulled> for Pulled {
    fn from(pulled: client::Pulled) -> Self {
        let left = pulled.left.into_iter().map(|l| Left { what: l.what, why: l.why }).collect();
        Self { taken: pulled.taken, known: pulled.known, stays: pulled.stays, left }
    }
}

async fn peers(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<PeerView>>, Problem> {
    Ok(ok(Paging::from(list).cut(app.peers(&caller.viewer).await?, |p| p.id.clone())))
}

async fn add(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<Peer>,
) -> Result<Json<PeerView>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let Peer { name, url, kind, organization, token, trust } = new;
    let trust = serde_json::to_vec(&trust).map_err(|e| Problem::internal(&e))?;
    let trust = Trust::read(&trust).map_err(|e| Problem::because(Code::BadRequest, e.to_string()))?;
    let new = NewPeer { name, url, kind, organization: OrganizationId::new(organization), token, trust };
    Ok(Json(StatusCode::CREATED, app.add_peer(&administrator, new).await?))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    app.remove_peer(&administrator, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pull(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Pulled>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let peer = app.peer(&administrator, &id).await?;
    match federation::pull(app.platform(), &peer).await {
        Ok(pulled) => Ok(ok(pulled.into())),
        Err(PullError::Read(error)) => Err(error.into()),
        Err(error) => {
            let why = crate::background::causes(&error);
            app.peer_failed(&peer, &why).await?;
            Err(Problem::because(Code::PeerFailed, why))
        }
    }
}

async fn bundle(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Raw(body): Raw,
) -> Result<Json<Pulled>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    let peer = app.peer(&administrator, &id).await?;
    let bundle =
        Bundle::read(&body).map_err(|e| Problem::because(Code::BadRequest, crate::background::causes(&e)))?;
    Ok(ok(federation::take_bundle(app.platform(), &peer, bundle).await.into()))
}
