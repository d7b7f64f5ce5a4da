//! Our client of the Transparency Exchange API against our server, and an instance that pulls from one.

mod support;

use client::{Integrity, Pulled, Tea, Tei};
use share::EvidenceView;
use statement::{DisclosureLevel, EvidenceType};
use support::instances::{CHIPS, Instance, MAKER, Party, blocking, release, sbom};

/// Chips at one instance, with a bill of materials that Maker may see whole.
async fn chips() -> (Instance, Party, EvidenceView) {
    let there = Instance::start().await;
    let (chips, maker) = (there.party(CHIPS).await, there.party(MAKER).await);
    there.hand_on(&chips, CHIPS, &maker, MAKER, DisclosureLevel::Full).await;
    release(&there, &chips).await;
    let sbom = there.register(&chips, CHIPS, sbom()).await;
    (there, maker, sbom)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_finds_what_our_server_shows() {
    let (there, maker, sbom) = chips().await;
    let (url, token) = (there.url.clone(), maker.token.clone());
    let id = sbom.release.as_ref().unwrap().id.to_string();
    let uuid = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
    let tei: Tei = format!("urn:tei:uuid:127.0.0.1:{uuid}").parse().unwrap();
    let (listed, asked, download) = blocking(move || {
        let tea = Tea::at(&url, Some(&token)).unwrap();
        let listed: Vec<_> = tea.list().unwrap().iter().map(|f| tea.release(f).unwrap()).collect();
        let asked: Vec<_> = tea.discover(&tei).unwrap().iter().map(|f| tea.release(f).unwrap()).collect();
        let envelope = listed[0].artifacts.iter().flat_map(|a| &a.formats).find(|f| f.is_envelope());
        let download = tea.download(envelope.unwrap()).unwrap();
        (listed, asked, download)
    })
    .await;
    assert_eq!(listed, asked);
    assert_eq!((listed[0].product.as_str(), listed[0].version.as_str()), ("libchip", "1.0"));
    assert_eq!(listed[0].files, [("a.bin".to_owned(), support::FIRMWARE)]);
    assert_eq!(download.integrity, Integrity::Same("SHA-256"));
    let url = there.url.clone();
    let refused = blocking(move || Tea::at(&url, None).unwrap().list().unwrap_err()).await;
    assert!(refused.to_string().contains("401"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_takes_what_the_pinned_supplier_signed() {
    let (there, maker_there, sbom) = chips().await;
    let here = Instance::start().await;
    let maker = here.party(MAKER).await;
    let peer = here.follow_tea(&there, &maker, &maker_there.token, &[CHIPS]).await;
    let pulled = here.pull(&peer).await.unwrap();
    assert_eq!((pulled.taken, pulled.left.as_slice()), (1, [].as_slice()), "{pulled:?}");
    let [arrived] = here.evidence(&maker, EvidenceType::Sbom).try_into().unwrap();
    assert_eq!((arrived.issuer.name.as_str(), arrived.level), ("Chips", DisclosureLevel::Full));
    assert_eq!(arrived.statement_sha256, sbom.statement_sha256, "byte for byte what Chips signed");
    let release = arrived.release.as_ref().unwrap();
    assert_eq!((release.name.as_str(), release.version.as_str()), ("libchip", "1.0"));
    let proof = here.platform.proof(&maker.viewer, &arrived.id, None).await.unwrap();
    assert_eq!(proof.hops, [], "there was no log on the way");
    assert_eq!(here.pull(&peer).await.unwrap(), Pulled { known: 1, ..Pulled::default() });
    let rival = here.party(("Rival", 7)).await;
    assert!(here.evidence(&rival, EvidenceType::Sbom).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_signed_is_named_and_left() {
    let (there, maker_there, _) = chips().await;
    let here = Instance::start().await;
    let maker = here.party(("Buyer", 8)).await;
    let peer = here.follow_tea(&there, &maker, &maker_there.token, &[MAKER]).await;
    let pulled = here.pull(&peer).await.unwrap();
    let [left] = pulled.left.as_slice() else { panic!("{pulled:?}") };
    assert!(left.why.starts_with("signed by a key you have not accepted"), "{left:?}");
    assert!(here.evidence(&maker, EvidenceType::Sbom).is_empty());
    // A server that speaks for several is no peer: whose the products are would be anybody's guess.
    let (remote, body) = (here.remote(&here.token), here.peer(&there, &maker, "t", &[MAKER, CHIPS], "tea"));
    let refused = blocking(move || remote.add_peer(&body)).await.unwrap_err().to_string();
    assert!(refused.contains("pin the one supplier"), "{refused}");
}
