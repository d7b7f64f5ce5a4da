//! The sum of all facts, in memory. Folding a fact in is the only way it changes; nothing here knows who is asking.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::Sha256;
use statement::{DeclaredAsset, DisclosureLevel, KeyId, PublicKey, Timestamp};

use crate::concern::{Concerns, Hands};
use crate::fact::{Effect, EmergencyFact, Entry, EvidenceFact, Fact, LinkFact, Receipt, ReleaseFact};
use crate::ids::{EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId};
use crate::shelf::Shelf;
use crate::view::{OrganizationKind, ProductKind};

#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) name: String,
    pub(crate) kind: OrganizationKind,
    pub(crate) keys: Vec<KeyId>,
    /// Its statements need a second person.
    pub(crate) four_eyes: bool,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) organization: OrganizationId,
    pub(crate) public: PublicKey,
    pub(crate) revoked: bool,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) fact: LinkFact,
    pub(crate) accepted: bool,
    pub(crate) ended: bool,
    /// Questions the customer may ask in a month.
    pub(crate) questions: u32,
    /// Heads, oldest first.
    pub(crate) heads: Vec<EvidenceId>,
}

#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) supplier: OrganizationId,
    pub(crate) name: String,
    pub(crate) kind: ProductKind,
    /// Oldest first.
    pub(crate) releases: Vec<ReleaseId>,
}

#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) fact: ReleaseFact,
    pub(crate) at: Timestamp,
    /// Releases it is a direct part of.
    pub(crate) part_of: Vec<ReleaseId>,
}

#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) fact: EvidenceFact,
    pub(crate) at: Timestamp,
    /// Place in the order of registration, and on the shelf; never shown.
    pub(crate) order: usize,
    pub(crate) superseded_by: Option<EvidenceId>,
    /// The withdrawal.
    pub(crate) withdrawn_by: Option<EvidenceId>,
}

#[derive(Debug)]
pub(crate) struct System {
    pub(crate) owner: OrganizationId,
    pub(crate) name: String,
    pub(crate) model: Sha256,
    /// The registration it comes from.
    pub(crate) evidence: EvidenceId,
    pub(crate) assets: Vec<DeclaredAsset>,
}

/// What a change is about, in the order of registration.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Evidence(EvidenceId),
    Release(ReleaseId),
    Link(LinkId),
    Key(OrganizationId),
    /// By its place in the list of emergencies.
    Emergency(usize),
    /// New vulnerabilities in a bill of materials.
    Matched(EvidenceId, Vec<String>),
}

/// What vulnerability data say of a bill of materials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matched {
    pub(crate) ids: BTreeSet<String>,
    /// How much evidence there was when it last changed.
    pub(crate) order: usize,
}

/// Questions a customer may ask in a month where the supplier said nothing else.
pub(crate) const QUESTIONS_A_MONTH: u32 = 20;

#[derive(Debug)]
pub(crate) struct Happened {
    pub(crate) at: Timestamp,
    pub(crate) cursor: String,
    pub(crate) event: Event,
}

