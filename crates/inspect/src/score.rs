//! What a finding in a program weighs: one table, each figure with its reason.
//!
//! Score = weight of the payload × factors. Factors below 1 stand for evidence that the functionality is meant to be
//! there, or that nobody outside can reach it; they multiply, because they are independent reasons for doubt.

use record::SourceKind;

/// Weight of a payload, 0–100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PayloadWeight {
    /// Whoever knows the value is in: the same on every device, no way to change it.
    CredentialAccepted,
    /// Calls of other code go elsewhere, unseen by all who look at that code.
    Hijacks,
    /// A shell: everything that the program may do.
    Shell,
    /// Runs text of the sender: as good as a shell.
    RunsInput,
    /// Runs code that no section or file shows.
    RunsHidden,
    /// The decision who somebody is has a second way out.
    DecisionSkipped,
    /// Hands out what opens other doors.
    SendsSecrets,
    /// Deletes or overwrites.
    Destroys,
    /// Runs programs before anybody asked for anything.
    RunsAtLoad,
    /// Does a grave thing in a way that hides it.
    Evades,
    /// Reaches out before anybody asked for anything.
    ReachesAtLoad,
    /// Runs something that is not known: often what the configuration says.
    RunsUnknown,
    /// Runs always the same command: harm is limited to that command.
    RunsFixed,
}

impl PayloadWeight {
    fn points(self) -> f64 {
        match self {
            Self::CredentialAccepted => 97.0,
            Self::Hijacks => 97.0,
            Self::Shell => 96.0,
            Self::RunsInput => 93.0,
            Self::RunsHidden => 93.0,
            Self::DecisionSkipped | Self::SendsSecrets => 92.0,
            Self::Destroys => 85.0,
            Self::RunsAtLoad => 84.0,
            Self::Evades => 82.0,
            Self::ReachesAtLoad => 80.0,
            Self::RunsUnknown => 62.0,
            Self::RunsFixed => 58.0,
        }
    }
}

/// A reason for doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// Only after somebody was found to be who he should be.
    Authenticated,
    /// Only in a state that something earlier must have set; that may be a login.
    InState,
    /// The image's own texts name the value, in a help text or a table.
    Documented,
    /// The value may stand anywhere in the input: tests for features look like that.
    AnywhereInInput,
    /// A short value is met by chance and by protocols.
    Short,
    /// A number computed from the input: checksums and magic numbers of formats look like that.
    Computed,
    /// The payload is this many calls away: more of other reasons may lie between.
    Distant(usize),
    /// A word of at most four bytes in a file: what file formats begin with.
    FormatWord,
    /// Nothing known leads there: it may be a left-over.
    Unreachable,
    /// What matters was taken apart or mixed with other data on the way.
    Derived,
    /// It may as well come from what the device keeps or from who started the program: commands are configured so.
    Mixed,
    /// A number compared all over the program: what marks a structure.
    Mark,
    /// One of many values with the same consequence in the same function, which a language's words look like; one of many
    /// functions that nothing leads to, or of many decisions of a program.
    OneOfMany,
    /// The value is a word of a file format or language that the program reads.
    CommonWord,
    /// It is not seen where the data comes from.
    UnseenSource,
    /// The value is written as an option of a command line: who can give it runs the program already.
    OptionSyntax,
}

impl Doubt {
    fn factor(self) -> f64 {
        match self {
            Self::Authenticated | Self::OptionSyntax => 0.4,
            Self::InState | Self::CommonWord | Self::FormatWord | Self::Mixed => 0.6,
            Self::Documented | Self::Derived | Self::Mark | Self::OneOfMany => 0.5,
            Self::AnywhereInInput => 0.75,
            Self::Short => 0.7,
            Self::Computed | Self::Unreachable | Self::UnseenSource => 0.85,
            Self::Distant(calls) => 0.9_f64.powi(calls.min(8) as i32),
        }
    }
}

/// Who can send the input: those on the network need nothing else; the environment and the command line belong to
/// somebody who can run programs already, which matters for set-user-id programs only.
fn reach(kind: SourceKind) -> f64 {
    match kind {
        SourceKind::Network => 1.0,
        SourceKind::File | SourceKind::Device => 0.95,
        SourceKind::Parameter => 0.9,
        SourceKind::Time => 0.95,
        SourceKind::Environment => 0.6,
        SourceKind::Argument => 0.42,
        SourceKind::None => 0.9,
    }
}

/// The score of a finding.
pub(crate) fn score(payload: PayloadWeight, source: SourceKind, doubts: &[Doubt]) -> u8 {
    let all = doubts.iter().map(|doubt| doubt.factor()).product::<f64>();
    (payload.points() * reach(source) * all).round().clamp(0.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unauthenticated_network_shell_is_critical_and_a_local_one_is_not_high() {
        assert!(score(PayloadWeight::Shell, SourceKind::Network, &[]) >= 90);
        assert!(score(PayloadWeight::Shell, SourceKind::Argument, &[]) < 70);
        assert!(score(PayloadWeight::RunsFixed, SourceKind::Network, &[]) < 70);
    }

    #[test]
    fn every_doubt_lowers_the_score() {
        for doubt in
            [Doubt::Authenticated, Doubt::InState, Doubt::Documented, Doubt::Short, Doubt::Distant(1)]
        {
            let with = score(PayloadWeight::Shell, SourceKind::Network, &[doubt]);
            assert!(with < score(PayloadWeight::Shell, SourceKind::Network, &[]), "{doubt:?}");
        }
    }
}
