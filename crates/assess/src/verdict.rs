//! What each vulnerability means on each host that has it.
//!
//! The rules conclude `opportunity(attacker, vulnerability, host, user, way)` wherever an attacker can use one. Where
//! they do not, the nearest missing premise is the reason. If all that is missing is that some measure be absent, the
//! vulnerability is mitigated by that measure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use datalog::{Cheapest, Derivations, FactError, FactId, Missing, Pattern, Session};
use record::{Verdict, VulnerabilityVerdict};
use system::{Document, Range, VexStatus};

use crate::effect::{Effect, Interaction, Privilege};
use crate::facts::{Dismissed, Judged, arguments, dismissed};

/// Search steps for one reason.
const STEPS: u64 = 4000;

/// What is not asked for: who attacks, where the software is, what a flaw is like, and links that could be there as
/// well. A reason names the way between them.
const GIVEN: &[&str] = &[
    "at_host",
    "at_person",
    "at_place",
    "at_supplier",
    "at_zone",
    "attacker",
    "compromised",
    "deceives",
    "host_kind",
    "installed",
    "knows",
    "remote_access",
    "remote_access_host",
    "vul_access",
    "vul_consequence",
    "vul_exists",
];

/// Per vulnerability, host and component, sorted by these.
pub(crate) fn verdicts(
    session: &Session,
    document: &Document,
    judged: &BTreeMap<String, Judged>,
) -> Result<Vec<VulnerabilityVerdict>, FactError> {
    let carried = session.facts("vul_exists");
    let mut judge = Judge {
        session,
        document,
        opportunities: Opportunities::new(session)?,
        serving: document.services.values().map(|s| s.host.value.as_str()).collect(),
        reasons: HashMap::new(),
    };
    let mut out = Vec::with_capacity(carried.len());
    // Facts are sorted: those of one vulnerability on one host stand together.
    for together in carried.chunk_by(|a, b| a.args.iter().zip(&b.args).take(2).all(|(a, b)| a == b)) {
        let carriers: Result<Vec<[&str; 3]>, FactError> = together.iter().map(arguments).collect();
        let carriers = carriers?;
        let Some([id, host, _]) = carriers.first().copied() else { continue };
        let Some(known) = judged.get(id) else { continue };
        let software: Vec<&str> = carriers.iter().map(|[_, _, software]| *software).collect();
        let (verdict, why) = judge.verdict(known, id, host, &software)?;
        let path_count = judge.opportunities.of(id, host).map_or(0, |place| place.count);
        let found = software.into_iter().map(|software| Found { document, known, id, host, software });
        out.extend(found.map(|found| found.is(verdict, &why, path_count)));
    }
    for Dismissed { id, host, software, word } in dismissed(document, judged) {
        let Some(known) = judged.get(id) else { continue };
        let why = by_word(word.status, &word.by, word.why.as_deref());
        out.push(Found { document, known, id, host, software }.is(Verdict::NotAffected, &why, 0));
    }
    out.sort_by(|a, b| (&a.id, &a.host, &a.component).cmp(&(&b.id, &b.host, &b.component)));
    Ok(out)
}

/// A vulnerability in a component on a host.
struct Found<'a> {
    document: &'a Document,
    known: &'a Judged,
    id: &'a str,
    host: &'a str,
    software: &'a str,
}

impl Found<'_> {
    fn is(&self, verdict: Verdict, why: &str, path_count: u64) -> VulnerabilityVerdict {
        let known = &self.known.entry.known;
        VulnerabilityVerdict {
            id: self.id.to_owned(),
            host: self.host.to_owned(),
            component: component(self.document, self.software),
            cvss: known.score,
            epss: known.epss,
            kev: known.kev,
            verdict,
            why: why.to_owned(),
            path_count,
        }
    }
}

/// Why it is none.
fn by_word(status: VexStatus, by: &str, why: Option<&str>) -> String {
    let state = if status == VexStatus::Fixed { "fixed" } else { "not affected" };
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("{state}, by the word of {by}{why}")
}

/// What an attacker can do with a vulnerability on a host.
struct Place {
    /// Attacker, user and way of the first opportunity by these, and its fact.
    first: (String, String, String),
    fact: FactId,
    /// Of opportunities.
    count: u64,
}

/// Where attackers can use a vulnerability, with the lengths of the shortest ways there: one graph for all.
struct Opportunities {
    /// By vulnerability and host.
    places: HashMap<String, HashMap<String, Place>>,
    derivations: Derivations,
    cheapest: Vec<Option<Cheapest>>,
}

impl Opportunities {
    fn new(session: &Session) -> Result<Self, FactError> {
        let any = Pattern { relation: "opportunity".to_owned(), args: vec![None; 5] };
        let derivations = session.derivations_of(std::slice::from_ref(&any))?;
        let cheapest = derivations.cheapest(&|_, _| 1.0);
        let mut places: HashMap<String, HashMap<String, Place>> = HashMap::new();
        for id in derivations.matching(session, &any)? {
            let fact = derivations.fact(session, id);
            let [attacker, vulnerability, host, user, way] = arguments(&fact)?;
            let first = (attacker.to_owned(), user.to_owned(), way.to_owned());
            let found = Place { first, fact: id, count: 1 };
            let hosts = match places.get_mut(vulnerability) {
                Some(hosts) => hosts,
                None => places.entry(vulnerability.to_owned()).or_default(),
            };
            match hosts.get_mut(host) {
                Some(place) => place.join(found),
                None => drop(hosts.insert(host.to_owned(), found)),
            }
        }
        Ok(Self { places, derivations, cheapest })
    }

