//! What is shown in part at one instance reaches another in part, with proof, and no further.

mod support;

use client::{Bundle, Gathering, Pulled};
use record::Sha256;
use share::{ChangeKind, EvidenceState, EvidenceView, Registration};
use statement::{
    Commitment, DisclosureLevel, Envelope, EvidenceType, KeyRing, Predicate, PredicateType, Redactable,
    Statement, Subject, Unverified, Withdrawal,
};
use support::FIRMWARE;
use support::instances::{BUILDER, CHIPS, Instance, MAKER, Party, blocking, key, release};

const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"S. Ecret"}]},
    "components":[{"type":"library","name":"zlib","version":"1.3","properties":[{"name":"path","value":"/secret"}]}]}"#;

const INSPECTION: &str = r#"{"schema":"sukashi.inspection/1","complete":true,"reproducible":true,
    "tool":{"name":"sukashi","version":"1","detectors":[]},"subject":{"name":"a.bin","sha256":null,"size":null,"media_type":null},
    "artifacts":[{"path":"bin","sha256":"f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1","size":1,"kind":"elf",
    "architecture":"mipsel","stripped":true,"coverage":null,"capabilities":[{"name":"secret.thing","count":1}]}],
    "findings":[{"id":"f-1","rule":"hidden-command","severity":"high","score":80,"title":"`secret` opens a shell","params":{"a":"secret"},
    "artifact":"bin","location":{"address":"0x1","function":"secret","line":null},
    "source":{"kind":"network","via":"recv","address":"0x99"},"trigger":null,
    "payload":{"address":"0x98","operation":"process.exec","detail":"secret"},"route":[],"witness":null,"why":"secret",
    "evidence":[],"review":{"state":"open"}}],"blind_spots":[],"components":null,
    "totals":{"files":1,"programs":1,"code_bytes":1,"work_units":1}}"#;

/// Registers a document of Chips and the commitment to it.
async fn committed(at: &Instance, chips: &Party, kind: PredicateType, document: &str) -> EvidenceView {
    let subject = || vec![Subject::new("a.bin", FIRMWARE)];
    let statement = Statement::of_document(subject(), kind.clone(), document).unwrap();
    let registered = at.register(chips, CHIPS, statement).await;
    let root = Redactable::open(document, &[5; 32]).unwrap().commitment(kind);
    let commitment = Statement::new(subject(), &root).unwrap();
    let seed = Some(Sha256([5; 32]));
    let about = Registration { document: Some(registered.id.clone()), seed, ..Registration::default() };
    at.register_about(chips, CHIPS, commitment, about).await;
    registered
}

/// Chips supplies Maker at the first; Maker's instance follows it.
struct Two {
    first: Instance,
    second: Instance,
    chips: Party,
    maker_there: Party,
    maker: Party,
    peer: String,
}

