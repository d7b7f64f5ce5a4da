//! What is known about registers and stack slots while walking a function.
//!
//! The domain is flat: a place holds a known [`Value`] or nothing is known. States only lose knowledge where paths meet
//! ([`State::join`]), so walking the blocks again until nothing is lost ends after at most as many steps as there are
//! known places. Stores through unknown pointers are assumed not to hit tracked stack slots: code that would break this
//! has no defined meaning in C, and the result is used to *find* code, never to show the absence of something.

use sleigh::Table;
use sleigh::pcode::{Inputs, Op, Opcode, SpaceId, Varnode};

use crate::address::{ImportId, VirtAddr};
use crate::fold::{fold, signed, truncate};
use crate::image::{Abi, Image, Pointer};
use crate::registers::Roles;

/// A known value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number.
    Number(u64),
    /// The stack pointer at entry plus this many bytes.
    Stack(i64),
    /// The address that the function returns to.
    ReturnAddress,
    /// The address of an imported symbol.
    Import(ImportId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    space: u8,
    offset: u64,
    size: u16,
    value: Value,
}

/// Stack slots are kept beside registers, under a space number that no table uses.
const STACK_SPACE: SpaceId = SpaceId(u8::MAX);

/// Known places, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    known: Vec<Known>,
}

/// What the walk needs to know to interpret operations.
pub(crate) struct Setting<'a> {
    pub(crate) image: &'a Image,
    pub(crate) table: &'a Table,
    pub(crate) roles: &'a Roles,
}

impl Setting<'_> {
    /// What a load from the stack into this register gives where the slot is not known. On 64-bit PowerPC, stubs of
    /// imports save the pointer to the table of contents in the frame of their caller, unseen from there; what the caller
    /// loads behind the call is its own pointer (ELF V2 ABI, section 2.3.6; V1, section 3.5.11).
    pub(crate) fn restored(&self, output: Varnode) -> Option<u64> {
        let saves = matches!(self.image.abi, Abi::Ppc64ElfV1 | Abi::Ppc64ElfV2);
        self.image.global_pointer.filter(|_| saves && self.roles.global == Some(output))
    }

    /// 32-bit x86 code gets its own address by calling a function that loads the return address into a register.
    pub(crate) fn pc_thunk_register(&self, target: VirtAddr) -> Option<Varnode> {
        const REGISTERS: [&str; 8] = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"];
        if self.image.language != sleigh::LanguageId::X86 {
            return None;
        }
        // mov (%esp), %reg; ret
        let [0x8b, modrm, 0x24, 0xc3] = *self.image.bytes_from(target).first_chunk::<4>()? else {
            return None;
        };
        let name = REGISTERS.get(usize::from(modrm >> 3)).filter(|_| modrm & 0xc7 == 0x04)?;
        self.table.register(name)
    }
}

impl State {
    /// At the entry of a function.
    pub(crate) fn at_entry(setting: &Setting<'_>, entry: VirtAddr) -> Self {
        let mut state = Self::default();
        let roles = setting.roles;
        state.write(roles.stack, Some(Value::Stack(0)));
        match roles.link {
            Some(link) => state.write(link, Some(Value::ReturnAddress)),
            None => state.write(slot(0, roles.stack.size), Some(Value::ReturnAddress)),
        }
        if let Some(register) = roles.entry {
            state.write(register, Some(Value::Number(entry.0)));
        }
        if let (Some(register), Some(value)) = (roles.global, setting.image.global_pointer) {
            state.write(register, Some(Value::Number(value)));
        }
        state
    }

