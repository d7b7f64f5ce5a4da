//! Plans that are called proven cheapest, against trying every set of countermeasures.

use std::collections::BTreeSet;
use std::fmt::Write;

use assess::{NoVulnerabilities, Options, assess};
use proptest::prelude::*;
use record::Assessment;
use system::{System, read};

const ZONES: usize = 5;

/// One host a zone, each with a vulnerable service; `passages` lead from a zone, or from outside, into another. The last
/// two zones are the goals, and shutting them off is dear but enough.
fn system(passages: &BTreeSet<(usize, usize)>, costs: &[(usize, u32)]) -> System {
    let (last, before) = (ZONES - 1, ZONES - 2);
    let mut text =
        String::from("schema: sukashi.system/1\nname: random\nattackers: {a: {at: \"zone:outside\"}}\n");
    let mut section = |name: &str, line: &dyn Fn(usize) -> String| {
        writeln!(text, "{name}:").unwrap();
        (0..ZONES).for_each(|z| writeln!(text, "  {}", line(z)).unwrap());
    };
    section("networks", &|z| format!("n{z}: {{zone: z{z}}}"));
    section("hosts", &|z| format!("h{z}: {{interfaces: [{{network: n{z}}}], software: [s{z}]}}"));
    section("software", &|z| format!("s{z}: {{}}"));
    section("services", &|z| format!("web{z}: {{host: h{z}, software: s{z}, protocol: tcp, port: 80}}"));
    section("vulnerabilities", &|z| {
        format!("v{z}: {{affects: [s{z}], cvss: \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}}")
    });
    section("filters", &|z| {
        let name = |from: usize| if from == ZONES { "outside".to_owned() } else { format!("z{from}") };
        let into = passages.iter().filter(|(from, to)| *to == z && *from != z);
        let rules: Vec<String> =
            into.map(|(from, _)| format!("{{action: allow, from: \"zone:{}\"}}", name(*from))).collect();
        format!("f{z}: {{between: [backbone, z{z}], default: deny, rules: [{}]}}", rules.join(", "))
    });
    section("zones", &|z| format!("z{z}: {{}}"));
    writeln!(text, "  backbone: {{}}\n  outside: {{}}").unwrap();
    writeln!(text, "goals:").unwrap();
    for goal in [before, last] {
        writeln!(text, "  g{goal}: {{title: taken, fact: \"runs_code(a, h{goal}, _)\"}}").unwrap();
    }
    writeln!(text, "countermeasures:").unwrap();
    for (at, cost) in costs {
        let (zone, patch) = (at / 2, at % 2 == 0);
        let (kind, target) = if patch { ("patch", "software:s") } else { ("filter", "zone:z") };
        writeln!(text, "  {kind}{zone}: {{kind: {kind}, target: \"{target}{zone}\", cost: {cost}}}").unwrap();
    }
    for goal in [before, last] {
        writeln!(text, "  shut{goal}: {{kind: filter, target: \"zone:z{goal}\", cost: 7}}").unwrap();
    }
    System::new(&[("random".to_owned(), read("random.yaml", &text).unwrap())]).unwrap()
}

fn with(system: &System, applied: BTreeSet<String>) -> Assessment {
    let options = Options { worlds: 64, top: 1, applied, ..Options::default() };
    assess(system, &options, &NoVulnerabilities).unwrap()
}

/// What the cheapest set of countermeasures costs after which no goal is reached.
fn cheapest(system: &System) -> f64 {
    let measures: Vec<(&String, f64)> =
        system.document().countermeasures.iter().map(|(id, m)| (id, m.value.cost)).collect();
    let sets = 0..1_u32 << measures.len();
    let sets = sets.map(|set| measures.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1));
    let stops = sets.filter(|set| {
        let applied = set.clone().map(|(_, (id, _))| (*id).clone()).collect();
        with(system, applied).goals.iter().all(|goal| !goal.reached)
    });
    stops.map(|set| set.map(|(_, (_, cost))| cost).sum()).fold(f64::INFINITY, f64::min)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_set_of_countermeasures_is_cheaper_than_the_plan(
        passages in prop::collection::btree_set((0..=ZONES, 0..ZONES), 6..16),
        costs in prop::collection::vec(1..6_u32, 4),
        measures in prop::sample::subsequence((0..2 * ZONES).collect::<Vec<_>>(), 4),
    ) {
        let stated: Vec<(usize, u32)> = measures.into_iter().zip(costs).collect();
        let system = system(&passages, &stated);
        let assessment = with(&system, BTreeSet::new());
        let expected = cheapest(&system);
        let plan = assessment.plan.as_ref();
        prop_assert_eq!(plan.map_or(0.0, |plan| plan.cost), expected);
        let Some(plan) = plan else { return Ok(()) };
        prop_assert!(plan.optimal && plan.residual.iter().all(|goal| !goal.reached));
        let after = with(&system, plan.chosen.iter().cloned().collect());
        prop_assert!(after.goals.iter().all(|goal| !goal.reached));
    }
}
