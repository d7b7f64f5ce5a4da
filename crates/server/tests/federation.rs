//! Four instances in a row, each with a log, keys and people of its own: what the first one's supplier signs reaches the
//! operator at the last, verified at every hop, and no further than each hop allows.

mod support;

use client::{Bundle, Gathering, Pulled};
use sha2::Digest as _;
use share::{ChangeKind, EvidenceState, EvidenceView, NewLink, Progress, Registered, Registration, Role};
use statement::{
    DisclosureGrant, DisclosureLevel, EvidenceType, GrantScope, Head, Statement, Subject, Unverified,
    Withdrawal, list_digest,
};
use support::FIRMWARE;
use support::instances::{BUILDER, CHIPS, Instance, MAKER, Party, WATER, blocking, key, release, sbom};

/// Chips registers at the first; Maker, Builder and Water follow one another.
struct Row {
    first: Instance,
    second: Instance,
    third: Instance,
    fourth: Instance,
    chips: Party,
    water: Party,
    peers: [String; 3],
    sbom: EvidenceView,
    /// Water's token at the third.
    water_there: String,
}

async fn row() -> Row {
    let (first, second) = (Instance::start().await, Instance::start().await);
    let (third, fourth) = (Instance::start().await, Instance::start().await);
    let (all, level) = (&[CHIPS, MAKER, BUILDER], DisclosureLevel::FullAndReshare);

    let (chips, maker) = (first.party(CHIPS).await, first.party(MAKER).await);
    first.hand_on(&chips, CHIPS, &maker, MAKER, level).await;
    release(&first, &chips).await;
    let sbom = first.register(&chips, CHIPS, sbom()).await;

    let (maker_there, builder) = (second.party(MAKER).await, second.party(BUILDER).await);
    second.hand_on(&maker_there, MAKER, &builder, BUILDER, level).await;
    let to_first = second.follow(&first, &maker_there, &maker.token, all).await;

    let (builder_there, water) = (third.party(BUILDER).await, third.party(WATER).await);
    third.hand_on(&builder_there, BUILDER, &water, WATER, DisclosureLevel::Full).await;
    let to_second = third.follow(&second, &builder_there, &builder.token, all).await;

    let (water_there, water) = (water.token, fourth.party(WATER).await);
    let to_third = fourth.follow(&third, &water, &water_there, all).await;
    let peers = [to_first, to_second, to_third];
    Row { first, second, third, fourth, chips, water, peers, sbom, water_there }
}

