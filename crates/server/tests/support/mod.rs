//! A platform behind its router, and parties logged in to it.
#![allow(dead_code, reason = "each test program uses a part of it")]

#[path = "../../../share/tests/support/places.rs"]
pub(crate) mod places;

pub(crate) mod instances;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use share::{NewLink, OrganizationId, OrganizationKind, Platform, Role, Viewer};
use statement::{PredicateType, SigningKey, Statement, Subject};
use tower::ServiceExt as _;

pub(crate) const FIRMWARE: record::Sha256 = record::Sha256([0xf1; 32]);

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) platform: Arc<Platform>,
    pub(crate) _folder: tempfile::TempDir,
}

pub(crate) struct Party {
    pub(crate) id: OrganizationId,
    pub(crate) key: SigningKey,
    pub(crate) viewer: Viewer,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }
}

pub(crate) async fn answer(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 24).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|site| site).await
    }

    pub(crate) async fn with(change: impl FnOnce(server::Site) -> server::Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let platform = Arc::new(Platform::open_at(&places::places(folder.path()).await).await.unwrap());
        let site = change(server::Site::new(Arc::clone(&platform)));
        Self { router: server::router(Arc::new(site), false), platform, _folder: folder }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        answer(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn open(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, who: &Party, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, &who.cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, who: &Party, path: &str, body: impl Into<Body>) -> Answer {
        let request =
            Request::post(path).header(header::COOKIE, &who.cookie).header("x-sukashi-csrf", &who.csrf);
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn party(&self, name: &str, seed: u8) -> Party {
        let admin = self.platform.local_administrator();
        let id = self.platform.add_organization(&admin, name, OrganizationKind::Operator).await.unwrap();
        let key = SigningKey::from_seed(&[seed; 32]);
        self.platform.add_key(&admin, &id, key.public()).await.unwrap();
        let account =
            self.platform.add_account(&admin, &id, "root", Role::Administrator, false).await.unwrap();
        let viewer = self.platform.viewer(&admin, &account).await.unwrap();
        let link = self.platform.login_link(&admin, &account).await.unwrap();
        let followed = self.open(&format!("/login?token={}", link.reveal())).await;
        assert_eq!(
            (followed.status, followed.headers[header::LOCATION].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/")
        );
        let set = followed.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
        let cookie = set.split(';').next().unwrap().to_owned();
        let request =
            Request::get("/api/v1/session").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
        let csrf = self.send(request).await.json()["csrf"].as_str().unwrap().to_owned();
        Party { id, key, viewer, cookie, csrf }
    }

    pub(crate) async fn link(&self, supplier: &Party, customer: &Party) {
        let (supplier_id, customer_id) = (supplier.id.clone(), customer.id.clone());
        let link = NewLink {
            supplier: supplier_id,
            customer: customer_id,
            products: None,
            valid_from: None,
            valid_to: None,
        };
        let id = self.platform.propose_link(&supplier.viewer, link).await.unwrap();
        self.platform.accept_link(&customer.viewer, &id).await.unwrap();
    }

    /// A product with one release; returns the release's id.
    pub(crate) async fn release(&self, of: &Party) -> String {
        let product = self.post(of, "/api/v1/products", r#"{"name": "KR-200", "kind": "equipment"}"#).await;
        assert_eq!(product.status, StatusCode::CREATED);
        let path = format!("/api/v1/products/{}/releases", product.json()["id"].as_str().unwrap());
        let body = json!({"version": "1.0", "artifacts": [{"name": "a.bin", "sha256": FIRMWARE}]});
        let release = self.post(of, &path, body.to_string()).await;
        assert_eq!(release.status, StatusCode::CREATED);
        release.json()["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn envelope(by: &Party) -> Vec<u8> {
    let sbom =
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"zlib"}]}"#;
    let subject = Subject::new("a.bin", FIRMWARE);
    let statement = Statement::of_document(vec![subject], PredicateType::CYCLONEDX, sbom).unwrap();
    statement.sign(&[&by.key]).unwrap().to_json().unwrap()
}
