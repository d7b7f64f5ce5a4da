//! The example of a private 5G network: the integrator's model, and what the operator's usage of it changes.

use assess::{NoVulnerabilities, Options, assess, compare, render};
use expect_test::expect_file;
use record::Assessment;
use system::{System, read};

fn assessed(names: &[&str]) -> Assessment {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/systems/private-5g");
    let document = |name: &&str| {
        let text =
            std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"));
        ((*name).to_owned(), read(name, &text).unwrap_or_else(|e| panic!("{e}")))
    };
    let system =
        System::new(&names.iter().map(document).collect::<Vec<_>>()).unwrap_or_else(|e| panic!("{e}"));
    assess(&system, &Options::default(), &NoVulnerabilities).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn usage_of_a_delivered_system_shows_as_a_difference() {
    let before = assessed(&["system.yaml"]);
    expect_file!["../../../examples/systems/private-5g/expected.txt"].assert_eq(&render::human(&before));
    let mut after = assessed(&["system.yaml", "usage.yaml"]);
    let difference = compare(&before, &after);
    assert!(difference.goals.iter().any(|goal| goal.after > goal.before), "{difference:?}");
    after.difference = Some(difference);
    let text = render::human(&after);
    let changes = text.split("\ndifference\n").nth(1).unwrap_or_default();
    let changes = changes.split("\nnot judged").next().unwrap_or_default();
    expect_file!["../../../examples/systems/private-5g/expected-usage.txt"].assert_eq(changes);
}
