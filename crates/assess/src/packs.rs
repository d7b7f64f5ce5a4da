//! Rule packs: attack knowledge as text, one concern a file, and what its annotations say.
//!
//! `@rule("id", …)` marks an attack step. Its keys: `sentence` (with `{Variable}`), `technique` (ATT&CK), `at`, `from`
//! (`kind:{Variable}`), `vulnerability`, `probability` and `days` (a figure, or `"exploit"`: from the vulnerability in
//! variable `V`), `chance` (what decides success once: steps with the same words succeed together), `source` of the
//! figures, and `removable`: relations among its premises that a countermeasure may take away.
//! `@definition("id", from: …)` marks what follows without an act.

mod lint;

use std::collections::BTreeMap;

use datalog::{Annotation, Argument, Program, ProgramError, RuleId, Source};
use sha2::Digest;

pub use lint::{Complaint, lint};

use crate::facts::declarations;

/// A rule pack as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Such as `core`, or the file's name.
    pub name: String,
    /// Rules; see `docs/rules.md`.
    pub text: String,
}

/// The packs that come with the product, sorted by name.
pub fn built_in() -> Vec<Pack> {
    let pack = |(name, text): &(&str, &str)| Pack { name: (*name).to_owned(), text: (*text).to_owned() };
    BUILT_IN.iter().map(pack).collect()
}

const BUILT_IN: &[(&str, &str)] = &[
    ("availability", include_str!("../rules/availability.dl")),
    ("core", include_str!("../rules/core.dl")),
    ("credentials", include_str!("../rules/credentials.dl")),
    ("data", include_str!("../rules/data.dl")),
    ("identity", include_str!("../rules/identity.dl")),
    ("interaction", include_str!("../rules/interaction.dl")),
    ("media", include_str!("../rules/media.dl")),
    ("ot", include_str!("../rules/ot.dl")),
    ("physical", include_str!("../rules/physical.dl")),
    ("supply", include_str!("../rules/supply.dl")),
];

impl Pack {
    pub(crate) fn summary(&self) -> record::RulePack {
        let sha256 = record::Sha256(sha2::Sha256::digest(self.text.as_bytes()).into());
        record::RulePack { pack: self.name.clone(), sha256 }
    }
}

/// Packs as one program over the vocabulary of `system`.
///
/// # Errors
/// Every mistake in their text.
pub fn program(packs: &[Pack]) -> Result<Program, ProgramError> {
    let declarations = vocabulary();
    let vocabulary = Source { name: "vocabulary", text: &declarations };
    let texts = packs.iter().map(|pack| Source { name: &pack.name, text: &pack.text });
    let sources: Vec<Source<'_>> = std::iter::once(vocabulary).chain(texts).collect();
    Program::load(&sources)
}

/// `.decl` lines for everything that packs may read.
pub fn vocabulary() -> String {
    declarations()
}

/// A probability or time: a figure, or that of the vulnerability used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Figure {
    Fixed(f64),
    Exploit,
}

/// What a rule's annotation says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepRule {
    pub(crate) id: String,
    pub(crate) sentence: String,
    pub(crate) technique: Option<String>,
    pub(crate) at: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) vulnerability: Option<String>,
    pub(crate) probability: Figure,
    pub(crate) days: Figure,
    pub(crate) chance: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) removable: Vec<String>,
}

/// Whether a rule is an act.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Role {
    Step(Box<StepRule>),
    Definition { from: Option<String> },
}

/// Packs as one program, with the role of each rule.
#[derive(Clone, Debug)]
pub(crate) struct Knowledge {
    pub(crate) program: Program,
    roles: Vec<Role>,
}

impl Knowledge {
    pub(crate) fn load(packs: &[Pack]) -> Result<Self, ProgramError> {
        let program = program(packs)?;
        let roles = program.rules().iter().map(|rule| role(&rule.annotations)).collect();
        Ok(Self { program, roles })
    }

    pub(crate) fn role(&self, rule: RuleId) -> Option<&Role> {
        self.roles.get(rule.0)
    }

    pub(crate) fn step(&self, rule: RuleId) -> Option<&StepRule> {
        match self.role(rule)? {
            Role::Step(step) => Some(step),
            Role::Definition { .. } => None,
        }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &StepRule> {
        self.roles.iter().filter_map(|role| if let Role::Step(step) = role { Some(&**step) } else { None })
    }
}

/// A rule without an annotation follows by itself.
fn role(annotations: &[Annotation]) -> Role {
    let named = |name: &str| annotations.iter().find(|a| a.name == name);
    match named("rule") {
        Some(annotation) => Role::Step(Box::new(step(annotation))),
        None => Role::Definition { from: named("definition").and_then(|a| text(&a.named, "from")) },
    }
}

fn step(annotation: &Annotation) -> StepRule {
    let words = &annotation.named;
    let id = match annotation.positional.first() {
        Some(Argument::Text(id)) => id.clone(),
        _ => String::new(),
    };
    let removable = text(words, "removable").unwrap_or_default();
    StepRule {
        sentence: text(words, "sentence").unwrap_or_else(|| id.clone()),
        id,
        technique: text(words, "technique"),
        at: text(words, "at"),
        from: text(words, "from"),
        vulnerability: text(words, "vulnerability"),
        probability: figure(words, "probability", 1.0),
        days: figure(words, "days", 0.0),
        chance: text(words, "chance"),
        source: text(words, "source"),
        removable: removable.split_whitespace().map(str::to_owned).collect(),
    }
}

fn text(words: &BTreeMap<String, Argument>, key: &str) -> Option<String> {
    match words.get(key)? {
        Argument::Text(text) => Some(text.clone()),
        Argument::Number(_) => None,
    }
}

fn figure(words: &BTreeMap<String, Argument>, key: &str, otherwise: f64) -> Figure {
    match words.get(key) {
        Some(Argument::Number(figure)) => Figure::Fixed(*figure),
        Some(Argument::Text(_)) => Figure::Exploit,
        None => Figure::Fixed(otherwise),
    }
}
