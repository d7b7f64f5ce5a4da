//! Where data comes from, as a set.
//!
//! A powerset lattice: join is union, the bottom is empty, the height is the number of bits. Everything built on it only
//! ever adds labels, so every fixpoint over a program ends.

use std::fmt;

/// A set of origins of data.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(u32);

/// Kinds of origin that no single datum has together.
const ANYTHING: u32 = 4;
/// First bit of the function's own parameters.
const PARAMETERS: u32 = 20;
/// Parameters that are told apart.
pub(crate) const MAX_PARAMETERS: u8 = 8;

impl Labels {
    /// None.
    pub const NONE: Self = Self(0);
    /// A socket.
    pub const NETWORK: Self = Self(1);
    /// Standard input, a terminal, a conversation.
    pub const INPUT: Self = Self(1 << 1);
    /// A file.
    pub const FILE: Self = Self(1 << 2);
    /// The environment.
    pub const ENVIRONMENT: Self = Self(1 << 3);
    /// The command line.
    pub const ARGUMENT: Self = Self(1 << 4);
    /// A device.
    pub const DEVICE: Self = Self(1 << 5);
    /// The clock.
    pub const TIME: Self = Self(1 << 6);
    /// Account databases and stored passwords.
    pub const SECRET: Self = Self(1 << 7);
    /// A parameter of a function that others can link to.
    pub const EXPORT: Self = Self(1 << 8);
    /// Not data: a descriptor or stream on a socket.
    pub const ON_SOCKET: Self = Self(1 << 9);
    /// Not data: a descriptor or stream on a file or pipe.
    pub const ON_FILE: Self = Self(1 << 10);
    /// Came out of a hash or cipher.
    pub const DERIVED: Self = Self(1 << 11);
    /// Not data: the name of a file whose content nobody outside has a right to, or a descriptor of such a file.
    pub const ON_SECRET: Self = Self(1 << 12);
    /// Content of such a file.
    pub const CONFIDENTIAL: Self = Self(1 << 13);
    /// A file that somebody outside chose: named on the command line or by a request.
    pub const DOCUMENT: Self = Self(1 << 14);
    /// Not data: the name of a file, standing in the program, or a descriptor of such a file.
    pub const ON_KEPT: Self = Self(1 << 15);
    /// Content of such a file: what the device keeps.
    pub const KEPT: Self = Self(1 << 16);
    /// Not seen where it comes from ([`crate::Facts::is_unseen`]); never spread.
    pub const UNSEEN: Self = Self(1 << 17);
    /// What somebody outside chooses.
    pub const OUTSIDE: Self = Self(
        Self::NETWORK.0
            | Self::INPUT.0
            | Self::ENVIRONMENT.0
            | Self::ARGUMENT.0
            | Self::DEVICE.0
            | Self::EXPORT.0,
    );
    /// What the device itself keeps.
    pub const STORED: Self = Self(Self::FILE.0 | Self::SECRET.0);

    /// Parameter `n` of the function itself.
    pub(crate) fn parameter(n: u8) -> Self {
        if n < MAX_PARAMETERS { Self(1 << (PARAMETERS + u32::from(n))) } else { Self::NONE }
    }

    /// The parameters in the set.
    pub(crate) fn parameters(self) -> impl Iterator<Item = u8> {
        (0..MAX_PARAMETERS).filter(move |n| self.meets(Self::parameter(*n)))
    }

    /// Without the function's parameters: labels that mean the same everywhere.
    #[must_use]
    pub(crate) fn absolute(self) -> Self {
        Self(self.0 & ((1 << PARAMETERS) - 1))
    }

    /// What a file's name says of its descriptor: the function's parameters still stand for names.
    #[must_use]
    pub(crate) fn of_name(self) -> Self {
        let names = Self::ON_SECRET.0 | Self::ON_KEPT.0 | Self::OUTSIDE.0;
        Self(self.0 & (names | !((1 << PARAMETERS) - 1)))
    }

