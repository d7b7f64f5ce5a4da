//! Several processes on one PostgreSQL: each learns what the others write, and no number is given twice.

mod support;

use std::time::Duration;

use share::{OpenError, OrganizationKind, Places, Platform, ProductKind, Role};
use support::places;

/// Two platforms as two processes open them: own data directories with the same keys.
async fn two(database: String) -> (Vec<tempfile::TempDir>, Platform, Platform) {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |folder: &tempfile::TempDir| Places {
        database: Some(database.clone()),
        ..Places::directory(folder.path())
    };
    let first = Platform::open_at(&at(&one)).await.unwrap();
    for name in ["version", "log.key", "instance.key", "witness.key"] {
        std::fs::copy(one.path().join(name), other.path().join(name)).unwrap();
    }
    let second = Platform::open_at(&at(&other)).await.unwrap();
    (vec![one, other], first, second)
}

#[tokio::test]
async fn what_one_process_writes_the_other_learns() {
    let Some(database) = places::postgres().await else { return };
    let (_folders, first, second) = two(database).await;
    let admin = first.local_administrator();
    let mut version = second.version();
    version.borrow_and_update();
    let heard = async {
        tokio::select! {
            ended = second.follow() => panic!("{ended:?}"),
            changed = version.changed() => changed.unwrap(),
        }
    };
    let written = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.add_organization(&admin, "Water", OrganizationKind::Operator).await.unwrap()
    };
    let ((), id) = tokio::time::timeout(Duration::from_secs(4), async { tokio::join!(heard, written) })
        .await
        .expect("it is announced and not only looked for");
    let account = second.add_account(&admin, &id, "root", Role::Administrator, false).await.unwrap();
    let viewer = first.viewer(&admin, &account).await.unwrap();
    assert_eq!(viewer.organization(), &id);
}

#[tokio::test]
async fn writers_in_two_processes_take_turns() {
    let Some(database) = places::postgres().await else { return };
    let (folders, first, second) = two(database.clone()).await;
    let admin = first.local_administrator();
    let id = first.add_organization(&admin, "Maker", OrganizationKind::EquipmentManufacturer).await.unwrap();
    let account = first.add_account(&admin, &id, "root", Role::Administrator, false).await.unwrap();
    let viewer = first.viewer(&admin, &account).await.unwrap();
    let add = async |platform: &Platform, who: &str| {
        for n in 0..20 {
            let name = format!("{who} {n}");
            platform.add_product(&viewer, &name, ProductKind::Software).await.unwrap();
        }
    };
    tokio::join!(add(&first, "a"), add(&second, "b"), add(&first, "c"), add(&second, "d"));
    first.close().await;
    second.close().await;
    let places = Places { database: Some(database), ..Places::directory(folders[0].path()) };
    let again = Platform::open_at(&places).await.unwrap();
    assert_eq!(again.products(&viewer, true).len(), 80);
}

#[tokio::test]
async fn a_directory_with_other_keys_does_not_open_the_database() {
    let Some(database) = places::postgres().await else { return };
    let (_folders, _first, _second) = two(database.clone()).await;
    let foreign = tempfile::tempdir().unwrap();
    let places = Places { database: Some(database), ..Places::directory(foreign.path()) };
    let refused = Platform::open_at(&places).await.err();
    assert!(matches!(refused, Some(OpenError::OtherKeys { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_said_so_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let database = Some("postgres://u:secret@127.0.0.1:1/x".to_owned());
    let refused = Platform::open_at(&Places { database, ..Places::directory(folder.path()) }).await.err();
    let refused = refused.unwrap();
    assert!(matches!(refused, OpenError::Database { .. }));
    assert_eq!(refused.to_string(), "cannot open the database in `postgres://u@127.0.0.1:1/x`");
}

#[tokio::test]
async fn work_is_done_by_one_process_at_a_time() {
    let Some(database) = places::postgres().await else { return };
    let (_folders, first, second) = two(database).await;
    let meanwhile = second.alone("work", async { "second" });
    let tried = first.alone("work", meanwhile).await.unwrap().unwrap();
    assert_eq!(tried.unwrap(), None, "the first is at it");
    assert_eq!(second.alone("other work", async { "second" }).await.unwrap(), Some("second"));
    first.close().await;
    assert_eq!(second.alone("work", async { "second" }).await.unwrap(), Some("second"), "it was given up");
}
