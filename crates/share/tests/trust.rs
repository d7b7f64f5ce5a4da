//! Keys, heads, commitments, questions, four eyes and emergencies.

mod support;

use std::collections::BTreeSet;

use record::{AspectState, Sha256};
use sha2::Digest as _;
use share::{
    ChangeKind, EvidenceFilter, EvidenceId, EvidenceState, ReadError, Registered, Registration, Role, Viewer,
    WriteError,
};
use statement::{
    AnswerVerdict, Delegation, DisclosureGrant, DisclosureLevel, EvidenceType, GrantScope, Head,
    KeyRevocation, KeyRotation, PredicateType, Redactable, SigningKey, Statement, Subject, Timestamp,
    list_digest,
};
use support::{Chain, FIRMWARE, LIBRARY, Party, SBOM, chain, sbom};

fn key_subject(key: &SigningKey) -> Vec<Subject> {
    vec![Subject::new("x", key.public().id().0)]
}

#[tokio::test]
async fn a_new_key_is_introduced_by_the_old_one_and_proves_itself() {
    let c = chain().await;
    let new = SigningKey::from_seed(&[77; 32]);
    let body = KeyRotation { public_key: new.public(), replaces: Some(c.maker.key.public().id()) };
    let rotation = Statement::new(key_subject(&new), &body).unwrap();
    let alone = c.register(&c.maker, &rotation).await;
    assert!(matches!(alone, Err(WriteError::KeyProof { .. })));
    let both = [&c.maker.key, &new];
    let id = c.hand_in(&c.maker.viewer, &both, &rotation, Registration::default()).await.unwrap();
    let id = id.evidence().unwrap().id.clone();
    assert_eq!(c.level(&c.water, &id), Some(DisclosureLevel::Full), "customers learn of it");
    assert_eq!(c.level(&c.chips, &id), Some(DisclosureLevel::Full), "suppliers as well");
    let old = c.register(&c.maker, &sbom(FIRMWARE)).await;
    assert!(matches!(old, Err(WriteError::Revoked { .. })));
    c.hand_in(&c.maker.viewer, &[&new], &sbom(FIRMWARE), Registration::default()).await.unwrap();
}

#[tokio::test]
async fn a_revocation_is_a_statement_and_ends_the_key() {
    let c = chain().await;
    let body = KeyRevocation { reason: "stolen".to_owned() };
    let foreign = Statement::new(key_subject(&c.chips.key), &body).unwrap();
    assert!(matches!(c.register(&c.maker, &foreign).await, Err(WriteError::NotFound { .. })));
    let own = Statement::new(key_subject(&c.maker.key), &body).unwrap();
    c.register(&c.maker, &own).await.unwrap();
    let late = c.register(&c.maker, &sbom(FIRMWARE)).await;
    assert!(matches!(late, Err(WriteError::Revoked { .. })));
    let changes = c.platform.changes(&c.water.viewer, None, None).items;
    assert!(changes.iter().any(|c| c.kind == ChangeKind::KeyChanged));
}

fn head(c: &Chain, entries: &[Sha256], days: i64) -> Statement {
    let now = c.platform.now();
    let head = Head {
        link: c.platform.links(&c.water.viewer)[0].id.to_string(),
        count: entries.len() as u64,
        list_sha256: list_digest(entries),
        issued: now,
        valid_until: now.plus(days * 86_400),
    };
    Statement::new(key_subject(&c.water.key), &head).unwrap()
}

#[tokio::test]
async fn a_head_counts_what_the_customer_sees_and_nothing_else() {
    let c = chain().await;
    let link = c.platform.links(&c.water.viewer)[0].id.clone();
    c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    c.register(&c.chips, &sbom(LIBRARY)).await.unwrap();
    let list = c.platform.link_list(&c.maker.viewer, &link).unwrap();
    assert_eq!((list.entries.len(), list.own, list.head.is_some()), (1, true, false));
    assert!(matches!(c.register(&c.maker, &head(&c, &[], 1)).await, Err(WriteError::Head { count: 1 })));
    assert!(matches!(
        c.register(&c.water, &head(&c, &list.entries, 1)).await,
        Err(WriteError::NotFound { .. })
    ));
    c.register(&c.maker, &head(&c, &list.entries, 1)).await.unwrap();
    let seen = c.platform.link_list(&c.water.viewer, &link).unwrap();
    assert_eq!(seen.entries, list.entries);
    assert!(seen.head.unwrap().matches);
    c.register(&c.maker, &other_sbom()).await.unwrap();
    let later = c.platform.link_list(&c.water.viewer, &link).unwrap();
    assert!(!later.head.unwrap().matches, "one more is disclosed than was signed");
    assert!(matches!(c.platform.link_list(&c.chips.viewer, &link), Err(ReadError::NotFound)));
}

