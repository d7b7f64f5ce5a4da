//! Instances on loopback that pull from each other, each with a log, keys and people of its own.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::sync::Arc;

use client::{Http, Pulled, Reach, Remote, RemoteError};
use server::{ServeOptions, Site};
use share::{
    EvidenceFilter, EvidenceView, NewLink, NewRelease, OrganizationId, OrganizationKind, Paging, Platform,
    ProductKind, Registration, ReleaseId, Role, Viewer,
};
use statement::{
    DisclosureGrant, DisclosureLevel, EvidenceType, GrantScope, PinnedKey, PinnedLog, PinnedOrganization,
    PredicateType, SigningKey, Statement, Subject, Trust, Unverified,
};
use tokio::net::TcpListener;

use crate::support::{FIRMWARE, places};

/// Served on loopback, without background work: the tests say when something is pulled.
pub(crate) struct Instance {
    pub(crate) platform: Arc<Platform>,
    pub(crate) url: String,
    /// Token of somebody who manages the instance.
    pub(crate) token: String,
    pub(crate) _folder: tempfile::TempDir,
}

pub(crate) struct Party {
    pub(crate) id: OrganizationId,
    pub(crate) viewer: Viewer,
    pub(crate) token: String,
}

pub(crate) const CHIPS: (&str, u8) = ("Chips", 1);
pub(crate) const MAKER: (&str, u8) = ("Maker", 2);
pub(crate) const BUILDER: (&str, u8) = ("Builder", 3);
pub(crate) const WATER: (&str, u8) = ("Water", 4);

pub(crate) fn key((_, seed): (&str, u8)) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

impl Instance {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let platform = Arc::new(Platform::open_at(&places::places(folder.path()).await).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let site = Arc::new(Site::new(Arc::clone(&platform)));
        let options = ServeOptions { answers_only: true, ..ServeOptions::default() };
        tokio::spawn(server::serve(site, listener, options, std::future::pending()));
        let admin = platform.local_administrator();
        let operator =
            platform.add_organization(&admin, "Operations", OrganizationKind::Operator).await.unwrap();
        let account =
            platform.add_account(&admin, &operator, "ops", Role::Administrator, true).await.unwrap();
        let viewer = platform.viewer(&admin, &account).await.unwrap();
        let token = platform.add_instance_token(&viewer, "t").await.unwrap().secret.reveal().to_owned();
        Self { platform, url, token, _folder: folder }
    }

    pub(crate) async fn party(&self, who: (&str, u8)) -> Party {
        let admin = self.platform.local_administrator();
        let kind = OrganizationKind::EquipmentManufacturer;
        let id = self.platform.add_organization(&admin, who.0, kind).await.unwrap();
        self.platform.add_key(&admin, &id, key(who).public()).await.unwrap();
        let account =
            self.platform.add_account(&admin, &id, "root", Role::Administrator, false).await.unwrap();
        let viewer = self.platform.viewer(&admin, &account).await.unwrap();
        let token =
            self.platform.add_token(&viewer, "t", Role::Viewer).await.unwrap().secret.reveal().to_owned();
        Party { id, viewer, token }
    }

    pub(crate) async fn register(&self, by: &Party, who: (&str, u8), statement: Statement) -> EvidenceView {
        self.register_about(by, who, statement, Registration::default()).await
    }

    pub(crate) async fn register_about(
        &self,
        by: &Party,
        who: (&str, u8),
        statement: Statement,
        about: Registration,
    ) -> EvidenceView {
        let claim = Unverified::from(statement.sign(&[&key(who)]).unwrap());
        let verified = claim.verify(&self.platform.own_keys(&by.viewer)).unwrap();
        let done = self.platform.register(&by.viewer, verified, about).await.unwrap();
        done.evidence().unwrap().clone()
    }

    /// `from` supplies `to`, which has what it has by default.
    pub(crate) async fn supply(&self, from: &Party, to: &Party) {
        let (supplier, customer) = (from.id.clone(), to.id.clone());
        let link = NewLink { supplier, customer, products: None, valid_from: None, valid_to: None };
        let id = self.platform.propose_link(&from.viewer, link).await.unwrap();
        self.platform.accept_link(&to.viewer, &id).await.unwrap();
    }

