//! The example system: a water utility, against the answers committed beside it.

use assess::{NoVulnerabilities, Options, assess, compare, render};
use expect_test::expect_file;
use record::Assessment;
use system::{System, read};

fn text(name: &str) -> String {
    let path = format!("{}/../../examples/systems/water-utility/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn assessed(names: &[&str]) -> Assessment {
    let documents: Vec<_> = names
        .iter()
        .map(|n| ((*n).to_owned(), read(n, &text(n)).unwrap_or_else(|e| panic!("{e}"))))
        .collect();
    let system = System::new(&documents).unwrap_or_else(|e| panic!("{e}"));
    assess(&system, &Options::default(), &NoVulnerabilities).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_model_gives_the_expected_answers() {
    expect_file!["../../../examples/systems/water-utility/expected.txt"]
        .assert_eq(&render::human(&assessed(&["system.yaml"])));
}

#[test]
fn a_finding_in_the_router_is_a_way_to_the_pumps() {
    let (before, after) = (assessed(&["system.yaml"]), assessed(&["system.yaml", "inspected.yaml"]));
    let difference = compare(&before, &after);
    let pumps = difference.goals.iter().find(|g| g.goal == "pumps-by-neighbour").unwrap();
    assert!(pumps.after > pumps.before, "{pumps:?}");
    let goal = after.goals.iter().find(|g| g.id == "pumps-by-neighbour").unwrap();
    let rules: Vec<&str> = goal.paths.iter().flat_map(|p| p.steps.iter().map(|s| s.rule.as_str())).collect();
    assert!(rules.contains(&"finding-in-service"), "{rules:?}");
}

#[test]
fn what_the_plan_promises_holds_in_the_engine() {
    let plan = assessed(&["system.yaml"]).plan.unwrap();
    let left: Vec<_> = plan.residual.iter().filter(|goal| goal.reached).collect();
    assert!(left.is_empty() && plan.optimal, "{plan:?}");
}

#[test]
fn any_number_of_workers_gives_the_same_bytes() {
    let system =
        System::new(&[("system.yaml".to_owned(), read("system.yaml", &text("system.yaml")).unwrap())]);
    let system = system.unwrap();
    let bytes = |workers| {
        let options = Options { workers, ..Options::default() };
        serde_json::to_vec(&assess(&system, &options, &NoVulnerabilities).unwrap()).unwrap()
    };
    let one = bytes(1);
    assert!(one == bytes(2) && one == bytes(4));
}

#[test]
fn what_if_lowers_the_risk() {
    let before = assessed(&["system.yaml"]);
    let mut after = assessed(&["system.yaml", "what-if-segment.yaml"]);
    after.difference = Some(compare(&before, &after));
    let text = render::human(&after);
    let changes = text.split("\ndifference\n").nth(1).unwrap_or_default();
    let changes = changes.split("\nnot judged").next().unwrap_or_default();
    expect_file!["../../../examples/systems/water-utility/expected-what-if.txt"].assert_eq(changes);
}
