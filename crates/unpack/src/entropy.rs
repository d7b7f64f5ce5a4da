//! Shannon entropy of bytes: near 8 bits for compressed or encrypted ones.

/// Hundredths of a bit for each byte, 0–800.
pub(crate) fn centibits(data: &[u8]) -> u32 {
    let mut counts = [0_u64; 256];
    for &byte in data {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = data.len() as f64;
    let term = |&count: &u64| {
        let share = count as f64 / total;
        -share * share.log2()
    };
    let bits: f64 = counts.iter().filter(|c| **c > 0).map(term).sum();
    (bits * 100.0).round() as u32
}

/// `7.98 bits a byte (compressed or encrypted)`.
pub(crate) fn text(centibits: &u32) -> String {
    // What compresses well ends a little below eight bits, too; texts and programs stay below seven.
    let means = if *centibits >= 780 { " (compressed or encrypted)" } else { "" };
    format!("{}.{:02} bits a byte{means}", centibits / 100, centibits % 100)
}

#[cfg(test)]
mod tests {
    use super::{centibits, text};

    #[test]
    fn what_looks_random_is_said_to_be_compressed_or_encrypted() {
        assert_eq!(
            (text(&799), text(&602)),
            ("7.99 bits a byte (compressed or encrypted)".into(), "6.02 bits a byte".into())
        );
    }

    #[test]
    fn one_value_has_none_and_all_values_have_eight_bits() {
        assert_eq!(centibits(&[7; 1000]), 0);
        assert_eq!(centibits(&(0..=255).collect::<Vec<u8>>()), 800);
        assert_eq!(centibits(&[]), 0);
    }
}
