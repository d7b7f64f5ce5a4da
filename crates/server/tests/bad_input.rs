//! Statements that must not be taken: the right status and code for each, and nothing of it registered.

mod support;

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};
use share::Platform;
use sqlx::Connection as _;
use statement::{
    Envelope, Head, PredicateType, SigningKey, Statement, Subject, Timestamp, Withdrawal, list_digest,
};
use support::{FIRMWARE, Party, Site, envelope};

const STATEMENTS: &str = "/api/v1/statements";

/// More than is verified together with what answers others.
const LONG: usize = 400_000;

fn sbom(components: usize) -> Statement {
    let component = json!({"type": "library", "name": "zlib", "version": "1.2.13"});
    let document =
        json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": vec![component; components]});
    let subject = Subject::new("a.bin", FIRMWARE);
    Statement::of_document(vec![subject], PredicateType::CYCLONEDX, &document.to_string()).unwrap()
}

fn signed(statement: &Statement, by: &SigningKey) -> Vec<u8> {
    statement.sign(&[by]).unwrap().to_json().unwrap()
}

/// The envelope with another payload under the same signature.
fn with_payload(envelope: &[u8], change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let envelope = Envelope::read(envelope).unwrap();
    let payload = change(envelope.payload.to_vec()).into();
    Envelope { payload, ..envelope }.to_json().unwrap()
}

fn signed_bytes(payload: &[u8], by: &SigningKey) -> Vec<u8> {
    Envelope::sign("application/vnd.in-toto+json", payload.to_vec(), &[by]).to_json().unwrap()
}

fn head(link: &str, issued: Timestamp, valid_until: Timestamp) -> Statement {
    let list_sha256 = list_digest(&[]);
    let head = Head { link: link.to_owned(), count: 0, list_sha256, issued, valid_until };
    Statement::new(vec![Subject::new("Water", FIRMWARE)], &head).unwrap()
}

async fn refused(site: &Site, by: &Party, query: &str, body: impl Into<Body>) -> (u16, String) {
    let answer = site.post(by, &format!("{STATEMENTS}{query}"), body).await;
    let problem = answer.json();
    assert_eq!(problem["status"].as_u64(), Some(u64::from(answer.status.as_u16())), "{problem}");
    (answer.status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
}

/// What is wrong, the body, the query, and the status and code that answer it.
type Case = (&'static str, Vec<u8>, String, (u16, &'static str));

/// How much is registered: entries of the log, and evidence that its own organization sees.
async fn registered(site: &Site, by: &Party) -> (u64, usize) {
    let list = site.get(by, "/api/v1/evidence?state=any").await.json();
    (site.platform.log_size().await.unwrap(), list["items"].as_array().unwrap().len())
}

#[tokio::test]
async fn what_is_wrong_with_a_statement_is_said_and_nothing_of_it_is_registered() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    site.release(&maker).await;
    let foreign = site.release(&other).await;
    let mut cases: Vec<Case> = Vec::new();
    for (size, statement) in [("short", sbom(1)), ("long", sbom(LONG / 50))] {
        let whole = signed(&statement, &maker.key);
        assert_eq!(whole.len() > LONG, size == "long");
        let mut case = |name, body: Vec<u8>, expected| cases.push((name, body, String::new(), expected));
        case("nothing", Vec::new(), (422, "bad-statement"));
        case("cut off", whole[..whole.len() - 40].to_vec(), (422, "bad-statement"));
        case(
            "no base64",
            String::from_utf8(whole.clone()).unwrap().replacen("ey", "**", 1).into(),
            (422, "bad-statement"),
        );
        case(
            "another payload",
            with_payload(&whole, |p| [p.as_slice(), b" "].concat()),
            (422, "bad-statement"),
        );
        case("somebody else's key", signed(&statement, &other.key), (403, "not-your-key"));
        case(
            "a key nobody knows",
            signed(&statement, &SigningKey::from_seed(&[99; 32])),
            (403, "not-your-key"),
        );
        let payload = Envelope::read(whole.as_slice()).unwrap().payload;
        case(
            "payload cut off",
            signed_bytes(&payload[..payload.len() - 2], &maker.key),
            (422, "bad-statement"),
        );
        case(
            "another type",
            Envelope::sign("text/plain", payload.to_vec(), &[&maker.key]).to_json().unwrap(),
            (422, "bad-statement"),
        );
        let deep = [b"[".repeat(LONG), b"]".repeat(LONG)].concat();
        case("deep", signed_bytes(&deep, &maker.key), (422, "bad-statement"));
    }
    let unknown = Subject::new("b.bin", record::Sha256([0x77; 32]));
    let unknown = Statement::of_document(vec![unknown], PredicateType::CYCLONEDX, "{}").unwrap();
    cases.push(("about nothing", signed(&unknown, &maker.key), String::new(), (422, "unknown-subject")));
    let about = |release: &str| format!("?release={release}");
    cases.push((
        "about no release",
        signed(&sbom(1), &maker.key),
        about("nothing"),
        (422, "unknown-subject"),
    ));
    cases.push((
        "about another's release",
        signed(&sbom(1), &maker.key),
        about(&foreign),
        (422, "unknown-subject"),
    ));
    let inspection = PredicateType::new("urn:sukashi:inspection:1".to_owned());
    let inspection = Statement::of_document(vec![Subject::new("a.bin", FIRMWARE)], inspection, "{}").unwrap();
    cases.push(("no inspection", signed(&inspection, &maker.key), String::new(), (422, "bad-statement")));
    let withdrawal = Withdrawal { reason: "x".to_owned() };
    let withdrawal = Statement::new(vec![Subject::new("s", FIRMWARE)], &withdrawal).unwrap();
    cases.push((
        "takes nothing back",
        signed(&withdrawal, &maker.key),
        String::new(),
        (422, "unknown-subject"),
    ));
    for (name, body, query, (status, code)) in cases {
        let found = refused(&site, &maker, &query, body).await;
        assert_eq!(found, (status, code.to_owned()), "{name}");
        assert_eq!(registered(&site, &maker).await, (0, 0), "{name}");
    }
}