async fn two() -> Two {
    let (first, second) = (Instance::start().await, Instance::start().await);
    let (chips, maker_there) = (first.party(CHIPS).await, first.party(MAKER).await);
    first.supply(&chips, &maker_there).await;
    release(&first, &chips).await;
    let maker = second.party(MAKER).await;
    let peer = second.follow(&first, &maker, &maker_there.token, &[CHIPS]).await;
    Two { first, second, chips, maker_there, maker, peer }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_elsewhere_has_the_parts_and_counts_the_rest() {
    let t = two().await;
    let original = committed(&t.first, &t.chips, PredicateType::CYCLONEDX, SBOM).await;
    let pulled = t.second.pull(&t.peer).await.unwrap();
    assert_eq!((pulled.taken, pulled.left.as_slice()), (1, [].as_slice()), "{pulled:?}");

    let [arrived] = t.second.evidence(&t.maker, EvidenceType::Sbom).try_into().unwrap();
    assert_eq!((arrived.level, arrived.issuer.name.as_str()), (DisclosureLevel::Redacted, "Chips"));
    let shown_there = t.first.platform.shown(&t.maker_there.viewer, &original.id).await.unwrap();
    assert_eq!(arrived.opaque, Some(shown_there.opaque));
    assert!(arrived.opaque > Some(0));
    assert_eq!(arrived.outcome.as_ref().unwrap().components, Some(1));
    let document = t.second.platform.document(&t.maker.viewer, &arrived.id).await.unwrap();
    let text = String::from_utf8(document.json.to_vec()).unwrap();
    assert!(text.contains("zlib") && !text.contains("ecret"), "{text}");

    // Whoever has it proves it again, with the supplier's key alone.
    let shown = t.second.platform.shown(&t.maker.viewer, &arrived.id).await.unwrap();
    let envelope = t.second.platform.statement(&t.maker.viewer, &arrived.id).await.unwrap();
    let mut ring = KeyRing::default();
    ring.accept(key(CHIPS).public(), "Chips");
    let verified = Unverified::<Statement>::read(envelope).unwrap().verify(&ring).unwrap();
    shown.view.verify(verified.predicate::<Commitment>().unwrap().value()).unwrap();
    let proof = t.second.platform.proof(&t.maker.viewer, &arrived.id, None).await.unwrap();
    assert_eq!(proof.hops.len(), 1);

    // The instance finds it whole again, knows it at the next pull, and gives it to nobody else.
    let admin = t.second.platform.local_administrator();
    assert_eq!(t.second.platform.check_integrity(&admin).await.unwrap().faults, Vec::<String>::new());
    let again = t.second.pull(&t.peer).await.unwrap();
    assert_eq!(again, Pulled { known: 1, stays: 1, ..Pulled::default() }, "the commitment itself stays");
    let builder = t.second.party(BUILDER).await;
    t.second.hand_on(&t.maker, MAKER, &builder, BUILDER, DisclosureLevel::Full).await;
    assert!(t.second.evidence(&builder, EvidenceType::Sbom).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_an_inspection_read_as_a_record_and_the_whole_replaces_them() {
    let t = two().await;
    committed(&t.first, &t.chips, <record::Inspection as Predicate>::TYPE, INSPECTION).await;
    assert_eq!(t.second.pull(&t.peer).await.unwrap().taken, 1);
    let [arrived] = t.second.evidence(&t.maker, EvidenceType::Inspection).try_into().unwrap();
    assert_eq!(arrived.outcome.as_ref().unwrap().findings.as_ref().unwrap().high, 1);
    let document = t.second.platform.document(&t.maker.viewer, &arrived.id).await.unwrap();
    let record: record::Inspection = serde_json::from_slice(&document.json).unwrap();
    assert_eq!(
        (record.findings[0].rule.as_str(), record.findings[0].title.as_str()),
        ("hidden-command", "hidden command")
    );
    assert!(!String::from_utf8_lossy(&document.json).contains("secret"));

    t.first.hand_on(&t.chips, CHIPS, &t.maker_there, MAKER, DisclosureLevel::Full).await;
    assert_eq!(t.second.pull(&t.peer).await.unwrap().taken, 1);
    let all = t.second.evidence(&t.maker, EvidenceType::Inspection);
    let states: Vec<_> =
        all.iter().map(|e| (e.level, e.opaque.is_some(), e.superseded_by.is_some())).collect();
    let (full, redacted) = (DisclosureLevel::Full, DisclosureLevel::Redacted);
    assert_eq!(states, [(full, false, false), (redacted, true, true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_parts_elsewhere_learns_that_they_were_taken_back() {
    let t = two().await;
    let original = committed(&t.first, &t.chips, PredicateType::CYCLONEDX, SBOM).await;
    assert_eq!(t.second.pull(&t.peer).await.unwrap().taken, 1);
    let commitment = t.first.platform.shown(&t.chips.viewer, &original.id).await.unwrap().commitment;
    for id in [commitment.id, original.id] {
        let envelope = t.first.platform.statement(&t.chips.viewer, &id).await.unwrap();
        let payload = pipeline::digest(&Envelope::read(envelope.as_slice()).unwrap().payload);
        let reason = Withdrawal { reason: "wrong file".to_owned() };
        let taken_back = Statement::new(vec![Subject::new("statement", payload)], &reason).unwrap();
        t.first.register(&t.chips, CHIPS, taken_back).await;
    }
    let pulled = t.second.pull(&t.peer).await.unwrap();
    assert_eq!((pulled.taken, pulled.left.as_slice()), (1, [].as_slice()), "{pulled:?}");
    let [arrived] = t.second.evidence(&t.maker, EvidenceType::Sbom).try_into().unwrap();
    let seen = (arrived.state, arrived.withdrawn_because.as_deref());
    assert_eq!(seen, (EvidenceState::Withdrawn, Some("wrong file")));
    let changes = t.second.platform.changes(&t.maker.viewer, None, None).items;
    assert!(changes.iter().any(|c| c.kind == ChangeKind::EvidenceWithdrawn), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_were_not_signed_are_left() {
    let t = two().await;
    committed(&t.first, &t.chips, PredicateType::CYCLONEDX, SBOM).await;
    let remote = t.first.remote(&t.maker_there.token);
    let bundle = blocking(move || {
        let evidence = remote.evidence(None, true).unwrap();
        let redacted = evidence.iter().find(|e| e.level == "redacted").unwrap();
        let item = Gathering::new(&remote, None).parts(redacted).unwrap().unwrap();
        serde_json::to_string(&Bundle { items: vec![item], ..Bundle::default() }).unwrap()
    })
    .await;
    let changed = bundle.replace("zlib", "zlob");
    assert_ne!(changed, bundle);
    let (remote, peer) = (t.second.remote(&t.second.token), t.peer.clone());
    let (refused, taken) = blocking(move || {
        let refused = remote.take_bundle(&peer, changed.as_bytes()).unwrap();
        (refused, remote.take_bundle(&peer, bundle.as_bytes()).unwrap())
    })
    .await;
    let [left] = refused.left.as_slice() else { panic!("{refused:?}") };
    assert!(left.why.contains("not what was signed"), "{left:?}");
    assert_eq!((refused.taken, taken.taken), (0, 1));
}
