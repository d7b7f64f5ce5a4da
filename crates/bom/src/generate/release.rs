//! Which distribution a root file system belongs to: `os-release` and its predecessors.

use unpack::Tree;

/// A distribution, by the names that `os-release` gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    /// `ID`: `debian`, `openwrt`.
    pub(crate) id: String,
    /// `VERSION_ID`.
    pub(crate) version: String,
    /// `NAME`, for people.
    pub(crate) name: String,
    /// Where this is stated.
    pub(crate) path: String,
}

impl Release {
    /// The distribution of the root file system at `root` (empty, or ending with `/`). Package managers of one family
    /// share the default `id` if nothing is stated.
    pub(crate) fn of(tree: &Tree, root: &str) -> Option<Self> {
        ["etc/os-release", "usr/lib/os-release", "etc/openwrt_release"].into_iter().find_map(|place| {
            let path = format!("{root}{place}");
            let content = tree.entry(&path)?.content()?;
            Some(Self { path, ..parse(&String::from_utf8_lossy(content)) })
        })
    }

    /// `debian-12`: value of the purl qualifier `distro`.
    pub(crate) fn distro(&self) -> String {
        match (self.id.as_str(), self.version.as_str()) {
            ("", _) => String::new(),
            (id, "") => id.to_owned(),
            (id, version) => format!("{id}-{version}"),
        }
    }
}

fn parse(text: &str) -> Release {
    let mut release = Release::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim() {
            "ID" | "DISTRIB_ID" => release.id = value.to_ascii_lowercase(),
            "VERSION_ID" | "DISTRIB_RELEASE" => value.clone_into(&mut release.version),
            "NAME" => value.clone_into(&mut release.name),
            _ => {}
        }
    }
    release
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_old_keys_are_understood() {
        let release = parse("NAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\nID=debian\n");
        assert_eq!(release.distro(), "debian-12");
        assert_eq!(parse("DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='22.03.5'\n").distro(), "openwrt-22.03.5");
        assert_eq!(parse("").distro(), "");
    }
}
