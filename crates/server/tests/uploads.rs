//! Large files in pieces, and the work on them: resumed, examined in another process, tried again, given up visibly.

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use pipeline::Examiner;
use serde_json::{Value, json};
use sha2::Digest as _;
use support::{Party, Site};

/// An examiner that is a shell script: `$1` is the file, `$2` the folder for results.
fn examiner(site: &Site, script: &str) -> Examiner {
    let arguments = vec!["-c".to_owned(), script.to_owned(), "examine".to_owned()];
    Examiner::new(Arc::clone(&site.platform), PathBuf::from("/bin/sh"), arguments)
}

const GOOD: &str = r#"echo '{"done":0,"total":2}'; echo noise; echo '{"done":2,"total":2}'
    /usr/bin/wc -c < "$1" > "$2/inspection.json"; echo '{"sbom":true}' > "$2/sbom.json""#;

async fn begin(site: &Site, who: &Party, bytes: &[u8]) -> String {
    let digest = hex::encode(sha2::Sha256::digest(bytes));
    let body = json!({"name": "router.bin", "size": bytes.len(), "sha256": digest});
    let begun = site.post(who, "/api/v1/uploads", body.to_string()).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{:?}", begun.json());
    begun.json()["id"].as_str().unwrap().to_owned()
}

async fn piece(site: &Site, who: &Party, id: &str, place: usize, bytes: &[u8]) -> support::Answer {
    site.post(who, &format!("/api/v1/uploads/{id}/pieces?place={place}"), bytes.to_vec()).await
}

async fn whole(site: &Site, who: &Party, bytes: &[u8]) -> String {
    let id = begin(site, who, bytes).await;
    assert_eq!(piece(site, who, &id, 0, bytes).await.status, StatusCode::OK);
    id
}

async fn job(site: &Site, who: &Party, id: &str) -> Value {
    site.get(who, &format!("/api/v1/jobs/{id}")).await.json()
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_and_is_examined_when_it_is_whole() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let id = begin(&site, &maker, &bytes).await;
    let first = piece(&site, &maker, &id, 0, &bytes[..2_000_000]).await;
    assert_eq!(first.json()["received"], 2_000_000);
    let again = piece(&site, &maker, &id, 0, &bytes[..2_000_000]).await;
    assert_eq!((again.status.as_u16(), again.json()["code"].as_str()), (409, Some("wrong-place")));
    assert!(!examiner(&site, GOOD).one().await.unwrap(), "it is not whole");
    let path = format!("/api/v1/uploads/{id}");
    assert_eq!(
        site.get(&maker, &path).await.json()["received"],
        2_000_000,
        "a client that lost its way asks"
    );
    assert_eq!(site.get(&other, &path).await.status, StatusCode::NOT_FOUND);
    piece(&site, &maker, &id, 2_000_000, &bytes[2_000_000..]).await;
    assert_eq!(job(&site, &maker, &id).await["state"], "waiting");

    assert!(examiner(&site, GOOD).one().await.unwrap());
    let done = job(&site, &maker, &id).await;
    assert_eq!((done["state"].as_str(), done["done"].as_u64()), (Some("done"), Some(2)), "{done}");
    let kinds: Vec<_> =
        done["results"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["inspection", "sbom"]);
    let inspection = site.get(&maker, &format!("/api/v1/jobs/{id}/results/inspection")).await;
    assert_eq!(String::from_utf8(inspection.body).unwrap().trim(), "3000000");
    assert_eq!(site.get(&maker, &path).await.status, StatusCode::NOT_FOUND, "the image itself is gone");
    for path in [format!("/api/v1/jobs/{id}"), format!("/api/v1/jobs/{id}/results/sbom")] {
        assert_eq!(site.get(&other, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let events = Request::get(format!("/api/v1/jobs/{id}/events")).header(header::COOKIE, &maker.cookie);
    let events = site.send(events.body(Body::empty()).unwrap()).await;
    let text = String::from_utf8(events.body).unwrap();
    assert!(text.contains("event: job") && text.contains(r#""state":"done""#), "{text}");
}

#[tokio::test]
async fn a_job_that_fails_is_tried_later_and_what_cannot_be_read_is_given_up() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    let id = whole(&site, &maker, b"image").await;
    assert!(examiner(&site, "exit 1").one().await.unwrap());
    let failed = job(&site, &maker, &id).await;
    assert_eq!((failed["state"].as_str(), failed["attempts"].as_u64()), (Some("waiting"), Some(1)));
    assert_eq!(failed["error"], "the examination ended with 1");
    assert!(failed["next_at"].is_string(), "{failed}");
    assert!(!examiner(&site, GOOD).one().await.unwrap(), "not at once");

    let hopeless = whole(&site, &maker, b"other").await;
    assert!(examiner(&site, "exit 2").one().await.unwrap());
    let dead = job(&site, &maker, &hopeless).await;
    assert_eq!(dead["state"], "dead", "{dead}");
    let listed = site.get(&maker, "/api/v1/jobs").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "dead ones are seen");
    let retry = format!("/api/v1/jobs/{hopeless}/retry");
    assert_eq!(site.post(&maker, &retry, "").await.json()["state"], "waiting");
    assert!(examiner(&site, GOOD).one().await.unwrap());
    assert_eq!(job(&site, &maker, &hopeless).await["state"], "done");
    assert_eq!(site.post(&maker, &retry, "").await.status, StatusCode::NOT_FOUND, "it is not dead any more");
}

#[tokio::test]
async fn a_file_that_is_not_what_was_announced_is_not_examined() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    let id = begin(&site, &maker, b"announced").await;
    piece(&site, &maker, &id, 0, b"delivered").await;
    assert!(examiner(&site, GOOD).one().await.unwrap());
    let dead = job(&site, &maker, &id).await;
    assert_eq!(dead["state"], "dead");
    assert!(dead["error"].as_str().unwrap().contains("another digest"), "{dead}");
}

#[tokio::test]
async fn an_examination_has_neither_credentials_nor_its_job_when_it_was_cancelled() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    let id = whole(&site, &maker, b"image").await;
    let told = r#"/usr/bin/env > "$2/inspection.json"; echo {} > "$2/sbom.json""#;
    examiner(&site, told).one().await.unwrap();
    let environment = site.get(&maker, &format!("/api/v1/jobs/{id}/results/inspection")).await;
    let environment = String::from_utf8(environment.body).unwrap();
    assert!(!environment.contains("HOME=") && !environment.contains("SUKASHI"), "{environment}");

    let id = whole(&site, &maker, b"image").await;
    let cancel = Request::delete(format!("/api/v1/uploads/{id}"))
        .header(header::COOKIE, &maker.cookie)
        .header("x-sukashi-csrf", &maker.csrf);
    let cancelled = site.send(cancel.body(Body::empty()).unwrap()).await;
    assert_eq!(cancelled.status, StatusCode::NO_CONTENT);
    assert!(!examiner(&site, GOOD).one().await.unwrap());
    assert_eq!(site.get(&maker, &format!("/api/v1/jobs/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pieces_and_uploads_have_limits() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    for size in [0, 5_u64 << 30] {
        let body = json!({"name": "x", "size": size}).to_string();
        assert_eq!(site.post(&maker, "/api/v1/uploads", body).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let id = begin(&site, &maker, &[7; 100]).await;
    assert_eq!(piece(&site, &maker, &id, 0, &[7; 101]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(piece(&site, &maker, &id, 0, &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let huge = vec![0; share::MAX_CHUNK + 1];
    assert_eq!(piece(&site, &maker, &id, 0, &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
