//! What a vulnerability demands of an attacker and what it brings, from its CVSS vector and weakness classes.
//!
//! A vector says how much confidentiality, integrity and availability suffer, never how. All three suffering is what
//! running code looks like; a weakness class narrows that down where one is known. The derivation is kept in words,
//! so that a reader can disagree with it.

use std::collections::{BTreeMap, BTreeSet};

use system::Range;

/// The account an attacker needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// None.
    None,
    /// Any account.
    Low,
    /// An administrator's.
    High,
}

/// What a person has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interaction {
    /// Nothing.
    None,
    /// Open, click, visit.
    Required,
}

/// What the attacker gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consequence {
    /// Own code runs.
    Code,
    /// The service stops.
    Denial,
    /// Data is read.
    Read,
    /// Data is changed.
    Write,
}

/// Demands and gains of one vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Where the attacker must be.
    pub range: Range,
    /// Which account is needed.
    pub privilege: Privilege,
    /// What a person has to do.
    pub interaction: Interaction,
    /// What is gained; never empty.
    pub consequences: BTreeSet<Consequence>,
    /// Needs luck, timing or knowledge (attack complexity high, or requirements present).
    pub difficult: bool,
    /// How this was concluded.
    pub derivation: String,
}

/// Memory corruption, injection, unsafe loading: weaknesses whose usual exploit runs code. Source: CWE 4.15, common
/// consequence "Execute Unauthorized Code or Commands".
const RUNS_CODE: &[u32] = &[
    74, 77, 78, 88, 91, 94, 95, 96, 98, 114, 119, 120, 121, 122, 123, 124, 129, 131, 134, 190, 191, 193, 415,
    416, 426, 427, 434, 470, 494, 502, 590, 680, 749, 763, 787, 788, 805, 822, 824, 829, 843, 912, 913, 917,
    1336,
];
/// Exhaustion, null pointers, endless loops: weaknesses whose usual end is a stopped service (CWE 4.15, "DoS").
const ONLY_STOPS: &[u32] = &[
    369, 400, 401, 404, 407, 476, 606, 617, 664, 672, 674, 703, 754, 755, 770, 772, 776, 789, 834, 835, 1333,
];
/// Exposure: weaknesses that let data out and nothing else (CWE 4.15, "Read Application Data").
const ONLY_READS: &[u32] =
    &[125, 126, 127, 200, 201, 203, 208, 209, 310, 311, 312, 319, 326, 327, 522, 532, 538, 548];

/// `None` without a readable vector: nothing is concluded from a weakness class alone.
pub(crate) fn effect(vector: Option<&str>, stated: Option<Range>, cwe: &[String]) -> Option<Effect> {
    let metrics = Metrics::read(vector?)?;
    let (range, privilege, interaction) =
        (stated.or_else(|| metrics.range())?, metrics.privilege()?, metrics.interaction());
    let impact = metrics.impact()?;
    let classes: Vec<u32> = cwe.iter().filter_map(|c| c.strip_prefix("CWE-")?.parse().ok()).collect();
    let (consequences, reason) = consequences(impact, &classes);
    if consequences.is_empty() {
        return None;
    }
    let derivation = format!(
        "{} range, {} privilege, {}; {reason}",
        range_word(range),
        privilege_word(privilege),
        if interaction == Interaction::None { "no interaction" } else { "a person has to act" },
    );
    Some(Effect { range, privilege, interaction, consequences, difficult: metrics.difficult(), derivation })
}

/// Share of loss, 0 none to 2 complete: confidentiality, integrity, availability.
type Impact = [u8; 3];

fn consequences(impact: Impact, classes: &[u32]) -> (BTreeSet<Consequence>, String) {
    let [read, write, stop] = impact;
    let one_of = |known: &[u32]| classes.iter().find(|c| known.contains(c));
    let all_of = |known: &[u32]| !classes.is_empty() && classes.iter().all(|c| known.contains(c));
    let mut gains = BTreeSet::new();
    let reason = if all_of(ONLY_STOPS) {
        "its weakness classes only stop a service".to_owned()
    } else if all_of(ONLY_READS) {
        "its weakness classes only let data out".to_owned()
    } else if let Some(class) = one_of(RUNS_CODE).filter(|_| write > 0) {
        gains.insert(Consequence::Code);
        format!("CWE-{class} runs code where integrity suffers")
    } else if read > 0 && write > 0 && stop > 0 {
        gains.insert(Consequence::Code);
        "confidentiality, integrity and availability all suffer: taken as running code".to_owned()
    } else {
        "not all of confidentiality, integrity and availability suffer: taken as access to data".to_owned()
    };
    let limited = all_of(ONLY_STOPS);
    for (suffers, gain) in [
        (read > 0 && !limited, Consequence::Read),
        (write > 0 && !limited && !all_of(ONLY_READS), Consequence::Write),
        (stop > 0 && !all_of(ONLY_READS), Consequence::Denial),
    ] {
        if suffers {
            gains.insert(gain);
        }
    }
    (gains, reason)
}

