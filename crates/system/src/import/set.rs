//! Words of configuration lines, and lines of the form `set a b c`, which Junos (`show | display set`) and PAN-OS (`set`
//! format) share.

use super::ImportError;

/// Gives every `set` line of a text to `take`: its number and its words, `[ … ]` kept as words.
///
/// # Errors
/// If there is none.
pub(super) fn statements(
    name: &str,
    text: &str,
    format: &'static str,
    mut take: impl FnMut(usize, &[&str]),
) -> Result<(), ImportError> {
    let mut any = false;
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(rest) = content.trim().strip_prefix("set ") {
            any = true;
            let words = words(rest);
            take(line, &words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    if any {
        return Ok(());
    }
    Err(ImportError { name: name.to_owned(), line: 1, reason: "no `set` line".to_owned(), format })
}

/// Words of a line, quotes taken off.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, any) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    words.extend(any.then_some(word));
    words
}

/// `x` or `[ x y ]` as a list.
pub(super) fn list(words: &[&str]) -> Vec<String> {
    words.iter().filter(|w| **w != "[" && **w != "]").map(|w| (*w).to_owned()).collect()
}