    /// Data only, not what a descriptor was opened on.
    #[must_use]
    pub(crate) fn data(self) -> Self {
        Self(self.0 & !(Self::ON_SOCKET.0 | Self::ON_FILE.0 | Self::ON_SECRET.0 | Self::ON_KEPT.0))
    }

    pub(crate) fn named(kind: &str) -> Option<Self> {
        Some(match kind {
            "network" => Self::NETWORK,
            "input" => Self::INPUT,
            "file" => Self::FILE,
            "environment" => Self::ENVIRONMENT,
            "argument" => Self::ARGUMENT,
            "device" => Self::DEVICE,
            "time" => Self::TIME,
            "secret" => Self::SECRET,
            _ => return None,
        })
    }

    pub(crate) fn opened(kind: &str) -> Option<Self> {
        match kind {
            "socket" => Some(Self::ON_SOCKET),
            "file" | "pipe" => Some(Self::ON_FILE),
            _ => None,
        }
    }

    /// What is read through a descriptor with these labels. Nothing known: what stands on standard input.
    pub(crate) fn read_through(self) -> Self {
        let mut data = Self::NONE;
        if self.meets(Self::ON_SOCKET) {
            data = data.or(Self::NETWORK);
        }
        if self.meets(Self::ON_FILE) {
            data = data.or(Self::FILE);
            let more = [
                (Self::OUTSIDE, Self::DOCUMENT),
                (Self::ON_KEPT, Self::KEPT),
                (Self::ON_SECRET, Self::CONFIDENTIAL),
            ];
            let content = more.into_iter().filter(|(of, _)| self.meets(*of)).map(|pair| pair.1);
            data = content.fold(data, Self::or);
        }
        data
    }

    /// Union.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is something in both?
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Is it something that the device keeps, rather than what somebody brought?
    pub(crate) fn is_kept(self) -> bool {
        self.meets(Self::SECRET.or(Self::DERIVED).or(Self::KEPT))
            || self.meets(Self::FILE) && !self.meets(Self::DOCUMENT)
    }

    /// From so many kinds of origin that the labels do not tell where it comes from: what all parts of a program share.
    pub fn is_anything(self) -> bool {
        let kinds = Self::NETWORK.0
            | Self::INPUT.0
            | Self::FILE.0
            | Self::ENVIRONMENT.0
            | Self::ARGUMENT.0
            | Self::DEVICE.0
            | Self::TIME.0
            | Self::SECRET.0;
        (self.0 & kinds).count_ones() >= ANYTHING
    }

    /// Do they say who chose the data? That some clock or hash had a part in it does not.
    pub(crate) fn tell(self) -> bool {
        let silent = Self::TIME.0 | Self::DERIVED.0;
        self.data().absolute().0 & !silent != 0
    }

    /// Empty?
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 18] = [
            "network",
            "input",
            "file",
            "environment",
            "argument",
            "device",
            "time",
            "secret",
            "export",
            "on-socket",
            "on-file",
            "derived",
            "on-secret",
            "confidential",
            "document",
            "on-kept",
            "kept",
            "unseen",
        ];
        let own = self.parameters().map(|n| format!("parameter {n}"));
        let names = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        f.debug_set().entries(names.map(|(_, name)| name)).entries(own).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_from_four_kinds_of_origin_may_come_from_anywhere() {
        let three = Labels::NETWORK.or(Labels::FILE).or(Labels::ENVIRONMENT);
        assert!(!three.or(Labels::KEPT).or(Labels::DOCUMENT).or(Labels::ON_FILE).is_anything());
        assert!(three.or(Labels::ARGUMENT).is_anything());
    }

    proptest! {
        #[test]
        fn union_is_a_join(a: u32, b: u32, c: u32) {
            let (a, b, c) = (Labels(a), Labels(b), Labels(c));
            prop_assert_eq!(a.or(b), b.or(a));
            prop_assert_eq!(a.or(b).or(c), a.or(b.or(c)));
            prop_assert_eq!(a.or(a), a);
            prop_assert_eq!(a.or(Labels::NONE), a);
            prop_assert_eq!(a.or(b).or(a), a.or(b));
        }
    }
}
