//! Verdicts, with their places.

use bom::{ReadLimits, Target, read, validate, write};
use expect_test::{Expect, expect};

#[track_caller]
fn check(text: &str, expected: Expect) {
    let verdict = validate(text.as_bytes());
    let mut lines: Vec<String> = verdict
        .violations
        .iter()
        .map(|v| format!("{}:{} {} {}", v.line, v.column, v.path, v.message))
        .collect();
    lines.push(verdict.summary().unwrap_or_else(|| "not recognised".to_owned()));
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_valid_document_is_valid() {
    check(
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}"#,
        expect!["valid CycloneDX 1.6"],
    );
}

#[test]
fn each_mistake_has_its_place() {
    check(
        "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\",\n \"components\": [\n  {\"type\": \"program\", \"name\": \"a\"},\n  {\"type\": \"library\"}]}",
        expect![[r#"
            3:12 /components/0/type value is not one of "application", "framework" or 11 other candidates
            4:3 /components/1 "name" is a required property
            invalid CycloneDX 1.6"#]],
    );
}

#[test]
fn broken_syntax_is_invalid() {
    check(
        "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\",",
        expect![[r#"
        1:48  EOF while parsing a value
        invalid CycloneDX 1.6"#]],
    );
    check(
        "{\"spdxVersion\": \"SPDX-2.3\",, }",
        expect![[r#"
        1:28  key must be a string
        invalid SPDX 2.3"#]],
    );
}

#[test]
fn unknown_versions_are_invalid() {
    check(
        r#"{"bomFormat": "CycloneDX", "specVersion": "0.9"}"#,
        expect![[r#"
        1:1  there is no version `0.9` of this format
        invalid CycloneDX 0.9"#]],
    );
    check(
        r#"{"bomFormat": "CycloneDX"}"#,
        expect![[r#"
        1:1  there is no version `` of this format
        invalid CycloneDX of unknown version"#]],
    );
}

#[test]
fn a_key_that_stands_twice_is_invalid() {
    check(
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "version": 2}"#,
        expect![[r#"
            1:72  the key `version` stands twice in one object
            invalid CycloneDX 1.6"#]],
    );
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    check(
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": "a", "bom-ref": "x"}, {"type": "library", "name": "b", "bom-ref": "x"}]}"#,
        expect![[r#"
            2:107 /components/1/bom-ref the id `x` is that of `/components/0` already
            invalid CycloneDX 1.6"#]],
    );
    check(
        r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "n", "dataLicense": "CC0-1.0",
            "documentNamespace": "https://x/1",
            "creationInfo": {"created": "2024-01-01T00:00:00Z", "creators": ["Tool: t"]},
            "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "downloadLocation": "NONE"}],
            "relationships": [{"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-b"}]}"#,
        expect![[r#"
            5:116 /relationships/0/relatedSpdxElement there is no element `SPDXRef-b`
            invalid SPDX 2.3"#]],
    );
}

#[test]
fn other_documents_get_no_verdict() {
    check("{\"hello\": 1}", expect!["not recognised"]);
}

#[test]
fn what_is_written_is_valid() {
    let image =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router/router-armel.bin");
    let tree = unpack::unpack(&image, &unpack::UnpackLimits::default()).unwrap();
    let generated = bom::generate(&tree, None).bom;
    for target in [Target::CycloneDx1_6, Target::CycloneDx1_7] {
        let written = write(&generated, target);
        let verdict = validate(&written.bytes);
        assert_eq!(verdict.outcome(), bom::Outcome::Valid, "{verdict:#?}");
        assert!(written.lost.is_empty(), "{:?}", written.lost);
        assert_eq!(read(&written.bytes, &ReadLimits::default()).unwrap().bom, generated);
    }
}

#[test]
fn what_is_written_as_spdx_is_valid_and_keeps_names_and_relations() {
    let image =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router/router-armel.bin");
    let tree = unpack::unpack(&image, &unpack::UnpackLimits::default()).unwrap();
    let generated = bom::generate(&tree, None).bom;
    let written = write(&generated, Target::Spdx2_3);
    let verdict = validate(&written.bytes);
    assert_eq!(verdict.outcome(), bom::Outcome::Valid, "{verdict:#?}");
    let lost: Vec<&str> = written.lost.keys().map(String::as_str).collect();
    assert_eq!(
        lost,
        [
            "evidence",
            "name space, demanded and not stated: made from a digest",
            "time, demanded in seconds and not stated so: written as the epoch"
        ]
    );
    let again = read(&written.bytes, &ReadLimits::default()).unwrap().bom;
    let names = |bom: &bom::Bom| {
        let of = |c: &bom::Component| {
            (c.kind, c.name.clone(), c.version.clone(), c.purl.clone(), c.cpes.clone(), c.hashes.clone())
        };
        bom.components.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(names(&again), names(&generated));
    let kinds = |bom: &bom::Bom| {
        let mut kinds: Vec<bom::RelationKind> = bom.relations.iter().map(|relation| relation.kind).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(&again), kinds(&generated));
}

/// The standards' own examples that the test data hold, and documents of other makers.
#[test]
fn real_documents_get_a_verdict() {
    let Some(data) = std::env::var_os("SUKASHI_TEST_DATA") else {
        println!("skipped: SUKASHI_TEST_DATA is not set");
        return;
    };
    let mut lines = Vec::new();
    for folder in ["sbom/cyclonedx", "sbom/spdx", "sbom/spdx-containers", "vex"] {
        for entry in std::fs::read_dir(std::path::Path::new(&data).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let packed = path.extension().is_some_and(|extension| extension == "zst");
            let bytes = if packed { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
            let verdict = validate(&bytes);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let first =
                verdict.violations.first().map(|v| format!(" {} {}", v.path, v.message)).unwrap_or_default();
            let first = first.chars().take(120).collect::<String>();
            lines.push(format!(
                "{name}: {} ({}){first}",
                verdict.summary().unwrap(),
                verdict.violations.len()
            ));
        }
    }
    lines.sort();
    expect![[r#"
        bitnami_mariadb.syft.spdx.json.zst: valid SPDX 2.3 (0)
        bitnami_nginx.syft.spdx.json.zst: valid SPDX 2.3 (0)
        bitnami_nginx.trivy.spdx.json: invalid SPDX 2.2 (229) /packages/0 "copyrightText" is a required property
        cbom-protocol.cdx.json: valid CycloneDX 1.6 (0)
        cern-lhc-vdm-editor.cdx.xml: valid CycloneDX 1.2 (0)
        cyclonedx-cisa-case-1-vex-affected.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-1-vex-fixed.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-1-vex-not_affected.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-1-vex-under_investigation.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-2-vex.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-3-vex.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-4-vex.json: valid CycloneDX 1.4 (0)
        cyclonedx-cisa-case-6-vex.json: valid CycloneDX 1.4 (0)
        dropwizard-1.3.15.cdx.json.zst: valid CycloneDX 1.2 (0)
        flux_0.26.3_sbom.spdx.json.zst: invalid SPDX 2.2 (1000) /packages/0 "copyrightText" is a required property
        grafana_grafana-arm32v7-linux.syft.spdx.json.zst: valid SPDX 2.3 (0)
        grafana_loki.syft.spdx.json.zst: valid SPDX 2.3 (0)
        hashicorp_consul.syft.spdx.json.zst: valid SPDX 2.3 (0)
        hashicorp_vault.syft.spdx.json.zst: valid SPDX 2.3 (0)
        hbom-pcie-sata-adapter.cdx.json: valid CycloneDX 1.4 (0)
        juice-shop-11.1.2.cdx.json.zst: valid CycloneDX 1.2 (0)
        julia.spdx.json: valid SPDX 2.2 (0)
        keycloak-10.0.2.cdx.json.zst: valid CycloneDX 1.2 (0)
        laravel-7.12.0.cdx11.xml: valid CycloneDX 1.1 (0)
        laravel-7.12.0.cdx14.json: valid CycloneDX 1.4 (0)
        mqtt-client-sbom.spdx: valid SPDX 2.2 (0)
        powershell.spdx.json.zst: invalid SPDX 2.2 (1000) /files/0 "licenseInfoInFiles" is a required property
        proton-bridge-1.6.3.cdx.json.zst: valid CycloneDX 1.2 (0)
        proton-bridge-1.8.0.cdx.json.zst: valid CycloneDX 1.2 (0)
        rancher_coredns-coredns.syft.spdx.json: valid SPDX 2.3 (0)
        rancher_mirrored-library-traefik.syft.spdx.json.zst: valid SPDX 2.3 (0)
        rancher_mirrored-library-traefik.trivy.spdx.json.zst: invalid SPDX 2.2 (581) /packages/0 "copyrightText" is a required property
        rhel-ubi9-9.2.spdx.json.zst: valid SPDX 2.2 (0)
        saasbom-apigateway.cdx.json: valid CycloneDX 1.4 (0)
        usbutils.spdx: invalid SPDX 2.1 (49)  there is no version `SPDX-2.1` of this format
        xml2json-sbom.spdx: valid SPDX 2.2 (0)"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn xml_is_judged_by_order_attributes_values_and_uniqueness() {
    let bom = |inside: &str| {
        format!(
            "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">\n<components>\n{inside}\n</components></bom>"
        )
    };
    check(
        &bom(r#"<component type="library"><name>a</name><version>1</version></component>"#),
        expect!["valid CycloneDX 1.6"],
    );
    check(
        &bom(concat!(
            "<component type=\"program\" bom-ref=\"x\"><version>1</version><name>a</name></component>\n",
            "<component bom-ref=\"x\"><name>b</name><hashes><hash alg=\"MD5\">zz</hash></hashes></component>"
        )),
        expect![[r#"
            3:1 /bom/components[1]/component[1] `type`: `program` is none of the 13 allowed values
            3:39 /bom/components[1]/component[1]/version[1] `version` is not allowed here; hint: `supplier`, `manufacturer`, `authors`, `author`, `publisher` or others
            4:1 /bom/components[1]/component[2] the attribute `type` is missing
            4:1 /bom/components[1]/component[2] the id `x` stands twice
            4:46 /bom/components[1]/component[2]/hashes[1]/hash[1] `zz` has not the form it must have
            invalid CycloneDX 1.6"#]],
    );
}

#[test]
fn hostile_xml_is_invalid_and_nothing_is_expanded() {
    let lol = "<!DOCTYPE bom [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">&b;</bom>";
    check(
        lol,
        expect![[r#"
        1:1  a document type declaration is not allowed
        invalid CycloneDX 1.6"#]],
    );
    let external =
        "<!DOCTYPE bom SYSTEM \"file:///etc/passwd\">\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>";
    check(
        external,
        expect![[r#"
        1:1  a document type declaration is not allowed
        invalid CycloneDX 1.6"#]],
    );
    let open = "<x>".repeat(200);
    check(
        &format!("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">{open}"),
        expect![[r#"
        1:431  elements are nested deeper than 128
        invalid CycloneDX 1.6"#]],
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"></bom><bom/>",
        expect![[r#"
        1:56  there is a second root element
        invalid CycloneDX 1.6"#]],
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"><components>",
        expect![[r#"
        1:62  the root element is missing or not closed
        invalid CycloneDX 1.6"#]],
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/9.9\"/>",
        expect![[r#"
        1:1  there is no version `9.9` of this format
        invalid CycloneDX 9.9"#]],
    );
    check(
        "<p:bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>",
        expect![[r#"
        1:1  the prefix `p` is not declared
        invalid CycloneDX 1.6"#]],
    );
}

#[test]
fn tag_value_text_is_judged_line_by_line() {
    check(
        "SPDXVersion: SPDX-2.3\nDataLicense: MIT\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\nCreator: Tool: t\nCreated: yesterday\nPackageName: p\nSPDXID: SPDXRef-p\n",
        expect![[r#"
            1:1  `DocumentNamespace` is missing
            2:1  `MIT` is no value of `DataLicense`
            6:1  `yesterday` is no value of `Created`
            7:1  `PackageDownloadLocation` is missing
            invalid SPDX 2.3"#]],
    );
}
