//! A worker on a platform: what suppliers say of vulnerabilities counts in the systems of their customers, and counts no
//! more once it is taken back or replaced. On SQLite, and on PostgreSQL where `SUKASHI_TEST_POSTGRES` names a server.

#[path = "../../share/tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use pipeline::Worker;
use record::{Assessment, Sha256, Verdict};
use serde_json::{Value, json};
use share::{Platform, Registration, SystemId};
use statement::{
    Delegation, EvidenceType, PredicateType, Statement, Subject, SystemRegistration, Unverified, Withdrawal,
};
use support::{Chain, FIRMWARE, Party, chain};

const MODEL: &str = r#"
schema: sukashi.system/1
name: Plant
zones: {outside: {}, ot: {}}
networks: {wan: {zone: outside, cidr: 10.0.1.0/24}, cell: {zone: ot, cidr: 10.0.2.0/24}}
hosts:
  gate: {interfaces: [{network: wan, address: 10.0.1.5}, {network: cell, address: 10.0.2.1}], kind: router,
    software: [firmware], release: {product: "pkg:generic/kr-200", version: "1.0", sha256: "DIGEST"}}
software: {firmware: {purl: "pkg:generic/kr-200@1.0"}}
services: {https: {host: gate, software: firmware, protocol: tcp, port: 443, run_as: root}}
attackers: {a1: {at: "zone:outside"}}
goals: {g1: {title: "The gate is taken over", fact: "runs_code(a1, gate, _)"}}
"#;

const VECTOR: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

/// An operator with a system that the platform assesses for it.
struct Plant {
    platform: Arc<Platform>,
    maker: Party,
    water: Party,
    worker: Worker,
    system: SystemId,
    _chain: (Option<tempfile::TempDir>, share::Places),
}

impl Plant {
    async fn new() -> Self {
        let Chain { platform, maker, water, places, _folder, .. } = chain().await;
        let platform = Arc::new(platform);
        let model = system::read("plant", &MODEL.replace("DIGEST", &FIRMWARE.to_string())).unwrap();
        let model = system::System::new(&[("plant".to_owned(), model)]).unwrap();
        let body = SystemRegistration {
            model: serde_json::to_value(model.document()).unwrap(),
            assets: pipeline::assets(&model),
        };
        let key = platform.instance_key();
        let delegation = Delegation { public_key: key, types: vec![EvidenceType::Assessment] };
        let worker = Worker::new(Arc::clone(&platform), None);
        let (system, _chain) = (SystemId::new(""), (_folder, places));
        let mut plant = Self { platform, maker, water, worker, system, _chain };
        let subject = |name: &str, digest: Sha256| vec![Subject::new(name, digest)];
        plant.state(&plant.water, &Statement::new(subject("Plant", model.digest()), &body).unwrap()).await;
        let platform = subject("platform", key.id().0);
        plant.state(&plant.water, &Statement::new(platform, &delegation).unwrap()).await;
        plant.system = plant.platform.systems(&plant.water.viewer)[0].id.clone();
        plant
    }

    /// Registers a statement; its digest, by which it is taken back.
    async fn state(&self, by: &Party, statement: &Statement) -> Sha256 {
        let claim = Unverified::from(statement.sign(&[&by.key]).unwrap());
        let verified = claim.verify(&self.platform.own_keys(&by.viewer)).unwrap();
        let payload = verified.payload_sha256();
        self.platform.register(&by.viewer, verified, Registration::default()).await.unwrap();
        payload
    }

    /// The maker says something about its release.
    async fn say(&self, kind: PredicateType, document: &Value) -> Sha256 {
        let about = vec![Subject::new("a.bin", FIRMWARE)];
        let statement = Statement::of_document(about, kind, &document.to_string()).unwrap();
        self.state(&self.maker, &statement).await
    }

    async fn take_back(&self, said: Sha256) {
        let withdrawal = Withdrawal { reason: "wrong".to_owned() };
        let statement = Statement::new(vec![Subject::new("it", said)], &withdrawal).unwrap();
        self.state(&self.maker, &statement).await;
    }

    /// The verdict on the vulnerability once the worker has worked; that there is nothing left to do afterwards.
    async fn verdict(&mut self) -> Option<Verdict> {
        assert_eq!(self.worker.round().await.unwrap().assessed, 1, "something changed");
        assert_eq!(self.worker.round().await.unwrap().assessed, 0, "nothing changed");
        let assessment = self.assessment().await;
        let verdict = assessment.vulnerabilities.iter().find(|v| v.id == "CVE-2026-0001").map(|v| v.verdict);
        assert_eq!(assessment.goals[0].reached, verdict == Some(Verdict::Exploitable));
        verdict
    }

