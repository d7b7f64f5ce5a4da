//! What registers and memory hold, as functions of the input: beside the machine that runs on numbers.
//!
//! The machine decides which way is taken; the shadow knows on which conditions. "Concolic execution", after Godefroid,
//! Levin and Molnar, "Automated Whitebox Fuzz Testing" (NDSS 2008). Where the shadow cannot follow (floats, addresses
//! that hang on more than one byte, gates that are used up) it takes the number of this run: what is solved from that may
//! be wrong, which running it shows.

use sleigh::emulate::{ByteOrder, Machine, Upcoming};
use sleigh::pcode::{Op, Opcode, SpaceId, Varnode};

use super::circuit::{Bit, Circuit, MAX_CASES};
use super::words::{Word, constant, number, resized};
use crate::filler::Filler;
use crate::hash::HashMap;

/// Gates of one run.
const MAX_GATES: usize = 1 << 19;
/// Conditions remembered of one run.
const MAX_FORKS: usize = 2_000;
/// Widest register or piece of memory that is followed, in bytes.
const MAX_SIZE: u16 = 64;

type State<'m, 'f> = Machine<'m, Filler<'f>>;

/// A place where the input decides how the program goes on.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    /// The instruction.
    pub(super) address: u64,
    /// Holds in this run.
    pub(super) taken: Bit,
    /// Where this run went then; 0 until that is known.
    pub(super) went: u64,
    /// [`Shadow::state`] then.
    pub(super) state: u64,
    /// Other ways: what must hold instead, and where they lead if the instruction alone does not tell.
    pub(super) others: Vec<(Bit, Option<u64>)>,
}

/// The shadow of a machine.
pub(super) struct Shadow {
    pub(super) circuit: Circuit,
    pub(super) forks: Vec<Fork>,
    /// A digest of what the program itself, not the input, has written to its global variables.
    pub(super) state: u64,
    bytes: HashMap<(SpaceId, u64), [Bit; 8]>,
    memory: SpaceId,
    data_order: ByteOrder,
    register_order: ByteOrder,
}

impl Shadow {
    pub(super) fn new(machine: &State<'_, '_>) -> Self {
        let table = machine.table();
        let register_order = if table.big_endian() { ByteOrder::Big } else { ByteOrder::Little };
        Self {
            circuit: Circuit::new(MAX_GATES),
            forks: Vec::new(),
            state: 0,
            bytes: HashMap::default(),
            memory: table.code_space(),
            data_order: machine.data_order,
            register_order,
        }
    }

    /// Byte `position` of the input stands at an address.
    pub(super) fn arrives(&mut self, address: u64, position: usize) {
        let byte = self.circuit.byte(position);
        self.bytes.insert((self.memory, address), byte);
    }

    /// The byte at an address, as far as it hangs on the input.
    pub(super) fn byte(&self, address: u64) -> Option<[Bit; 8]> {
        self.bytes.get(&(self.memory, address)).copied().filter(|_| !self.circuit.is_full())
    }

    pub(super) fn set_byte(&mut self, address: u64, byte: Option<[Bit; 8]>) {
        match byte {
            Some(byte) => self.bytes.insert((self.memory, address), byte),
            None => self.bytes.remove(&(self.memory, address)),
        };
    }

    /// Sets what a register holds.
    pub(super) fn set_register(&mut self, place: Varnode, word: Option<Word>) {
        self.set(place, word.as_deref());
    }

    fn places(&self, place: Varnode) -> impl Iterator<Item = (SpaceId, u64)> + use<> {
        let order = if place.space == self.memory { self.data_order } else { self.register_order };
        let last = u64::from(place.size).wrapping_sub(1);
        (0..u64::from(place.size)).map(move |n| {
            let n = if order == ByteOrder::Big { last - n } else { n };
            (place.space, place.offset.wrapping_add(n))
        })
    }

