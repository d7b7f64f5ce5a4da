//! What a finding in a file weighs, 0–100, each with its reason.

/// How much a kind of finding matters before anything is known of the place where the image runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// A program that runs whatever a request says, behind a secret value: nothing legitimate looks like this.
    RequestRunsBehindSecret,
    /// A login as administrator with a password that is in every attacker's list.
    AdministratorWithKnownPassword,
    /// A shell offered to the network without any login.
    ShellOffered,
    /// A login as administrator without a password.
    AdministratorWithoutPassword,
    /// A script that runs what a request says.
    RequestRuns,
    /// A login with a password that is in every attacker's list.
    UserWithKnownPassword,
    /// A key that opens a login on every device of this kind; whoever holds its other half gets in.
    ForeignKey,
    /// A second account with all rights beside the usual one.
    SecondAdministrator,
    /// A set-user-id shell or interpreter: any user becomes its owner.
    SetuidInterpreter,
    /// A login as administrator with a fixed, unknown password: the same on every device, whoever knows it.
    AdministratorWithFixedPassword,
    /// Remote login without encryption started at boot.
    TelnetStarted,
    /// A private key that every device of this kind shares.
    SharedPrivateKey,
    /// A shell without login on a console: only for who stands in front of it.
    ConsoleShell,
    /// A set-user-id program where users may write.
    SetuidInWritablePlace,
    /// A login with a fixed, unknown password.
    UserWithFixedPassword,
}

impl Weight {
    /// Points: 90 and more is critical, 70 high, 40 medium, 20 low.
    pub(crate) fn points(self) -> u8 {
        match self {
            Self::RequestRunsBehindSecret => 96,
            Self::AdministratorWithKnownPassword => 92,
            Self::ShellOffered => 90,
            Self::AdministratorWithoutPassword => 84,
            Self::RequestRuns => 80,
            Self::UserWithKnownPassword | Self::ForeignKey => 78,
            Self::SecondAdministrator | Self::SetuidInterpreter => 72,
            Self::AdministratorWithFixedPassword | Self::TelnetStarted => 60,
            Self::SharedPrivateKey => 55,
            Self::ConsoleShell | Self::SetuidInWritablePlace => 50,
            Self::UserWithFixedPassword => 45,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_declared_from_heavy_to_light() {
        let all = [
            Weight::RequestRunsBehindSecret,
            Weight::AdministratorWithKnownPassword,
            Weight::ShellOffered,
            Weight::AdministratorWithoutPassword,
            Weight::RequestRuns,
            Weight::UserWithKnownPassword,
            Weight::ForeignKey,
            Weight::SecondAdministrator,
            Weight::SetuidInterpreter,
            Weight::AdministratorWithFixedPassword,
            Weight::TelnetStarted,
            Weight::SharedPrivateKey,
            Weight::ConsoleShell,
            Weight::SetuidInWritablePlace,
            Weight::UserWithFixedPassword,
        ];
        assert!(all.is_sorted() && all.is_sorted_by_key(|w| std::cmp::Reverse(w.points())));
    }
}
