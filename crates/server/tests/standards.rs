//! What others speak: the Transparency Exchange API and the CSAF provider.

mod support;

use axum::http::{StatusCode, header};
use sha2::Digest as _;
use statement::{OpenPgpSignature, PredicateType, Statement, Subject};
use support::{FIRMWARE, Party, Site, envelope};

const ADVISORY: &str = r#"{"document": {"title": "KR-200 opens a door", "tracking": {"id": "KAWA-2026:1",
    "initial_release_date": "2026-11-01T00:00:00Z", "current_release_date": "2026-11-02T00:00:00Z"}}}"#;

fn uuid(id: &str) -> String {
    [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-")
}

fn advisory(by: &Party) -> Vec<u8> {
    let subject = vec![Subject::new("a.bin", FIRMWARE)];
    let statement = Statement::of_document(subject, PredicateType::CSAF, ADVISORY).unwrap();
    statement.sign(&[&by.key]).unwrap().to_json().unwrap()
}

#[tokio::test]
async fn a_release_is_found_by_its_tei_with_a_collection_for_each_registration() {
    let site = Site::new().await;
    let (maker, water, other) =
        (site.party("Maker", 1).await, site.party("Water", 2).await, site.party("Other", 3).await);
    site.link(&maker, &water).await;
    let release = uuid(&site.release(&maker).await);
    site.post(&maker, "/api/v1/statements", envelope(&maker)).await;
    let tei = format!("urn:tei:hash:localhost:SHA256:{FIRMWARE}").replace(':', "%3A");
    let found = site.get(&water, &format!("/tea/v1/discovery?tei={tei}")).await.json();
    assert_eq!(found[0]["productReleaseUuid"], release.as_str());
    let all = site.get(&water, &format!("/tea/v1/productRelease/{release}/collections")).await.json();
    assert_eq!((all[0]["version"].as_u64(), all[1]["version"].as_u64()), (Some(2), Some(1)));
    assert_eq!(
        (all[0]["updateReason"]["type"].as_str(), all[1]["artifacts"].as_array().unwrap().len()),
        (Some("ARTIFACT_ADDED"), 0)
    );
    let latest = site.get(&water, &format!("/tea/v1/componentRelease/{release}")).await.json();
    let artifact = &latest["latestCollection"]["artifacts"][0];
    assert_eq!((artifact["type"].as_str(), artifact["formats"].as_array().unwrap().len()), (Some("BOM"), 1));
    let own =
        site.get(&maker, &format!("/tea/v1/artifact/{}/latest", artifact["uuid"].as_str().unwrap())).await;
    assert_eq!(own.json()["formats"][1]["mediaType"], "application/vnd.dsse.envelope.v1+json");
    let hidden = site.get(&other, &format!("/tea/v1/productRelease/{release}")).await;
    let unknown = site.get(&other, "/tea/v1/productRelease/00000000-0000-0000-0000-000000000000").await;
    assert_eq!((hidden.status, &hidden.body), (StatusCode::NOT_FOUND, &unknown.body));
    assert_eq!(hidden.json()["error"], "OBJECT_UNKNOWN");
    assert_eq!(site.get(&other, "/tea/v1/product/x").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.open("/tea/v1/products").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.open("/.well-known/tea").await.json()["endpoints"][0]["versions"][0], "0.4.0");
}

#[tokio::test]
async fn clear_advisories_are_for_everybody_and_no_others_are() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    let base = format!("/.well-known/csaf/{}", maker.id);
    site.post(&maker, "/api/v1/statements?tlp=amber", advisory(&maker)).await;
    assert_eq!(site.open(&format!("{base}/provider-metadata.json")).await.status, StatusCode::NOT_FOUND);
    let other = ADVISORY.replace("2026-11-02", "2026-11-03");
    let statement =
        Statement::of_document(vec![Subject::new("a.bin", FIRMWARE)], PredicateType::CSAF, &other).unwrap();
    let clear = statement.sign(&[&maker.key]).unwrap().to_json().unwrap();
    site.post(&maker, "/api/v1/statements?tlp=clear", clear).await;
    let metadata = site.open(&format!("{base}/provider-metadata.json")).await.json();
    assert_eq!(
        (metadata["publisher"]["name"].as_str(), metadata["role"].as_str()),
        (Some("Maker"), Some("csaf_provider"))
    );
    let feed = site.open(&format!("{base}/feed-tlp-white.json")).await.json();
    let url = feed["feed"]["entry"][0]["content"]["src"].as_str().unwrap();
    assert!(url.ends_with("/white/2026/kawa-2026_1.json"), "{url}");
    let path = url.split_once("localhost").unwrap().1;
    let document = site.open(path).await;
    assert_eq!(
        (document.body.as_slice(), document.headers[header::CONTENT_TYPE].as_bytes()),
        (other.as_bytes(), b"application/json".as_slice())
    );
    assert_eq!(site.open(&format!("{path}.asc")).await.status, StatusCode::NOT_FOUND);
    let hash = String::from_utf8(site.open(&format!("{path}.sha256")).await.body).unwrap();
    let expected: String = sha2::Sha256::digest(&other).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hash, format!("{expected}  kawa-2026_1.json\n"));
}

