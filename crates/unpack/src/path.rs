//! Paths as images state them, and as a tree may hold them.

/// Longest path kept, in bytes.
pub(crate) const LONGEST: usize = 4096;

/// A path without leading `/`, empty or `.` components; `..` is dropped, never obeyed. The flag tells whether anything
/// but redundancy was dropped.
pub(crate) fn normalise(stated: &[u8]) -> (String, bool) {
    let text = escape(stated);
    let mut changed = text.len() > LONGEST;
    let mut parts = Vec::new();
    let mut length = 0;
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => changed = true,
            part if length + part.len() < LONGEST => {
                length += part.len() + 1;
                parts.push(part);
            }
            _ => changed = true,
        }
    }
    (parts.join("/"), changed)
}

/// Text of a name: bytes that are not UTF-8, and NUL, become `\xNN`.
pub(crate) fn escape(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\0', "\\x00"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// `inner` below `outer`; either may be empty.
pub(crate) fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ => format!("{outer}/{inner}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_cannot_lead_out_of_the_image() {
        assert_eq!(normalise(b"../../etc/passwd"), ("etc/passwd".to_owned(), true));
        assert_eq!(normalise(b"/a/../../b"), ("a/b".to_owned(), true));
        assert_eq!(normalise(b"./a//b/"), ("a/b".to_owned(), false));
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        assert_eq!(normalise(b"a\xff\0b").0, "a\\xff\\x00b");
    }

    proptest! {
        #[test]
        fn no_path_is_absolute_or_has_dots(stated in prop::collection::vec(any::<u8>(), 0..200)) {
            let (path, _) = normalise(&stated);
            prop_assert!(!path.starts_with('/') && path.split('/').all(|p| p != ".." && p != "."));
        }
    }
}
