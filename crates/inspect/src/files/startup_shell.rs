//! `startup-shell`: starting the system, or a timer, opens a shell to somebody.
//!
//! **Finds** telnet services, `nc`/`socat`/`/dev/tcp` shells and shells on consoles in init scripts, `inittab`,
//! `inetd.conf`, `xinetd.d`, systemd units and cron tables, with the condition around them.
//! **Misses** what a script does through variables or files it writes first.
//! **Wrongly reports** a maintenance console that the operator wants (medium, not high).
//! **Source**: CWE-912, CWE-306; telnet shells left in cameras and routers, for instance CVE-2017-14487 and
//! CVE-2020-25988.

use record::SourceKind;
use unpack::Tree;

use super::shell_words::commands;
use super::text::{ends_in, excerpt, file_name, lines, texts};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "startup-shell", version: 1, detect };

const SHELLS: &[&str] = &["ash", "bash", "csh", "dash", "ksh", "sh", "zsh"];

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let mut found = Vec::new();
    for (path, text) in texts(tree, |path| Table::of(path).is_some()) {
        found.extend(Table::of(path).map(|table| of_file(path, &text, table)).unwrap_or_default());
    }
    found
}

/// How a file says what is started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Script,
    Inittab,
    Inetd,
    Xinetd,
    Unit,
    /// Times, then a command.
    Cron,
    /// Times and a user, then a command.
    SystemCron,
}

impl Table {
    fn of(path: &str) -> Option<Self> {
        let in_folder = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
        if ends_in(path, "etc/inittab") {
            Some(Self::Inittab)
        } else if ends_in(path, "etc/inetd.conf") {
            Some(Self::Inetd)
        } else if in_folder("etc/xinetd.d/") {
            Some(Self::Xinetd)
        } else if in_folder("systemd/system/") && path.ends_with(".service") {
            Some(Self::Unit)
        } else if ends_in(path, "etc/crontab") || in_folder("etc/cron.d/") {
            Some(Self::SystemCron)
        } else if in_folder("var/spool/cron") || in_folder("etc/crontabs/") {
            Some(Self::Cron)
        } else {
            let folders = ["etc/cron.daily/", "etc/cron.hourly/", "etc/init.d/", "etc/rc"];
            let script = folders.iter().any(|f| in_folder(f)) || file_name(path).starts_with("rc.local");
            script.then_some(Self::Script)
        }
    }

    /// The part of a line that is a command.
    fn command(self, line: &str) -> Option<String> {
        let line = line.trim();
        match self {
            Self::Script => Some(line.to_owned()),
            Self::Cron => Some(behind_times(line, 0)),
            Self::SystemCron => Some(behind_times(line, 1)),
            Self::Inittab => line.splitn(4, ':').nth(3).map(str::to_owned),
            Self::Inetd => {
                let fields: Vec<&str> = line.split_whitespace().skip(5).collect();
                // The second program name is the zeroth argument.
                let arguments = fields.get(2..).unwrap_or_default().join(" ");
                fields.first().map(|program| format!("{program} {arguments}"))
            }
            Self::Xinetd => {
                let (key, value) = line.split_once('=')?;
                (key.trim() == "server").then(|| value.trim().to_owned())
            }
            Self::Unit => {
                let (key, value) = line.split_once('=')?;
                key.starts_with("ExecStart")
                    .then(|| value.trim_start_matches(['-', '@', '+', '!', ':']).to_owned())
            }
        }
    }
}

/// What stands behind the times and `more` words of a line of a cron table.
fn behind_times(line: &str, more: usize) -> String {
    let words = line.split_whitespace().skip_while(|word| is_time(word)).skip(more);
    words.collect::<Vec<_>>().join(" ")
}

fn is_time(word: &str) -> bool {
    word.starts_with('@') || word.chars().all(|c| c.is_ascii_digit() || "*,-/".contains(c))
}

fn of_file(path: &str, text: &str, table: Table) -> Vec<FileFinding> {
    let (mut found, mut conditions) = (Vec::new(), Vec::new());
    for (number, line) in lines(text).filter(|(_, line)| !line.trim_start().starts_with('#')) {
        if table == Table::Script {
            note_condition(&mut conditions, line);
        }
        let Some(command) = table.command(line) else { continue };
        for words in commands(&command) {
            if let Some((weight, what)) = offered(&words, table, line) {
                found.push(finding(path, number, line, weight, &what, conditions.last()));
            }
        }
    }
    found
}

