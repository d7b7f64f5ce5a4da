//! What a message brings in, and where it stands then (`images/messages.c`).

use flow::{Facts, Labels};
use program::image::{ImageLimits, load};
use program::{Effort, Program, analyze};

fn program(name: &str) -> Program {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    analyze(image, &Effort::default()).unwrap()
}

/// The labels of the first argument of every call of a function, in order of address; fixed texts left out.
fn passed(facts: &Facts<'_>, callee: &str) -> Vec<Labels> {
    let sites =
        facts.functions().flat_map(|(id, own)| own.calls.iter().map(move |(call, site)| (id, *call, site)));
    let calls = sites.filter(|(id, call, _)| facts.callee_name(*id, *call) == Some(callee));
    let first = calls.map(|(id, _, site)| (id, site.arguments[0]));
    first
        .filter(|(id, value)| facts.text(*id, *value).is_none())
        .map(|(id, value)| facts.labels(id, value))
        .collect()
}

#[test]
fn what_comes_is_in_the_buffers_of_a_message() {
    for name in ["messages-amd64", "messages-arm64", "messages-armel"] {
        let program = program(name);
        let facts = Facts::of(&program, &flow::Effort::default()).unwrap();
        let compared = passed(&facts, "strcmp");
        assert!(
            !compared.is_empty() && compared.iter().all(|l| l.meets(Labels::NETWORK)),
            "{name}: {compared:?}"
        );
    }
}
