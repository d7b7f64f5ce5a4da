//! How the corpus is compiled: one line a style.

use clap::ValueEnum;

/// Which family of compilers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Clang,
    Gcc,
}

/// What the linker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// At a fixed address.
    Fixed,
    /// Position independent, which is the compilers' default.
    Movable,
    /// With the libraries' code inside; there are no shared libraries then.
    Static,
    /// Optimised over all units at link time.
    WholeProgram,
}

/// Compiler, level of optimisation and linking of one build of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    #[value(name = "clang-O2")]
    ClangO2,
    #[value(name = "clang-Os")]
    ClangOs,
    #[value(name = "gcc-O0")]
    GccO0,
    #[value(name = "gcc-O1")]
    GccO1,
    #[value(name = "gcc-O2")]
    GccO2,
    #[value(name = "gcc-O2-fixed")]
    GccO2Fixed,
    #[value(name = "gcc-O2-lto")]
    GccO2Lto,
    #[value(name = "gcc-O2-static")]
    GccO2Static,
    #[value(name = "gcc-O3")]
    GccO3,
    #[value(name = "gcc-Os")]
    GccOs,
}

impl Style {
    /// The style that all processors are measured in.
    pub(crate) const USUAL: Self = Self::GccO2;

    /// The name that a folder has.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Self::ClangO2 | Self::ClangOs => Family::Clang,
            _ => Family::Gcc,
        }
    }

    /// As the compilers take it behind `-O`.
    pub(crate) fn level(self) -> &'static str {
        match self {
            Self::GccO0 => "0",
            Self::GccO1 => "1",
            Self::ClangO2 | Self::GccO2 | Self::GccO2Fixed | Self::GccO2Lto | Self::GccO2Static => "2",
            Self::GccO3 => "3",
            Self::ClangOs | Self::GccOs => "s",
        }
    }

    pub(crate) fn link(self) -> Link {
        match self {
            Self::GccO2Fixed => Link::Fixed,
            Self::GccO2Lto => Link::WholeProgram,
            Self::GccO2Static => Link::Static,
            _ => Link::Movable,
        }
    }
}
