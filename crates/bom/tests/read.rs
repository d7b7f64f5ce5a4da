//! Documents, read: small ones key by key, and real ones.

use std::path::{Path, PathBuf};

use bom::{
    Bom, ComponentRef, Document, Format, HashAlgorithm, Licence, ReadError, ReadLimits, RelationKind, Target,
    Technique, read, write,
};
use expect_test::{Expect, expect};

fn parse(text: &str) -> Document {
    read(text.as_bytes(), &ReadLimits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn relations(bom: &Bom) -> Vec<String> {
    bom.relations.iter().map(|r| format!("{} {} {}", r.from, r.kind.name(), r.to)).collect()
}

const CYCLONEDX: &str = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "metadata": {
    "timestamp": "2024-05-01T10:00:00Z", "lifecycles": [{"phase": "build"}],
    "tools": {"components": [{"type": "application", "name": "maker", "version": "2"}]},
    "component": {"type": "firmware", "bom-ref": "fw", "name": "router", "version": "1.0"}
  },
  "components": [
    {"type": "library", "bom-ref": "ssl", "group": "org", "name": "openssl", "version": "3.0.1",
     "supplier": {"name": "OpenSSL", "url": ["https://x"]}, "publisher": "P",
     "hashes": [{"alg": "SHA-256", "content": "AB"}, {"alg": "CRC", "content": "1"}],
     "licenses": [{"license": {"id": "Apache-2.0"}}, {"license": {"name": "odd"}}],
     "cpe": "cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*", "purl": "pkg:generic/openssl@3.0.1",
     "components": [{"type": "file", "bom-ref": "f", "name": "libssl.so.3"}],
     "evidence": {"identity": [{"field": "name", "methods": [{"technique": "binary-analysis", "confidence": 0.8}]}],
                  "occurrences": [{"location": "lib/libssl.so.3", "offset": 16, "additionalContext": "OpenSSL 3.0.1"}]},
     "pedigree": {"notes": "x"}},
    {"type": "application", "bom-ref": "d", "name": "d", "version": 7,
     "licenses": [{"expression": "MIT OR 0BSD"}],
     "properties": [{"name": "sukashi:relation:dynamically-links", "value": "ssl"}, {"name": "k", "value": "v"}]}
  ],
  "services": [],
  "dependencies": [{"ref": "d", "dependsOn": ["ssl", "nowhere"]}]
}"#;

#[test]
fn cyclonedx_gives_components_relations_and_what_is_left_out() {
    let document = parse(CYCLONEDX);
    let bom = &document.bom;
    assert_eq!((document.format, document.version.as_str()), (Format::CycloneDxJson, "1.6"));
    assert_eq!(bom.subject().unwrap().name, "router");
    assert_eq!(bom.metadata.tools, ["maker 2"]);
    let ssl = bom.component(&ComponentRef("ssl".to_owned())).unwrap();
    assert_eq!(ssl.full_name(), "org/openssl");
    assert_eq!((ssl.supplier.as_deref(), ssl.originator.as_deref()), (Some("OpenSSL"), Some("P")));
    assert_eq!(ssl.hashes[&HashAlgorithm::Sha256], "ab");
    assert_eq!(ssl.licences, [Licence::Expression("Apache-2.0".into()), Licence::Named("odd".into())]);
    let seen = &ssl.evidence[0];
    assert_eq!((seen.path.as_str(), seen.offset, seen.confidence), ("lib/libssl.so.3", Some(16), Some(800)));
    assert_eq!(seen.technique, Technique::BinaryAnalysis);
    assert_eq!(bom.components[3].version.as_deref(), Some("7"));
    assert_eq!(relations(bom), ["d depends-on ssl", "d dynamically-links ssl", "ssl contains f"]);
    let left_out: Vec<&str> = document.not_carried.keys().map(String::as_str).collect();
    assert_eq!(
        left_out,
        [
            "bom.services",
            "component.pedigree",
            "component.properties k",
            "organization.url",
            "relation to something that is no component here"
        ]
    );
}

const SPDX: &str = r#"{
  "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "doc", "documentNamespace": "https://x/1",
  "dataLicense": "CC0-1.0",
  "creationInfo": {"created": "2024-05-01T10:00:00Z", "creators": ["Tool: maker-2", "Organization: Acme (a@b)"]},
  "packages": [
    {"SPDXID": "SPDXRef-a", "name": "app", "versionInfo": "1", "primaryPackagePurpose": "APPLICATION",
     "supplier": "Organization: Acme", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
     "downloadLocation": "NOASSERTION", "hasFiles": ["SPDXRef-f"]},
    {"SPDXID": "SPDXRef-b", "name": "zlib", "versionInfo": "1.2.11",
     "externalRefs": [
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"},
       {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/zlib@1.2.11"}]}
  ],
  "files": [{"SPDXID": "SPDXRef-f", "fileName": "./app", "checksums": [{"algorithm": "SHA1", "checksumValue": "AA"}]}],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"},
    {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"},
    {"spdxElementId": "SPDXRef-a", "relationshipType": "OTHER", "relatedSpdxElement": "SPDXRef-b"}]
}"#;

#[test]
fn spdx_gives_the_same_kind_of_graph() {
    let document = parse(SPDX);
    let bom = &document.bom;
    assert_eq!(document.version, "SPDX-2.3");
    assert_eq!(bom.subject().unwrap().name, "app");
    assert_eq!(bom.metadata.authors, ["Acme"]);
    assert_eq!(bom.components[0].licences, [Licence::Expression("MIT".into())]);
    assert_eq!(bom.components[1].purl.as_deref(), Some("pkg:generic/zlib@1.2.11"));
    assert_eq!(bom.components[1].cpes.len(), 1);
    assert_eq!(bom.components[2].hashes[&HashAlgorithm::Sha1], "aa");
    assert_eq!(relations(bom), ["SPDXRef-a contains SPDXRef-f", "SPDXRef-a depends-on SPDXRef-b"]);
    assert_eq!(document.not_carried["relationship OTHER"], 1);
}

#[test]
fn tag_value_text_gives_the_same_graph_as_json() {
    let text = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: doc\n\
        DocumentNamespace: https://x/1\n# comment: none\nCreator: Tool: maker-2\nCreator: Organization: Acme (a@b)\n\
        Created: 2024-05-01T10:00:00Z\n\nPackageName: app\nSPDXID: SPDXRef-a\nPackageVersion: 1\n\
        PrimaryPackagePurpose: APPLICATION\nPackageSupplier: Organization: Acme\nPackageLicenseDeclared: MIT\n\
        PackageComment: <text>two\nPackageName: lines</text>\n\nPackageName: zlib\nSPDXID: SPDXRef-b\n\
        PackageVersion: 1.2.11\nExternalRef: SECURITY cpe23Type cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:generic/zlib@1.2.11\n\nFileName: ./app\nSPDXID: SPDXRef-f\n\
        FileChecksum: SHA1: AA\n\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n\
        Relationship: SPDXRef-a CONTAINS SPDXRef-f\nRelationship: SPDXRef-b DEPENDENCY_OF SPDXRef-a\n";
    assert_eq!(parse(text).bom, parse(SPDX).bom);
    assert_eq!(parse(&text.replace('\n', "\r")).bom, parse(SPDX).bom);
    check_error(
        "SPDXVersion: SPDX-2.3\nDocumentComment: <text>never ends\n",
        expect!["2:1: `<text>` without `</text>`"],
    );
}

const XML: &str = r#"<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"
    serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79" version="1">
  <metadata>
    <timestamp>2024-05-01T10:00:00Z</timestamp>
    <lifecycles><lifecycle><phase>build</phase></lifecycle></lifecycles>
    <tools><components><component type="application"><name>maker</name><version>2</version></component></components></tools>
    <component type="firmware" bom-ref="fw"><name>router</name><version>1.0</version></component>
  </metadata>
  <components>
    <component type="library" bom-ref="ssl">
      <supplier><name>OpenSSL</name><url>https://x</url></supplier><publisher>P</publisher>
      <group>org</group><name>openssl</name><version>3.0.1</version>
      <hashes><hash alg="SHA-256">AB</hash><hash alg="CRC">1</hash></hashes>
      <licenses><license><id>Apache-2.0</id></license><license><name>odd</name></license></licenses>
      <cpe>cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*</cpe><purl>pkg:generic/openssl@3.0.1</purl>
      <pedigree><notes>x</notes></pedigree>
      <components><component type="file" bom-ref="f"><name><![CDATA[libssl.so.3]]></name></component></components>
      <evidence>
        <identity><field>name</field><methods><method><technique>binary-analysis</technique><confidence>0.8</confidence></method></methods></identity>
        <occurrences><occurrence><location>lib/libssl.so.3</location><offset>16</offset><additionalContext>OpenSSL 3.0.1</additionalContext></occurrence></occurrences>
      </evidence>
    </component>
    <component type="application" bom-ref="d"><name>d</name><version>7</version>
      <licenses><expression>MIT OR 0BSD</expression></licenses>
      <properties><property name="sukashi:relation:dynamically-links">ssl</property><property name="k">v</property></properties>
    </component>
  </components>
  <dependencies><dependency ref="d"><dependency ref="ssl"/><dependency ref="nowhere"/></dependency></dependencies>
  <v:vulnerabilities><v:vulnerability ref="d"/></v:vulnerabilities>
</bom>"#;

#[test]
fn xml_gives_the_same_graph_as_json() {
    let document = parse(XML);
    assert_eq!((document.format, document.version.as_str()), (Format::CycloneDxXml, "1.6"));
    assert_eq!(document.bom, parse(CYCLONEDX).bom);
    assert_eq!(document.not_carried["extension vulnerabilities"], 1);
}

#[test]
fn xml_with_a_document_type_or_entities_is_refused() {
    let bom = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">";
    check_error(
        &format!("<!DOCTYPE bom [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n{bom}</bom>"),
        expect!["1:1: a document type declaration is not allowed"],
    );
    check_error(
        &format!("{bom}<metadata>&a;</metadata></bom>"),
        expect!["1:60: the entity `a` is not allowed"],
    );
    check_error(&format!("{bom}<components>"), expect!["1:62: the root element is missing or not closed"]);
    check_error(
        &format!("{bom}</x>"),
        expect!["1:50: ill-formed document: expected `</bom>`, but `</x>` was found"],
    );
    check_error(
        &format!("{bom}{}", "<a>".repeat(1000)),
        expect!["1:431: elements are nested deeper than 128"],
    );
}

#[track_caller]
fn check_error(text: &str, expected: Expect) {
    let error = read(text.as_bytes(), &ReadLimits::default()).unwrap_err();
    expected.assert_eq(&error.to_string());
}

#[test]
fn broken_documents_are_refused_with_their_place() {
    check_error("{\"bomFormat\": \"CycloneDX\",\n \"components\": [}", expect!["2:17: expected value"]);
    check_error(
        "{\"bomFormat\": \"CycloneDX\",\n \"components\": [3]}",
        expect!["2:17: invalid type: integer `3`, expected an object (`component`)"],
    );
    check_error(
        r#"{"bomFormat": "CycloneDX", "components": [{"name": "a", "name": "b"}]}"#,
        expect!["1:62: the key `name` stands twice in one object"],
    );
    check_error(
        "hello",
        expect![
            "neither CycloneDX nor SPDX; hint: JSON needs `bomFormat`, `spdxVersion` or `@context`, XML the CycloneDX name space, tag-value `SPDXVersion:`"
        ],
    );
}

#[test]
fn deep_nesting_is_refused() {
    let deep =
        format!("{{\"bomFormat\": \"CycloneDX\", \"components\": {}", "[{\"components\": ".repeat(100_000));
    let error = read(deep.as_bytes(), &ReadLimits::default()).unwrap_err();
    assert!(error.to_string().contains("recursion limit"), "{error}");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let error = read(b"{\"bomFormat\": \"CycloneDX\", \"x\": \"\xff\"}", &ReadLimits::default()).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { place, .. } if place.column == 34), "{error}");
}

#[test]
fn limits_hold() {
    let limits = ReadLimits { components: 2, ..ReadLimits::default() };
    let error = read(CYCLONEDX.as_bytes(), &limits).unwrap_err();
    assert!(matches!(error, ReadError::TooMany { what: "components", limit: 2, .. }), "{error}");
    let limits = ReadLimits { bytes: 10, ..ReadLimits::default() };
    assert_eq!(
        read(CYCLONEDX.as_bytes(), &limits).unwrap_err(),
        ReadError::TooLong { bytes: CYCLONEDX.len(), limit: 10 }
    );
}

#[test]
fn what_was_written_reads_back_equal() {
    for text in [CYCLONEDX, SPDX] {
        let mut bom = parse(text).bom;
        for target in [Target::CycloneDx1_6, Target::CycloneDx1_7] {
            let written = write(&bom, target);
            let again = parse(std::str::from_utf8(&written.bytes).unwrap()).bom;
            // What cannot be said: digests of odd length, SPDX's own ids; what the subject contains stands at the top.
            bom.components.iter_mut().for_each(|component| component.hashes.clear());
            bom.relations.retain(|relation| {
                relation.kind != RelationKind::Contains
                    || Some(&relation.from) != again.metadata.subject.as_ref()
            });
            bom.metadata.serial.clone_from(&again.metadata.serial);
            bom.metadata.name = None;
            // The standard's default.
            bom.components
                .iter_mut()
                .filter(|c| c.kind.name().is_none())
                .for_each(|c| c.kind = bom::ComponentKind::Application);
            assert_eq!(again, bom);
        }
    }
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SUKASHI_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: SUKASHI_TEST_DATA is not set");
    }
    folder
}

