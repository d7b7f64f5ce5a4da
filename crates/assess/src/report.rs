//! An assessment for people who decide and people who build: a page, and sheets.
//!
//! A report needs the model beside the assessment: the assessment says how a system is attacked, the model what it is.
//! Everything is in one language, English or Japanese; names from the model and facts stand as they are.

mod html;
mod japanese;
mod levels;
mod picture;
mod sheets;
mod words;
mod zones;

use record::{Assessment, CountermeasureKind, Goal, Step, VulnerabilityVerdict};
use system::{Action, Document, HostKind, Reference};

pub use html::html;
pub use sheets::{SheetsError, sheets};
pub use words::Language;

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The answers.
    pub assessment: &'a Assessment,
    /// The model that was asked.
    pub document: &'a Document,
    /// Of headings and fixed texts.
    pub language: Language,
}

impl<'a> Report<'a> {
    fn say(&self, word: words::Word) -> &'static str {
        word.in_language(self.language)
    }

    /// What an attacker does.
    fn sentence(&self, step: &Step) -> String {
        match self.language {
            Language::English => step.explain.clone(),
            Language::Japanese => japanese::sentence(step),
        }
    }

    /// A reason that the assessment gives in English.
    fn reason(&self, english: &str) -> String {
        match self.language {
            Language::English => english.to_owned(),
            Language::Japanese => japanese::reason(english),
        }
    }

    /// What a `kind:id` names.
    fn place(&self, text: &str) -> String {
        match (self.language, text.parse::<Reference>()) {
            (Language::Japanese, Ok(reference)) => japanese::place(&reference),
            _ => text.to_owned(),
        }
    }

    fn host_kind(&self, kind: HostKind) -> String {
        match self.language {
            Language::English => written(&kind),
            Language::Japanese => japanese::host_kind(kind).to_owned(),
        }
    }

    fn countermeasure_kind(&self, kind: CountermeasureKind) -> String {
        match self.language {
            Language::English => written(&kind),
            Language::Japanese => japanese::countermeasure_kind(kind).to_owned(),
        }
    }

    fn action(&self, action: Action) -> &'static str {
        match (self.language, action) {
            (Language::Japanese, _) => japanese::action(action),
            (Language::English, Action::Allow) => "allow",
            (Language::English, Action::Deny) => "deny",
        }
    }

    fn reached(&self) -> impl Iterator<Item = &'a Goal> {
        self.assessment.goals.iter().filter(|goal| goal.reached)
    }

    fn of_host(&self, host: &str) -> impl Iterator<Item = &'a VulnerabilityVerdict> {
        self.assessment.vulnerabilities.iter().filter(move |found| found.host == host)
    }

    /// Zone ids that a host is attached to, each once.
    fn zones_of(&self, host: &str) -> Vec<&'a str> {
        let interfaces = self.document.hosts.get(host).map(|entry| entry.interfaces.as_slice());
        let networks = interfaces.unwrap_or_default().iter().filter_map(|interface| {
            self.document.networks.get(&interface.network.value).map(|network| network.zone.value.as_str())
        });
        let mut zones: Vec<&str> = networks.collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Goals whose reported paths touch a host.
    fn goals_through(&self, host: &str) -> Vec<&'a str> {
        let place = format!("host:{host}");
        let touches = |goal: &&Goal| {
            let mut steps = goal.paths.iter().flat_map(|path| &path.steps);
            steps.any(|step| {
                step.at.as_deref() == Some(place.as_str()) || step.from.as_deref() == Some(place.as_str())
            })
        };
        self.reached().filter(touches).map(|goal| goal.id.as_str()).collect()
    }
}

/// A word as documents write it.
fn written(word: &impl serde::Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
