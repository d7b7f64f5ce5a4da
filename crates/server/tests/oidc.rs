//! Logging in at an issuer of identities that this test plays: discovery, keys, code with PKCE, ID token, roles.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use server::{Oidc, OidcSettings, OidcSettingsError};
use sha2::Digest as _;
use share::{OrganizationKind, Role};
use support::{Answer, Site};

/// What the issuer does next time.
#[derive(Default)]
struct Plan {
    /// Sent to the browser: `code_challenge` and `nonce`, by code.
    asked: BTreeMap<String, (String, String)>,
    /// Claims in place of the usual ones; null takes one away.
    claims: Value,
    /// Signs with a key that is not published.
    forged: bool,
}

#[derive(Clone)]
struct Issuer {
    url: String,
    plan: Arc<Mutex<Plan>>,
    keys: Arc<[EcdsaKeyPair; 2]>,
}

fn key_pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap()
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url, plan: Arc::default(), keys: Arc::new([key_pair(), key_pair()]) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    fn plan(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.plan.lock().unwrap());
    }
}

async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", issuer.url);
    Json(json!({
        "issuer": issuer.url, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "end_session_endpoint": at("/end?tenant=1")
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<Value> {
    let point = issuer.keys[0].public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "use": "sig", "x": x, "y": y}]}))
}

async fn token(
    State(issuer): State<Issuer>,
    headers: axum::http::HeaderMap,
    body: String,
) -> Result<Json<Value>, StatusCode> {
    let url = url::Url::parse(&format!("x:/?{body}")).unwrap();
    let form: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let mut plan = issuer.plan.lock().unwrap();
    let (challenge, nonce) = plan.asked.remove(&form["code"]).ok_or(StatusCode::BAD_REQUEST)?;
    // `client:s%26cret` in base64.
    let basic = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok());
    let proven = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&form["code_verifier"])) == challenge;
    if !proven || basic != Some("Basic Y2xpZW50OnMlMjZjcmV0") || form["grant_type"] != "authorization_code" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let now = share::now().unix();
    let mut claims = json!({
        "iss": issuer.url, "aud": "client", "sub": "u1", "name": "Aki", "groups": ["x", "makers"],
        "exp": now + 300, "iat": now, "nonce": nonce
    });
    for (claim, value) in plan.claims.as_object().into_iter().flatten() {
        claims[claim] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "k"})), part(&claims));
    let key = &issuer.keys[usize::from(plan.forged)];
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    Ok(Json(
        json!({"id_token": format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)), "token_type": "Bearer"}),
    ))
}

fn settings(issuer: &Issuer, folder: &std::path::Path) -> OidcSettings {
    let secret = folder.join("secret");
    std::fs::write(&secret, "s&cret\n").unwrap();
    serde_json::from_value(json!({
        "name": "Company login", "issuer": issuer.url, "client_id": "client", "client_secret_file": secret,
        "address": "http://127.0.0.1:7878/", "scopes": ["profile", "groups"],
        "roles": [
            {"claim": "groups", "value": "chiefs", "organization": "Maker", "role": "administrator"},
            {"claim": "groups", "value": "makers", "organization": "Maker", "role": "publisher"},
            {"claim": "groups", "value": "ghosts", "organization": "Nobody", "role": "viewer"}
        ]
    }))
    .unwrap()
}

struct Place {
    site: Site,
    issuer: Issuer,
    _secret: tempfile::TempDir,
}

async fn place() -> Place {
    let (issuer, folder) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let oidc = Oidc::new(settings(&issuer, folder.path())).unwrap();
    let site = Site::with(|site| site.with_oidc(oidc)).await;
    let admin = site.platform.local_administrator();
    site.platform.add_organization(&admin, "Maker", OrganizationKind::EquipmentManufacturer).await.unwrap();
    Place { site, issuer, _secret: folder }
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    answer.headers[header::LOCATION].to_str().unwrap()
}

