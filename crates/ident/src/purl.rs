//! Package URLs.
//!
//! Parsing is the crate `packageurl`'s; this type adds a limit on length, a defined order of qualifiers, the version scheme
//! that belongs to the type, and the rules of [`OWN`] types, which the crate does not follow.
//! Source: the type definitions of the PURL specification, 2026-08-21.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use packageurl::PackageUrl;

use crate::Scheme;

/// Longest package URL read, in bytes.
pub const MAX_PURL_BYTES: usize = 1 << 16;

/// A package URL, normalized as its type wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    package_type: String,
    namespace: Option<String>,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
    subpath: Option<String>,
}

/// Why a text is not a package URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParsePurlError {
    /// More than [`MAX_PURL_BYTES`].
    #[error("a package URL of {bytes} bytes, the limit is {limit}", limit = MAX_PURL_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It breaks the grammar, or a rule of its type.
    #[error("`{text}` is not a package URL")]
    Malformed {
        /// What was read.
        text: String,
        /// What is wrong.
        #[source]
        source: packageurl::Error,
    },
}

/// Applies the rules of a type.
type Rules = fn(&mut Purl) -> Result<(), packageurl::Error>;

/// Types whose rules are kept here.
const OWN: &[(&str, Rules)] = &[("brew", brew), ("cpan", cpan), ("git", git)];

/// A type of which the crate has no rules.
const FREE: &str = "generic";

/// Neither formulas nor taps are case-sensitive.
fn brew(purl: &mut Purl) -> Result<(), packageurl::Error> {
    purl.name = purl.name.to_lowercase();
    purl.namespace = purl.namespace.take().map(|tap| tap.to_lowercase());
    Ok(())
}

/// Distributions need no author; modules are none.
fn cpan(purl: &mut Purl) -> Result<(), packageurl::Error> {
    if purl.name.contains("::")
        || purl.namespace.as_ref().is_some_and(|author| author.contains(|c: char| c.is_ascii_lowercase()))
    {
        return Err(packageurl::Error::InvalidName("cpan".to_owned(), purl.name.clone()));
    }
    Ok(())
}

/// The namespace is the host, the rest of the path is the name.
fn git(purl: &mut Purl) -> Result<(), packageurl::Error> {
    let path =
        purl.namespace.take().ok_or_else(|| packageurl::Error::TypeRequiresNamespace("git".to_owned()))?;
    let (host, owner) =
        path.split_once('/').map_or((path.as_str(), None), |(host, owner)| (host, Some(owner)));
    purl.namespace = Some(host.to_owned());
    purl.name = owner.map_or_else(|| purl.name.clone(), |owner| format!("{owner}/{}", purl.name));
    Ok(())
}

/// The name of the type in a text, if it is one of [`OWN`], with the text of a free type.
fn own_type(text: &str) -> Option<(&'static str, String)> {
    let rest =
        text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("pkg:")).and_then(|_| text.get(4..))?;
    let (kind, rest) = rest.trim_start_matches('/').split_once('/')?;
    let (known, _) = OWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind))?;
    Some((known, format!("pkg:{FREE}/{rest}")))
}

impl Purl {
    /// Its type: `deb`, `npm`, `generic`.
    pub fn package_type(&self) -> &str {
        &self.package_type
    }

    /// What stands between type and name: a group, an owner, a distribution.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, decoded.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Value of a qualifier, such as `arch` or `distro`.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }

    /// All qualifiers, sorted by key.
    pub fn qualifiers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.qualifiers.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The path inside of the package.
    pub fn subpath(&self) -> Option<&str> {
        self.subpath.as_deref()
    }

    /// How versions of such packages are ordered; [`Scheme::Generic`] where the type does not say.
    pub fn scheme(&self) -> Scheme {
        self.package_type.parse().unwrap_or(Scheme::Generic)
    }

    fn from_parsed(parsed: &PackageUrl<'_>) -> Self {
        let owned = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let pairs = parsed.qualifiers().iter().filter(|(_, value)| !value.is_empty());
        Self {
            package_type: parsed.ty().to_owned(),
            namespace: owned(parsed.namespace()),
            name: parsed.name().to_owned(),
            version: owned(parsed.version()),
            qualifiers: pairs.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            subpath: owned(parsed.subpath()),
        }
    }

    /// Puts parts together, under the rules of the type.
    ///
    /// # Errors
    /// [`ParsePurlError::Malformed`] if the parts break a rule.
    pub fn new(
        package_type: &str,
        namespace: Option<&str>,
        name: &str,
        version: Option<&str>,
        qualifiers: &BTreeMap<String, String>,
        subpath: Option<&str>,
    ) -> Result<Self, ParsePurlError> {
        let build = || -> Result<PackageUrl<'_>, packageurl::Error> {
            let own = OWN.iter().any(|(known, _)| known.eq_ignore_ascii_case(package_type));
            let mut purl = PackageUrl::new(if own { FREE } else { package_type }, name)?;
            let strip = |text: &str| text.trim_matches('/').to_owned();
            if let Some(namespace) = namespace.map(strip).filter(|n| !n.is_empty()) {
                purl.with_namespace(namespace)?;
            }
            if let Some(version) = version.filter(|v| !v.is_empty()) {
                purl.with_version(version)?;
            }
            if let Some(subpath) = subpath.map(strip).filter(|s| !s.is_empty()) {
                purl.with_subpath(subpath)?;
            }
            for (key, value) in qualifiers.iter().filter(|(_, value)| !value.is_empty()) {
                purl.add_qualifier(key.as_str(), value.as_str())?;
            }
            Ok(purl)
        };
        // A second pass through the text applies the rules that look at several parts.
        let text = build()
            .map_err(|source| ParsePurlError::Malformed { text: name.to_owned(), source })?
            .to_string();
        text.replacen(FREE, &package_type.to_lowercase(), usize::from(text.starts_with("pkg:generic/")))
            .parse()
    }
}

