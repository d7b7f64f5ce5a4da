//! Which product of CPE is a distribution's package? The records that name both tell.
//!
//! A product counts as the package's if most records of the package name it, and if one of three things holds: a good
//! part of all records of the product are the package's; the two names are akin; or the versions are of one numbering.
//! Most records alone would take the distribution itself, or a browser for the library inside of it, which many records
//! name as well. Vendors are not told apart while counting: a project that changed hands stands under several.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ident::cpe::{Attribute, Cpe};

use crate::Vulnerability;
use crate::matching::{unnumbered, upstream};

/// Types of package URLs of distributions.
const DISTRIBUTED: [&str; 3] = ["apk", "deb", "rpm"];
/// Records that must name both.
const MIN_RECORDS: u32 = 2;
/// Share of a package's records that name the product, in percent.
const MIN_OF_PACKAGE: u32 = 50;
/// Share of a product's records that speak of the package, in percent; the second where the numbering agrees.
const MIN_OF_PRODUCT: u32 = 30;
const MIN_OF_NUMBERED: u32 = 3;
/// Share of the common records in which the numbering must agree, in percent.
const MIN_AGREEING: u32 = 50;
/// Letters of the shorter of two names that are akin.
const MIN_AKIN: usize = 4;

/// Counts over all records.
#[derive(Default)]
pub(super) struct Aliases {
    products: HashMap<String, Product>,
    packages: HashMap<String, Package>,
}

/// A product, by its name.
#[derive(Default)]
struct Product {
    records: u32,
    vendors: BTreeSet<String>,
}

/// Counts over the records of one package that name products at all.
#[derive(Default)]
struct Package {
    records: u32,
    products: HashMap<String, Common>,
}

/// Records that name a package and a product.
#[derive(Clone, Copy, Default)]
struct Common {
    records: u32,
    /// Those in which a version of both begins with the same number.
    agreeing: u32,
}

impl Aliases {
    /// Counts a record that names these products (`product NUL vendor`).
    pub(super) fn gather<'k>(&mut self, record: &Vulnerability, keys: impl Iterator<Item = &'k str>) {
        let keys: BTreeSet<(&str, &str)> = keys.filter_map(|key| key.split_once('\0')).collect();
        let names: BTreeSet<&str> = keys.iter().map(|(product, _)| *product).collect();
        for (product, vendor) in keys {
            let vendors = &mut self.products.entry(product.to_owned()).or_default().vendors;
            vendors.insert(vendor.to_owned());
        }
        for name in &names {
            self.products.entry((*name).to_owned()).or_default().records += 1;
        }
        let packages = numbers_of_packages(record);
        if names.is_empty() || packages.is_empty() {
            return;
        }
        let numbering = numbers_of_products(record);
        for (name, numbers) in packages {
            let package = self.packages.entry(name).or_default();
            package.records += 1;
            for product in &names {
                let agree = numbering.get(*product).is_some_and(|own| !own.is_disjoint(&numbers));
                let common = package.products.entry((*product).to_owned()).or_default();
                common.records += 1;
                common.agreeing += u32::from(agree);
            }
        }
    }

    /// Vendors and products of each package that has some, sorted.
    pub(super) fn chosen(self) -> impl Iterator<Item = (String, Vec<(String, String)>)> {
        let Self { products, packages } = self;
        packages.into_iter().filter_map(move |(name, package)| {
            let mut chosen: Vec<(String, String)> = Vec::new();
            for (product, common) in &package.products {
                let Some(known) = products.get(product) else { continue };
                if package.is(&name, product, known, *common) {
                    chosen.extend(known.vendors.iter().map(|vendor| (vendor.clone(), product.clone())));
                }
            }
            chosen.sort();
            (!chosen.is_empty()).then_some((name, chosen))
        })
    }
}

impl Package {
    fn is(&self, name: &str, product: &str, known: &Product, common: Common) -> bool {
        let of_product = share(common.records, known.records);
        let most_agree = self.products.values().all(|other| other.agreeing <= common.agreeing);
        let numbered = most_agree && share(common.agreeing, common.records) >= MIN_AGREEING;
        common.records >= MIN_RECORDS
            && share(common.records, self.records) >= MIN_OF_PACKAGE
            && (of_product >= MIN_OF_PRODUCT
                || akin(name, product)
                || of_product >= MIN_OF_NUMBERED && numbered)
    }
}

/// The name under which all packages count that differ in a number only: `php7.3` and `php8.2`.
pub(crate) fn family(unnumbered: &str) -> String {
    format!("{unnumbered}*")
}

/// The first numbers of the versions that repaired each distribution's package and each family of packages.
fn numbers_of_packages(record: &Vulnerability) -> BTreeMap<String, BTreeSet<u64>> {
    let mut packages: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for range in &record.packages {
        let Some((kind, rest)) = range.package.split_once('/').filter(|(kind, _)| DISTRIBUTED.contains(kind))
        else {
            continue;
        };
        let name = rest.rsplit('/').next().unwrap_or(rest).to_lowercase();
        let ends = range.spans.iter().filter_map(|span| span.end.as_ref());
        let numbers: BTreeSet<u64> =
            ends.filter_map(|end| first_number(upstream::of(kind, &end.version))).collect();
        let family = family(unnumbered(&name).unwrap_or(&name));
        for name in [family, name] {
            packages.entry(name).or_default().extend(&numbers);
        }
    }
    packages
}

