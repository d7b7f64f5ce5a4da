//! Random universes for tests: organizations, supply links, releases inside releases, evidence of all kinds, grants,
//! withdrawals, emergencies; each can be made again from its seed.

use record::Sha256;
use statement::{DisclosureLevel, EvidenceType, GrantScope, SigningKey, Timestamp};

use crate::fact::{
    ArtifactFact, Effect, EmergencyFact, Entry, EvidenceFact, Fact, LinkFact, Receipt, ReleaseFact,
};
use crate::ids::{EvidenceId, LinkId, OrganizationId, ProductId, ReleaseId, SystemId, now};
use crate::view::{OrganizationKind, Outcome, ProductKind, Tlp};

pub(crate) const ORGANIZATIONS: u64 = 5;
pub(crate) const RELEASES: u64 = 8;
pub(crate) const EVIDENCE: u64 = 12;
pub(crate) const GRANTS: u64 = 10;

/// A small generator of numbers (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len() as u64) as usize].clone()
    }

    /// Past or future, a day or more away from now.
    fn time(&mut self) -> Timestamp {
        let days = self.roll(20) as i64 - 10;
        now().plus(days.saturating_mul(86_400).saturating_add(if days < 0 { -3600 } else { 3600 }))
    }
}

pub(crate) fn organization(n: u64) -> OrganizationId {
    OrganizationId::new(format!("o{n}"))
}

fn key(n: u64) -> SigningKey {
    SigningKey::from_seed(&[n as u8 + 1; 32])
}

fn evidence(
    id: String,
    issuer: u64,
    release: Option<ReleaseId>,
    kind: EvidenceType,
    effect: Effect,
) -> EvidenceFact {
    let number = id.bytes().fold(0_u64, |n, b| n.wrapping_mul(131).wrapping_add(u64::from(b)));
    let mut payload = [0; 32];
    payload[..8].copy_from_slice(&number.to_be_bytes());
    EvidenceFact {
        id: EvidenceId::new(&id),
        predicate_type: "t".to_owned(),
        kind,
        issuer: organization(issuer),
        on_behalf_of: None,
        key_id: key(issuer).public().id(),
        release,
        system: None,
        subjects: vec![("s".to_owned(), Sha256([9; 32]))],
        statement: Sha256([0; 32]),
        payload: Sha256(payload),
        size: 10,
        outcome: Outcome { components: Some(3), ..Outcome::default() },
        edition_of: None,
        tlp: None,
        embargo_until: None,
        supersedes: None,
        log_index: 0,
        salt: Sha256([0; 32]),
        effect,
        parts: None,
        receipt: None,
    }
}

fn parties() -> Vec<Fact> {
    let of = |n| {
        let (id, name) = (organization(n), format!("O{n}"));
        [
            Fact::Organization { id: id.clone(), name, kind: OrganizationKind::Integrator },
            Fact::Key { organization: id.clone(), public_key: key(n).public() },
            Fact::Product {
                id: ProductId::new(format!("p{n}")),
                supplier: id,
                name: format!("P{n}"),
                kind: ProductKind::Software,
            },
        ]
    };
    (0..ORGANIZATIONS).flat_map(of).collect()
}

fn links(dice: &mut Dice, facts: &mut Vec<Fact>) {
    for n in 0..8 {
        let (supplier, customer) = (dice.roll(ORGANIZATIONS), dice.roll(ORGANIZATIONS));
        if supplier == customer {
            continue;
        }
        let id = LinkId::new(format!("l{n}"));
        let products = dice.one_in(3).then(|| vec![ProductId::new(format!("p{supplier}"))]);
        let (supplier, customer) = (organization(supplier), organization(customer));
        facts.push(Fact::Link(LinkFact {
            id: id.clone(),
            proposed_by: supplier.clone(),
            supplier,
            customer,
            products,
            valid_from: dice.one_in(6).then(|| dice.time()),
            valid_to: dice.one_in(6).then(|| dice.time()),
        }));
        if !dice.one_in(8) {
            facts.push(Fact::LinkAccepted { id: id.clone() });
        }
        if dice.one_in(10) {
            facts.push(Fact::LinkEnded { id });
        }
    }
}

fn releases(dice: &mut Dice, facts: &mut Vec<Fact>) {
    for n in 0..RELEASES {
        let parts = (0..n).filter(|_| dice.one_in(4)).map(|p| ReleaseId::new(format!("r{p}"))).collect();
        let product = ProductId::new(format!("p{}", dice.roll(ORGANIZATIONS)));
        let artifacts =
            vec![ArtifactFact { name: "a".to_owned(), sha256: Sha256([n as u8; 32]), size: None }];
        let id = ReleaseId::new(format!("r{n}"));
        facts.push(Fact::Release(ReleaseFact {
            id,
            product,
            version: n.to_string(),
            artifacts,
            parts,
            receipt: None,
        }));
    }
}

