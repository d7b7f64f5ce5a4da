//! What a command's exit status says.

use std::process::ExitCode;

/// Wrong usage, or nothing readable.
pub(crate) const USAGE: u8 = 2;

/// How a command that could do its work ended; a greater one hides a lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Nothing to say: 0.
    Clean,
    /// A budget cut the work, or some input was damaged, unreadable or unsupported: 3.
    Partial,
    /// What the command looks for is there: 1.
    Found,
}

impl Outcome {
    /// [`Outcome::Found`] if so.
    pub(crate) fn found(found: bool) -> Self {
        if found { Self::Found } else { Self::Clean }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Found => 1,
            Outcome::Partial => 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Clean, Found, Partial};

    #[test]
    fn what_was_found_hides_that_something_is_missing() {
        assert_eq!([Clean, Found, Partial].into_iter().max(), Some(Found));
        assert_eq!(Clean.max(Partial), Partial);
    }
}
