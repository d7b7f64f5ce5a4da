//! A log of statements, and bundles from it: whole ones, and such that somebody tampered with.

use serde_json::value::RawValue;
use statement::{
    PinnedKey, PinnedLog, PinnedOrganization, PredicateType, Redactable, SigningKey, Subject, TrustFormat,
    Withdrawal, list_digest,
};
use tlog::note::Signer as LogSigner;
use tlog::root_of;

use super::*;
use crate::bundle::{Consistency, Disclosed};

const NOW: i64 = 1_800_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn trust() -> Trust {
    let public = key(1).public();
    let log = LogSigner::new("log", &[9; 32]).unwrap().verifier().to_string();
    Trust {
        schema: TrustFormat::V1,
        organizations: vec![PinnedOrganization {
            name: "Maker".to_owned(),
            keys: vec![PinnedKey { key_id: public.id(), public_key: public }],
        }],
        log: Some(PinnedLog { origin: "log".to_owned(), key: log }),
        witnesses: None,
    }
}

/// Statements and who signs them; the first key is the logged one.
struct Chain(Vec<(Statement, Vec<SigningKey>)>);

impl Chain {
    fn entries(&self) -> Vec<Sha256> {
        let entry = |(statement, keys): &(Statement, Vec<SigningKey>)| {
            let envelope = statement.sign(&keys.iter().collect::<Vec<_>>()).unwrap();
            let mut ring = KeyRing::default();
            ring.accept(keys[0].public(), "x");
            let payload = Unverified::from(envelope).verify(&ring).unwrap().payload_sha256();
            log_entry(payload, keys[0].public().id(), Sha256([5; 32]))
        };
        self.0.iter().map(entry).collect()
    }

    fn bundle(&self) -> Bundle {
        self.bundle_at(self.0.len())
    }

    /// All proofs under the checkpoint over the first `size` leaves, or the leaf's own where it is later.
    fn bundle_at(&self, size: usize) -> Bundle {
        let leaves: Vec<_> = self.entries().iter().map(|e| leaf_hash(&e.0)).collect();
        let item = |(n, (statement, keys)): (usize, &(Statement, Vec<SigningKey>))| {
            let size = size.max(n + 1);
            let envelope = statement.sign(&keys.iter().collect::<Vec<_>>()).unwrap().to_json().unwrap();
            let root = root_of(&leaves[..size]);
            let checkpoint = Checkpoint { origin: "log".to_owned(), size: size as u64, root };
            let proof = ProofFile {
                extra: Some(proof_extra(keys[0].public().id(), Sha256([5; 32]))),
                index: n as u64,
                hashes: inclusion(&leaves[..size], n),
                checkpoint: checkpoint.sign(&LogSigner::new("log", &[9; 32]).unwrap()),
            };
            let envelope = RawValue::from_string(String::from_utf8(envelope).unwrap()).unwrap();
            Item { envelope, proof: Some(proof.write()), view: None, hops: Vec::new(), offered: None }
        };
        Bundle { items: self.0.iter().enumerate().map(item).collect(), ..Bundle::default() }
    }
}

/// The plain definition of RFC 6962, section 2.1.1.
fn inclusion(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = 1 << (leaves.len() - 1).ilog2();
    let (left, right) = leaves.split_at(middle);
    let (mut proof, other) = match index < middle {
        true => (inclusion(left, index), right),
        false => (inclusion(right, index - middle), left),
    };
    proof.push(root_of(other));
    proof
}

fn says(text: &str) -> Statement {
    let subject = Subject::new("x", Sha256([0; 32]));
    Statement::new(vec![subject], &Withdrawal { reason: text.to_owned() }).unwrap()
}

fn head(count: u64, list: Sha256, issued: i64, until: i64) -> Statement {
    let head = Head {
        link: "l".to_owned(),
        count,
        list_sha256: list,
        issued: time(issued),
        valid_until: time(until),
    };
    Statement::new(vec![Subject::new("c", Sha256([0; 32]))], &head).unwrap()
}

fn faults(bundle: &Bundle) -> Vec<String> {
    let checked = bundle.verify(&trust(), time(NOW)).unwrap();
    let all = checked.faults.iter().chain(checked.items.iter().flat_map(|i| &i.faults));
    all.map(ToString::to_string).collect()
}

#[test]
fn a_whole_bundle_holds_and_reads_back() {
    let chain = Chain((0..5).map(|n| (says(&n.to_string()), vec![key(1)])).collect());
    let bundle = chain.bundle();
    let checked = bundle.verify(&trust(), time(NOW)).unwrap();
    assert!(checked.holds(), "{:?}", faults(&bundle));
    assert_eq!(checked.items[3].logged, Some((3, 5)));
    let json = serde_json::to_vec(&bundle).unwrap();
    assert!(Bundle::is_one(&json) && !Bundle::is_one(b"{}"));
    assert!(Bundle::read(&json).unwrap().verify(&trust(), time(NOW)).unwrap().holds());
}