    async fn assessment(&self) -> Assessment {
        self.platform.assessment(&self.water.viewer, &self.system).await.unwrap().assessment
    }
}

/// A CSAF advisory: versions of the release in `range` are affected.
fn csaf(range: &str) -> Value {
    json!({
        "document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "t",
            "publisher": {"category": "vendor", "name": "Maker", "namespace": "https://maker.example"},
            "tracking": {"id": "M-1", "status": "final", "version": "1",
                "initial_release_date": "2026-01-01T00:00:00Z", "current_release_date": "2026-01-01T00:00:00Z",
                "revision_history": [{"number": "1", "date": "2026-01-01T00:00:00Z", "summary": "s"}]}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Maker", "branches": [
            {"category": "product_name", "name": "KR-200", "branches": [
                {"category": "product_version_range", "name": range, "product": {"name": "KR-200", "product_id": "P1",
                    "product_identification_helper": {"purl": "pkg:generic/kr-200",
                        "cpe": "cpe:2.3:o:maker:kr-200:*:*:*:*:*:*:*:*"}}}]}]}]},
        "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": {"known_affected": ["P1"]},
            "scores": [{"products": ["P1"], "cvss_v3": {"version": "3.1", "baseScore": 9.8,
                "baseSeverity": "CRITICAL", "vectorString": VECTOR}}]}]
    })
}

/// An advisory of OSV: versions below `fixed` are affected.
fn osv(fixed: &str) -> Value {
    json!({"schema_version": "1.6.0", "id": "MAKER-1", "modified": "2026-01-01T00:00:00Z",
        "aliases": ["CVE-2026-0001"], "severity": [{"type": "CVSS_V3", "score": VECTOR}],
        "affected": [{"package": {"ecosystem": "generic", "name": "kr-200", "purl": "pkg:generic/kr-200"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]})
}

fn openvex(status: &str) -> Value {
    json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://maker.example/vex/1",
        "author": "maker", "timestamp": "2026-02-01T00:00:00Z", "version": 1, "statements": [{
            "vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": "pkg:generic/kr-200@1.0"}],
            "status": status, "impact_statement": "never run"}]})
}

#[tokio::test]
async fn an_advisory_and_a_word_against_it_count_until_they_are_taken_back() {
    let mut plant = Plant::new().await;
    assert_eq!(plant.verdict().await, None);
    let advisory = plant.say(PredicateType::CSAF, &csaf("vers:generic/<2")).await;
    assert_eq!(plant.verdict().await, Some(Verdict::Exploitable));
    let word = plant.say(PredicateType::OPENVEX, &openvex("not_affected")).await;
    assert_eq!(plant.verdict().await, Some(Verdict::NotAffected));
    plant.take_back(word).await;
    assert_eq!(plant.verdict().await, Some(Verdict::Exploitable));
    plant.take_back(advisory).await;
    assert_eq!(plant.verdict().await, None);
}

#[tokio::test]
async fn an_advisory_of_osv_counts_until_a_newer_edition_replaces_it() {
    let mut plant = Plant::new().await;
    plant.say(PredicateType::OSV, &osv("1.1")).await;
    assert_eq!(plant.verdict().await, Some(Verdict::Exploitable));
    let repaired = plant.say(PredicateType::OSV, &osv("1.0")).await;
    assert_eq!(plant.verdict().await, None);
    // What was replaced stays so: its newer edition was wrong, and nobody said the older one again.
    plant.take_back(repaired).await;
    assert_eq!(plant.verdict().await, None);
}

#[tokio::test]
async fn a_word_that_calls_a_release_affected_counts_until_it_is_taken_back() {
    let mut plant = Plant::new().await;
    let word = plant.say(PredicateType::OPENVEX, &openvex("affected")).await;
    assert!(plant.verdict().await.is_some(), "nothing is known of how it is exploited");
    plant.take_back(word).await;
    assert_eq!(plant.verdict().await, None);
}

#[tokio::test]
async fn an_advisory_on_other_versions_changes_no_verdict() {
    let mut plant = Plant::new().await;
    plant.say(PredicateType::CSAF, &csaf("vers:generic/<1.0")).await;
    assert_eq!(plant.verdict().await, None);
}
