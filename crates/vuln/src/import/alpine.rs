//! Alpine's security database: which package version repaired what. JSON as it is published, or the YAML it was before 2020.
//!
//! Source: Alpine security database, one file a release and repository. The version `0` says that the package was never
//! affected. Wolfi and Chainguard publish the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::is_cve;
use super::{Context, Fact};
use crate::merge::{Contribution, Source};
use crate::{Bound, PackageRange, Span, Vulnerability};

#[derive(Deserialize)]
struct Database {
    #[serde(default)]
    distroversion: Option<String>,
    #[serde(default)]
    urlprefix: String,
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    secfixes: BTreeMap<String, Option<Vec<String>>>,
}

pub(super) fn recognise(head: &str) -> bool {
    let json = head.starts_with('{') && head.contains("\"secfixes\"") && head.contains("\"pkg\"");
    json || head.lines().take(4).any(|line| line.starts_with("distroversion:"))
}

pub(super) fn read(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let database: Database = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|e| e.to_string())?
    } else {
        serde_saphyr::from_str(text).map_err(|e| e.to_string())?
    };
    let distribution = ["wolfi", "chainguard"].into_iter().find(|name| database.urlprefix.contains(name));
    let release = database.distroversion.map(|version| version.trim_start_matches('v').to_owned());
    for Entry { pkg } in database.packages {
        for (version, fixes) in pkg.secfixes {
            // Entries are ids with aliases behind them: `CVE-2019-1 GHSA-x`.
            let ids = fixes.iter().flatten().flat_map(|fix| fix.split_whitespace());
            for cve in ids.filter(|id| is_cve(id)) {
                let package = format!("apk/{}/{}", distribution.unwrap_or("alpine"), pkg.name);
                out.push(fact(cve, package, release.clone(), &version));
            }
        }
    }
    Ok(())
}

fn fact(cve: &str, package: String, release: Option<String>, fixed: &str) -> Fact {
    let span =
        Span { introduced: "0".to_owned(), end: Some(Bound { version: fixed.to_owned(), inclusive: false }) };
    let range = PackageRange {
        package,
        release,
        advisory: "alpine-secdb".to_owned(),
        spans: vec![span],
        versions: Vec::new(),
    };
    let record = Vulnerability {
        id: cve.to_owned(),
        packages: vec![range],
        sources: vec!["alpine".to_owned()],
        ..Vulnerability::default()
    };
    Fact::Said(Box::new(Contribution { source: Source::Advisory, record }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let json = r#"{"distroversion":"v3.18","packages":[{"pkg":{"name":"busybox",
            "secfixes":{"1.36.1-r1":["CVE-2022-48174 GHSA-x"],"0":["CVE-2001-0001"]}}}]}"#;
        let yaml = "---\ndistroversion: v3.18\npackages:\n  - pkg:\n      name: busybox\n      secfixes:\n        1.36.1-r1:\n          - CVE-2022-48174\n        \"0\":\n          - CVE-2001-0001\n";
        let ranges = |text: &str| {
            let mut out = Vec::new();
            assert!(recognise(text));
            read(text, &mut Context::default(), &mut out).unwrap();
            let of = |fact: Fact| match fact {
                Fact::Said(said) => (said.record.id.clone(), said.record.packages[0].clone()),
                _ => unreachable!(),
            };
            out.into_iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(ranges(json), ranges(yaml));
        assert_eq!(ranges(json).len(), 2);
    }
}