#[tokio::test]
async fn long_and_short_statements_are_taken_once() {
    let site = Site::new().await;
    let (maker, other) = (site.party("Maker", 1).await, site.party("Other", 2).await);
    site.release(&maker).await;
    for (n, components) in [(1, 1), (2, LONG / 50)] {
        let body = signed(&sbom(components), &maker.key);
        let pieces: Vec<_> =
            body.chunks(10_000).map(Bytes::copy_from_slice).map(Ok::<_, io::Error>).collect();
        let first = site.post(&maker, STATEMENTS, Body::from_stream(stream::iter(pieces))).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&first.body));
        assert_eq!(first.json()["outcome"]["components"], components);
        // Replayed, also in another form, by its issuer and by others.
        let spaced = serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(&body).unwrap()).unwrap();
        for again in [body.clone(), spaced] {
            assert_eq!(refused(&site, &other, "", again.clone()).await, (403, "not-your-key".to_owned()));
            let again = site.post(&maker, STATEMENTS, again).await;
            assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &first.json()["id"]));
        }
        assert_eq!(registered(&site, &maker).await, (n, n as usize));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_ends_leaves_nothing() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    for components in [1, LONG / 50] {
        let body = signed(&sbom(components), &maker.key);
        let most = Bytes::copy_from_slice(&body[..body.len() - 100]);
        let pieces = vec![Ok(most), Err(io::Error::other("the line is dead"))];
        let found = refused(&site, &maker, "", Body::from_stream(stream::iter(pieces))).await;
        assert_eq!(found, (400, "bad-request".to_owned()));
    }
    let piece = Bytes::from(vec![b'A'; 8 << 20]);
    let pieces = [Bytes::from_static(b"{\"payload\":\"")].into_iter().chain(std::iter::repeat_n(piece, 49));
    let endless = Body::from_stream(stream::iter(pieces.map(Ok::<_, io::Error>)));
    assert_eq!(refused(&site, &maker, "", endless).await, (413, "too-large".to_owned()));
    assert_eq!(registered(&site, &maker).await, (0, 0));
}

#[tokio::test]
async fn a_revoked_key_is_named_as_such() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    let admin = site.platform.local_administrator();
    let second = SigningKey::from_seed(&[3; 32]);
    site.platform.add_key(&admin, &maker.id, second.public()).await.unwrap();
    let reason = statement::KeyRevocation { reason: "lost".to_owned() };
    let revocation = Statement::new(vec![Subject::new("Maker", maker.key.public().id().0)], &reason).unwrap();
    let done = site.post(&maker, STATEMENTS, signed(&revocation, &second)).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&done.body));
    let before = registered(&site, &maker).await;
    assert_eq!(refused(&site, &maker, "", envelope(&maker)).await, (403, "revoked".to_owned()));
    assert_eq!(registered(&site, &maker).await, before);
    let both = sbom(1).sign(&[&maker.key, &second]).unwrap().to_json().unwrap();
    assert_eq!(site.post(&maker, STATEMENTS, both).await.status, StatusCode::CREATED, "one of two is enough");
}

