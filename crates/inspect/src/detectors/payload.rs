//! Grave operations: here or in what is called from here.

use flow::{Edge, Effect, Facts, ValueId};
use program::{CallTarget, FuncId, VirtAddr};
use record::Payload;

use crate::files::escaped;
use crate::finding::address;
use crate::runs::{Runs, what_it_runs, what_it_runs_by};
use crate::score::PayloadWeight;

/// Calls between a place and the payload that it leads to.
const DEPTH: usize = 2;

/// A grave operation, as seen from one call.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) effect: Effect,
    pub(crate) runs: Runs,
    /// The way there, in the order of calls.
    pub(crate) way: Vec<Edge>,
}

/// The grave operation of a call: itself, or in a function that it calls.
pub(crate) fn running(facts: &Facts<'_>, function: FuncId, call: u32) -> Option<Running> {
    let own = facts.effects(function).iter().find(|e| e.call == call && is_grave(facts, e));
    if let Some(effect) = own {
        return Some(of(facts, *effect, Vec::new()));
    }
    let site = facts.function(function)?.calls.get(&call)?;
    let CallTarget::Function(callee) = site.target else { return None };
    worst_through(facts, Edge { caller: function, callee, call, registered: false })
}

/// The gravest operation behind a call. What the call leads back to, as in the interpreter of a language, is done without
/// it as well.
pub(crate) fn worst_through(facts: &Facts<'_>, edge: Edge) -> Option<Running> {
    let first = |at: FuncId| if at == edge.caller { None } else { strongest(facts, at) };
    let (mut way, effect) = facts.downwards(edge.callee, DEPTH - 1, first)?;
    way.insert(0, edge);
    (edge.callee != edge.caller).then(|| of(facts, effect, way))
}

/// The operation of a function that runs the worst.
fn strongest(facts: &Facts<'_>, function: FuncId) -> Option<Effect> {
    let all = facts.effects(function).iter().filter(|e| is_grave(facts, e));
    all.min_by_key(|effect| (rank(effect), what_it_runs(facts, effect))).copied()
}

pub(crate) fn is_exec(effect: &Effect) -> bool {
    effect.operation == "process.exec"
}

/// Operations after which the device is no longer its owner's, or no longer works.
fn is_grave(facts: &Facts<'_>, effect: &Effect) -> bool {
    match effect.operation {
        "process.exec" | "kernel.load" | "system.reboot" => true,
        "code.load" | "code.interpret" => matches!(what_it_runs(facts, effect), Runs::Input),
        "file.delete" | "file.rename" => match what_it_runs(facts, effect) {
            Runs::Fixed(path) => is_vital(&path),
            _ => false,
        },
        _ => false,
    }
}

fn rank(effect: &Effect) -> u8 {
    match effect.operation {
        "process.exec" => 0,
        "kernel.load" | "code.load" | "code.interpret" => 1,
        _ => 2,
    }
}

/// Files without which a system does not start or nobody gets in.
fn is_vital(path: &str) -> bool {
    const PLACES: &[&str] =
        &["/bin/", "/boot/", "/etc/passwd", "/etc/shadow", "/lib/", "/sbin/", "/usr/bin/", "/usr/sbin/"];
    PLACES.iter().any(|place| path.starts_with(place))
}

/// Commands that erase, with the word that must stand among their arguments; none: always.
const ERASERS: &[(&str, Option<&str>)] = &[
    ("blkdiscard", None),
    ("dd", Some("of=/dev/")),
    ("erase", None),
    ("fdisk", None),
    ("flash_erase", None),
    ("flash_eraseall", None),
    ("mtd", Some("erase")),
    ("nandwrite", None),
    ("rm", Some("-r")),
    ("sfdisk", None),
    ("shred", None),
    ("wipefs", None),
];

/// Does a command, or one of several, erase storage?
fn erases(command: &str) -> bool {
    command.split([';', '&', '|']).any(|part| {
        let mut words = part.split_whitespace();
        let program = words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let arguments: Vec<&str> = words.collect();
        let has = |wanted: &str| arguments.iter().any(|argument| argument.starts_with(wanted));
        program.starts_with("mkfs")
            || ERASERS.iter().any(|(name, wanted)| *name == program && wanted.is_none_or(has))
    })
}

