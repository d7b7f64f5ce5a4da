//! Any text as package URL, CPE name, range and version: a value or an error, and what is printed reads again.
#![no_main]

use ident::cpe::Cpe;
use ident::{Purl, Scheme, Vers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (left, right) = input;
    if let Ok(cpe) = left.parse::<Cpe>() {
        assert_eq!(cpe.to_string().parse(), Ok(cpe));
    }
    if let Ok(purl) = left.parse::<Purl>() {
        let _ = purl.to_string();
    }
    if let Ok(range) = Vers::read(left) {
        let _ = range.contains(right);
    }
    let _ = Vers::parse(left);
    for scheme in Scheme::all() {
        assert_eq!(scheme.compare(left, right), scheme.compare(right, left).reverse());
        let _ = Vers::from_native(scheme, left);
    }
});
