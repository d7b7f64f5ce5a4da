//! A folder of envelopes without room: told so with status and code, nothing half-registered, and well again without help.

#![cfg(target_os = "linux")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::http::StatusCode;
use share::Platform;
use statement::{PredicateType, Statement, Subject};
use support::{FIRMWARE, Party, Site};

/// A small file system of its own, as long as the test lasts.
struct Small(PathBuf);

impl Small {
    /// `None` where this user may not mount one.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=96k", "tmpfs"]).arg(at).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy"]).arg(&self.0).status();
    }
}

/// A statement that takes a page on disk.
fn envelope(by: &Party, number: u32) -> Vec<u8> {
    let sbom =
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","version":{number},"components":[]}}"#);
    let subject = vec![Subject::new("a.bin", FIRMWARE)];
    let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, &sbom).unwrap();
    statement.sign(&[&by.key]).unwrap().to_json().unwrap()
}

#[tokio::test]
async fn a_full_folder_of_envelopes_is_said_and_used_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs");
    let platform = Arc::new(Platform::open(folder.path()).await.unwrap());
    let Some(_small) = Small::mount(&blobs) else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let served = server::Site::new(Arc::clone(&platform));
    let site = Site { router: server::router(Arc::new(served), false), platform, _folder: folder };
    let maker = site.party("Maker", 1).await;
    site.release(&maker).await;
    let filler = blobs.join("filler");
    std::fs::write(&filler, vec![0; 40 << 10]).unwrap();

    let mut taken = 0;
    let refused = loop {
        let answer = site.post(&maker, "/api/v1/statements", envelope(&maker, taken)).await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        taken += 1;
        assert!(taken < 100, "96 KiB hold no hundred files");
    };
    assert!(taken > 0, "there was room at first");
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (StatusCode::INSUFFICIENT_STORAGE, &"storage-full".into())
    );
    assert_eq!(site.platform.log_size().await.unwrap(), u64::from(taken), "nothing of it is registered");
    let list = site.get(&maker, "/api/v1/evidence?state=any").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), taken as usize, "what is there can be read");

    std::fs::remove_file(filler).unwrap();
    let again = site.post(&maker, "/api/v1/statements", envelope(&maker, taken)).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&again.body));
    let admin = site.platform.local_administrator();
    assert_eq!(site.platform.check_integrity(&admin).await.unwrap().faults, Vec::<String>::new());
}
