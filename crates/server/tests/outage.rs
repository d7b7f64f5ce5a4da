//! A store in trouble: whoever asks is told so with status and code, nothing is half-registered, and all is well again
//! without help. A full disk is in `full_disk`, a bucket's failures are in the stories of the command.

mod support;

#[path = "../../share/tests/support/wire.rs"]
mod wire;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use serde_json::Value;
use share::{Places, Platform};
use sqlx::Connection as _;
use support::{Answer, Party, Site, envelope, places};
use wire::Wire;

/// What is sent while the store is in trouble: path and body.
fn writes(maker: &Party) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("/api/v1/statements", envelope(maker)),
        ("/api/v1/products", br#"{"name": "KR-300", "kind": "equipment"}"#.to_vec()),
    ]
}

fn is_unavailable(answer: &Answer, what: &str) {
    let problem = answer.json();
    assert_eq!(
        (answer.status, problem["status"].as_u64(), problem["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some(503), Some("unavailable")),
        "{what}: {problem}"
    );
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{what}: it says when to come back");
}

/// Entries of the log, evidence and products, as its own organization sees them.
async fn registered(site: &Site, by: &Party) -> (u64, usize, usize) {
    let count = |list: Value| list["items"].as_array().unwrap().len();
    let evidence = site.get(by, "/api/v1/evidence?state=any").await.json();
    let products = site.get(by, "/api/v1/products").await.json();
    (site.platform.log_size().await.unwrap(), count(evidence), count(products))
}

/// After the trouble: nothing of what was refused is there, and all of it is taken now.
async fn well_again(site: &Site, maker: &Party) {
    assert_eq!(registered(site, maker).await, (0, 0, 1), "nothing of it is registered");
    for (path, body) in writes(maker) {
        let answer = site.post(maker, path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
    assert_eq!(registered(site, maker).await, (1, 1, 2));
    let admin = site.platform.local_administrator();
    assert_eq!(site.platform.check_integrity(&admin).await.unwrap().faults, Vec::<String>::new());
}

async fn served(places: &Places, folder: tempfile::TempDir) -> Site {
    let platform = Arc::new(Platform::open_at(places).await.unwrap());
    let served = server::Site::new(Arc::clone(&platform));
    Site { router: server::router(Arc::new(served), false), platform, _folder: folder }
}

#[tokio::test]
async fn a_database_that_somebody_else_holds_is_waited_for_and_then_said_to_be_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sukashi.sqlite");
    let site = served(&Places::directory(folder.path()), folder).await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    for (path, body) in writes(&maker) {
        is_unavailable(&site.post(&maker, path, body).await, path);
    }
    let session = site.get(&maker, "/api/v1/session").await;
    assert_eq!(session.status, StatusCode::OK, "what is there can be read meanwhile");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    well_again(&site, &maker).await;
}

#[tokio::test]
async fn a_folder_of_envelopes_that_is_gone_is_said_and_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let (blobs, away) = (folder.path().join("blobs"), folder.path().join("away"));
    let site = served(&Places::directory(folder.path()), folder).await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    std::fs::rename(&blobs, &away).unwrap();
    is_unavailable(&site.post(&maker, "/api/v1/statements", envelope(&maker)).await, "no folder");
    std::fs::write(&blobs, "a file").unwrap();
    is_unavailable(&site.post(&maker, "/api/v1/statements", envelope(&maker)).await, "a file instead");
    std::fs::remove_file(&blobs).unwrap();
    std::fs::rename(&away, &blobs).unwrap();
    well_again(&site, &maker).await;
}

#[tokio::test]
async fn a_database_that_is_gone_for_a_while_is_said_and_used_again() {
    let Some(database) = places::postgres().await else { return };
    let mut wire = Wire::new(wire::address(&database)).await;
    let database = database.replace(&wire::address(&database).to_string(), &wire.at.to_string());
    let folder = tempfile::tempdir().unwrap();
    let there = Places { database: Some(database), ..Places::directory(folder.path()) };
    let site = served(&there, folder).await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    wire.cut().await;
    for (path, body) in writes(&maker) {
        is_unavailable(&site.post(&maker, path, body).await, path);
    }
    for path in ["/api/v1/session", "/api/v1/evidence", "/readyz"] {
        is_unavailable(&site.get(&maker, path).await, path);
    }
    assert_eq!(site.open("/healthz").await.status, StatusCode::OK, "the process itself is well");
    wire.mend().await;
    // Connections of the pool may have died unseen: each is found out by whoever gets it.
    let mut ready = site.open("/readyz").await.status;
    for _ in 0..50 {
        if ready == StatusCode::OK {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        ready = site.open("/readyz").await.status;
    }
    assert_eq!(ready, StatusCode::OK);
    well_again(&site, &maker).await;
}
