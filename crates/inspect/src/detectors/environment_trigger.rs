//! `environment-trigger`: a secret value of an environment variable gives a shell or runs something.
//!
//! **Finds** payloads that happen only if a variable of the environment equals a constant. Where the program takes
//! the rights of another user (set-user-id programs), whoever may start it gets them, so reach is no doubt there.
//! **Misses** variables whose presence alone is enough.
//! **Wrongly reports** switches for debugging that run a fixed, harmless program.
//! **Source**: set-user-id helpers that give a shell to a variable; CWE-454, CWE-912.

use record::SourceKind;

use super::gated::{Class, findings};
use super::{Case, Detector};
use crate::decision::number_under;
use crate::finding::ProgramFinding;
use crate::score::score;

pub(crate) const DETECTOR: Detector = Detector { rule: "environment-trigger", version: 6, detect };

fn detect(case: &Case<'_>) -> Vec<ProgramFinding> {
    let raises = takes_rights(case);
    findings(case, DETECTOR.rule, Class::Environment, |gated, doubts| {
        raises.then(|| score(gated.running.weight(), SourceKind::Parameter, doubts))
    })
}

/// Does the program become the administrator by itself: a call that changes the user to a constant 0?
fn takes_rights(case: &Case<'_>) -> bool {
    let facts = case.facts;
    let effects = facts.functions().flat_map(|(function, _)| facts.effects(function));
    let mut changes = effects.filter(|effect| effect.operation == "user.change");
    changes.any(|effect| {
        let (Some(own), Some(on)) = (facts.function(effect.function), effect.on) else { return false };
        let site = own.calls.get(&effect.call);
        let guards = site.map(|site| facts.guards(effect.function, site.block)).unwrap_or_default();
        number_under(own, &guards, on) == Some(0)
    })
}
