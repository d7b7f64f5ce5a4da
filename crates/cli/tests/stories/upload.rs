//! An image that the platform examines itself: it arrives in pieces, is examined in another process, and what comes back is
//! what the command says on the same image.

use std::time::{Duration, Instant};

use client::{Http, POST, Reach};
use serde_json::{Value, json};

use crate::site::Site;
use crate::support::Place;

const ROUTER: &[u8] = include_bytes!("../../../../examples/router/router-mipsel.bin");

/// Longest answer, in bytes.
const LIMIT: u64 = 64 << 20;

fn post(http: &Http, path: &str, body: &[u8]) -> Value {
    let answer = http.send(&POST, path, &[], body, LIMIT).unwrap();
    assert!((200..300).contains(&answer.status), "{path}: {}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn an_uploaded_image_is_examined_as_the_command_does_it() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    let http = Http::new(&site.url(), Some(maker.token()), Reach::Anywhere).unwrap();
    let body = json!({"name": "router.bin", "size": ROUTER.len(), "sha256": pipeline::digest(ROUTER)});
    let id = post(&http, "/api/v1/uploads", body.to_string().as_bytes())["id"].as_str().unwrap().to_owned();
    let mut place = 0;
    for piece in ROUTER.chunks(100_000) {
        let path = format!("/api/v1/uploads/{id}/pieces?place={place}");
        place = post(&http, &path, piece)["received"].as_u64().unwrap();
    }
    let start = Instant::now();
    let job = loop {
        let job: Value = http.json(&format!("/api/v1/jobs/{id}"), LIMIT).unwrap();
        match job["state"].as_str() {
            Some("done") => break job,
            Some("waiting" | "running") if start.elapsed() < Duration::from_secs(120) => {}
            _ => panic!("{job}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(job["total"].as_u64() > Some(3) && job["done"] == job["total"], "{job}");

    maker.place.file("router.bin", ROUTER);
    maker.does(&["inspect", "router.bin", "-o", "own.json", "--fail-on", "never"]);
    let own: Value = serde_json::from_str(&maker.place.read("own.json")).unwrap();
    let theirs: Value = http.json(&format!("/api/v1/jobs/{id}/results/inspection"), LIMIT).unwrap();
    assert_eq!(theirs, own);
    let sbom: Value = http.json(&format!("/api/v1/jobs/{id}/results/sbom"), LIMIT).unwrap();
    assert_eq!(sbom["bomFormat"], "CycloneDX");
}
