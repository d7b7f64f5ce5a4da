//! What a viewer may not see changes no byte of what it is shown: random universes, with and without the hidden part.

use serde_json::{Value, json};
use statement::{DisclosureLevel, EvidenceType};

use crate::fact::Fact;
use crate::ids::{AccountId, EvidenceId, ProductId, ReleaseId, now};
use crate::paging::Paging;
use crate::random_universe::{ORGANIZATIONS, entry, organization, universe};
use crate::read::EvidenceFilter;
use crate::viewer::{Role, Viewer};
use crate::{Platform, ReadError};

async fn platform(folder: &std::path::Path, facts: &[Fact]) -> Platform {
    let empty = Platform::open(folder).await.unwrap();
    for fact in facts {
        let body = serde_json::to_string(&entry(fact)).unwrap();
        sqlx::query("INSERT INTO fact (body) VALUES ($1)")
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
