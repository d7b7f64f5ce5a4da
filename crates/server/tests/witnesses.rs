//! A log is followed only where as many witnesses have seen it as the trust file asks for.

mod support;

use statement::{DisclosureLevel, EvidenceType, Trust, WitnessPolicy};
use support::instances::{CHIPS, Instance, MAKER, Party, blocking, release, sbom};

/// `witness` cosigns the newest checkpoint of `log`, as it does when it is asked over the network.
async fn cosign(log: &Instance, witness: &Instance) {
    let admin = log.platform.local_administrator();
    let (origin, key) = (log.platform.log_origin().to_owned(), log.platform.log_key());
    witness.platform.watch_log(&witness.platform.local_administrator(), &origin, &key).await.unwrap();
    let url = format!("{}/witness", witness.url);
    log.platform.add_witness(&admin, &url, &witness.platform.witness_key()).await.unwrap();
    let ours = log.platform.witnesses().await.unwrap().into_iter().find(|w| w.url == url).unwrap();
    let (size, body) = log.platform.witness_request(&ours).await.unwrap().unwrap();
    let line = witness.platform.cosign(&body).await.unwrap();
    assert!(log.platform.keep_cosignature(&ours, size, &line).await.unwrap());
}

async fn follow(here: &Instance, there: &Instance, maker: &Party, token: &str, trust: Trust) -> String {
    let body = serde_json::json!({
        "name": "there", "url": there.url, "organization": maker.id, "token": token, "trust": trust
    });
    let remote = here.remote(&here.token);
    blocking(move || remote.add_peer(&body)).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_witness_too_few_and_nothing_is_taken() {
    let (there, here) = (Instance::start().await, Instance::start().await);
    let (first, second) = (Instance::start().await, Instance::start().await);
    let (chips, maker_there) = (there.party(CHIPS).await, there.party(MAKER).await);
    there.hand_on(&chips, CHIPS, &maker_there, MAKER, DisclosureLevel::Full).await;
    release(&there, &chips).await;
    there.register(&chips, CHIPS, sbom()).await;
    let maker = here.party(MAKER).await;
    let keys = vec![first.platform.witness_key(), second.platform.witness_key()];
    let witnesses = Some(WitnessPolicy { keys, threshold: 2 });
    let trust = Trust { witnesses, ..there.trust(&[CHIPS]) };
    let peer = follow(&here, &there, &maker, &maker_there.token, trust).await;

    cosign(&there, &first).await;
    // A witness that nobody pinned does not count.
    cosign(&there, &here).await;
    let refused = here.pull(&peer).await.unwrap_err().to_string();
    assert!(refused.contains("peer-failed") && refused.contains("witness"), "{refused}");
    assert!(here.evidence(&maker, EvidenceType::Sbom).is_empty());

    cosign(&there, &second).await;
    assert_eq!(here.pull(&peer).await.unwrap().taken, 1);
}
