//! Moving, backing up and putting back: what arrives is what was there, on whichever stores.

mod support;

use share::{BackupError, OpenError, OrganizationKind, Places, Platform, WriteError};
use support::{Chain, FIRMWARE, LIBRARY, chain, places, sbom};

/// What the three parties see, and the root of the log.
async fn shown(platform: &Platform, c: &Chain) -> Vec<String> {
    let mut seen = Vec::new();
    for viewer in [&c.chips.viewer, &c.maker.viewer, &c.water.viewer] {
        seen.push(serde_json::to_string(&platform.products(viewer, false)).unwrap());
        seen.push(serde_json::to_string(&platform.changes(viewer, None, Some(200))).unwrap());
    }
    let found = platform.check_integrity(&platform.local_administrator()).await.unwrap();
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    seen.push(found.root);
    seen
}

/// A chain with statements, a token, a trail and half an upload.
async fn used() -> (Chain, share::NewToken, String) {
    let c = chain().await;
    c.register(&c.chips, &sbom(LIBRARY)).await.unwrap();
    let id = c.register(&c.maker, &sbom(FIRMWARE)).await.unwrap();
    c.platform.document(&c.water.viewer, &id).await.unwrap();
    let token = c.platform.add_token(&c.maker.viewer, "ci", share::Role::Publisher).await.unwrap();
    let upload = c.platform.begin_upload(&c.maker.viewer, "router.bin", 6, None).await.unwrap();
    c.platform.add_chunk(&c.maker.viewer, &upload.id, 0, b"rou".to_vec()).await.unwrap();
    (c, token, upload.id)
}

/// Somewhere else, of every kind there is.
async fn elsewhere(folder: &std::path::Path) -> Vec<Places> {
    let mut found = vec![Places::directory(&folder.join("directory"))];
    if let Some(database) = places::postgres().await {
        let blobs = places::bucket();
        found.push(Places { database: Some(database), blobs, ..Places::directory(&folder.join("keys")) });
    }
    found
}

#[tokio::test]
async fn a_platform_moves_while_it_is_served_and_nobody_writes_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for to in elsewhere(folder.path()).await {
        let (c, token, upload) = used().await;
        let before = shown(&c.platform, &c).await;
        let moved = share::move_platform(&c.places, &to).await.unwrap();
        assert!(moved.envelopes >= 2 && moved.rows > 20, "{moved:?}");
        let admin = c.platform.local_administrator();
        let late = c.platform.add_organization(&admin, "Late", OrganizationKind::Operator).await;
        assert!(matches!(late, Err(WriteError::Database(_))), "{late:?}");
        assert!(c.platform.add_token(&c.maker.viewer, "late", share::Role::Viewer).await.is_err());
        assert_eq!(shown(&c.platform, &c).await, before, "it can still be read");
        c.platform.close().await;
        let refused = Platform::open_at(&c.places).await.err();
        assert!(matches!(refused, Some(OpenError::Moved { .. })), "{refused:?}");

        let there = Platform::open_at(&to).await.unwrap();
        assert_eq!(shown(&there, &c).await, before);
        assert!(there.viewer_of_token(token.secret.reveal()).await.unwrap().is_some());
        there.add_chunk(&c.maker.viewer, &upload, 3, b"ter".to_vec()).await.unwrap();
        let file = folder.path().join("router.bin");
        there.assemble(&there.local_administrator(), &upload, &file).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"router", "an upload goes on there");
        let accesses = there.accesses(&c.maker.viewer, None, None).await.unwrap();
        assert_eq!(accesses.items.len(), 1);
        there
            .add_organization(&there.local_administrator(), "New", OrganizationKind::Operator)
            .await
            .unwrap();
        let looked = there.evidence_list(&c.water.viewer, &Default::default(), &Default::default());
        there.document(&c.water.viewer, &looked.items[0].id).await.unwrap();
        assert_eq!(there.accesses(&c.maker.viewer, None, None).await.unwrap().items.len(), 2, "it counts on");
        there.close().await;
    }
}

#[tokio::test]
async fn a_place_where_something_is_does_not_take_a_platform() {
    let (c, ..) = used().await;
    let other = chain().await;
    other.platform.close().await;
    let refused = share::move_platform(&c.places, &other.places).await.unwrap_err();
    let expected = matches!(refused, BackupError::NotEmpty { .. } | BackupError::Exists { .. });
    assert!(expected, "{refused}");
    c.platform
        .add_token(&c.maker.viewer, "still", share::Role::Viewer)
        .await
        .expect("it can still be written");
}

#[tokio::test]
async fn a_backup_of_a_served_platform_is_put_back_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (c, token, _) = used().await;
    let before = shown(&c.platform, &c).await;
    let backup = folder.path().join("backup");
    share::back_up(&c.places, &backup).await.unwrap();
    assert!(matches!(share::back_up(&c.places, &backup).await, Err(BackupError::Exists { .. })));
    c.platform.add_token(&c.maker.viewer, "goes on", share::Role::Viewer).await.unwrap();
    for to in elsewhere(folder.path()).await {
        share::restore(&backup, &to).await.unwrap();
        let there = Platform::open_at(&to).await.unwrap();
        assert_eq!(shown(&there, &c).await, before);
        assert!(there.viewer_of_token(token.secret.reveal()).await.unwrap().is_some());
        there.close().await;
        assert!(share::restore(&backup, &to).await.is_err(), "something is there now");
    }
}
