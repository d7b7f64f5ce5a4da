//! The status map and systems.

use axum::extract::{Path, State};
use record::Status;
use share::{AssessmentView, Page, SystemId, SystemView};

use crate::answer::{Asked, Json, List, ok};
use crate::caller::{App, Caller};
use crate::problem::Problem;
use crate::routes::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get!("/api/v1/status", status, Status, "the status map, sukashi.status/1"),
        get!(
            "/api/v1/systems",
            systems,
            Page<SystemView>,
            "own systems, and those disclosed in full",
            "after",
            "limit"
        ),
        get!("/api/v1/systems/{id}", system, SystemView, "a system with its assets and current evidence"),
        get!(
            "/api/v1/systems/{id}/model",
            model,
            serde_json::Value,
            "the sukashi.system/1 document last registered"
        ),
        get!("/api/v1/systems/{id}/assessment", assessment, AssessmentView, "the latest assessment"),
    ]
}

async fn status(State(app): State<App>, caller: Caller) -> Json<Status> {
    ok(app.status(&caller.viewer))
}

async fn systems(State(app): State<App>, caller: Caller, Asked(list): Asked<List>) -> Json<Page<SystemView>> {
    ok(share::Paging::from(list).cut(app.systems(&caller.viewer), |s| s.id.to_string()))
}

async fn system(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SystemView>, Problem> {
    Ok(ok(app.system(&caller.viewer, &SystemId::new(id))?))
}

async fn model(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    Ok(ok(app.system_model(&caller.viewer, &SystemId::new(id)).await?))
}

async fn assessment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AssessmentView>, Problem> {
    Ok(ok(app.assessment(&caller.viewer, &SystemId::new(id)).await?))
}
