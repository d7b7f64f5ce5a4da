//! A line of shell, cut into simple commands and their words: quotes are taken off, nothing is expanded.

/// Words of the commands of one line, in order. What stands behind `#` is left out; control words (`then`, `do`, …)
/// are no words of a command.
pub(crate) fn commands(line: &str) -> Vec<Vec<String>> {
    let mut cutter = Cutter::default();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (cutter.quote, c) {
            (Some(open), c) if c == open => cutter.quote = None,
            (Some('\''), c) => cutter.push(c),
            (_, '\\') => cutter.push(characters.next().unwrap_or('\\')),
            (Some(_), c) => cutter.push(c),
            (None, '\'' | '"') => cutter.open(c),
            (None, '#') if cutter.word.is_none() => break,
            (None, ';' | '|' | '&' | '(' | ')' | '`') => cutter.end_command(),
            (None, c) if c.is_whitespace() => cutter.end_word(),
            (None, c) => cutter.push(c),
        }
    }
    cutter.end_command();
    cutter.commands
}

const CONTROL_WORDS: &[&str] = &["do", "else", "elif", "if", "then", "until", "while", "{", "}", "!"];

#[derive(Default)]
struct Cutter {
    quote: Option<char>,
    word: Option<String>,
    words: Vec<String>,
    commands: Vec<Vec<String>>,
}

impl Cutter {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    /// An empty pair of quotes is a word, too.
    fn open(&mut self, quote: char) {
        self.quote = Some(quote);
        self.word.get_or_insert_default();
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !(self.words.is_empty() && CONTROL_WORDS.contains(&word.as_str())) {
            self.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_at_operators_and_quotes_hold_words_together() {
        for (line, expected) in [
            ("telnetd -l /bin/sh &", vec![vec!["telnetd", "-l", "/bin/sh"]]),
            ("a 'b c' \"d;e\"; f\\ g", vec![vec!["a", "b c", "d;e"], vec!["f g"]]),
            ("if [ -f /x ]; then y; fi # z", vec![vec!["[", "-f", "/x", "]"], vec!["y"], vec!["fi"]]),
            ("x=$(id) || exit", vec![vec!["x=$"], vec!["id"], vec!["exit"]]),
            ("echo '' a#b", vec![vec!["echo", "", "a#b"]]),
        ] {
            assert_eq!(commands(line), expected, "{line}");
        }
    }
}
