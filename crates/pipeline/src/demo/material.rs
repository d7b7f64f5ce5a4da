//! What the story is made of; everything else is computed from it.

use std::path::Path;

use vuln::{ImportError, Snapshot, SnapshotError};

/// The router's firmware as it is delivered.
pub(super) const ROUTER: &[u8] = include_bytes!("../../../../examples/router/router-mipsel.bin");
pub(super) const ROUTER_NAME: &str = "router-mipsel.bin";
/// Where the software house's program lies in it.
pub(super) const DEVICE_MANAGER: &str = "usr/sbin/devmgrd";
/// The utility's model of its own system.
pub(super) const MODEL: &str = include_str!("../../../../examples/systems/water-utility/system.yaml");

/// An extract of real feeds; their dates and sources stand beside them.
const FEEDS: &[(&str, &[u8])] = &[
    ("nvd.jsonl.zst", include_bytes!("../../../../examples/vulnerabilities/nvd.jsonl.zst")),
    ("kev.json.zst", include_bytes!("../../../../examples/vulnerabilities/kev.json.zst")),
    ("epss.csv.zst", include_bytes!("../../../../examples/vulnerabilities/epss.csv.zst")),
];

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub(super) enum MaterialError {
    #[error("cannot write the feeds")]
    Write(#[from] std::io::Error),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Open(#[from] SnapshotError),
}

/// Imports the feeds into `file`.
pub(super) fn snapshot(file: &Path) -> Result<Snapshot, MaterialError> {
    let folder = file.with_extension("feeds");
    std::fs::create_dir_all(&folder)?;
    let mut paths = Vec::new();
    for (name, bytes) in FEEDS {
        let path = folder.join(name);
        std::fs::write(&path, bytes)?;
        paths.push(path);
    }
    vuln::build(&paths, file, &mut |_| {})?;
    std::fs::remove_dir_all(&folder)?;
    Ok(Snapshot::open(file)?)
}
