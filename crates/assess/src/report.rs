//! An assessment for people who decide and people who build: a page, and sheets.
//!
//! A report needs the model beside the assessment: the assessment says how a system is attacked, the model what it is.
//! Everything is in one language, English or Japanese; names and reasons from the model and the rules stand as they are.

mod html;
mod levels;
mod picture;
mod sheets;
mod words;
mod zones;

use record::{Assessment, Goal, VulnerabilityVerdict};
use system::Document;

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