#[derive(Debug, Default)]
pub(crate) struct Universe {
    pub(crate) organizations: BTreeMap<OrganizationId, Organization>,
    pub(crate) keys: BTreeMap<KeyId, Key>,
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) links_by_supplier: BTreeMap<OrganizationId, Vec<LinkId>>,
    /// From whom something could ever have come to an organization: along links that were agreed, whatever is disclosed
    /// over them. Most of what others have is nobody's business, and this says so at once.
    upstream: BTreeMap<OrganizationId, BTreeSet<OrganizationId>>,
    pub(crate) products: BTreeMap<ProductId, Product>,
    /// By their names in lower case.
    pub(crate) products_by_name: HashMap<String, Vec<ProductId>>,
    pub(crate) releases: BTreeMap<ReleaseId, Release>,
    pub(crate) evidence: Shelf,
    pub(crate) systems: BTreeMap<SystemId, System>,
    pub(crate) events: Vec<Happened>,
    /// Places of events by their cursors.
    pub(crate) event_places: HashMap<String, usize>,
    /// Events by whom they could concern.
    pub(crate) concerns: Concerns,
    pub(crate) releases_by_artifact: BTreeMap<Sha256, Vec<ReleaseId>>,
    /// Places on the shelf.
    pub(crate) evidence_by_release: BTreeMap<ReleaseId, Vec<usize>>,
    pub(crate) evidence_by_system: BTreeMap<SystemId, Vec<usize>>,
    /// One statement is registered once by an issuer.
    pub(crate) evidence_by_payload: BTreeMap<(OrganizationId, Sha256), EvidenceId>,
    /// Grants by who gave them.
    pub(crate) grants: BTreeMap<OrganizationId, Vec<EvidenceId>>,
    /// Every model a system ever had.
    pub(crate) systems_by_model: BTreeMap<Sha256, BTreeSet<SystemId>>,
    /// The commitment to a document.
    pub(crate) commitments: BTreeMap<EvidenceId, EvidenceId>,
    /// Delegations by who gave them.
    pub(crate) delegations: BTreeMap<OrganizationId, Vec<EvidenceId>>,
    pub(crate) matched: BTreeMap<EvidenceId, Matched>,
    /// Bills of materials by the vulnerabilities known in them.
    pub(crate) by_vulnerability: BTreeMap<String, BTreeSet<EvidenceId>>,
    pub(crate) emergencies: Vec<EmergencyFact>,
    /// Of what came from other instances: who received it.
    pub(crate) receipts: BTreeMap<EvidenceId, Vec<Receipt>>,
    pub(crate) release_receipts: BTreeMap<ReleaseId, Vec<Receipt>>,
    /// What an organization received already, by the log entry where it came from.
    pub(crate) received_entries: BTreeMap<(OrganizationId, Sha256), DisclosureLevel>,
    /// Releases an emergency concerns.
    pub(crate) endangered: BTreeSet<ReleaseId>,
}

impl Universe {
    /// Adds a fact. Facts that refer to nothing are ignored: they were checked before they were stored.
    pub(crate) fn apply(&mut self, entry: Entry) {
        let Entry { at, fact } = entry;
        match fact {
            Fact::Organization { id, name, kind } => {
                self.organizations
                    .insert(id, Organization { name, kind, keys: Vec::new(), four_eyes: false });
            }
            Fact::Key { organization, public_key } => self.apply_key(at, organization, public_key),
            Fact::KeyRevoked { key_id } => self.revoke_key(at, key_id),
            Fact::Link(fact) => {
                let (id, questions) = (fact.id.clone(), QUESTIONS_A_MONTH);
                let supplier = fact.supplier.clone();
                self.links_by_supplier.entry(supplier).or_default().push(id.clone());
                let link = Link { fact, accepted: false, ended: false, questions, heads: Vec::new() };
                self.links.insert(id.clone(), link);
                self.happened(at, format!("{id}.1"), Event::Link(id));
            }
            Fact::LinkAccepted { id } => {
                self.happened(at, format!("{id}.2"), Event::Link(id.clone()));
                if let Some(link) = self.links.get_mut(&id) {
                    link.accepted = true;
                    let (supplier, customer) = (link.fact.supplier.clone(), link.fact.customer.clone());
                    self.connect(supplier, customer);
                }
            }
            Fact::LinkEnded { id } => {
                self.happened(at, format!("{id}.3"), Event::Link(id.clone()));
                if let Some(link) = self.links.get_mut(&id) {
                    link.ended = true;
                }
            }
            Fact::Product { id, supplier, name, kind } => {
                self.products_by_name.entry(name.to_ascii_lowercase()).or_default().push(id.clone());
                self.products.insert(id, Product { supplier, name, kind, releases: Vec::new() });
            }
            Fact::Release(fact) => self.apply_release(at, fact),
            Fact::Evidence(fact) => self.apply_evidence(at, *fact),
            Fact::Received { evidence, receipt } => {
                let by = receipt.by.clone();
                self.receive(&evidence, receipt);
                self.evidence_reaches(&evidence, &by);
                self.concerns.relate(self.events.len(), &evidence);
                self.happened(at, format!("{evidence}.{by}"), Event::Evidence(evidence));
            }
            Fact::ReleaseReceived { release, receipt } => {
                self.release_reaches(&release, &receipt.by);
                self.release_receipts.entry(release).or_default().push(receipt);
            }
            Fact::FourEyes { organization, on } => {
                if let Some(organization) = self.organizations.get_mut(&organization) {
                    organization.four_eyes = on;
                }
            }
            Fact::Questions { link, a_month } => {
                if let Some(link) = self.links.get_mut(&link) {
                    link.questions = a_month;
                }
            }
            Fact::Matched { evidence, data, added, removed } => {
                self.apply_matched(at, &evidence, data, added, &removed);
            }
            Fact::Emergency(fact) => {
                self.happened(at, format!("{}.!", fact.kev), Event::Emergency(self.emergencies.len()));
                self.endangered.extend(fact.releases.iter().map(|(release, _)| release.clone()));
                self.emergencies.push(fact);
            }
        }
    }

