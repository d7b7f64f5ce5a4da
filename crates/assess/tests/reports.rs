//! Reports of the three examples: every section with its contents, in both languages, and what a cut analysis says.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use assess::report::{Language, Report, html, sheets};
use assess::{NoVulnerabilities, Options, assess, render};
use expect_test::expect;
use record::{Assessment, Verdict, VulnerabilityVerdict};
use system::{System, read};

const EXAMPLES: &[&str] = &["branch-offices", "private-5g", "water-utility"];

fn system(example: &str) -> System {
    let path = format!("{}/../../examples/systems/{example}/system.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    System::new(&[(path, read("system.yaml", &text).unwrap_or_else(|e| panic!("{e}")))]).unwrap()
}

fn assessed(system: &System) -> Assessment {
    assess(system, &Options::default(), &NoVulnerabilities).unwrap()
}

/// What stands between `open` and the next `close`, each time.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

fn page(system: &System, assessment: &Assessment, language: Language) -> String {
    html(&Report { assessment, document: system.document(), language })
}

#[test]
fn a_page_has_every_section_in_both_languages() {
    let system = system("water-utility");
    let assessment = assessed(&system);
    let headings = |language| between(&page(&system, &assessment, language), "<h2>", "</h2>").join("\n");
    expect![[r#"
        Summary
        The cheapest way to stop it
        The network and the most likely way to each goal
        Chlorine dosing is manipulated from the internet
        The chlorine controller is reprogrammed
        Operators lose sight of the filters
        Choke points
        Vulnerabilities
        Zones (IEC 62443)
        Conduits (IEC 62443)
        Not judged"#]]
    .assert_eq(&headings(Language::English));
    expect![[r#"
        要約
        最も安価な対策の組合せ
        ネットワークと各事象への最有力経路
        Chlorine dosing is manipulated from the internet
        The chlorine controller is reprogrammed
        Operators lose sight of the filters
        要所
        脆弱性
        ゾーン(IEC 62443)
        コンジット(IEC 62443)
        判定できなかった事項"#]]
    .assert_eq(&headings(Language::Japanese));
}

#[test]
fn a_page_shows_goals_paths_plan_verdicts_and_hosts() {
    for example in EXAMPLES {
        let system = system(example);
        let assessment = assessed(&system);
        for language in [Language::English, Language::Japanese] {
            let page = page(&system, &assessment, language);
            let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#39;");
            for goal in &assessment.goals {
                assert!(page.contains(&text(&goal.title)), "{example}: goal {}", goal.title);
                for step in goal.paths.iter().flat_map(|path| &path.steps) {
                    let english = page.contains(&text(&step.explain));
                    assert_eq!(english, language == Language::English, "{example}: step {}", step.explain);
                }
            }
            let chosen = assessment.plan.iter().flat_map(|plan| &plan.chosen);
            chosen.for_each(|id| assert!(page.contains(id.as_str()), "{example}: countermeasure {id}"));
            let mut rows: BTreeMap<_, Vec<&VulnerabilityVerdict>> = BTreeMap::new();
            for found in &assessment.vulnerabilities {
                rows.entry((&found.id, &found.component, found.verdict)).or_default().push(found);
            }
            for row in rows.values() {
                let hosts: Vec<&str> = row.iter().map(|found| found.host.as_str()).collect();
                let of = if hosts.len() > 1 { format!("{}: ", hosts[0]) } else { String::new() };
                let reason = text(&format!("{of}{}", row[0].why));
                assert!(page.contains(&format!("<td>{}</td>", hosts.join(", "))), "{example}: {hosts:?}");
                assert_eq!(page.contains(&reason), language == Language::English, "{example}: {reason}");
            }
            let pictures = between(&page, "<svg", "</svg>");
            assert_eq!(pictures.len(), 1, "{example}: the network");
            let hosts = system.document().hosts.keys();
            hosts.for_each(|host| assert!(pictures[0].contains(host.as_str()), "{example}: host {host}"));
            let filters = system.document().filters.keys();
            filters.for_each(|filter| assert!(page.contains(filter.as_str()), "{example}: conduit {filter}"));
            assert!(
                !page.contains("<script") && !page.contains("src=") && !page.contains("href="),
                "{example}: self-contained"
            );
        }
    }
}

/// Sheet names, and the texts of the whole workbook.
fn workbook(system: &System, assessment: &Assessment, language: Language) -> (String, Vec<String>) {
    let bytes = sheets(&Report { assessment, document: system.document(), language }).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let names = between(&part("xl/workbook.xml"), "<sheet name=\"", "\"").join("\n");
    let texts = part("xl/sharedStrings.xml");
    let texts = between(&texts, "<t", "</t>").into_iter().filter_map(|text| Some(text.split_once('>')?.1));
    (names, texts.map(|text| text.replace("&quot;", "\"").replace("&gt;", ">")).collect())
}

#[test]
fn sheets_have_the_columns_of_the_guide_and_every_asset_and_path() {
    for example in EXAMPLES {
        let system = system(example);
        let assessment = assessed(&system);
        let (names, texts) = workbook(&system, &assessment, Language::Japanese);
        expect![[r#"
            事業被害ベース
            資産ベース
            対策
            ゾーン(IEC 62443)
            コンジット(IEC 62443)
            脆弱性"#]]
        .assert_eq(&names);
        let (english, words) = workbook(&system, &assessment, Language::English);
        expect![[r#"
            Business-damage-based
            Asset-based
            Countermeasures
            Zones (IEC 62443)
            Conduits (IEC 62443)
            Vulnerabilities"#]]
        .assert_eq(&english);
        for column in
            ["脅威レベル", "脆弱性レベル", "事業被害レベル", "資産の重要度", "リスク値", "対策レベル"]
        {
            assert!(texts.iter().any(|text| text == column), "{example}: {column}");
        }
        let shows = |what: &str| words.iter().any(|text| text.contains(what));
        system.document().hosts.keys().for_each(|host| assert!(shows(host), "{example}: {host}"));
        system.document().filters.keys().for_each(|filter| assert!(shows(filter), "{example}: {filter}"));
        for goal in assessment.goals.iter().filter(|goal| goal.reached) {
            assert!(shows(&goal.title), "{example}: {}", goal.title);
            let steps = goal.paths.iter().flat_map(|path| &path.steps);
            steps.for_each(|step| assert!(shows(&step.explain), "{example}: {}", step.explain));
        }
    }
}

#[test]
fn what_a_cut_analysis_did_not_find_is_not_called_impossible() {
    let system = system("water-utility");
    let options = Options { max_derived: 20, ..Options::default() };
    let assessment = assess(&system, &options, &NoVulnerabilities).unwrap();
    assert!(!assessment.complete && assessment.plan.as_ref().is_none_or(|plan| !plan.optimal));
    let claims = |verdict: &Verdict| matches!(verdict, Verdict::NotReachable | Verdict::Mitigated);
    assert!(!assessment.vulnerabilities.iter().any(|found| claims(&found.verdict)));
    let page = page(&system, &assessment, Language::English);
    assert!(page.contains("no way found, analysis cut") && !page.contains(">cannot happen<"));
    assert!(render::human(&assessment).contains("no way found before the budget was used up"));
}

/// What a reader of the Japanese page sees that is neither a fact nor a name of the model.
#[test]
fn nothing_that_the_product_says_is_left_in_english() {
    let cut = Options { max_derived: 20, ..Options::default() };
    for (example, options) in
        EXAMPLES.iter().map(|e| (*e, Options::default())).chain([("water-utility", cut)])
    {
        let system = system(example);
        let assessment = assess(&system, &options, &NoVulnerabilities).unwrap();
        let page = page(&system, &assessment, Language::Japanese);
        let reasons = assessment.vulnerabilities.iter().map(|found| &found.why);
        let spots = assessment.blind_spots.iter().flat_map(|spot| [&spot.what, &spot.why]);
        for english in reasons.chain(spots) {
            for part in
                english.split("; ").filter(|part| !part.contains('`') || !part.contains("by the word"))
            {
                let cells =
                    [format!(">{part}<"), format!(": {part}<"), format!("。{part}。"), format!("。{part}<")];
                assert!(!cells.iter().any(|cell| page.contains(cell)), "{example}: {part}");
            }
        }
        let (_, texts) = workbook(&system, &assessment, Language::Japanese);
        for word in ["workstation", "engineering-station", "deny", "allow", "patch", "zone:"] {
            assert!(!texts.iter().any(|text| text == word), "{example}: {word}");
        }
    }
}
