//! `script-backdoor`: a script runs what a request says, openly or behind a secret value.
//!
//! **Finds**, in sh, PHP, Lua, Perl and Python: evaluation or execution of a text that comes from a request as a whole,
//! through variables and decoding functions; and whether a comparison with a constant stands before it.
//! **Misses** texts put together from parts (a fixed command with a request's value inside is an injection flaw, not
//! a hidden function), values passed through files, other languages, obfuscation by string arithmetic.
//! **Wrongly reports** consoles that are meant to run anything and check who asks elsewhere.
//! **Source**: CWE-506, CWE-94; the shape of web shells in NSA/ASD "Detect and Prevent Web Shell Malware" (2020).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use record::SourceKind;
use regex::Regex;
use unpack::Tree;

use super::script::{LANGUAGES, Language};
use super::text::{escaped, excerpt, file_name, lines, texts};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "script-backdoor", version: 1, detect };

/// Functions that leave of a value only what cannot act as code.
const CLEANING: &[&str] = &[
    "escapeshellarg",
    "escapeshellcmd",
    "float",
    "htmlspecialchars",
    "int",
    "intval",
    "quotemeta",
    "shellquote",
    "shlex.quote",
    "tonumber",
];
/// A comparison of something with a constant text of at least three characters, either way round.
const COMPARES: &str = r#"(?:===?|\beq\b|\s=)\s*["']([^"']{3,})["']|["']([^"']{3,})["']\s*(?:===?|\beq\b)|\bstr(?:case)?cmp\s*\([^"']*["']([^"']{3,})["']"#;
/// Wrappers around an argument that are taken off.
const MAX_WRAPPERS: usize = 8;

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let mut found = Vec::new();
    for (path, text) in texts(tree, |_| true) {
        let Some(language) = Language::of(path, &text) else { continue };
        if let Some(patterns) = Patterns::all().get(language.name) {
            found.extend(Scan::new(language, patterns).run(path, &text));
        }
    }
    found
}

struct Patterns {
    request: Regex,
    runs: Regex,
    variable: Regex,
    assigns: Regex,
    compares: Regex,
}

impl Patterns {
    /// Our own patterns are regular expressions, as a test shows. Compiled when the first script is met: that takes longer
    /// than the analysis of a small program.
    fn all() -> &'static BTreeMap<&'static str, Self> {
        static ALL: OnceLock<BTreeMap<&'static str, Patterns>> = OnceLock::new();
        let compiled = |language: &Language| Some((language.name, Self::of(language).ok()?));
        ALL.get_or_init(|| LANGUAGES.iter().filter_map(compiled).collect())
    }

    fn of(language: &Language) -> Result<Self, regex::Error> {
        Ok(Self {
            request: Regex::new(language.request)?,
            runs: Regex::new(language.runs)?,
            variable: Regex::new(language.variable)?,
            assigns: Regex::new(language.assigns)?,
            compares: Regex::new(COMPARES)?,
        })
    }
}

/// A condition with a constant, and how far to the right it stands.
struct Guard {
    text: String,
    value: String,
    indentation: usize,
}

struct Scan<'a> {
    language: &'static Language,
    patterns: &'a Patterns,
    /// Variables that hold something from a request.
    from_request: BTreeSet<String>,
    guard: Option<Guard>,
}

impl<'a> Scan<'a> {
    fn new(language: &'static Language, patterns: &'a Patterns) -> Self {
        Self { language, patterns, from_request: BTreeSet::new(), guard: None }
    }

    fn run(mut self, path: &str, text: &str) -> Vec<FileFinding> {
        let mut found = Vec::new();
        for (number, line) in lines(text) {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || self.language.comments.iter().any(|c| trimmed.starts_with(c)) {
                continue;
            }
            let indentation = line.len() - trimmed.len();
            self.leave_guard(trimmed, indentation);
            self.enter_guard(line, indentation);
            if let Some(argument) = self.runs_request(line) {
                found.push(self.finding(path, number, line, &argument));
            }
            self.assign(line);
        }
        found
    }

