//! What compilers write into programs: the list of everything a program was built from. One kind a file, each a line in
//! [`ALL`]. Beside them stands [`note`], which is no list: it names the package that the program itself belongs to.

mod go;
pub(super) mod note;
mod rust;

use crate::{Component, Evidence, Technique};

/// Components of one program; the error says what could not be read.
pub(crate) type Found = Result<Vec<Component>, &'static str>;

/// Reads the list of one compiler, if a program holds one.
type Reader = fn(&[u8]) -> Option<Found>;

/// Sorted by name.
const ALL: &[(&str, Reader)] = &[("cargo-auditable", rust::read), ("go", go::read)];

/// A list that a program holds.
#[derive(Debug)]
pub(super) struct Embedded {
    /// Whose list it is.
    pub(super) name: &'static str,
    pub(super) found: Found,
}

/// Every list that a program holds.
pub(super) fn read(content: &[u8]) -> Vec<Embedded> {
    ALL.iter().filter_map(|(name, read)| Some(Embedded { name, found: read(content)? })).collect()
}

/// Evidence: the program at `path` holds this list.
pub(super) fn evidence(path: &str, name: &str) -> Evidence {
    Evidence {
        path: path.to_owned(),
        technique: Technique::BinaryAnalysis,
        what: Some(name.to_owned()),
        offset: None,
        confidence: Some(1000),
    }
}

/// Where a pattern stands.
fn find(content: &[u8], pattern: &[u8]) -> Option<usize> {
    let first = *pattern.first()?;
    let mut from = 0;
    loop {
        let at = from + content.get(from..)?.iter().position(|byte| *byte == first)?;
        if content.get(at..)?.starts_with(pattern) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_patterns_are_found() {
        assert!(ALL.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(
            (find(b"xxabab", b"abab"), find(b"aab", b"ab"), find(b"a", b"ab")),
            (Some(2), Some(1), None)
        );
    }
}