    /// `from` supplies `to`, and lets it have and hand on everything.
    pub(crate) async fn hand_on(
        &self,
        from: &Party,
        who: (&str, u8),
        to: &Party,
        whom: (&str, u8),
        level: DisclosureLevel,
    ) {
        self.supply(from, to).await;
        let scope = GrantScope::Everything;
        let grant = DisclosureGrant { scope, types: None, level, valid_until: None, emergency: false };
        let audience = Subject::new(whom.0, key(whom).public().id().0);
        self.register(from, who, Statement::new(vec![audience], &grant).unwrap()).await;
    }

    pub(crate) fn trust(&self, pinned: &[(&str, u8)]) -> Trust {
        let organization = |who: &(&str, u8)| {
            let public_key = key(*who).public();
            let keys = vec![PinnedKey { key_id: public_key.id(), public_key }];
            PinnedOrganization { name: who.0.to_owned(), keys }
        };
        let (origin, key) = (self.platform.log_origin().to_owned(), self.platform.log_key());
        Trust {
            organizations: pinned.iter().map(organization).collect(),
            log: Some(PinnedLog { origin, key }),
            ..Trust::default()
        }
    }

    pub(crate) fn remote(&self, token: &str) -> Remote {
        Remote::new(Http::new(&self.url, Some(token), Reach::Anywhere).unwrap())
    }

    /// What adds `from` as a peer for `party`.
    pub(crate) fn peer(
        &self,
        from: &Self,
        party: &Party,
        token: &str,
        pinned: &[(&str, u8)],
        kind: &str,
    ) -> serde_json::Value {
        serde_json::json!({
            "name": from.url, "url": from.url, "kind": kind, "organization": party.id, "token": token,
            "trust": from.trust(pinned)
        })
    }

    async fn add_peer(&self, body: serde_json::Value) -> String {
        let remote = self.remote(&self.token);
        blocking(move || remote.add_peer(&body)).await.unwrap().id
    }

    /// Pulls from `from` for `party` from now on; id of the peer.
    pub(crate) async fn follow(
        &self,
        from: &Self,
        party: &Party,
        token: &str,
        pinned: &[(&str, u8)],
    ) -> String {
        self.add_peer(self.peer(from, party, token, pinned, "instance")).await
    }

    /// The same, over the Transparency Exchange API.
    pub(crate) async fn follow_tea(
        &self,
        from: &Self,
        party: &Party,
        token: &str,
        pinned: &[(&str, u8)],
    ) -> String {
        self.add_peer(self.peer(from, party, token, pinned, "tea")).await
    }

    pub(crate) async fn pull(&self, peer: &str) -> Result<Pulled, RemoteError> {
        let (remote, peer) = (self.remote(&self.token), peer.to_owned());
        blocking(move || remote.pull_peer(&peer)).await
    }

    pub(crate) fn evidence(&self, of: &Party, kind: EvidenceType) -> Vec<EvidenceView> {
        let filter = EvidenceFilter { kind: Some(kind), all_states: true, ..EvidenceFilter::default() };
        self.platform.evidence_list(&of.viewer, &filter, &Paging::default()).items
    }
}

pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub(crate) fn sbom() -> Statement {
    let document =
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"zlib"}]}"#;
    Statement::of_document(vec![Subject::new("a.bin", FIRMWARE)], PredicateType::CYCLONEDX, document).unwrap()
}

pub(crate) async fn release(at: &Instance, of: &Party) -> ReleaseId {
    let product = at.platform.add_product(&of.viewer, "libchip", ProductKind::Software).await.unwrap();
    let artifacts = vec![("a.bin".to_owned(), FIRMWARE, Some(7))];
    let release = NewRelease { version: "1.0".to_owned(), artifacts, parts: Vec::new() };
    at.platform.add_release(&of.viewer, &product, release).await.unwrap()
}
