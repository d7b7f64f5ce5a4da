//! A chain of three organizations: registering, disclosing, linking, withdrawing; and what must not work.

mod support;

use record::{AspectState, Sha256};
use share::{
    EvidenceFilter, EvidenceState, NewRelease, OrganizationKind, Paging, Platform, ProductKind, ReadError,
    Registration, Role, WriteError,
};
use statement::{
    AssetKind, DeclaredAsset, DeclaredRelease, DisclosureLevel, GrantScope, PredicateType, Statement,
    Subject, SystemRegistration, Unverified, Withdrawal,
};
use support::{FIRMWARE, LIBRARY, SBOM, chain, party, places, sbom};

#[tokio::test]
async fn direct_customers_get_it_redacted_and_others_do_not_get_it() {
    let c = chain().await;
    let id = c.register(&c.chips, &sbom(LIBRARY)).await.unwrap();
    assert_eq!(c.level(&c.chips, &id), Some(DisclosureLevel::FullAndReshare));
    assert_eq!(c.level(&c.maker, &id), Some(DisclosureLevel::Redacted));
    assert_eq!(c.level(&c.water, &id), None);
    let redacted = c.platform.document(&c.maker.viewer, &id).await.unwrap();
    let text = String::from_utf8(redacted.json.to_vec()).unwrap();
    assert!(text.contains("zlib") && !text.contains("Ecret"), "{text}");
    assert!(matches!(c.platform.statement(&c.maker.viewer, &id).await, Err(ReadError::NotFound)));
    assert!(matches!(c.platform.document(&c.water.viewer, &id).await, Err(ReadError::NotFound)));
}

#[tokio::test]
async fn further_hops_get_only_what_each_hop_may_and_does_hand_on() {
    let c = chain().await;
    let id = c.register(&c.chips, &sbom(LIBRARY)).await.unwrap();
    c.grant(&c.maker, &c.water, GrantScope::Everything, DisclosureLevel::Full).await;
    assert_eq!(c.level(&c.water, &id), None, "the maker may not re-share");
    c.grant(&c.chips, &c.maker, GrantScope::Everything, DisclosureLevel::FullAndReshare).await;
    assert_eq!(c.level(&c.water, &id), Some(DisclosureLevel::Full));
    let firmware = c.platform.release(&c.water.viewer, &c.firmware).unwrap();
    assert_eq!(firmware.parts[0].id, c.library);
    c.grant(&c.chips, &c.maker, GrantScope::Evidence { id: id.to_string() }, DisclosureLevel::Exists).await;
    assert_eq!(c.level(&c.maker, &id), Some(DisclosureLevel::Exists), "the most specific grant decides");
    assert_eq!(c.level(&c.water, &id), None);
}

