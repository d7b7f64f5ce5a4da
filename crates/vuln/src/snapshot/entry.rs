//! What lies with a product or package: enough to decide on a match.

use std::collections::HashMap;

use ident::cpe::{Attribute, Cpe};
use serde::{Deserialize, Serialize};

use crate::{Bound, Configuration, Node, PackageRange, Vulnerability};

/// A configuration of a record, from the view of one product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) record: u32,
    pub(crate) criteria: Vec<Short>,
    /// What else must be there.
    pub(crate) platforms: Vec<Node>,
}

/// A criterion without the names of vendor and product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Short {
    /// The formatted string after the product, without the `:*` at its end; the part before it.
    pub(crate) tail: String,
    pub(crate) start: Option<Bound>,
    pub(crate) end: Option<Bound>,
    pub(crate) derived: bool,
}

/// A range of a record, from the view of one package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PackageEntry {
    pub(crate) record: u32,
    pub(crate) range: PackageRange,
}

/// `product NUL vendor` of a name, and the rest of it. `None` if the product is not stated.
pub(super) fn split(cpe: &Cpe) -> Option<(String, String)> {
    let word = |attribute| cpe.get(attribute).text().map(|text| text.into_owned());
    let key = format!("{}\0{}", word(Attribute::Product)?, word(Attribute::Vendor).unwrap_or_default());
    let bare =
        cpe.clone().with(Attribute::Vendor, Default::default()).with(Attribute::Product, Default::default());
    let text = bare.to_string();
    let part = text.get("cpe:2.3:".len()..)?.split(':').next()?;
    let rest = text.strip_prefix(&format!("cpe:2.3:{part}:*:*"))?;
    let mut rest = rest;
    while let Some(shorter) = rest.strip_suffix(":*") {
        rest = shorter;
    }
    Some((key, format!("{part}{rest}")))
}

impl Short {
    /// The whole name again, without vendor and product.
    pub(crate) fn cpe(&self) -> Option<Cpe> {
        let (part, rest) =
            self.tail.split_once(':').map_or((self.tail.as_str(), ""), |(part, rest)| (part, rest));
        let mut text = format!("cpe:2.3:{part}:*:*");
        let given = rest_fields(rest);
        if given > 0 {
            text.push(':');
            text.push_str(rest);
        }
        (given..8).for_each(|_| text.push_str(":*"));
        text.parse().ok()
    }

    /// Version and update as one text, if they are stated without wildcards and escapes; else the name must be read.
    pub(crate) fn plain_version(&self) -> Option<String> {
        if self.tail.contains(['\\', '?']) {
            return None;
        }
        let mut fields = self.tail.split(':').skip(1);
        let version = fields.next().filter(|version| !version.contains('*') && *version != "-")?;
        match fields.next() {
            None | Some("*" | "-") => Some(version.to_owned()),
            Some(update) => (!update.contains('*')).then(|| format!("{version} {update}")),
        }
    }
}

fn rest_fields(rest: &str) -> usize {
    if rest.is_empty() {
        return 0;
    }
    let mut escaped = false;
    1 + rest
        .chars()
        .filter(|&c| {
            let colon = c == ':' && !escaped;
            escaped = c == '\\' && !escaped;
            colon
        })
        .count()
}

/// Entries of one record by product.
pub(super) fn entries(number: u32, record: &Vulnerability) -> Vec<(String, Entry)> {
    record.configurations.iter().flat_map(|configuration| of_configuration(number, configuration)).collect()
}

fn of_configuration(number: u32, configuration: &Configuration) -> Vec<(String, Entry)> {
    let mut out = Vec::new();
    for (at, node) in configuration.all_of.iter().enumerate().filter(|(_, node)| !node.negate) {
        let mut by_product: HashMap<String, Vec<Short>> = HashMap::new();
        for criterion in node.any_of.iter().filter(|criterion| criterion.vulnerable) {
            let Some((key, tail)) = criterion.cpe.parse().ok().as_ref().and_then(split) else { continue };
            let (start, end) = (criterion.start.clone(), criterion.end.clone());
            by_product.entry(key).or_default().push(Short { tail, start, end, derived: criterion.derived });
        }
        let mut keys: Vec<_> = by_product.into_iter().collect();
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, criteria) in keys {
            let others = configuration.all_of.iter().enumerate().filter(|(other, _)| *other != at);
            let platforms = others.map(|(_, node)| node.clone()).collect();
            out.push((key, Entry { record: number, criteria, platforms }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_without_the_name_only_where_they_are_plain() {
        let plain = |tail: &str| {
            Short { tail: tail.to_owned(), start: None, end: None, derived: false }.plain_version()
        };
        for (tail, version) in [("a:1.0", "1.0"), ("a:9.2:p1:*:x", "9.2 p1"), ("o:1.0:-:*:y", "1.0")] {
            assert_eq!(plain(tail).as_deref(), Some(version), "{tail}");
        }
        for tail in ["a", "a:*:*:x", "a:-", "a:1.*", "a:1\\:2", "a:1.0:p*", "a:1.?"] {
            assert_eq!(plain(tail), None, "{tail}");
        }
    }

    #[test]
    fn a_name_survives_being_split() {
        for name in [
            "cpe:2.3:a:v:p:1.0:-:*:*:*:linux:*:*",
            "cpe:2.3:o:v:p:*:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1\\:2:*:*:*:*:*:*:x",
            "cpe:2.3:*:v:p:-:*:*:*:*:*:*:*",
        ] {
            let cpe: Cpe = name.parse().unwrap();
            let (key, tail) = split(&cpe).unwrap();
            assert_eq!(key, "p\0v");
            let short = Short { tail, start: None, end: None, derived: false };
            let [vendor, product] = [Attribute::Vendor, Attribute::Product].map(|a| cpe.get(a).clone());
            let whole =
                short.cpe().unwrap().with(Attribute::Vendor, vendor).with(Attribute::Product, product);
            assert_eq!(whole, cpe);
        }
    }
}
