//! Times and sizes as people type them: `90s`, `10m`, `2h`; `512M`, `4G`.

use std::time::Duration;

/// A time: a whole number with `s`, `m` or `h`; seconds if none stands there.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    let seconds = scaled(text, &units)
        .ok_or_else(|| format!("`{text}` is no time; hint: write `90s`, `10m` or `2h`"))?;
    Ok(Duration::from_secs(seconds))
}

/// A size in bytes: a whole number with `K`, `M`, `G` or `T` (powers of 1024); bytes if none stands there.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let units = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)];
    scaled(text, &units).ok_or_else(|| format!("`{text}` is no size; hint: write `512M` or `4G`"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (digits, factor) = unit.unwrap_or((text, 1));
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| plain)?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale_and_nonsense_is_refused() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(size("4G"), Ok(4 << 30));
        for text in ["", "m", "-1s", "+1s", "1.5h", "1d", "99999999999999999999h"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(size("20000000T").is_err());
    }
}
