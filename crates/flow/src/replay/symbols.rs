//! What library functions on texts return, as functions of the input: the conditions behind what [`super::texts`] returns
//! as numbers.

use sleigh::emulate::{Machine, Value};
use sleigh::language::Place;

use super::circuit::Bit;
use super::library::Run;
use super::words::{Word, number, resized};
use crate::filler::Filler;
use crate::knowledge::Comparison;

type World<'m, 'f> = Machine<'m, Filler<'f>>;
type Byte = [Bit; 8];

/// Bits of a result; what is returned fits the register.
const RESULT: usize = 64;
/// Digits of a number.
const MAX_DIGITS: usize = 12;

/// Two texts that are compared: where they stand, their lengths in this run, and bytes compared at most.
pub(super) struct Compared {
    pub(super) how: Comparison,
    pub(super) left: (u64, usize),
    pub(super) right: (u64, usize),
    pub(super) most: u64,
}

impl Run<'_> {
    /// Bytes at an address; `None` if none hangs on the input.
    fn symbols(&mut self, machine: &World<'_, '_>, at: u64, count: usize) -> Option<Vec<Byte>> {
        let shadow = self.shadow();
        let known: Vec<Option<Byte>> = (0..count as u64).map(|n| shadow.byte(at.wrapping_add(n))).collect();
        if known.iter().all(Option::is_none) {
            return None;
        }
        Some(
            (0..)
                .zip(known)
                .map(|(n, byte)| byte.unwrap_or_else(|| constant(machine, at.wrapping_add(n))))
                .collect(),
        )
    }

    fn symbols_or_constants(&mut self, machine: &World<'_, '_>, at: u64, count: usize) -> Vec<Byte> {
        let known = self.symbols(machine, at, count);
        known.unwrap_or_else(|| (0..count as u64).map(|n| constant(machine, at.wrapping_add(n))).collect())
    }

    /// The result of a comparison is 0 if both are equal, else what it is now, or 1.
    pub(super) fn compares(&mut self, machine: &World<'_, '_>, compared: &Compared, now: u64) {
        let Compared { how, left, right, most } = *compared;
        if how == Comparison::Contains {
            return self.contains(machine, left, right);
        }
        let hangs = [left, right].map(|(at, length)| self.symbols(machine, at, length + 1).is_some());
        let shorter = match hangs {
            [false, false] => return,
            [true, false] => right.1,
            [false, true] => left.1,
            [true, true] => left.1.min(right.1),
        };
        let count = match how {
            Comparison::Bytes => left.1.min(right.1),
            _ => usize::try_from(most).unwrap_or(usize::MAX).min(shorter + 1),
        };
        let caseless = matches!(how, Comparison::Caseless | Comparison::CaselessPrefix);
        let pairs = self.symbols_or_constants(machine, left.0, count);
        let others = self.symbols_or_constants(machine, right.0, count);
        let mut equal = Bit::TRUE;
        for (a, b) in pairs.into_iter().zip(others) {
            let (a, b) = if caseless { (self.lower(a), self.lower(b)) } else { (a, b) };
            let circuit = &mut self.shadow().circuit;
            let same = circuit.equal(&a, &b);
            equal = circuit.and(equal, same);
        }
        let unequal = number(if now == 0 { 1 } else { now }, RESULT);
        self.result = Some(self.shadow().circuit.choose(equal, &number(0, RESULT), &unequal));
    }

    /// The result of `strstr`: the first place at which the second text stands in the first.
    fn contains(&mut self, machine: &World<'_, '_>, text: (u64, usize), wanted: (u64, usize)) {
        let Some(bytes) = self.symbols(machine, text.0, text.1) else { return };
        let wanted = self.symbols_or_constants(machine, wanted.0, wanted.1);
        let mut result = number(0, RESULT);
        for at in (0..(bytes.len() + 1).saturating_sub(wanted.len())).rev() {
            let here = bytes.iter().skip(at).zip(&wanted);
            let circuit = &mut self.shadow().circuit;
            let mut all = Bit::TRUE;
            for (a, b) in here {
                let same = circuit.equal(a, b);
                all = circuit.and(all, same);
            }
            let place = number(text.0.wrapping_add(at as u64), RESULT);
            result = circuit.choose(all, &place, &result);
        }
        self.result = Some(result);
    }

    /// The result of a search for the first byte that fits: its distance from `base`, or `none`.
    pub(super) fn first(
        &mut self,
        machine: &World<'_, '_>,
        text: (u64, usize),
        base: u64,
        none: u64,
        fits: impl Fn(u8) -> bool,
    ) {
        let Some(bytes) = self.symbols(machine, text.0, text.1) else { return };
        let wanted: Vec<u8> = (0..=255).filter(|byte| fits(*byte)).collect();
        let all_others = wanted.len() > 128;
        let listed: Vec<u8> = (0..=255).filter(|byte| fits(*byte) != all_others).collect();
        let circuit = &mut self.shadow().circuit;
        let mut result = number(none, RESULT);
        for (n, byte) in bytes.iter().enumerate().rev() {
            let mut is = Bit::FALSE;
            for value in &listed {
                let same = circuit.equal(byte, &number(u64::from(*value), 8));
                is = circuit.or(is, same);
            }
            let here = number(base.wrapping_add(n as u64), RESULT);
            result = circuit.choose(is.inverted_if(all_others), &here, &result);
        }
        self.result = Some(result);
    }

    /// The result of `atoi` and its like.
    pub(super) fn reads_number(&mut self, machine: &World<'_, '_>, text: (u64, usize), radix: u32) {
        let Some(bytes) = self.symbols(machine, text.0, text.1.min(MAX_DIGITS)) else { return };
        let circuit = &mut self.shadow().circuit;
        let mut value = number(0, RESULT);
        let mut goes_on = Bit::TRUE;
        for byte in bytes {
            let mut digit = number(0, RESULT);
            let mut is = Bit::FALSE;
            for (n, text) in (0..radix).flat_map(|n| {
                let digit = char::from_digit(n, radix).unwrap_or('0');
                [(n, digit.to_ascii_lowercase()), (n, digit.to_ascii_uppercase())]
            }) {
                let same = circuit.equal(&byte, &number(u64::from(u32::from(text)), 8));
                digit = circuit.choose(same, &number(u64::from(n), RESULT), &digit);
                is = circuit.or(is, same);
            }
            goes_on = circuit.and(goes_on, is);
            let Some(scaled) = circuit.product(&value, &number(u64::from(radix), RESULT)) else { return };
            let next = circuit.plus(&scaled, &digit);
            value = circuit.choose(goes_on, &next, &value);
        }
        self.result = Some(value);
    }

    /// The result of `tolower` and `toupper`.
    pub(super) fn changes_case(&mut self, machine: &World<'_, '_>, lower: bool) {
        let Some(word) = self.argument_word(machine, 0) else { return };
        let Ok(byte) = Byte::try_from(resized(&word, 8)) else { return };
        let changed = if lower { self.lower(byte) } else { self.upper(byte) };
        self.result = Some(changed.to_vec());
    }

    /// The result of `ntohl` and its like: the bytes of a number in the order of the network.
    pub(super) fn in_network_order(&mut self, machine: &World<'_, '_>, size: usize, turns: bool) {
        let Some(word) = self.argument_word(machine, 0) else { return };
        let word = resized(&word, size * 8);
        self.result = Some(match turns {
            true => word.chunks(8).rev().flatten().copied().collect(),
            false => word,
        });
    }

    /// An argument in a register, if it hangs on the input.
    fn argument_word(&mut self, machine: &World<'_, '_>, n: u32) -> Option<Word> {
        let Place::Register(register) = self.place_of_argument(n) else { return None };
        let place = machine.table().register(register.name())?;
        self.shadow().word(machine, place)
    }

    fn lower(&mut self, byte: Byte) -> Byte {
        self.turned(byte, b'A')
    }

    fn upper(&mut self, byte: Byte) -> Byte {
        self.turned(byte, b'a')
    }

    /// Letters from `first` on change their case: bit 5.
    fn turned(&mut self, byte: Byte, first: u8) -> Byte {
        let circuit = &mut self.shadow().circuit;
        let below = circuit.less(&byte, &number(u64::from(first), 8));
        let within = circuit.less(&byte, &number(u64::from(first) + 26, 8));
        let is = circuit.and(below.inverted(), within);
        let mut byte = byte;
        if let Some(bit) = byte.get_mut(5) {
            *bit = circuit.xor(*bit, is);
        }
        byte
    }

    /// Writes bytes that were copied from an address, with what they hang on.
    pub(super) fn copy(&mut self, machine: &mut World<'_, '_>, from: u64, to: u64, bytes: &[u8]) {
        let known: Vec<Option<Byte>> =
            (0..bytes.len() as u64).map(|n| self.shadow().byte(from.wrapping_add(n))).collect();
        self.write(machine, to, bytes);
        for (n, byte) in (0..).zip(known) {
            self.shadow().set_byte(to.wrapping_add(n), byte);
        }
    }
}

fn constant(machine: &World<'_, '_>, at: u64) -> Byte {
    let byte = machine.load(at, 1).unwrap_or(Value::new(0, 1)).low();
    std::array::from_fn(|n| Bit::of(byte >> n & 1 == 1))
}
