//! What an instance says itself: signed with its own key, under a delegation that the organization gave and may take
//! back, and shown as the instance's word. It cannot speak with an organization's own key, because it has none.

use statement::{EvidenceType, KeyId, KeyRing, PublicKey, SigningKey, Statement, Unverified};

use crate::error::{OpenError, WriteError};
use crate::fact::{Effect, EvidenceFact, Fact};
use crate::ids::{EvidenceId, OrganizationId, SystemId};
use crate::outcome;
use crate::platform::{Platform, Writing};
use crate::register::{fact_of, superseded};
use crate::target::Target;
use crate::universe::Universe;
use crate::view::OrganizationKind;

/// Shown as the issuer of what the instance states.
const NAME: &str = "This platform";

/// The instance as an organization with a key.
pub(crate) struct Instance {
    pub(crate) id: OrganizationId,
    key: SigningKey,
}

impl Instance {
    /// Its signature of something that is no statement, base64.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        statement::base64(&self.key.sign(message))
    }

    /// The instance of `universe`, and the facts that make it one where there is none yet.
    pub(crate) fn of(universe: &Universe, key: SigningKey) -> Result<(Self, Vec<Fact>), OpenError> {
        let known = universe.organizations.iter().find(|(_, o)| o.kind == OrganizationKind::Instance);
        if let Some((id, _)) = known {
            // A key file that was lost and made anew: the old key stays known for what it signed.
            let new = (!universe.keys.contains_key(&key.public().id()))
                .then(|| Fact::Key { organization: id.clone(), public_key: key.public() });
            return Ok((Self { id: id.clone(), key }, new.into_iter().collect()));
        }
        let id = OrganizationId::fresh().map_err(|error| OpenError::Damaged { what: error.to_string() })?;
        let facts = vec![
            Fact::Organization { id: id.clone(), name: NAME.to_owned(), kind: OrganizationKind::Instance },
            Fact::Key { organization: id.clone(), public_key: key.public() },
        ];
        Ok((Self { id, key }, facts))
    }
}

impl Universe {
    /// Whether `owner` lets the instance with `key` state things of `kind`.
    pub(crate) fn delegates(&self, owner: &OrganizationId, key: KeyId, kind: EvidenceType) -> bool {
        let given = self.delegations.get(owner).into_iter().flatten().filter_map(|id| self.evidence.get(id));
        given.filter(|e| e.is_current()).any(|e| match &e.fact.effect {
            Effect::Delegate { public_key, types } => public_key.id() == key && types.contains(&kind),
            _ => false,
        })
    }
}

impl Platform {
    /// The instance's public key, for delegations and trust files.
    pub fn instance_key(&self) -> PublicKey {
        self.instance.key.public()
    }

    /// Signs and registers what the instance derived for `owner`.
    pub(crate) async fn state(
        &self,
        turn: &mut Writing<'_>,
        owner: &OrganizationId,
        statement: &Statement,
        target: Target,
        effect: Option<Effect>,
    ) -> Result<EvidenceId, WriteError> {
        let kind = statement.predicate_type().evidence_type();
        let key = &self.instance.key;
        if !self.universe().delegates(owner, key.public().id(), kind) {
            return Err(WriteError::NotDelegated);
        }
        let envelope = statement.sign(&[key]).map_err(|_| WriteError::InstanceOnly)?;
        let mut ring = KeyRing::default();
        ring.accept(key.public(), self.instance.id.as_str());
        let verified = Unverified::from(envelope).verify(&ring).map_err(|_| WriteError::InstanceOnly)?;
        let (outcome, own_effect) = outcome::of(verified.value())?;
        let stored = self.store_envelope(&verified).await?;
        let fact = EvidenceFact {
            issuer: self.instance.id.clone(),
            on_behalf_of: Some(owner.clone()),
            key_id: key.public().id(),
            statement: stored,
            outcome,
            ..fact_of(&verified, target, effect.unwrap_or(own_effect))?
        };
        let supersedes = superseded(&self.universe(), &fact, None)?;
        let mut fact = EvidenceFact { supersedes, ..fact };
        let mut change = turn.begin().await?;
        fact.log_index = self.log.append(&mut change, fact.log_entry()).await?;
        let id = fact.id.clone();
        turn.commit(change, Fact::Evidence(Box::new(fact))).await?;
        Ok(id)
    }

    /// Registers an assessment of a system that the instance made, in its own name, if the system's owner delegates it.
    /// The owner is told in one sentence what had changed.
    pub async fn state_assessment(
        &self,
        system: &SystemId,
        statement: &Statement,
        changed: String,
    ) -> Result<EvidenceId, WriteError> {
        let mut turn = self.write().await?;
        let owner = self.universe().systems.get(system).map(|s| s.owner.clone());
        let owner = owner.ok_or_else(|| WriteError::NotFound { what: system.to_string() })?;
        let mut effect = outcome::of(statement)?.1;
        if let Effect::Assess { why, .. } = &mut effect {
            *why = Some(changed);
        }
        self.state(&mut turn, &owner, statement, Target::System(system.clone()), Some(effect)).await
    }
}