#[test]
fn strangers_missing_proofs_and_proofs_of_others_are_faults() {
    let mut bundle = Chain(vec![(says("a"), vec![key(1)]), (says("b"), vec![key(2)])]).bundle();
    assert!(faults(&bundle)[0].starts_with("signed by a key you have not accepted"));
    bundle.items[1] = Item { envelope: bundle.items[0].envelope.clone(), ..bundle.items[1].clone() };
    assert!(faults(&bundle)[0].starts_with("log proof is for a signature by key"));
    bundle.items[1].proof = None;
    assert!(faults(&bundle)[0].starts_with("no log proof"));
    bundle.items[1].proof = bundle.items[0].proof.clone().map(|p| p.replace("index 0", "index 1"));
    assert_eq!(faults(&bundle), ["log proof does not hold"]);
}

#[test]
fn a_key_is_believed_from_its_rotation_until_its_revocation() {
    let rotation = KeyRotation { public_key: key(2).public(), replaces: None };
    let rotation = Statement::new(vec![Subject::new("Maker", key(2).public().id().0)], &rotation).unwrap();
    let revocation = KeyRevocation { reason: "lost".to_owned() };
    let revocation =
        Statement::new(vec![Subject::new("Maker", key(1).public().id().0)], &revocation).unwrap();
    let good = Chain(vec![
        (says("a"), vec![key(1)]),
        (rotation.clone(), vec![key(1), key(2)]),
        (says("b"), vec![key(2)]),
        (revocation.clone(), vec![key(2)]),
        (says("c"), vec![key(2)]),
    ]);
    assert_eq!(faults(&good.bundle()), Vec::<String>::new());
    let late = Chain(vec![
        (rotation.clone(), vec![key(1), key(2)]),
        (revocation, vec![key(2)]),
        (says("c"), vec![key(1)]),
    ]);
    assert!(faults(&late.bundle())[0].contains("was revoked before"));
    let early = Chain(vec![(says("b"), vec![key(2)]), (rotation.clone(), vec![key(1), key(2)])]);
    assert_eq!(faults(&early.bundle()).len(), 1);
    let claimed = Chain(vec![(rotation, vec![key(1)])]);
    assert_eq!(faults(&claimed.bundle()).len(), 1, "the new key has to sign as well");
}

#[test]
fn checkpoints_of_two_sizes_need_a_consistency_proof() {
    let chain = Chain((0..3).map(|n| (says(&n.to_string()), vec![key(1)])).collect());
    let mut bundle = chain.bundle_at(2);
    assert_eq!(faults(&bundle), ["checkpoints over 2 and 3 leaves are not proven to be of one log"]);
    let leaves: Vec<_> = chain.entries().iter().map(|e| leaf_hash(&e.0)).collect();
    bundle.consistency = vec![Consistency { old: 2, new: 3, hashes: vec![Sha256(leaves[2].0)] }];
    assert_eq!(faults(&bundle), Vec::<String>::new());
}

#[test]
fn heads_show_omission_rollback_equivocation_and_age() {
    let entries = [Sha256([1; 32]), Sha256([2; 32])];
    let list = |n: usize| list_digest(&entries[..n]);
    let with = |heads: Vec<Statement>, given: &[Sha256]| {
        let mut bundle = Chain(heads.into_iter().map(|h| (h, vec![key(1)])).collect()).bundle();
        bundle.disclosed = vec![Disclosed { link: "l".to_owned(), entries: given.to_vec() }];
        faults(&bundle)
    };
    let later = NOW + 10;
    assert_eq!(
        with(vec![head(1, list(1), 1, later), head(2, list(2), 2, later)], &entries),
        Vec::<String>::new()
    );
    assert!(with(vec![head(2, list(2), 1, later)], &entries[..1])[0].contains("not the ones given"));
    assert!(
        with(vec![head(2, list(2), 1, later), head(1, list(1), 2, later)], &entries)[0].contains("took back")
    );
    let other = head(2, Sha256([9; 32]), 1, later);
    assert!(with(vec![other, head(2, list(2), 2, later)], &entries)[0].contains("two different lists"));
    assert!(with(vec![head(2, list(2), 1, NOW)], &entries)[0].starts_with("stale"));
}

#[test]
fn a_view_must_belong_to_its_commitment() {
    let redactable = Redactable::open(r#"{"a":1,"b":2}"#, &[3; 32]).unwrap();
    let commitment = redactable.commitment(PredicateType::CYCLONEDX);
    let subject = vec![Subject::new("x", Sha256([0; 32]))];
    let chain = Chain(vec![(Statement::new(subject, &commitment).unwrap(), vec![key(1)])]);
    let mut bundle = chain.bundle();
    let mut view = redactable.view(|at| at == [statement::Step::Key("a".to_owned())]);
    bundle.items[0].view = Some(view.clone());
    assert_eq!(bundle.verify(&trust(), time(NOW)).unwrap().items[0].opaque, Some(1));
    view.shown[0].leaf.value = 3.into();
    bundle.items[0].view = Some(view);
    assert_eq!(faults(&bundle), ["what is shown of the document is not what was signed"]);
}
