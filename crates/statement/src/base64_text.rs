//! Base64 as DSSE allows it: written in the standard alphabet, read in either, with or without padding.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Base64 in the standard alphabet, padded.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Appends it to `text`.
pub(crate) fn append(text: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, text);
}

/// How long it is.
pub(crate) fn length(bytes: &[u8]) -> usize {
    base64::encoded_len(bytes.len(), true).unwrap_or(0)
}

/// `None` if `text` is base64 in neither alphabet.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_ALPHABET.decode(text).or_else(|_| URL_SAFE_ALPHABET.decode(text)).ok()
}