    /// What a place holds, if any of it hangs on the input.
    pub(super) fn word(&self, machine: &State<'_, '_>, place: Varnode) -> Option<Word> {
        if place.is_constant() || place.size > MAX_SIZE || self.circuit.is_full() {
            return None;
        }
        if !self.places(place).any(|at| self.bytes.contains_key(&at)) {
            return None;
        }
        let now = self.now(machine, place)?;
        let known = self.places(place).zip(now.chunks(8));
        Some(
            known
                .flat_map(|(at, now)| self.bytes.get(&at).map_or(now.to_vec(), |bits| bits.to_vec()))
                .collect(),
        )
    }

    /// The number that a place holds in this run.
    fn now(&self, machine: &State<'_, '_>, place: Varnode) -> Option<Word> {
        let value = match machine.registers.read(place) {
            Some(value) => value,
            None => machine.load(place.offset, place.size).ok()?,
        };
        let low = value.low_u128();
        Some((0..usize::from(place.size) * 8).map(|n| Bit::of(n < 128 && low >> n & 1 == 1)).collect())
    }

    fn set(&mut self, place: Varnode, word: Option<&[Bit]>) {
        if self.bytes.is_empty() && word.is_none() {
            return;
        }
        let chunks = word.map(|word| resized(word, usize::from(place.size) * 8));
        for (n, at) in self.places(place).enumerate() {
            let bits = chunks.as_ref().and_then(|word| word.get(n * 8..n * 8 + 8));
            let bits = bits.filter(|bits| bits.iter().any(|bit| bit.constant().is_none()));
            match bits.and_then(|bits| <[Bit; 8]>::try_from(bits).ok()) {
                Some(bits) => self.bytes.insert(at, bits),
                None => self.bytes.remove(&at),
            };
        }
    }

    /// Follows an operation that is about to be executed.
    pub(super) fn before(&mut self, machine: &State<'_, '_>, upcoming: &Upcoming<'_>) {
        let op = upcoming.op;
        if self.bytes.is_empty() {
            return;
        }
        match op.opcode() {
            Opcode::Load => self.load(machine, op),
            Opcode::Store => self.store(machine, op),
            Opcode::CBranch => self.branch(machine, upcoming),
            Opcode::BranchInd => self.jump(machine, upcoming),
            Opcode::Branch | Opcode::Call | Opcode::CallInd | Opcode::Return => {}
            _ => self.compute(machine, op),
        }
    }

    fn store(&mut self, machine: &State<'_, '_>, op: &Op) {
        let (Some(at), Some(value)) = (self.pointed(machine, op), op.input(2)) else { return };
        let word = self.word(machine, value);
        let place = Varnode { size: value.size, ..at };
        if word.is_none() {
            self.remember(machine, place, value);
        }
        self.set(place, word.as_deref());
    }

    /// The program writes a value of its own to one of its variables.
    fn remember(&mut self, machine: &State<'_, '_>, place: Varnode, value: Varnode) {
        if place.space == self.memory && machine.memory.is_image(place.offset) {
            let number = |place| self.now(machine, place).and_then(|word| constant(&word)).unwrap_or(0);
            let (old, new) = (number(place), number(value));
            self.state ^= mixed(place.offset, old) ^ mixed(place.offset, new);
        }
    }

    fn compute(&mut self, machine: &State<'_, '_>, op: &Op) {
        let Some(output) = op.output() else { return };
        let places: Vec<Varnode> = (0..op.input_count()).map_while(|n| op.input(n)).collect();
        let words: Vec<Option<Word>> = places.iter().map(|place| self.word(machine, *place)).collect();
        if words.iter().all(Option::is_none) || op.opcode() == Opcode::CallOther {
            if let (Opcode::Copy, [value]) = (op.opcode(), places.as_slice()) {
                self.remember(machine, output, *value);
            }
            return self.set(output, None);
        }
        let pairs = words.into_iter().zip(&places);
        let all: Option<Vec<Word>> =
            pairs.map(|(word, place)| word.or_else(|| self.now(machine, *place))).collect();
        let result = all.and_then(|words| self.circuit.operation(op.opcode(), &words, output.size));
        self.set(output, result.as_deref());
    }

