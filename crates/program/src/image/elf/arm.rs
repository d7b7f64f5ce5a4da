//! `.ARM.attributes`: the one fact we need, whether the code is for profile M.
//!
//! Source: ABI for the ARM Architecture, Addenda (IHI 0045), section 2.

const TAG_FILE: u64 = 1;
const TAG_CPU_ARCH_PROFILE: u64 = 7;
const TAG_COMPATIBILITY: u64 = 32;

/// Does the file-level `aeabi` attribute `Tag_CPU_arch_profile` say `M`?
pub(super) fn is_profile_m(section: &[u8], big_endian: bool) -> bool {
    let attributes = || {
        let rest = section.strip_prefix(b"A")?.get(4..)?.strip_prefix(b"aeabi\0")?;
        let (tag, rest) = uleb(rest)?;
        let (size, _) = rest.split_first_chunk::<4>()?;
        let size = if big_endian { u32::from_be_bytes(*size) } else { u32::from_le_bytes(*size) };
        // The size counts its own tag, which has been read.
        let end = (size as usize).saturating_sub(1).min(rest.len());
        (tag == TAG_FILE).then(|| rest.get(..end)).flatten()?.get(4..)
    };
    attributes().and_then(profile).is_some_and(|profile| profile == u64::from(b'M'))
}

fn profile(mut rest: &[u8]) -> Option<u64> {
    loop {
        let (tag, after) = uleb(rest)?;
        let (value, after) = match tag {
            // CPU names and every odd tag above 32 are strings.
            4 | 5 => (0, after_string(after)?),
            TAG_COMPATIBILITY => (0, after_string(uleb(after)?.1)?),
            _ if tag > TAG_COMPATIBILITY && tag % 2 == 1 => (0, after_string(after)?),
            _ => uleb(after)?,
        };
        if tag == TAG_CPU_ARCH_PROFILE {
            return Some(value);
        }
        rest = after;
    }
}

fn after_string(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    bytes.get(end + 1..)
}

fn uleb(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tag_CPU_name "7E-M", Tag_CPU_arch 13, Tag_CPU_arch_profile `profile`.
    fn section(profile: u8) -> Vec<u8> {
        let attributes = [b"\x057E-M\0".as_slice(), &[6, 13, 7, profile]].concat();
        let mut out = b"A\0\0\0\0aeabi\0\x01".to_vec();
        out.extend((attributes.len() as u32 + 5).to_le_bytes());
        out.extend(attributes);
        out
    }

    #[test]
    fn profile_is_read_past_a_string_attribute() {
        assert!(is_profile_m(&section(b'M'), false));
        assert!(!is_profile_m(&section(b'A'), false));
    }

    #[test]
    fn every_truncation_is_survived() {
        let whole = section(b'M');
        for end in 0..whole.len() {
            assert!(!is_profile_m(&whole[..end], false));
        }
    }
}