    /// Keeps only what both know. `true` if something was lost.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        let before = self.known.len();
        self.known.retain(|known| {
            other
                .known
                .binary_search_by_key(&key(known), key)
                .is_ok_and(|index| other.known.get(index) == Some(known))
        });
        self.known.len() != before
    }

    /// What a register or stack slot holds.
    pub(crate) fn read(&self, place: Varnode, big_endian: bool) -> Option<Value> {
        let after = self.known.partition_point(|known| key(known) <= (place.space.0, place.offset));
        let known = self.known.get(..after)?.iter().rev().take(4).find(|known| {
            known.space == place.space.0
                && place.offset + u64::from(place.size) <= known.offset + u64::from(known.size)
        })?;
        if known.offset == place.offset && known.size == place.size {
            return Some(known.value);
        }
        let Value::Number(number) = known.value else { return None };
        let skip = place.offset - known.offset;
        let low = if big_endian { u64::from(known.size) - skip - u64::from(place.size) } else { skip };
        let shifted = number.checked_shr(8 * u32::try_from(low).ok()?)?;
        Some(Value::Number(truncate(shifted, place.size)))
    }

    /// What the stack holds at a distance from the entry stack pointer.
    pub(crate) fn read_slot(&self, distance: i64, size: u16) -> Option<Value> {
        self.read(slot(distance, size), false)
    }

    /// Sets a place; what it overlaps is forgotten.
    pub(crate) fn write(&mut self, place: Varnode, value: Option<Value>) {
        let end = place.offset.saturating_add(u64::from(place.size));
        let from = self.known.partition_point(|known| {
            (known.space, known.offset.saturating_add(u64::from(known.size))) <= (place.space.0, place.offset)
        });
        let to = from
            + self
                .known
                .get(from..)
                .unwrap_or_default()
                .iter()
                .take_while(|known| known.space == place.space.0 && known.offset < end)
                .count();
        let value =
            value.map(|value| Known { space: place.space.0, offset: place.offset, size: place.size, value });
        self.known.splice(from..to, value);
    }

    /// After a call: registers that it need not keep are unknown.
    pub(crate) fn clobber(&mut self, setting: &Setting<'_>) {
        let roles = setting.roles;
        let register = setting.table.register_space().0;
        let kept = |known: &Known| {
            roles.saved.iter().chain([&roles.stack]).chain(&roles.global).any(|saved| {
                known.offset >= saved.offset && known.offset < saved.offset + u64::from(saved.size)
            })
        };
        self.known.retain(|known| known.space != register || kept(known));
        if roles.link.is_none()
            && let Some(Value::Stack(top)) = self.read(roles.stack, false)
        {
            // The callee has taken the return address off.
            self.write(roles.stack, Some(Value::Stack(top.wrapping_add(i64::from(roles.stack.size)))));
        }
    }

    /// After an instruction whose meaning is not known: every register but the stack pointer is unknown.
    pub(crate) fn clobber_all(&mut self, setting: &Setting<'_>) {
        let register = setting.table.register_space().0;
        let stack = setting.roles.stack.offset;
        self.known.retain(|known| known.space != register || known.offset == stack);
    }

    /// How far the stack pointer is from where it was at entry.
    pub(crate) fn depth(&self, roles: &Roles) -> Option<i64> {
        match self.read(roles.stack, false) {
            Some(Value::Stack(depth)) => Some(depth),
            _ => None,
        }
    }
}

fn key(known: &Known) -> (u8, u64) {
    (known.space, known.offset)
}

/// The stack slot at a distance from the entry stack pointer.
fn slot(distance: i64, size: u16) -> Varnode {
    // Shifted to the middle, so that order is kept and no slot wraps.
    Varnode { space: STACK_SPACE, offset: (distance as u64) ^ (1 << 63), size }
}

/// A state inside an instruction: with its temporaries, and knowing whether what follows may be skipped.
pub(crate) struct Walk<'a, 's> {
    setting: &'a Setting<'a>,
    pub(crate) state: &'s mut State,
    temporaries: Vec<(Varnode, Option<Value>)>,
    /// Operations before this index may be skipped.
    guarded: usize,
}

impl<'a, 's> Walk<'a, 's> {
    pub(crate) fn new(setting: &'a Setting<'a>, state: &'s mut State) -> Self {
        Self { setting, state, temporaries: Vec::new(), guarded: 0 }
    }

    /// What an operand holds.
    pub(crate) fn value(&self, operand: Varnode) -> Option<Value> {
        let table = self.setting.table;
        if operand.is_constant() {
            return Some(Value::Number(operand.offset));
        }
        if operand.space == table.unique_space() {
            let known = self.temporaries.iter().rev().find(|(place, _)| place.offset == operand.offset)?;
            return match known {
                (place, value) if place.size == operand.size => *value,
                (place, Some(Value::Number(n))) if operand.size < place.size && !table.big_endian() => {
                    Some(Value::Number(truncate(*n, operand.size)))
                }
                _ => None,
            };
        }
        if operand.space == table.code_space() {
            return self.load(VirtAddr(operand.offset), operand.size);
        }
        self.state.read(operand, table.big_endian())
    }

    fn load(&self, address: VirtAddr, size: u16) -> Option<Value> {
        let image = self.setting.image;
        if size == u16::from(image.pointer_size) {
            match image.pointer_at(address) {
                Some(Pointer::Local(target)) => return Some(Value::Number(target.0)),
                Some(Pointer::Import(import)) => return Some(Value::Import(import)),
                Some(Pointer::Resolver(_)) => return None,
                None => {}
            }
        }
        let size = u8::try_from(size).ok().filter(|size| (1..=8).contains(size))?;
        image.is_read_only(address).then(|| image.read_uint(address, size)).flatten().map(Value::Number)
    }

