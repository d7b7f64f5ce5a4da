#![no_main]
//! A host's files, one after another, with a zero byte between them.

use std::path::PathBuf;
use std::sync::OnceLock;

const FILES: &[&str] = &[
    "etc/group",
    "etc/hostname",
    "etc/os-release",
    "etc/passwd",
    "etc/shadow",
    "etc/sudoers",
    "lib/apk/db/installed",
    "proc/mounts",
    "proc/net/fib_trie",
    "proc/net/if_inet6",
    "proc/net/route",
    "proc/net/tcp",
    "proc/net/tcp6",
    "proc/net/wireless",
    "root/.ssh/authorized_keys",
    "usr/lib/opkg/info/x.list",
    "usr/lib/opkg/status",
    "var/lib/dpkg/status",
    "var/lib/pacman/local/x/desc",
];

fn root() -> &'static PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("system_collect-{}", std::process::id()));
        for file in FILES {
            let folder = root.join(file).parent().expect("a file in a folder").to_owned();
            std::fs::create_dir_all(folder).expect("a folder for the host's files");
        }
        root
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut texts = data.split(|byte| *byte == 0);
    for file in FILES {
        std::fs::write(root().join(file), texts.next().unwrap_or_default()).expect("room for a file");
    }
    let document = system::import::collect(root(), Some("h")).document;
    let _ = system::System::new(&[("collected".to_owned(), document)]);
});
