//! How far an assessment is: told to whoever waits or measures.

/// A part of an assessment that has just been finished, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The model as facts.
    Facts,
    /// Everything that follows.
    Derived,
    /// Every vulnerability on every host.
    Verdicts,
    /// The attack graph of the goals.
    Graph,
    /// How likely each goal is reached.
    Likelihood,
    /// How soon.
    Times,
    /// By which paths.
    Paths,
    /// The choice of countermeasures.
    Plan,
    /// The choice, applied in the engine.
    Verified,
}

impl Stage {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts of the model",
            Self::Derived => "all derived",
            Self::Verdicts => "verdicts",
            Self::Graph => "attack graph of the goals",
            Self::Likelihood => "probabilities of the goals",
            Self::Times => "times to the goals",
            Self::Paths => "paths to the goals",
            Self::Plan => "countermeasures chosen",
            Self::Verified => "countermeasures verified",
        }
    }
}