    fn connect(&mut self, supplier: OrganizationId, customer: OrganizationId) {
        let mut above = self.upstream.get(&supplier).cloned().unwrap_or_default();
        above.insert(supplier);
        let below = self.upstream.iter().filter(|(_, up)| up.contains(&customer)).map(|(id, _)| id.clone());
        let below: Vec<_> = below.chain([customer.clone()]).collect();
        for organization in below {
            self.upstream.entry(organization).or_default().extend(above.iter().cloned());
        }
    }

    /// Whether something of `from` could ever have come to `to` from hand to hand.
    pub(crate) fn is_upstream(&self, from: &OrganizationId, to: &OrganizationId) -> bool {
        self.upstream.get(to).is_some_and(|up| up.contains(from))
    }

    /// From whom something could ever have come to an organization.
    pub(crate) fn upstream_of(&self, organization: &OrganizationId) -> impl Iterator<Item = &OrganizationId> {
        self.upstream.get(organization).into_iter().flatten()
    }

    fn happened(&mut self, at: Timestamp, cursor: String, event: Event) {
        let hands = self.hands(&event);
        self.happened_among(at, cursor, event, hands);
    }

    fn happened_among(&mut self, at: Timestamp, cursor: String, event: Event, hands: Hands) {
        self.concerns.put(self.events.len(), hands);
        // Of two with one cursor the first is found, as by walking along the list.
        self.event_places.entry(cursor.clone()).or_insert(self.events.len());
        self.events.push(Happened { at, cursor, event });
    }

    fn apply_key(&mut self, at: Timestamp, organization: OrganizationId, public: PublicKey) {
        self.happened(at, format!("{}.+", public.id()), Event::Key(organization.clone()));
        if let Some(o) = self.organizations.get_mut(&organization) {
            o.keys.push(public.id());
        }
        self.keys.insert(public.id(), Key { organization, public, revoked: false });
    }

    fn revoke_key(&mut self, at: Timestamp, key_id: KeyId) {
        if let Some(key) = self.keys.get_mut(&key_id) {
            key.revoked = true;
            let organization = key.organization.clone();
            self.happened(at, format!("{key_id}.-"), Event::Key(organization));
        }
    }

    fn apply_matched(
        &mut self,
        at: Timestamp,
        evidence: &EvidenceId,
        data: Sha256,
        added: Vec<String>,
        removed: &[String],
    ) {
        let matched = self.matched.entry(evidence.clone()).or_default();
        matched.order = self.evidence.len();
        matched.ids.extend(added.iter().cloned());
        for id in &added {
            self.by_vulnerability.entry(id.clone()).or_default().insert(evidence.clone());
        }
        for id in removed {
            matched.ids.remove(id);
            if let Some(known) = self.by_vulnerability.get_mut(id) {
                known.remove(evidence);
            }
        }
        if !added.is_empty() {
            self.concerns.relate(self.events.len(), evidence);
            self.happened(at, format!("{evidence}.{data}"), Event::Matched(evidence.clone(), added));
        }
    }

    fn receive(&mut self, evidence: &EvidenceId, receipt: Receipt) {
        if let Some(entry) = receipt.entry {
            self.received_entries.insert((receipt.by.clone(), entry), receipt.level);
        }
        self.receipts.entry(evidence.clone()).or_default().push(receipt);
    }

