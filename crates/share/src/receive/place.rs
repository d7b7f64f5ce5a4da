//! Where what was taken belongs: organizations, products and releases that the peer knows by other ids, found here by
//! keys, names and versions, or made.

use std::collections::BTreeMap;

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType, KeyId, PinnedOrganization, Statement, Verified};

use crate::error::WriteError;
use crate::fact::{ArtifactFact, Fact, Receipt, ReleaseFact};
use crate::ids::{OrganizationId, ProductId, ReleaseId};
use crate::peer::Peer;
use crate::platform::{Platform, Writing, checked_text};
use crate::receive::{MAX_ARTIFACTS, Offer, OfferedRelease, ReceiveError};
use crate::view::OrganizationKind;

impl Platform {
    /// The organization that the trust file knows one of `keys` of; made here where it is new.
    pub(super) async fn organization_of(
        &self,
        turn: &mut Writing<'_>,
        peer: &Peer,
        keys: &[KeyId],
        kinds: &BTreeMap<KeyId, OrganizationKind>,
    ) -> Result<Option<OrganizationId>, ReceiveError> {
        let known = {
            let universe = self.universe();
            keys.iter().find_map(|id| universe.keys.get(id)).map(|key| key.organization.clone())
        };
        let pins = |o: &&PinnedOrganization, id: &KeyId| o.keys.iter().any(|k| k.key_id == *id);
        let pinned = peer.trust.organizations.iter().find(|o| keys.iter().any(|id| pins(o, id)));
        let (None, Some(pinned)) = (&known, pinned) else { return Ok(known.filter(|_| pinned.is_some())) };
        let kind = pinned.keys.iter().find_map(|k| kinds.get(&k.key_id)).copied();
        let kind = kind.filter(|k| *k != OrganizationKind::Instance);
        self.add_pinned(turn, pinned, kind.unwrap_or(OrganizationKind::SoftwareManufacturer)).await.map(Some)
    }

    async fn add_pinned(
        &self,
        turn: &mut Writing<'_>,
        pinned: &PinnedOrganization,
        kind: OrganizationKind,
    ) -> Result<OrganizationId, ReceiveError> {
        // It may be here by another of its keys.
        let known = {
            let universe = self.universe();
            let here =
                pinned.keys.iter().find_map(|k| universe.keys.get(&k.key_id)).map(|k| k.organization.clone());
            let named = universe.organizations.values().any(|o| o.name == pinned.name);
            here.ok_or(named)
        };
        let id = match known {
            Ok(id) => id,
            Err(true) => return Err(ReceiveError::Name { name: pinned.name.clone() }),
            Err(false) => {
                let (id, name) = (OrganizationId::fresh()?, checked_text("name", &pinned.name)?);
                turn.add(Fact::Organization { id: id.clone(), name, kind }).await?;
                id
            }
        };
        for key in &pinned.keys {
            if !self.universe().keys.contains_key(&key.key_id) {
                turn.add(Fact::Key { organization: id.clone(), public_key: key.public_key }).await?;
            }
        }
        Ok(id)
    }

    /// The release it is about, made here where it is new. None for what is about no release.
    pub(super) async fn release_of(
        &self,
        turn: &mut Writing<'_>,
        peer: &Peer,
        offer: &Offer,
        statement: &Verified<Statement>,
        level: DisclosureLevel,
    ) -> Result<Option<ReleaseId>, ReceiveError> {
        use EvidenceType::{KeyRevocation, KeyRotation, Withdrawal};
        let kind = statement.value().predicate_type().evidence_type();
        if matches!(kind, KeyRevocation | KeyRotation | Withdrawal) {
            return Ok(None);
        }
        let offered = offer.release.as_ref().ok_or(ReceiveError::Subject)?;
        let digests: Vec<Sha256> = statement.value().subjects().iter().map(|s| s.sha256()).collect();
        if !offered.artifacts.iter().any(|(_, sha256, _)| digests.contains(sha256)) {
            return Err(ReceiveError::Subject);
        }
        if offered.artifacts.len() > MAX_ARTIFACTS {
            return Err(WriteError::Text { field: "artifacts" }.into());
        }
        let supplier = self.organization_of(turn, peer, &offered.supplier_keys, &offer.kinds).await?;
        let supplier = supplier.ok_or(ReceiveError::Supplier)?;
        let product = self.product_of(turn, &supplier, offered).await?;
        let receipt = Receipt { by: peer.organization.clone(), level, entry: None, hops: Vec::new() };
        match self.release_here(&product, offered)? {
            Some(id) => {
                self.release_received(turn, id.clone(), &receipt).await?;
                Ok(Some(id))
            }
            None => Ok(Some(self.add_offered(turn, product, offered, receipt).await?)),
        }
    }

    async fn product_of(
        &self,
        turn: &mut Writing<'_>,
        supplier: &OrganizationId,
        offered: &OfferedRelease,
    ) -> Result<ProductId, WriteError> {
        let name = checked_text("product", &offered.product)?;
        let known = {
            let universe = self.universe();
            let found = universe.products.iter().find(|(_, p)| p.supplier == *supplier && p.name == name);
            found.map(|(id, _)| id.clone())
        };
        if let Some(id) = known {
            return Ok(id);
        }
        let id = ProductId::fresh()?;
        let (supplier, kind) = (supplier.clone(), offered.kind);
        turn.add(Fact::Product { id: id.clone(), supplier, name, kind }).await?;
        Ok(id)
    }

    fn release_here(
        &self,
        product: &ProductId,
        offered: &OfferedRelease,
    ) -> Result<Option<ReleaseId>, ReceiveError> {
        let universe = self.universe();
        let releases = universe.products.get(product).map(|p| p.releases.as_slice()).unwrap_or_default();
        let facts = releases.iter().filter_map(|id| universe.releases.get(id)).map(|r| &r.fact);
        let Some(found) = facts.into_iter().find(|f| f.version == offered.version) else { return Ok(None) };
        let theirs: Vec<Sha256> = offered.artifacts.iter().map(|(_, sha256, _)| *sha256).collect();
        if found.artifacts.len() != theirs.len()
            || !found.artifacts.iter().all(|a| theirs.contains(&a.sha256))
        {
            let (product, version) = (offered.product.clone(), offered.version.clone());
            return Err(ReceiveError::OtherRelease { product, version });
        }
        Ok(Some(found.id.clone()))
    }

    async fn add_offered(
        &self,
        turn: &mut Writing<'_>,
        product: ProductId,
        offered: &OfferedRelease,
        receipt: Receipt,
    ) -> Result<ReleaseId, WriteError> {
        let artifact = |(name, sha256, size): &(String, Sha256, Option<u64>)| {
            Ok(ArtifactFact { name: checked_text("name", name)?, sha256: *sha256, size: *size })
        };
        let artifacts: Result<Vec<_>, WriteError> = offered.artifacts.iter().map(artifact).collect();
        let id = ReleaseId::fresh()?;
        let version = checked_text("version", &offered.version)?;
        let fact = ReleaseFact {
            id: id.clone(),
            product,
            version,
            artifacts: artifacts?,
            parts: Vec::new(),
            receipt: Some(receipt),
        };
        turn.add(Fact::Release(fact)).await?;
        Ok(id)
    }
}
