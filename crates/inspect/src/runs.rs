//! What a call that runs something runs: a shell, what somebody outside chose, or always the same.

use flow::{Edge, Effect, Fact, Facts, Labels, Spot, Value, ValueId};
use program::FuncId;

use crate::query::Subject;

/// What a call that runs something runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Runs {
    /// A shell, or a program that gives one.
    Shell(String),
    /// Text that somebody outside chose.
    Input,
    /// A text of the program with data put in; the format.
    Composed(String),
    /// Always the same.
    Fixed(String),
    /// Not known.
    Unknown,
}

/// Programs that hand over control when they are started.
const SHELLS: &[&str] = &[
    "ash",
    "bash",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "ksh",
    "login",
    "nc",
    "ncat",
    "netcat",
    "powershell",
    "pwsh",
    "sh",
    "socat",
    "tcsh",
    "telnetd",
    "utelnetd",
    "zsh",
];

pub(crate) fn what_it_runs(facts: &Facts<'_>, effect: &Effect) -> Runs {
    let function = effect.function;
    let Some(value) = effect.on else { return Runs::Unknown };
    if let Some(text) = facts.text(function, value) {
        let text = String::from_utf8_lossy(text).into_owned();
        return if is_shell(&text) { Runs::Shell(text) } else { Runs::Fixed(text) };
    }
    if let Some(format) = composed(facts, effect, value) {
        return Runs::Composed(String::from_utf8_lossy(format).into_owned());
    }
    if facts.labels(function, value).meets(Labels::OUTSIDE) { Runs::Input } else { Runs::Unknown }
}

/// The same where a way of calls leads there: functions that run what they get are called with various things.
pub(crate) fn what_it_runs_by(facts: &Facts<'_>, way: &[Edge], effect: &Effect) -> Runs {
    let runs = what_it_runs(facts, effect);
    let Some(value) = effect.on.filter(|_| runs == Runs::Input && !way.is_empty()) else { return runs };
    if let Some(text) = passed(facts, way, effect.function, value) {
        return if is_shell(&text) { Runs::Shell(text) } else { Runs::Fixed(text) };
    }
    let outside = facts.labels_by(way, effect.function, value).meets(Labels::OUTSIDE);
    if outside { Runs::Input } else { Runs::Unknown }
}

/// May what runs as well come from what the device keeps, or from who started the program?
pub(crate) fn is_mixed(facts: &Facts<'_>, way: &[Edge], effect: &Effect) -> bool {
    let own = Labels::SECRET.or(Labels::KEPT).or(Labels::ARGUMENT).or(Labels::ENVIRONMENT);
    effect.on.is_some_and(|on| facts.labels_by(way, effect.function, on).meets(own))
}

/// The text that a parameter is, as the calls of a way pass it on.
fn passed(facts: &Facts<'_>, way: &[Edge], mut function: FuncId, mut value: ValueId) -> Option<String> {
    for edge in way.iter().rev().take_while(|edge| !edge.registered) {
        let own = facts.function(function)?;
        let Value::Parameter(n) = own.arena.get(own.resolve(value)) else { return None };
        let site = facts.function(edge.caller)?.calls.get(&edge.call)?;
        (function, value) = (edge.caller, *site.arguments.get(usize::from(n))?);
        if let Some(text) = facts.text(function, value) {
            return Some(String::from_utf8_lossy(text).into_owned());
        }
    }
    None
}

/// The format by which a text was put together in the same function, if it begins with words of its own.
fn composed<'f>(facts: &'f Facts<'_>, effect: &Effect, value: ValueId) -> Option<&'f [u8]> {
    let function = effect.function;
    let own = facts.function(function)?;
    let block = own.calls.get(&effect.call)?.block;
    let wanted = Subject::of(facts, function, value);
    own.calls.iter().find_map(|(call, site)| {
        let to_and_format = facts.knowledge(function, *call).iter().find_map(|fact| match fact {
            Fact::Copies(Spot::From(format), Spot::Argument(to)) => Some((*to, *format)),
            _ => None,
        });
        let (to, format) = to_and_format?;
        let to = *site.arguments.get(usize::from(to))?;
        let format = facts.text(function, *site.arguments.get(usize::from(format))?)?;
        let before = own.dominance.dominates(site.block, block);
        (before && Subject::of(facts, function, to) == wanted && !format.starts_with(b"%")).then_some(format)
    })
}

fn is_shell(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let program = program.trim_matches('"').to_ascii_lowercase();
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    // `sh -c 'fixed text'` and `cmd /c` run the text.
    let runs_text =
        |word: &str| ["-c", "/c", "-command"].iter().any(|option| word.eq_ignore_ascii_case(option));
    SHELLS.binary_search(&program).is_ok() && !words.next().is_some_and(runs_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_told_from_fixed_commands() {
        assert!(SHELLS.is_sorted());
        assert!(is_shell("/bin/sh") && is_shell("telnetd -l /bin/sh"));
        assert!(is_shell(r"C:\Windows\System32\cmd.exe") && is_shell("PowerShell -NoProfile"));
        assert!(!is_shell("/sbin/reboot") && !is_shell("sh -c 'date'") && !is_shell("cmd.exe /C dir"));
    }
}
