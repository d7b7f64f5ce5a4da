//! Starting programs that read files of strangers, and taking the network away from them where the system lets us: a
//! namespace of its own, in which there is none.
//!
//! Whoever finds a hole in a reader of images must not reach the database or the outside through it. It is done by the
//! command `unshare` of util-linux, since the call itself cannot be made without unsafe code.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the command lies; the examining process has no search path.
const PLACES: [&str; 2] = ["/usr/bin/unshare", "/bin/unshare"];

/// Words in front of a program that start it without network. `None` where the system has no such command, or does not
/// let us.
pub fn cut_off() -> Option<Vec<String>> {
    let command = PLACES.into_iter().find(|place| Path::new(place).exists())?;
    let words = [command, "--user", "--net", "--"].map(str::to_owned).to_vec();
    let mut tried = of(&words, "/bin/true")?;
    let worked = tried.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    worked.is_ok_and(|status| status.success()).then_some(words)
}

/// A program that examines a stranger's file: it gets no environment and no input, works in `folder`, and says on its
/// output how far it is.
pub fn examining(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn of(words: &[String], program: &str) -> Option<Command> {
    let (first, rest) = words.split_first()?;
    let mut command = Command::new(first);
    command.args(rest).arg(program).env_clear();
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_cut_off_has_another_network_and_its_files() {
        let Some(words) = cut_off() else {
            println!("skipped: `unshare --user --net` does not work here");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("private");
        std::fs::write(&file, "here").unwrap();
        let ran = of(&words, "/bin/sh")
            .unwrap()
            .args(["-c", "readlink /proc/self/ns/net; cat \"$0\"; cat /proc/net/route"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let (network, rest) = said.split_once('\n').unwrap();
        let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
        assert!(network.starts_with("net:[") && network != ours.to_str().unwrap(), "{network}");
        assert!(rest.starts_with("here") && rest.trim_end().lines().count() <= 1, "routes: {rest}");
    }
}