    fn of(&self, id: &str, host: &str) -> Option<&Place> {
        self.places.get(id)?.get(host)
    }

    /// Rule applications on the shortest way, the last not counted.
    fn inferences(&self, fact: FactId) -> usize {
        self.derivations.steps(&self.cheapest, fact).len().saturating_sub(1)
    }
}

impl Place {
    fn join(&mut self, other: Self) {
        self.count += other.count;
        if other.first < self.first {
            (self.first, self.fact) = (other.first, other.fact);
        }
    }
}

/// What decides why a vulnerability is out of reach: the host, the software, and what the flaw demands.
type Class<'f> = (&'f str, Vec<&'f str>, Range, Privilege, Interaction);

struct Judge<'a, 'f> {
    session: &'a Session,
    document: &'a Document,
    opportunities: Opportunities,
    /// Hosts of which a service is stated.
    serving: BTreeSet<&'a str>,
    /// Vulnerabilities of one class lack the same.
    reasons: HashMap<Class<'f>, (Verdict, String)>,
}

/// The name others know the component by.
fn component(document: &Document, software: &str) -> String {
    let entry = document.software.get(software);
    let purl = entry.and_then(|s| s.purl.as_ref());
    purl.or_else(|| entry.and_then(|s| s.cpe.as_ref()))
        .map_or_else(|| software.to_owned(), |name| name.value.clone())
}

impl<'f> Judge<'_, 'f> {
    fn verdict(
        &mut self,
        known: &Judged,
        id: &str,
        host: &'f str,
        software: &[&'f str],
    ) -> Result<(Verdict, String), FactError> {
        let vex = self.document.vulnerabilities.get(id).and_then(|v| v.vex.as_ref());
        if let Some(vex) = vex.filter(|vex| vex.status.dismisses()) {
            return Ok((Verdict::NotAffected, by_word(vex.status, &vex.by, vex.why.as_deref())));
        }
        let Some(effect) = &known.effect else {
            let why = "no CVSS vector says where an attacker must be and what is gained".to_owned();
            return Ok((Verdict::Unknown, why));
        };
        if let Some(place) = self.opportunities.of(id, host) {
            let before = self.opportunities.inferences(place.fact);
            return Ok((Verdict::Exploitable, exploitable(place, before, &effect.derivation)));
        }
        if self.session.incomplete().is_some() {
            let why = "the budget cut the analysis: a way to it may have been missed".to_owned();
            return Ok((Verdict::Unknown, why));
        }
        self.reason(effect, id, host, software)
    }

    fn reason(
        &mut self,
        effect: &Effect,
        id: &str,
        host: &'f str,
        software: &[&'f str],
    ) -> Result<(Verdict, String), FactError> {
        let (range, privilege, interaction) = (effect.range, effect.privilege, effect.interaction);
        let class: Class<'f> = (host, software.to_vec(), range, privilege, interaction);
        if let Some(reason) = self.reasons.get(&class) {
            return Ok(reason.clone());
        }
        let pattern = Pattern {
            relation: "opportunity".to_owned(),
            args: vec![None, Some(id.to_owned()), Some(host.to_owned()), None, None],
        };
        let missing = self.session.missing_given(&pattern, STEPS, GIVEN)?;
        let reason = self.unreached(host, &missing);
        if missing.iter().all(|m| !m.to_string().contains(id)) {
            self.reasons.insert(class, reason.clone());
        }
        Ok(reason)
    }

    fn unreached(&self, host: &str, missing: &[Missing]) -> (Verdict, String) {
        let list =
            |missing: &[Missing]| missing.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ");
        let measures: Vec<String> = missing
            .iter()
            .filter_map(|m| if let Missing::InTheWay(fact) = m { Some(format!("`{fact}`")) } else { None })
            .collect();
        if !measures.is_empty() && measures.len() == missing.len() {
            return (Verdict::Mitigated, format!("stopped by {}", measures.join(", ")));
        }
        let about_services = missing.iter().any(|m| m.to_string().starts_with("service_software("));
        if about_services && !self.serving.contains(host) {
            let why = format!("no service of `{host}` is stated, so nobody can say whether it listens");
            return (Verdict::Unknown, why);
        }
        (Verdict::NotReachable, format!("nearest missing premise: {}", list(missing)))
    }
}

fn exploitable(place: &Place, before: usize, derivation: &str) -> String {
    let (attacker, _, way) = &place.first;
    let how = match way.as_str() {
        "remote" => "over the network",
        "login" => "over the network, with a taken account",
        "adjacent" => "from the same network segment",
        "local" => "from its foothold on the host",
        "client" => "through a person who opens it",
        _ => "at the device",
    };
    format!("{attacker} can use it {how}, {before} inferences from the start; {derivation}")
}
