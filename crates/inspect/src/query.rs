//! Comparisons of outside data with something that the program determines, which several detectors ask for.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Comparison, Facts, FunctionFacts, Guard, Labels, Test, Value, ValueId};
use program::{BlockId, FuncId, VirtAddr};

/// Data from outside that must equal something that the program determines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConstantTest {
    pub(crate) function: FuncId,
    /// The branching block and instruction.
    pub(crate) block: BlockId,
    pub(crate) address: VirtAddr,
    /// Where the datum is, so that two tests of the same datum can be told.
    pub(crate) subject: Subject,
    /// Where the datum comes from.
    pub(crate) labels: Labels,
    /// What it must equal.
    pub(crate) value: Vec<u8>,
    pub(crate) how: Comparison,
    /// A single number rather than a text.
    pub(crate) number: bool,
    /// The program computes the value, which stands nowhere in it.
    pub(crate) concealed: bool,
}

/// A datum: a value, or memory at a distance from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// At an address of the image.
    Fixed(i64),
    Stack(i64),
    At(ValueId, i64),
}

impl Subject {
    pub(crate) fn of(facts: &Facts<'_>, function: FuncId, value: ValueId) -> Self {
        let Some(own) = facts.function(function) else { return Self::At(value, 0) };
        let value = own.resolve(value);
        match own.arena.get(value) {
            Value::Number(address) => Self::Fixed(address as i64),
            Value::Stack(distance) => Self::Stack(distance),
            _ => {
                let (base, distance) = own.arena.base(value);
                Self::At(base, distance)
            }
        }
    }

    /// Bytes from another place of the same datum to this one.
    fn minus(self, other: Self) -> Option<i64> {
        match (self, other) {
            (Self::Fixed(a), Self::Fixed(b)) | (Self::Stack(a), Self::Stack(b)) => a.checked_sub(b),
            (Self::At(x, a), Self::At(y, b)) if x == y => a.checked_sub(b),
            _ => None,
        }
    }

    /// Do both lie in one structure? Compilers load what the next turn of a loop needs at the end of this one.
    pub(crate) fn is_beside(self, own: &FunctionFacts, other: ValueId) -> bool {
        let structures = |value: ValueId| -> BTreeSet<ValueId> {
            let value = own.resolve(value);
            let loaded = own.arena.operands(value).iter().map(|operand| operand.2).chain([value]);
            let from = loaded.filter_map(|value| match own.arena.get(value) {
                Value::Load { at, .. } => Some(own.arena.base(at).0),
                _ => None,
            });
            from.collect()
        };
        match self {
            Self::At(value, 0) => !structures(value).is_disjoint(&structures(other)),
            _ => false,
        }
    }

    fn plus(self, bytes: i64) -> Self {
        match self {
            Self::Fixed(address) => Self::Fixed(address.wrapping_add(bytes)),
            Self::Stack(distance) => Self::Stack(distance.wrapping_add(bytes)),
            Self::At(base, distance) => Self::At(base, distance.wrapping_add(bytes)),
        }
    }
}

/// Shortest text that is worth a finding.
const MIN_TEXT: usize = 3;

/// Tests of outside data against constants that hold whenever a block runs, the closest first.
pub(crate) fn constant_tests(facts: &Facts<'_>, function: FuncId, guards: &[Guard]) -> Vec<ConstantTest> {
    let mut all: Vec<ConstantTest> = guards
        .iter()
        .filter(|guard| guard.holds)
        .filter_map(|guard| text_test(facts, function, guard))
        .collect();
    all.extend(inlined(facts, function, guards));
    let order = |test: &ConstantTest| guards.iter().position(|guard| guard.address == test.address);
    all.sort_by_key(order);
    all
}

fn outside(facts: &Facts<'_>, function: FuncId, value: ValueId) -> Option<Labels> {
    Some(facts.labels(function, value)).filter(|labels| labels.meets(Labels::OUTSIDE.or(Labels::DOCUMENT)))
}

