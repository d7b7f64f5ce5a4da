//! Webhooks: what is told to whom, when it is tried again, and who can check where it came from.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use share::{Due, ReadError, Role, WriteError};
use statement::{PredicateType, Statement, Subject};
use support::{Chain, FIRMWARE, LIBRARY, chain, sbom};

const URL: &str = "https://hooks.example/a";

async fn due(c: &Chain) -> Option<Due> {
    c.platform.due_webhooks().await.unwrap().pop()
}

fn other_sbom() -> Statement {
    let subject = vec![Subject::new("a.bin", FIRMWARE)];
    let document = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#;
    Statement::of_document(subject, PredicateType::CYCLONEDX, document).unwrap()
}

#[tokio::test]
async fn a_webhook_is_told_what_its_organization_sees_from_then_on() {
    let c = chain().await;
    c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    c.platform.add_webhook(&c.water.viewer, URL).await.unwrap();
    let at_first = due(&c).await.unwrap();
    assert!(c.platform.changes(&at_first.viewer, at_first.cursor, Some(9)).items.is_empty(), "that is past");
    c.register(&c.chips, &sbom(LIBRARY)).await.unwrap();
    let hidden = due(&c).await.unwrap();
    let page = c.platform.changes(&hidden.viewer, hidden.cursor, Some(9));
    assert!(page.items.is_empty(), "the operator is no customer of the chip's maker");

    let id = c.register(&c.maker, &other_sbom()).await.unwrap();
    let told = due(&c).await.unwrap();
    let page = c.platform.changes(&told.viewer, told.cursor, Some(9));
    let ids: Vec<_> = page.items.iter().filter_map(|i| Some(i.evidence.as_ref()?.id.clone())).collect();
    assert_eq!(ids.last(), Some(&id));
    c.platform.webhook_delivered(&told.id, page.next.as_deref().unwrap(), page.items.len()).await.unwrap();
    let after = due(&c).await.unwrap();
    assert!(c.platform.changes(&after.viewer, after.cursor, Some(9)).items.is_empty(), "it is told once");
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_later_each_time_and_given_up_visibly() {
    let c = chain().await;
    let id = c.platform.add_webhook(&c.water.viewer, URL).await.unwrap().id;
    let mut pauses = Vec::new();
    for failures in 1..=12_u32 {
        c.platform.webhook_failed(&id, 1, "nobody answers").await.unwrap();
        assert!(due(&c).await.is_none(), "not at once, and not when it is dead");
        let view = c.platform.webhooks(&c.water.viewer).await.unwrap().remove(0);
        assert_eq!((view.failures, view.dead), (failures, failures == 12));
        pauses.extend(view.next_at.map(|at| at.unix() - share::now().unix()));
    }
    let expected = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240];
    let near = pauses.iter().zip(expected).all(|(pause, expected)| (expected - 5..=expected).contains(pause));
    assert!(near && pauses.len() == expected.len(), "{pauses:?}");
    c.platform.webhook_delivered(&id, "x", 1).await.unwrap();
    assert!(due(&c).await.is_some(), "a delivery that arrives after all makes it good again");
}

#[tokio::test]
async fn a_delivery_is_signed_with_its_time_by_the_instance() {
    let c = chain().await;
    let (at, key) = (share::now(), c.platform.instance_key());
    let signature = STANDARD.decode(c.platform.sign_delivery(at, b"{}")).unwrap();
    assert!(key.accepts(format!("{at}\n{{}}").as_bytes(), &signature));
    assert!(!key.accepts(format!("{at}\n{{ }}").as_bytes(), &signature), "another body");
    let later = at.plus(1);
    assert!(!key.accepts(format!("{later}\n{{}}").as_bytes(), &signature), "sent again later");
}

#[tokio::test]
async fn webhooks_are_the_administrators_business_and_stay_within_the_organization() {
    let c = chain().await;
    let admin = c.platform.local_administrator();
    let account = c.platform.add_account(&admin, &c.water.id, "e", Role::Engineer, false).await.unwrap();
    let engineer = c.platform.viewer(&admin, &account).await.unwrap();
    assert!(matches!(c.platform.add_webhook(&engineer, URL).await, Err(WriteError::Role)));
    let id = c.platform.add_webhook(&c.water.viewer, URL).await.unwrap().id;
    assert!(c.platform.webhooks(&c.maker.viewer).await.unwrap().is_empty());
    assert!(matches!(
        c.platform.remove_webhook(&c.maker.viewer, &id).await,
        Err(WriteError::NotFound { .. })
    ));
    c.platform.remove_webhook(&c.water.viewer, &id).await.unwrap();
    assert!(due(&c).await.is_none());
}

#[tokio::test]
async fn the_last_deliveries_are_listed_with_why_they_failed() {
    let c = chain().await;
    let id = c.platform.add_webhook(&c.water.viewer, URL).await.unwrap().id;
    c.platform.webhook_failed(&id, 3, "the other side\nanswered 503").await.unwrap();
    c.platform.webhook_delivered(&id, "x", 4).await.unwrap();
    let list = c.platform.deliveries(&c.water.viewer, &id).await.unwrap();
    let rows: Vec<_> = list.iter().map(|d| (d.attempt, d.changes, d.error.as_deref())).collect();
    assert_eq!(rows, [(2, 4, None), (1, 3, Some("the other sideanswered 503"))]);
    let others = c.platform.deliveries(&c.maker.viewer, &id).await;
    assert!(matches!(others, Err(ReadError::NotFound)));
    for _ in 0..60 {
        c.platform.webhook_failed(&id, 1, "no").await.unwrap();
    }
    let list = c.platform.deliveries(&c.water.viewer, &id).await.unwrap();
    assert_eq!((list.len(), list[0].attempt), (50, 62), "no more than the last are kept");
    c.platform.remove_webhook(&c.water.viewer, &id).await.unwrap();
    assert!(matches!(c.platform.deliveries(&c.water.viewer, &id).await, Err(ReadError::NotFound)));
}
