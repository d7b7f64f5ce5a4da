//! Package URLs of what was found.

use std::fmt::Write;

/// Everything that a package URL says; empty parts are left out.
#[derive(Debug, Default)]
pub(crate) struct Purl<'a> {
    /// Type: `deb`, `apk`, `generic`.
    pub(crate) kind: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// In the order of the alphabet, as the specification demands.
    pub(crate) qualifiers: &'a [(&'a str, &'a str)],
}

impl Purl<'_> {
    /// Canonical text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("pkg:{}/", self.kind);
        for part in self.namespace.split('/').filter(|part| !part.is_empty()) {
            text.push_str(&encoded(part));
            text.push('/');
        }
        text.push_str(&encoded(self.name));
        if !self.version.is_empty() {
            text.push('@');
            text.push_str(&encoded(self.version));
        }
        let filled = self.qualifiers.iter().filter(|(_, value)| !value.is_empty());
        for (index, (key, value)) in filled.enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            // Writing to a text does not fail.
            let _ = write!(text, "{mark}{key}={}", encoded(value));
        }
        text
    }
}

/// Percent-encoding of everything but the characters that the specification leaves alone.
fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts from the package URL specification's examples (`PURL-TYPES`), and its rules for encoding.
    #[test]
    fn texts_are_canonical() {
        let deb = Purl {
            kind: "deb",
            namespace: "debian",
            name: "curl",
            version: "7.50.3-1",
            qualifiers: &[("arch", "i386"), ("distro", "jessie")],
        };
        assert_eq!(deb.text(), "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie");
        let scoped = Purl {
            kind: "npm",
            namespace: "@angular",
            name: "animation",
            version: "12.3.1",
            ..Purl::default()
        };
        assert_eq!(scoped.text(), "pkg:npm/%40angular/animation@12.3.1");
        let plus = Purl { kind: "deb", name: "libstdc++6", version: "1:12+b1", ..Purl::default() };
        assert_eq!(plus.text(), "pkg:deb/libstdc%2B%2B6@1:12%2Bb1");
    }
}