/// Which `if` a line stands under; enough for one line of explanation.
fn note_condition(conditions: &mut Vec<String>, line: &str) {
    let line = line.trim();
    let first = line.split([' ', ';']).next().unwrap_or_default();
    match first {
        "if" if !line.contains("fi;") && !line.ends_with(" fi") => conditions.push(excerpt(line)),
        "elif" => {
            conditions.pop();
            conditions.push(excerpt(line));
        }
        "fi" => drop(conditions.pop()),
        _ => {}
    }
}

/// Whether the command offers a shell, and to whom.
fn offered(words: &[String], table: Table, line: &str) -> Option<(Weight, String)> {
    let words = started(words);
    let (program, arguments) = words.split_first()?;
    let name = file_name(program).trim_start_matches('-');
    let has_shell = |words: &[String]| words.iter().any(|w| SHELLS.contains(&file_name(w)));
    match name {
        "telnetd" | "utelnetd" | "in.telnetd" | "telnetenabled" if has_shell(arguments) => {
            Some((Weight::ShellOffered, format!("`{name}` gives a shell without login")))
        }
        "telnetd" | "utelnetd" | "in.telnetd" => {
            Some((Weight::TelnetStarted, format!("`{name}` offers login without encryption")))
        }
        "nc" | "netcat" | "ncat" if has_shell(arguments) => {
            Some((Weight::ShellOffered, format!("`{name}` connects a shell with the network")))
        }
        "socat" if arguments.iter().any(|a| runs_shell(a)) && arguments.iter().any(|a| is_network(a)) => {
            Some((Weight::ShellOffered, "`socat` connects a shell with the network".to_owned()))
        }
        "getty" | "agetty" if has_shell(arguments) => {
            Some((Weight::ConsoleShell, "a console gives a shell without login".to_owned()))
        }
        shell if SHELLS.contains(&shell) && line.contains("/dev/tcp/") => {
            Some((Weight::ShellOffered, "a shell is connected with the network".to_owned()))
        }
        shell if SHELLS.contains(&shell) && table == Table::Inittab => {
            let interactive = arguments.iter().all(|a| matches!(a.as_str(), "-l" | "-i" | "--login"));
            interactive.then(|| (Weight::ConsoleShell, "a console gives a shell without login".to_owned()))
        }
        _ => None,
    }
}

fn runs_shell(argument: &str) -> bool {
    let upper = argument.to_ascii_uppercase();
    let command = ["EXEC:", "SYSTEM:"].iter().find_map(|head| upper.starts_with(head).then_some(head.len()));
    let command = command.and_then(|at| argument.get(at..)).unwrap_or_default();
    let program = command.split([',', ' ']).next().unwrap_or_default().trim_matches(['\'', '"']);
    SHELLS.contains(&file_name(program))
}

fn is_network(argument: &str) -> bool {
    let upper = argument.to_ascii_uppercase();
    ["TCP", "UDP", "SCTP", "OPENSSL", "SSL"].iter().any(|kind| upper.starts_with(kind))
}

/// The command itself, without what starts it: assignments, wrappers, multi-call programs.
fn started(words: &[String]) -> &[String] {
    const WRAPPERS: &[&str] =
        &["busybox", "command", "env", "exec", "nice", "nohup", "setsid", "sudo", "toybox"];
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let name = file_name(first);
        let assignment = first.split_once('=').is_some_and(|(key, _)| !key.is_empty() && !key.contains('/'));
        if name == "start-stop-daemon" {
            return daemon(behind).unwrap_or(behind);
        }
        if !assignment && !WRAPPERS.contains(&name) {
            break;
        }
        rest = behind;
    }
    rest
}

fn daemon(arguments: &[String]) -> Option<&[String]> {
    let at = arguments.iter().position(|a| matches!(a.as_str(), "--exec" | "-x" | "--startas" | "-a"))?;
    arguments.get(at + 1..)
}

fn finding(
    path: &str,
    line: u64,
    text: &str,
    weight: Weight,
    what: &str,
    under: Option<&String>,
) -> FileFinding {
    let condition = under.cloned().unwrap_or_else(|| "always".to_owned());
    let console = weight == Weight::ConsoleShell;
    let who = if console { "whoever stands in front of it" } else { "whoever reaches it over the network" };
    FileFinding {
        rule: DETECTOR.rule,
        weight,
        path: path.to_owned(),
        line,
        title: format!("{what} when the system starts `{}`", file_name(path)),
        why: format!(
            "{what}: it is started by `{path}`, line {line}, and serves {who}. Started: {condition}."
        ),
        params: [("what".to_owned(), what.to_owned())].into(),
        source: Some(if console {
            (SourceKind::Device, "console".to_owned())
        } else {
            (SourceKind::Network, "socket".to_owned())
        }),
        trigger: Some((condition, None)),
        payload: Some(("process.exec", excerpt(text))),
        evidence: vec![excerpt(text)],
    }
}
