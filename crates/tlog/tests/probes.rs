//! The published RFC 6962 probes (transparency-dev/merkle, folder `testdata`; must-fail ones included). Their folder
//! is read from `SUKASHI_RFC6962_PROBES`; they are not part of this repository.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::Deserialize;
use tlog::{
    Hash, leaf_hash, verify_consistency, verify_inclusion, verify_subtree_consistency,
    verify_subtree_inclusion,
};

/// Values may be damaged on purpose.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    #[serde(default)]
    leaf_idx: u64,
    #[serde(default)]
    tree_size: u64,
    root: Option<String>,
    leaf_hash: Option<String>,
    start: Option<u64>,
    #[serde(default)]
    end: u64,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    size1: u64,
    #[serde(default)]
    size2: u64,
    root1: Option<String>,
    root2: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

/// Some probes have texts for roots that are only compared: another length becomes a hash of its own,
/// and an empty one is none.
fn hash(text: Option<&str>) -> Option<Hash> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text?).ok()?;
    (!bytes.is_empty()).then(|| Hash::from_slice(&bytes).unwrap_or_else(|| leaf_hash(&bytes)))
}

fn holds(probe: &Probe) -> Option<bool> {
    let proof: Option<Vec<_>> = probe.proof.iter().flatten().map(|h| hash(Some(h))).collect();
    let proof = proof?;
    if let Some(start) = probe.start {
        return subtree_holds(probe, start..probe.end, &proof);
    }
    Some(if probe.root1.is_some() || probe.root2.is_some() {
        let roots = (hash(probe.root1.as_deref())?, hash(probe.root2.as_deref())?);
        verify_consistency(probe.size1, probe.size2, &proof, roots.0, roots.1).is_ok()
    } else {
        let (leaf, root) = (hash(probe.leaf_hash.as_deref())?, hash(probe.root.as_deref())?);
        verify_inclusion(probe.leaf_idx, probe.tree_size, leaf, &proof, root).is_ok()
    })
}

/// Empty roots are those of the empty tree, unless a text stands for another.
fn subtree_holds(probe: &Probe, leaves: std::ops::Range<u64>, proof: &[Hash]) -> Option<bool> {
    Some(if probe.root1.is_some() || probe.root2.is_some() {
        let roots = (hash(probe.root1.as_deref())?, hash(probe.root2.as_deref())?);
        verify_subtree_consistency(leaves, probe.size, proof, roots.0, roots.1).is_ok()
    } else {
        let (leaf, root) = (hash(probe.leaf_hash.as_deref())?, hash(probe.root.as_deref())?);
        verify_subtree_inclusion(probe.leaf_idx, leaves, leaf, proof, root).is_ok()
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect()
}

#[test]
fn published_probes_hold_or_fail_as_published() {
    let Some(folder) = std::env::var_os("SUKASHI_RFC6962_PROBES") else {
        println!("skipped: SUKASHI_RFC6962_PROBES is not set");
        return;
    };
    let mut count = 0;
    for kind in ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"] {
        for file in files(&Path::new(&folder).join(kind)) {
            let probe: Probe = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            assert_eq!(holds(&probe).unwrap_or(false), !probe.want_err, "{}", file.display());
            count += 1;
        }
    }
    println!("{count} probes");
    assert!(count > 0);
}
