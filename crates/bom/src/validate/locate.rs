//! Where the value of a JSON pointer stands in the text.

use crate::Place;

/// The place where the value at `pointer` begins; the start of the text if there is none. The text is known to be JSON.
pub(super) fn place(bytes: &[u8], pointer: &str) -> Place {
    Place::of_offset(bytes, offset(bytes, pointer).unwrap_or(0))
}

fn offset(bytes: &[u8], pointer: &str) -> Option<usize> {
    let mut at = skip_space(bytes, 0);
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = match bytes.get(at)? {
            b'{' => member(bytes, at + 1, &token)?,
            b'[' => element(bytes, at + 1, token.parse().ok()?)?,
            _ => return None,
        };
    }
    Some(at)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The value of a key in the object whose inside begins at `at`.
fn member(bytes: &[u8], mut at: usize, key: &str) -> Option<usize> {
    loop {
        at = skip_space(bytes, at);
        let end = skip_value(bytes, at)?;
        let name: String = serde_json::from_slice(bytes.get(at..end)?).ok()?;
        let value = skip_space(bytes, skip_space(bytes, end) + 1);
        if name == key {
            return Some(value);
        }
        at = next(bytes, skip_value(bytes, value)?)?;
    }
}

/// The element of the list whose inside begins at `at`.
fn element(bytes: &[u8], mut at: usize, index: usize) -> Option<usize> {
    for _ in 0..index {
        at = next(bytes, skip_value(bytes, skip_space(bytes, at))?)?;
    }
    Some(skip_space(bytes, at))
}

/// Behind the comma; `None` if the object or list ends here.
fn next(bytes: &[u8], at: usize) -> Option<usize> {
    let at = skip_space(bytes, at);
    (bytes.get(at) == Some(&b',')).then_some(at + 1)
}

/// Behind the value that begins at `at`.
fn skip_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = skip_text(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            _ => at += 1,
        }
        let ends = bytes
            .get(at)
            .is_none_or(|byte| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace());
        if depth == 0 && ends {
            return Some(at);
        }
    }
}

/// Behind the quotation mark that ends a text.
fn skip_text(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_the_start_of_their_value() {
        let text = b"{\"a\\\"\": [1, {\"b/c\": \"}\"},\n {\"d\": -2.5e3}], \"e\" : null }";
        for (pointer, line, column) in [
            ("", 1, 1),
            ("/a\"", 1, 9),
            ("/a\"/0", 1, 10),
            ("/a\"/1/b~1c", 1, 21),
            ("/a\"/2/d", 2, 8),
            ("/e", 2, 24),
            ("/none", 1, 1),
            ("/a\"/9", 1, 1),
        ] {
            assert_eq!(place(text, pointer), Place { line, column }, "{pointer}");
        }
    }
}
