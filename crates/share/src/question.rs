//! Answers without documents: whether a vulnerability affects a component of a release that the asker may not see.
//!
//! The answer is one word, signed by the instance under the owner's delegation, logged, and seen by the owner. How many
//! questions a customer may ask in a month is the supplier's decision: without a limit they would spell out the list.

use record::Sha256;
use statement::{Answer, AnswerVerdict, EvidenceType, Statement, Subject, Timestamp};

use crate::error::WriteError;
use crate::fact::{Effect, Fact};
use crate::ids::{EvidenceId, LinkId, OrganizationId, ReleaseId, now};
use crate::looking::Looking;
use crate::platform::{Platform, checked_text};
use crate::target::Target;
use crate::universe::{Link, Universe};
use crate::view::AnswerView;
use crate::viewer::{Role, Viewer};

/// A question that may be asked. Its document is for whoever finds the answer, and for nobody else.
pub struct Question {
    asker: OrganizationId,
    owner: OrganizationId,
    release: ReleaseId,
    evidence: EvidenceId,
    entry: Sha256,
    link: LinkId,
    vulnerability: String,
    document: Vec<u8>,
}

impl Question {
    /// The whole bill of materials.
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// The vulnerability's id.
    pub fn vulnerability(&self) -> &str {
        &self.vulnerability
    }
}

/// What is known of a question before its document is read.
struct Asked {
    owner: OrganizationId,
    evidence: EvidenceId,
    entry: Sha256,
    link: LinkId,
    statement: Sha256,
}

impl Platform {
    /// Opens a question about a release of which the viewer sees at least that a bill of materials exists.
    pub async fn question(
        &self,
        viewer: &Viewer,
        release: &ReleaseId,
        vulnerability: &str,
    ) -> Result<Question, WriteError> {
        let vulnerability = checked_text("vulnerability", vulnerability)?;
        let asked = self.asked(viewer, release)?;
        let statement = self.stored_statement(asked.statement).await.map_err(WriteError::Read)?;
        Ok(Question {
            asker: viewer.organization.clone(),
            owner: asked.owner,
            release: release.clone(),
            evidence: asked.evidence,
            entry: asked.entry,
            link: asked.link,
            vulnerability,
            document: statement.document().as_bytes().to_vec(),
        })
    }

    fn asked(&self, viewer: &Viewer, release: &ReleaseId) -> Result<Asked, WriteError> {
        let universe = self.universe();
        let looking = Looking::new(&universe, viewer);
        let missing = || WriteError::NotFound { what: release.to_string() };
        let (evidence, _) = looking.latest(release, EvidenceType::Sbom).ok_or_else(missing)?;
        // What is opaque here is known only where the rest is.
        if evidence.fact.parts.is_some() {
            return Err(missing());
        }
        let owner = evidence.fact.owner();
        let link = universe.direct_link(owner, &viewer.organization, now()).ok_or_else(missing)?;
        if universe.questions_left(&link.fact.id, link.questions, &viewer.organization, now()) == 0 {
            return Err(WriteError::Budget { a_month: link.questions });
        }
        if !universe.delegates(owner, self.instance_key().id(), EvidenceType::Answer) {
            return Err(WriteError::NotDelegated);
        }
        Ok(Asked {
            owner: owner.clone(),
            evidence: evidence.fact.id.clone(),
            entry: evidence.fact.log_entry(),
            link: link.fact.id.clone(),
            statement: evidence.fact.statement,
        })
    }

    /// Signs, logs and returns the answer. `vuln_db`: digest of the data it was found with.
    pub async fn answer(
        &self,
        viewer: &Viewer,
        question: Question,
        verdict: AnswerVerdict,
        vuln_db: Sha256,
    ) -> Result<AnswerView, WriteError> {
        let mut turn = self.write().await?;
        // Several questions may have been open at once.
        self.asked(viewer, &question.release)?;
        let body = Answer { vulnerability: question.vulnerability.clone(), verdict, vuln_db };
        // The subject is the log entry: the digest of a delivered file is more than an asker may know.
        let subject = Subject::new(question.evidence.as_str(), question.entry);
        let statement = Statement::new(vec![subject], &body).map_err(|_| WriteError::InstanceOnly)?;
        let effect = Effect::Answer {
            asker: question.asker,
            link: question.link.clone(),
            vulnerability: question.vulnerability.clone(),
            verdict,
        };
        let target = Target::Release(question.release);
        let id = self.state(&mut turn, &question.owner, &statement, target, Some(effect)).await?;
        let universe = self.universe();
        let evidence = Looking::new(&universe, viewer).evidence_by_id(&id);
        let allowed = universe.links.get(&question.link).map_or(0, |l| l.questions);
        Ok(AnswerView {
            evidence: evidence.ok_or(WriteError::NotFound { what: id.to_string() })?,
            vulnerability: question.vulnerability,
            verdict,
            left: universe.questions_left(&question.link, allowed, &viewer.organization, now()),
        })
    }

    /// Sets how many questions the customer of a link may ask in a month; its supplier decides.
    pub async fn allow_questions(
        &self,
        viewer: &Viewer,
        id: &LinkId,
        a_month: u32,
    ) -> Result<(), WriteError> {
        if !viewer.has(Role::Administrator) {
            return Err(WriteError::Role);
        }
        let mut turn = self.write().await?;
        let own = self.universe().links.get(id).is_some_and(|l| l.fact.supplier == viewer.organization);
        if !own {
            return Err(WriteError::NotFound { what: id.to_string() });
        }
        turn.add(Fact::Questions { link: id.clone(), a_month }).await
    }
}

impl Universe {
    fn direct_link(
        &self,
        supplier: &OrganizationId,
        customer: &OrganizationId,
        now: Timestamp,
    ) -> Option<&Link> {
        let between = |l: &&Link| l.fact.supplier == *supplier && l.fact.customer == *customer;
        self.links.values().filter(|l| l.in_force(now)).find(between)
    }

    fn questions_left(&self, link: &LinkId, a_month: u32, asker: &OrganizationId, now: Timestamp) -> u32 {
        let this_month = month(now);
        let answers = self.evidence.iter().rev();
        let recent = answers.take_while(|e| month(e.at) == this_month);
        let own = recent.filter(|e| match &e.fact.effect {
            Effect::Answer { asker: by, link: over, .. } => by == asker && over == link,
            _ => false,
        });
        a_month.saturating_sub(u32::try_from(own.count()).unwrap_or(u32::MAX))
    }
}

/// `2026-11`, UTC.
fn month(at: Timestamp) -> String {
    at.to_string().chars().take(7).collect()
}
