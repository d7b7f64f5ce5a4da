//! Base64 as DSSE allows it: written in the standard alphabet, read in either, with or without padding.

use std::io::{self, BufRead, Write};
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Characters that are read or written at a time; four of them are three bytes.
const CHUNK: usize = 4096;

/// Base64 in the standard alphabet, padded.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Writes it, without having it as a whole.
pub(crate) fn write(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    let mut text = [0; CHUNK];
    for part in bytes.chunks(CHUNK / 4 * 3) {
        let length = STANDARD.encode_slice(part, &mut text).map_err(io::Error::other)?;
        out.write_all(text.get(..length).unwrap_or_default())?;
    }
    Ok(())
}

/// How long it is.
pub(crate) fn length(bytes: &[u8]) -> usize {
    base64::encoded_len(bytes.len(), true).unwrap_or(0)
}

/// `None` if `text` is base64 in neither alphabet.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_ALPHABET.decode(text).or_else(|_| URL_SAFE_ALPHABET.decode(text)).ok()
}

/// What [`read`] came to.
pub(crate) enum Text {
    /// All bytes, and the quotation mark after the text was taken.
    Whole(Vec<u8>),
    /// An escape stands next. The text until there.
    Escaped(Vec<u8>),
}

/// Decodes a text until its quotation mark as it comes, so that it is never there as a whole. `None`: it is no base64.
pub(crate) fn read(from: &mut dyn BufRead) -> io::Result<Option<Text>> {
    let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
    let mut url_safe = None;
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let end = buffer.iter().position(|b| matches!(b, b'"' | b'\\'));
        let text = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let (length, stop) = (text.len(), end.and_then(|end| buffer.get(end)).copied());
        waiting.extend_from_slice(text);
        from.consume(length);
        let whole = match stop {
            Some(b'"') => waiting.len(),
            _ => waiting.len() & !3,
        };
        let rest = waiting.split_off(whole);
        if !append(&mut bytes, &waiting, &mut url_safe, stop == Some(b'"')) {
            return Ok(None);
        }
        waiting = rest;
        match stop {
            Some(b'"') => {
                from.consume(1);
                return Ok(Some(Text::Whole(bytes)));
            }
            Some(_) => {
                let alphabet = if url_safe == Some(true) { URL_SAFE_ALPHABET } else { STANDARD_ALPHABET };
                let mut text = alphabet.encode(&bytes).into_bytes();
                text.append(&mut waiting);
                return Ok(Some(Text::Escaped(text)));
            }
            None => {}
        }
    }
}

/// Decodes the next part of a text; only the last may be padded. `url_safe`: the alphabet, once it is known.
fn append(bytes: &mut Vec<u8>, text: &[u8], url_safe: &mut Option<bool>, last: bool) -> bool {
    let has = |these: [u8; 2]| text.iter().any(|b| these.contains(b));
    let seen = match (has(*b"-_"), has(*b"+/")) {
        (true, true) => return false,
        (false, false) => None,
        (url_safe, _) => Some(url_safe),
    };
    *url_safe = url_safe.or(seen);
    if seen.is_some_and(|seen| *url_safe != Some(seen)) || (!last && text.contains(&b'=')) {
        return false;
    }
    let alphabet = if *url_safe == Some(true) { URL_SAFE_ALPHABET } else { STANDARD_ALPHABET };
    alphabet.decode_vec(text, bytes).is_ok()
}

/// Decodes what lies at `place` of `buffer`, which is used up: a long text and its bytes are never there together.
/// `None` as in [`decode`].
pub(crate) fn decode_within(mut buffer: Vec<u8>, place: Range<usize>) -> Option<Vec<u8>> {
    let own = |b: &u8| matches!(b, b'-' | b'_');
    let alphabet =
        if buffer.get(place.clone())?.iter().any(own) { URL_SAFE_ALPHABET } else { STANDARD_ALPHABET };
    let (mut text, mut bytes) = ([0; CHUNK], [0; CHUNK]);
    let (mut read, mut written) = (place.start, 0_usize);
    while read < place.end {
        let end = place.end.min(read.checked_add(CHUNK)?);
        let text = text.get_mut(..end.checked_sub(read)?)?;
        text.copy_from_slice(buffer.get(read..end)?);
        let length = alphabet.decode_slice(&*text, &mut bytes).ok()?;
        // Padding stands only at the end.
        if end < place.end && length != CHUNK / 4 * 3 {
            return None;
        }
        let until = written.checked_add(length)?;
        buffer.get_mut(written..until)?.copy_from_slice(bytes.get(..length)?);
        (read, written) = (end, until);
    }
    buffer.truncate(written);
    buffer.shrink_to_fit();
    Some(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn within(text: &str) -> Option<Vec<u8>> {
        let whole = format!("{{\"payload\":\"{text}\"}}").into_bytes();
        let end = whole.len() - 2;
        decode_within(whole, 12..end)
    }

    #[test]
    fn long_texts_are_written_and_decoded_within_their_own_room_as_anywhere_else() {
        for length in [0, 1, 2, 3, 3071, 3072, 3073, 9215, 9216, 100_000] {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut text = Vec::new();
            write(&mut text, &bytes).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text, encode(&bytes));
            assert_eq!(within(&text), Some(bytes), "{length}");
        }
    }

    #[test]
    fn padding_is_refused_wherever_something_follows() {
        for place in [4092, 8188] {
            let mut text = "A".repeat(12_000);
            text.replace_range(place + 2..place + 4, "==");
            assert_eq!((decode(&text), within(&text)), (None, None), "{place}");
        }
    }

    proptest! {
        #[test]
        fn all_ways_of_decoding_agree(text in "[A-Za-z0-9+/_=-]{0,40}", room in 1_usize..9) {
            prop_assert_eq!(within(&text), decode(&text));
            let quoted = format!("{text}\"}}");
            let mut from = io::BufReader::with_capacity(room, quoted.as_bytes());
            let read = match read(&mut from).unwrap() {
                Some(Text::Whole(bytes)) => Some(bytes),
                Some(Text::Escaped(_)) => panic!("nothing is escaped"),
                None => None,
            };
            prop_assert_eq!(&read, &decode(&text));
            if read.is_some() {
                let mut rest = String::new();
                io::Read::read_to_string(&mut from, &mut rest).unwrap();
                prop_assert_eq!(rest, "}");
            }
        }
    }
}
