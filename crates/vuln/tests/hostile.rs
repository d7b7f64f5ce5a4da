//! Every kind of bad input against every feed and document that is read: an error with its place, and nothing stored.

use std::path::Path;

use vuln::{Snapshot, build, check_csaf, read_vex};

/// Formats of feeds: a name, the beginning by which each is recognised, and a key whose value is read.
const FEEDS: [(&str, &str, &str); 12] = [
    ("nvd", r#"{"id":"CVE-2024-0001","vulnStatus":"Analyzed","#, "descriptions"),
    ("nvd response", r#"{"resultsPerPage":1,"format":"NVD_CVE","#, "vulnerabilities"),
    ("nvd 1.1", r#"{"CVE_data_type":"CVE","CVE_data_format":"MITRE","#, "CVE_Items"),
    ("cve 5", r#"{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-0001"},"#, "containers"),
    (
        "osv",
        r#"{"schema_version":"1.6.0","id":"CVE-2024-0001","modified":"2024-01-01T00:00:00Z","#,
        "affected",
    ),
    ("github", r#"{"ghsa_id":"GHSA-aaaa-bbbb-cccc","cve_id":"CVE-2024-0001","#, "vulnerabilities"),
    ("csaf", r#"{"document":{"csaf_version":"2.0","tracking":{"id":"A"}},"#, "vulnerabilities"),
    ("kev", r#"{"catalogVersion":"1","dateReleased":"2024-02-01","#, "vulnerabilities"),
    ("alpine", r#"{"distroversion":"v3.18","pkg":1,"secfixes":1,"#, "packages"),
    ("debian", r#"{"p":{"CVE-2024-0001":{"repositories":{},"releases":{},"x":1}},"#, "q"),
    ("attack", r#"{"type":"bundle","spec_version":"2.0","#, "objects"),
    ("cwe", r#"{"id":"CWE-79","name":"n","#, "related"),
];

/// Formats of feeds that are not JSON: a name, and the beginning by which each is recognised.
const LISTS: [(&str, &str); 5] = [
    ("alpine yaml", "distroversion: v3.18\npackages:\n"),
    ("debian advisories", "[29 Mar 2023] DSA-1 p - security update\n"),
    ("epss", "#model_version:v,score_date:2024-02-01\ncve,epss,percentile\n"),
    ("exploit-db", "id,file,description,date_published,codes\n"),
    ("kev", "cveID,vulnerabilityName,dateAdded\n"),
];

/// Records stored, entries left out, or why the feed was refused.
fn stored(folder: &Path, feed: &[u8]) -> (u64, u64, Option<String>) {
    let (source, target) = (folder.join("feed"), folder.join("vuln.redb"));
    std::fs::write(&source, feed).unwrap();
    let _ = std::fs::remove_file(&target);
    match build(&[source], &target, &mut |_| {}) {
        Ok(summary) => {
            let why = summary.listed.first().map(|(_, line, why)| format!("line {line}: {why}"));
            assert_eq!(Snapshot::open(&target).unwrap().info().records, summary.info.records);
            (summary.info.records, summary.damaged, why)
        }
        Err(error) => {
            assert!(!target.exists(), "a refused feed leaves no snapshot");
            (0, 0, Some(error.to_string()))
        }
    }
}

fn nothing_is_stored(what: &str, bad: impl Fn(&str, &str) -> Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, head, key) in FEEDS {
        let (records, damaged, why) = stored(folder.path(), &bad(head, key));
        println!("{what}, {name}: {why:?}");
        assert!(records == 0 && (damaged > 0 || why.is_some()), "{what}, {name}: {records} records, {why:?}");
    }
}

#[test]
fn deep_nesting_stores_nothing() {
    nothing_is_stored("deep", |head, key| format!("{head}\"{key}\":{}", "[".repeat(100_000)).into_bytes());
    nothing_is_stored("deep objects", |head, key| {
        format!("{head}\"{key}\":{}", "{\"a\":".repeat(100_000)).into_bytes()
    });
}

#[test]
fn keys_that_stand_twice_store_nothing() {
    nothing_is_stored("twice", |head, key| format!("{head}\"{key}\":[],\"{key}\":[]}}").into_bytes());
}

#[test]
fn numbers_beyond_all_measure_store_nothing() {
    nothing_is_stored("number", |head, key| format!("{head}\"{key}\":[1e999]}}").into_bytes());
    nothing_is_stored("digits", |head, key| format!("{head}\"{key}\":{}}}", "9".repeat(5_000)).into_bytes());
}

#[test]
fn bytes_that_are_no_utf8_store_nothing() {
    nothing_is_stored("not utf-8", |head, key| {
        [head.as_bytes(), b"\"", key.as_bytes(), b"\":[\"\xff\"]}"].concat()
    });
}

#[test]
fn a_mark_of_byte_order_is_passed_over_and_other_encodings_store_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (name, head, key) = FEEDS[0];
    let marked = format!("\u{feff}{head}\"{key}\":[]}}");
    assert_eq!(stored(folder.path(), marked.as_bytes()), (1, 0, None), "{name}");
    nothing_is_stored("utf-16", |head, key| {
        let text = format!("{head}\"{key}\":[]}}");
        [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    });
}

#[test]
fn ids_and_values_of_other_kinds_store_nothing() {
    for value in ["7", "\"text\"", "true", "[7]", "[\"x\"]"] {
        nothing_is_stored(value, |head, key| {
            // What names the record stands in the head: it alone must not make one.
            format!("{}\"{key}\":{value}}}", head.replace("CVE-2024-0001", "CVE-x").replace("CWE-79", "79"))
                .into_bytes()
        });
    }
}

#[test]
fn lists_that_are_no_json_are_refused_or_counted_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let bodies: [(&str, Vec<u8>); 8] = [
        ("not utf-8", b"\xff\xfe\xff".to_vec()),
        ("an open quote", b"\"CVE-2024-0001,".to_vec()),
        ("too few columns", b"7\n".to_vec()),
        ("a long line", vec![b'x'; 1 << 20]),
        ("deep", "- [".repeat(50_000).into_bytes()),
        ("numbers", b"1e999,1e999,1e999\n".to_vec()),
        ("another format", br#"{"id":"CVE-2024-0001","vulnStatus":"Analyzed","descriptions":[]}"#.to_vec()),
        ("no text", vec![0; 4096]),
    ];
    for (name, head) in LISTS {
        for (what, body) in &bodies {
            let (records, damaged, why) = stored(folder.path(), &[head.as_bytes(), body].concat());
            println!("{what}, {name}: {damaged} {why:?}");
            assert!(records == 0 && (damaged > 0 || why.is_some()), "{what}, {name}: {records} records");
        }
    }
}

#[test]
fn names_that_stand_for_each_other_without_end_store_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "distroversion: v3.18\nx0: &x0 [lol, lol]\n".to_owned();
    for level in 1..64 {
        text += &format!("x{level}: &x{level} [*x{0}, *x{0}, *x{0}]\n", level - 1);
    }
    text += "packages: *x63\n";
    let (records, damaged, why) = stored(folder.path(), text.as_bytes());
    assert!(records == 0 && (damaged > 0 || why.is_some()), "{records} records");
}

/// The first lines decide on the format; what is of another is left out.
#[test]
fn lines_of_other_formats_are_counted_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"id":"CVE-2024-0002","vulnStatus":"Analyzed","descriptions":[]}"#;
    let others = ["<bom/>", "cve,epss,percentile", "[1 Jan 2024] DSA-1-1 p", r#"{"descriptions":[]}"#];
    let feed = format!("{good}\n{}\n", others.join("\n"));
    let (records, damaged, why) = stored(folder.path(), feed.as_bytes());
    assert_eq!((records, damaged, why.as_deref()), (1, 4, Some("line 2: expected value at line 1 column 1")));
    // A catalogue is one document: with a line of another format it is none.
    let mixed = format!("{}\n{good}\n", r#"{"catalogVersion":"1","vulnerabilities":[]}"#);
    let (records, damaged, _) = stored(folder.path(), mixed.as_bytes());
    assert_eq!((records, damaged), (0, 1));
}

#[test]
fn statements_are_refused_with_their_place() {
    let head = r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":"#;
    let csaf = r#"{"document":{"publisher":{},"tracking":{"id":"A"}},"vulnerabilities":"#;
    let cyclonedx = r#"{"bomFormat":"CycloneDX","vulnerabilities":"#;
    for head in [head, csaf, cyclonedx] {
        for (what, bad) in [
            ("deep", format!("{head}{}", "[".repeat(100_000))),
            ("number", format!("{head}[1e999]}}")),
            ("kind", format!("{head}[7]}}")),
            ("object", format!("{head}{{}}}}")),
        ] {
            let error = read_vex(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("line 1 column"), "{what}, {head}: {error}");
        }
        let list = head.rsplit('"').nth(1).unwrap();
        let twice = format!("{head}[],\"{list}\":[]}}");
        assert!(read_vex(twice.as_bytes()).unwrap_err().to_string().contains("duplicate"), "{twice}");
        let wrong = [head.as_bytes(), b"[\"\xff\"]}"].concat();
        assert!(read_vex(&wrong).is_err());
        let marked = format!("\u{feff}{head}[]}}");
        assert_eq!(read_vex(marked.as_bytes()), Ok(Vec::new()));
    }
    assert!(read_vex(b"{\"@context\":\"https://openvex.dev/ns\",\"bomFormat\":\"CycloneDX\"}").is_err());
}

#[test]
fn hostile_advisories_are_invalid() {
    let head = r#"{"document":{"csaf_version":"2.0"},"#;
    for bad in [
        format!("{head}\"vulnerabilities\":{}", "[".repeat(100_000)).into_bytes(),
        format!("{head}\"vulnerabilities\":[],\"vulnerabilities\":[]}}").into_bytes(),
        format!("{head}\"vulnerabilities\":[1e999]}}").into_bytes(),
        [head.as_bytes(), b"\"x\":\"\xff\"}"].concat(),
        br#"{"document":{"csaf_version":"9.9"}}"#.to_vec(),
        br#"{"document":{"csaf_version":2.0}}"#.to_vec(),
        b"\xff\xfe{\0".to_vec(),
        br#"{"document":{"csaf_version":"2.0"},"bomFormat":"CycloneDX"}"#.to_vec(),
    ] {
        assert!(!check_csaf(&bad).is_valid(), "{}", String::from_utf8_lossy(&bad[..bad.len().min(80)]));
    }
}
