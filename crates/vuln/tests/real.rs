//! Against all records of the real feeds: known vulnerabilities of known versions, and near misses.
//!
//! Truth: the vendors' advisories (Apache Log4j security page, OpenSSL vulnerabilities page, BusyBox and dnsmasq change
//! logs), by CVE.

use std::path::{Path, PathBuf};
use std::time::Instant;

use vuln::{Certainty, Matcher, Query, Snapshot, Verdict, build};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SUKASHI_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: SUKASHI_TEST_DATA is not set");
    }
    folder
}

fn feeds(data: &Path) -> Vec<PathBuf> {
    let mut feeds: Vec<PathBuf> = ["nvd", "nvd-overrides", "cve5", "kev", "epss", "osv"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(data.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    feeds.sort();
    feeds
}

fn query(name: &str, version: &str, purl: Option<&str>, cpe: Option<&str>) -> Query {
    Query {
        name: name.to_owned(),
        version: Some(version.to_owned()),
        purl: purl.map(str::to_owned),
        cpes: cpe.map(str::to_owned).into_iter().collect(),
    }
}

/// One test, because reading all feeds takes most of its time.
#[test]
fn known_versions_have_their_known_vulnerabilities() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vuln.redb");
    let start = Instant::now();
    let summary = build(&feeds(&data), &path, &mut |_| {}).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("{summary:?}\nbuilt in {:?}, {} MB", start.elapsed(), size / 1_000_000);
    assert!(summary.info.records >= 278_572, "the union of NVD, overrides and CVE records");
    assert_eq!(summary.damaged, 0, "{:?}", summary.listed);
    assert!(size < 400_000_000);
    let snapshot = Snapshot::open(&path).unwrap();
    known(&snapshot);
    fast(&snapshot);
    explained(&snapshot);
}

fn known(snapshot: &Snapshot) {
    let matcher = Matcher::new(snapshot).unwrap();
    let log4j = |v: &str| {
        query("log4j-core", v, Some(&format!("pkg:maven/org.apache.logging.log4j/log4j-core@{v}")), None)
    };
    let openssl =
        |v: &str| query("openssl", v, None, Some(&format!("cpe:2.3:a:openssl:openssl:{v}:*:*:*:*:*:*:*")));
    let plain = |name: &str, v: &str| query(name, v, None, None);
    let cases: Vec<(Query, &[&str], &[&str])> = vec![
        (
            log4j("2.14.1"),
            // The feeds of 2021 end in September; of that December only this one is in them.
            &["CVE-2021-44228"],
            &["CVE-2019-17571", "CVE-2020-9488"],
        ),
        (log4j("2.17.1"), &[], &["CVE-2021-44228"]),
        (
            openssl("1.0.1f"),
            &["CVE-2014-0160", "CVE-2014-0224", "CVE-2014-3566"],
            &["CVE-2013-6449", "CVE-2022-3602"],
        ),
        (openssl("1.0.1g"), &["CVE-2014-0224"], &["CVE-2014-0160"]),
        (plain("busybox", "1.35.0"), &["CVE-2022-30065"], &["CVE-2021-42374", "CVE-2018-1000517"]),
        (plain("busybox", "1.36.0"), &[], &["CVE-2022-30065"]),
        (
            query("dnsmasq", "2.75-1", Some("pkg:opkg/dnsmasq@2.75-1"), None),
            &["CVE-2017-14491", "CVE-2017-14492", "CVE-2017-14493", "CVE-2017-14496", "CVE-2020-25684"],
            &["CVE-2013-0198", "CVE-2009-2957"],
        ),
        (plain("dnsmasq", "2.86"), &[], &["CVE-2017-14491", "CVE-2020-25684"]),
    ];
    for (query, expected, near_misses) in cases {
        let matches = matcher.matches(&query, &[]).unwrap();
        let ids: Vec<&str> = matches.iter().map(|m| m.id.as_str()).collect();
        println!("{} {:?}: {}", query.name, query.version, ids.join(" "));
        for id in expected {
            let found = matches.iter().find(|m| m.id == *id);
            let found = found.unwrap_or_else(|| panic!("{id} is missed for {query:?}"));
            assert_eq!(found.verdict, Verdict::Affected, "{found:?}");
            assert!(found.certainty >= Certainty::Probable, "{found:?}");
        }
        for id in near_misses {
            assert!(!ids.contains(id), "{id} is no vulnerability of {query:?}");
        }
    }
}

fn fast(snapshot: &Snapshot) {
    let names =
        ["openssl", "busybox", "dnsmasq", "nginx", "curl", "zlib", "samba", "openssh", "linux", "sqlite3"];
    let queries: Vec<Query> = (0..10_000)
        .map(|i| match i % 20 {
            at if at < names.len() => {
                query(names[at], &format!("{}.{}.{}", i % 7, i % 13, i % 5), None, None)
            }
            _ => query(&format!("library-{i}"), "1.0", Some(&format!("pkg:npm/library-{i}@1.0")), None),
        })
        .collect();
    let start = Instant::now();
    let matches: usize =
        Matcher::new(snapshot).unwrap().match_all(&queries).unwrap().iter().map(Vec::len).sum();
    println!("10,000 components, {matches} matches: {:?}", start.elapsed());
    let start = Instant::now();
    let ids: Vec<String> = (0..1_000).map(|i| format!("CVE-{}-{:04}", 2005 + i % 18, 1 + i)).collect();
    let known = ids.iter().filter(|id| snapshot.get(id).unwrap().is_some()).count();
    println!("1,000 look-ups ({known} known): {:?}", start.elapsed());
    let start = Instant::now();
    let found = snapshot.search("apache log4j jndi", 10).unwrap();
    println!("search: {:?} {:?}", start.elapsed(), found.first());
    assert!(found.iter().any(|f| f.id == "CVE-2021-44228"));
}

fn explained(snapshot: &Snapshot) {
    let matcher = Matcher::new(snapshot).unwrap();
    // A distribution repairs without a new upstream version: unknown, never safe, never simply affected.
    let debian = query("openssl", "1.0.1f-1+deb7u3", Some("pkg:deb/debian/openssl@1.0.1f-1+deb7u3"), None);
    let heartbleed = matcher.matches(&debian, &[]).unwrap();
    let heartbleed = heartbleed.iter().find(|m| m.id == "CVE-2014-0160").unwrap();
    assert_eq!(heartbleed.verdict, Verdict::Unknown);
    assert!(heartbleed.why.contains("may have repaired"), "{}", heartbleed.why);
    // A crate is matched by its own advisory, in its own scheme.
    let wasmtime = query("wasmtime", "0.38.1", Some("pkg:cargo/wasmtime@0.38.1"), None);
    let found = matcher.matches(&wasmtime, &[]).unwrap();
    let found = found.iter().find(|m| m.id == "CVE-2022-31146").unwrap();
    assert_eq!((found.certainty, found.source.as_str()), (Certainty::Exact, "RUSTSEC-2022-0100"));
    let record = snapshot.get("RUSTSEC-2022-0100").unwrap().unwrap();
    assert_eq!(record.id, "CVE-2022-31146");
    let log4j = snapshot.get("CVE-2021-44228").unwrap().unwrap();
    assert!(log4j.kev.is_some() && log4j.epss.is_some_and(|e| e.probability > 0.9));
    assert_eq!(log4j.effective_rating().map(|(_, score)| score), Some(10.0));
}
