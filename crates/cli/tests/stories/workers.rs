//! Two servers that only answer and a worker, on one PostgreSQL: what one is told the others know, and the worker does the
//! work. Skipped where `SUKASHI_TEST_POSTGRES` names no server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use client::{Http, POST, Reach};
use serde_json::{Value, json};

use crate::places;
use crate::site::Site;
use crate::support::Place;

const ROUTER: &[u8] = include_bytes!("../../../../examples/router/router-mipsel.bin");

/// Longest answer, in bytes.
const LIMIT: u64 = 64 << 20;

/// A worker that ends with the test.
struct Working(Child);

impl Working {
    fn start(place: &Place, database: &str) -> Self {
        let mut command = place.command(&["worker", "--data", "data", "--database", database]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready: working\n");
        Self(child)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another machine: a place of its own with the platform's keys, and the same envelopes as over a network.
fn machine(first: &Place) -> Place {
    let place = Place::new();
    for name in ["version", "log.key", "instance.key", "witness.key"] {
        place.file(&format!("data/{name}"), std::fs::read(first.path().join("data").join(name)).unwrap());
    }
    let blobs = first.path().join("data/blobs");
    std::os::unix::fs::symlink(blobs, place.path().join("data/blobs")).unwrap();
    place
}

fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn servers_and_workers_on_one_database_are_one_platform() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(database) = runtime.block_on(places::postgres()) else { return };
    let options = ["--database", &database, "--answers-only"];
    let home = Place::new();
    let first = Site::start(&home, &options);
    let (there, elsewhere) = (machine(&home), machine(&home));
    let second = Site::beside(&there, first.administrator.clone(), &options);
    let maker = first.equip(first.administrator.clone());

    // What one server is told, the other shows.
    first.post(&maker.session, "/api/v1/products", &json!({"name": "KR-200", "kind": "equipment"}));
    let products = || second.get(&maker.session, "/api/v1/products")["items"].as_array().unwrap().len();
    wait("the product", || (products() == 1).then_some(()));

    // An image that arrives at both servers by turns is examined by the worker.
    let at = |site: &Site| Http::new(&site.url(), Some(maker.token()), Reach::Anywhere).unwrap();
    let (one, other) = (at(&first), at(&second));
    let post = |http: &Http, path: &str, body: &[u8]| -> Value {
        let answer = http.send(&POST, path, &[], body, LIMIT).unwrap();
        assert!((200..300).contains(&answer.status), "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    };
    let body = json!({"name": "router.bin", "size": ROUTER.len(), "sha256": pipeline::digest(ROUTER)});
    let id = post(&one, "/api/v1/uploads", body.to_string().as_bytes())["id"].as_str().unwrap().to_owned();
    let mut place = 0;
    for (piece, http) in ROUTER.chunks(200_000).zip([&other, &one].into_iter().cycle()) {
        let path = format!("/api/v1/uploads/{id}/pieces?place={place}");
        place = post(http, &path, piece)["received"].as_u64().unwrap();
    }
    let job = || -> Value { one.json(&format!("/api/v1/jobs/{id}"), LIMIT).unwrap() };
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(job()["state"], "waiting", "servers only answer");
    let _working = Working::start(&elsewhere, &database);
    let done = wait("the examination", || Some(job()).filter(|job| job["state"] == "done"));
    assert_eq!(done["results"].as_array().unwrap().len(), 2, "{done}");
}
