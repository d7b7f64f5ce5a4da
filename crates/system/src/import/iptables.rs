//! `iptables-save`: the FORWARD chain of a host, with the chains it calls, as a filter between two zones.
//!
//! Understood: policies, `-s`, `-d`, `-p tcp|udp`, `--dport`, `-m multiport --dports`, states, comments; `ACCEPT`, `DROP`,
//! `REJECT`, `QUEUE`, `RETURN`, `-j` and `-g` with chains of the table. A rule for answers only (`ESTABLISHED`) is left
//! out, since answers pass anyway, and so is one for neither TCP nor UDP. Other conditions are dealt with by [`chains`](super::chains), so that the model allows
//! more than the host does, never less. Other tables are listed, and so are chains that packets which pass do not see.

use std::collections::BTreeSet;

use super::chains::{Chains, Conditions, Rule, Verdict, flatten};
use super::{Ignored, ImportError, Imported, id, ignored, located};
use crate::{Action, Document, Filter, FilterRule, Protocol};

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
/// If the text has no line that begins a table, a rule stands outside of a table, or chains call each other without bounds.
pub fn iptables(name: &str, text: &str, placement: Placement<'_>) -> Result<Imported, ImportError> {
    let mut ignored = Vec::new();
    let (default, rules) = chain(name, text, "FORWARD", &mut ignored)?;
    let filter = Filter {
        between: [located(placement.outer.to_owned(), 1), located(placement.inner.to_owned(), 1)],
        default,
        rules,
        host: Some(located(placement.host.to_owned(), 1)),
    };
    let mut document = Document::default();
    document.filters.insert(id(&format!("{}-forward", placement.host)), located(filter, 1));
    Ok(Imported { document, ignored })
}

/// Policy and rules of a built-in chain of the table `filter`.
pub(super) fn chain(
    name: &str,
    text: &str,
    start: &str,
    skipped: &mut Vec<Ignored>,
) -> Result<(Action, Vec<FilterRule>), ImportError> {
    let fault = |line, reason: &str| ImportError {
        name: name.to_owned(),
        line,
        reason: reason.to_owned(),
        format: FORMAT,
    };
    let mut saved = Saved { default: Action::Allow, chains: Chains::new() };
    let (mut table, mut found) = (None, false);
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        match content.chars().next() {
            None | Some('#') => {}
            Some('*') => {
                table = Some(content.trim_start_matches('*'));
                // A host without a table of filters lets everything pass.
                found = true;
            }
            _ if content == "COMMIT" => table = None,
            _ => match table.ok_or_else(|| fault(line, "a rule outside of a table"))? {
                "filter" => saved.line(line, content, start, skipped),
                _ if content.starts_with(':') => {}
                _ => {
                    let why = "only the `filter` table is read; addresses are not translated";
                    skipped.push(ignored(line, content, why));
                }
            },
        }
    }
    if !found {
        return Err(fault(1, "no `*filter` line"));
    }
    saved.unseen(start, skipped);
    let rules = flatten(&saved.chains, start, skipped);
    let rules = rules.map_err(|_| fault(1, "chains call each other too often"))?;
    skipped.sort();
    skipped.dedup();
    Ok((saved.default, rules))
}

struct Saved {
    default: Action,
    chains: Chains,
}

