//! A chain of three organizations: Chips supplies Maker, Maker supplies Water.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod places;

use record::Sha256;
use share::{
    AccountId, Administrator, EvidenceId, NewLink, NewRelease, OrganizationId, OrganizationKind, Places,
    Platform, ProductKind, Registered, Registration, ReleaseId, Role, Viewer, WriteError,
};
use statement::{
    DisclosureGrant, DisclosureLevel, GrantScope, PredicateType, SigningKey, Statement, Subject, Unverified,
};

pub(crate) const FIRMWARE: Sha256 = Sha256([0xf1; 32]);
pub(crate) const LIBRARY: Sha256 = Sha256([0x1b; 32]);
pub(crate) const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"S. Ecret"}]},"components":[{"type":"library","name":"zlib","version":"1.3"}]}"#;

pub(crate) struct Party {
    pub(crate) id: OrganizationId,
    pub(crate) key: SigningKey,
    pub(crate) viewer: Viewer,
}

pub(crate) struct Chain {
    pub(crate) platform: Platform,
    pub(crate) chips: Party,
    pub(crate) maker: Party,
    pub(crate) water: Party,
    pub(crate) library: ReleaseId,
    pub(crate) firmware: ReleaseId,
    pub(crate) places: Places,
    pub(crate) _folder: Option<tempfile::TempDir>,
}

pub(crate) async fn party(
    platform: &Platform,
    admin: &Administrator,
    name: &str,
    seed: u8,
    kind: OrganizationKind,
) -> Party {
    let id = platform.add_organization(admin, name, kind).await.unwrap();
    let key = SigningKey::from_seed(&[seed; 32]);
    platform.add_key(admin, &id, key.public()).await.unwrap();
    let account: AccountId =
        platform.add_account(admin, &id, "root", Role::Administrator, false).await.unwrap();
    let viewer = platform.viewer(admin, &account).await.unwrap();
    Party { id, key, viewer }
}

pub(crate) async fn link(platform: &Platform, from: &Party, to: &Party) {
    let link = NewLink {
        supplier: from.id.clone(),
        customer: to.id.clone(),
        products: None,
        valid_from: None,
        valid_to: None,
    };
    let id = platform.propose_link(&from.viewer, link).await.unwrap();
    platform.accept_link(&to.viewer, &id).await.unwrap();
}

pub(crate) async fn release(
    platform: &Platform,
    of: &Party,
    name: &str,
    kind: ProductKind,
    digest: Sha256,
    parts: Vec<ReleaseId>,
) -> ReleaseId {
    let product = platform.add_product(&of.viewer, name, kind).await.unwrap();
    let release = NewRelease {
        version: "1.0".to_owned(),
        artifacts: vec![("a.bin".to_owned(), digest, Some(1))],
        parts,
    };
    platform.add_release(&of.viewer, &product, release).await.unwrap()
}

pub(crate) async fn chain() -> Chain {
    let folder = tempfile::tempdir().unwrap();
    let places = places::places(folder.path()).await;
    Chain { _folder: Some(folder), ..chain_at(places).await }
}

pub(crate) async fn chain_at(places: Places) -> Chain {
    let platform = Platform::open_at(&places).await.unwrap();
    let admin = platform.local_administrator();
    let chips = party(&platform, &admin, "Chips", 1, OrganizationKind::SoftwareManufacturer).await;
    let maker = party(&platform, &admin, "Maker", 2, OrganizationKind::EquipmentManufacturer).await;
    let water = party(&platform, &admin, "Water", 3, OrganizationKind::Operator).await;
    link(&platform, &chips, &maker).await;
    link(&platform, &maker, &water).await;
    let library = release(&platform, &chips, "libchip", ProductKind::Software, LIBRARY, vec![]).await;
    let firmware =
        release(&platform, &maker, "KR-200", ProductKind::Equipment, FIRMWARE, vec![library.clone()]).await;
    Chain { platform, chips, maker, water, library, firmware, places, _folder: None }
}

pub(crate) fn sbom(digest: Sha256) -> Statement {
    Statement::of_document(vec![Subject::new("a.bin", digest)], PredicateType::CYCLONEDX, SBOM).unwrap()
}

impl Chain {
    pub(crate) async fn register(&self, by: &Party, statement: &Statement) -> Result<EvidenceId, WriteError> {
        let registered = self.hand_in(&by.viewer, &[&by.key], statement, Registration::default()).await?;
        Ok(registered.evidence().unwrap().id.clone())
    }

    pub(crate) async fn hand_in(
        &self,
        viewer: &Viewer,
        keys: &[&SigningKey],
        statement: &Statement,
        registration: Registration,
    ) -> Result<Registered, WriteError> {
        let claim = Unverified::from(statement.sign(keys).unwrap());
        let verified = claim.verify(&self.platform.own_keys(viewer)).unwrap();
        self.platform.register(viewer, verified, registration).await
    }

    pub(crate) async fn grant(
        &self,
        by: &Party,
        to: &Party,
        scope: GrantScope,
        level: DisclosureLevel,
    ) -> EvidenceId {
        let grant = DisclosureGrant { scope, types: None, level, valid_until: None, emergency: false };
        let audience = Subject::new("x", to.key.public().id().0);
        self.register(by, &Statement::new(vec![audience], &grant).unwrap()).await.unwrap()
    }

    pub(crate) fn level(&self, of: &Party, id: &EvidenceId) -> Option<DisclosureLevel> {
        self.platform.evidence(&of.viewer, id).ok().map(|e| e.level)
    }
}
