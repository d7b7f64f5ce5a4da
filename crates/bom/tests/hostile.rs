//! Every kind of bad input against every format that is read: an error with its place, and no graph.

use bom::{ReadLimits, read};
use expect_test::{Expect, expect};

/// A format: text before and after what is bad, for formats that are built like JSON.
const JSON: [(&str, &str, &str); 3] = [
    ("cyclonedx-json", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","#, "components"),
    ("spdx-json", r#"{"spdxVersion":"SPDX-2.3","#, "packages"),
    ("spdx-json-ld", r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","#, "@graph"),
];

fn outcome(bytes: &[u8]) -> String {
    match read(bytes, &ReadLimits::default()) {
        Ok(document) => format!("read, {} components", document.bom.components.len()),
        Err(error) => error.to_string(),
    }
}

fn table(cases: impl IntoIterator<Item = (String, Vec<u8>)>) -> String {
    cases.into_iter().map(|(name, bytes)| format!("{name}: {}\n", outcome(&bytes))).collect()
}

fn check(cases: impl IntoIterator<Item = (String, Vec<u8>)>, expected: Expect) {
    expected.assert_eq(&table(cases));
}

/// The same bad value in each format that is JSON.
fn in_json(bad: impl Fn(&str, &str) -> Vec<u8>) -> impl Iterator<Item = (String, Vec<u8>)> {
    JSON.into_iter().map(move |(name, head, list)| (name.to_owned(), bad(head, list)))
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(100_000);
    check(
        in_json(|head, list| format!("{head}\"{list}\":{deep}").into_bytes()),
        expect![[r#"
        cyclonedx-json: 1:100058: EOF while parsing a list
        spdx-json: 1:100037: EOF while parsing a list
        spdx-json-ld: 1:100070: EOF while parsing a list
    "#]],
    );
    check(
        in_json(|head, _| format!("{head}\"x\":{deep}").into_bytes()),
        expect![[r#"
        cyclonedx-json: 1:100049: EOF while parsing a list
        spdx-json: 1:100030: EOF while parsing a list
        spdx-json-ld: 1:100065: EOF while parsing a list
    "#]],
    );
}

#[test]
fn keys_that_stand_twice_are_refused() {
    check(
        in_json(|head, list| format!("{head}\"{list}\":[],\"{list}\":[]}}").into_bytes()),
        expect![[r#"
        cyclonedx-json: 1:73: the key `components` stands twice in one object
        spdx-json: 1:50: the key `packages` stands twice in one object
        spdx-json-ld: 1:81: the key `@graph` stands twice in one object
    "#]],
    );
}

#[test]
fn numbers_beyond_all_measure_are_refused_or_texts() {
    check(
        in_json(|head, list| format!("{head}\"{list}\":[{{\"name\":1e999}}]}}").into_bytes()),
        expect![[r#"
            cyclonedx-json: 1:72: number out of range
            spdx-json: 1:51: number out of range
            spdx-json-ld: 1:84: number out of range
        "#]],
    );
    let long = "9".repeat(5_000);
    check(
        in_json(|head, list| format!("{head}\"{list}\":[{long}]}}").into_bytes()),
        expect![[r#"
        cyclonedx-json: 1:5059: number out of range
        spdx-json: 1:5038: number out of range
        spdx-json-ld: 1:5071: number out of range
    "#]],
    );
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    check(
        in_json(|head, _| [head.as_bytes(), b"\"x\":\"\xff\"}"].concat()),
        expect![[r#"
        cyclonedx-json: 1:51: not UTF-8
        spdx-json: 1:32: not UTF-8
        spdx-json-ld: 1:67: not UTF-8
    "#]],
    );
    check(
        [
            (
                "xml".to_owned(),
                b"<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"><a>\xff</a></bom>".to_vec(),
            ),
            ("tag-value".to_owned(), b"SPDXVersion: SPDX-2.3\nPackageName: \xff\n".to_vec()),
        ],
        expect![[r#"
            xml: 1:53: not UTF-8
            tag-value: 2:14: not UTF-8
        "#]],
    );
}

#[test]
fn a_mark_of_byte_order_is_passed_over_and_other_encodings_are_refused() {
    check(
        in_json(|head, list| format!("\u{feff}{head}\"{list}\":[]}}").into_bytes()),
        expect![[r#"
        cyclonedx-json: read, 0 components
        spdx-json: read, 0 components
        spdx-json-ld: read, 0 components
    "#]],
    );
    let wide = |text: &str| {
        [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    };
    check(
        in_json(|head, list| wide(&format!("{head}\"{list}\":[]}}"))),
        expect![[r#"
        cyclonedx-json: neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`
        spdx-json: neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`
        spdx-json-ld: neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`
    "#]],
    );
    // A second mark is part of the text, and no text may stand before the document.
    check(
        in_json(|head, list| format!("\u{feff}\u{feff}{head}\"{list}\":[]}}").into_bytes()),
        expect![[r#"
        cyclonedx-json: 1:1: expected value
        spdx-json: 1:1: expected value
        spdx-json-ld: 1:1: expected value
    "#]],
    );
}

#[test]
fn versions_that_do_not_exist_are_refused() {
    let texts = [
        r#"{"bomFormat":"CycloneDX","specVersion":"9.9"}"#,
        r#"{"bomFormat":"CycloneDX","specVersion":7}"#,
        r#"{"bomFormat":"CycloneDX","specVersion":["1.6"]}"#,
        r#"{"spdxVersion":"SPDX-9.9","packages":[]}"#,
        r#"{"spdxVersion":null,"packages":[]}"#,
        r#"{"@context":"https://spdx.org/rdf/3.9.9/spdx-context.jsonld","@graph":[]}"#,
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/9.9\"/>",
        "SPDXVersion: SPDX-9.9\nPackageName: x\n",
        "SPDXVersion:\nPackageName: x\n",
    ];
    check(
        texts.map(|text| (text.replace('\n', " "), text.as_bytes().to_vec())),
        expect![[r#"
        {"bomFormat":"CycloneDX","specVersion":"9.9"}: CycloneDX 9.9 as `cyclonedx-json` is not supported
        {"bomFormat":"CycloneDX","specVersion":7}: CycloneDX 7 as `cyclonedx-json` is not supported
        {"bomFormat":"CycloneDX","specVersion":["1.6"]}: read, 0 components
        {"spdxVersion":"SPDX-9.9","packages":[]}: SPDX SPDX-9.9 as `spdx-json` is not supported
        {"spdxVersion":null,"packages":[]}: neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`
        {"@context":"https://spdx.org/rdf/3.9.9/spdx-context.jsonld","@graph":[]}: SPDX 3.9.9 as `spdx-json-ld` is not supported
        <bom xmlns="http://cyclonedx.org/schema/bom/9.9"/>: CycloneDX 9.9 as `cyclonedx-xml` is not supported
        SPDXVersion: SPDX-9.9 PackageName: x : SPDX SPDX-9.9 as `spdx-tag-value` is not supported
        SPDXVersion: PackageName: x : read, 1 components
    "#]],
    );
}

#[test]
fn documents_of_two_formats_are_refused() {
    let texts = [
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","spdxVersion":"SPDX-2.3"}"#,
        r#"{"spdxVersion":"SPDX-2.3","bomFormat":"CycloneDX","specVersion":"1.6"}"#,
        r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[],"spdxVersion":"SPDX-2.3"}"#,
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}\n{\"spdxVersion\":\"SPDX-2.3\"}",
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>{\"bomFormat\":\"CycloneDX\"}",
        "SPDXVersion: SPDX-2.3\n{\"bomFormat\":\"CycloneDX\"}\n",
    ];
    check(
        texts.map(|text| (text.replace('\n', " "), text.as_bytes().to_vec())),
        expect![[r#"
        {"bomFormat":"CycloneDX","specVersion":"1.6","spdxVersion":"SPDX-2.3"}: 1:58: `spdxVersion` makes it another standard's document as well
        {"spdxVersion":"SPDX-2.3","bomFormat":"CycloneDX","specVersion":"1.6"}: 1:14: `spdxVersion` makes it another standard's document as well
        {"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[],"spdxVersion":"SPDX-2.3"}: 1:11: `@context` makes it another standard's document as well
        {"bomFormat":"CycloneDX","specVersion":"1.6"} {"spdxVersion":"SPDX-2.3"}: 2:1: trailing characters
        <bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>{"bomFormat":"CycloneDX"}: 1:51: there is text outside of the root element
        SPDXVersion: SPDX-2.3 {"bomFormat":"CycloneDX"} : 2:1: `{"bomFormat"` is no tag, but another format's text
    "#]],
    );
}

#[test]
fn entities_and_laughs_are_refused_unexpanded() {
    let laughs: String = (1..10)
        .map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)))
        .collect();
    let bom = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">";
    let texts = [
        format!("<?xml version=\"1.0\"?><!DOCTYPE bom [<!ENTITY l0 \"ha\">{laughs}]>{bom}&l9;</bom>"),
        format!("<!DOCTYPE bom SYSTEM \"http://127.0.0.1/x.dtd\">{bom}</bom>"),
        format!(
            "{bom}<components><component type=\"library\"><name>&xxe;</name></component></components></bom>"
        ),
        format!("{bom}<x>&#x110000;</x></bom>"),
        format!("{bom}<x a=\"1\" a=\"2\"/></bom>"),
    ];
    let names = ["laughs", "external", "entity", "character", "attribute twice"];
    check(
        names.map(str::to_owned).into_iter().zip(texts.map(String::into_bytes)),
        expect![[r#"
        laughs: 1:22: a document type declaration is not allowed
        external: 1:1: a document type declaration is not allowed
        entity: 1:94: the entity `xxe` is not allowed
        character: 1:53: invalid character reference: `1114112` is not a valid codepoint
        attribute twice: 1:50: position 8: duplicated attribute, previous declaration at position 2
    "#]],
    );
}
