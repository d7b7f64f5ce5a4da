//! Comparisons of what came in with what the device keeps: how it decides on who somebody is.

use program::FuncId;

use super::Test;
use crate::facts::Facts;
use crate::knowledge::Fact;
use crate::labels::Labels;
use crate::value::ValueId;

impl Facts<'_> {
    /// Is data from outside compared with what the device keeps (files, account databases, or what is derived from such)?
    ///
    /// Data that may come from anywhere, such as the word that a parser of files, requests and options looks at, tells
    /// nothing about who somebody is.
    pub fn compares_kept(&self, function: FuncId, left: ValueId, right: ValueId) -> bool {
        let (a, b) = (self.labels(function, left), self.labels(function, right));
        let outside = |labels: Labels| labels.meets(Labels::OUTSIDE.or(Labels::DOCUMENT));
        !a.is_anything() && !b.is_anything() && (outside(a) && b.is_kept() || outside(b) && a.is_kept())
    }

    /// Values of a function that are the truth of such a comparison.
    pub fn checks(&self, function: FuncId) -> Vec<ValueId> {
        let Some(own) = self.function(function) else { return Vec::new() };
        let truths = own.arena.values().map(|(id, _)| id).filter(|id| own.arena.is_truth(*id));
        let checks = |id: &ValueId| {
            self.tests(function, own, *id, true).iter().any(|(test, holds)| match test {
                Test::Text { left, right, .. } | Test::Equal { left, right } => {
                    *holds && self.compares_kept(function, *left, *right)
                }
                Test::Case { .. } | Test::Less { .. } => false,
            })
        };
        truths.filter(checks).collect()
    }

    /// Does the function make such a comparison, or ask a library that does?
    pub(crate) fn finds_checker(&self, function: FuncId) -> bool {
        let asks = |call: &u32| self.knowledge(function, *call).contains(&Fact::Decides);
        self.function(function).is_some_and(|own| own.calls.keys().any(asks))
            || !self.checks(function).is_empty()
    }
}
