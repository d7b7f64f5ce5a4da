//! The example of branch offices: what stands behind three routers, whose configurations give networks and filters.

use assess::{NoVulnerabilities, Options, assess, render};
use expect_test::expect_file;
use system::{Document, System, import, read};

fn text(name: &str) -> String {
    let path = format!("{}/../../examples/systems/branch-offices/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn system() -> System {
    let stated = ("system.yaml".to_owned(), read("system.yaml", &text("system.yaml")).unwrap());
    let router = |name: &str| -> (String, Document) {
        let imported = import::cisco(name, &text(name)).unwrap();
        assert!(imported.ignored.is_empty(), "{:?}", imported.ignored);
        (name.to_owned(), imported.document)
    };
    let routers = ["head-router.cfg", "north-router.cfg", "south-router.cfg"].map(router);
    System::new(&std::iter::once(stated).chain(routers).collect::<Vec<_>>()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_configurations_give_the_expected_answers() {
    let assessed = assess(&system(), &Options::default(), &NoVulnerabilities).unwrap();
    expect_file!["../../../examples/systems/branch-offices/expected.txt"]
        .assert_eq(&render::human(&assessed));
}

#[test]
fn a_branch_gets_no_further_than_the_lists_of_all_routers_on_its_way() {
    let facts: Vec<String> = system().facts().iter().map(ToString::to_string).collect();
    let passes = |from: &str, to: &str, port: u16| {
        let (from, to) = (format!("allow({from}"), format!(", {to}"));
        facts.iter().any(|f| f.starts_with(&from) && f.contains(&to) && f.ends_with(&format!("tcp/{port})")))
    };
    let (head, north, south) = ("net-10.50.0.0-24", "net-10.50.1.0-24", "net-10.50.2.0-24");
    assert!(passes(north, head, 3389) && passes(north, head, 443), "what the head office lets in");
    assert!(!passes(north, head, 445) && !passes(north, head, 8443), "what it does not");
    assert!(
        passes(head, south, 7000) && !passes(north, south, 7000),
        "tills are managed by the head office alone"
    );
    assert!(passes(north, south, 23), "the south lets everybody at its alarm panel");
    assert!(!passes("net-203.0.113.0-24", south, 23), "but the head office lets nobody from outside there");
}
