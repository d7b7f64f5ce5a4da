//! From small feeds to a snapshot, and what matching says of distribution packages in it.

use std::path::{Path, PathBuf};

use vuln::{Matcher, Query, Snapshot, Verdict, build, update};

const NVD: &str = r#"{"id":"CVE-2023-48795","lastModified":"2024-01-01T00:00Z","vulnStatus":"Analyzed","descriptions":[{"lang":"en","value":"Terrapin."}],"configurations":[{"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*","versionEndExcluding":"9.6"}]}]}]}
"#;
const DEBIAN: &str = "[22 Dec 2023] DSA-5586-1 openssh - security update\n\t{CVE-2023-48795}\n\t[bullseye] - openssh 1:8.4p1-5+deb11u3\n\t[bookworm] - openssh 1:9.2p1-2+deb12u2\n";
const KEV: &str = r#"{"catalogVersion":"1","dateReleased":"2024-02-01","vulnerabilities":[{"cveID":"CVE-2023-48795","dateAdded":"2024-02-01"}]}"#;
const EPSS: &str = "#model_version:v1,score_date:2024-02-02\ncve,epss,percentile\nCVE-2023-48795,0.9,0.99\n";

fn feeds(folder: &Path, texts: &[(&str, &str)]) -> Vec<PathBuf> {
    let write = |(name, text): &(&str, &str)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    texts.iter().map(write).collect()
}

const ALL: &[(&str, &str)] = &[("nvd.jsonl", NVD), ("list", DEBIAN), ("kev.json", KEV), ("epss.csv", EPSS)];

#[test]
fn an_update_gives_the_snapshot_that_all_feeds_together_give() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = feeds(folder.path(), ALL);
    let whole = build(&feeds, &folder.path().join("whole.redb"), &mut |_| {}).unwrap().info;
    // Catalogues may come before any record that they speak of.
    for split in 1..feeds.len() {
        let (late, early) = feeds.split_at(split);
        let path = folder.path().join("parts.redb");
        build(early, &path, &mut |_| {}).unwrap();
        let info = update(&Snapshot::open(&path).unwrap(), late, &path, &mut |_| {}).unwrap().info;
        assert_eq!(info, whole);
        // The same feeds again change nothing.
        let again = update(&Snapshot::open(&path).unwrap(), &feeds, &path, &mut |_| {}).unwrap().info;
        assert_eq!(again, whole);
    }
}

fn verdict(snapshot: &Snapshot, purl: &str) -> Option<Verdict> {
    let query = Query { name: "openssh".into(), purl: Some(purl.into()), ..Query::default() };
    let matches = Matcher::new(snapshot).unwrap().matches(&query, &[]).unwrap();
    matches.into_iter().find(|found| found.id == "CVE-2023-48795").map(|found| found.verdict)
}

#[test]
fn a_distributions_own_data_decides_and_without_it_nothing_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let all = feeds(folder.path(), ALL);
    let path = folder.path().join("vuln.redb");
    build(&all, &path, &mut |_| {}).unwrap();
    let snapshot = Snapshot::open(&path).unwrap();
    for (purl, expected) in [
        // A back-port: upstream's 9.2p1 is affected, Debian's repaired one is not.
        ("pkg:deb/debian/openssh@1:9.2p1-2%2Bdeb12u2?distro=debian-12", None),
        ("pkg:deb/debian/openssh@1:9.2p1-2%2Bdeb12u1?distro=debian-12", Some(Verdict::Affected)),
        // The mark in the version tells the release; another release's fix says nothing.
        ("pkg:deb/debian/openssh@1:8.4p1-5%2Bdeb11u3", None),
        ("pkg:deb/debian/openssh@1:8.4p1-5%2Bdeb11u2", Some(Verdict::Affected)),
        // Which release is not known, and releases differ.
        ("pkg:deb/debian/openssh@1:9.0p1-1", Some(Verdict::Unknown)),
        // A binary package counts as its source, in the source's version.
        (
            "pkg:deb/debian/openssh-client@1:9.2p1-2%2Bdeb12u1%2Bb1?distro=debian-12&upstream=openssh%401:9.2p1-2%2Bdeb12u1",
            Some(Verdict::Affected),
        ),
        // Nobody spoke of this distribution.
        ("pkg:rpm/fedora/openssh@9.2p1-1.fc38", Some(Verdict::Unknown)),
        ("pkg:generic/openssh@9.2p1", Some(Verdict::Affected)),
        ("pkg:generic/openssh@9.6p1", None),
    ] {
        assert_eq!(verdict(&snapshot, purl), expected, "{purl}");
    }
    let record = snapshot.get("DSA-5586-1").unwrap().unwrap();
    assert!(record.kev.is_some() && record.epss.is_some());
}

#[test]
fn hostile_feeds_are_refused_or_counted_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vuln.redb");
    let deep = format!("{{\"document\": {}", "[".repeat(100_000));
    for (name, text) in [
        ("csaf.json", format!("{{\"csaf_version\": \"2.0\", {}", &deep[1..])),
        ("cve5.json", "{\"cveMetadata\": {\"cveId\": \"CVE-x\"}}".to_owned()),
        ("nvd.json", "{\"vulnStatus\": 7, \"descriptions\": []}\n{\"descriptions\": null}\n".to_owned()),
        ("alpine.json", "{\"packages\": [{\"pkg\": {\"secfixes\": {\"1\": [1]}}}]}".to_owned()),
        ("tracker.json", "{\"p\": {\"CVE-2024-0001\": {\"releases\": [], \"repositories\": 1}}}".to_owned()),
        ("github.json", "[{\"ghsa_id\": 1}]".to_owned()),
        ("attack.json", "{\"type\": \"bundle\", \"objects\": [1]}".to_owned()),
    ] {
        let feeds = feeds(folder.path(), &[(name, &text)]);
        let summary = build(&feeds, &path, &mut |_| {}).unwrap();
        assert_eq!((summary.info.records, summary.damaged > 0), (0, true), "{name}");
    }
    let none = feeds(folder.path(), &[("x.json", "\u{0}\u{1}")]);
    assert!(build(&none, &path, &mut |_| {}).is_err());
}
