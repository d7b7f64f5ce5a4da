//! What a viewer may not see changes no byte of what it is shown: random universes, with and without the hidden part.

use record::Sha256;
use serde_json::{Value, json};
use statement::{DisclosureLevel, EvidenceType, GrantScope, SigningKey, Timestamp};

use crate::fact::{ArtifactFact, Effect, Entry, EvidenceFact, Fact, LinkFact, ReleaseFact};
use crate::ids::{AccountId, EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, now};
use crate::read::{EvidenceFilter, Paging};
use crate::view::{OrganizationKind, Outcome, ProductKind};
use crate::viewer::{Role, Viewer};
use crate::{Platform, ReadError};

const ORGANIZATIONS: u64 = 5;

/// A small generator of numbers (SplitMix64), so that a failing universe can be made again from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

fn organization(n: u64) -> OrganizationId {
    OrganizationId::new(format!("o{n}"))
}

fn key(n: u64) -> SigningKey {
    SigningKey::from_seed(&[n as u8 + 1; 32])
}

fn evidence(id: String, issuer: u64, release: Option<ReleaseId>, kind: EvidenceType, effect: Effect) -> Fact {
    Fact::Evidence(Box::new(EvidenceFact {
        id: EvidenceId::new(&id),
        predicate_type: "t".to_owned(),
        kind,
        issuer: organization(issuer),
        key_id: key(issuer).public().id(),
        release,
        system: None,
        subjects: vec![("s".to_owned(), Sha256([9; 32]))],
        statement: Sha256([0; 32]),
        payload: Sha256([id.len() as u8; 32]),
        size: 10,
        outcome: Outcome { components: Some(3), ..Outcome::default() },
        tlp: None,
        embargo_until: None,
        supersedes: None,
        log_index: 0,
        salt: Sha256([0; 32]),
        effect,
    }))
}

fn universe(seed: u64) -> Vec<Fact> {
    let mut dice = Dice(seed);
    let mut facts = Vec::new();
    for n in 0..ORGANIZATIONS {
        facts.push(Fact::Organization {
            id: organization(n),
            name: format!("O{n}"),
            kind: OrganizationKind::Integrator,
        });
        facts.push(Fact::Key { organization: organization(n), public_key: key(n).public() });
        facts.push(Fact::Product {
            id: ProductId::new(format!("p{n}")),
            supplier: organization(n),
            name: format!("P{n}"),
            kind: ProductKind::Software,
        });
    }
    for n in 0..6 {
        let (supplier, customer) = (dice.roll(ORGANIZATIONS), dice.roll(ORGANIZATIONS));
        if supplier == customer {
            continue;
        }
        let id = LinkId::new(format!("l{n}"));
        let products = (dice.roll(2) == 0).then(|| vec![ProductId::new(format!("p{supplier}"))]);
        let (supplier, customer) = (organization(supplier), organization(customer));
        let proposed_by = supplier.clone();
        facts.push(Fact::Link(LinkFact {
            id: id.clone(),
            supplier,
            customer,
            products,
            valid_from: None,
            valid_to: None,
            proposed_by,
        }));
        facts.push(Fact::LinkAccepted { id });
    }
    for n in 0..8_u64 {
        let parts = (0..n).filter(|_| dice.roll(4) == 0).map(|p| ReleaseId::new(format!("r{p}"))).collect();
        let product = ProductId::new(format!("p{}", dice.roll(ORGANIZATIONS)));
        let artifacts =
            vec![ArtifactFact { name: "a".to_owned(), sha256: Sha256([n as u8; 32]), size: None }];
        facts.push(Fact::Release(ReleaseFact {
            id: ReleaseId::new(format!("r{n}")),
            product,
            version: n.to_string(),
            artifacts,
            parts,
        }));
    }
    for n in 0..12 {
        let (issuer, release) = (dice.roll(ORGANIZATIONS), ReleaseId::new(format!("r{}", dice.roll(8))));
        let kind = if dice.roll(2) == 0 { EvidenceType::Sbom } else { EvidenceType::Inspection };
        facts.push(evidence(format!("e{n}"), issuer, Some(release), kind, Effect::Nothing));
    }
    for n in 0..10 {
        let levels = [
            DisclosureLevel::Hidden,
            DisclosureLevel::Exists,
            DisclosureLevel::Outcome,
            DisclosureLevel::Full,
            DisclosureLevel::FullAndReshare,
            DisclosureLevel::FullAndReshare,
        ];
        let level = levels[dice.roll(6) as usize];
        let scope = match dice.roll(3) {
            0 => GrantScope::Everything,
            1 => GrantScope::Product { id: format!("p{}", dice.roll(ORGANIZATIONS)) },
            _ => GrantScope::Evidence { id: format!("e{}", dice.roll(12)) },
        };
        let audience = vec![organization(dice.roll(ORGANIZATIONS))];
        let effect = Effect::Grant { audience, scope, types: None, level, valid_until: None };
        facts.push(evidence(
            format!("g{n}"),
            dice.roll(ORGANIZATIONS),
            None,
            EvidenceType::DisclosureGrant,
            effect,
        ));
    }
    facts
}

