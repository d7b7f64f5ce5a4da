//! Lines of the form `set a b c`, which Junos (`show | display set`) and PAN-OS (`set` format) share.

/// Words of a `set` line, quotes taken off and `[ … ]` kept as words; `None` for other lines.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let rest = line.trim().strip_prefix("set ")?;
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for c in rest.chars() {
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
    Some(words)
}

/// `x` or `[ x y ]` as a list.
pub(super) fn list(words: &[&str]) -> Vec<String> {
    words.iter().filter(|w| **w != "[" && **w != "]").map(|w| (*w).to_owned()).collect()
}
