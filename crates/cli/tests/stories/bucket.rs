//! A platform whose envelopes lie in a bucket that misbehaves: each failure is told with status and code, nothing is
//! half-registered, and all is well again without help.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::{Http, POST, Reach};
use serde_json::{Value, json};
use statement::{PredicateType, SigningKey, Statement, Subject};

use crate::site::Site;
use crate::support::Place;

const KEY: [u8; 32] = [9; 32];

/// What the bucket does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Well,
    /// Answers so to everything.
    Says(u16, &'static str),
    /// Answers so once.
    Once(u16, &'static str),
    /// Breaks off in the middle of an object.
    Cuts,
}

/// As much of S3 as is spoken to it.
struct Bucket {
    mood: Mutex<Mood>,
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Bucket {
    /// Serves until the test ends; its address.
    fn serve() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bucket = Arc::new(Self { mood: Mutex::new(Mood::Well), objects: Mutex::default() });
        let served = Arc::clone(&bucket);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || served.answer(stream));
            }
        });
        (bucket, endpoint)
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// One request of a connection.
    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut from = BufReader::new(stream.try_clone().ok()?);
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            from.read_line(&mut line).ok()?;
            let line = line.trim_end().to_owned();
            if let Some(number) = line.to_lowercase().strip_prefix("content-length: ") {
                length = number.parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).ok()?;
        let (method, target) = head.first()?.split_once(' ')?;
        let name = target.split(['?', ' ']).next()?.to_owned();
        let (status, whole, sent) = self.done(method, name, body);
        let reason = if status < 300 { "OK" } else { "No" };
        let top =
            format!("HTTP/1.1 {status} {reason}\r\nContent-Length: {whole}\r\nConnection: close\r\n\r\n");
        stream.write_all(top.as_bytes()).ok()?;
        stream.write_all(if method == "HEAD" { &[] } else { &sent }).ok()
    }

    /// Status, announced length, and body.
    fn done(&self, method: &str, name: String, body: Vec<u8>) -> (u16, usize, Vec<u8>) {
        let error = |status: u16, code: &str| {
            let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>").into_bytes();
            (status, text.len(), text)
        };
        let mut mood = self.mood.lock().unwrap();
        match *mood {
            Mood::Says(status, code) => return error(status, code),
            Mood::Once(status, code) => {
                *mood = Mood::Well;
                return error(status, code);
            }
            Mood::Well | Mood::Cuts => {}
        }
        let mut objects = self.objects.lock().unwrap();
        match method {
            "PUT" => drop(objects.insert(name, body)),
            "DELETE" => drop(objects.remove(&name)),
            "GET" => match objects.get(&name) {
                Some(found) if *mood == Mood::Cuts => {
                    return (200, found.len(), found[..found.len() / 2].to_vec());
                }
                Some(found) => return (200, found.len(), found.clone()),
                None => return error(404, "NoSuchKey"),
            },
            _ => {}
        }
        (200, 0, Vec::new())
    }
}

fn envelope(n: usize) -> Vec<u8> {
    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": n, "components": []});
    let subject = vec![Subject::new("a.bin", record::Sha256([7; 32]))];
    let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, &sbom.to_string()).unwrap();
    statement.sign(&[&SigningKey::from_seed(&KEY)]).unwrap().to_json().unwrap()
}

#[test]
fn what_a_bucket_refuses_is_told_and_nothing_of_it_is_registered() {
    let (bucket, endpoint) = Bucket::serve();
    let home = Place::new();
    let credentials = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let site =
        Site::start_with(&home, &["--blobs", &format!("s3://vault?endpoint={endpoint}")], &credentials);
    let admin = &site.administrator;
    let key = SigningKey::from_seed(&KEY).public();
    site.post(
        admin,
        &format!("/api/v1/organizations/{}/keys", admin.organization),
        &json!({"public_key": key}),
    );
    let product = site.post(admin, "/api/v1/products", &json!({"name": "P", "kind": "software"}));
    let releases = format!("/api/v1/products/{}/releases", product["id"].as_str().unwrap());
    let artifact = json!({"name": "a.bin", "sha256": record::Sha256([7; 32])});
    site.post(admin, &releases, &json!({"version": "1", "artifacts": [artifact]}));
    let token = site.post(admin, "/api/v1/tokens", &json!({"name": "ci", "role": "administrator"}));
    let http = Http::new(&site.url(), token["token"].as_str(), Reach::Anywhere).unwrap();
    let statements = |n: usize| {
        let answer = http.send_single(&POST, "/api/v1/statements", &[], &envelope(n), 1 << 20).unwrap();
        (
            answer.status,
            serde_json::from_slice::<Value>(&answer.body).unwrap()["code"].as_str().map(str::to_owned),
        )
    };
    let registered = || {
        let list: Value = http.json("/api/v1/evidence?state=any", 1 << 20).unwrap();
        list["items"].as_array().unwrap().len()
    };
    let unavailable = (503, Some("unavailable".to_owned()));
    let table = [
        ("fails", Mood::Says(500, "InternalError"), unavailable.clone()),
        ("is too busy for long", Mood::Says(503, "SlowDown"), unavailable.clone()),
        ("is too busy for a moment", Mood::Once(503, "SlowDown"), (201, None)),
        ("refuses our key", Mood::Says(403, "AccessDenied"), unavailable.clone()),
        ("says that the key is over", Mood::Says(400, "ExpiredToken"), unavailable.clone()),
        ("is not there any more", Mood::Says(404, "NoSuchBucket"), unavailable),
        ("is full", Mood::Says(507, "InsufficientStorage"), (507, Some("storage-full".to_owned()))),
    ];
    let mut count = 0;
    for (n, (what, mood, expected)) in table.into_iter().enumerate() {
        bucket.is(mood);
        assert_eq!(statements(n), expected, "a bucket that {what}");
        count += usize::from(expected.0 == 201);
        assert_eq!(registered(), count, "a bucket that {what}");
    }
    bucket.is(Mood::Well);
    assert_eq!(statements(100), (201, None), "it is used again");
    let start = Instant::now();
    loop {
        // Of those that were refused there is no leaf either.
        let leaves = site.get(admin, "/api/v1/log")["tree_size"].as_u64().unwrap();
        assert!(leaves <= 2 && start.elapsed() < Duration::from_secs(60), "{leaves} leaves");
        if leaves == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }

    let list: Value = http.json("/api/v1/evidence", 1 << 20).unwrap();
    let path = format!("/api/v1/evidence/{}/statement", list["items"][0]["id"].as_str().unwrap());
    let read = || site.try_get(admin, &path).0;
    for (mood, expected) in [(Mood::Cuts, 503), (Mood::Says(403, "AccessDenied"), 503), (Mood::Well, 200)] {
        bucket.is(mood);
        assert_eq!(read(), expected, "reading from a bucket in the mood {mood:?}");
    }
}
