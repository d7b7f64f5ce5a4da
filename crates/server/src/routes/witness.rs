//! Being a witness for other logs (C2SP tlog-witness), and naming witnesses of ours.

use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use share::{CosignError, Refusal};

use crate::answer::{Input, Json, Raw, ok};
use crate::caller::{App, Caller};
use crate::problem::{Code, Problem};
use crate::routes::{Area, Route, get, plain, post};

pub(super) fn routes() -> Vec<Route> {
    vec![
        plain(
            MethodFilter::POST,
            Method::POST,
            "/witness/add-checkpoint",
            Area::Open,
            (200, "text/plain"),
            "cosign a checkpoint of a watched log (C2SP tlog-witness)",
            |m| on(m, add_checkpoint),
        ),
        post!("/api/v1/watched-logs", watch, WatchedLog, 201 WatchedLog, "cosign a log from now on (instance administrator)"),
        post!("/api/v1/witnesses", add_witness, Witness, 201 Witness, "have our checkpoints cosigned (instance administrator)"),
        get!("/api/v1/witnesses", witnesses, Vec<WitnessView>, "who cosigns our checkpoints"),
    ]
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct WatchedLog {
    /// First line of its checkpoints.
    origin: String,
    /// Its verifier key.
    key: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Witness {
    /// Prefix of its interface.
    url: String,
    /// Its verifier key.
    key: String,
}

#[derive(Serialize, JsonSchema)]
struct WitnessView {
    /// Prefix of its interface.
    url: String,
    /// Its verifier key.
    key: String,
    /// Leaves of our tree it saw last.
    size: u64,
}

async fn add_checkpoint(State(app): State<App>, Raw(body): Raw) -> Result<Response, Problem> {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    match app.cosign(text).await {
        Ok(lines) => Ok(lines.into_response()),
        Err(CosignError::Refused(Refusal::Conflict { size })) => {
            let headers = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            Ok((StatusCode::CONFLICT, headers, format!("{size}\n")).into_response())
        }
        Err(CosignError::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Ok((status, refusal.to_string()).into_response())
        }
        Err(CosignError::Request(error)) => Ok((StatusCode::BAD_REQUEST, error.to_string()).into_response()),
        Err(error) => Err(Problem::internal(&error)),
    }
}

async fn watch(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<WatchedLog>,
) -> Result<Json<WatchedLog>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    app.watch_log(&administrator, &new.origin, &new.key).await?;
    Ok(Json(StatusCode::CREATED, new))
}

async fn add_witness(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<Witness>,
) -> Result<Json<Witness>, Problem> {
    let administrator = caller.viewer.administrator().ok_or(Problem::new(Code::Role))?;
    app.add_witness(&administrator, &new.url, &new.key).await?;
    Ok(Json(StatusCode::CREATED, new))
}

async fn witnesses(State(app): State<App>, _: Caller) -> Result<Json<Vec<WitnessView>>, Problem> {
    let view = |w: share::WitnessOfOurs| WitnessView { url: w.url, key: w.key, size: w.size };
    Ok(ok(app.witnesses().await?.into_iter().map(view).collect()))
}