/// Base metrics by name.
struct Metrics<'v>(BTreeMap<&'v str, &'v str>);

impl<'v> Metrics<'v> {
    fn read(vector: &'v str) -> Option<Self> {
        let bare = vector.trim().trim_start_matches('(').trim_end_matches(')');
        let pairs: Option<BTreeMap<_, _>> = bare.split('/').map(|part| part.split_once(':')).collect();
        pairs.map(Self)
    }

    fn one_of(&self, names: &[&str]) -> Option<&'v str> {
        names.iter().find_map(|name| self.0.get(name).copied())
    }

    fn range(&self) -> Option<Range> {
        match self.one_of(&["AV"])? {
            "N" => Some(Range::Network),
            "A" => Some(Range::Adjacent),
            "L" => Some(Range::Local),
            "P" => Some(Range::Physical),
            _ => None,
        }
    }

    /// Version 2 counts logins instead.
    fn privilege(&self) -> Option<Privilege> {
        match self.one_of(&["PR", "Au"])? {
            "N" => Some(Privilege::None),
            "L" | "S" => Some(Privilege::Low),
            "H" | "M" => Some(Privilege::High),
            _ => None,
        }
    }

    /// Version 2 has no such metric.
    fn interaction(&self) -> Interaction {
        match self.one_of(&["UI"]) {
            None | Some("N") => Interaction::None,
            Some(_) => Interaction::Required,
        }
    }

    fn impact(&self) -> Option<Impact> {
        let share = |names: &[&str]| match self.one_of(names)? {
            "N" => Some(0),
            "L" | "P" => Some(1),
            "H" | "C" => Some(2),
            _ => None,
        };
        Some([share(&["C", "VC"])?, share(&["I", "VI"])?, share(&["A", "VA"])?])
    }

    fn difficult(&self) -> bool {
        self.one_of(&["AC"]) == Some("H") || self.one_of(&["AT"]) == Some("P")
    }
}

pub(crate) fn range_word(range: Range) -> &'static str {
    match range {
        Range::Network => "network",
        Range::Adjacent => "adjacent",
        Range::Local => "local",
        Range::Physical => "physical",
    }
}

pub(crate) fn privilege_word(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::None => "none",
        Privilege::Low => "low",
        Privilege::High => "high",
    }
}

pub(crate) fn interaction_word(interaction: Interaction) -> &'static str {
    match interaction {
        Interaction::None => "none",
        Interaction::Required => "required",
    }
}

pub(crate) fn consequence_word(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Code => "code",
        Consequence::Denial => "denial",
        Consequence::Read => "read",
        Consequence::Write => "write",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(vector: &str, cwe: &[&str]) -> String {
        let cwe: Vec<String> = cwe.iter().map(|c| (*c).to_owned()).collect();
        let Some(effect) = effect(Some(vector), None, &cwe) else { return "unknown".to_owned() };
        let gains: Vec<_> = effect.consequences.iter().map(|c| consequence_word(*c)).collect();
        format!(
            "{} {} {} {}",
            range_word(effect.range),
            privilege_word(effect.privilege),
            interaction_word(effect.interaction),
            gains.join("+")
        )
    }

    /// Vectors from NVD; what the flaws do from their descriptions there.
    #[test]
    fn known_flaws_have_the_effect_their_descriptions_state() {
        for (name, vector, cwe, expected) in [
            (
                "Log4Shell",
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
                &["CWE-502"][..],
                "network none none code+denial+read+write",
            ),
            (
                "Heartbleed",
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
                &["CWE-125"],
                "network none none read",
            ),
            (
                "PwnKit",
                "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
                &["CWE-787"],
                "local low none code+denial+read+write",
            ),
            ("Slowloris", "AV:N/AC:L/Au:N/C:N/I:N/A:P", &["CWE-400"], "network none none denial"),
            (
                "Follina",
                "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                &[],
                "local none required code+denial+read+write",
            ),
            (
                "version 4",
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N",
                &["CWE-476"],
                "network none none denial",
            ),
        ] {
            assert_eq!(words(vector, cwe), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_vector_has_no_effect() {
        for vector in
            ["", "high", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L/Au:N/C:N/I:N/A:N"]
        {
            assert_eq!(words(vector, &[]), "unknown", "{vector}");
        }
    }
}