fn statements(dice: &mut Dice, facts: &mut Vec<Fact>) {
    use EvidenceType::{Assessment, Inspection, Sbom, Vex};
    for n in 0..EVIDENCE {
        let issuer = dice.roll(ORGANIZATIONS);
        let kind = dice.of(&[Sbom, Sbom, Inspection, Vex, Assessment]);
        let release = ReleaseId::new(format!("r{}", dice.roll(RELEASES)));
        let mut fact = evidence(format!("e{n}"), issuer, Some(release), kind, Effect::Nothing);
        if kind == Assessment {
            fact.release = None;
            fact.system = Some(SystemId::new(format!("s{issuer}")));
        }
        fact.tlp = dice.one_in(5).then(|| dice.of(&[Tlp::Clear, Tlp::Amber, Tlp::Red]));
        fact.embargo_until = dice.one_in(5).then(|| dice.time());
        facts.push(Fact::Evidence(Box::new(fact)));
    }
}

fn grant(dice: &mut Dice, n: u64) -> Fact {
    use DisclosureLevel::{Exists, Full, FullAndReshare, Hidden, Outcome, Redacted};
    let level =
        dice.of(&[Hidden, Exists, Exists, Outcome, Outcome, Redacted, Full, FullAndReshare, FullAndReshare]);
    let scope = match dice.roll(7) {
        0 | 5 | 6 => GrantScope::Everything,
        1 => GrantScope::Product { id: format!("p{}", dice.roll(ORGANIZATIONS)) },
        2 => GrantScope::Release { id: format!("r{}", dice.roll(RELEASES)) },
        3 => GrantScope::System { id: format!("s{}", dice.roll(ORGANIZATIONS)) },
        _ => GrantScope::Evidence { id: format!("e{}", dice.roll(EVIDENCE)) },
    };
    let effect = Effect::Grant {
        audience: (0..=dice.roll(2)).map(|_| organization(dice.roll(ORGANIZATIONS))).collect(),
        scope,
        types: dice.one_in(4).then(|| vec![dice.of(&[EvidenceType::Sbom, EvidenceType::Inspection])]),
        level,
        valid_until: dice.one_in(5).then(|| dice.time()),
        emergency: dice.one_in(2),
    };
    let issuer = dice.roll(ORGANIZATIONS);
    Fact::Evidence(Box::new(evidence(format!("g{n}"), issuer, None, EvidenceType::DisclosureGrant, effect)))
}

fn withdrawal(dice: &mut Dice, n: u64, facts: &[Fact]) -> Option<Fact> {
    let (among, place) = if dice.one_in(2) { ('e', dice.roll(EVIDENCE)) } else { ('g', dice.roll(GRANTS)) };
    let target = EvidenceId::new(format!("{among}{place}"));
    let of = facts.iter().find_map(|f| match f {
        Fact::Evidence(e) if e.id == target => Some(e.clone()),
        _ => None,
    })?;
    let effect = Effect::Withdraw { target, reason: "x".to_owned() };
    let mut fact = evidence(format!("w{n}"), 0, of.release.clone(), EvidenceType::Withdrawal, effect);
    fact.issuer = of.issuer;
    fact.system = of.system;
    Some(Fact::Evidence(Box::new(fact)))
}

fn receipt(dice: &mut Dice) -> Receipt {
    use DisclosureLevel::{Full, FullAndReshare};
    let by = organization(dice.roll(ORGANIZATIONS));
    Receipt { by, level: dice.of(&[Full, FullAndReshare, FullAndReshare]), entry: None, hops: Vec::new() }
}

/// Some releases and some evidence came from another instance, perhaps for several organizations.
fn receipts(dice: &mut Dice, facts: &mut Vec<Fact>) {
    let mut more = Vec::new();
    for fact in facts.iter_mut() {
        match fact {
            Fact::Release(release) if dice.one_in(5) => {
                release.receipt = Some(receipt(dice));
                if dice.one_in(2) {
                    let (release, receipt) = (release.id.clone(), receipt(dice));
                    more.push(Fact::ReleaseReceived { release, receipt });
                }
            }
            Fact::Evidence(evidence) if evidence.release.is_some() && dice.one_in(5) => {
                evidence.receipt = Some(receipt(dice));
                if dice.one_in(2) {
                    let (evidence, receipt) = (evidence.id.clone(), receipt(dice));
                    more.push(Fact::Received { evidence, receipt });
                }
            }
            _ => {}
        }
    }
    facts.extend(more);
}

/// The facts of a universe, in their order.
pub(crate) fn universe(seed: u64) -> Vec<Fact> {
    let mut dice = Dice::new(seed);
    let mut facts = parties();
    links(&mut dice, &mut facts);
    releases(&mut dice, &mut facts);
    statements(&mut dice, &mut facts);
    receipts(&mut dice, &mut facts);
    for n in 0..GRANTS {
        let grant = grant(&mut dice, n);
        facts.push(grant);
    }
    for n in 0..dice.roll(4) {
        let withdrawal = withdrawal(&mut dice, n, &facts);
        facts.extend(withdrawal);
    }
    let endangered = (0..RELEASES).filter(|_| dice.one_in(3));
    let releases = endangered.map(|r| (ReleaseId::new(format!("r{r}")), vec!["CVE-1".to_owned()])).collect();
    facts.push(Fact::Emergency(EmergencyFact { kev: Sha256([7; 32]), releases }));
    facts
}

/// All registered at the same time.
pub(crate) fn entry(fact: &Fact) -> Entry {
    Entry { at: Timestamp::from_unix(1_700_000_000).unwrap(), fact: fact.clone() }
}
