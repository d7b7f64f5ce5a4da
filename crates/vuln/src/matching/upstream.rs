//! What a package's version says about upstream's version.

use ident::Purl;

/// Upstream's version inside of a distribution package's: without epoch, revision and repackaging marks.
pub(super) fn version(purl: Option<&Purl>, version: &str) -> String {
    of(purl.map_or("", Purl::package_type), version).to_owned()
}

/// The same by the type of a package URL.
pub(crate) fn of<'v>(package_type: &str, version: &'v str) -> &'v str {
    match package_type {
        "deb" => without_marks(without_revision(without_epoch(version))),
        "rpm" | "alpm" | "opkg" => without_revision(without_epoch(version)),
        "apk" => version.rsplit_once("-r").map_or(version, |(upstream, _)| upstream),
        "golang" => version.trim_start_matches('v'),
        _ => version,
    }
}

fn without_epoch(version: &str) -> &str {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => version,
    }
}

fn without_revision(version: &str) -> &str {
    version.rsplit_once('-').map_or(version, |(upstream, _)| upstream)
}

/// `+dfsg1`, `+deb12u3`, `+git20230101` tell how the source was repackaged.
fn without_marks(version: &str) -> &str {
    version.split_once('+').map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_versions_hold_upstreams() {
        for (purl, expected) in [
            ("pkg:deb/debian/openssh@1:9.2p1-2+deb12u3", "9.2p1"),
            ("pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1", "1.2.13.dfsg"),
            ("pkg:deb/debian/vim@2:9.0.1378+dfsg-2", "9.0.1378"),
            ("pkg:apk/alpine/busybox@1.35.0-r29", "1.35.0"),
            ("pkg:rpm/fedora/openssl@1:3.0.7-2.el9", "3.0.7"),
            ("pkg:opkg/dnsmasq@2.75-1", "2.75"),
            ("pkg:npm/x@1.0-1", "1.0-1"),
        ] {
            let purl: Purl = purl.parse().unwrap();
            assert_eq!(version(Some(&purl), purl.version().unwrap()), expected);
        }
    }
}