    /// The place that a LOAD or STORE means in this run; one byte of it.
    fn pointed(&self, machine: &State<'_, '_>, op: &Op) -> Option<Varnode> {
        let space = SpaceId(u8::try_from(op.input(0)?.offset).ok()?);
        let pointer = op.input(1)?;
        let offset = constant(&self.now(machine, pointer)?)?;
        Some(Varnode { space, offset, size: 1 })
    }

    fn load(&mut self, machine: &State<'_, '_>, op: &Op) {
        let (Some(output), Some(pointer)) = (op.output(), op.input(1)) else { return };
        let looked_up = self.word(machine, pointer).and_then(|address| {
            let bits = usize::from(output.size.min(8)) * 8;
            self.looked_up(&address, bits, |address| machine.load(address, output.size).ok()?.to_u64())
        });
        let word = looked_up.or_else(|| {
            let at = self.pointed(machine, op)?;
            self.word(machine, Varnode { size: output.size, ..at })
        });
        self.set(output, word.as_deref());
    }

    /// A function of a word that hangs on one byte of the input: its value for each of that byte's.
    fn looked_up(&mut self, word: &[Bit], bits: usize, value: impl Fn(u64) -> Option<u64>) -> Option<Word> {
        let support = self.circuit.support(word, MAX_CASES).filter(|support| !support.is_empty())?;
        let cases = self.circuit.values(word, &support).into_iter();
        let leaves: Vec<Word> = cases.map(|case| number(value(case).unwrap_or(0), bits)).collect();
        let selectors: Vec<Bit> = support
            .iter()
            .filter_map(|input| self.circuit.byte(*input as usize / 8).get(*input as usize % 8).copied())
            .collect();
        // The lowest selector tells neighbours apart.
        let mut level = leaves;
        for selector in selectors {
            level = level
                .chunks(2)
                .filter_map(|pair| match pair {
                    [zero, one] => Some(self.circuit.choose(selector, one, zero)),
                    _ => None,
                })
                .collect();
        }
        level.pop()
    }

    fn branch(&mut self, machine: &State<'_, '_>, upcoming: &Upcoming<'_>) {
        let Some(condition) = upcoming.op.input(1) else { return };
        let Some(word) = self.word(machine, condition) else { return };
        let holds = self.circuit.any(&word);
        let truth = self.now(machine, condition).is_some_and(|now| now.contains(&Bit::TRUE));
        let taken = holds.inverted_if(!truth);
        self.fork(upcoming.from, taken, vec![(taken.inverted(), None)]);
    }

    /// A jump through a table that the input selects from.
    fn jump(&mut self, machine: &State<'_, '_>, upcoming: &Upcoming<'_>) {
        let Some(target) = upcoming.op.input(0) else { return };
        let Some(word) = self.word(machine, target) else { return };
        let Some(support) = self.circuit.support(&word, MAX_CASES) else { return };
        let now = self.now(machine, target).and_then(|now| constant(&now)).unwrap_or(0);
        let mut targets = self.circuit.values(&word, &support);
        targets.sort_unstable();
        targets.dedup();
        let mut others = Vec::new();
        for to in targets.into_iter().filter(|to| *to != now) {
            let there = self.circuit.equal(&word, &number(to, word.len()));
            others.push((there, Some(to)));
        }
        let here = self.circuit.equal(&word, &number(now, word.len()));
        self.fork(upcoming.from, here, others);
    }

    pub(super) fn fork(&mut self, address: u64, taken: Bit, others: Vec<(Bit, Option<u64>)>) {
        if self.forks.len() < MAX_FORKS && !self.circuit.is_full() && taken.constant().is_none() {
            self.forks.push(Fork { address, taken, went: 0, state: self.state, others });
        }
    }
}

/// A digest of two numbers.
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    (a ^ b.wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}