fn documents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let plain = if name.ends_with(".zst") { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
            (name, plain)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn real_documents_are_read() {
    let Some(data) = data() else { return };
    let mut lines = String::new();
    for folder in ["sbom/cyclonedx", "sbom/spdx", "sbom/spdx-containers", "vex"] {
        for (name, bytes) in documents(&data.join(folder)) {
            let line = match read(&bytes, &ReadLimits::default()) {
                Ok(document) => format!(
                    "{name}: {} {}, {} components, {} relations",
                    document.format,
                    document.version,
                    document.bom.components.len(),
                    document.bom.relations.len()
                ),
                Err(error) => format!("{name}: {error}"),
            };
            lines += &line;
            lines.push('\n');
        }
    }
    expect![[r#"
        cbom-protocol.cdx.json: cyclonedx-json 1.6, 9 components, 0 relations
        cern-lhc-vdm-editor.cdx.xml: cyclonedx-xml 1.2, 44 components, 0 relations
        dropwizard-1.3.15.cdx.json.zst: cyclonedx-json 1.2, 168 components, 170 relations
        hbom-pcie-sata-adapter.cdx.json: cyclonedx-json 1.4, 7 components, 0 relations
        juice-shop-11.1.2.cdx.json.zst: cyclonedx-json 1.2, 841 components, 0 relations
        keycloak-10.0.2.cdx.json.zst: cyclonedx-json 1.2, 904 components, 994 relations
        laravel-7.12.0.cdx11.xml: cyclonedx-xml 1.1, 62 components, 0 relations
        laravel-7.12.0.cdx14.json: cyclonedx-json 1.4, 63 components, 113 relations
        proton-bridge-1.6.3.cdx.json.zst: cyclonedx-json 1.2, 202 components, 232 relations
        proton-bridge-1.8.0.cdx.json.zst: cyclonedx-json 1.2, 202 components, 232 relations
        saasbom-apigateway.cdx.json: cyclonedx-json 1.4, 1 components, 0 relations
        flux_0.26.3_sbom.spdx.json.zst: spdx-json SPDX-2.2, 735 components, 0 relations
        julia.spdx.json: spdx-json SPDX-2.2, 34 components, 1 relations
        mqtt-client-sbom.spdx: spdx-tag-value SPDX-2.2, 99 components, 0 relations
        powershell.spdx.json.zst: spdx-json SPDX-2.2, 948 components, 947 relations
        rhel-ubi9-9.2.spdx.json.zst: spdx-json SPDX-2.2, 610 components, 605 relations
        usbutils.spdx: spdx-tag-value SPDX-2.1, 48 components, 0 relations
        xml2json-sbom.spdx: spdx-tag-value SPDX-2.2, 10 components, 0 relations
        bitnami_mariadb.syft.spdx.json.zst: spdx-json SPDX-2.3, 3601 components, 3491 relations
        bitnami_nginx.syft.spdx.json.zst: spdx-json SPDX-2.3, 3506 components, 3398 relations
        bitnami_nginx.trivy.spdx.json: spdx-json SPDX-2.2, 110 components, 109 relations
        grafana_grafana-arm32v7-linux.syft.spdx.json.zst: spdx-json SPDX-2.3, 1230 components, 1094 relations
        grafana_loki.syft.spdx.json.zst: spdx-json SPDX-2.3, 446 components, 250 relations
        hashicorp_consul.syft.spdx.json.zst: spdx-json SPDX-2.3, 1414 components, 1328 relations
        hashicorp_vault.syft.spdx.json.zst: spdx-json SPDX-2.3, 1174 components, 817 relations
        rancher_coredns-coredns.syft.spdx.json: spdx-json SPDX-2.3, 82 components, 0 relations
        rancher_mirrored-library-traefik.syft.spdx.json.zst: spdx-json SPDX-2.3, 1221 components, 962 relations
        rancher_mirrored-library-traefik.trivy.spdx.json.zst: spdx-json SPDX-2.2, 287 components, 286 relations
        cyclonedx-cisa-case-1-vex-affected.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-1-vex-fixed.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-1-vex-not_affected.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-1-vex-under_investigation.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-2-vex.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-3-vex.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-4-vex.json: cyclonedx-json 1.4, 1 components, 0 relations
        cyclonedx-cisa-case-6-vex.json: cyclonedx-json 1.4, 1 components, 0 relations
    "#]].assert_eq(&lines);
}

#[test]
fn spdx_3_gives_the_same_graph_as_spdx_2() {
    let text = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2024-01-01T00:00:00Z", "createdBy": ["urn:o"], "createdUsing": ["urn:t"]},
        {"type": "Organization", "spdxId": "urn:o", "creationInfo": "_:c", "name": "Acme"},
        {"type": "Tool", "spdxId": "urn:t", "creationInfo": "_:c", "name": "maker"},
        {"type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:c", "name": "doc", "rootElement": ["urn:s"]},
        {"type": "software_Sbom", "spdxId": "urn:s", "creationInfo": "_:c", "rootElement": ["urn:a"], "software_sbomType": ["build"]},
        {"type": "software_Package", "spdxId": "urn:a", "creationInfo": "_:c", "name": "a", "software_packageVersion": "1",
         "software_packageUrl": "pkg:generic/a@1", "suppliedBy": "urn:o", "software_primaryPurpose": "operatingSystem",
         "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "AB"}],
         "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:o:acme:a:1:*:*:*:*:*:*:*"}]},
        {"type": "software_File", "spdxId": "urn:f", "creationInfo": "_:c", "name": "bin/a"},
        {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:l", "creationInfo": "_:c", "simplelicensing_licenseExpression": "MIT"},
        {"type": "Relationship", "spdxId": "urn:r1", "creationInfo": "_:c", "from": "urn:a", "relationshipType": "hasDeclaredLicense", "to": ["urn:l"]},
        {"type": "Relationship", "spdxId": "urn:r2", "creationInfo": "_:c", "from": "urn:a", "relationshipType": "contains", "to": ["urn:f"]}]}"#;
    let document = bom::read(text.as_bytes(), &bom::ReadLimits::default()).unwrap();
    assert_eq!((document.version.as_str(), document.format.name()), ("3.0.1", "spdx-json-ld"));
    let bom = document.bom;
    let subject = bom.subject().unwrap();
    assert_eq!(
        (subject.name.as_str(), subject.version.as_deref(), subject.supplier.as_deref()),
        ("a", Some("1"), Some("Acme"))
    );
    assert_eq!(subject.kind.name(), Some("operating-system"));
    assert_eq!(subject.licences, [bom::Licence::Expression("MIT".to_owned())]);
    assert_eq!((subject.cpes.len(), subject.hashes.len()), (1, 1));
    assert_eq!(
        (bom.metadata.authors, bom.metadata.tools, bom.metadata.lifecycles),
        (vec!["Acme".to_owned()], vec!["maker".to_owned()], vec!["build".to_owned()])
    );
    assert_eq!(bom.relations.len(), 1);
}

#[test]
fn hostile_spdx_3_is_an_error_or_an_empty_graph() {
    for inside in ["1", "[1, null, \"x\"]", "{}", "[{\"type\": 7, \"to\": {\"a\": [[]]}}]"] {
        let text = format!(
            "{{\"@context\": \"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\", \"@graph\": {inside}}}"
        );
        if let Ok(document) = bom::read(text.as_bytes(), &bom::ReadLimits::default()) {
            assert_eq!(document.bom.components, []);
        }
    }
    let deep =
        format!("{{\"@context\": \"https://spdx.org/rdf/3.0.1/x\", \"@graph\": {}", "[".repeat(100_000));
    assert!(bom::read(deep.as_bytes(), &bom::ReadLimits::default()).is_err());
}
