//! Which artifact of an old version is the predecessor of which one of a new version.
//!
//! The same path; else the same path but for digits, as `libx.so.1.2` and `libx.so.1.3`, if there is no choice; else the
//! only program of either version, whatever its name.

use std::collections::BTreeMap;

use record::{Artifact, Inspection};

/// Artifacts of a new version by path, each with its predecessor.
pub(crate) struct Predecessors<'a>(BTreeMap<&'a str, &'a Artifact>);

impl<'a> Predecessors<'a> {
    pub(crate) fn of(old: &'a Inspection, new: &'a Inspection) -> Self {
        let (before, after) = (by_path(old), by_path(new));
        if let ([old], [new]) = (old.artifacts.as_slice(), new.artifacts.as_slice()) {
            return Self([(new.path.as_str(), old)].into());
        }
        let mut renamed: BTreeMap<String, Vec<&'a Artifact>> = BTreeMap::new();
        for (path, artifact) in before.iter().filter(|(path, _)| !after.contains_key(*path)) {
            renamed.entry(without_digits(path)).or_default().push(artifact);
        }
        let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
        for path in after.keys().filter(|path| !before.contains_key(*path)) {
            *wanted.entry(without_digits(path)).or_default() += 1;
        }
        let found = after.keys().filter_map(|path| {
            let renamed = || {
                let key = without_digits(path);
                let only = wanted.get(&key) == Some(&1);
                renamed.get(&key).filter(|_| only)
            };
            let old = match before.get(path) {
                Some(old) => Some(*old),
                None => renamed().and_then(|all| if let [old] = all.as_slice() { Some(*old) } else { None }),
            };
            Some((*path, old?))
        });
        Self(found.collect())
    }

    /// The predecessor of what lies at a path in the new version.
    pub(crate) fn get(&self, path: &str) -> Option<&'a Artifact> {
        self.0.get(path).copied()
    }
}

pub(crate) fn by_path(record: &Inspection) -> BTreeMap<&str, &Artifact> {
    record.artifacts.iter().map(|artifact| (artifact.path.as_str(), artifact)).collect()
}

/// The path with each number as one mark.
fn without_digits(path: &str) -> String {
    let mut key = String::new();
    for character in path.chars() {
        match character.is_ascii_digit() {
            false => key.push(character),
            true if key.ends_with('#') => {}
            true => key.push('#'),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_path_do_not_tell_versions_apart() {
        assert_eq!(without_digits("usr/lib/libx.so.1.12"), without_digits("usr/lib/libx.so.2.3"));
        assert_ne!(without_digits("usr/lib/libx.so.1"), without_digits("usr/lib/liby.so.1"));
    }
}
