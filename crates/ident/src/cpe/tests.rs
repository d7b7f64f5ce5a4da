//! Values are the examples of NISTIR 7695 (6.1.2.4, 6.1.3.3, 6.2.2.3) and the rows of NISTIR 7696, table 6-2.

use super::*;

fn cpe(text: &str) -> Cpe {
    text.parse().unwrap()
}

#[test]
fn names_bind_to_uris_as_in_the_standard() {
    for (formatted, uri) in [
        (
            "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
            "cpe:/a:microsoft:internet_explorer:8.0.6001:beta",
        ),
        (
            "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
            "cpe:/a:microsoft:internet_explorer:8.%02:sp%01",
        ),
        (
            "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
            "cpe:/a:hp:insight_diagnostics:7.4.0.1570:-:~~online~win2003~x64~",
        ),
        (
            "cpe:2.3:a:hp:openview_network_manager:7.51:*:*:*:*:linux:*:*",
            "cpe:/a:hp:openview_network_manager:7.51::~~~linux~~",
        ),
        (
            r"cpe:2.3:a:foo\\bar:big\$money_manager_2010:*:*:*:*:special:ipod_touch:80gb:*",
            "cpe:/a:foo%5cbar:big%24money_manager_2010:::~~special~ipod_touch~80gb~",
        ),
    ] {
        assert_eq!(cpe(formatted).to_uri(), uri);
        assert_eq!(cpe(uri).to_string(), formatted);
    }
}

#[test]
fn well_formed_names_quote_punctuation() {
    assert_eq!(
        cpe("cpe:/a:microsoft:internet_explorer:8.0.6001:beta").to_wfn(),
        r#"wfn:[part="a",vendor="microsoft",product="internet_explorer",version="8\.0\.6001",update="beta"]"#
    );
    assert_eq!(
        cpe("cpe:/a:hp:insight_diagnostics:7.4.0.1570:-").to_wfn(),
        r#"wfn:[part="a",vendor="hp",product="insight_diagnostics",version="7\.4\.0\.1570",update=NA]"#
    );
}

#[test]
fn what_is_no_name_is_refused() {
    for text in [
        "",
        "cpe:2.3:a:b",
        "cpe:2.3:x:b:c:*:*:*:*:*:*:*:*",
        "cpe:2.3:a:b:c:1*2:*:*:*:*:*:*:*",
        "cpe:2.3:a:b:c:**:*:*:*:*:*:*:*",
        r"cpe:2.3:a:b:c:1:*:*:*:*:*:*:\",
        "cpe:2.3:a::c:1:*:*:*:*:*:*:*",
        "cpe:/a:b:c%4:1",
        "cpe:/a:b:c:1:2:~a~b:en",
        "cpe:2.3:a:b:c d:1:*:*:*:*:*:*:*",
    ] {
        assert!(text.parse::<Cpe>().is_err(), "{text}");
    }
}

#[test]
fn attributes_relate_as_the_table_says() {
    use Relation::{Disjoint, Equal, Subset, Superset, Undefined};
    for (source, target, expected) in [
        ("*", "*", Equal),
        ("*", "-", Superset),
        ("*", "i", Superset),
        ("*", "m*", Undefined),
        ("-", "*", Subset),
        ("-", "-", Equal),
        ("-", "i", Disjoint),
        ("-", "m*", Undefined),
        ("i", "i", Equal),
        ("i", "k", Disjoint),
        ("i", "m*", Undefined),
        ("i", "-", Disjoint),
        ("i", "*", Subset),
        ("m*", "mx", Superset),
        ("m*", "nx", Disjoint),
        ("m*", "*", Subset),
        ("m*", "-", Disjoint),
        ("m*", "n*", Undefined),
        ("sp?", "sp1", Superset),
        ("sp?", "sp", Superset),
        ("sp?", "sp12", Disjoint),
        ("??1", "sp1", Superset),
        ("*touch", "ipod_touch", Superset),
    ] {
        let name = |value: &str| cpe(&format!("cpe:2.3:a:v:p:{value}:*:*:*:*:*:*:*"));
        let relation = name(source).attribute_relation(&name(target), Attribute::Version);
        assert_eq!(relation, expected, "{source} against {target}");
    }
}

#[test]
fn names_relate_by_all_attributes_together() {
    let relation = |source: &str, target: &str| cpe(source).relation_to(&cpe(target));
    let adobe = "cpe:2.3:a:adobe:*:9.*:*:*:*:*:*:*:*";
    assert_eq!(relation(adobe, "cpe:2.3:a:adobe:reader:9.3.2:-:*:*:*:*:*:*"), Relation::Superset);
    assert_eq!(relation(adobe, "cpe:2.3:a:adobe:reader:8.1:-:*:*:*:*:*:*"), Relation::Disjoint);
    assert_eq!(relation("cpe:/a:adobe::9.3", "cpe:/a:adobe:reader"), Relation::Undefined);
    assert_eq!(relation("cpe:/a:adobe:reader:9.3", "cpe:/a:adobe:reader"), Relation::Subset);
    assert!(cpe("cpe:/o:microsoft").covers(&cpe("cpe:/o:microsoft:windows_2000::sp3:pro")));
}

#[test]
fn literal_values_keep_every_character() {
    for text in ["a+b", "c++", "-", "*", "x:y\\z", "1.0-rc?"] {
        let value = Value::literal(text);
        assert_eq!(value.text().as_deref(), Some(text));
        let name = Cpe::new(Part::Application).with(Attribute::Product, value);
        assert_eq!(cpe(&name.to_string()), name);
    }
}

proptest::proptest! {
    #[test]
    fn every_name_survives_both_bindings(values in proptest::collection::vec("[a-z0-9_.+/:-]{0,5}", 10)) {
        let mut name = Cpe::new(Part::Application);
        for (attribute, text) in Attribute::ALL.into_iter().zip(&values) {
            name = name.with(attribute, Value::literal(text));
        }
        proptest::prop_assert_eq!(&cpe(&name.to_string()), &name);
        if !values.iter().any(|v| v == "-") {
            proptest::prop_assert_eq!(&cpe(&name.to_uri()), &name);
        }
    }

    #[test]
    fn relations_read_backwards(a in "[ab*-]{1}|[ab]{2}", b in "[ab*-]{1}|[ab]{2}") {
        let name = |value: &str| cpe(&format!("cpe:2.3:a:v:p:{value}:*:*:*:*:*:*:*"));
        let (there, back) = (name(&a).relation_to(&name(&b)), name(&b).relation_to(&name(&a)));
        let mirrored = match there {
            Relation::Subset => Relation::Superset,
            Relation::Superset => Relation::Subset,
            same => same,
        };
        proptest::prop_assert_eq!(mirrored, back);
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,60}") {
        let _ = text.parse::<Cpe>();
        let _ = format!("cpe:/{text}").parse::<Cpe>();
        let _ = format!("cpe:2.3:{text}").parse::<Cpe>();
    }
}