#[tokio::test]
async fn the_owner_sees_who_looked() {
    let c = chain().await;
    let id = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    c.platform.document(&c.water.viewer, &id).await.unwrap();
    let accesses = c.platform.accesses(&c.maker.viewer, None, None).await.unwrap();
    assert_eq!(accesses.items.len(), 1);
    assert_eq!(accesses.items[0].organization.name, "Water");
    assert!(c.platform.accesses(&c.water.viewer, None, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_statement_is_registered_once_and_a_newer_one_replaces_it() {
    let c = chain().await;
    let first = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    assert_eq!(c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap(), first);
    let newer =
        Statement::of_document(vec![Subject::new("renamed", FIRMWARE)], PredicateType::CYCLONEDX, SBOM)
            .unwrap();
    let second = c.register(&c.maker, &newer).await.unwrap();
    let old = c.platform.evidence(&c.water.viewer, &first).unwrap();
    assert_eq!((old.state, old.superseded_by), (EvidenceState::Superseded, Some(second.clone())));
    let listed = c.platform.evidence_list(&c.water.viewer, &EvidenceFilter::default(), &Paging::default());
    assert_eq!(listed.items.iter().map(|e| &e.id).collect::<Vec<_>>(), [&second]);
    assert_eq!(c.platform.history(&c.water.viewer, &c.firmware).unwrap().len(), 2);
}

#[tokio::test]
async fn advisories_of_a_release_stand_beside_each_other_and_newer_editions_replace_older_ones() {
    let c = chain().await;
    let advisory = |id: &str, revision: u32| {
        let text = format!(r#"{{"document": {{"tracking": {{"id": "{id}", "version": "{revision}"}}}}}}"#);
        Statement::of_document(vec![Subject::new("firmware", FIRMWARE)], PredicateType::CSAF, &text).unwrap()
    };
    let first = c.register(&c.maker, &advisory("MK-1", 1)).await.unwrap();
    let other = c.register(&c.maker, &advisory("MK-2", 1)).await.unwrap();
    let state = |id| c.platform.evidence(&c.water.viewer, id).unwrap();
    assert_eq!((state(&first).state, state(&other).supersedes), (EvidenceState::Current, None));
    let newer = c.register(&c.maker, &advisory("MK-1", 2)).await.unwrap();
    assert_eq!((state(&first).superseded_by, state(&other).state), (Some(newer), EvidenceState::Current));
}

#[tokio::test]
async fn a_withdrawal_travels_to_those_who_had_the_statement() {
    let c = chain().await;
    let statement = sbom(FIRMWARE);
    let id = c.register(&c.maker, &statement).await.unwrap();
    let signed = Unverified::from(statement.sign(&[&c.maker.key]).unwrap());
    let payload = signed.verify(&c.platform.own_keys(&c.maker.viewer)).unwrap().payload_sha256();
    let withdrawal = Withdrawal { reason: "wrong file".to_owned() };
    let withdrawal = Statement::new(vec![Subject::new("sbom", payload)], &withdrawal).unwrap();
    c.register(&c.maker, &withdrawal).await.unwrap();
    let view = c.platform.evidence(&c.water.viewer, &id).unwrap();
    assert_eq!(
        (view.state, view.withdrawn_because.as_deref()),
        (EvidenceState::Withdrawn, Some("wrong file"))
    );
    let changes = c.platform.changes(&c.water.viewer, None, None);
    assert!(changes.items.iter().any(|e| e.kind == share::ChangeKind::EvidenceWithdrawn));
    assert!(matches!(c.register(&c.chips, &withdrawal).await, Err(WriteError::UnknownSubject)));
}

#[tokio::test]
async fn a_system_is_bound_to_releases_and_its_status_follows_the_evidence() {
    let c = chain().await;
    let asset = |id: &str, digest| DeclaredAsset {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: AssetKind::Equipment,
        parent: None,
        release: Some(DeclaredRelease { sha256: Some(digest), ..DeclaredRelease::default() }),
    };
    let registration = SystemRegistration {
        model: serde_json::json!({}),
        assets: vec![asset("rtu1", FIRMWARE), asset("x", Sha256([0; 32]))],
    };
    let subject = Subject::new("Plant", Sha256([7; 32]));
    c.register(&c.water, &Statement::new(vec![subject], &registration).unwrap()).await.unwrap();
    let status = c.platform.status(&c.water.viewer);
    assert_eq!(status.nodes[0].children[0].configuration.state, AspectState::None);
    let sbom = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    let node = c.platform.status(&c.water.viewer).nodes.remove(0);
    let rtu = &node.children[0];
    assert_eq!(
        (rtu.configuration.state, rtu.configuration.evidence.as_deref()),
        (AspectState::Known, Some(sbom.as_str()))
    );
    assert_eq!(rtu.configuration.by.as_deref(), Some("Maker"));
    assert_eq!(node.configuration.state, AspectState::None, "a parent takes its worst child");
    assert!(c.platform.systems(&c.maker.viewer).is_empty(), "a system model does not leave its owner");
    let change = c.platform.changes(&c.water.viewer, None, None).items.pop().unwrap();
    assert_eq!(change.why, "your system `Plant` contains KR-200 1.0");
    let installed = c.platform.release(&c.water.viewer, &c.firmware).unwrap().installed_in.unwrap();
    assert_eq!(installed[0].asset, "rtu1");
    let (admin, id) = (c.platform.local_administrator(), "CVE-2022-37434");
    let library = c.register(&c.chips, &support::sbom(support::LIBRARY)).await.unwrap();
    for evidence in [&sbom, &library].map(|id| share::EvidenceId::new(id.as_str())) {
        let found = [id.to_owned()].into();
        c.platform.keep_matches(&admin, &evidence, Sha256([8; 32]), found).await.unwrap();
    }
    let affected = |who: &support::Party, installed| c.platform.affected(&who.viewer, id, installed).releases;
    let known = affected(&c.water, true);
    assert_eq!((known.len(), known[0].installed_in[0].asset.as_str()), (1, "rtu1"));
    assert_eq!(affected(&c.maker, false).len(), 2, "its own, and what it was delivered");
    assert!(affected(&c.maker, true).is_empty(), "it has no system");
}

#[tokio::test]
async fn statements_by_others_revoked_keys_or_about_nothing_are_refused() {
    let c = chain().await;
    let foreign = Unverified::from(sbom(FIRMWARE).sign(&[&c.chips.key]).unwrap());
    let foreign = foreign.verify(&c.platform.own_keys(&c.chips.viewer)).unwrap();
    let refused = c.platform.register(&c.maker.viewer, foreign, Registration::default()).await;
    assert!(matches!(refused, Err(WriteError::NotYourKey)));
    assert!(matches!(c.register(&c.maker, &sbom(Sha256([0; 32]))).await, Err(WriteError::UnknownSubject)));
    assert!(matches!(c.register(&c.water, &sbom(LIBRARY)).await, Err(WriteError::UnknownSubject)));
    let signed = Unverified::from(sbom(FIRMWARE).sign(&[&c.maker.key]).unwrap());
    let signed = signed.verify(&c.platform.own_keys(&c.maker.viewer)).unwrap();
    c.platform.revoke_key(&c.maker.viewer, c.maker.key.public().id()).await.unwrap();
    let refused = c.platform.register(&c.maker.viewer, signed, Registration::default()).await;
    assert!(matches!(refused, Err(WriteError::Revoked { .. })));
}

#[tokio::test]
async fn registrations_survive_a_restart_and_are_proven_by_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let places = places::places(folder.path()).await;
    let platform = Platform::open_at(&places).await.unwrap();
    let admin = platform.local_administrator();
    let maker = party(&platform, &admin, "Maker", 2, OrganizationKind::EquipmentManufacturer).await;
    let product = platform.add_product(&maker.viewer, "KR", ProductKind::Equipment).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..5_u8 {
        let release = NewRelease {
            version: n.to_string(),
            artifacts: vec![("a".to_owned(), Sha256([n; 32]), None)],
            parts: vec![],
        };
        platform.add_release(&maker.viewer, &product, release).await.unwrap();
        let claim = Unverified::from(sbom(Sha256([n; 32])).sign(&[&maker.key]).unwrap());
        let verified = claim.verify(&platform.own_keys(&maker.viewer)).unwrap();
        let registered = platform.register(&maker.viewer, verified, Registration::default()).await.unwrap();
        ids.push(registered.evidence().unwrap().id.clone());
    }
    let before = serde_json::to_string(&platform.products(&maker.viewer, false)).unwrap();
    platform.close().await;
    let platform = Platform::open_at(&places).await.unwrap();
    assert_eq!(serde_json::to_string(&platform.products(&maker.viewer, false)).unwrap(), before);
    let known = [platform.log_key().parse().unwrap()];
    for id in &ids {
        let proof = platform.proof(&maker.viewer, id, None).await.unwrap();
        let (checkpoint, _) = tlog::Checkpoint::open(&proof.checkpoint, &known).unwrap();
        let hash = |text: &String| tlog::Hash::from_slice(&hex::decode(text).unwrap()).unwrap();
        let hashes: Vec<_> = proof.hashes.iter().map(hash).collect();
        tlog::verify_inclusion(
            proof.log_index,
            checkpoint.size,
            hash(&proof.leaf_hash),
            &hashes,
            checkpoint.root,
        )
        .unwrap();
    }
    assert_eq!(platform.log_tile("0/000.p/5").await.unwrap().len(), 5 * 32);
    assert_eq!(platform.log_tile("entries/000.p/5").await.unwrap().len(), 5 * 34);
    assert!(matches!(platform.log_tile("0/000.p/6").await, Err(ReadError::NotFound)));
}

#[tokio::test]
async fn a_login_link_works_once_and_a_token_until_it_is_revoked() {
    let c = chain().await;
    let admin = c.platform.local_administrator();
    let link = c.platform.login_link(&admin, c.water.viewer.account()).await.unwrap();
    let session = c.platform.log_in(link.reveal()).await.unwrap().unwrap();
    assert!(c.platform.log_in(link.reveal()).await.unwrap().is_none());
    let (viewer, view) = c.platform.viewer_of_session(session.secret.reveal()).await.unwrap().unwrap();
    assert_eq!((viewer.organization(), view.organization.name.as_str()), (&c.water.id, "Water"));
    c.platform.log_out(session.secret.reveal()).await.unwrap();
    assert!(c.platform.viewer_of_session(session.secret.reveal()).await.unwrap().is_none());
    let token = c.platform.add_token(&viewer, "ci", Role::Publisher).await.unwrap();
    let (of_token, _) = c.platform.viewer_of_token(token.secret.reveal()).await.unwrap().unwrap();
    assert_eq!(of_token.role(), Role::Publisher);
    assert!(matches!(
        c.platform.add_token(&of_token, "more", Role::Administrator).await,
        Err(WriteError::Role)
    ));
    assert!(of_token.administrator().is_none());
    assert!(matches!(c.platform.add_instance_token(&viewer, "more").await, Err(WriteError::Role)));
    c.platform.revoke_token(&viewer, &token.id).await.unwrap();
    assert!(c.platform.viewer_of_token(token.secret.reveal()).await.unwrap().is_none());
}