async fn platform(folder: &std::path::Path, facts: &[Fact]) -> Platform {
    let empty = Platform::open(folder).await.unwrap();
    for fact in facts {
        let entry = Entry { at: Timestamp::from_unix(1_700_000_000).unwrap(), fact: fact.clone() };
        let body = serde_json::to_string(&entry).unwrap();
        sqlx::query("INSERT INTO fact (body) VALUES (?)")
            .bind(body)
            .execute(&empty.store.pool)
            .await
            .unwrap();
    }
    empty.close().await;
    Platform::open(folder).await.unwrap()
}

fn viewer(n: u64) -> Viewer {
    Viewer {
        account: AccountId::new("a"),
        organization: organization(n),
        role: Role::Administrator,
        instance_administrator: false,
    }
}

/// Everything the reading functions answer, and every error.
fn shown(platform: &Platform, viewer: &Viewer) -> Value {
    let mut evidence = Vec::new();
    let mut paging = Paging { after: None, limit: Some(2) };
    loop {
        let page = platform.evidence_list(viewer, &EvidenceFilter::default(), &paging);
        paging.after.clone_from(&page.next);
        evidence.push(json!(page));
        if paging.after.is_none() {
            break;
        }
    }
    fn ask<T: serde::Serialize>(answer: Result<T, ReadError>) -> Value {
        answer.map_or_else(|e| json!(e.to_string()), |a| json!(a))
    }
    let one = |n: u64| {
        json!([
            ask(platform.product(viewer, &ProductId::new(format!("p{n}")))),
            ask(platform.release(viewer, &ReleaseId::new(format!("r{n}")))),
            ask(platform.history(viewer, &ReleaseId::new(format!("r{n}")))),
            ask(platform.evidence(viewer, &EvidenceId::new(format!("e{n}")))),
        ])
    };
    json!({
        "status": platform.status(viewer),
        "products": platform.products(viewer, false),
        "links": platform.links(viewer),
        "organizations": platform.organizations(viewer),
        "disclosures": platform.disclosures(viewer),
        "changes": platform.changes(viewer, None, Some(200)),
        "evidence": evidence,
        "each": (0..12).map(one).collect::<Vec<_>>(),
    })
}

/// Without the evidence and the releases that `viewer` does not see. Links and grants stay: they decide what is seen.
/// A hidden release that contains others stays as well, since being in it is what makes its parts deliverable.
fn without_hidden(platform: &Platform, viewer: &Viewer, facts: &[Fact]) -> Vec<Fact> {
    let universe = platform.universe();
    let hidden_release =
        |id: &ReleaseId| universe.release_level(id, &viewer.organization, now()) == DisclosureLevel::Hidden;
    let stays = |fact: &&Fact| match fact {
        Fact::Evidence(e) if e.kind != EvidenceType::DisclosureGrant => {
            universe.visible_evidence(viewer, &e.id, now()).is_ok()
        }
        Fact::Release(r) => !r.parts.is_empty() || !hidden_release(&r.id),
        _ => true,
    };
    facts.iter().filter(stays).cloned().collect()
}

#[tokio::test]
async fn deleting_what_a_viewer_cannot_see_changes_no_byte() {
    let (mut deleted, mut kept) = (0, 0);
    for seed in 0..12 {
        let facts = universe(seed);
        let whole_folder = tempfile::tempdir().unwrap();
        let whole = platform(whole_folder.path(), &facts).await;
        for n in 0..ORGANIZATIONS {
            let viewer = viewer(n);
            let rest = without_hidden(&whole, &viewer, &facts);
            deleted += facts.len() - rest.len();
            kept += shown(&whole, &viewer)["evidence"][0]["items"].as_array().unwrap().len();
            let folder = tempfile::tempdir().unwrap();
            let part = platform(folder.path(), &rest).await;
            let (with, without) = (shown(&whole, &viewer).to_string(), shown(&part, &viewer).to_string());
            assert_eq!(with, without, "seed {seed}, viewer {n}");
        }
    }
    assert!(deleted > 100 && kept > 100, "{deleted} deleted, {kept} kept: the universes test nothing");
}