impl Saved {
    fn line(&mut self, line: usize, content: &str, start: &str, skipped: &mut Vec<Ignored>) {
        let words = words(content);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [chain, policy, ..] if chain.starts_with(':') => {
                let chain = chain.trim_start_matches(':');
                if chain == start {
                    self.default = if *policy == "ACCEPT" { Action::Allow } else { Action::Deny };
                }
                self.chains.entry(chain.to_owned()).or_default();
            }
            ["-A", chain, rest @ ..] => {
                let (conditions, verdict) = rule(rest);
                let rule = Rule { line, what: content.to_owned(), conditions, verdict };
                self.chains.entry((*chain).to_owned()).or_default().push(rule);
            }
            _ => skipped.push(ignored(line, content, "no rule (`-A`) and no chain (`:`)")),
        }
    }

    /// Lists the rules of chains that the first one does not lead to; what is called but is no chain is a target.
    fn unseen(&mut self, start: &str, skipped: &mut Vec<Ignored>) {
        let names: BTreeSet<String> = self.chains.keys().cloned().collect();
        let (mut seen, mut work) = (BTreeSet::new(), vec![start.to_owned()]);
        while let Some(chain) = work.pop() {
            if !seen.insert(chain.clone()) {
                continue;
            }
            for rule in self.chains.get_mut(&chain).into_iter().flatten() {
                let (Verdict::Call(name) | Verdict::GoTo(name)) = &rule.verdict else { continue };
                if names.contains(name) {
                    work.push(name.clone());
                } else {
                    rule.verdict = Verdict::Other(name.clone());
                }
            }
        }
        let why = format!("packets of the {start} chain do not come here");
        let unseen = self.chains.iter().filter(|(name, _)| !seen.contains(*name));
        skipped.extend(unseen.flat_map(|(_, rules)| rules).map(|rule| ignored(rule.line, &rule.what, &why)));
    }
}

/// At blanks outside of quotes; the quotes are left out.
fn words(content: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in content.chars() {
        match c {
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c.is_whitespace() && !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()))
            }
            _ => word.push(c),
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    words
}

fn rule(words: &[&str]) -> (Conditions, Verdict) {
    let mut conditions = Conditions::default();
    let mut verdict = Verdict::Other("none".to_owned());
    let mut rest = words.iter().copied().peekable();
    while let Some(word) = rest.next() {
        match word {
            "-j" | "-g" => verdict = target(word, rest.next().unwrap_or_default()),
            "--comment" => drop(rest.next()),
            "--reject-with" => drop(rest.next()),
            "!" => {
                let option = rest.next().unwrap_or_default();
                let value = rest.next_if(|next| !next.starts_with('-')).unwrap_or_default();
                conditions.unknown.push(format!("! {option} {value}").trim_end().to_owned());
            }
            "-s" | "-d" | "-p" | "--dport" | "--dports" | "--state" | "--ctstate" | "-m" => {
                let value = rest.next().unwrap_or_default();
                if value == "!" {
                    let value = rest.next().unwrap_or_default();
                    conditions.unknown.push(format!("{word} ! {value}"));
                } else {
                    conditions.option(word, value);
                }
            }
            other => conditions.unknown.push(other.to_owned()),
        }
    }
    (conditions, verdict)
}

fn target(option: &str, name: &str) -> Verdict {
    match name {
        // What a program decides may be anything.
        "ACCEPT" | "QUEUE" | "NFQUEUE" => Verdict::Decide(Action::Allow),
        "DROP" | "REJECT" => Verdict::Decide(Action::Deny),
        "RETURN" => Verdict::Return,
        _ if option == "-g" => Verdict::GoTo(name.to_owned()),
        _ => Verdict::Call(name.to_owned()),
    }
}

impl Conditions {
    fn option(&mut self, option: &str, value: &str) {
        let list = || value.split(',').map(|part| part.replace(':', "-"));
        match (option, value) {
            ("-s", _) => self.from = vec![value.to_owned()],
            ("-d", _) => self.to = vec![value.to_owned()],
            ("-p", "tcp" | "6") => self.protocol = Protocol::Tcp,
            ("-p", "udp" | "17") => self.protocol = Protocol::Udp,
            ("-p", "all" | "0") => {}
            ("-p", _) => self.moot = true,
            ("--dport" | "--dports", _) => self.ports.extend(list()),
            ("--state" | "--ctstate", _) => {
                self.moot |= !value.split(',').any(|state| state == "NEW" || state == "UNTRACKED");
            }
            ("-m", "tcp" | "udp" | "multiport" | "state" | "conntrack" | "comment") => {}
            _ => self.unknown.push(format!("{option} {value}")),
        }
    }
}
