//! The interface as a client sees it: login, reading, writing, problems, hiding.

mod support;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use share::Platform;
use support::{Site, envelope};

#[tokio::test]
async fn pages_openapi_and_health_answer_without_login() {
    let site = Site::new().await;
    for path in ["/", "/systems/abc", "/api/v1/openapi.json", "/healthz", "/readyz", "/log/checkpoint"] {
        let answer = site.open(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
    let page = site.open("/").await;
    assert!(String::from_utf8(page.body).unwrap().contains("<div id=\"app\">"));
}

#[tokio::test]
async fn everything_else_asks_who_you_are_and_problems_are_problem_documents() {
    let site = Site::new().await;
    for path in ["session", "status", "products", "evidence/x", "changes", "log"] {
        let answer = site.open(&format!("/api/v1/{path}")).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("not-logged-in"))
        );
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let answer = site.open("/api/v1/nothing").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not-found")));
    let answer = site.send(Request::put("/api/v1/status").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("method-not-allowed"))
    );
}

#[tokio::test]
async fn a_login_link_is_used_up_by_following_it_but_not_by_looking_ahead() {
    let site = Site::new().await;
    let admin = site.platform.local_administrator();
    let party = site.party("A", 1).await;
    let link = site.platform.login_link(&admin, party.viewer.account()).await.unwrap();
    let path = format!("/login?token={}", link.reveal());
    let head = site.send(Request::head(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.open(&path).await.headers[header::LOCATION], "/");
    assert_eq!(site.open(&path).await.headers[header::LOCATION], "/?login=failed");
}

#[tokio::test]
async fn an_administrator_makes_another_login_link_but_not_for_who_manages_the_instance() {
    let site = Site::new().await;
    let (one, other) = (site.party("A", 1).await, site.party("B", 2).await);
    let admin = site.platform.local_administrator();
    let role = share::Role::Administrator;
    site.platform.add_account(&admin, &one.id, "operations", role, true).await.unwrap();
    let path = format!("/api/v1/organizations/{}/login-links", one.id);
    let made = site.post(&one, &path, r#"{"name": "root"}"#).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let link = format!("/login?token={}", made.json()["login_token"].as_str().unwrap());
    assert_eq!(site.open(&link).await.headers[header::LOCATION], "/");
    assert_eq!(site.post(&one, &path, r#"{"name": "nobody"}"#).await.status, StatusCode::NOT_FOUND);
    for (who, name) in [(&other, "root"), (&one, "operations")] {
        let refused = site.post(who, &path, format!(r#"{{"name": "{name}"}}"#)).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::FORBIDDEN, &"role".into()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_statement_is_registered_shown_redacted_to_the_customer_and_to_nobody_else() {
    let site = Site::new().await;
    let (maker, water, other) =
        (site.party("Maker", 1).await, site.party("Water", 2).await, site.party("Other", 3).await);
    site.link(&maker, &water).await;
    let release = site.release(&maker).await;
    let registered = site.post(&maker, "/api/v1/statements", envelope(&maker)).await;
    assert_eq!(registered.status, StatusCode::CREATED);
    assert_eq!(site.post(&maker, "/api/v1/statements", envelope(&maker)).await.status, StatusCode::OK);
    let id = registered.json()["id"].as_str().unwrap().to_owned();
    let seen = site.get(&water, &format!("/api/v1/evidence/{id}")).await.json();
    assert_eq!((seen["level"].as_str(), seen["outcome"]["components"].as_u64()), (Some("redacted"), Some(1)));
    let document = site.get(&water, &format!("/api/v1/evidence/{id}/document")).await;
    assert_eq!(document.headers["x-sukashi-level"], "redacted");
    let components = site.get(&water, &format!("/api/v1/releases/{release}/components")).await.json();
    assert_eq!(components["items"][0]["name"], "zlib");
    let unknown = site.get(&other, "/api/v1/evidence/0000").await;
    for path in ["", "/document", "/statement", "/proof"] {
        let hidden = site.get(&other, &format!("/api/v1/evidence/{id}{path}")).await;
        assert_eq!((hidden.status, &hidden.body), (StatusCode::NOT_FOUND, &unknown.body), "{path}");
    }
    let hidden = site.get(&other, &format!("/api/v1/releases/{release}")).await;
    assert_eq!((hidden.status, &hidden.body), (StatusCode::NOT_FOUND, &unknown.body));
}

#[tokio::test]
async fn writing_needs_the_csrf_secret_with_a_cookie_and_not_with_a_token() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    let body = r#"{"name": "KR-200", "kind": "equipment"}"#;
    let request =
        Request::post("/api/v1/products").header(header::COOKIE, &maker.cookie).body(body.into()).unwrap();
    let refused = site.send(request).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("bad-csrf")));
    let token = site.post(&maker, "/api/v1/tokens", r#"{"name": "ci", "role": "engineer"}"#).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let request =
        Request::post("/api/v1/products").header(header::AUTHORIZATION, &bearer).body(body.into()).unwrap();
    assert_eq!(site.send(request).await.status, StatusCode::CREATED);
    let request = Request::post("/api/v1/statements")
        .header(header::AUTHORIZATION, &bearer)
        .body(envelope(&maker).into())
        .unwrap();
    assert_eq!(site.send(request).await.json()["code"], "role");
}

#[tokio::test]
async fn bad_statements_and_bodies_are_refused_with_their_code() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    let cases: [(&str, Vec<u8>, u16, &str); 5] = [
        ("/api/v1/statements", b"{".to_vec(), 422, "bad-statement"),
        ("/api/v1/statements", envelope(&other), 403, "not-your-key"),
        ("/api/v1/statements", envelope(&maker), 422, "unknown-subject"),
        ("/api/v1/statements?tlp=pink", envelope(&maker), 400, "bad-request"),
        ("/api/v1/products", br#"{"name": "", "kind": "software"}"#.to_vec(), 400, "bad-request"),
    ];
    for (path, body, status, code) in cases {
        let refused = site.post(&maker, path, body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
    }
    let large = site.post(&maker, "/api/v1/products", vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    let first = site.get(&maker, "/api/v1/products").await;
    let tag = first.headers[header::ETAG].clone();
    let request = Request::get("/api/v1/products").header(header::COOKIE, &maker.cookie);
    let again =
        site.send(request.header(header::IF_NONE_MATCH, tag.clone()).body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    site.release(&maker).await;
    assert_ne!(site.get(&maker, "/api/v1/products").await.headers[header::ETAG], tag);
}

#[tokio::test]
async fn the_openapi_document_is_the_committed_one_and_every_reference_in_it_leads_somewhere() {
    let document = server::openapi();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        text,
        "run the test with UPDATE_SCHEMAS=1 and review"
    );
    let references = text.split("\"$ref\": \"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn serving_ends_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Arc::new(Platform::open(folder.path()).await.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = server::serve(
        Arc::new(server::Site::new(platform)),
        listener,
        server::ServeOptions::default(),
        async {
            let _ = stopped.await;
        },
    );
    let serving = tokio::spawn(serving);
    stop.send(()).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), serving).await.unwrap().unwrap().unwrap();
}
