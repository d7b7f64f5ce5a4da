//! `cargo xtask vuln-label DISTRIBUTIONS`: triples of component, vulnerability and truth, from packages that no table of the
//! matcher and no earlier triple names.
//!
//! `DISTRIBUTIONS` holds Debian's lists of advisories and Alpine's security database, as for `bench standards`. The rule:
//! of two repairs of one package in one release, the second says that the version of the first was affected, and, where
//! it brought another upstream version, that this one is not. Both are asked about as upstream's versions, so that names
//! and ranges must decide and not the distribution's own data. Of each package at most [`MAX_A_PACKAGE`] vulnerabilities
//! are taken, those with both truths first, in the order of a digest. What a language's own registry names is left out.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ident::Scheme;
use sha2::{Digest as _, Sha256};

use crate::bench_standards::distributions;

const TARGET: &str = "crates/vuln/tests/blind.tsv";
const LABELLED: &str = "crates/vuln/tests/labelled.tsv";
const NAMES: &str = "crates/vuln/src/matching/names.tsv";
const MAX_A_PACKAGE: usize = 3;
/// The first year of vulnerabilities: before it, the NVD listed versions one by one and seldom all.
const SINCE: u32 = 2016;

const HEAD: &str = "\
# Components, CVEs and whether the component is affected, written by `cargo xtask vuln-label` from Debian's lists of advisories and
# Alpine's security database; the rule stands there. No package is named by `labelled.tsv` or by a table of the matcher.
# component\tvulnerability\ttruth\tsource
";

/// Packages of languages: they are known by their registries' names.
const LANGUAGES: [&str; 12] = [
    "golang-", "haskell-", "lua-", "node-", "perl-", "php-", "py-", "py3-", "python-", "python3-", "ruby-",
    "rust-",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with Debian's lists and Alpine's databases.
    distributions: PathBuf,
}

/// One repair in one release: version of the package, and what it repaired.
struct Repair {
    version: String,
    cves: BTreeSet<String>,
    source: String,
}

/// A vulnerability, and the lines of what is affected and what is not; the second is empty where nobody says.
type Labelled = (String, [String; 2]);

/// Repairs by distribution, package and release.
type Repairs = BTreeMap<(&'static str, String, String), Vec<Repair>>;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut repairs = Repairs::new();
    for path in distributions(&args.distributions)? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        if path.extension().is_some_and(|extension| extension == "yaml") {
            alpine(&path, &text, &mut repairs);
        } else {
            debian(&text, &mut repairs);
        }
    }
    let known = known()?;
    let mut triples: BTreeMap<(&str, String), Vec<Labelled>> = BTreeMap::new();
    for ((distribution, package, _), repairs) in repairs {
        let language = LANGUAGES.iter().any(|prefix| package.starts_with(prefix))
            || (package.starts_with("lib") && (package.ends_with("-perl") || package.ends_with("-java")));
        if !language && !known.contains(stem(&package)) {
            let of_package = triples.entry((distribution, package.clone())).or_default();
            of_package.extend(labelled(distribution, &package, repairs));
        }
    }
    let mut lines = BTreeSet::new();
    for (_, mut of_package) in triples {
        of_package.retain(|(cve, _)| year(cve) >= SINCE);
        of_package.sort_by_key(|(cve, lines)| {
            (lines.iter().any(String::is_empty), Sha256::digest(format!("{cve}{lines:?}")))
        });
        let mut seen = BTreeSet::new();
        of_package.retain(|(cve, _)| seen.insert(cve.clone()));
        of_package.truncate(MAX_A_PACKAGE);
        lines.extend(of_package.into_iter().flat_map(|(_, lines)| lines).filter(|line| !line.is_empty()));
    }
    println!("{} triples", lines.len());
    let mut text = HEAD.to_owned();
    for line in lines {
        writeln!(text, "{line}")?;
    }
    fs::write(TARGET, text).with_context(|| format!("cannot write `{TARGET}`"))
}

/// Names without the numbers that distributions add: `php7.3` and `php8` are one.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-')
}

/// Stems of the packages that earlier triples and the matcher's table name.
fn known() -> anyhow::Result<BTreeSet<String>> {
    let read = |path| fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"));
    let mut known = BTreeSet::new();
    for line in read(LABELLED)?.lines().filter(|line| !line.starts_with('#')) {
        let purl: Option<ident::Purl> = line.split('\t').next().and_then(|purl| purl.parse().ok());
        known.extend(purl.map(|purl| stem(purl.name()).to_owned()));
    }
    for line in read(NAMES)?.lines() {
        known.extend(line.split('\t').next().map(|name| stem(name).to_owned()));
    }
    Ok(known)
}

/// ```text
/// [29 Mar 2023] DSA-5380-1 xorg-server - security update
///     {CVE-2023-1393}
///     [bullseye] - xorg-server 2:1.20.11-1+deb11u6
/// ```
fn debian(text: &str, repairs: &mut Repairs) {
    let (mut advisory, mut cves) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        let line_of_repair = line.trim();
        if line.starts_with('[') {
            advisory = line.split_whitespace().nth(3).unwrap_or_default().to_owned();
            cves.clear();
        } else if let Some(list) = line_of_repair.strip_prefix('{') {
            cves = list.trim_end_matches('}').split_whitespace().map(str::to_owned).collect();
        } else if let Some((release, rest)) =
            line_of_repair.strip_prefix('[').and_then(|l| l.split_once("] - "))
        {
            let mut words = rest.split_whitespace();
            let (Some(package), Some(version)) = (words.next(), words.next()) else { continue };
            // `2.0+really1.0` is not what it says.
            if !version.starts_with('<') && !version.contains("really") {
                let repair =
                    Repair { version: version.to_owned(), cves: cves.clone(), source: advisory.clone() };
                repairs.entry(("deb", package.to_owned(), release.to_owned())).or_default().push(repair);
            }
        }
    }
}

