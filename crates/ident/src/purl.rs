//! Package URLs.
//!
//! Parsing is the crate `packageurl`'s; this type adds a limit on length, a defined order of qualifiers, and the
//! version scheme that belongs to the type.

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
            let mut purl = PackageUrl::new(package_type, name)?;
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
        build()
            .map_err(|source| ParsePurlError::Malformed { text: name.to_owned(), source })?
            .to_string()
            .parse()
    }
}

impl FromStr for Purl {
    type Err = ParsePurlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_PURL_BYTES {
            return Err(ParsePurlError::TooLong { bytes: text.len() });
        }
        match PackageUrl::from_str(text) {
            Ok(parsed) => Ok(Self::from_parsed(&parsed)),
            Err(source) => Err(ParsePurlError::Malformed { text: text.to_owned(), source }),
        }
    }
}

impl fmt::Display for Purl {
    /// The canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = || -> Result<PackageUrl<'_>, packageurl::Error> {
            let mut purl = PackageUrl::new(self.package_type.as_str(), self.name.as_str())?;
            if let Some(namespace) = self.namespace() {
                purl.with_namespace(namespace)?;
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
        build().map_err(|_| fmt::Error)?.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Source: PURL specification, "Some purl examples".
    #[test]
    fn examples_of_the_specification_keep_their_form() {
        for text in [
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
    fn qualifiers_are_sorted_and_empty_ones_dropped() {
        let purl: Purl = "pkg:deb/Debian/Curl@1?z=1&arch=i386&distro=".parse().unwrap();
        assert_eq!(purl.to_string(), "pkg:deb/debian/curl@1?arch=i386&z=1");
    }

    #[test]
    fn what_is_not_a_package_url_is_refused() {
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/foo", "pkg:n@pm/foo", "pkg:cpan/Moose"] {
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