/// The first numbers of the versions of each product.
fn numbers_of_products(record: &Vulnerability) -> BTreeMap<String, BTreeSet<u64>> {
    let mut products: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let nodes = record.configurations.iter().flat_map(|configuration| &configuration.all_of);
    for criterion in nodes.flat_map(|node| &node.any_of).filter(|criterion| criterion.vulnerable) {
        let Ok(cpe) = criterion.cpe.parse::<Cpe>() else { continue };
        let Some(product) = cpe.get(Attribute::Product).text() else { continue };
        let bounds =
            criterion.start.iter().chain(&criterion.end).filter_map(|bound| first_number(&bound.version));
        let stated = cpe.get(Attribute::Version).text().and_then(|version| first_number(&version));
        products.entry(product.into_owned()).or_default().extend(bounds.chain(stated));
    }
    products
}

fn first_number(version: &str) -> Option<u64> {
    let digits =
        version.find(|c: char| !c.is_ascii_digit()).map_or(Some(version), |end| version.get(..end))?;
    digits.parse().ok()
}

/// Whether the letters of one name are all in the other: `phpbb3` and `phpbb`, `qemu-kvm` and `qemu`.
fn akin(package: &str, product: &str) -> bool {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let (package, product) = (letters(package), letters(product));
    let (short, long) =
        if package.len() < product.len() { (&package, &product) } else { (&product, &package) };
    short.len() >= MIN_AKIN && long.contains(short.as_str())
}

fn share(part: u32, whole: u32) -> u32 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bound, Configuration, Criterion, Node, PackageRange, Span};

    fn bound(version: &str) -> Option<Bound> {
        Some(Bound { version: version.to_owned(), inclusive: false })
    }

    /// A record on packages repaired in these versions, and products affected before these.
    fn record(packages: &[(&str, &str)], products: &[(&str, &str)]) -> Vulnerability {
        let range = |(package, fixed): &(&str, &str)| PackageRange {
            package: (*package).to_owned(),
            spans: vec![Span { introduced: "0".to_owned(), end: bound(fixed) }],
            ..PackageRange::default()
        };
        let criterion = |(name, end): &(&str, &str)| Criterion {
            cpe: format!("cpe:2.3:a:{name}:*:*:*:*:*:*:*:*"),
            end: bound(end),
            vulnerable: true,
            ..Criterion::default()
        };
        let node = Node { any_of: products.iter().map(criterion).collect(), negate: false };
        Vulnerability {
            packages: packages.iter().map(range).collect(),
            configurations: vec![Configuration { all_of: vec![node] }],
            ..Vulnerability::default()
        }
    }

    #[test]
    fn a_product_is_a_packages_if_each_is_most_of_the_other_or_names_or_numbers_tell() {
        let mut aliases = Aliases::default();
        let mut count = |times: u32, packages: &[(&str, &str)], products: &[(&str, &str)]| {
            let key = |(name, _): &(&str, &str)| name.split_once(':').map(|(v, p)| format!("{p}\0{v}"));
            let keys: Vec<String> = products.iter().filter_map(key).collect();
            let record = record(packages, products);
            (0..times).for_each(|_| aliases.gather(&record, keys.iter().map(String::as_str)));
        };
        let apache = [("apache:http_server", "2.4.50"), ("debian:debian_linux", "8.0")];
        count(3, &[("deb/debian/apache2", "2.4.10-10"), ("npm/apache2", "1")], &apache);
        // A browser that has the library inside has other versions, and most of its records are its own.
        count(2, &[("apk/alpine/webkit", "2.36.1-r0")], &[("apple:safari", "15.1")]);
        count(9, &[], &[("apple:safari", "15.1"), ("debian:debian_linux", "9.0")]);
        // Other packages share the product, but the numbers tell.
        count(2, &[("deb/debian/gst-plugins-bad1.0", "1.10.4-1")], &[("gstreamer:gstreamer", "1.10.2")]);
        count(9, &[], &[("gstreamer_project:gstreamer", "1.4.1")]);
        // Most records of the product have no package, but the names tell.
        count(2, &[("deb/debian/phpbb3", "3.0.12-5")], &[("phpbb:phpbb", "4.2")]);
        count(9, &[], &[("phpbb:phpbb", "4.2")]);
        count(1, &[("deb/debian/once", "1")], &[("once:project", "1")]);
        count(4, &[("deb/debian/apache2", "2.4.10-10")], &[]);
        let mut chosen: Vec<_> = aliases.chosen().collect();
        chosen.sort();
        let pair = |vendor: &str, product: &str| (vendor.to_owned(), product.to_owned());
        let gstreamer = vec![pair("gstreamer", "gstreamer"), pair("gstreamer_project", "gstreamer")];
        assert_eq!(
            chosen,
            [
                ("apache*".to_owned(), vec![pair("apache", "http_server")]),
                ("apache2".to_owned(), vec![pair("apache", "http_server")]),
                ("gst-plugins-bad*".to_owned(), gstreamer.clone()),
                ("gst-plugins-bad1.0".to_owned(), gstreamer),
                ("phpbb*".to_owned(), vec![pair("phpbb", "phpbb")]),
                ("phpbb3".to_owned(), vec![pair("phpbb", "phpbb")]),
            ]
        );
    }
}
