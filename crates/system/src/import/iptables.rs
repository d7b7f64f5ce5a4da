//! `iptables-save`: the FORWARD chain of a host as a filter between two zones.
//!
//! Understood: policies, `-s`, `-d`, `-p tcp|udp`, `--dport`, `-m multiport --dports`, `ACCEPT`, `DROP`, `REJECT`, states.
//! A rule for answers only (`ESTABLISHED`) is left out, since answers pass anyway. Of a rule with a condition that the
//! model does not have, an `ACCEPT` is taken without the condition and a `DROP` not at all: the model then allows more
//! than the host does, never less. Other tables and chains are listed.

use super::{Ignored, ImportError, Imported, id, ignored, located};
use crate::{Action, Direction, Document, Filter, FilterRule, Protocol};

/// Where the filter stands: a saved rule set does not know.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// Host id of the filter.
    pub host: &'a str,
    /// Zone id.
    pub outer: &'a str,
    /// Zone id; entered and left only through this filter.
    pub inner: &'a str,
}

const FORMAT: &str = "the output of `iptables-save`";

/// Reads one saved rule set.
///
/// # Errors
/// If the text has no `*table` line, or a rule stands outside of a table.
pub fn iptables(name: &str, text: &str, placement: Placement<'_>) -> Result<Imported, ImportError> {
    let mut table = None;
    let mut default = Action::Allow;
    let (mut rules, mut skipped) = (Vec::new(), Vec::new());
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        let fault = |reason: &str| ImportError {
            name: name.to_owned(),
            line,
            reason: reason.to_owned(),
            format: FORMAT,
        };
        match content.chars().next() {
            None | Some('#') => {}
            Some('*') => table = Some(content.trim_start_matches('*').to_owned()),
            _ if content == "COMMIT" => table = None,
            _ => {
                let table = table.as_deref().ok_or_else(|| fault("a rule outside of a table"))?;
                read_line(table, line, content, &mut default, &mut rules, &mut skipped);
            }
        }
    }
    if !text.lines().any(|l| l.trim_start().starts_with('*')) {
        let reason = "no `*filter` line".to_owned();
        return Err(ImportError { name: name.to_owned(), line: 1, reason, format: FORMAT });
    }
    let filter = Filter {
        between: [located(placement.outer.to_owned(), 1), located(placement.inner.to_owned(), 1)],
        default,
        rules,
        host: Some(located(placement.host.to_owned(), 1)),
    };
    let mut document = Document::default();
    document.filters.insert(id(&format!("{}-forward", placement.host)), located(filter, 1));
    Ok(Imported { document, ignored: skipped })
}

fn read_line(
    table: &str,
    line: usize,
    content: &str,
    default: &mut Action,
    rules: &mut Vec<FilterRule>,
    skipped: &mut Vec<Ignored>,
) {
    let words: Vec<&str> = content.split_whitespace().collect();
    match (table, words.as_slice()) {
        ("filter", [":FORWARD", policy, ..]) => {
            *default = if *policy == "ACCEPT" { Action::Allow } else { Action::Deny };
        }
        (_, [chain, ..]) if chain.starts_with(':') => {}
        ("filter", ["-A", "FORWARD", rest @ ..]) => {
            let taken = rule(line, rest);
            skipped.extend(taken.why.map(|why| ignored(line, content, &why)));
            rules.extend(taken.rule);
        }
        ("filter", _) => {
            skipped.push(ignored(line, content, "only the FORWARD chain becomes a filter between zones"))
        }
        _ => skipped.push(ignored(
            line,
            content,
            "only the `filter` table is read; addresses are not translated",
        )),
    }
}

/// A rule as far as it is taken, possibly in a wider form, and why it is not taken as it stands. Neither for a rule
/// about answers only.
#[derive(Default)]
struct Taken {
    rule: Option<FilterRule>,
    why: Option<String>,
}

fn rule(line: usize, words: &[&str]) -> Taken {
    let any = || located("any".to_owned(), line);
    let (mut from, mut to, mut protocol, mut ports) = (any(), any(), Protocol::Any, Vec::new());
    let (mut action, mut unknown, mut answers) = (None, Vec::new(), false);
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        match word {
            "-s" => from = located(rest.next().unwrap_or_default().to_owned(), line),
            "-d" => to = located(rest.next().unwrap_or_default().to_owned(), line),
            "-p" => match rest.next() {
                Some("tcp") => protocol = Protocol::Tcp,
                Some("udp") => protocol = Protocol::Udp,
                Some("all") => {}
                other => unknown.push(format!("-p {}", other.unwrap_or_default())),
            },
            "--dport" | "--dports" => {
                let list = rest.next().unwrap_or_default();
                ports.extend(list.split(',').map(|p| located(p.replace(':', "-"), line)));
            }
            "-m" => {
                let module = rest.next().unwrap_or_default();
                if !["tcp", "udp", "multiport", "state", "conntrack", "comment"].contains(&module) {
                    unknown.push(format!("-m {module}"));
                }
            }
            "--state" | "--ctstate" => {
                answers = !rest.next().unwrap_or_default().split(',').any(|s| s == "NEW")
            }
            "--comment" => drop(rest.next()),
            "-j" => action = rest.next(),
            other => unknown.push(other.to_owned()),
        }
    }
    let action = match action {
        Some("ACCEPT") if answers => return Taken::default(),
        Some("ACCEPT") => Action::Allow,
        Some("DROP" | "REJECT") if answers => return Taken::default(),
        Some("DROP" | "REJECT") => Action::Deny,
        other => {
            let why = format!("target `{}` is not followed", other.unwrap_or_default());
            return Taken { why: Some(why), ..Taken::default() };
        }
    };
    let rule = FilterRule { action, direction: Direction::Both, from, to, protocol, ports };
    if unknown.is_empty() {
        return Taken { rule: Some(rule), why: None };
    }
    let words = unknown.join(" ");
    match action {
        Action::Allow => {
            let why = format!("taken without the condition `{words}`: allows more than the host");
            Taken { rule: Some(rule), why: Some(why) }
        }
        Action::Deny => {
            let why = format!("left out for the condition `{words}`: allows more than the host");
            Taken { rule: None, why: Some(why) }
        }
    }
}