    /// Carries out operation `index` of an instruction. Control flow is the caller's business, except that operations
    /// which may be skipped only weaken what is known.
    pub(crate) fn step(&mut self, index: usize, op: &Op, inputs: Inputs<'_>, next: VirtAddr, count: usize) {
        let opcode = op.opcode();
        if opcode == Opcode::CBranch {
            self.skip(index, op, next, count);
            return;
        }
        if opcode == Opcode::Store {
            self.store(index, op);
            return;
        }
        let Some(output) = op.output() else { return };
        let value = self.evaluate(op, output, inputs);
        self.assign(index, output, value);
    }

    fn skip(&mut self, index: usize, op: &Op, next: VirtAddr, count: usize) {
        let Some(target) = op.input(0) else { return };
        let end = match target.is_constant() {
            true => index.wrapping_add(signed((target.offset, target.size)) as usize),
            false if target.offset == next.0 => count,
            false => return,
        };
        if end > index {
            self.guarded = self.guarded.max(end);
        }
    }

    fn assign(&mut self, index: usize, output: Varnode, value: Option<Value>) {
        let table = self.setting.table;
        if output.space == table.unique_space() {
            self.temporaries.push((output, value));
        } else if output.space == table.register_space() {
            let may_skip = index < self.guarded;
            let value = value
                .filter(|value| !may_skip || self.state.read(output, table.big_endian()) == Some(*value));
            self.state.write(output, value);
        }
    }

    fn store(&mut self, index: usize, op: &Op) {
        let (Some(space), Some(pointer), Some(stored)) = (op.input(0), op.input(1), op.input(2)) else {
            return;
        };
        if space.offset != u64::from(self.setting.table.code_space().0) {
            return;
        }
        if let Some(Value::Stack(distance)) = self.value(pointer) {
            let place = slot(distance, stored.size);
            let value = self.value(stored).filter(|_| index >= self.guarded);
            self.state.write(place, value);
        }
    }

    /// What an operation gives.
    pub(crate) fn evaluate(&self, op: &Op, output: Varnode, inputs: Inputs<'_>) -> Option<Value> {
        let opcode = op.opcode();
        match opcode {
            Opcode::Copy => return self.value(op.input(0)?),
            Opcode::Load => return self.load_through(op, output),
            Opcode::CallOther => return None,
            _ => {}
        }
        let mut numbers = Vec::with_capacity(2);
        for input in inputs {
            match self.value(input)? {
                Value::Number(number) => numbers.push((number, input.size)),
                value => return self.pointer_arithmetic(op, value),
            }
        }
        fold(opcode, output.size, &numbers).map(Value::Number)
    }

    fn load_through(&self, op: &Op, output: Varnode) -> Option<Value> {
        let size = output.size;
        let (space, pointer) = (op.input(0)?, op.input(1)?);
        if space.offset != u64::from(self.setting.table.code_space().0) {
            return None;
        }
        match self.value(pointer)? {
            Value::Number(address) => self.load(VirtAddr(address), size),
            Value::Stack(distance) => {
                let restored = || self.setting.restored(output).map(Value::Number);
                self.state.read(slot(distance, size), false).or_else(restored)
            }
            Value::ReturnAddress | Value::Import(_) => None,
        }
    }

    fn pointer_arithmetic(&self, op: &Op, first: Value) -> Option<Value> {
        let (a, b) = (op.input(0)?, op.input(1));
        let Some(b) = b else {
            // A pointer stays one when widened.
            return matches!(op.opcode(), Opcode::IntZExt | Opcode::IntSExt).then_some(first);
        };
        match (op.opcode(), self.value(a)?, self.value(b)?) {
            (Opcode::IntAdd, Value::Stack(base), Value::Number(n)) => {
                Some(Value::Stack(base.wrapping_add(signed((n, b.size)))))
            }
            (Opcode::IntAdd, Value::Number(n), Value::Stack(base)) => {
                Some(Value::Stack(base.wrapping_add(signed((n, a.size)))))
            }
            (Opcode::IntSub, Value::Stack(base), Value::Number(n)) => {
                Some(Value::Stack(base.wrapping_sub(signed((n, b.size)))))
            }
            (Opcode::IntSub, Value::Stack(x), Value::Stack(y)) => {
                Some(Value::Number(truncate(x.wrapping_sub(y) as u64, a.size)))
            }
            // Aligning the stack pointer.
            (Opcode::IntAnd, Value::Stack(base), Value::Number(n)) if signed((n, b.size)) < 0 => {
                Some(Value::Stack(base & signed((n, b.size))))
            }
            // Clearing the mode bit of a code pointer.
            (Opcode::IntAnd, value @ (Value::ReturnAddress | Value::Import(_)), Value::Number(n))
                if signed((n, b.size)) >= -4 =>
            {
                Some(value)
            }
            (Opcode::IntOr | Opcode::IntAdd, value, Value::Number(0)) => Some(value),
            (Opcode::IntOr | Opcode::IntAdd, Value::Number(0), value) => Some(value),
            _ => None,
        }
    }
}