fn other_sbom() -> Statement {
    let subject = vec![Subject::new("b.bin", FIRMWARE)];
    Statement::of_document(subject, PredicateType::SPDX, r#"{"spdxVersion":"SPDX-2.3","packages":[]}"#)
        .unwrap()
}

async fn commit(c: &Chain, seed: [u8; 32]) -> Result<Registered, WriteError> {
    let document = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    let root = Redactable::open(SBOM, &[5; 32]).unwrap().commitment(PredicateType::CYCLONEDX);
    let commitment = Statement::new(vec![Subject::new("a.bin", FIRMWARE)], &root).unwrap();
    let about =
        Registration { document: Some(document), seed: Some(Sha256(seed)), ..Registration::default() };
    c.hand_in(&c.maker.viewer, &[&c.maker.key], &commitment, about).await
}

#[tokio::test]
async fn a_customer_checks_what_it_is_shown_against_the_suppliers_signature() {
    let c = chain().await;
    let commitment = commit(&c, [5; 32]).await.unwrap().evidence().unwrap().id.clone();
    let document = c.platform.evidence_list(&c.water.viewer, &Default::default(), &Default::default()).items;
    let document = document.iter().find(|e| e.r#type == EvidenceType::Sbom).unwrap();
    let shown = c.platform.shown(&c.water.viewer, &document.id).await.unwrap();
    assert_eq!((shown.commitment.id, shown.opaque), (commitment.clone(), 1));
    let envelope = c.platform.statement(&c.water.viewer, &commitment).await.unwrap();
    let mut ring = statement::KeyRing::default();
    ring.accept(c.maker.key.public(), "Maker");
    let verified = statement::Unverified::<Statement>::read(envelope).unwrap().verify(&ring).unwrap();
    shown.view.verify(verified.predicate::<statement::Commitment>().unwrap().value()).unwrap();
    assert!(!shown.view.document().to_string().contains("ecret"));
    assert!(matches!(c.platform.shown(&c.chips.viewer, &document.id).await, Err(ReadError::NotFound)));
}

/// What takes back the evidence of `by` with that id.
async fn withdraw(c: &Chain, by: &Party, id: &EvidenceId) -> Result<EvidenceId, WriteError> {
    let envelope = c.platform.statement(&by.viewer, id).await.unwrap();
    let payload = statement::Envelope::read(envelope.as_slice()).unwrap().payload;
    let payload = Sha256(sha2::Sha256::digest(&payload).into());
    let body = statement::Withdrawal { reason: "wrong file".to_owned() };
    c.register(by, &Statement::new(vec![Subject::new("x", payload)], &body).unwrap()).await
}

#[tokio::test]
async fn whoever_has_a_part_of_a_document_learns_that_it_was_taken_back() {
    let c = chain().await;
    let commitment = commit(&c, [5; 32]).await.unwrap().evidence().unwrap().id.clone();
    let found = |of: &Party| {
        let filter =
            EvidenceFilter { kind: Some(EvidenceType::Sbom), all_states: true, ..Default::default() };
        c.platform.evidence_list(&of.viewer, &filter, &Default::default()).items.remove(0)
    };
    let document = found(&c.water).id;
    let refused = withdraw(&c, &c.maker, &document).await;
    assert!(matches!(refused, Err(WriteError::CommitmentStands { .. })), "{refused:?}");
    let taken_back = withdraw(&c, &c.maker, &commitment).await.unwrap();
    assert_eq!(c.level(&c.water, &taken_back), Some(DisclosureLevel::Full), "to be shown elsewhere as well");
    let taken_back = withdraw(&c, &c.maker, &document).await.unwrap();
    assert_eq!(c.level(&c.water, &taken_back), Some(DisclosureLevel::Redacted));
    let seen = found(&c.water);
    assert_eq!((seen.state, seen.level), (EvidenceState::Withdrawn, DisclosureLevel::Redacted));
    assert_eq!(seen.withdrawn_because.as_deref(), Some("wrong file"));
    let changes = c.platform.changes(&c.water.viewer, None, None).items;
    let withdrawn = changes.iter().filter(|c| c.kind == ChangeKind::EvidenceWithdrawn);
    assert_eq!(withdrawn.count(), 2, "of the commitment and of the document");
}

#[tokio::test]
async fn a_commitment_to_something_else_is_refused() {
    let c = chain().await;
    assert!(matches!(commit(&c, [6; 32]).await, Err(WriteError::Commitment)));
}

async fn delegate(c: &Chain, by: &Party, types: Vec<EvidenceType>) {
    let public_key = c.platform.instance_key();
    let subject = vec![Subject::new("platform", public_key.id().0)];
    c.register(by, &Statement::new(subject, &Delegation { public_key, types }).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_question_is_answered_without_the_document_and_within_a_budget() {
    let c = chain().await;
    let sbom = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    c.grant(&c.maker, &c.water, GrantScope::Everything, DisclosureLevel::Exists).await;
    let ask = || c.platform.question(&c.water.viewer, &c.firmware, "CVE-2022-37434");
    assert!(matches!(ask().await, Err(WriteError::NotDelegated)));
    delegate(&c, &c.maker, vec![EvidenceType::Answer]).await;
    let link = c.platform.links(&c.water.viewer)[0].id.clone();
    assert!(matches!(
        c.platform.allow_questions(&c.water.viewer, &link, 9).await,
        Err(WriteError::NotFound { .. })
    ));
    c.platform.allow_questions(&c.maker.viewer, &link, 1).await.unwrap();
    let question = ask().await.unwrap();
    assert!(String::from_utf8_lossy(question.document()).contains("zlib"));
    let second = ask().await.unwrap();
    let answer =
        c.platform.answer(&c.water.viewer, question, AnswerVerdict::Affected, Sha256([1; 32])).await.unwrap();
    assert_eq!((answer.verdict, answer.left), (AnswerVerdict::Affected, 0));
    assert_eq!(answer.evidence.issuer.name, "This platform");
    assert_eq!(
        c.level(&c.maker, &answer.evidence.id),
        Some(DisclosureLevel::FullAndReshare),
        "the owner sees it"
    );
    assert_eq!(c.level(&c.chips, &answer.evidence.id), None);
    assert!(matches!(c.platform.document(&c.water.viewer, &sbom).await, Err(ReadError::NotFound)));
    let over = c.platform.answer(&c.water.viewer, second, AnswerVerdict::Affected, Sha256([1; 32])).await;
    assert!(matches!(over, Err(WriteError::Budget { a_month: 1 })));
    assert!(matches!(ask().await, Err(WriteError::Budget { .. })));
    let unseen = c.platform.question(&c.chips.viewer, &c.firmware, "CVE-1").await;
    assert!(matches!(unseen, Err(WriteError::NotFound { .. })));
}

#[tokio::test]
async fn a_withdrawn_delegation_ends_what_the_platform_may_say() {
    let c = chain().await;
    c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    let public_key = c.platform.instance_key();
    let body = Delegation { public_key, types: vec![EvidenceType::Answer] };
    let statement = Statement::new(vec![Subject::new("p", public_key.id().0)], &body).unwrap();
    c.register(&c.maker, &statement).await.unwrap();
    c.platform.question(&c.water.viewer, &c.firmware, "CVE-1").await.unwrap();
    let signed = statement::Unverified::from(statement.sign(&[&c.maker.key]).unwrap());
    let payload = signed.verify(&c.platform.own_keys(&c.maker.viewer)).unwrap().payload_sha256();
    let withdrawal = statement::Withdrawal { reason: "enough".to_owned() };
    c.register(&c.maker, &Statement::new(vec![Subject::new("d", payload)], &withdrawal).unwrap())
        .await
        .unwrap();
    let refused = c.platform.question(&c.water.viewer, &c.firmware, "CVE-1").await;
    assert!(matches!(refused, Err(WriteError::NotDelegated)));
}

async fn colleague(c: &Chain, role: Role) -> Viewer {
    let admin = c.platform.local_administrator();
    let account = c.platform.add_account(&admin, &c.maker.id, "second", role, false).await.unwrap();
    c.platform.viewer(&admin, &account).await.unwrap()
}

#[tokio::test]
async fn with_four_eyes_a_statement_waits_for_somebody_else() {
    let c = chain().await;
    let (second, reader) = (colleague(&c, Role::Approver).await, colleague(&c, Role::Publisher).await);
    assert!(matches!(c.platform.require_four_eyes(&second, true).await, Err(WriteError::Role)));
    c.platform.require_four_eyes(&c.maker.viewer, true).await.unwrap();
    let handed = c.hand_in(&c.maker.viewer, &[&c.maker.key], &sbom(FIRMWARE), Registration::default()).await;
    let Registered::Waiting(waiting) = handed.unwrap() else { panic!("it was registered at once") };
    let log = c.platform.log_size().await.unwrap();
    assert!(c.platform.changes(&c.water.viewer, None, None).items.iter().all(|c| c.evidence.is_none()));
    assert!(c.platform.pending(&c.water.viewer).await.unwrap().is_empty(), "others see nothing of it");
    let own = c.platform.approve(&c.maker.viewer, &waiting.id).await;
    assert!(matches!(own, Err(WriteError::SamePerson)));
    assert!(matches!(c.platform.approve(&reader, &waiting.id).await, Err(WriteError::Role)));
    assert!(matches!(
        c.platform.approve(&c.water.viewer, &waiting.id).await,
        Err(WriteError::NotFound { .. })
    ));
    assert_eq!(c.platform.pending(&second).await.unwrap()[0].by.name, "root");
    let evidence = c.platform.approve(&second, &waiting.id).await.unwrap();
    assert_eq!(c.level(&c.water, &evidence.id), Some(DisclosureLevel::Redacted));
    assert_eq!(c.platform.log_size().await.unwrap(), log + 1);
    assert!(c.platform.pending(&second).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_waits_is_checked_again_when_it_is_approved() {
    let c = chain().await;
    let second = colleague(&c, Role::Approver).await;
    c.platform.require_four_eyes(&c.maker.viewer, true).await.unwrap();
    let handed = c.hand_in(&c.maker.viewer, &[&c.maker.key], &sbom(FIRMWARE), Registration::default()).await;
    let Registered::Waiting(waiting) = handed.unwrap() else { panic!("it was registered at once") };
    c.platform.revoke_key(&c.maker.viewer, c.maker.key.public().id()).await.unwrap();
    assert!(matches!(c.platform.approve(&second, &waiting.id).await, Err(WriteError::Revoked { .. })));
    c.platform.reject(&second, &waiting.id).await.unwrap();
    assert!(c.platform.pending(&second).await.unwrap().is_empty());
}

async fn grant(c: &Chain, level: DisclosureLevel, emergency: bool) {
    let grant =
        DisclosureGrant { scope: GrantScope::Everything, types: None, level, valid_until: None, emergency };
    let statement = Statement::new(key_subject(&c.water.key), &grant).unwrap();
    c.register(&c.maker, &statement).await.unwrap();
}

#[tokio::test]
async fn an_emergency_widens_to_the_outcome_only_where_the_owner_said_so() {
    let c = chain().await;
    let admin = c.platform.local_administrator();
    let id = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    grant(&c, DisclosureLevel::Exists, false).await;
    let (list, known) = (Sha256([4; 32]), BTreeSet::from(["CVE-2022-37434".to_owned()]));
    c.platform.keep_matches(&admin, &id, Sha256([8; 32]), known.clone()).await.unwrap();
    assert_eq!(c.platform.declare_emergency(&admin, list, &known).await.unwrap(), 1);
    assert_eq!(c.level(&c.water, &id), Some(DisclosureLevel::Exists));
    let told = |who: &Party| c.platform.changes(&who.viewer, None, None).items;
    let emergency = |c: &share::ChangeView| c.kind == ChangeKind::Emergency;
    assert!(told(&c.maker).iter().any(emergency), "the owner is told");
    assert!(!told(&c.water).iter().any(emergency));
    grant(&c, DisclosureLevel::Exists, true).await;
    assert_eq!(c.level(&c.water, &id), Some(DisclosureLevel::Outcome));
    let change = told(&c.water).into_iter().find(emergency).unwrap();
    assert!(change.why.contains(&list.to_string()) && change.why.contains("KR-200"), "{}", change.why);
    assert!(matches!(c.platform.document(&c.water.viewer, &id).await, Err(ReadError::NotFound)));
    let again = c.platform.declare_emergency(&admin, list, &known).await;
    assert!(matches!(again, Err(WriteError::Exists { .. })));
}

#[tokio::test]
async fn what_a_supplier_has_not_confirmed_lately_is_stale() {
    let c = chain().await;
    c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    let link = c.platform.links(&c.water.viewer)[0].id.clone();
    let state = || c.platform.release(&c.water.viewer, &c.firmware).unwrap().aspects.configuration;
    assert_eq!((state().state, state().valid_until), (AspectState::Known, None));
    let entries = c.platform.link_list(&c.maker.viewer, &link).unwrap().entries;
    c.register(&c.maker, &head(&c, &entries, 1)).await.unwrap();
    assert_eq!(state().state, AspectState::Known);
    assert!(state().valid_until.is_some());
    let now = c.platform.now();
    let past = Head {
        link: link.to_string(),
        count: entries.len() as u64,
        list_sha256: list_digest(&entries),
        issued: Timestamp::from_unix(0).unwrap(),
        valid_until: now,
    };
    c.register(&c.maker, &Statement::new(key_subject(&c.water.key), &past).unwrap()).await.unwrap();
    assert_eq!(state().state, AspectState::Stale);
    assert!(state().why.contains("has not confirmed it since"), "{}", state().why);
}

#[tokio::test]
async fn a_vulnerability_leads_to_the_systems_it_concerns_for_whoever_may_see_the_components() {
    let c = chain().await;
    let admin = c.platform.local_administrator();
    let id = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    let data = Sha256([8; 32]);
    assert_eq!(c.platform.unmatched(&admin, data).await.unwrap(), std::slice::from_ref(&id));
    let known = BTreeSet::from(["CVE-2022-37434".to_owned()]);
    assert_eq!(c.platform.keep_matches(&admin, &id, data, known.clone()).await.unwrap(), 1);
    assert!(c.platform.unmatched(&admin, data).await.unwrap().is_empty());
    assert_eq!(c.platform.unmatched(&admin, Sha256([9; 32])).await.unwrap().len(), 1, "newer data ask again");
    let affected = c.platform.affected(&c.water.viewer, "CVE-2022-37434", false);
    assert_eq!(affected.releases[0].release.id, c.firmware);
    assert!(c.platform.affected(&c.chips.viewer, "CVE-2022-37434", false).releases.is_empty());
    let told = |who: &Party| c.platform.changes(&who.viewer, None, None).items;
    let about = |c: &share::ChangeView| c.kind == ChangeKind::VulnerabilityKnown;
    let change = told(&c.water).into_iter().find(about).unwrap();
    assert_eq!(change.why, "CVE-2022-37434: known in a component; `Maker` delivers KR-200 1.0 to you");
    grant(&c, DisclosureLevel::Outcome, false).await;
    assert!(c.platform.affected(&c.water.viewer, "CVE-2022-37434", false).releases.is_empty());
    assert!(!told(&c.water).iter().any(about));
    assert_eq!(c.platform.keep_matches(&admin, &id, data, BTreeSet::new()).await.unwrap(), 0);
    assert!(c.platform.affected(&c.maker.viewer, "CVE-2022-37434", false).releases.is_empty());
}