/// Also data of which it is not seen where they come from: a text that they must equal tells enough.
pub(crate) fn outside_or_unseen(facts: &Facts<'_>, function: FuncId, value: ValueId) -> Option<Labels> {
    outside(facts, function, value).or_else(|| facts.is_unseen(function, value).then_some(Labels::UNSEEN))
}

fn text_test(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> Option<ConstantTest> {
    let Test::Text { how, left, right, limit, .. } = guard.test else { return None };
    let constant = |value: ValueId| match (how, limit) {
        (Comparison::Bytes, Some(count)) => {
            let decoded = || facts.text(function, value).filter(|text| text.len() as u64 == count);
            facts.bytes(function, value, count).or_else(decoded).map(<[u8]>::to_vec)
        }
        (Comparison::Prefix | Comparison::CaselessPrefix, Some(count)) => {
            let text = facts.text(function, value)?;
            Some(text.get(..usize::try_from(count).ok()?.min(text.len()))?.to_vec())
        }
        _ => facts.text(function, value).map(<[u8]>::to_vec),
    };
    let (datum, own, mut value) = match (constant(left), constant(right)) {
        (None, Some(value)) => (left, right, value),
        (Some(value), None) => (right, left, value),
        _ => return None,
    };
    let how = if how == Comparison::Bytes && is_whole_text(&value) {
        value.pop();
        Comparison::Text
    } else {
        how
    };
    let labels = outside_or_unseen(facts, function, datum).filter(|_| value.len() >= MIN_TEXT)?;
    Some(ConstantTest {
        function,
        block: guard.block,
        address: guard.address,
        subject: Subject::of(facts, function, datum),
        labels,
        value,
        how,
        number: false,
        concealed: facts.is_concealed(function, own),
    })
}

/// A text with its end: compilers that know how long one is compare bytes.
fn is_whole_text(bytes: &[u8]) -> bool {
    let text = bytes.strip_suffix(&[0]).unwrap_or_default();
    !text.is_empty() && text.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Every comparison of a piece of outside data with a constant, however small, the closest first: texts, bytes and
/// words, cases of a switch.
pub(crate) fn pieces(facts: &Facts<'_>, function: FuncId, guards: &[Guard]) -> Vec<ConstantTest> {
    guards.iter().filter(|guard| guard.holds).filter_map(|guard| piece(facts, function, guard)).collect()
}

fn piece(facts: &Facts<'_>, function: FuncId, guard: &Guard) -> Option<ConstantTest> {
    if let Some(test) = text_test(facts, function, guard) {
        return Some(test);
    }
    let own = facts.function(function)?;
    let (subject, number, at_least) = match guard.test {
        Test::Equal { left, right } => (left, own.arena.number(right)?, 1),
        Test::Case { subject, number } => (subject, number, 1),
        Test::Text { .. } | Test::Less { .. } => return None,
    };
    let labels = outside(facts, function, subject)?;
    let size = match own.arena.get(own.resolve(subject)) {
        Value::Load { size, .. } if size <= 8 => size,
        _ => (8 - number.leading_zeros() as u16 / 8).max(at_least),
    };
    if is_pointer(facts, number) || is_blank(&number.to_le_bytes(), usize::from(size)) {
        return None;
    }
    Some(ConstantTest {
        function,
        block: guard.block,
        address: guard.address,
        subject: Subject::of(facts, function, subject),
        labels,
        value: facts.program().image.endian.bytes_of(number, size),
        how: Comparison::Bytes,
        number: false,
        concealed: false,
    })
}

/// All zero or all one: empty, or -1.
fn is_blank(bytes: &[u8], size: usize) -> bool {
    let bytes = bytes.get(..size).unwrap_or(bytes);
    bytes.iter().all(|byte| *byte == 0) || bytes.iter().all(|byte| *byte == 0xff)
}

/// Bytes compared one after the other, or words at a time: neighbours are put together.
fn inlined(facts: &Facts<'_>, function: FuncId, guards: &[Guard]) -> Vec<ConstantTest> {
    let mut pieces: BTreeMap<Subject, (Vec<u8>, Guard, Labels)> = BTreeMap::new();
    let mut numbers = Vec::new();
    for guard in guards.iter().filter(|guard| guard.holds) {
        let Test::Equal { left, right } = guard.test else { continue };
        let Some(own) = facts.function(function) else { continue };
        let Some(number) = own.arena.number(right) else { continue };
        let Some(labels) = outside(facts, function, left) else { continue };
        if is_pointer(facts, number) {
            continue;
        }
        match own.arena.get(left) {
            Value::Load { at, size } if size <= 8 => {
                let bytes = facts.program().image.endian.bytes_of(number, size);
                pieces.insert(Subject::of(facts, function, at), (bytes, *guard, labels));
            }
            _ if number > 0xffff && number < u64::from(u32::MAX) - 0xffff => {
                let bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
                if is_mostly_blank(&bytes) {
                    continue;
                }
                numbers.push(ConstantTest {
                    function,
                    block: guard.block,
                    address: guard.address,
                    subject: Subject::of(facts, function, left),
                    labels,
                    value: bytes,
                    how: Comparison::Bytes,
                    number: true,
                    concealed: false,
                });
            }
            _ => {}
        }
    }
    let mut all = numbers;
    all.extend(runs(function, pieces));
    all
}

fn runs(
    function: FuncId,
    pieces: BTreeMap<Subject, (Vec<u8>, Guard, Labels)>,
) -> impl Iterator<Item = ConstantTest> {
    let mut tests: Vec<(Subject, ConstantTest)> = Vec::new();
    for (subject, (bytes, guard, labels)) in pieces {
        // Compilers compare seven bytes as two words that overlap.
        if let Some((next, test)) = tests.last_mut()
            && let Some(known) = next.minus(subject).and_then(|known| usize::try_from(known).ok())
            && known < bytes.len()
        {
            *next = subject.plus(bytes.len() as i64);
            test.value.extend(bytes.iter().skip(known));
            test.labels = test.labels.or(labels);
            continue;
        }
        let test = ConstantTest {
            function,
            block: guard.block,
            address: guard.address,
            subject,
            labels,
            value: bytes.clone(),
            how: Comparison::Text,
            number: false,
            concealed: false,
        };
        tests.push((subject.plus(bytes.len() as i64), test));
    }
    tests.into_iter().filter_map(|(_, mut test)| {
        if test.value.last() == Some(&0) {
            test.value.pop();
        } else {
            test.how = Comparison::Prefix;
        }
        if is_mostly_blank(&test.value) {
            return None;
        }
        let printable = test.value.iter().all(|b| (0x20..0x7f).contains(b));
        let least = if printable { MIN_TEXT } else { 4 };
        (test.value.len() >= least).then_some(test)
    })
}

/// Zeros are what empty memory and missing pointers are compared with, ones are -1: failure. Both together make masks,
/// limits, flags and classes of addresses.
fn is_mostly_blank(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| matches!(byte, 0 | 0xff)).count() * 2 >= bytes.len()
}

/// An address of the image: pointers are compared with those, too.
fn is_pointer(facts: &Facts<'_>, number: u64) -> bool {
    number > 0xfff && facts.program().image.access(VirtAddr(number)).is_some()
}

/// Does a function pass a text that begins like this to a call?
pub(crate) fn calls_text(facts: &Facts<'_>, function: FuncId, start: &[u8]) -> bool {
    let Some(own) = facts.function(function) else { return false };
    let mut arguments = own.calls.values().flat_map(|site| &site.arguments);
    arguments.any(|value| facts.text(function, *value).is_some_and(|text| text.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_limits_are_no_triggers() {
        for number in [0x0fff_ffff_u32, 0x8000_0000, 0x7f00_0000, 0x00ff_ffff, 0x0001_0000, 0xffff_f000] {
            assert!(is_mostly_blank(&number.to_be_bytes()), "{number:#x}");
        }
        assert!(!is_mostly_blank(&0x7c9e_6a35_u32.to_be_bytes()));
    }

    #[test]
    fn bytes_that_end_like_a_text_are_one() {
        assert!(is_whole_text(b"XDIAG7\0") && !is_whole_text(b"XDIAG7"));
        assert!(!is_whole_text(b"\0") && !is_whole_text(b"a\0b\0"));
    }
}
