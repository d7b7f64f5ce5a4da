//! kill -9 at any moment during intake: nothing that was acknowledged is lost, the log goes on from what it was, and the
//! platform is back in two seconds. 20 times in an ordinary run; `SUKASHI_KILLS` sets another number. On SQLite, and on
//! PostgreSQL where `SUKASHI_TEST_POSTGRES` names a server.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::{Http, Reach, Registered, Remote};
use statement::{PredicateType, SigningKey, Statement, Subject};
use tlog::{Checkpoint, Hash};

use crate::site::Site;
use crate::support::Place;

const KEY: [u8; 32] = [9; 32];

fn envelope(n: usize) -> Vec<u8> {
    let sbom =
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"{n}","components":[]}}"#);
    let subject = vec![Subject::new("a.bin", record::Sha256([7; 32]))];
    let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, &sbom).unwrap();
    statement.sign(&[&SigningKey::from_seed(&KEY)]).unwrap().to_json().unwrap()
}

/// A product with a release that the statements are about, and a key; the token to register with.
fn set_up(site: &Site) -> String {
    use serde_json::json;
    let admin = &site.administrator;
    let key = SigningKey::from_seed(&KEY).public();
    let keys = format!("/api/v1/organizations/{}/keys", admin.organization);
    site.post(admin, &keys, &json!({"public_key": key}));
    let product = site.post(admin, "/api/v1/products", &json!({"name": "P", "kind": "software"}));
    let releases = format!("/api/v1/products/{}/releases", product["id"].as_str().unwrap());
    let artifact = json!({"name": "a.bin", "sha256": record::Sha256([7; 32])});
    site.post(admin, &releases, &json!({"version": "1", "artifacts": [artifact]}));
    let token = site.post(admin, "/api/v1/tokens", &json!({"name": "ci", "role": "publisher"}));
    token["token"].as_str().unwrap().to_owned()
}

fn remote(site: &Site, token: &str) -> Remote {
    Remote::new(Http::new(&site.url(), Some(token), Reach::Anywhere).unwrap())
}

/// Checkpoint over all that is there.
fn checkpoint(site: &Site) -> Checkpoint {
    let http = Http::new(&site.url(), None, Reach::Anywhere).unwrap();
    let note = String::from_utf8(http.get("/log/checkpoint", 1 << 20).unwrap()).unwrap();
    let key = site.log_key().parse().unwrap();
    Checkpoint::open(&note, &[key]).unwrap().0
}

mod on_sqlite {
    #[test]
    fn nothing_acknowledged_is_lost_when_the_platform_is_killed() {
        super::kill_again_and_again(&[]);
    }
}

mod on_postgresql {
    #[test]
    fn nothing_acknowledged_is_lost_when_the_platform_is_killed() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let Some(database) = runtime.block_on(crate::places::postgres()) else { return };
        super::kill_again_and_again(&["--database", &database]);
    }
}

fn kill_again_and_again(options: &[&str]) {
    let kills: usize = std::env::var("SUKASHI_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let home = Place::new();
    let mut site = Site::start(&home, options);
    let token = set_up(&site);
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let (mut next, mut last, mut slowest) = (0, checkpoint(&site), Duration::ZERO);
    for round in 0..kills {
        let stop = Arc::new(AtomicBool::new(false));
        let registering: Vec<_> = (0..2)
            .map(|thread| {
                let (remote, stop) = (remote(&site, &token), Arc::clone(&stop));
                let (acknowledged, first) = (Arc::clone(&acknowledged), next + thread * 10_000_000);
                std::thread::spawn(move || {
                    for n in first.. {
                        match remote.register_once(&envelope(n), &[]) {
                            Ok(Registered::New(id)) => drop(acknowledged.lock().unwrap().insert(id)),
                            Ok(other) => panic!("{other:?}"),
                            Err(_) if stop.load(Ordering::SeqCst) => return,
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        // Different moments of the intake, without a random generator.
        std::thread::sleep(Duration::from_millis(40 + (round as u64 * 37) % 160));
        stop.store(true, Ordering::SeqCst);
        site.kill();
        registering.into_iter().for_each(|thread| thread.join().unwrap());
        let start = Instant::now();
        site = Site::beside(&home, site.administrator.clone(), options);
        slowest = slowest.max(start.elapsed());
        let known: BTreeSet<String> =
            remote(&site, &token).evidence(None, true).unwrap().into_iter().map(|e| e.id).collect();
        let lost: Vec<_> = acknowledged.lock().unwrap().difference(&known).cloned().collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        let now = checkpoint(&site);
        if last.size > 0 {
            let path = format!("/api/v1/log/consistency?old={}&new={}", last.size, now.size);
            let proof = site.get(&site.administrator, &path);
            let hash = |h: &serde_json::Value| Hash::from_slice(&hex(h.as_str().unwrap())).unwrap();
            let hashes: Vec<_> = proof["hashes"].as_array().unwrap().iter().map(hash).collect();
            tlog::verify_consistency(last.size, now.size, &hashes, last.root, now.root).unwrap();
        }
        last = now;
        next += 1000;
    }
    site.kill();
    let count = acknowledged.lock().unwrap().len();
    let verified = home.run(&[&["admin", "rebuild", "--verify", "--data", "data"], options].concat());
    assert_eq!(verified.status, 0, "{}{}", verified.stdout, verified.stderr);
    println!("{kills} kills, {count} acknowledged, slowest restart {slowest:?}");
    assert!(count > kills, "too little was registered to test anything");
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |n| u8::from_str_radix(&text[n..n + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}
