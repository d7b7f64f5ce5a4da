//! What is registered: bills of materials by a seeded generator, and vulnerability data that speak of their components.
//!
//! A bill of materials has 200 components whose names follow Zipf's law, and one that real vulnerability data know.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

pub(super) const COMPONENTS: usize = 200;
const NAMES: u64 = 20_000;
/// Versions of a component, from `1.0.0`.
const VERSIONS: u64 = 40;
/// Generated vulnerabilities, each in one component up to a version.
pub(super) const VULNERABILITIES: usize = 3_000;

/// In every bill of materials; the first vulnerability data do not know it, the update does.
pub(super) const KNOWN: &str = "CVE-2017-14491";

/// SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// 0 to 1.
    fn share(&mut self) -> f64 {
        self.roll(1 << 53) as f64 / (1_u64 << 53) as f64
    }

    /// 1 … `n`, each as probable as its inverse.
    fn zipf(&mut self, n: u64) -> u64 {
        ((n as f64).powf(self.share()) as u64).clamp(1, n)
    }

    /// 1 … `n`, each as probable as the root of its inverse.
    fn favoured(&mut self, n: u64) -> u64 {
        ((n as f64 * self.share().powi(2)) as u64).clamp(1, n)
    }
}

/// A CycloneDX document.
pub(super) fn sbom(dice: &mut Dice, components: usize) -> String {
    let component = |_| {
        let (name, version) = (dice.zipf(NAMES), dice.roll(VERSIONS));
        json!({"type": "library", "bom-ref": format!("c{}", dice.roll(u64::MAX)), "name": format!("lib{name}"),
            "version": format!("1.{version}.0"), "purl": format!("pkg:npm/lib{name}@1.{version}.0"),
            "licenses": [{"license": {"id": "MIT"}}]})
    };
    let mut list: Vec<_> = (0..components).map(component).collect();
    // What the update of the vulnerability data speaks of.
    list.push(json!({"type": "application", "name": "dnsmasq", "version": "2.75",
        "cpe": "cpe:2.3:a:thekelleys:dnsmasq:2.75:*:*:*:*:*:*:*"}));
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list}).to_string()
}

/// Id of a generated vulnerability.
pub(super) fn vulnerability(number: usize) -> String {
    format!("CVE-2099-{number:05}")
}

/// Writes the generated vulnerabilities as OSV. A component that many use has more of them than one that few use: the root
/// of its share, so that about a hundred are known in a bill of materials, as in images of containers.
pub(super) fn write_vulnerabilities(path: &Path) -> anyhow::Result<()> {
    let mut dice = Dice(2);
    let advisory = |number| {
        let (name, fixed) = (format!("lib{}", dice.favoured(NAMES)), 1 + dice.roll(VERSIONS));
        let events = json!([{"introduced": "0"}, {"fixed": format!("1.{fixed}.0")}]);
        let record = json!({"id": vulnerability(number), "modified": "2099-01-01T00:00:00Z",
            "summary": format!("{name} opens a door"),
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [{"package": {"ecosystem": "npm", "name": name},
                "ranges": [{"type": "SEMVER", "events": events}]}]});
        format!("{record}\n")
    };
    let text: String = (0..VULNERABILITIES).map(advisory).collect();
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_vulnerabilities_are_known_in_the_generated_documents() {
        let folder = tempfile::tempdir().unwrap();
        let (feed, snapshot) = (folder.path().join("feed.osv.jsonl"), folder.path().join("snapshot"));
        write_vulnerabilities(&feed).unwrap();
        let summary = vuln::build(&[feed], &snapshot, &mut |_| {}).unwrap();
        assert_eq!((summary.info.records, summary.damaged), (VULNERABILITIES as u64, 0));
        let snapshot = vuln::Snapshot::open(&snapshot).unwrap();
        let document =
            bom::read(sbom(&mut Dice(1), COMPONENTS).as_bytes(), &bom::ReadLimits::default()).unwrap();
        assert_eq!(document.bom.components.len(), COMPONENTS + 1);
        let queries: Vec<_> = document.bom.components.iter().map(vuln::Query::from).collect();
        let found = vuln::Matcher::new(&snapshot).unwrap().match_all(&queries).unwrap();
        let known: std::collections::BTreeSet<_> = found.iter().flatten().map(|found| &found.id).collect();
        assert!((30..300).contains(&known.len()), "{} are known", known.len());
    }
}
