//! From the names of a component to the names records use.

use ident::cpe::{Attribute, Cpe, Part, Value};
use ident::{Purl, Scheme};

use super::{Certainty, Query, upstream};

/// Packages whose name is not the product's name in CPE: package, vendor, product.
const ALIASES: &str = include_str!("names.tsv");

/// Namespaces of package URLs whose maintainers repair old versions.
const DISTRIBUTIONS: &[&str] = &[
    "almalinux",
    "alpine",
    "amzn",
    "arch",
    "centos",
    "debian",
    "fedora",
    "kali",
    "mageia",
    "opensuse",
    "openwrt",
    "oracle",
    "photon",
    "raspbian",
    "redhat",
    "rhel",
    "rocky",
    "suse",
    "ubuntu",
    "wolfi",
];

/// A component with its names parsed once.
pub(super) struct Subject {
    pub(super) name: String,
    /// Version to compare with upstream's.
    pub(super) version: Option<String>,
    pub(super) purl: Option<Purl>,
    cpes: Vec<Cpe>,
}

/// A product to look for.
pub(super) struct Candidate {
    pub(super) product: String,
    pub(super) vendor: Option<String>,
    pub(super) certainty: Certainty,
    /// The component's own CPE, if that is where the name comes from.
    pub(super) cpe: Option<Cpe>,
    pub(super) how: String,
}

impl Subject {
    pub(super) fn new(query: &Query) -> Self {
        let purl: Option<Purl> = query.purl.as_deref().and_then(|purl| purl.parse().ok());
        let stated = query.version.clone().filter(|version| !version.is_empty());
        let stated = stated.or_else(|| purl.as_ref().and_then(|purl| purl.version().map(str::to_owned)));
        let version = stated.map(|version| upstream::version(purl.as_ref(), &version));
        let cpes = query.cpes.iter().filter_map(|cpe| cpe.parse().ok()).collect();
        Self { name: query.name.to_lowercase(), version, purl, cpes }
    }

    /// Whether a distribution packages it, which may repair old versions.
    pub(super) fn is_distribution(&self) -> bool {
        let namespace = self.purl.as_ref().and_then(Purl::namespace).unwrap_or_default();
        DISTRIBUTIONS.binary_search(&namespace).is_ok()
    }

    /// Known by its own name and version alone: no distribution's, no language's, and without a CPE.
    pub(super) fn is_upstream(&self) -> bool {
        let types = |purl: &Purl| purl.package_type() == "generic" || purl.package_type() == "github";
        self.cpes.is_empty() && self.purl.as_ref().is_none_or(types)
    }

    /// Packages of which advisories may speak: itself, and the source it was built from with that one's version, if it
    /// differs.
    pub(super) fn packages(&self) -> Vec<(String, Option<String>)> {
        let Some(purl) = &self.purl else { return Vec::new() };
        let mut packages = vec![(package_key(purl), None)];
        if let Some(source) = purl.qualifier("upstream") {
            let (name, version) =
                source.split_once('@').map_or((source, None), |(name, v)| (name, Some(v.to_owned())));
            let key = format!("{}/{}/{name}", purl.package_type(), purl.namespace().unwrap_or_default());
            if packages.iter().all(|(known, _)| *known != key) {
                packages.push((key, version));
            }
        }
        packages
    }

    /// Products to look for: those of the CPE names, else what the package's name suggests. Of several lists the first
    /// counts of which a product is known. `learned` are vendors and products that records name together with a
    /// package of this name.
    pub(super) fn candidates(&self, learned: &[(String, String)]) -> Vec<Vec<Candidate>> {
        let stated: Vec<Candidate> = self.cpes.iter().filter_map(stated).collect();
        if !stated.is_empty() {
            return vec![stated];
        }
        match &self.purl {
            Some(purl) if is_language(purl.package_type()) => vec![self.of_language(purl)],
            _ => {
                let learned = learned.iter().map(|(vendor, product)| aliased(&self.name, vendor, product));
                let mut own: Vec<Candidate> = learned.chain(self.of_name(&self.name)).collect();
                own.sort_by_key(|candidate| !candidate.is_namesake(&self.name));
                let mut lists = vec![own];
                lists.extend(unnumbered(&self.name).map(|name| self.of_name(name)));
                lists
            }
        }
    }

    fn of_name(&self, name: &str) -> Vec<Candidate> {
        let known: Vec<Candidate> =
            aliases(name).map(|(vendor, product)| aliased(name, vendor, product)).collect();
        if !known.is_empty() {
            return known;
        }
        let mut spellings = vec![name.replace(' ', "_"), name.replace('-', "_")];
        spellings.dedup();
        let candidate = |product: String| Candidate {
            how: format!("by the name `{name}` alone"),
            product,
            vendor: None,
            certainty: Certainty::Probable,
            cpe: None,
        };
        spellings.into_iter().filter(|name| !name.is_empty()).map(candidate).collect()
    }

