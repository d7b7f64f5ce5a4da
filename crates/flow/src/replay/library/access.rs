//! What a modelled function sees of the program: its arguments, and memory.

use sleigh::emulate::{Machine, Value};

use super::{MAX_TEXT, Run};
use crate::filler::Filler;
use crate::machine::argument;

/// Bytes between two objects that are allocated.
const OBJECT: u64 = 0x1000;

impl Run<'_> {
    pub(in crate::replay) fn argument(&self, machine: &Machine<'_, Filler<'_>>, n: u32) -> u64 {
        argument(machine, self.world.convention, n)
    }

    pub(in crate::replay) fn place_of_argument(&self, n: u32) -> sleigh::language::Place {
        self.world.convention.argument(n)
    }

    pub(in crate::replay) fn is_big_endian(&self) -> bool {
        self.world.facts.program().image.endian == program::image::Endian::Big
    }

    pub(in crate::replay) fn word(&self) -> u16 {
        u16::from(self.world.convention.pointer)
    }

    pub(in crate::replay) fn text(
        &self,
        machine: &Machine<'_, Filler<'_>>,
        address: u64,
        most: u64,
    ) -> Vec<u8> {
        let bytes = (0..most.min(MAX_TEXT)).map_while(|n| machine.memory.byte(address.checked_add(n)?));
        bytes.map(|byte| byte.0).take_while(|byte| *byte != 0).collect()
    }

    pub(in crate::replay) fn bytes(
        &self,
        machine: &Machine<'_, Filler<'_>>,
        address: u64,
        count: u64,
    ) -> Vec<u8> {
        let bytes = (0..count.min(MAX_TEXT)).map_while(|n| machine.memory.byte(address.checked_add(n)?));
        bytes.map(|byte| byte.0).collect()
    }

    pub(in crate::replay) fn write(
        &mut self,
        machine: &mut Machine<'_, Filler<'_>>,
        address: u64,
        bytes: &[u8],
    ) {
        for (n, byte) in (0..).zip(bytes) {
            let at = address.wrapping_add(n);
            let _ = machine.store(at, &Value::new(u64::from(*byte), 1));
            self.trace.shadow.set_byte(at, None);
        }
    }

    /// Stores a number.
    pub(in crate::replay) fn store(
        &mut self,
        machine: &mut Machine<'_, Filler<'_>>,
        address: u64,
        number: &Value,
    ) {
        let _ = machine.store(address, number);
        for n in 0..u64::from(number.size()) {
            self.trace.shadow.set_byte(address.wrapping_add(n), None);
        }
    }

    /// A new object, all zero.
    pub(in crate::replay) fn object(&mut self, machine: &mut Machine<'_, Filler<'_>>) -> u64 {
        self.heap += OBJECT;
        let object = self.heap;
        self.write(machine, object, &[0; 256]);
        object
    }
}
