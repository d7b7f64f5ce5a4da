//! Version strings of well-known programs: one signature file a program, under `signatures/`.
//!
//! A signature is plain data: a name, patterns (regular expressions over bytes, each with a group `version`), and how
//! the version becomes a purl and a CPE name. How to add one: `docs/how-to/add-signature.md`.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::signature_files::FILES;
use crate::ComponentKind;

/// Different versions of one program that one file may show.
const MAX_VERSIONS: usize = 8;

/// Longest piece of text kept as evidence, in bytes.
const MAX_TEXT: usize = 120;

/// A signature file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    /// Name of the component.
    pub(crate) name: String,
    /// Kind of component.
    pub(crate) kind: ComponentKind,
    /// `pkg:generic/…@{version}`.
    pub(crate) purl: String,
    /// `cpe:2.3:…`, with `{version}` and, where the vendor has patch levels, `{update}`.
    pub(crate) cpe: Option<String>,
    /// Names of distribution packages that hold this program; `*` at the end stands for anything.
    #[serde(default)]
    pub(crate) packages: Vec<String>,
    /// Where version strings stand.
    patterns: Vec<String>,
    /// Also look in files that are no programs: boot loaders, kernels.
    #[serde(default)]
    pub(crate) anywhere: bool,
    /// How sure a hit is, in thousandths.
    #[serde(default = "usual_confidence")]
    pub(crate) confidence: u16,
    /// Texts in the form in which the program has them, and the versions in them; a test tries them all.
    #[serde(default)]
    #[cfg_attr(not(test), allow(dead_code))]
    samples: std::collections::BTreeMap<String, String>,
}

fn usual_confidence() -> u16 {
    800
}

/// A version string that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) signature: usize,
    pub(crate) version: String,
    /// Offset in the file.
    pub(crate) offset: u64,
    /// The text around it, cut where it stops being text.
    pub(crate) text: String,
}

/// All signatures, ready to search.
pub(crate) struct Signatures {
    pub(crate) all: Vec<Signature>,
    /// Pattern and the signature it belongs to.
    patterns: Vec<(Regex, usize)>,
    set: RegexSet,
}

static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| Signatures::load(FILES));

/// The built-in signatures.
pub(crate) fn signatures() -> &'static Signatures {
    &SIGNATURES
}

impl Signatures {
    /// A file that does not parse is left out; a test sees to it that there is none.
    fn load(files: &[(&str, &str)]) -> Self {
        let all: Vec<Signature> = files.iter().filter_map(|(_, text)| toml::from_str(text).ok()).collect();
        let stated = all.iter().enumerate().flat_map(|(at, s)| s.patterns.iter().map(move |p| (p, at)));
        let compiled = |(pattern, at): (&String, usize)| {
            RegexBuilder::new(pattern).unicode(false).build().ok().map(|regex| (regex, at))
        };
        let patterns: Vec<(Regex, usize)> = stated.filter_map(compiled).collect();
        let texts = patterns.iter().map(|(regex, _)| regex.as_str());
        let set = RegexSetBuilder::new(texts).unicode(false).size_limit(64 << 20).build();
        Self { all, patterns, set: set.unwrap_or_else(|_| RegexSet::empty()) }
    }

    /// Version strings in a file, by signature and offset; `program`: is the file an executable one?
    pub(crate) fn search(&self, bytes: &[u8], program: bool) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for matched in &self.set.matches(bytes) {
            let Some((regex, at)) = self.patterns.get(matched) else { continue };
            if !self.all.get(*at).is_some_and(|signature| program || signature.anywhere) {
                continue;
            }
            for captures in regex.captures_iter(bytes).take(MAX_VERSIONS * MAX_VERSIONS) {
                let Some(hit) = hit(*at, bytes, &captures) else { continue };
                let known = hits.iter().filter(|other| other.signature == *at);
                let (mut count, mut again) = (0, false);
                for other in known {
                    count += 1;
                    again |= other.version == hit.version;
                }
                if !again && count < MAX_VERSIONS {
                    hits.push(hit);
                }
            }
        }
        hits.sort_by_key(|hit| (hit.signature, hit.offset));
        hits
    }
}

