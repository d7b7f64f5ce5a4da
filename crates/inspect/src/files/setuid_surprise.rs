//! `setuid-surprise`: a program that lends its owner's rights where it should not.
//!
//! **Finds** set-user-id shells, interpreters and tools that run or write what they are told, and set-user-id programs
//! in places where users write.
//! **Misses** programs whose own code misuses its rights, file capabilities.
//! **Wrongly reports** multi-call programs that drop rights themselves, if they are named like one of their tools.
//! **Source**: CWE-250; gtfobins' notion of programs that lend rights (the list here is our own, by function).

use unpack::{EntryKind, Tree};

use super::text::{escaped, file_name};
use super::{FileDetector, FileFinding, Weight};

pub(crate) const DETECTOR: FileDetector = FileDetector { rule: "setuid-surprise", version: 1, detect };

const SET_USER_ID: u32 = 0o4000;
const EXECUTABLE: u32 = 0o111;

/// Programs that do whatever their arguments say.
const RUN_ANYTHING: &[&str] = &[
    "ash", "awk", "bash", "chmod", "chown", "cp", "csh", "dash", "dd", "ed", "env", "find", "gawk", "gdb",
    "ksh", "lua", "luajit", "mawk", "mv", "nc", "netcat", "nice", "node", "perl", "php", "python", "python2",
    "python3", "rsync", "ruby", "sed", "sh", "socat", "strace", "tar", "tclsh", "tee", "telnetd", "vi",
    "vim", "xargs", "zsh",
];

/// Folders that users write to.
const WRITABLE: &[&str] = &["home/", "media/", "mnt/", "tmp/", "var/spool/", "var/tmp/", "var/www/", "www/"];

fn detect(tree: &Tree) -> Vec<FileFinding> {
    let programs = tree.entries().filter(|(_, entry)| {
        matches!(entry.kind, EntryKind::File(_))
            && entry.mode & SET_USER_ID != 0
            && entry.mode & EXECUTABLE != 0
    });
    programs.filter_map(|(path, entry)| surprise(path, entry.uid)).collect()
}

fn surprise(path: &str, owner: u32) -> Option<FileFinding> {
    let name = file_name(path);
    let (weight, because) = if RUN_ANYTHING.contains(&name) {
        (Weight::SetuidInterpreter, "it does whatever its arguments say")
    } else if WRITABLE.iter().any(|folder| path.starts_with(folder)) {
        (Weight::SetuidInWritablePlace, "it lies where users write")
    } else {
        return None;
    };
    let shown = escaped(name.as_bytes());
    Some(FileFinding {
        rule: DETECTOR.rule,
        weight,
        path: path.to_owned(),
        line: 0,
        title: format!("`{shown}` runs with the rights of user {owner}"),
        why: format!(
            "`{shown}` is set-user-id: whoever starts it gets the rights of user {owner}, and {because}. Any local \
             user, and any program that was taken over, becomes user {owner}."
        ),
        params: [("program".to_owned(), shown), ("owner".to_owned(), owner.to_string())].into(),
        source: None,
        trigger: None,
        payload: Some(("process.privilege", format!("set-user-id {owner}"))),
        evidence: Vec::new(),
    })
}
