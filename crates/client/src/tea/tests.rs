//! A server that answers as it likes.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// Answers by path until the test ends; where it listens. `$HOST` in a body is itself.
fn server(answers: Vec<(&'static str, u16, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let base = host.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 8192];
            let read = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let found = answers.iter().find(|(known, ..)| path.starts_with(known));
            let (status, body) =
                found.map_or((404, String::new()), |(_, status, body)| (*status, body.clone()));
            let body = body.replace("$HOST", &host);
            let location =
                if (300..400).contains(&status) { format!("location: {body}\r\n") } else { String::new() };
            let head = format!(
                "HTTP/1.1 {status} x\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    base
}

const WELL_KNOWN_HERE: &str = r#"{"schemaVersion": 1, "endpoints": [
    {"url": "http://127.0.0.1:9/nothing", "versions": ["0.3.0"]},
    {"url": "$HOST/api", "versions": ["0.4.0", "0.3.0"]}]}"#;

/// The answers of a server with one release and one document, which is at `url`.
fn one_document(url: &str, checksum: &str) -> Vec<(&'static str, u16, String)> {
    let collection = format!(
        r#"{{"artifacts": [{{"uuid": "a", "type": "BOM", "formats": [{{"mediaType": "application/json", "url": "{url}",
        "checksums": [{{"algType": "SHA-256", "algValue": "{checksum}"}}]}}]}}]}}"#
    );
    let part = format!(
        r#"{{"release": {{"distributions": [{{"description": "a.bin",
        "checksums": [{{"algType": "SHA_256", "algValue": "{ABC}"}}]}}]}}, "latestCollection": {collection}}}"#
    );
    vec![
        ("/.well-known/tea", 200, WELL_KNOWN_HERE.to_owned()),
        (
            "/api/v0.4.0/productReleases",
            200,
            r#"{"totalResults": 1, "results": [{"uuid": "r", "version": "1.0", "productName": "KR-200",
            "components": [{"uuid": "c", "release": "p"}, {"uuid": "d", "release": "gone"}]}]}"#
                .to_owned(),
        ),
        ("/api/v0.4.0/productRelease/r/collection/latest", 200, collection),
        ("/api/v0.4.0/componentRelease/p", 200, part),
        ("/document", 200, "abc".to_owned()),
        ("/elsewhere", 302, "/document".to_owned()),
        ("/inside", 302, "https://127.0.0.1:1/secret".to_owned()),
        ("/clear", 302, "http://127.0.0.1:1/secret".to_owned()),
        ("/file", 302, "file:///etc/passwd".to_owned()),
        ("/circle", 302, "/circle".to_owned()),
    ]
}

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn downloaded(url: &str, checksum: &str) -> Result<Download, DownloadError> {
    let tea = Tea::at(&server(one_document(url, checksum)), Some("secret")).unwrap();
    let [found] = tea.list().unwrap().try_into().unwrap();
    let release = tea.release(&found).unwrap();
    tea.download(&release.artifacts[0].formats[0])
}

#[test]
fn a_release_is_found_with_its_parts_and_each_document_once() {
    let tea = Tea::at(&server(one_document("$HOST/document", ABC)), None).unwrap();
    let [found] = tea.list().unwrap().try_into().unwrap();
    let release = tea.release(&found).unwrap();
    assert_eq!((release.product.as_str(), release.version.as_str()), ("KR-200", "1.0"));
    assert_eq!(release.files, [("a.bin".to_owned(), ABC.parse().unwrap())]);
    assert_eq!((release.artifacts.len(), release.not_shown.as_slice()), (1, ["gone".to_owned()].as_slice()));
}

#[test]
fn documents_are_compared_with_their_checksums_wherever_the_server_itself_leads() {
    for url in ["$HOST/document", "$HOST/elsewhere"] {
        let download = downloaded(url, ABC).unwrap();
        assert_eq!(
            (download.bytes.as_slice(), download.integrity),
            (b"abc".as_slice(), Integrity::Same("SHA-256"))
        );
    }
    let other = downloaded("$HOST/document", &ABC.replace('b', "c")).unwrap_err();
    assert!(matches!(other, DownloadError::Other(_)), "{other}");
}

#[test]
fn answers_lead_nowhere_inside_and_not_off_encryption() {
    let inside = downloaded("$HOST/inside", ABC).unwrap_err();
    assert!(inside.to_string().starts_with("cannot reach `https://127.0.0.1:1"), "{inside}");
    let straight = downloaded("https://10.0.0.1/x", ABC).unwrap_err();
    assert!(straight.to_string().starts_with("cannot reach `https://10.0.0.1"), "{straight}");
    let clear = downloaded("$HOST/clear", ABC).unwrap_err();
    assert!(matches!(clear, DownloadError::Fetch(FetchError::Clear { .. })), "{clear}");
    for url in ["$HOST/file", "file:///etc/passwd", "ftp://h/x"] {
        let error = downloaded(url, ABC).unwrap_err();
        assert!(matches!(error, DownloadError::Fetch(FetchError::Address { .. })), "{error}");
    }
    let circle = downloaded("$HOST/circle", ABC).unwrap_err();
    assert!(matches!(circle, DownloadError::Fetch(FetchError::Circle { .. })), "{circle}");
}

#[test]
fn answers_are_bounded() {
    let long = format!("\"{}\"", "x".repeat(usize::try_from(MAX_ANSWER).unwrap()));
    let tea = Tea::at(&server(vec![("/.well-known/tea", 200, long)]), None).unwrap();
    assert!(matches!(tea.list().unwrap_err(), TeaError::Fetch(FetchError::Http(_))));
    let release = r#"{"uuid": "r", "version": "1"}"#;
    let page = format!(r#"{{"totalResults": 99999999, "results": [{}]}}"#, vec![release; 20_000].join(","));
    let answers = vec![
        ("/.well-known/tea", 200, WELL_KNOWN_HERE.to_owned()),
        ("/api/v0.4.0/productReleases", 200, page),
    ];
    let error = Tea::at(&server(answers), None).unwrap().list().unwrap_err();
    assert!(matches!(error, TeaError::Limit { what: "releases", .. }), "{error}");
}

#[test]
fn a_tei_is_asked_of_the_next_server_where_one_fails() {
    let known = r#"{"schemaVersion": 1, "endpoints": [{"url": "$HOST/broken", "versions": ["0.4.0"]},
        {"url": "$HOST/api", "versions": ["0.4.0"], "priority": 0.5}]}"#;
    let found =
        r#"[{"productReleaseUuid": "r", "servers": [{"rootUrl": "$HOST/api", "versions": ["0.4.0"]}]}]"#;
    let answers = vec![
        ("/.well-known/tea", 200, known.to_owned()),
        ("/broken", 500, String::new()),
        ("/api/v0.4.0/discovery?tei=urn%3Atei%3Auuid%3Aa.example%3Ar", 200, found.to_owned()),
        ("/api/v0.4.0/productRelease/r", 200, r#"{"uuid": "r", "version": "1"}"#.to_owned()),
    ];
    let tea = Tea::at(&server(answers), None).unwrap();
    let [one] = tea.discover(&"urn:tei:uuid:a.example:r".parse().unwrap()).unwrap().try_into().unwrap();
    assert_eq!((one.product(), one.version()), ("r", "1"));
    let unknown = tea.discover(&"urn:tei:uuid:a.example:s".parse().unwrap()).unwrap_err();
    assert!(matches!(unknown, TeaError::Unknown { .. }), "{unknown}");
}
