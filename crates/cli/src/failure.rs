//! An error as its reader sees it: what was attempted, why it failed, and what to do.

use std::fmt::Write;

use crate::escape::escape;

/// The chain of an error on one line, its hints apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Without hints.
    pub(crate) message: String,
    /// What to do, in the order of the chain.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut failure = Self { message: String::new(), hints: Vec::new() };
        for layer in error.chain() {
            let text = match layer.downcast_ref::<std::io::Error>() {
                Some(error) => io_error(error),
                None => layer.to_string(),
            };
            failure.layer(&text);
        }
        failure.message = escape(&failure.message, &['\n']).into_owned();
        failure
    }

    /// One layer's text, which may hold several lines, each with a hint of its own. Several hints stay where they stand:
    /// each is about the message before it.
    fn layer(&mut self, text: &str) {
        let mut shown = String::new();
        let several = text.lines().filter(|line| split_hint(line).1.is_some()).count() > 1;
        for line in text.lines() {
            let (message, hint) = split_hint(line);
            if several {
                let newline = if shown.is_empty() { "" } else { "\n" };
                let below =
                    hint.map(|hint| format!("{}hint: {hint}", if message.is_empty() { "" } else { "\n" }));
                let _ = write!(shown, "{newline}{message}{}", below.unwrap_or_default());
                continue;
            }
            self.hints.extend(hint.map(|hint| escape(hint, &[]).into_owned()));
            if !message.is_empty() || hint.is_none() {
                let newline = if shown.is_empty() { "" } else { "\n" };
                let _ = write!(shown, "{newline}{message}");
            }
        }
        // A layer that repeats its source says nothing new.
        if shown.is_empty() || self.message.ends_with(&shown) {
            return;
        }
        let colon = if self.message.is_empty() { "" } else { ": " };
        let _ = write!(self.message, "{colon}{shown}");
    }
}

fn split_hint(line: &str) -> (&str, Option<&str>) {
    match line.split_once("; hint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => line.strip_prefix("hint: ").map_or((line, None), |hint| ("", Some(hint))),
    }
}

/// `No such file or directory (os error 2)` → `no such file or directory`.
fn io_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn the_chain_is_one_line_and_hints_stand_apart() {
        let error = Err::<(), _>(std::io::Error::from_raw_os_error(2)).context("cannot read `a`; hint: b");
        let failure = Failure::of(&error.unwrap_err());
        assert_eq!(failure.message, "cannot read `a`: no such file or directory");
        assert_eq!(failure.hints, ["b"]);
    }

    #[test]
    fn each_line_of_a_diagnostic_keeps_its_place() {
        let failure = Failure::of(&anyhow!("a.yaml:1:2: x; hint: did you mean `y`?\na.yaml:3:4: z"));
        assert_eq!(failure.message, "a.yaml:1:2: x\na.yaml:3:4: z");
        assert_eq!(failure.hints, ["did you mean `y`?"]);
    }

    #[test]
    fn each_of_several_hints_stays_with_its_message() {
        let failure = Failure::of(&anyhow!("a:1: x; hint: y\na:2: z\n2 | text\nhint: w"));
        assert_eq!(failure.message, "a:1: x\nhint: y\na:2: z\n2 | text\nhint: w");
        assert!(failure.hints.is_empty());
    }

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(Failure::of(&anyhow!("`\u{1b}[2J`")).message, r"`\u{1b}[2J`");
    }
}
