//! Requests that come twice, too often, or from outside; what is counted and written down.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use server::Rates;
use support::{Party, Site, envelope};

fn keyed(who: &Party, key: &str, path: &str, body: &str) -> Request<Body> {
    let request = Request::post(path).header(header::COOKIE, &who.cookie).header("x-sukashi-csrf", &who.csrf);
    request.header("idempotency-key", key).body(body.to_owned().into()).unwrap()
}

#[tokio::test]
async fn a_write_with_an_idempotency_key_is_done_once_and_answered_again() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    let body = r#"{"name": "KR-200", "kind": "equipment"}"#;
    let first = site.send(keyed(&maker, "k1", "/api/v1/products", body)).await;
    let again = site.send(keyed(&maker, "k1", "/api/v1/products", body)).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let changed =
        site.send(keyed(&maker, "k1", "/api/v1/products", r#"{"name": "X", "kind": "software"}"#)).await;
    assert_eq!((changed.status.as_u16(), changed.json()["code"].as_str()), (422, Some("key-reused")));
    let own = site.send(keyed(&other, "k1", "/api/v1/products", body)).await;
    assert_eq!(own.status, StatusCode::CREATED, "keys of others are other keys");
    let without = site.post(&maker, "/api/v1/products", body).await;
    assert_eq!(without.json()["code"], "exists");
    let secret = |key: &str| keyed(&maker, key, "/api/v1/tokens", r#"{"name": "ci", "role": "viewer"}"#);
    let (one, two) = (site.send(secret("t")).await.json(), site.send(secret("t")).await.json());
    assert_ne!(one["token"], two["token"], "answers with secrets are not kept");
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let site = Site::with(|site| site.with_rates(Rates { reads: 1, writes: 1 })).await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    let mut last = site.get(&maker, "/api/v1/session").await;
    for _ in 0..6 {
        last = site.get(&maker, "/api/v1/session").await;
    }
    assert_eq!((last.status.as_u16(), last.json()["code"].as_str()), (429, Some("too-many")));
    assert_eq!(last.headers[header::RETRY_AFTER], "1");
    assert_eq!(site.get(&other, "/api/v1/session").await.status, StatusCode::OK);
    assert_eq!(site.open("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn writes_are_in_the_audit_trail_of_ones_own_organization() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    site.release(&maker).await;
    site.post(&maker, "/api/v1/statements?tlp=clear", envelope(&maker)).await;
    let trail = site.get(&maker, "/api/v1/audit").await.json();
    let line = &trail["items"][0];
    assert_eq!(
        (line["path"].as_str(), line["status"].as_u64(), line["account"]["name"].as_str()),
        (Some("/api/v1/statements"), Some(201), Some("root"))
    );
    assert_eq!(trail["items"].as_array().unwrap().len(), 3);
    assert_eq!(site.get(&other, "/api/v1/audit").await.json()["items"], json!([]));
}

#[tokio::test]
async fn figures_are_for_the_instances_administrator_and_name_routes_not_paths() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    site.get(&maker, "/api/v1/evidence/secret").await;
    assert_eq!(site.open("/metrics").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.get(&maker, "/metrics").await.json()["code"], "role");
    let text = server::Site::new(std::sync::Arc::clone(&site.platform)).metrics().await;
    assert!(text.contains("sukashi_log_entries 0"), "{text}");
}

#[tokio::test]
async fn webhooks_go_to_https_addresses_and_belong_to_their_organization() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    let add = |url: &str| site.post(&maker, "/api/v1/webhooks", json!({"url": url}).to_string());
    assert_eq!(add("http://example.com").await.json()["code"], "bad-request");
    let hook = add("https://example.com/hook").await;
    assert_eq!(hook.status, StatusCode::CREATED);
    assert_eq!(site.get(&other, "/api/v1/webhooks").await.json()["items"], json!([]));
    assert_eq!(site.get(&maker, "/api/v1/webhooks").await.json()["items"][0]["dead"], false);
}

#[tokio::test]
async fn changes_come_as_they_happen_and_only_ones_own() {
    use tower::ServiceExt as _;
    let site = Site::new().await;
    let (maker, _other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    site.release(&maker).await;
    let ask = |who: &Party| {
        let request = Request::get("/api/v1/events").header(header::COOKIE, &who.cookie);
        site.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let response = ask(&maker).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut frames = response.into_body();
    let read = async {
        use http_body_util::BodyExt as _;
        let mut text = String::new();
        while !text.contains("release-added") {
            let frame = frames.frame().await.unwrap().unwrap();
            text += &String::from_utf8_lossy(frame.data_ref().unwrap());
        }
        text
    };
    let text = tokio::time::timeout(std::time::Duration::from_secs(20), read).await.unwrap();
    assert!(text.contains("event: change") && text.contains("id: "), "{text}");
    assert!(!text.contains("Other"), "{text}");
}
