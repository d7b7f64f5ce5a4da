//! What stands under `docs/formats/` is what the types say, and its example envelope verifies.

use std::path::PathBuf;

use record::Sha256;
use statement::{
    DisclosureGrant, DisclosureLevel, EvidenceType, GrantScope, KeyRing, PREDICATE_SCHEMAS, SigningKey,
    Statement, Subject, Unverified,
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats").join(name)
}

/// With `UPDATE_SCHEMAS=1` the file is written anew instead.
fn assert_committed(name: &str, text: &str) {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(file(name), text).unwrap();
    }
    let committed = std::fs::read_to_string(file(name)).unwrap();
    assert_eq!(committed, text, "{name}: run the test with UPDATE_SCHEMAS=1 and review");
}

#[test]
fn committed_schemas_are_those_of_the_types() {
    for entry in PREDICATE_SCHEMAS {
        let text = serde_json::to_string_pretty(&(entry.schema)()).unwrap() + "\n";
        assert_committed(&format!("{}.schema.json", entry.name), &text);
    }
}

/// Signed with the private key of RFC 8032, section 7.1, test 1; Ed25519 is deterministic, so others can repeat it.
#[test]
fn the_example_envelope_is_what_we_sign_and_it_verifies() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let key = SigningKey::from_seed(&hex::decode(seed).unwrap().try_into().unwrap());
    let grant = DisclosureGrant {
        scope: GrantScope::Everything,
        types: Some(vec![EvidenceType::Sbom]),
        level: DisclosureLevel::Full,
        valid_until: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        emergency: false,
    };
    let customer = Subject::new("Mizu Water", Sha256([0x11; 32]));
    let envelope = Statement::new(vec![customer], &grant).unwrap().sign(&[&key]).unwrap();
    let json = String::from_utf8(envelope.to_json().unwrap()).unwrap() + "\n";
    assert_committed("disclosure-grant.example.dsse.json", &json);

    let mut ring = KeyRing::default();
    ring.accept(key.public(), "Kawa Devices");
    let verified = Unverified::read(json.as_bytes()).unwrap().verify(&ring).unwrap();
    assert_eq!(verified.predicate::<DisclosureGrant>().unwrap().value(), &grant);
}
