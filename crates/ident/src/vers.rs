//! Ranges of versions: VERS.
//!
//! Source: "VERS specification", clause 5. [`Vers::parse`] is strict, as its validation rules want; [`Vers::read`]
//! takes what is found in the wild and sorts it. A range keeps its constraints sorted by version.

use std::fmt;

use crate::Scheme;

mod contains;
mod native;
mod percent;
mod validate;

pub use native::NativeRangeError;

/// Longest range read, in bytes.
pub const MAX_VERS_BYTES: usize = 1 << 20;

/// How a constraint compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparator {
    /// This version.
    Equal,
    /// Any but this version.
    NotEqual,
    /// Older versions.
    Less,
    /// This version and older ones.
    LessOrEqual,
    /// Newer versions.
    Greater,
    /// This version and newer ones.
    GreaterOrEqual,
}

/// One step of a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraint {
    /// How versions compare with [`version`](Self::version).
    pub comparator: Comparator,
    /// Decoded.
    pub version: String,
}

/// A set of versions of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Vers {
    vers_type: String,
    scheme: Option<Scheme>,
    /// `None`: every version.
    constraints: Option<Vec<Constraint>>,
}

/// Why a text is not a range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseVersError {
    /// More than [`MAX_VERS_BYTES`].
    #[error("a range of {bytes} bytes, the limit is {limit}", limit = MAX_VERS_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not `vers:type/constraints`.
    #[error("`{text}` is not `vers:type/constraints`")]
    Form {
        /// What was read.
        text: String,
    },
    /// The type has other characters than letters, digits, `.` and `-`, or is reserved for invalid ranges.
    #[error("`{name}` is not a type of versions")]
    Type {
        /// What was read.
        name: String,
    },
    /// A constraint is empty, has no version, or has characters that must be encoded.
    #[error("`{constraint}` is not a constraint: {why}")]
    Constraint {
        /// What was read.
        constraint: String,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// The constraints do not form a sequence of intervals.
    #[error("the constraints do not form a range: {why}")]
    Sequence {
        /// Which rule they break.
        why: &'static str,
    },
}

impl Comparator {
    const SIGNS: [(&'static str, Self); 6] = [
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        (">", Self::Greater),
        ("=", Self::Equal),
    ];

    /// As written in a range; empty for [`Comparator::Equal`].
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Splits a comparator off.
    fn split(text: &str) -> (Self, &str) {
        Self::SIGNS
            .iter()
            .find_map(|(sign, comparator)| text.strip_prefix(sign).map(|rest| (*comparator, rest)))
            .unwrap_or((Self::Equal, text))
    }
}

impl Vers {
    /// Every version of a scheme.
    pub fn all(scheme: Scheme) -> Self {
        Self { vers_type: scheme.name().to_owned(), scheme: Some(scheme), constraints: None }
    }

    /// A range of these constraints, which are sorted here.
    pub fn new(scheme: Scheme, constraints: impl IntoIterator<Item = Constraint>) -> Self {
        Self::sorted(scheme.name().to_owned(), Some(scheme), constraints.into_iter().collect())
    }

    /// Reads a range as the specification's validation rules want it.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, ParseVersError> {
        validate::parse(text)
    }

    /// Reads a range as found in the wild: spaces, empty constraints and any order are accepted.
    ///
    /// # Errors
    /// If it is not of the form `vers:type/constraints` with constraints that have versions.
    pub fn read(text: &str) -> Result<Self, ParseVersError> {
        validate::read(text)
    }

    /// Reads a range in the notation of the scheme's own tools.
    ///
    /// # Errors
    /// If the notation is not known, or the text is not of it.
    pub fn from_native(scheme: Scheme, text: &str) -> Result<Self, NativeRangeError> {
        native::read(scheme, text)
    }

    /// The type, in lower case; it need not be one with a [`Scheme`].
    pub fn vers_type(&self) -> &str {
        &self.vers_type
    }

    /// How versions are ordered; `None` if the type is not known, and [`Scheme::Generic`] is used.
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The constraints, sorted by version; `None` means every version.
    pub fn constraints(&self) -> Option<&[Constraint]> {
        self.constraints.as_deref()
    }

    /// Whether a version lies in the range.
    pub fn contains(&self, version: &str) -> bool {
        contains::contains(self, version)
    }

    fn order(&self) -> Scheme {
        self.scheme.unwrap_or(Scheme::Generic)
    }

    /// Sorts by insertion: some schemes' own rules are no total order on ill-formed versions, and the library's sorting
    /// panics on such.
    fn sorted(vers_type: String, scheme: Option<Scheme>, constraints: Vec<Constraint>) -> Self {
        let order = scheme.unwrap_or(Scheme::Generic);
        let compare = |a: &Constraint, b: &Constraint| {
            let by_version = order.compare(&a.version, &b.version).then_with(|| a.version.cmp(&b.version));
            by_version.then_with(|| a.cmp(b))
        };
        let mut sorted: Vec<Constraint> = Vec::with_capacity(constraints.len());
        for constraint in constraints {
            let at = sorted.partition_point(|known| compare(known, &constraint).is_le());
            sorted.insert(at, constraint);
        }
        Self { vers_type, scheme, constraints: Some(sorted) }
    }
}

impl fmt::Display for Vers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vers:{}/", self.vers_type)?;
        let Some(constraints) = &self.constraints else { return f.write_str("*") };
        for (at, constraint) in constraints.iter().enumerate() {
            let bar = if at == 0 { "" } else { "|" };
            write!(f, "{bar}{}{}", constraint.comparator.sign(), percent::encode(&constraint.version))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