impl Row {
    async fn pull(&self) -> [Pulled; 3] {
        [
            self.second.pull(&self.peers[0]).await.unwrap(),
            self.third.pull(&self.peers[1]).await.unwrap(),
            self.fourth.pull(&self.peers[2]).await.unwrap(),
        ]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_reaches_the_fourth_instance_with_its_provenance() {
    let row = row().await;
    for pulled in row.pull().await {
        assert_eq!((pulled.taken, pulled.left.as_slice()), (1, [].as_slice()));
    }
    let there = row.fourth.evidence(&row.water, EvidenceType::Sbom);
    let [arrived] = there.as_slice() else { panic!("{there:?}") };
    assert_eq!((arrived.issuer.name.as_str(), arrived.level), ("Chips", DisclosureLevel::Full));
    let release = arrived.release.as_ref().unwrap();
    assert_eq!((release.name.as_str(), release.version.as_str()), ("libchip", "1.0"));
    assert_eq!(arrived.statement_sha256, row.sbom.statement_sha256, "byte for byte what Chips signed");
    let proof = row.fourth.platform.proof(&row.water.viewer, &arrived.id, None).await.unwrap();
    let logs: Vec<_> = proof.hops.iter().map(|h| h.log.clone()).collect();
    let expected = [&row.first, &row.second, &row.third].map(|i| i.platform.log_key());
    assert_eq!(logs, expected);
    let changes = row.fourth.platform.changes(&row.water.viewer, None, Some(200)).items;
    let told = changes.iter().find(|c| c.kind == ChangeKind::EvidenceRegistered).unwrap();
    assert_eq!(told.evidence.as_ref().map(|e| &e.id), Some(&arrived.id));

    // What is known is not fetched again, and what is taken back is taken back everywhere.
    for pulled in row.pull().await {
        assert_eq!((pulled.taken, pulled.left.as_slice()), (0, [].as_slice()));
    }
    let reason = Withdrawal { reason: "wrong file".to_owned() };
    let signed = row.first.platform.statement(&row.chips.viewer, &row.sbom.id).await.unwrap();
    let payload = statement::Envelope::read(signed).unwrap().payload;
    let digest = record::Sha256(<[u8; 32]>::from(sha2::Sha256::digest(payload)));
    let withdrawal = Statement::new(vec![Subject::new("sbom", digest)], &reason).unwrap();
    row.first.register(&row.chips, CHIPS, withdrawal).await;
    row.pull().await;
    let [arrived] = row.fourth.evidence(&row.water, EvidenceType::Sbom).try_into().unwrap();
    assert_eq!(arrived.state, EvidenceState::Withdrawn);
    assert_eq!(arrived.withdrawn_because.as_deref(), Some("wrong file"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_began_here_is_not_taken_again() {
    let row = row().await;
    row.pull().await;
    // The operator's instance is followed by the first one: the row becomes a ring.
    let buyer = row.fourth.party(MAKER).await;
    row.fourth.hand_on(&row.water, WATER, &buyer, MAKER, DisclosureLevel::Full).await;
    let chips_again = row.first.party(("Chips again", 9)).await;
    let peer = row.first.follow(&row.fourth, &chips_again, &buyer.token, &[CHIPS]).await;
    // Water may not hand it on: nothing is offered at all.
    assert_eq!(row.first.pull(&peer).await.unwrap(), Pulled { stays: 1, ..Pulled::default() });
    // The third one may: and what it offers began at the first.
    let maker = row.third.party(MAKER).await;
    let builder =
        row.third.platform.organization_named(&row.third.platform.local_administrator(), "Builder").unwrap();
    let account =
        row.third.platform.account_named(&row.third.platform.local_administrator(), &builder, "root").await;
    let account = account.unwrap().unwrap();
    let viewer =
        row.third.platform.viewer(&row.third.platform.local_administrator(), &account).await.unwrap();
    let builder = Party { id: builder, viewer, token: String::new() };
    row.third.hand_on(&builder, BUILDER, &maker, MAKER, DisclosureLevel::Full).await;
    let peer = row.first.follow(&row.third, &chips_again, &maker.token, &[CHIPS]).await;
    let pulled = row.first.pull(&peer).await.unwrap();
    assert_eq!((pulled.taken, pulled.left.as_slice()), (0, [].as_slice()), "{pulled:?}");
    assert!(row.first.evidence(&chips_again, EvidenceType::Sbom).is_empty());
    assert_eq!(row.first.evidence(&row.chips, EvidenceType::Sbom).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_on_the_receiving_instance_sees_what_came() {
    let row = row().await;
    let rival = row.second.party(("Rival", 7)).await;
    row.pull().await;
    // Not even whom the supplier would serve here by default.
    let admin = row.second.platform.local_administrator();
    let chips = row.second.platform.organization_named(&admin, "Chips").unwrap();
    let account =
        row.second.platform.add_account(&admin, &chips, "root", Role::Administrator, false).await.unwrap();
    let chips = Party {
        viewer: row.second.platform.viewer(&admin, &account).await.unwrap(),
        id: chips,
        token: String::new(),
    };
    let link = NewLink {
        supplier: chips.id.clone(),
        customer: rival.id.clone(),
        products: None,
        valid_from: None,
        valid_to: None,
    };
    let link = row.second.platform.propose_link(&chips.viewer, link).await.unwrap();
    row.second.platform.accept_link(&rival.viewer, &link).await.unwrap();
    assert!(row.second.evidence(&rival, EvidenceType::Sbom).is_empty());
    // Until Chips registers it there itself, and nobody of Chips does that alone where two have to.
    row.second.platform.require_four_eyes(&chips.viewer, true).await.unwrap();
    let claim = Unverified::from(sbom().sign(&[&key(CHIPS)]).unwrap());
    let verified = claim.verify(&row.second.platform.own_keys(&chips.viewer)).unwrap();
    let done = row.second.platform.register(&chips.viewer, verified, Registration::default()).await.unwrap();
    let Registered::Waiting(waiting) = done else { panic!("{done:?}") };
    assert!(row.second.evidence(&rival, EvidenceType::Sbom).is_empty());
    let second =
        row.second.platform.add_account(&admin, &chips.id, "second", Role::Approver, false).await.unwrap();
    let second = row.second.platform.viewer(&admin, &second).await.unwrap();
    row.second.platform.approve(&second, &waiting.id).await.unwrap();
    // Then it is delivered like anything else.
    let [delivered] = row.second.evidence(&rival, EvidenceType::Sbom).try_into().unwrap();
    assert_eq!(delivered.level, DisclosureLevel::Redacted);
    assert_eq!(row.second.platform.pending(&second).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_changed_its_past_is_not_pulled() {
    let row = row().await;
    let admin = row.second.platform.local_administrator();
    row.third.pull(&row.peers[1]).await.unwrap();
    let of_second = row.third.platform.peer(&admin, &row.peers[1]).await.unwrap();
    let (_, another) = of_second.seen.unwrap();
    let peer = row.second.platform.peer(&admin, &row.peers[0]).await.unwrap();
    row.second.platform.peer_seen(&peer, 1, another).await.unwrap();
    let error = row.second.pull(&row.peers[0]).await.unwrap_err().to_string();
    assert!(
        error.contains("502") && error.contains("forked or changed") && error.contains("peer-failed"),
        "{error}"
    );
    let remote = row.second.remote(&row.second.token);
    let peers = blocking(move || remote.peers()).await.unwrap();
    assert_eq!((peers[0].failures, peers[0].tree_size), (1, 1));
    assert!(peers[0].error.as_ref().unwrap().contains("forked"), "{peers:?}");
    let maker = row.second.platform.organization_named(&admin, "Chips");
    assert_eq!(maker, None, "nothing was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pinned_organizations_are_believed() {
    let row = row().await;
    row.pull().await;
    let stranger = Instance::start().await;
    let water = stranger.party(WATER).await;
    let peer = stranger.follow(&row.third, &water, &row.water_there, &[MAKER]).await;
    let pulled = stranger.pull(&peer).await.unwrap();
    let [left] = pulled.left.as_slice() else { panic!("{pulled:?}") };
    assert!(left.why.starts_with("signed by a key you have not accepted"), "{left:?}");
    assert_eq!(pulled.taken, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_taken_where_no_network_is() {
    let row = row().await;
    row.second.pull(&row.peers[0]).await.unwrap();
    row.third.pull(&row.peers[1]).await.unwrap();
    let remote = row.third.remote(&row.water_there);
    let bundle = blocking(move || {
        let evidence = remote.evidence(None, true).unwrap();
        let mut gathering = Gathering::new(&remote, None);
        let full = evidence.iter().filter(|e| e.level.starts_with("full"));
        let items = full.map(|e| gathering.item(e).unwrap().unwrap()).collect();
        serde_json::to_vec(&Bundle { items, ..Bundle::default() }).unwrap()
    })
    .await;
    let changed = String::from_utf8(bundle.clone())
        .unwrap()
        .replace("\"version\":\"1.0\"", "\"version\":\"1.0\\u0007\"");
    let (remote, peer) = (row.fourth.remote(&row.fourth.token), row.peers[2].clone());
    let (refused, taken, again) = blocking(move || {
        let refused = remote.take_bundle(&peer, changed.as_bytes()).unwrap();
        let taken = remote.take_bundle(&peer, &bundle).unwrap();
        (refused, taken, remote.take_bundle(&peer, &bundle).unwrap())
    })
    .await;
    let about_sbom = |pulled: &Pulled| pulled.left.iter().filter(|l| l.why.contains("version")).count();
    assert_eq!((refused.taken, about_sbom(&refused)), (0, 1), "{refused:?}");
    assert_eq!((taken.taken, taken.known), (1, 0), "{taken:?}");
    assert_eq!((again.taken, again.known), (0, 1), "{again:?}");
    let [arrived] = row.fourth.evidence(&row.water, EvidenceType::Sbom).try_into().unwrap();
    let proof = row.fourth.platform.proof(&row.water.viewer, &arrived.id, None).await.unwrap();
    assert_eq!(proof.hops.len(), 3);
}

/// A head over what Chips discloses to Maker now, valid for so many seconds from a minute ago.
async fn count(row: &Row, seconds: i64) {
    let remote = row.first.remote(&row.chips.token);
    let lists = blocking(move || remote.heads_to_sign()).await.unwrap();
    let [list] = lists.as_slice() else { panic!("{lists:?}") };
    let issued = row.first.platform.now().plus(-60);
    let head = Head {
        link: list.link.clone(),
        count: list.entries.len() as u64,
        list_sha256: list_digest(&list.entries),
        issued,
        valid_until: issued.plus(seconds),
    };
    let customer = Subject::new("Maker", list.customer_key.unwrap().0);
    row.first.register(&row.chips, CHIPS, Statement::new(vec![customer], &head).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_suppliers_counted_is_compared_with_what_the_peer_shows() {
    let row = row().await;
    count(&row, 3600).await;
    let pulled = row.second.pull(&row.peers[0]).await.unwrap();
    assert_eq!((pulled.taken, pulled.left.as_slice()), (1, [].as_slice()));
    // What was counted is not shown any more.
    let scope = GrantScope::Evidence { id: row.sbom.id.to_string() };
    let level = DisclosureLevel::Hidden;
    let grant = DisclosureGrant { scope, types: None, level, valid_until: None, emergency: false };
    let audience = Subject::new("Maker", key(MAKER).public().id().0);
    row.first.register(&row.chips, CHIPS, Statement::new(vec![audience], &grant).unwrap()).await;
    let left = row.second.pull(&row.peers[0]).await.unwrap().left;
    assert!(left.iter().any(|l| l.what == "heads" && l.why.contains("are not the ones given")), "{left:?}");
    // A head that is over, and then one that counts anew.
    count(&row, 30).await;
    let left = row.second.pull(&row.peers[0]).await.unwrap().left;
    assert!(left.iter().any(|l| l.why.starts_with("stale: the newest head")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_suppliers_counted_at_earlier_pulls_is_not_forgotten() {
    let row = row().await;
    count(&row, 3600).await;
    assert!(row.second.pull(&row.peers[0]).await.unwrap().left.is_empty());
    let admin = row.second.platform.local_administrator();
    let peer = row.second.platform.peer(&admin, &row.peers[0]).await.unwrap();
    let [seen] = peer.heads.as_slice() else { panic!("{:?}", peer.heads) };
    assert_eq!(seen.count, 2);
    let others = [
        (Head { list_sha256: FIRMWARE, ..seen.clone() }, "two different lists of 2 statements"),
        (Head { count: 3, issued: seen.issued.plus(-60), ..seen.clone() }, "took back statements"),
        (Head { link: "gone".to_owned(), ..seen.clone() }, "supply link `gone` is not shown any more"),
    ];
    for (before, fault) in others {
        let progress = Progress { heads: vec![before], ..Progress::default() };
        row.second.platform.peer_pulled(&peer, progress).await.unwrap();
        let left = row.second.pull(&row.peers[0]).await.unwrap().left;
        assert!(left.iter().any(|l| l.what == "heads" && l.why.contains(fault)), "{fault}: {left:?}");
        let remote = row.second.remote(&row.second.token);
        let shown = blocking(move || remote.peers().unwrap()).await;
        assert!(shown[0].faults.iter().any(|f| f.contains(fault)), "{shown:?}");
    }
}
