//! A database or bucket that is gone for a while: told so, nothing half-registered, and well again without help.

mod support;

#[path = "support/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use share::{OrganizationKind, Places, Platform, Trouble};
use support::{FIRMWARE, places, sbom};
use wire::Wire;

#[tokio::test]
async fn a_database_that_was_gone_for_a_while_is_used_again() {
    let Some(database) = places::postgres().await else { return };
    let mut wire = Wire::new(wire::address(&database)).await;
    let database = database.replace(&wire::address(&database).to_string(), &wire.at.to_string());
    let folder = tempfile::tempdir().unwrap();
    let platform =
        Platform::open_at(&Places { database: Some(database), ..Places::directory(folder.path()) })
            .await
            .unwrap();
    let admin = platform.local_administrator();
    platform.add_organization(&admin, "Before", OrganizationKind::Operator).await.unwrap();
    wire.cut().await;
    let asked = Instant::now();
    let error = platform.add_organization(&admin, "Lost", OrganizationKind::Operator).await.unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::Unavailable), "{error:?}");
    assert!(asked.elapsed() < Duration::from_secs(20), "whoever asks is not kept waiting");
    assert!(!platform.is_ready().await);
    wire.mend().await;
    let after = platform.add_organization(&admin, "After", OrganizationKind::Operator).await;
    let after = match after {
        // A connection of the pool may have died unseen.
        Err(error) if error.trouble() == Some(Trouble::Unavailable) => {
            platform.add_organization(&admin, "After", OrganizationKind::Operator).await
        }
        other => other,
    };
    after.unwrap();
    assert!(platform.is_ready().await);
}

#[tokio::test]
async fn a_bucket_that_was_gone_for_a_while_is_used_again() {
    let Some(bucket) = places::bucket() else { return };
    let endpoint = bucket.split("endpoint=").last().unwrap().to_owned();
    let mut wire = Wire::new(wire::address(&endpoint)).await;
    let blobs = Some(bucket.replace(&endpoint, &format!("http://{}", wire.at)));
    let folder = tempfile::tempdir().unwrap();
    let c = support::chain_at(Places { blobs, ..Places::directory(folder.path()) }).await;
    wire.cut().await;
    let error = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::Unavailable), "{error:?}");
    assert_eq!(c.platform.log_size().await.unwrap(), 0, "nothing of it is registered");
    wire.mend().await;
    let id = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    assert!(c.platform.document(&c.maker.viewer, &id).await.is_ok());
}
