//! Languages of scripts: how each names requests, runs text, and writes variables.

use super::text::file_name;

/// What a detector must know of a language; the texts are regular expressions.
pub(crate) struct Language {
    pub(crate) name: &'static str,
    extensions: &'static [&'static str],
    interpreters: &'static [&'static str],
    /// Where a line comment begins.
    pub(crate) comments: &'static [&'static str],
    /// A value from a request.
    pub(crate) request: &'static str,
    /// Up to the argument that is run.
    pub(crate) runs: &'static str,
    /// A variable as it is read; group 1 is its name.
    pub(crate) variable: &'static str,
    /// A line that assigns: group 1 is the variable's name, group 2 the value.
    pub(crate) assigns: &'static str,
}

/// Sorted by name.
pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        name: "lua",
        extensions: &["lua"],
        interpreters: &["lua", "luajit"],
        comments: &["--"],
        request: r#"(?:formvalue|get_uri_args|get_post_args|getenv|get_headers|cookie)\s*\(\s*(?:["'][\w-]*["'])?\s*\)|ngx\.var\.\w+"#,
        runs: r"\b(?:os\.execute|io\.popen|loadstring|load|sys\.exec|sys\.call|fork_exec)\s*\(",
        variable: r"\b([A-Za-z_]\w*)\b",
        assigns: r"^\s*(?:local\s+)?([A-Za-z_]\w*)\s*=\s*([^=].*)$",
    },
    Language {
        name: "perl",
        extensions: &["cgi", "pl", "pm"],
        interpreters: &["perl"],
        comments: &["#"],
        request: r#"\bparam\s*\(\s*["']?[\w-]+["']?\s*\)|\$ENV\{\s*["']?(?:QUERY_STRING|HTTP_\w+|PATH_INFO|REQUEST_URI)["']?\s*\}|<STDIN>"#,
        runs: r"\b(?:system|exec|eval|qx)\b\s*\(?|`",
        variable: r"\$\{?([A-Za-z_]\w*)\}?",
        assigns: r"^\s*(?:my\s+|our\s+)?\$([A-Za-z_]\w*)\s*=\s*([^=~].*)$",
    },
    Language {
        name: "php",
        extensions: &["inc", "php", "php3", "php4", "php5", "phtml"],
        interpreters: &["php", "php-cgi", "php-cli"],
        comments: &["//", "#"],
        request: r#"\$_(?:GET|POST|REQUEST|COOKIE)\s*\[\s*["']?[\w-]*["']?\s*\]|\$_SERVER\s*\[\s*["'](?:HTTP_\w+|QUERY_STRING|REQUEST_URI|PATH_INFO)["']\s*\]|file_get_contents\s*\(\s*["']php://input["']\s*\)"#,
        runs: r"\b(?:eval|assert|system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|create_function)\s*\(|`",
        variable: r"\$\{?([A-Za-z_]\w*)\}?",
        assigns: r"^\s*(?:<\?php\s+)?\$([A-Za-z_]\w*)\s*=\s*([^=].*)$",
    },
    Language {
        name: "python",
        extensions: &["py"],
        interpreters: &["python", "python2", "python3"],
        comments: &["#"],
        request: r#"\brequest\.(?:args|form|values|cookies|headers|GET|POST|query_params|params|json)\b(?:\.get(?:list)?\s*\(\s*["'][\w-]+["']\s*\)|\[\s*["'][\w-]+["']\s*\])?|\.(?:getvalue|getfirst)\s*\(\s*["'][\w-]+["']\s*\)|\bos\.environ(?:\.get\s*\(|\[)\s*["'](?:QUERY_STRING|HTTP_\w+|PATH_INFO)["']\s*[\)\]]"#,
        runs: r"\b(?:os\.system|os\.popen|subprocess\.\w+|eval|exec|commands\.getoutput)\s*\(",
        variable: r"\b([A-Za-z_]\w*)\b",
        assigns: r"^\s*([A-Za-z_]\w*)\s*=\s*([^=].*)$",
    },
    Language {
        name: "sh",
        extensions: &["sh"],
        interpreters: &["ash", "bash", "dash", "ksh", "sh"],
        comments: &["#"],
        request: r"\$\{?(?:QUERY_STRING|HTTP_\w+|REQUEST_URI|PATH_INFO)\b\}?",
        runs: r"(?:^|[;&|(`]|\bthen|\bdo|\belse)\s*(?:eval|(?:\S*/)?(?:ba|da|a|k)?sh\s+-c)\s+",
        variable: r"\$\{?([A-Za-z_]\w*)\b[^}\s]*\}?",
        assigns: r"^\s*(?:export\s+|local\s+)?([A-Za-z_]\w*)=(.+)$",
    },
];

impl Language {
    /// By file name, else by the interpreter its first line names.
    pub(crate) fn of(path: &str, text: &str) -> Option<&'static Self> {
        let name = file_name(path);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let interpreter = interpreter(text);
        LANGUAGES
            .iter()
            .find(|l| interpreter.as_deref().is_some_and(|i| l.interpreters.contains(&i)))
            .or_else(|| LANGUAGES.iter().find(|l| extension.is_some_and(|e| l.extensions.contains(&e))))
    }
}

/// The program behind `#!`, without its version: `/usr/bin/env python3.11` is `python3`.
fn interpreter(text: &str) -> Option<String> {
    let mut words = text.lines().next()?.strip_prefix("#!")?.split_whitespace();
    let program = file_name(words.next()?);
    let program = if program == "env" { file_name(words.next()?) } else { program };
    Some(program.split('.').next().unwrap_or(program).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_first_line_before_extension() {
        let of = |path, text| Language::of(path, text).map(|l| l.name);
        assert_eq!(of("www/a.cgi", "#!/bin/sh\n"), Some("sh"));
        assert_eq!(of("www/a.cgi", "use CGI;\n"), Some("perl"));
        assert_eq!(of("usr/bin/x", "#!/usr/bin/env python3.11\n"), Some("python"));
        assert_eq!(of("usr/bin/x", "text"), None);
    }

    #[test]
    fn every_pattern_is_a_regular_expression() {
        for language in LANGUAGES {
            for pattern in [language.request, language.runs, language.variable, language.assigns] {
                assert!(regex::Regex::new(pattern).is_ok(), "{}: {pattern}", language.name);
            }
        }
        assert!(LANGUAGES.is_sorted_by_key(|l| l.name));
    }
}