/// The lines of a database that matter: `name:`, a version with a colon, `- CVE-…`.
fn alpine(path: &Path, text: &str, repairs: &mut Repairs) {
    let release = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let mut package = String::new();
    for line in text.lines().map(|line| line.trim().trim_start_matches("- ")) {
        if let Some(name) = line.strip_prefix("name:") {
            name.trim().trim_matches(['"', '\'']).clone_into(&mut package);
        } else if let Some(version) = line.strip_suffix(':').map(|v| v.trim_matches(['"', '\''])) {
            if version.contains("-r") && !package.is_empty() {
                let source = format!("secdb {release}");
                let repair = Repair { version: version.to_owned(), cves: BTreeSet::new(), source };
                repairs.entry(("apk", package.clone(), release.clone())).or_default().push(repair);
            }
        } else if line.starts_with("CVE-")
            && let Some(cve) = line.split_whitespace().next()
            && let Some(last) =
                repairs.get_mut(&("apk", package.clone(), release.clone())).and_then(|all| all.last_mut())
        {
            last.cves.insert(cve.to_owned());
        }
    }
}

/// Vulnerabilities of a package in one release, each with what is affected and what is not.
fn labelled(distribution: &str, package: &str, mut repairs: Vec<Repair>) -> Vec<Labelled> {
    let scheme = if distribution == "deb" { Scheme::Debian } else { Scheme::Apk };
    repairs.retain(|repair| !repair.cves.is_empty());
    repairs.sort_by(|a, b| scheme.compare(&a.version, &b.version));
    let mut out = Vec::new();
    for pair in repairs.windows(2) {
        let [before, after] = pair else { continue };
        let [old, new] = [before, after].map(|repair| upstream(distribution, &repair.version));
        // Alpine repairs by a new version; what a patch repaired says nothing of upstream's.
        let changed = Scheme::Generic.compare(old, new) != Ordering::Equal;
        if !changed && distribution == "apk" {
            continue;
        }
        let line = |version: &str, cve: &str, truth| {
            format!("pkg:generic/{}@{}\t{cve}\t{truth}\t{}", escaped(package), escaped(version), after.source)
        };
        for cve in after.cves.difference(&before.cves) {
            let fixed = if changed { line(new, cve, "fixed") } else { String::new() };
            out.push((cve.clone(), [line(old, cve, "affected"), fixed]));
        }
    }
    out
}

fn year(cve: &str) -> u32 {
    cve.split('-').nth(1).and_then(|year| year.parse().ok()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('+', "%2B")
}

/// Upstream's version within a package's: without epoch, revision and marks of repackaging.
fn upstream<'v>(distribution: &str, version: &'v str) -> &'v str {
    if distribution == "apk" {
        return version.rsplit_once("-r").map_or(version, |(upstream, _)| upstream);
    }
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    let end = version.find(['+', '~']).unwrap_or(version.len());
    let version = version.get(..end).unwrap_or(version);
    ["dfsg", "ds"]
        .iter()
        .find_map(|mark| version.split_once(mark))
        .map_or(version, |(upstream, _)| upstream.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_before_a_repair_is_affected_and_a_new_upstream_version_is_not() {
        let text = "[2 Jan 2020] DSA-2-1 p - update\n\t{CVE-2020-0002}\n\t[buster] - p 1:1.1+dfsg-1\n\
            [1 Jan 2020] DSA-1-1 p - update\n\t{CVE-2020-0001}\n\t[buster] - p 1:1.0.dfsg-1+deb10u1\n";
        let mut repairs = Repairs::new();
        debian(text, &mut repairs);
        let (_, of_package) = repairs.pop_first().unwrap();
        assert_eq!(
            labelled("deb", "p", of_package),
            [(
                "CVE-2020-0002".to_owned(),
                [
                    "pkg:generic/p@1.0\tCVE-2020-0002\taffected\tDSA-2-1",
                    "pkg:generic/p@1.1\tCVE-2020-0002\tfixed\tDSA-2-1"
                ]
                .map(str::to_owned)
            )]
        );
    }

    #[test]
    fn alpines_databases_are_read_line_by_line() {
        let text = "  - pkg:\n      name: p\n      secfixes:\n        \"1.1-r0\":\n          - CVE-2020-0002 XSA-1\n        1.0-r3:\n          - CVE-2020-0001\n";
        let mut repairs = Repairs::new();
        alpine(Path::new("v3.9/main.yaml"), text, &mut repairs);
        let (_, of_package) = repairs.pop_first().unwrap();
        let found = labelled("apk", "p", of_package);
        assert_eq!(found[0].1[0], "pkg:generic/p@1.0\tCVE-2020-0002\taffected\tsecdb v3.9");
    }
}