    /// Packages of a language have common names: only a vendor that the group names, or an alias, is trusted.
    fn of_language(&self, purl: &Purl) -> Vec<Candidate> {
        if aliases(purl.name()).next().is_some() {
            return self.of_name(purl.name());
        }
        let namespace = purl.namespace().unwrap_or_default();
        let organization = match purl.package_type() {
            "maven" => namespace.split('.').nth(1),
            _ => namespace.split('/').nth(1).or_else(|| namespace.split('/').next()),
        };
        let Some(vendor) = organization.filter(|vendor| !vendor.is_empty()) else { return Vec::new() };
        vec![Candidate {
            product: purl.name().to_lowercase().replace('-', "_"),
            vendor: Some(vendor.trim_start_matches('@').to_lowercase()),
            certainty: Certainty::Possible,
            cpe: None,
            how: format!("by vendor and name in `{purl}`"),
        }]
    }

    /// The scheme of the package's own versions.
    pub(super) fn scheme(&self) -> Scheme {
        self.purl.as_ref().map_or(Scheme::Generic, Purl::scheme)
    }
}

fn stated(cpe: &Cpe) -> Option<Candidate> {
    let text = |attribute| cpe.get(attribute).text().map(|text| text.into_owned());
    Some(Candidate {
        product: text(Attribute::Product)?,
        vendor: text(Attribute::Vendor),
        certainty: Certainty::Exact,
        cpe: Some(cpe.clone()),
        how: format!("by the name `{cpe}`"),
    })
}

impl Candidate {
    /// Whether product and package are called the same, however the words are joined: `firefox_esr` and `firefox-esr`.
    pub(super) fn is_namesake(&self, package: &str) -> bool {
        let letters = |text: &str| {
            text.chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| c.to_ascii_lowercase())
                .collect::<String>()
        };
        self.cpe.is_none() && letters(&self.product) == letters(package)
    }

    /// With several vendors of products of one name, only the namesake is probable.
    pub(super) fn certainty_of(&self, vendor: &str, vendors: &[&str]) -> Certainty {
        if self.vendor.is_some() || vendors.len() == 1 {
            return self.certainty;
        }
        let namesake = |vendor: &str| {
            vendor == self.product || vendor.strip_suffix("_project") == Some(self.product.as_str())
        };
        if namesake(vendor) { self.certainty } else { Certainty::Possible }
    }

    /// The name the component would have under this vendor.
    pub(super) fn name(&self, vendor: &str) -> Cpe {
        self.cpe.clone().unwrap_or_else(|| {
            Cpe::new(Part::Any)
                .with(Attribute::Vendor, Value::literal(vendor))
                .with(Attribute::Product, Value::literal(&self.product))
        })
    }
}

/// Types whose packages are libraries of a language.
fn is_language(package_type: &str) -> bool {
    matches!(
        package_type,
        "cargo"
            | "composer"
            | "gem"
            | "golang"
            | "hex"
            | "maven"
            | "npm"
            | "nuget"
            | "pub"
            | "pypi"
            | "cran"
            | "cpan"
    )
}

/// The name without the version that distributions add to it to ship several side by side: `php` of `php7.3`.
pub(crate) fn unnumbered(name: &str) -> Option<&str> {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    (bare.len() < name.len() && bare.len() >= 3).then_some(bare)
}

fn aliased(name: &str, vendor: &str, product: &str) -> Candidate {
    Candidate {
        product: product.to_owned(),
        vendor: Some(vendor.to_owned()),
        certainty: Certainty::Probable,
        cpe: None,
        how: format!("packages called `{name}` are `{product}` of `{vendor}`"),
    }
}

/// Vendor and product; a project that changed hands or names has several.
fn aliases(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.lines().filter_map(move |line| {
        let mut fields = line.split('\t');
        (fields.next() == Some(name)).then_some(())?;
        Some((fields.next()?, fields.next()?))
    })
}

/// `type/namespace/name`.
pub(crate) fn package_key(purl: &Purl) -> String {
    match purl.namespace() {
        Some(namespace) => format!("{}/{namespace}/{}", purl.package_type(), purl.name()),
        None => format!("{}/{}", purl.package_type(), purl.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_names_are_told_from_names() {
        for (name, bare) in [
            ("php7.3", Some("php")),
            ("mariadb-10.5", Some("mariadb")),
            ("libgd2", Some("libgd")),
            ("zlib", None),
            ("x264", None),
        ] {
            assert_eq!(unnumbered(name), bare, "{name}");
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(DISTRIBUTIONS.is_sorted());
        assert!(ALIASES.lines().is_sorted());
        assert!(ALIASES.lines().all(|line| line.split('\t').count() == 3));
    }
}
