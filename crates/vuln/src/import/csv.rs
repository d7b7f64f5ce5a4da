//! CSV as in RFC 4180.

/// The fields of one line, without line breaks inside of quotes.
pub(super) fn fields(line: &str) -> Vec<String> {
    rows(line).into_iter().next().unwrap_or_default()
}

/// The rows of a document.
pub(super) fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_quotes_and_lines() {
        assert_eq!(rows("a,\"b,\"\"c\"\"\nd\"\r\ne,\n"), [vec!["a", "b,\"c\"\nd"], vec!["e", ""]]);
    }
}
