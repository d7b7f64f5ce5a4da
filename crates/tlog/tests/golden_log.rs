//! The log that transparency-dev/tessera keeps as its test data (folder `testdata/log`): every checkpoint, tile and entry
//! bundle. Its folder is read from `SUKASHI_TESSERA_LOG`; it is not part of this repository.

use std::collections::BTreeMap;
use std::path::Path;

use tlog::{
    Checkpoint, Edge, EntryBundle, Hash, Tile, TileReader, consistency, inclusion, leaf_hash, root,
    verify_consistency, verify_inclusion,
};

/// Of `testdata/build_log.sh` there.
const KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

struct Rows(BTreeMap<(u8, u64), Vec<Hash>>);

impl TileReader for Rows {
    fn row(&self, tile: Tile) -> Option<&[Hash]> {
        self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
    }
}

fn checkpoint(folder: &Path, name: &str) -> Checkpoint {
    let note = std::fs::read_to_string(folder.join(name)).unwrap();
    Checkpoint::open(&note, &[KEY.parse().unwrap()]).unwrap().0
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|c| Hash::from_slice(c).unwrap()).collect()
}

/// Entries of a bundle: each behind its length in two big-endian bytes.
fn entries(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        found.push(entry.to_vec());
        bytes = rest;
    }
    found
}

#[test]
fn every_checkpoint_tile_and_entry_of_the_golden_log_fits() {
    let Some(folder) = std::env::var_os("SUKASHI_TESSERA_LOG") else {
        println!("skipped: SUKASHI_TESSERA_LOG is not set");
        return;
    };
    let folder = Path::new(&folder);
    let last = checkpoint(folder, "checkpoint");
    let (mut edge, mut checked) = (Edge::default(), 0);
    for size in 1..=last.size {
        let width = u16::try_from(size).unwrap();
        let at = |path: String| std::fs::read(folder.join("tile").join(path)).unwrap();
        let entries = entries(&at(EntryBundle { index: 0, width }.to_string()));
        let tile = Tile { level: 0, index: 0, width };
        let row = hashes(&at(tile.to_string()));
        assert_eq!(entries.iter().map(|e| leaf_hash(e)).collect::<Vec<_>>(), row);
        let written = edge.push(*row.last().unwrap());
        assert_eq!(written, [(tile, row.clone())], "appending writes the same tile");
        let checkpoint = checkpoint(folder, &format!("checkpoint.{size}"));
        assert_eq!((checkpoint.size, checkpoint.root), (size, edge.root()));
        let rows = Rows(BTreeMap::from([((0, 0), row.clone())]));
        assert_eq!(root(&rows, size).unwrap(), checkpoint.root);
        for (index, leaf) in (0..).zip(&row) {
            let proof = inclusion(&rows, index, size).unwrap();
            verify_inclusion(index, size, *leaf, &proof, checkpoint.root).unwrap();
            let old = self::checkpoint(folder, &format!("checkpoint.{}", index + 1));
            let proof = consistency(&rows, old.size, size).unwrap();
            verify_consistency(old.size, size, &proof, old.root, checkpoint.root).unwrap();
            checked += 2;
        }
    }
    println!("{} checkpoints, {checked} proofs", last.size);
}
