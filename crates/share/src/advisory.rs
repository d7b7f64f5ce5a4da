//! Advisories for everybody: CSAF documents that their issuer registered as TLP:CLEAR. What is clear is no secret, so no
//! viewer is asked for; everything else stays where it was.

use statement::{EvidenceType, OpenPgpSignature, Predicate as _, PredicateType, Timestamp};

use crate::error::ReadError;
use crate::ids::{EvidenceId, OrganizationId, now};
use crate::platform::Platform;
use crate::universe::{Evidence, Universe};
use crate::view::{OrganizationRef, Tlp};

/// A CSAF document for everybody.
#[derive(Clone, Debug, PartialEq)]
pub struct Advisory {
    /// The evidence.
    pub id: EvidenceId,
    /// Whose word it is.
    pub issuer: OrganizationRef,
    /// When it was registered.
    pub at: Timestamp,
}

fn is_advisory(evidence: &Evidence, now: Timestamp) -> bool {
    let fact = &evidence.fact;
    fact.kind == EvidenceType::Vex
        && fact.parts.is_none()
        && PredicateType::new(fact.predicate_type.clone()).is_csaf()
        && is_public(evidence, now)
}

fn is_signature(evidence: &Evidence, now: Timestamp) -> bool {
    evidence.fact.predicate_type == OpenPgpSignature::TYPE.as_str() && is_public(evidence, now)
}

fn is_public(evidence: &Evidence, now: Timestamp) -> bool {
    let fact = &evidence.fact;
    fact.tlp == Some(Tlp::Clear)
        && fact.embargo_until.is_none_or(|until| until <= now)
        && evidence.is_current()
}

impl Universe {
    fn advisories(&self, issuer: &OrganizationId) -> Vec<&Evidence> {
        self.evidence.iter().filter(|e| e.fact.issuer == *issuer && is_advisory(e, now())).collect()
    }
}

impl Platform {
    /// Advisories of an organization, oldest first. Empty as well where there is no such organization.
    pub fn advisories(&self, issuer: &OrganizationId) -> Vec<Advisory> {
        let universe = self.universe();
        let view = |e: &Evidence| Advisory {
            id: e.fact.id.clone(),
            issuer: universe.organization_ref(&e.fact.issuer),
            at: e.at,
        };
        universe.advisories(issuer).into_iter().map(view).collect()
    }

    /// The document of an advisory.
    pub async fn advisory(&self, id: &EvidenceId) -> Result<String, ReadError> {
        let stored = {
            let universe = self.universe();
            let evidence = universe.evidence.get(id).filter(|e| is_advisory(e, now()));
            evidence.ok_or(ReadError::NotFound)?.fact.statement
        };
        Ok(self.stored_statement(stored).await?.document().to_owned())
    }

    /// OpenPGP signatures that an organization registered for everybody, oldest first.
    pub fn openpgp_signatures(&self, issuer: &OrganizationId) -> Vec<EvidenceId> {
        let universe = self.universe();
        let own = universe.evidence.iter().filter(|e| e.fact.issuer == *issuer && is_signature(e, now()));
        own.map(|e| e.fact.id.clone()).collect()
    }

    /// One of them.
    pub async fn openpgp_signature(&self, id: &EvidenceId) -> Result<OpenPgpSignature, ReadError> {
        let stored = {
            let universe = self.universe();
            let evidence = universe.evidence.get(id).filter(|e| is_signature(e, now()));
            evidence.ok_or(ReadError::NotFound)?.fact.statement
        };
        let statement = self.stored_statement(stored).await?;
        statement.predicate().map_err(|e| ReadError::Damaged { what: e.to_string() })
    }
}