    fn apply_release(&mut self, at: Timestamp, fact: ReleaseFact) {
        for artifact in &fact.artifacts {
            self.releases_by_artifact.entry(artifact.sha256).or_default().push(fact.id.clone());
        }
        for part in &fact.parts {
            if let Some(part) = self.releases.get_mut(part) {
                part.part_of.push(fact.id.clone());
            }
        }
        if let Some(receipt) = &fact.receipt {
            self.release_receipts.entry(fact.id.clone()).or_default().push(receipt.clone());
        }
        if let Some(product) = self.products.get_mut(&fact.product) {
            product.releases.push(fact.id.clone());
        }
        let id = fact.id.clone();
        self.releases.insert(id.clone(), Release { fact, at, part_of: Vec::new() });
        self.happened(at, id.to_string(), Event::Release(id));
    }

    fn apply_evidence(&mut self, at: Timestamp, fact: EvidenceFact) {
        let (id, order) = (fact.id.clone(), self.evidence.len());
        let hands = self.hands_of(&fact);
        if let Effect::Withdraw { target: of, .. } | Effect::Commit { document: of, .. } = &fact.effect {
            self.concerns.relate(self.events.len(), of);
        }
        self.happened_among(at, id.to_string(), Event::Evidence(id.clone()), hands);
        if let Some(release) = &fact.release {
            self.evidence_by_release.entry(release.clone()).or_default().push(order);
        }
        if let Some(system) = &fact.system {
            self.evidence_by_system.entry(system.clone()).or_default().push(order);
        }
        if let Some(before) = fact.supersedes.as_ref().and_then(|b| self.evidence.get_mut(b)) {
            before.superseded_by = Some(id.clone());
        }
        self.evidence_by_payload.insert((fact.issuer.clone(), fact.payload), id.clone());
        if let Some(receipt) = &fact.receipt {
            self.receive(&id, receipt.clone());
        }
        self.apply_effect(at, &id, &fact);
        self.evidence.push(Evidence { fact, at, order, superseded_by: None, withdrawn_by: None });
    }

    fn apply_effect(&mut self, at: Timestamp, id: &EvidenceId, fact: &EvidenceFact) {
        match &fact.effect {
            Effect::Nothing | Effect::Assess { .. } | Effect::Apply { .. } | Effect::Answer { .. } => {}
            Effect::KeyAdded { public_key, replaces } => {
                self.apply_key(at, fact.issuer.clone(), *public_key);
                if let Some(old) = replaces {
                    self.revoke_key(at, *old);
                }
            }
            Effect::KeysRevoked { keys } => keys.iter().for_each(|key| self.revoke_key(at, *key)),
            Effect::Delegate { .. } => {
                self.delegations.entry(fact.issuer.clone()).or_default().push(id.clone());
            }
            Effect::Commit { document, .. } => {
                self.commitments.insert(document.clone(), id.clone());
            }
            Effect::Head { link, .. } => {
                if let Some(link) = self.links.get_mut(link) {
                    link.heads.push(id.clone());
                }
            }
            Effect::Grant { .. } => self.grants.entry(fact.issuer.clone()).or_default().push(id.clone()),
            Effect::Withdraw { target, .. } => {
                if let Some(target) = self.evidence.get_mut(target) {
                    target.withdrawn_by = Some(id.clone());
                }
            }
            Effect::System { name, model, assets } => {
                let Some(system) = &fact.system else { return };
                self.systems_by_model.entry(*model).or_default().insert(system.clone());
                let (owner, name, assets) = (fact.issuer.clone(), name.clone(), assets.clone());
                let evidence = id.clone();
                self.systems.insert(system.clone(), System { owner, name, model: *model, evidence, assets });
            }
        }
    }

    /// The releases that contain `release`, directly or through others, itself included.
    pub(crate) fn containing(&self, release: &ReleaseId) -> BTreeSet<&ReleaseId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<_> = self.releases.get_key_value(release).into_iter().collect();
        while let Some((id, release)) = open.pop() {
            if found.insert(id) {
                open.extend(release.part_of.iter().filter_map(|p| self.releases.get_key_value(p)));
            }
        }
        found
    }

    pub(crate) fn supplier_of(&self, release: &ReleaseId) -> Option<&OrganizationId> {
        let release = self.releases.get(release)?;
        self.products.get(&release.fact.product).map(|p| &p.supplier)
    }
}

impl Evidence {
    pub(crate) fn is_current(&self) -> bool {
        self.superseded_by.is_none() && self.withdrawn_by.is_none()
    }
}
