//! Fetching from a server of our own that can break off, lie, and answer that nothing changed.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use vuln::{FetchError, Schedule, SyncOptions, Synced, sync};

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Honest,
    /// Closes each answer after so many bytes of the file.
    BreaksOffAfter(usize),
    Errors,
    Endless,
}

struct Server {
    address: String,
    content: Arc<Mutex<(Vec<u8>, Mood)>>,
    requests: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicUsize>,
}

impl Server {
    fn start(content: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            content: Arc::new(Mutex::new((content.to_vec(), Mood::Honest))),
            requests: Arc::default(),
            sent: Arc::default(),
        };
        let (content, requests, sent) =
            (Arc::clone(&server.content), Arc::clone(&server.requests), Arc::clone(&server.sent));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (bytes, mood) = content.lock().unwrap().clone();
                let _ = answer(stream, &bytes, mood, &requests, &sent);
            }
        });
        server
    }

    fn set(&self, content: &[u8], mood: Mood) {
        *self.content.lock().unwrap() = (content.to_vec(), mood);
    }

    fn schedule(&self, more: &str) -> Schedule {
        let text = format!("[[feed]]\nname = \"feed.json\"\nurl = \"{}/feed.json\"\n{more}", self.address);
        Schedule::parse(&text.replace("SERVER", &self.address), Path::new("feeds.toml")).unwrap()
    }
}

fn tag(bytes: &[u8]) -> String {
    format!("\"{}-{}\"", bytes.len(), bytes.first().copied().unwrap_or(0))
}

