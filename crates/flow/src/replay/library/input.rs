//! The input that is tried: where it is put when the program starts, and how calls take it in piece by piece.

use sleigh::emulate::{Machine, Value};

use super::Run;
use crate::filler::Filler;
use crate::labels::Labels;
use crate::machine::PARAMETERS;

impl Run<'_> {
    /// Puts the input where the start finds it when it is called.
    pub(super) fn hand_over(&mut self, machine: &mut Machine<'_, Filler<'_>>) {
        let goal = self.world.goal;
        if self.world.main {
            let word = u64::from(self.world.convention.pointer);
            let list = PARAMETERS + 0x8000;
            let (name, text) = (PARAMETERS + 0xa000, PARAMETERS + 0xb000);
            self.write(machine, name, b"program\0");
            if goal.wants(Labels::ARGUMENT) {
                let line = self.first_line();
                self.bring(machine, text, &line, 0);
                self.write(machine, text + line.len() as u64, &[0]);
            } else {
                self.write(machine, text, b"argument\0");
            }
            for (n, address) in [name, text, 0, 0].into_iter().enumerate() {
                let value = Value::new(address, word as u16);
                let _ = machine.store(list.wrapping_add(n as u64 * word), &value);
            }
            let _ = machine.store(PARAMETERS + 0x9000, &Value::new(0, word as u16));
        } else if self.world.arrivals.values().all(|labels| !goal.wants(*labels)) {
            let line = self.first_line();
            for at in (0..4).map(|n| PARAMETERS + n * 0x1000) {
                self.bring(machine, at, &line, 0);
                self.write(machine, at + line.len() as u64, &[0]);
            }
        }
    }

    fn first_line(&mut self) -> Vec<u8> {
        let line: Vec<u8> =
            self.input.iter().copied().take_while(|byte| !matches!(byte, b'\n' | 0)).collect();
        self.trace.taken = self.trace.taken.max(line.len());
        line
    }

    /// The next bytes of the input, and where they stand in it; `line`: up to the end of a line.
    pub(in crate::replay) fn take(&mut self, most: usize, line: bool) -> (Vec<u8>, usize) {
        let most = if line { most } else { most.min(self.piece.unwrap_or(most)) };
        let start = self.at;
        let rest = self.input.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| line && *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let taken: Vec<u8> = rest.iter().take(most.min(end)).copied().collect();
        self.at += taken.len();
        self.ends += u32::from(taken.is_empty());
        (taken, start)
    }

    /// Writes bytes of the input that stand at a position of it.
    pub(in crate::replay) fn bring(
        &mut self,
        machine: &mut Machine<'_, Filler<'_>>,
        to: u64,
        bytes: &[u8],
        position: usize,
    ) {
        self.write(machine, to, bytes);
        for n in 0..bytes.len() {
            self.trace.shadow.arrives(to.wrapping_add(n as u64), position + n);
        }
    }

    /// The line of the input that is given for a name: the first for the first name, and so on; the last one for all
    /// that come then.
    pub(in crate::replay) fn line_named(&mut self, name: Vec<u8>) -> (Vec<u8>, usize) {
        let number = self.names.iter().position(|known| *known == name).unwrap_or(self.names.len());
        if number == self.names.len() {
            self.names.push(name);
        }
        let mut start = 0;
        let mut lines = self.input.split(|byte| matches!(byte, b'\n' | 0)).map(|line| {
            let at = start;
            start += line.len() + 1;
            (line.to_vec(), at)
        });
        let mut found = lines.next().unwrap_or_default();
        for line in lines.take(number).filter(|line| !line.0.is_empty()) {
            found = line;
        }
        self.trace.taken = self.trace.taken.max(found.1 + found.0.len());
        found
    }
}