#[tokio::test]
async fn heads_that_are_over_or_of_a_clock_that_is_far_ahead_are_refused() {
    let site = Site::new().await;
    let (maker, water) = (site.party("Maker", 1).await, site.party("Water", 2).await);
    site.link(&maker, &water).await;
    let links = site.get(&maker, "/api/v1/supply-links").await.json();
    let link = links["items"][0]["id"].as_str().unwrap();
    let now = site.platform.now();
    let cases = [
        ("over before it began", head(link, now, now.plus(-1)), 409),
        ("ten minutes ahead", head(link, now.plus(600), now.plus(6000)), 409),
        ("a minute ahead", head(link, now.plus(60), now.plus(6000)), 201),
    ];
    for (name, statement, expected) in cases {
        let answer = site.post(&maker, STATEMENTS, signed(&statement, &maker.key)).await;
        assert_eq!(answer.status.as_u16(), expected, "{name}: {}", String::from_utf8_lossy(&answer.body));
        if expected == 409 {
            assert_eq!(answer.json()["code"], "bad-head");
            assert_eq!(registered(&site, &maker).await, (0, 0), "{name}");
        }
    }
}

#[tokio::test]
async fn tokens_sessions_and_login_links_that_are_over_let_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sukashi.sqlite");
    let platform = Arc::new(Platform::open(folder.path()).await.unwrap());
    let served = Arc::new(server::Site::new(Arc::clone(&platform)));
    let site = Site { router: server::router(served, false), platform, _folder: folder };
    let maker = site.party("Maker", 1).await;
    let as_bearer = async |token: &str| {
        let request = Request::get("/api/v1/session").header("authorization", format!("Bearer {token}"));
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().map(str::to_owned))
    };
    let log_in = async |token: &str| {
        let body = json!({"token": token}).to_string();
        let answer = site.send(Request::post("/api/v1/login").body(body.into()).unwrap()).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().map(str::to_owned))
    };
    let not_logged_in = (401, Some("not-logged-in".to_owned()));
    let login_failed = (401, Some("login-failed".to_owned()));

    let token = site.post(&maker, "/api/v1/tokens", r#"{"name": "ci", "role": "viewer"}"#).await.json();
    let tokens = site.get(&maker, "/api/v1/tokens").await.json();
    assert_eq!((&tokens["items"][0]["name"], &tokens["items"][0]["role"]), (&json!("ci"), &json!("viewer")));
    assert_eq!(tokens["items"][0]["id"], token["id"]);
    let path = format!("/api/v1/tokens/{}", token["id"].as_str().unwrap());
    let token = token["token"].as_str().unwrap();
    assert_eq!(as_bearer(token).await, (200, None));
    let revoke = Request::delete(path).header("cookie", &maker.cookie).header("x-sukashi-csrf", &maker.csrf);
    assert_eq!(site.send(revoke.body(Body::empty()).unwrap()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(as_bearer(token).await, not_logged_in, "a token that was taken back");
    assert_eq!(as_bearer("nobody's").await, not_logged_in);

    assert_eq!(site.get(&maker, "/api/v1/tokens").await.json()["items"], json!([]));

    let admin = site.platform.local_administrator();
    let link = async || site.platform.login_link(&admin, maker.viewer.account()).await.unwrap();
    let used = link().await;
    assert_eq!(log_in(used.reveal()).await, (200, None));
    assert_eq!(log_in(used.reveal()).await, login_failed, "a link that was used");
    let late = link().await;
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for table in ["login_link", "session"] {
        let past = sqlx::AssertSqlSafe(format!("UPDATE {table} SET expires_at = 1"));
        sqlx::raw_sql(past).execute(&mut database).await.unwrap();
    }
    assert_eq!(log_in(late.reveal()).await, login_failed, "a link of the day before yesterday");
    let over = site.get(&maker, "/api/v1/session").await;
    assert_eq!((over.status.as_u16(), over.json()["code"].as_str()), (401, Some("not-logged-in")));

    let (here, other) = (site.party("Other", 2).await, site.party("Third", 3).await);
    let everywhere = Request::delete("/api/v1/sessions").header("cookie", &here.cookie);
    let everywhere = everywhere.header("x-sukashi-csrf", &here.csrf).body(Body::empty()).unwrap();
    assert_eq!(site.send(everywhere).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get(&here, "/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.get(&other, "/api/v1/session").await.status, StatusCode::OK, "nobody else is logged out");
}