fn answer(
    mut stream: TcpStream,
    bytes: &[u8],
    mood: Mood,
    requests: &Mutex<Vec<String>>,
    sent: &AtomicUsize,
) -> std::io::Result<()> {
    let mut head = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    while lines.read_line(&mut head)? > 2 {}
    requests.lock().unwrap().push(head.clone());
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    if mood == Mood::Errors {
        return stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if mood == Mood::Endless {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        return std::io::copy(&mut std::io::repeat(b'x').take(1 << 22), &mut stream).map(drop);
    }
    if head.starts_with("GET /moved") {
        return stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if head.starts_with("GET /digest") {
        let text = "sha256:B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9";
        return write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
    }
    if header("if-none-match").is_some_and(|etag| etag == tag(bytes)) {
        return stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
    }
    let from = header("range").filter(|_| header("if-range").is_none_or(|etag| etag == tag(bytes)));
    let from: usize = from
        .and_then(|range| range.trim_start_matches("bytes=").trim_end_matches('-').parse().ok())
        .unwrap_or(0);
    let rest = bytes.get(from..).unwrap_or_default();
    let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nETag: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        tag(bytes),
        rest.len()
    )?;
    let most = if let Mood::BreaksOffAfter(most) = mood { most } else { rest.len() };
    let now = rest.get(..most.min(rest.len())).unwrap_or_default();
    sent.fetch_add(now.len(), Ordering::SeqCst);
    stream.write_all(now)
}

fn run(server: &Server, more: &str, folder: &Path, options: &SyncOptions) -> Synced {
    sync(&server.schedule(more), folder, options, &mut |_, _, _| {}).unwrap().remove(0).2
}

const EAGER: SyncOptions =
    SyncOptions { max_bytes: 1 << 20, tries: 4, patience: std::time::Duration::from_secs(10), all: true };

#[test]
fn a_feed_is_fetched_once_and_again_only_when_it_changed() {
    let (server, folder) = (Server::start(b"one"), tempfile::tempdir().unwrap());
    assert!(matches!(run(&server, "", folder.path(), &EAGER), Synced::Fetched { bytes: 3, .. }));
    assert!(matches!(run(&server, "", folder.path(), &EAGER), Synced::Unchanged));
    let patient = SyncOptions { all: false, ..EAGER };
    assert!(matches!(run(&server, "", folder.path(), &patient), Synced::NotDue));
    server.set(b"three", Mood::Honest);
    assert!(matches!(run(&server, "", folder.path(), &EAGER), Synced::Fetched { bytes: 5, .. }));
    assert_eq!(std::fs::read(folder.path().join("feed.json")).unwrap(), b"three");
    assert_eq!(server.requests.lock().unwrap().len(), 3);
}

#[test]
fn a_transfer_goes_on_where_it_broke_off() {
    let content: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let (server, folder) = (Server::start(&content), tempfile::tempdir().unwrap());
    server.set(&content, Mood::BreaksOffAfter(40_000));
    // Two tries are not enough, and the old file is not touched.
    let failed = run(&server, "", folder.path(), &SyncOptions { tries: 2, ..EAGER });
    assert!(matches!(failed, Synced::Failed(FetchError::BrokenOff { bytes: 80_000, .. })), "{failed:?}");
    assert!(!folder.path().join("feed.json").exists());
    // The next run goes on.
    assert!(matches!(run(&server, "", folder.path(), &EAGER), Synced::Fetched { transferred: 20_000, .. }));
    assert_eq!(std::fs::read(folder.path().join("feed.json")).unwrap(), content);
    assert_eq!(server.sent.load(Ordering::SeqCst), content.len(), "no byte was sent twice");
}

#[test]
fn a_file_that_changed_meanwhile_is_not_mixed_with_the_old() {
    let (server, folder) = (Server::start(b""), tempfile::tempdir().unwrap());
    server.set(&[1; 1_000], Mood::BreaksOffAfter(500));
    run(&server, "", folder.path(), &SyncOptions { tries: 1, ..EAGER });
    server.set(&[2; 800], Mood::Honest);
    run(&server, "", folder.path(), &EAGER);
    assert_eq!(std::fs::read(folder.path().join("feed.json")).unwrap(), [2; 800]);
}

#[test]
fn a_wrong_digest_keeps_the_old_file() {
    let (server, folder) = (Server::start(b"hello world"), tempfile::tempdir().unwrap());
    let digest = "digest = \"SERVER/digest\"\n";
    let first = run(&server, digest, folder.path(), &EAGER);
    assert!(matches!(first, Synced::Fetched { .. }), "{first:?}");
    server.set(b"a hello moon", Mood::Honest);
    let second = run(&server, digest, folder.path(), &EAGER);
    assert!(matches!(second, Synced::Failed(FetchError::Digest { .. })), "{second:?}");
    assert_eq!(std::fs::read(folder.path().join("feed.json")).unwrap(), b"hello world");
}

#[test]
fn errors_endless_answers_and_strange_redirections_are_refused() {
    let (server, folder) = (Server::start(b"x"), tempfile::tempdir().unwrap());
    server.set(b"", Mood::Errors);
    assert!(matches!(
        run(&server, "", folder.path(), &EAGER),
        Synced::Failed(FetchError::Status { status: 500, .. })
    ));
    server.set(b"", Mood::Endless);
    assert!(matches!(run(&server, "", folder.path(), &EAGER), Synced::Failed(FetchError::TooLong { .. })));
    server.set(b"x", Mood::Honest);
    let text = format!("[[feed]]\nname = \"f\"\nurl = \"{}/moved\"\n", server.address);
    let schedule = Schedule::parse(&text, Path::new("f")).unwrap();
    let done = sync(&schedule, folder.path(), &EAGER, &mut |_, _, _| {}).unwrap().remove(0).2;
    assert!(matches!(done, Synced::Failed(FetchError::Status { status: 302, .. })), "{done:?}");
    assert!(!folder.path().join("feed.json").exists());
}

/// The real catalogue and advisories over a line that breaks off, and a snapshot of what came.
#[test]
fn real_feeds_come_whole_over_a_line_that_breaks_off() {
    let Some(data) = std::env::var_os("SUKASHI_TEST_DATA").map(std::path::PathBuf::from) else {
        println!("skipped: SUKASHI_TEST_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let options = SyncOptions { max_bytes: 64 << 20, tries: 8, ..EAGER };
    for (feed, lines) in [
        // One document.
        ("kev/known_exploited_vulnerabilities.json", 1),
        ("osv/crates-rustsec-2026-08-21.osv.jsonl.zst", 1_206),
    ] {
        let content = std::fs::read(data.join(feed)).unwrap();
        let server = Server::start(&content);
        server.set(&content, Mood::BreaksOffAfter(content.len() / 3));
        let into = folder.path().join(lines.to_string());
        let done = run(&server, "", &into, &options);
        let Synced::Fetched { transferred, bytes, .. } = done else { panic!("{done:?}") };
        assert_eq!((transferred, bytes), (content.len() as u64, content.len() as u64));
        assert_eq!(std::fs::read(into.join("feed.json")).unwrap(), content);
        let built = vuln::build(&[into.join("feed.json")], &into.join("vuln.redb"), &mut |_| {}).unwrap();
        assert_eq!((built.damaged, built.lines), (0, lines));
    }
}