fn hit(signature: usize, bytes: &[u8], captures: &regex::bytes::Captures<'_>) -> Option<Hit> {
    let whole = captures.get(0)?;
    let version = captures.name("version")?.as_bytes();
    let rest = bytes.get(whole.start()..)?;
    let end = rest.iter().take(MAX_TEXT).position(|byte| !(b' '..=b'~').contains(byte));
    let text = rest.get(..end.unwrap_or(MAX_TEXT.min(rest.len())))?;
    Some(Hit {
        signature,
        version: String::from_utf8_lossy(version).into_owned(),
        offset: whole.start() as u64,
        text: String::from_utf8_lossy(text).into_owned(),
    })
}

impl Signature {
    pub(crate) fn purl(&self, version: &str) -> String {
        self.purl.replace("{version}", &version.replace('+', "%2B"))
    }

    /// CPE name of a version. A patch level begins at the first letter: `9.2p1` is version 9.2, update p1.
    pub(crate) fn cpe(&self, version: &str) -> Option<String> {
        let template = self.cpe.as_ref()?;
        let (version, update) = if template.contains("{update}") {
            let letter = version.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(version.len());
            version.split_at(letter)
        } else {
            (version, "")
        };
        let update = if update.is_empty() { "*" } else { update };
        Some(template.replace("{version}", &escaped(version)).replace("{update}", &escaped(update)))
    }

    /// Does a distribution's package of this name hold the program?
    pub(crate) fn is_package(&self, name: &str) -> bool {
        self.packages.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == known,
        })
    }
}

/// Punctuation is escaped in CPE names (NISTIR 7695, 6.2), but for `.`, `-`, `_` and the wild card.
fn escaped(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
    text.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_signature_file_is_well_formed_and_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/signatures");
        let on_disk: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().replace(".toml", ""))
            .collect();
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, on_disk);
        for (name, text) in FILES {
            let signature: Signature = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(signature.purl.contains("{version}"), "{name}");
            assert!(signature.cpe.as_ref().is_none_or(|cpe| cpe.contains("{version}")), "{name}");
            assert!(!signature.samples.is_empty(), "{name} has no sample");
            for pattern in &signature.patterns {
                let regex = RegexBuilder::new(pattern)
                    .unicode(false)
                    .build()
                    .unwrap_or_else(|e| panic!("{name}: {e}"));
                assert!(regex.capture_names().any(|group| group == Some("version")), "{name}");
                assert!(
                    !regex.is_match(b"") && !regex.is_match(b"1.2.3"),
                    "{name}: a bare number is no evidence"
                );
            }
        }
    }

    #[test]
    fn every_sample_is_recognised_as_its_version_and_as_nothing_else() {
        let signatures = signatures();
        let wrong = signatures.all.iter().flat_map(|signature| {
            signature.samples.iter().filter_map(move |(text, version)| {
                let hits = signatures.search(text.as_bytes(), true);
                let found: Vec<String> = hits
                    .iter()
                    .map(|hit| format!("{} {}", signatures.all[hit.signature].name, hit.version))
                    .collect();
                (found != [format!("{} {version}", signature.name)])
                    .then(|| format!("`{text}` gives {found:?}"))
            })
        });
        assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn patch_levels_become_the_update_of_a_cpe_name() {
        let signature: Signature = toml::from_str(
            "name = 'x'\nkind = 'application'\npurl = 'pkg:generic/x@{version}'\ncpe = 'cpe:2.3:a:x:x:{version}:{update}:*:*:*:*:*:*'\npatterns = ['x (?<version>9)']",
        )
        .unwrap();
        assert_eq!(signature.cpe("9.2p1").unwrap(), "cpe:2.3:a:x:x:9.2:p1:*:*:*:*:*:*");
        assert_eq!(signature.cpe("9.2").unwrap(), "cpe:2.3:a:x:x:9.2:*:*:*:*:*:*:*");
    }
}
