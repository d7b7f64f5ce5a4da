//! Functions of the C library that ask the system for something, known by what they ask (`knowledge/wrappers.txt`).

use std::sync::LazyLock;

use super::kernel::Asked;

const FILE: &str = include_str!("../../knowledge/wrappers.txt");

/// Calls with which libraries keep their own house.
const OWN_BUSINESS: &[&str] = &[
    "brk",
    "fcntl",
    "fcntl64",
    "futex",
    "getpid",
    "gettid",
    "madvise",
    "mmap",
    "mmap2",
    "mprotect",
    "munmap",
    "rt_sigaction",
    "rt_sigprocmask",
    "set_robust_list",
    "sigaction",
    "sigprocmask",
];

/// One line: a function, and what it asks for.
struct Wrapper {
    name: &'static str,
    asks: Vec<Step>,
}

enum Step {
    /// A call with these arguments.
    Call(&'static str, Vec<Passed>),
    /// The shell is started with the function's first text.
    Shell,
    /// Any calls.
    Others,
}

enum Passed {
    Own(usize),
    Constant(u64),
    Anything,
}

static WRAPPERS: LazyLock<Vec<Wrapper>> = LazyLock::new(|| FILE.lines().filter_map(wrapper).collect());

fn wrapper(line: &'static str) -> Option<Wrapper> {
    let line = line.split('#').next()?.trim();
    let (name, asks) = line.split_once(char::is_whitespace)?;
    Some(Wrapper { name, asks: asks.split(';').flat_map(steps).collect() })
}

fn steps(text: &'static str) -> Vec<Step> {
    let mut words = text.split_whitespace().peekable();
    let first = match words.next() {
        None => return Vec::new(),
        Some("~") => Step::Others,
        Some("shell") => Step::Shell,
        Some(call) => {
            let mut passed = Vec::new();
            while let Some(word) = words.next_if(|word| *word != "~") {
                passed.extend(passed_as(word));
            }
            Step::Call(call, passed)
        }
    };
    let more = words.map(|_| Step::Others);
    std::iter::once(first).chain(more).collect()
}

fn passed_as(word: &str) -> Option<Passed> {
    if word == "-" {
        return Some(Passed::Anything);
    }
    match word.strip_prefix('=') {
        Some(number) => match number.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => number.parse::<i64>().ok().map(|number| number as u64),
        }
        .map(Passed::Constant),
        None => word.parse().ok().map(Passed::Own),
    }
}

/// The function that asks for this, if it was called with `arguments`, of which the first one is the text `text`.
pub(super) fn name_of(asked: &[Asked], arguments: &[u64], text: &[u8]) -> Option<&'static str> {
    if asked.is_empty() {
        return None;
    }
    let found = WRAPPERS.iter().find(|wrapper| {
        let named =
            |call: &str| wrapper.asks.iter().any(|step| matches!(step, Step::Call(name, _) if *name == call));
        let matter = |asked: &&Asked| !OWN_BUSINESS.contains(&asked.name) || named(asked.name);
        let asked: Vec<&Asked> = asked.iter().filter(matter).collect();
        fits(&wrapper.asks, &asked, arguments, text)
    });
    found.map(|wrapper| wrapper.name)
}

fn fits(steps: &[Step], asked: &[&Asked], arguments: &[u64], text: &[u8]) -> bool {
    match (steps.split_first(), asked.split_first()) {
        (None, first) => first.is_none(),
        (Some((Step::Others, rest)), first) => {
            fits(rest, asked, arguments, text)
                || first.is_some_and(|(_, asked)| fits(steps, asked, arguments, text))
        }
        (Some((step, rest)), Some((first, asked))) => {
            is_step(step, first, arguments, text) && fits(rest, asked, arguments, text)
        }
        (Some(_), None) => false,
    }
}

fn is_step(step: &Step, asked: &Asked, arguments: &[u64], text: &[u8]) -> bool {
    match step {
        Step::Others => true,
        Step::Shell => {
            let expected = [b"-c", text].join(&b' ');
            let given = asked.data.splitn(2, |byte| *byte == b' ').nth(1);
            asked.name == "execve"
                && (given == Some(&expected) || given == Some(&[b"-c --", text].join(&b' ')))
        }
        Step::Call(name, passed) => {
            asked.name == *name
                && passed.iter().zip(asked.arguments.iter().map(Some).chain(std::iter::repeat(None))).all(
                    |(passed, given)| match passed {
                        Passed::Anything => true,
                        Passed::Own(n) => given.is_some() && given == arguments.get(*n),
                        // Numbers below zero are often passed in half a register.
                        Passed::Constant(number) => {
                            given.is_some_and(|given| *given as u32 == *number as u32)
                        }
                    },
                )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static str, arguments: &[u64], data: &[u8]) -> Asked {
        Asked { name, arguments: arguments.to_vec(), answer: 0, data: data.to_vec() }
    }

    #[test]
    fn every_line_is_understood_and_names_what_the_knowledge_knows() {
        for line in FILE.lines().map(|line| line.split('#').next().unwrap().trim()).filter(|l| !l.is_empty())
        {
            let words = line.split_whitespace().filter(|word| !word.trim_end_matches(';').is_empty()).count();
            let wrapper = wrapper(line).unwrap();
            let understood: usize = wrapper
                .asks
                .iter()
                .map(|step| match step {
                    Step::Call(_, passed) => 1 + passed.len(),
                    Step::Shell | Step::Others => 1,
                })
                .sum();
            assert_eq!(understood + 1, words, "{line}");
        }
    }

    #[test]
    fn a_function_is_known_by_what_it_passes_on() {
        let own = [100, 101, 102, 103, 104, 105];
        let receive = |last: u64| asked("recvfrom", &[100, 101, 102, 103, last, last], b"");
        assert_eq!(name_of(&[receive(0)], &own, b"x"), Some("recv"));
        assert_eq!(name_of(&[receive(7)], &own, b"x"), None);
        let open = asked("openat", &[-100_i64 as u64, 100, 101, 0], b"");
        assert_eq!(name_of(std::slice::from_ref(&open), &own, b"x"), Some("open"));
        assert_eq!(name_of(&[open, asked("close", &[3], b"")], &own, b"x"), None);
    }

    #[test]
    fn a_shell_counts_only_with_the_text_that_was_passed() {
        let own = [100];
        let shell = |data: &[u8]| [asked("clone", &[17, 0], b""), asked("execve", &[1, 2, 3], data)];
        assert_eq!(name_of(&shell(b"sh -c x"), &own, b"x"), Some("system"));
        assert_eq!(name_of(&shell(b"sh -c -- x"), &own, b"x"), Some("system"));
        assert_eq!(name_of(&shell(b"sh -c y"), &own, b"x"), None);
        let piped = [asked("pipe2", &[1, 0], b""), shell(b"sh -c x")[1].clone()];
        assert_eq!(name_of(&piped, &own, b"x"), Some("popen"));
    }
}