fn of(facts: &Facts<'_>, effect: Effect, way: Vec<Edge>) -> Running {
    let runs = what_it_runs_by(facts, &way, &effect);
    Running { effect, runs, way }
}

impl Running {
    /// The same, on another value.
    pub(crate) fn with(&self, facts: &Facts<'_>, on: ValueId) -> Self {
        of(facts, Effect { on: Some(on), ..self.effect }, self.way.clone())
    }

    /// Does it erase, restart or delete rather than run?
    pub(crate) fn is_destructive(&self) -> bool {
        match (self.effect.operation, &self.runs) {
            ("process.exec", Runs::Fixed(command) | Runs::Composed(command)) => erases(command),
            ("system.reboot" | "file.delete" | "file.rename", _) => true,
            _ => false,
        }
    }

    pub(crate) fn weight(&self) -> PayloadWeight {
        match (self.effect.operation, &self.runs) {
            ("kernel.load" | "code.load" | "code.interpret", _) => PayloadWeight::RunsInput,
            ("system.reboot", _) => PayloadWeight::RunsFixed,
            ("file.delete" | "file.rename", _) => PayloadWeight::Destroys,
            (_, Runs::Shell(_)) => PayloadWeight::Shell,
            (_, Runs::Input) => PayloadWeight::RunsInput,
            (_, Runs::Fixed(command) | Runs::Composed(command)) if erases(command) => PayloadWeight::Destroys,
            (_, Runs::Fixed(_)) => PayloadWeight::RunsFixed,
            (_, Runs::Composed(_) | Runs::Unknown) => PayloadWeight::RunsUnknown,
        }
    }

    /// What it does to a reader: "starts the shell `/bin/sh`".
    pub(crate) fn sentence(&self) -> String {
        let of = |text: &str| escaped(text.as_bytes());
        match (self.effect.operation, &self.runs) {
            ("kernel.load", _) => "loads code into the kernel".to_owned(),
            ("code.interpret", _) => "runs code that the sender wrote".to_owned(),
            ("code.load", _) => "loads code that the sender chose".to_owned(),
            ("system.reboot", _) => "restarts the device".to_owned(),
            ("file.delete" | "file.rename", Runs::Fixed(path)) => format!("removes `{}`", of(path)),
            ("file.delete" | "file.rename", _) => "removes a file".to_owned(),
            (_, Runs::Shell(command)) => format!("starts `{}`", of(command)),
            (_, Runs::Input) => "runs text that the sender chose".to_owned(),
            (_, Runs::Fixed(command)) => format!("runs `{}`", of(command)),
            (_, Runs::Composed(format)) => format!("runs `{}`", of(format)),
            (_, Runs::Unknown) => "runs a command".to_owned(),
        }
    }

    pub(crate) fn place(&self, facts: &Facts<'_>) -> Option<VirtAddr> {
        place(facts, &self.effect)
    }

    pub(crate) fn payload(&self, facts: &Facts<'_>) -> Payload {
        let name = facts.callee_name(self.effect.function, self.effect.call).unwrap_or("?");
        let argument = match &self.runs {
            Runs::Shell(command) | Runs::Fixed(command) | Runs::Composed(command) => {
                format!("\"{}\"", escaped(command.as_bytes()))
            }
            Runs::Input => "input".to_owned(),
            Runs::Unknown => "…".to_owned(),
        };
        Payload {
            address: self.place(facts).and_then(address),
            operation: self.effect.operation.to_owned(),
            detail: format!("{name}({argument})"),
        }
    }
}

/// The calling instruction of an effect.
pub(crate) fn place(facts: &Facts<'_>, effect: &Effect) -> Option<VirtAddr> {
    facts.function(effect.function)?.calls.get(&effect.call).map(|site| site.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_erase_are_told_from_others() {
        for command in [
            "/bin/dd if=/dev/zero of=/dev/mtdblock0 bs=64k",
            "sync; rm -rf /mnt",
            "/sbin/mkfs.ext4 /dev/sda1",
            "flash_eraseall /dev/mtd2",
            "mtd erase firmware",
        ] {
            assert!(erases(command), "{command}");
        }
        for command in ["rm /tmp/lock", "dd if=/dev/mtd0 of=/tmp/dump", "/sbin/reboot", "mtd write x y", ""] {
            assert!(!erases(command), "{command}");
        }
    }
}