#[tokio::test]
async fn whoever_signed_all_its_advisories_for_openpgp_is_a_trusted_provider() {
    let site = Site::new().await;
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    let base = format!("/.well-known/csaf/{}", maker.id);
    site.post(&maker, "/api/v1/statements?tlp=clear", advisory(&maker)).await;
    let made = OpenPgpSignature::new(
        &maker.key,
        "Maker <psirt@maker.example>",
        ADVISORY.as_bytes(),
        site.platform.now(),
    );
    let register = async |signature: &OpenPgpSignature, tlp: &str| {
        let statement = Statement::new(vec![Subject::new("a.bin", FIRMWARE)], signature).unwrap();
        let envelope = statement.sign(&[&maker.key]).unwrap().to_json().unwrap();
        site.post(&maker, &format!("/api/v1/statements?tlp={tlp}"), envelope).await
    };
    let page = OpenPgpSignature { signature: "<script>".to_owned(), ..made.clone() };
    assert_eq!(register(&page, "clear").await.json()["code"], "bad-statement");
    let of_another = OpenPgpSignature { document: FIRMWARE, ..made.clone() };
    for (signature, tlp, role) in [(&of_another, "clear", "csaf_provider"), (&made, "amber", "csaf_provider")]
    {
        assert_eq!(register(signature, tlp).await.status, StatusCode::CREATED);
        let metadata = site.open(&format!("{base}/provider-metadata.json")).await.json();
        assert_eq!(
            (metadata["role"].as_str(), metadata["public_openpgp_keys"].as_array().map(Vec::len)),
            (Some(role), Some(0))
        );
    }
    let made = OpenPgpSignature::new(
        &maker.key,
        "Maker <psirt@maker.example>",
        ADVISORY.as_bytes(),
        site.platform.now().plus(1),
    );
    assert_eq!(register(&made, "clear").await.status, StatusCode::CREATED);
    let metadata = site.open(&format!("{base}/provider-metadata.json")).await.json();
    assert_eq!(metadata["role"], "csaf_trusted_provider");
    let key = &metadata["public_openpgp_keys"][0];
    assert_eq!(key["fingerprint"], made.fingerprint);
    let path = |url: &serde_json::Value| url.as_str().unwrap().split_once("localhost").unwrap().1.to_owned();
    assert_eq!(site.open(&path(&key["url"])).await.body, made.certificate.as_bytes());
    let feed = site.open(&format!("{base}/feed-tlp-white.json")).await.json();
    let link = &feed["feed"]["entry"][0]["link"][3];
    assert_eq!(link["rel"], "signature");
    assert_eq!(site.open(&path(&link["href"])).await.body, made.signature.as_bytes());
    assert_eq!(site.open(&format!("{base}/openpgp/nothing.asc")).await.status, StatusCode::NOT_FOUND);
}
