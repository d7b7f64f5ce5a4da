//! Words that several formats share: addresses, digests, blind spots.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Virtual address in a program file, with any mode bit (Thumb) cleared. Written as lower-case hex: `"0x402a10"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64);

/// A text that is not an [`Address`].
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not an address; hint: write lower-case hexadecimal such as `0x402a10`")]
pub struct ParseAddressError {
    text: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        digits
            .and_then(|d| u64::from_str_radix(d, 16).ok())
            .map(Self)
            .ok_or_else(|| ParseAddressError { text: text.to_owned() })
    }
}

/// SHA-256 of the exact bytes of something delivered. Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A text that is not a [`Sha256`].
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a SHA-256 digest; hint: write 64 lower-case hexadecimal digits")]
pub struct ParseSha256Error {
    text: String,
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = ParseSha256Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(ParseSha256Error { text: text.to_owned() }),
        }
    }
}

macro_rules! as_text {
    ($type:ident, $pattern:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}

as_text!(Address, "^0x[0-9a-f]{1,16}$");
as_text!(Sha256, "^[0-9a-f]{64}$");

/// Something that was not seen, or not understood, and why. Absence of findings is never reported without these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BlindSpot {
    /// The artifact it lies in, by path; absent where the format has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// What was not seen, with its amount where one is known.
    pub what: String,
    /// The reason: budget, damage, unsupported.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_address_reads_back_as_it_was_written(value: u64) {
            let text = serde_json::to_string(&Address(value)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Address>(&text).unwrap(), Address(value));
        }

        #[test]
        fn a_digest_reads_back_as_it_was_written(bytes: [u8; 32]) {
            let text = serde_json::to_string(&Sha256(bytes)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sha256>(&text).unwrap(), Sha256(bytes));
        }
    }

    #[test]
    fn texts_that_are_no_address_are_refused() {
        for text in ["402a10", "0x", "0x+1", "0x11112222333344445", "0xzz"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_digest_of_wrong_length_or_case_is_refused() {
        for text in [String::new(), "ab".repeat(31), "AB".repeat(32), "zz".repeat(32)] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }
}
