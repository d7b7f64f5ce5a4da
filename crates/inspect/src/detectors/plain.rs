//! Findings about what code does, whatever opens the way: several detectors write them in the same form.

use flow::Facts;
use program::{FuncId, VirtAddr};
use record::{Location, Payload, RouteStep};

use crate::finding::{ProgramFinding, address, evidence, name_of};

/// What is to be said.
pub(crate) struct Plain {
    pub(crate) rule: &'static str,
    pub(crate) score: u8,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) operation: &'static str,
    pub(crate) detail: String,
    /// Places with what happens there; the payload is the last.
    pub(crate) steps: Vec<(FuncId, VirtAddr, String)>,
}

impl Plain {
    pub(crate) fn finding(self, facts: &Facts<'_>) -> ProgramFinding {
        let last = self.steps.last();
        let at = last.map(|step| step.1).and_then(address);
        let route = self.steps.iter().map(|(function, place, note)| RouteStep {
            address: address(*place),
            function: Some(name_of(facts, *function)),
            note: note.clone(),
        });
        let places: Vec<(FuncId, VirtAddr)> = self.steps.iter().map(|step| (step.0, step.1)).collect();
        ProgramFinding {
            rule: self.rule,
            score: self.score,
            title: self.title,
            why: self.why,
            params: [("detail".to_owned(), self.detail.clone())].into(),
            location: Location { address: at, function: last.map(|step| name_of(facts, step.0)), line: None },
            source: None,
            trigger: None,
            payload: Some(Payload { address: at, operation: self.operation.to_owned(), detail: self.detail }),
            route: route.collect(),
            evidence: evidence(facts, &places),
            control_flow: None,
            witness: None,
            aim: None,
            entry: None,
        }
    }
}
