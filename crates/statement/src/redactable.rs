//! Documents that can be shown in part and still be checked: salted leaves under a Merkle root that the issuer signs.
//!
//! A JSON document is taken apart into [leaves](Leaf), each a place and the value there: objects and lists are opened
//! down to four steps, so that every component, dependency edge and metadata field is a leaf of its own. Each leaf gets
//! a salt, derived from a seed that the issuer keeps (HKDF-SHA-256, RFC 5869), so that hidden values cannot be guessed
//! from their hashes. Leaf hashes are sorted, which hides their order in the document, and a Merkle tree (shaped and
//! hashed as in RFC 6962) is built over them. The issuer signs a [`Commitment`] with root and number of leaves; a
//! [`PartialView`] shows chosen leaves with their salts and the hashes of what lies beside them, and tells only the number
//! of the others.

use std::collections::BTreeMap;

use hkdf::Hkdf;
use record::Sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Digest as _;

use crate::predicate::PredicateType;

/// Steps that are opened.
const DEPTH: usize = 4;

/// Most leaves of one document.
pub const MAX_LEAVES: usize = 4_000_000;

/// Commits to a document without showing it. Subject: as of the document's own statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commitment {
    /// Predicate type that the document has, or would have, in a statement of its own.
    pub predicate_type: PredicateType,
    /// Root over the sorted leaf hashes.
    pub root: Sha256,
    /// Number of leaves.
    pub leaves: u64,
}

/// A step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Step {
    /// Into a list.
    Index(u64),
    /// Into an object.
    Key(String),
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leaf {
    /// Where it stands; at most four steps.
    pub at: Vec<Step>,
    /// What stands there.
    pub value: Value,
}

/// A leaf that is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShownLeaf {
    /// Place of its hash among the sorted ones.
    pub place: u64,
    /// Its salt, hexadecimal.
    pub salt: Sha256,
    /// Leaf.
    #[serde(flatten)]
    pub leaf: Leaf,
}

/// A document shown in part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartialView {
    /// What is shown, by place.
    pub shown: Vec<ShownLeaf>,
    /// Roots of the largest subtrees in which nothing is shown, from the left.
    pub hidden: Vec<Sha256>,
}

/// Why a document cannot be taken apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDocumentError {
    /// Not JSON.
    #[error("document is not JSON")]
    Json(#[from] serde_json::Error),
    /// More leaves than [`MAX_LEAVES`].
    #[error("document has more than {MAX_LEAVES} leaves")]
    Leaves,
}

/// Why a partial view does not belong to a commitment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// Places are not ascending, or outside of the tree.
    #[error("leaves of the view are not in order")]
    Order,
    /// Too many or too few hashes.
    #[error("view has {found} hashes of what it hides, which do not fit its leaves")]
    Hashes {
        /// How many there are.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("view does not belong to the signed commitment")]
    Root,
    /// A leaf cannot be written.
    #[error("a leaf of the view does not write")]
    Leaf,
}

type Hash = [u8; 32];

