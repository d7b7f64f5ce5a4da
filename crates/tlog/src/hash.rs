//! Hashes of the Merkle tree. Source: RFC 6962, section 2.1.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Root of a tree, or of a subtree: SHA-256 with the domain separation of RFC 6962.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Bytes of a hash.
    pub const LEN: usize = 32;

    /// `None` unless there are exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Hash of a log entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node.
pub(crate) fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of the tree without leaves: the hash of nothing.
pub(crate) fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// Root of the tree over `leaves`, which are leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut stack: Vec<(u32, Hash)> = Vec::new();
    for leaf in leaves {
        let (mut level, mut hash) = (0, *leaf);
        while let Some(&(below, left)) = stack.last().filter(|(below, _)| *below == level) {
            stack.pop();
            (level, hash) = (below.saturating_add(1), node_hash(left, hash));
        }
        stack.push((level, hash));
    }
    let hashes = stack.into_iter().rev().map(|(_, hash)| hash);
    hashes.reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published roots over the eight inputs of the Certificate Transparency reference tests, sizes 0 to 8.
    #[test]
    fn roots_are_those_of_the_reference_tree() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves: Vec<_> = inputs.iter().map(|i| leaf_hash(&hex::decode(i).unwrap())).collect();
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(root_of(&leaves[..size]).to_string(), *expected, "size {size}");
        }
    }
}