impl FromStr for Purl {
    type Err = ParsePurlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_PURL_BYTES {
            return Err(ParsePurlError::TooLong { bytes: text.len() });
        }
        let malformed = |source| ParsePurlError::Malformed { text: text.to_owned(), source };
        let Some((kind, free)) = own_type(text) else {
            return PackageUrl::from_str(text).map(|parsed| Self::from_parsed(&parsed)).map_err(malformed);
        };
        let mut purl =
            PackageUrl::from_str(&free).map(|parsed| Self::from_parsed(&parsed)).map_err(malformed)?;
        kind.clone_into(&mut purl.package_type);
        OWN.iter()
            .filter(|(known, _)| *known == kind)
            .try_for_each(|(_, rules)| rules(&mut purl))
            .map_err(malformed)?;
        Ok(purl)
    }
}

impl fmt::Display for Purl {
    /// The canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = OWN.iter().any(|(known, _)| *known == self.package_type);
        let build = || -> Result<PackageUrl<'_>, packageurl::Error> {
            // A name with slashes is a path: its front stands like a namespace.
            let (front, name) = match self.name.rsplit_once('/').filter(|_| own) {
                Some((front, name)) => (Some(front), name),
                None => (None, self.name.as_str()),
            };
            let mut purl = PackageUrl::new(if own { FREE } else { self.package_type.as_str() }, name)?;
            let namespace: Vec<&str> = self.namespace().into_iter().chain(front).collect();
            if !namespace.is_empty() {
                purl.with_namespace(namespace.join("/"))?;
            }
            if let Some(version) = self.version() {
                purl.with_version(version)?;
            }
            if let Some(subpath) = self.subpath() {
                purl.with_subpath(subpath)?;
            }
            for (key, value) in self.qualifiers() {
                purl.add_qualifier(key, value)?;
            }
            Ok(purl)
        };
        let text = build().map_err(|_| fmt::Error)?.to_string();
        f.write_str(&if own { text.replacen(FREE, &self.package_type, 1) } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Source: PURL specification, "Some purl examples".
    #[test]
    fn examples_of_the_specification_keep_their_form() {
        for text in [
            "pkg:cpan/DateTime@1.55?author=DROLSKY",
            "pkg:git/codeberg.org/forgejo/forgejo@a72d2c07#options/locale_readme.md",
            "pkg:bitbucket/birkenfeld/pygments-main@244fd47e07d1014f0aed9c",
            "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources",
            "pkg:npm/%40angular/animation@12.3.1",
            "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25",
        ] {
            assert_eq!(text.parse::<Purl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn types_with_rules_of_their_own_follow_them() {
        let purl: Purl = "pkg:git/codeberg.org/forgejo/forgejo".parse().unwrap();
        assert_eq!((purl.namespace(), purl.name()), (Some("codeberg.org"), "forgejo/forgejo"));
        let purl: Purl = "pkg:brew/Homebrew/Core/SQLite@3".parse().unwrap();
        assert_eq!(purl.to_string(), "pkg:brew/homebrew/core/sqlite@3");
        let none = BTreeMap::new();
        assert_eq!(
            Purl::new("cpan", None, "DateTime", Some("1"), &none, None).unwrap().to_string(),
            "pkg:cpan/DateTime@1"
        );
        assert_eq!(
            Purl::new("generic", None, "generic", None, &none, None).unwrap().to_string(),
            "pkg:generic/generic"
        );
    }

    #[test]
    fn qualifiers_are_sorted_and_empty_ones_dropped() {
        let purl: Purl = "pkg:deb/Debian/Curl@1?z=1&arch=i386&distro=".parse().unwrap();
        assert_eq!(purl.to_string(), "pkg:deb/debian/curl@1?arch=i386&z=1");
    }

    #[test]
    fn what_is_not_a_package_url_is_refused() {
        for text in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "npm/foo",
            "pkg:n@pm/foo",
            "pkg:cpan/Moose::Role",
            "pkg:git/x",
        ] {
            assert!(text.parse::<Purl>().is_err(), "{text}");
        }
        assert!("x".repeat(MAX_PURL_BYTES + 1).parse::<Purl>().is_err());
    }

    #[test]
    fn the_type_decides_how_versions_are_ordered() {
        let scheme = |text: &str| text.parse::<Purl>().unwrap().scheme();
        assert_eq!(scheme("pkg:deb/debian/curl@1"), Scheme::Debian);
        assert_eq!(scheme("pkg:cargo/rand@0.7.2"), Scheme::Semver);
        assert_eq!(scheme("pkg:unheard-of/rand@0.7.2"), Scheme::Generic);
    }
}