fn node(left: Hash, right: Hash) -> Hash {
    sha2::Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

fn leaf_hash(salt: &Hash, leaf: &Leaf) -> Result<Hash, serde_json::Error> {
    let digest =
        sha2::Sha256::new().chain_update([0]).chain_update(b"sukashi.redactable/1").chain_update(salt);
    Ok(digest.chain_update(serde_json::to_vec(&(&leaf.at, &leaf.value))?).finalize().into())
}

/// A document with its salts: what its issuer has, and whoever it was registered with in clear.
#[derive(Clone, Debug)]
pub struct Redactable {
    /// Sorted by hash.
    leaves: Vec<(Hash, Hash, Leaf)>,
}

impl Redactable {
    /// Takes `document` apart; its salts come from `seed`.
    pub fn open(document: &str, seed: &[u8; 32]) -> Result<Self, OpenDocumentError> {
        let mut leaves = Vec::new();
        take_apart(serde_json::from_str(document)?, &mut Vec::new(), &mut leaves)?;
        let salts = Hkdf::<sha2::Sha256>::new(None, seed);
        let mut salted = Vec::with_capacity(leaves.len());
        for (n, leaf) in leaves.into_iter().enumerate() {
            let mut salt = [0; 32];
            // 32 bytes are far below what HKDF can give.
            let _ = salts
                .expand_multi_info(&[b"sukashi.salt/1".as_slice(), &(n as u64).to_be_bytes()], &mut salt);
            salted.push((leaf_hash(&salt, &leaf)?, salt, leaf));
        }
        salted.sort_by_key(|(hash, ..)| *hash);
        Ok(Self { leaves: salted })
    }

    /// What its issuer signs.
    pub fn commitment(&self, predicate_type: PredicateType) -> Commitment {
        let hashes: Vec<_> = self.leaves.iter().map(|(hash, ..)| *hash).collect();
        Commitment { predicate_type, root: Sha256(root(&hashes)), leaves: hashes.len() as u64 }
    }

    /// The leaves that `shows` chooses, and proof of them.
    pub fn view(&self, shows: impl Fn(&[Step]) -> bool) -> PartialView {
        let chosen: Vec<bool> = self.leaves.iter().map(|(_, _, leaf)| shows(&leaf.at)).collect();
        let shown = self.leaves.iter().zip(&chosen).enumerate().filter(|(_, (_, chosen))| **chosen);
        let shown = shown.map(|(place, ((_, salt, leaf), _))| ShownLeaf {
            place: place as u64,
            salt: Sha256(*salt),
            leaf: leaf.clone(),
        });
        let mut view = PartialView { shown: shown.collect(), hidden: Vec::new() };
        let mut open = vec![(0, self.leaves.len())];
        while let Some((start, end)) = open.pop() {
            let (Some(chosen), Some(leaves)) = (chosen.get(start..end), self.leaves.get(start..end)) else {
                break;
            };
            if !chosen.contains(&true) {
                let hashes: Vec<_> = leaves.iter().map(|(hash, ..)| *hash).collect();
                view.hidden.extend((start < end).then(|| Sha256(root(&hashes))));
            } else if let Some(middle) = middle(start, end) {
                open.extend([(middle, end), (start, middle)]);
            }
        }
        view
    }
}

/// Where RFC 6962 parts `start .. end`: after the largest power of two below its length. `None` for a single leaf.
fn middle(start: usize, end: usize) -> Option<usize> {
    let length = end.checked_sub(start).filter(|length| *length > 1)?;
    Some(start + (1 << (length - 1).ilog2()))
}

fn root(hashes: &[Hash]) -> Hash {
    let mut stack: Vec<(u32, Hash)> = Vec::new();
    for hash in hashes {
        let (mut level, mut hash) = (0, *hash);
        while let Some((_, left)) = stack.pop_if(|(below, _)| *below == level) {
            (level, hash) = (level + 1, node(left, hash));
        }
        stack.push((level, hash));
    }
    let right_to_left = stack.into_iter().rev().map(|(_, hash)| hash);
    right_to_left.reduce(|right, left| node(left, right)).unwrap_or_else(|| sha2::Sha256::digest([]).into())
}

fn take_apart(value: Value, at: &mut Vec<Step>, leaves: &mut Vec<Leaf>) -> Result<(), OpenDocumentError> {
    let inner: Vec<(Step, Value)> = match value {
        Value::Object(fields) if at.len() < DEPTH && !fields.is_empty() => {
            fields.into_iter().map(|(key, value)| (Step::Key(key), value)).collect()
        }
        Value::Array(items) if at.len() < DEPTH && !items.is_empty() => {
            items.into_iter().enumerate().map(|(n, value)| (Step::Index(n as u64), value)).collect()
        }
        value => {
            if leaves.len() >= MAX_LEAVES {
                return Err(OpenDocumentError::Leaves);
            }
            leaves.push(Leaf { at: at.clone(), value });
            return Ok(());
        }
    };
    for (step, value) in inner {
        at.push(step);
        // As deep as DEPTH.
        take_apart(value, at, leaves)?;
        at.pop();
    }
    Ok(())
}

impl PartialView {
    /// Whether every leaf shown is one of the document that `commitment` is about.
    pub fn verify(&self, commitment: &Commitment) -> Result<(), ViewError> {
        let size =
            usize::try_from(commitment.leaves).ok().filter(|n| *n <= MAX_LEAVES).ok_or(ViewError::Order)?;
        if !self.shown.is_sorted_by(|a, b| a.place < b.place) {
            return Err(ViewError::Order);
        }
        let hashes: Result<BTreeMap<usize, Hash>, _> = self.shown.iter().map(placed).collect();
        let hashes = hashes?;
        if hashes.keys().next_back().is_some_and(|last| *last >= size) {
            return Err(ViewError::Order);
        }
        match self.fold(size, &hashes) {
            Some(root) if Sha256(root) == commitment.root => Ok(()),
            Some(_) => Err(ViewError::Root),
            None => Err(ViewError::Hashes { found: self.hidden.len() }),
        }
    }

    /// The root that leaves and hidden hashes lead to. `None` if there are too few or too many of the latter.
    fn fold(&self, size: usize, shown: &BTreeMap<usize, Hash>) -> Option<Hash> {
        enum Work {
            Open(usize, usize),
            Join,
        }
        let mut hidden = self.hidden.iter();
        let (mut work, mut done) = (vec![Work::Open(0, size)], Vec::new());
        if size == 0 {
            return self.hidden.is_empty().then(|| root(&[]));
        }
        while let Some(next) = work.pop() {
            match next {
                Work::Join => {
                    let (right, left) = (done.pop()?, done.pop()?);
                    done.push(node(left, right));
                }
                Work::Open(start, end) => match (shown.range(start..end).next(), middle(start, end)) {
                    (None, _) => done.push(hidden.next()?.0),
                    (Some((_, hash)), None) => done.push(*hash),
                    (Some(_), Some(middle)) => {
                        work.extend([Work::Join, Work::Open(middle, end), Work::Open(start, middle)]);
                    }
                },
            }
        }
        hidden.next().is_none().then(|| done.pop()).flatten()
    }

    /// How many leaves are not shown.
    pub fn opaque(&self, commitment: &Commitment) -> u64 {
        commitment.leaves.saturating_sub(self.shown.len() as u64)
    }

    /// The document as far as it is shown: lists keep their order and close their gaps.
    pub fn document(&self) -> Value {
        let mut leaves: Vec<&Leaf> = self.shown.iter().map(|s| &s.leaf).collect();
        leaves.sort_by(|a, b| a.at.cmp(&b.at));
        put_together(&leaves, 0)
    }
}

fn placed(shown: &ShownLeaf) -> Result<(usize, Hash), ViewError> {
    let place = usize::try_from(shown.place).map_err(|_| ViewError::Order)?;
    Ok((place, leaf_hash(&shown.salt.0, &shown.leaf).map_err(|_| ViewError::Leaf)?))
}

/// `leaves` are sorted and agree in their first `depth` steps.
fn put_together(leaves: &[&Leaf], depth: usize) -> Value {
    let step = |leaf: &&Leaf| leaf.at.get(depth).cloned();
    let (Some(first), true) = (leaves.first(), depth <= DEPTH) else { return Value::Object(Map::new()) };
    let groups = leaves.chunk_by(|a, b| a.at.get(depth) == b.at.get(depth));
    match step(first) {
        None => first.value.clone(),
        Some(Step::Index(_)) => groups.map(|group| put_together(group, depth + 1)).collect(),
        Some(Step::Key(_)) => {
            let field = |group: &[&Leaf]| match group.first().and_then(step) {
                Some(Step::Key(key)) => Some((key, put_together(group, depth + 1))),
                _ => None,
            };
            Value::Object(groups.filter_map(field).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SBOM: &str = r#"{"bomFormat":"CycloneDX","metadata":{"authors":[{"name":"S. Ecret"}]},
        "components":[{"name":"zlib","version":"1.3","licenses":[{"license":{"id":"Zlib"}}]},{"name":"hidden","version":"9"}],
        "dependencies":[{"ref":"a","dependsOn":["b","c"]}],"x":[]}"#;

    fn named(at: &[Step]) -> bool {
        matches!(at, [Step::Key(list), Step::Index(0), ..] if list == "components") || at.len() == 1
    }

    #[test]
    fn a_view_shows_what_was_chosen_counts_the_rest_and_verifies() {
        let redactable = Redactable::open(SBOM, &[7; 32]).unwrap();
        let commitment = redactable.commitment(PredicateType::CYCLONEDX);
        assert_eq!(commitment.leaves, 11);
        let view = redactable.view(named);
        view.verify(&commitment).unwrap();
        assert_eq!(view.opaque(&commitment), 6);
        let document = view.document();
        let expected = r#"{"bomFormat":"CycloneDX","components":[{"licenses":[{"license":{"id":"Zlib"}}],"name":"zlib","version":"1.3"}],"x":[]}"#;
        assert_eq!(document, serde_json::from_str::<Value>(expected).unwrap());
        assert!(!serde_json::to_string(&view).unwrap().contains("Ecret"));
    }

    #[test]
    fn everything_shown_is_the_document_and_nothing_shown_is_one_hash() {
        let redactable = Redactable::open(SBOM, &[7; 32]).unwrap();
        let commitment = redactable.commitment(PredicateType::CYCLONEDX);
        let all = redactable.view(|_| true);
        all.verify(&commitment).unwrap();
        assert_eq!(all.document(), serde_json::from_str::<Value>(SBOM).unwrap());
        let none = redactable.view(|_| false);
        none.verify(&commitment).unwrap();
        assert_eq!((none.hidden.len(), none.shown.len()), (1, 0));
    }

    #[test]
    fn a_changed_leaf_place_salt_or_hash_does_not_verify() {
        let redactable = Redactable::open(SBOM, &[7; 32]).unwrap();
        let commitment = redactable.commitment(PredicateType::CYCLONEDX);
        let good = redactable.view(named);
        let changes: [fn(&mut PartialView); 6] = [
            |v| v.shown[0].leaf.value = Value::from("other"),
            |v| v.shown[0].salt = Sha256([0; 32]),
            |v| v.shown[0].place += 1,
            |v| v.hidden[0] = Sha256([0; 32]),
            |v| v.hidden.push(Sha256([0; 32])),
            |v| drop(v.shown.pop()),
        ];
        for change in changes {
            let mut changed = good.clone();
            change(&mut changed);
            assert!(changed.verify(&commitment).is_err());
        }
    }

    #[test]
    fn another_seed_gives_other_hashes_for_the_same_document() {
        let commit = |seed| Redactable::open(SBOM, &[seed; 32]).unwrap().commitment(PredicateType::CYCLONEDX);
        assert_ne!(commit(1).root, commit(2).root);
        assert_eq!(commit(1), commit(1));
    }

    proptest! {
        #[test]
        fn any_choice_verifies(components in 0..40_usize, chosen: u64, seed: [u8; 32]) {
            let list: Vec<_> = (0..components).map(|n| serde_json::json!({"name": n})).collect();
            let document = serde_json::json!({"components": list}).to_string();
            let redactable = Redactable::open(&document, &seed).unwrap();
            let view = redactable.view(|at| match at {
                [_, Step::Index(n), ..] => chosen >> (n % 64) & 1 == 1,
                _ => false,
            });
            prop_assert_eq!(view.verify(&redactable.commitment(PredicateType::CYCLONEDX)), Ok(()));
        }
    }
}
