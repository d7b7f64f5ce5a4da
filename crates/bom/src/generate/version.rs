//! The version that the makers of a program gave it, inside a distribution's version.

/// `1:1.2.13.dfsg-1+b3` is `1.2.13` (deb-version(7): epoch, upstream version, revision; the other dialects have the same
/// parts or fewer).
pub(super) fn upstream(stated: &str) -> &str {
    let after_epoch = match stated.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => stated,
    };
    let without_revision = after_epoch.rsplit_once('-').map_or(after_epoch, |(version, _)| version);
    let marks = [".dfsg", "+", "~"];
    let end = marks.iter().filter_map(|mark| without_revision.find(mark)).min();
    without_revision.get(..end.unwrap_or(without_revision.len())).unwrap_or(without_revision)
}

/// Is `version`, as the program shows it, the one that the package states?
pub(super) fn names(stated: &str, version: &str) -> bool {
    let upstream = upstream(stated);
    upstream == version
        || upstream.strip_prefix(version).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_parts_are_cut_off() {
        for (stated, plain) in [
            ("1:1.35.0-4+b3", "1.35.0"),
            ("1:1.2.13.dfsg-1", "1.2.13"),
            ("2.36-9+deb12u3", "2.36"),
            ("9.2p1-r0", "9.2p1"),
            ("3.0.15+ds1-2", "3.0.15"),
            ("2.0~rc1-1", "2.0"),
            ("1.0.1f-2", "1.0.1f"),
        ] {
            assert_eq!(upstream(stated), plain, "{stated}");
        }
    }

    #[test]
    fn a_longer_number_is_another_version() {
        assert!(names("1:1.35.0-4", "1.35.0"));
        assert!(!names("1.1.1n-0", "1.1.1"));
        assert!(!names("1.35.01", "1.35.0"));
        assert!(names("6.1.55-1", "6.1"));
    }
}