/// The value of a cookie that is set, with what is said about it.
fn set<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let all = answer.headers.get_all(header::SET_COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    all.into_iter().find_map(|v| v.strip_prefix(name)?.strip_prefix('='))
}

impl Place {
    /// Leaves for the issuer: the cookie and the state.
    async fn leave(&self) -> (String, String) {
        let left = self.site.open("/login/oidc").await;
        let url = url::Url::parse(location(&left)).unwrap();
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(url.as_str().starts_with(&format!("{}/authorize?", self.issuer.url)), "{url}");
        let fixed = [
            ("response_type", "code"),
            ("client_id", "client"),
            ("redirect_uri", "http://127.0.0.1:7878/login/oidc/back"),
            ("scope", "openid profile groups"),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in fixed {
            assert_eq!(asked[name], value);
        }
        let (challenge, nonce) = (asked["code_challenge"].clone(), asked["nonce"].clone());
        self.issuer.plan(|plan| drop(plan.asked.insert("c0de".to_owned(), (challenge, nonce))));
        let cookie = set(&left, "sukashi_login").unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
        (cookie.split(';').next().unwrap().to_owned(), asked["state"].clone())
    }

    async fn back(&self, cookie: &str, state: &str, code: &str) -> Answer {
        let path = format!("/login/oidc/back?state={state}&code={code}");
        let cookie = format!("sukashi_login={cookie}");
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        self.site.send(request).await
    }

    async fn log_in(&self) -> Answer {
        let (cookie, state) = self.leave().await;
        self.back(&cookie, &state, "c0de").await
    }

    async fn session(&self, answer: &Answer) -> Value {
        let secret = set(answer, "sukashi_session").unwrap().split(';').next().unwrap();
        let request =
            Request::get("/api/v1/session").header(header::COOKIE, format!("sukashi_session={secret}"));
        self.site.send(request.body(Body::empty()).unwrap()).await.json()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_the_issuer_vouches_for_acts_in_the_role_that_a_claim_gives() {
    let place = place().await;
    assert_eq!(place.site.open("/api/v1/login").await.json(), json!({"oidc": {"name": "Company login"}}));
    let first = place.log_in().await;
    assert_eq!(location(&first), "/");
    let session = place.session(&first).await;
    let shown = (&session["account"]["name"], &session["organization"]["name"], &session["role"]);
    assert_eq!(shown, (&json!("Aki"), &json!("Maker"), &json!("publisher")));
    // The same person again, with another role by now: the same account.
    place.issuer.plan(|plan| plan.claims = json!({"groups": "chiefs"}));
    let again = place.session(&place.log_in().await).await;
    assert_eq!(again["account"]["id"], session["account"]["id"]);
    assert_eq!(again["role"], json!("administrator"));
    assert_eq!(place.session(&first).await["role"], json!("administrator"), "a role follows at once");
    let admin = place.site.platform.local_administrator();
    let account = share::AccountId::new(again["account"]["id"].as_str().unwrap());
    let viewer = place.site.platform.viewer(&admin, &account).await.unwrap();
    assert!(viewer.role() == Role::Administrator && viewer.administrator().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_fits_no_rule_is_refused() {
    let place = place().await;
    for groups in [json!(["strangers"]), json!("ghosts"), json!(7), Value::Null] {
        place.issuer.plan(|plan| plan.claims = json!({"groups": groups}));
        let answer = place.log_in().await;
        assert_eq!((location(&answer), set(&answer, "sukashi_session")), ("/?login=refused", None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_not_for_this_login_let_nobody_in() {
    let place = place().await;
    let past = share::now().unix() - 3600;
    let wrong = [
        json!({"iss": "https://other.example"}),
        json!({"aud": "another"}),
        json!({"aud": ["client", "another"]}),
        json!({"azp": "another"}),
        json!({"exp": past}),
        json!({"exp": "9999999999"}),
        json!({"iat": past + 7200}),
        json!({"nonce": "another"}),
        json!({"sub": ""}),
    ];
    for claims in wrong {
        place.issuer.plan(|plan| plan.claims = claims.clone());
        let answer = place.log_in().await;
        assert_eq!(
            (location(&answer), set(&answer, "sukashi_session")),
            ("/?login=failed", None),
            "{claims}"
        );
    }
    place.issuer.plan(|plan| (plan.claims, plan.forged) = (Value::Null, true));
    assert_eq!(location(&place.log_in().await), "/?login=failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_browser_that_left_comes_back_and_once() {
    let place = place().await;
    let (cookie, state) = place.leave().await;
    assert_eq!(
        location(&place.site.open(&format!("/login/oidc/back?state={state}&code=c0de")).await),
        "/?login=failed"
    );
    let (other, _) = place.leave().await;
    assert_eq!(location(&place.back(&other, &state, "c0de").await), "/?login=failed");
    let denied = place.site.open("/login/oidc/back?error=access_denied").await;
    assert_eq!(location(&denied), "/?login=failed");
    let (cookie_again, state_again) = place.leave().await;
    assert_ne!((&cookie, &state), (&cookie_again, &state_again));
    let done = place.back(&cookie_again, &state_again, "c0de").await;
    assert_eq!(location(&done), "/");
    assert!(set(&done, "sukashi_login").unwrap().contains("Max-Age=0"));
    assert_eq!(
        location(&place.back(&cookie_again, &state_again, "c0de").await),
        "/?login=failed",
        "the code is used"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logged_in_at_the_issuer_logs_out_there_and_nobody_else() {
    let place = place().await;
    let done = place.log_in().await;
    let said = set(&done, "sukashi_issuer").unwrap();
    assert!(said.contains("; Path=/login/oidc/out; HttpOnly; SameSite=Strict"), "{said}");
    let token = said.split(';').next().unwrap();
    let request = Request::get("/login/oidc/out").header(header::COOKIE, format!("sukashi_issuer={token}"));
    let out = place.site.send(request.body(Body::empty()).unwrap()).await;
    let url = url::Url::parse(location(&out)).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end?tenant=1&", place.issuer.url)), "{url}");
    let about: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(about["client_id"], "client");
    assert_eq!(about["post_logout_redirect_uri"], "http://127.0.0.1:7878/");
    assert_eq!(about["id_token_hint"], token);
    assert!(set(&out, "sukashi_issuer").unwrap().contains("Max-Age=0"));
    // Whoever came by a login link has nothing to end there.
    assert_eq!(location(&place.site.open("/login/oidc/out").await), "/");
}

#[tokio::test]
async fn an_issuer_that_is_away_and_settings_that_cannot_work_are_said() {
    let (issuer, folder) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let good = settings(&issuer, folder.path());
    let away = OidcSettings { issuer: "http://127.0.0.1:1".to_owned(), ..good.clone() };
    let site = Site::with(|site| site.with_oidc(Oidc::new(away).unwrap())).await;
    assert_eq!(location(&site.open("/login/oidc").await), "/?login=unreachable");
    let clear = OidcSettings { issuer: "http://id.example".to_owned(), ..good.clone() };
    assert!(matches!(Oidc::new(clear), Err(OidcSettingsError::Address(_))));
    let nobody = OidcSettings { roles: Vec::new(), ..good.clone() };
    assert!(matches!(Oidc::new(nobody), Err(OidcSettingsError::NoRoles)));
    let secret = Some(folder.path().join("missing"));
    assert!(matches!(
        Oidc::new(OidcSettings { client_secret_file: secret, ..good }),
        Err(OidcSettingsError::Secret { .. })
    ));
    let without = Site::new().await;
    assert_eq!(without.open("/login/oidc").await.status, StatusCode::NOT_FOUND);
    assert_eq!(without.open("/api/v1/login").await.json(), json!({"oidc": null}));
}
