//! Large files in pieces, and the work on them.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures_util::stream::{self, Stream};
use record::Sha256;
use schemars::JsonSchema;
use serde::Deserialize;
use share::{JobState, JobView, MAX_CHUNK, Page, Paging, UploadView, Viewer};
use std::convert::Infallible;
use std::time::Duration;

use crate::answer::{Asked, Input, Json, List, Raw, ok};
use crate::caller::{App, Caller};
use crate::problem::Problem;
use crate::routes::{Area, Route, get, plain, post};

/// Where pieces go; they may be larger than other bodies.
pub(crate) const PIECES: &str = "/api/v1/uploads/{id}/pieces";

/// How often a job is looked at for whoever watches it.
const LOOK: Duration = Duration::from_millis(500);

pub(super) fn routes() -> Vec<Route> {
    let mut piece = post!(
        "/api/v1/uploads/{id}/pieces",
        add_piece,
        (),
        200 UploadView,
        "add the next piece, at most 8 MiB, from byte `place` on; with the last one the upload becomes a job",
        "place"
    );
    piece.describes.takes = None;
    piece.handler = piece.handler.layer(DefaultBodyLimit::max(MAX_CHUNK));
    let mut retry_route = post!("/api/v1/jobs/{id}/retry", retry, (), 200 JobView, "try a dead job again");
    retry_route.describes.takes = None;
    vec![
        post!("/api/v1/uploads", begin, NewUpload, 201 UploadView, "begin the upload of an image to be examined, of at most 4 GiB"),
        get!("/api/v1/uploads/{id}", upload, UploadView, "how far an upload is: where the next piece begins"),
        piece,
        plain(
            MethodFilter::DELETE,
            Method::DELETE,
            "/api/v1/uploads/{id}",
            Area::Api,
            (204, ""),
            "throw an upload away",
            |m| on(m, cancel),
        ),
        get!("/api/v1/jobs", jobs, Page<JobView>, "work on uploads, newest first", "after", "limit"),
        get!("/api/v1/jobs/{id}", job, JobView, "one job"),
        retry_route,
        get!(
            "/api/v1/jobs/{id}/results/{kind}",
            result,
            serde_json::Value,
            "a document that a job gave: `inspection` or `sbom`, to be signed and registered"
        ),
        plain(
            MethodFilter::GET,
            Method::GET,
            "/api/v1/jobs/{id}/events",
            Area::Open,
            (200, "text/event-stream"),
            "a job as it goes on, until it is done or dead",
            |m| on(m, events),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct NewUpload {
    /// Name of the file.
    name: String,
    /// Its bytes.
    size: u64,
    /// What they hash to; checked when all are there.
    sha256: Option<Sha256>,
}

#[derive(Deserialize)]
struct At {
    place: u64,
}

async fn begin(
    State(app): State<App>,
    caller: Caller,
    Input(new): Input<NewUpload>,
) -> Result<Json<UploadView>, Problem> {
    let begun = app.begin_upload(&caller.viewer, &new.name, new.size, new.sha256).await?;
    Ok(Json(StatusCode::CREATED, begun))
}

async fn upload(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UploadView>, Problem> {
    Ok(ok(app.upload(&caller.viewer, &id).await?))
}

async fn add_piece(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(at): Asked<At>,
    Raw(bytes): Raw,
) -> Result<Json<UploadView>, Problem> {
    Ok(ok(app.add_chunk(&caller.viewer, &id, at.place, bytes).await?))
}

async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.cancel_upload(&caller.viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn jobs(
    State(app): State<App>,
    caller: Caller,
    Asked(list): Asked<List>,
) -> Result<Json<Page<JobView>>, Problem> {
    Ok(ok(Paging::from(list).cut(app.jobs(&caller.viewer).await?, |job| job.id.clone())))
}

async fn job(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    Ok(ok(app.job(&caller.viewer, &id).await?))
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    Ok(ok(app.retry_job(&caller.viewer, &id).await?))
}

async fn result(
    State(app): State<App>,
    caller: Caller,
    Path((id, kind)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let document = app.job_result(&caller.viewer, &id, &kind).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let first = app.job(&caller.viewer, &id).await?;
    let stream = states(app, caller.viewer, first);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn event(job: &JobView) -> Event {
    Event::default().event("job").data(serde_json::to_string(job).unwrap_or_default())
}

/// The job now, and whenever it changed.
fn states(app: App, viewer: Viewer, first: JobView) -> impl Stream<Item = Result<Event, Infallible>> {
    let next = |(app, viewer, last, shown): (App, Viewer, Option<JobView>, bool)| async move {
        let last = last?;
        if !shown {
            let ended = matches!(last.state, JobState::Done | JobState::Dead);
            return Some((Ok(event(&last)), (app, viewer, Some(last).filter(|_| !ended), true)));
        }
        let mut stopping = app.stopping.subscribe();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = async { let _ = stopping.wait_for(|s| *s).await; } => return None,
            }
            let now = app.job(&viewer, &last.id).await.ok()?;
            if now != last {
                let ended = matches!(now.state, JobState::Done | JobState::Dead);
                return Some((Ok(event(&now)), (app, viewer, Some(now).filter(|_| !ended), true)));
            }
        }
    };
    stream::unfold((app, viewer, Some(first), false), next)
}
