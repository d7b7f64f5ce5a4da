//! CPE names of feeds, in the one form the snapshot keeps.

use ident::cpe::{Attribute, Cpe, Part, Value};

/// The formatted string of a name; `None` if it is none.
pub(super) fn normalized(text: &str) -> Option<String> {
    text.parse::<Cpe>().ok().map(|cpe| cpe.to_string())
}

/// A name made from words, as the NVD forms them: lower case, `_` for spaces.
pub(super) fn from_words(vendor: &str, product: &str) -> Option<String> {
    let word = |text: &str| {
        let text = text.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("_");
        (!text.is_empty() && text != "n/a" && text != "unspecified" && text.len() < 200).then_some(text)
    };
    let cpe = Cpe::new(Part::Any)
        .with(Attribute::Vendor, Value::literal(&word(vendor)?))
        .with(Attribute::Product, Value::literal(&word(product)?));
    Some(cpe.to_string())
}
