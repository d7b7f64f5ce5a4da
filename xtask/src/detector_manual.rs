//! `cargo xtask detector-manual`: what each rule of inspection finds and misses, as one page.
//!
//! The module documentation of a detector is its manual page (`docs/how-to/add-detector.md`); this gathers them into
//! `docs/manual/detectors.md`, which the command carries. A test says when the page is older than the sources.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::files;

const PAGE: &str = "docs/manual/detectors.md";
/// Where modules may be detectors.
const SOURCES: &str = "crates/inspect/src";
/// What every page says, in this order.
const PARTS: [&str; 4] = ["**Finds**", "**Misses**", "**Wrongly reports**", "**Source**"];
const HEAD: &str = "# Detectors\n\nWhat each rule finds, what it misses, what it reports wrongly, and where the idea comes \
from. `sukashi detectors RULE`\nprints one of them. Gathered from the detectors by `cargo xtask detector-manual`.\n";

pub(crate) fn write() -> anyhow::Result<()> {
    fs::write(PAGE, page(Path::new("."))?).with_context(|| format!("cannot write `{PAGE}`"))
}

fn page(root: &Path) -> anyhow::Result<String> {
    let mut pages = BTreeMap::new();
    for path in files::below(&root.join(SOURCES))? {
        // Beside the modules lie style sheets, which may be any bytes.
        let text = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        pages.extend(described(&documentation(&String::from_utf8_lossy(&text))));
    }
    ensure!(!pages.is_empty(), "no detector below `{SOURCES}`");
    let mut out = HEAD.to_owned();
    for (rule, body) in pages {
        for part in PARTS {
            ensure!(body.contains(part), "the documentation of `{rule}` has no {part}");
        }
        // Writing to a string does not fail.
        let _ = write!(out, "\n## {rule}\n\n{body}");
    }
    Ok(out)
}

/// The lines of a module's documentation.
fn documentation(source: &str) -> Vec<&str> {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect()
}

/// Rule and page, if the first line is "`rule`: sentence" and a page follows.
fn described(lines: &[&str]) -> Option<(String, String)> {
    let (first, rest) = lines.split_first()?;
    let (rule, sentence) = first.strip_prefix('`')?.split_once("`: ")?;
    if !rest.iter().any(|line| line.starts_with(PARTS[0])) {
        return None;
    }
    let mut initial = sentence.chars();
    let sentence = initial.next()?.to_uppercase().collect::<String>() + initial.as_str();
    let mut body = format!("{sentence}\n");
    for line in rest {
        // One point a part; what follows it is indented.
        let starts = PARTS.iter().any(|part| line.starts_with(part));
        let prefix = if starts { "- " } else { "  " };
        let _ = writeln!(body, "{}", format!("{prefix}{line}").trim_end());
    }
    Some((rule.to_owned(), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_detectors_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let kept = fs::read_to_string(root.join(PAGE)).unwrap();
        assert!(
            kept == page(&root).unwrap(),
            "`{PAGE}` is older than the detectors; run `cargo xtask detector-manual`"
        );
    }

    #[test]
    fn a_page_is_a_sentence_and_its_parts() {
        let lines = documentation(
            "//! `some-rule`: a sentence.\n//!\n//! **Finds** one\n//! thing.\n//! **Misses** two.\nuse x;",
        );
        let (rule, body) = described(&lines).unwrap();
        assert_eq!(rule, "some-rule");
        assert_eq!(body, "A sentence.\n\n- **Finds** one\n  thing.\n- **Misses** two.\n");
        assert_eq!(described(&["`other`: no page."]), None);
    }
}
