//! Words of records, and lists of record numbers.

/// Words that say nothing.
const STOP: &[&str] = &[
    "allow", "allows", "an", "and", "are", "as", "at", "before", "by", "can", "could", "for", "from", "has",
    "have", "in", "is", "it", "may", "not", "of", "on", "or", "that", "the", "this", "through", "to", "via",
    "was", "when", "which", "with",
];

/// Lower-case words of two to forty characters, sorted, each once.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-' && c != '_')
        .map(|word| word.trim_matches(['.', '-', '_']).to_lowercase())
        .filter(|word| (2..=40).contains(&word.len()) && STOP.binary_search(&word.as_str()).is_err())
        .collect();
    words.sort();
    words.dedup();
    words
}

/// A list of rising numbers: differences in seven bits a byte.
#[derive(Default)]
pub(super) struct List {
    pub(super) bytes: Vec<u8>,
    last: u32,
}

impl List {
    pub(super) fn push(&mut self, number: u32) {
        let mut rest = number.wrapping_sub(self.last);
        self.last = number;
        while rest >= 0x80 {
            self.bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }
}

pub(super) fn decode(bytes: &[u8]) -> Vec<u32> {
    let (mut out, mut last, mut value, mut shift) = (Vec::new(), 0_u32, 0_u32, 0_u32);
    for byte in bytes {
        value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 {
            last = last.wrapping_add(value);
            out.push(last);
            (value, shift) = (0, 0);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back() {
        let mut list = List::default();
        let numbers = [0, 1, 127, 128, 100_000, u32::MAX];
        numbers.into_iter().for_each(|n| list.push(n));
        assert_eq!(decode(&list.bytes), numbers);
    }

    #[test]
    fn words_are_lower_case_and_plain() {
        assert!(STOP.is_sorted());
        assert_eq!(words("The XSLT component, in log4j2 (2.x)."), ["2.x", "component", "log4j2", "xslt"]);
    }
}