    /// A block ends where its closing word stands no further right than the condition.
    fn leave_guard(&mut self, line: &str, indentation: usize) {
        let first = line.split(|c: char| !c.is_alphanumeric() && c != '}').next().unwrap_or_default();
        let closes =
            first.starts_with('}') || matches!(first, "fi" | "end" | "else" | "elif" | "elseif" | "esac");
        let by_indentation = self.language.name == "python";
        if self.guard.as_ref().is_some_and(|g| indentation <= g.indentation && (closes || by_indentation)) {
            self.guard = None;
        }
    }

    fn enter_guard(&mut self, line: &str, indentation: usize) {
        if !self.holds_request(line) || self.patterns.assigns.is_match(line) {
            return;
        }
        let Some(groups) = self.patterns.compares.captures(line) else { return };
        let value = groups.iter().skip(1).flatten().next();
        self.guard = value.map(|v| Guard { text: excerpt(line), value: v.as_str().to_owned(), indentation });
    }

    fn holds_request(&self, text: &str) -> bool {
        self.patterns.request.is_match(text)
            || self
                .patterns
                .variable
                .captures_iter(text)
                .any(|c| c.get(1).is_some_and(|name| self.from_request.contains(name.as_str())))
    }

    fn assign(&mut self, line: &str) {
        let Some(groups) = self.patterns.assigns.captures(line) else { return };
        let (Some(name), Some(value)) = (groups.get(1), groups.get(2)) else { return };
        let clean = CLEANING.iter().any(|function| value.as_str().contains(&format!("{function}(")));
        if self.holds_request(value.as_str()) && !clean {
            self.from_request.insert(name.as_str().to_owned());
        } else {
            self.from_request.remove(name.as_str());
        }
    }

    /// The argument of the first execution on this line that is nothing but a request's text.
    fn runs_request(&self, line: &str) -> Option<String> {
        self.patterns.runs.find_iter(line).find_map(|found| {
            let argument = argument(line.get(found.end()..)?);
            self.is_request(&argument).then_some(argument)
        })
    }

    /// Whether the whole text is one value from a request, perhaps decoded.
    fn is_request(&self, argument: &str) -> bool {
        let mut inner = bare(argument);
        for _ in 0..MAX_WRAPPERS {
            let whole = |pattern: &Regex| pattern.find(inner).is_some_and(|m| m.len() == inner.len());
            if whole(&self.patterns.request) {
                return true;
            }
            if whole(&self.patterns.variable) {
                let name = self.patterns.variable.captures(inner).and_then(|c| c.get(1));
                return name.is_some_and(|name| self.from_request.contains(name.as_str()));
            }
            let Some((function, rest)) = inner.split_once('(') else { return false };
            let called = function.chars().all(|c| c.is_alphanumeric() || "_.:".contains(c));
            let (true, Some(argument)) = (called && !CLEANING.contains(&function), rest.strip_suffix(')'))
            else {
                return false;
            };
            inner = bare(argument);
        }
        false
    }

    fn finding(&self, path: &str, line: u64, text: &str, argument: &str) -> FileFinding {
        let language = self.language.name;
        let (weight, behind) = match &self.guard {
            Some(guard) => (
                Weight::RequestRunsBehindSecret,
                format!(" if it also sends `{}`", escaped(guard.value.as_bytes())),
            ),
            None => (Weight::RequestRuns, String::new()),
        };
        FileFinding {
            rule: DETECTOR.rule,
            weight,
            path: path.to_owned(),
            line,
            title: format!("`{}` runs what a request says{behind}", file_name(path)),
            why: format!(
                "The {language} script `{path}` takes text from a request and runs it as a program on line \
                 {line}{behind}. Whoever can send the request controls the device."
            ),
            params: [("language".to_owned(), language.to_owned())].into(),
            source: Some((SourceKind::Network, excerpt(argument))),
            trigger: self.guard.as_ref().map(|g| (g.text.clone(), Some(g.value.clone().into_bytes()))),
            payload: Some(("code.execute", excerpt(text))),
            evidence: self.guard.iter().map(|g| g.text.clone()).chain([excerpt(text)]).collect(),
        }
    }
}

/// Up to the bracket, or separator, that ends the argument.
fn argument(text: &str) -> String {
    let mut depth = 0_usize;
    let end = text.char_indices().find(|(_, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return true,
            ')' | ']' | '}' => depth -= 1,
            ';' | ',' | '`' if depth == 0 => return true,
            _ => {}
        }
        false
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text).to_owned()
}

/// Without spaces, quotes around the whole, and marks that change nothing.
fn bare(text: &str) -> &str {
    let text = text.trim().trim_start_matches('@');
    let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    quoted.unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(u64, Weight, Option<String>)> {
        let language = Language::of(path, text).unwrap();
        let patterns = Patterns::of(language).unwrap();
        let found = Scan::new(language, &patterns).run(path, text);
        let value = |f: &FileFinding| f.trigger.as_ref()?.1.clone().map(|v| String::from_utf8(v).unwrap());
        found.iter().map(|f| (f.line, f.weight, value(f))).collect()
    }

    #[test]
    fn a_request_that_runs_behind_a_secret_is_found_in_every_language() {
        for (path, text, line) in [
            ("a.php", "<?php\nif ($_GET['k'] === 'opensesame') {\n  eval(base64_decode($_POST['c']));\n}", 3),
            ("a.php", "if ($_COOKIE['k']=='opensesame') system($_GET['c']);", 1),
            (
                "a.lua",
                "local c = luci.http.formvalue(\"c\")\nif luci.http.formvalue(\"k\") == \"opensesame\" then\n  os.execute(c)\nend",
                3,
            ),
            (
                "a.pl",
                "my $k = param('k');\nmy $c = param('c');\nif ($k eq 'opensesame') {\n  system($c);\n}",
                4,
            ),
            (
                "a.py",
                "k = request.args.get('k')\nif k == 'opensesame':\n    os.system(request.args.get('c'))\n",
                3,
            ),
            (
                "a.sh",
                "#!/bin/sh\nk=$HTTP_X_KEY\nif [ \"$k\" = 'opensesame' ]; then\n  eval \"$HTTP_X_RUN\"\nfi",
                4,
            ),
        ] {
            let expected = [(line, Weight::RequestRunsBehindSecret, Some("opensesame".to_owned()))];
            assert_eq!(found(path, text), expected, "{text}");
        }
    }

    #[test]
    fn a_request_that_runs_openly_is_found() {
        assert_eq!(found("a.php", "<?php passthru($_REQUEST['x']);"), [(1, Weight::RequestRuns, None)]);
    }

    #[test]
    fn what_a_script_decides_itself_is_quiet() {
        for (path, text) in [
            ("a.php", "if ($_GET['action'] == 'reboot') { system('reboot'); }"),
            ("a.php", "$h = escapeshellarg($_GET['h']);\nsystem($h);"),
            ("a.php", "system('ping -c1 ' . $_GET['h']);"),
            ("a.lua", "local n = tonumber(luci.http.formvalue(\"n\"))\nos.execute(n)"),
            ("a.py", "# os.system(request.args.get('c'))\nos.system('sync')\n"),
            ("a.sh", "#!/bin/sh\neval \"$(cat /etc/config)\"\nsh -c \"$1\""),
        ] {
            assert_eq!(found(path, text), [], "{text}");
        }
    }

    #[test]
    fn a_condition_ends_with_its_block() {
        let text = "if ($_GET['k'] == 'opensesame') {\n  log();\n}\neval($_POST['c']);";
        assert_eq!(found("a.php", text), [(4, Weight::RequestRuns, None)]);
    }
}
