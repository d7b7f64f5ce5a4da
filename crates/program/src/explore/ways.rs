//! What an instruction does to control flow: where it goes, what it calls.

use sleigh::Context;
use sleigh::pcode::{Op, Opcode, Varnode};

use super::blocks::{After, Visit, Walked};
use super::{FALLS, RawCall, RawExit, RawPlace, RawTarget};
use crate::address::VirtAddr;
use crate::function::Stop;
use crate::image::CodeAddr;
use crate::instruction::{Flow, Guard, Way, WayKind};
use crate::state::{State, Value, Walk};

enum Effect {
    Goes(RawPlace),
    Calls { returns: bool },
    None,
}

impl Visit<'_, '_, '_, '_> {
    /// Carries out an instruction just decoded.
    pub(super) fn walk(
        &mut self,
        step: &Walked,
        flow: Option<&Flow>,
        contexts: &[Context],
        state: &mut State,
        index: u32,
    ) -> After {
        let explorer = self.explorer;
        let setting = &explorer.setting;
        let mut places: Vec<(Option<Guard>, RawPlace)> = Vec::new();
        let mut called: Option<bool> = None;
        let mut walk = Walk::new(setting, state);
        for place in 0..usize::from(step.instruction.count) {
            let absolute = step.instruction.first + place as u32;
            let Some(op) = self.found.ops.as_slice().get(absolute as usize).copied() else { break };
            let ways = flow.iter().flat_map(|flow| flow.ways.iter().zip(contexts));
            if let Some((way, context)) = ways.into_iter().find(|(way, _)| usize::from(way.op) == place) {
                let value = match way.kind {
                    WayKind::JumpIndirect(v) | WayKind::CallIndirect(v) => walk.value(v),
                    _ => None,
                };
                match self.way(step, way, *context, value, absolute, walk.state) {
                    Effect::Goes(place) => places.push((way.guard, place)),
                    Effect::Calls { returns } => {
                        called = Some(called.unwrap_or(true) && (returns || way.guard.is_some()));
                        self.note_arguments(walk.state);
                    }
                    Effect::None => {}
                }
            }
            self.note_stored(&op, &walk);
            self.note_literal(&op, &walk);
            self.note_choice(&op, &walk);
            walk.step(place, &op, self.found.ops.inputs(&op), step.next, usize::from(step.instruction.count));
        }
        if let Some(flow) = flow {
            self.found.flows.insert(index, flow.clone());
        }
        if called.is_some() {
            let thunk = flow.and_then(|flow| self.pc_thunk_register(flow));
            state.clobber(setting);
            if let Some(register) = thunk {
                state.write(register, Some(Value::Number(step.next.0)));
            }
        }
        if called == Some(false) && places.is_empty() {
            return After::Ends(RawExit::Always(RawPlace::Stop(Stop::NoReturn)));
        }
        let falls = flow.is_none_or(|flow| flow.falls) || called.is_some() && places.is_empty();
        self.exit(step, &places, falls, state)
    }

    fn exit(
        &mut self,
        step: &Walked,
        places: &[(Option<Guard>, RawPlace)],
        falls: bool,
        state: &State,
    ) -> After {
        let next = |visit: &mut Self| visit.place(step.next, step.next_context, None, state);
        let exit = match *places {
            [] if falls => return After::Next,
            [] => RawExit::Always(RawPlace::Stop(Stop::Trap)),
            [(None, place), ..] => RawExit::Always(place),
            [(Some(guard), taken), ref rest @ ..] => {
                let otherwise = match rest.first() {
                    Some((_, place)) => *place,
                    None if falls => next(self),
                    None => RawPlace::Stop(Stop::Trap),
                };
                let op = step.instruction.first + u32::from(guard.op);
                RawExit::Branch { op, when: guard.when, taken, otherwise }
            }
        };
        After::Ends(exit)
    }

    fn way(
        &mut self,
        step: &Walked,
        way: &Way,
        context: Context,
        value: Option<Value>,
        op: u32,
        state: &State,
    ) -> Effect {
        let image = self.explorer.setting.image;
        let mut call = RawCall {
            address: step.instruction.address,
            target: RawTarget::Unresolved,
            indirect: false,
            tail: false,
            conditional: way.guard.is_some(),
        };
        match way.kind {
            WayKind::Return => Effect::Goes(RawPlace::Return),
            WayKind::Trap => Effect::Goes(RawPlace::Stop(Stop::Trap)),
            WayKind::System => {
                self.found.calls.insert(op, RawCall { target: RawTarget::System, ..call });
                Effect::None
            }
            WayKind::Jump(to) if self.links_back(step, state) => {
                let code = CodeAddr { address: to, short: self.explorer.is_short(context) };
                call.target = self.call_target(code);
                self.call(op, call)
            }
            WayKind::Jump(to) => Effect::Goes(self.place(to, context, Some((op, call)), state)),
            WayKind::JumpIndirect(_) if self.links_back(step, state) => {
                call.indirect = true;
                call.target = self.value_target(value);
                self.call(op, call)
            }
            WayKind::JumpIndirect(_) => Effect::Goes(match value {
                Some(Value::ReturnAddress) => RawPlace::Return,
                Some(Value::Number(to)) => {
                    let to = image.code_addr(to);
                    call.indirect = true;
                    self.place(to.address, self.explorer.context(to.short), Some((op, call)), state)
                }
                Some(Value::Import(import)) => {
                    let call =
                        RawCall { target: RawTarget::Import(import), indirect: true, tail: true, ..call };
                    self.found.calls.insert(op, call);
                    RawPlace::TailCall(op)
                }
                Some(Value::Stack(_)) | None => {
                    if state.depth(self.explorer.setting.roles) == Some(0) {
                        let call = RawCall { indirect: true, tail: true, ..call };
                        self.found.leaving.insert(op, call);
                    }
                    RawPlace::Unresolved
                }
            }),
            WayKind::Call(to) => {
                let code = CodeAddr { address: to, short: self.explorer.is_short(context) };
                call.target = self.call_target(code);
                self.call(op, call)
            }
            WayKind::CallIndirect(_) => {
                call.indirect = true;
                call.target = self.value_target(value);
                self.call(op, call)
            }
        }
    }

    /// Does a jump leave its own return address behind? Then it is a call (ARM before version 5, kernel helpers).
    fn links_back(&self, step: &Walked, state: &State) -> bool {
        let setting = &self.explorer.setting;
        let link = setting.roles.link.and_then(|link| state.read(link, setting.table.big_endian()));
        matches!(link, Some(Value::Number(back)) if setting.image.code_addr(back).address == step.next)
    }

    fn value_target(&self, value: Option<Value>) -> RawTarget {
        match value {
            Some(Value::Number(to)) => self.call_target(self.explorer.setting.image.code_addr(to)),
            Some(Value::Import(import)) => RawTarget::Import(import),
            Some(Value::Stack(_) | Value::ReturnAddress) | None => RawTarget::Unresolved,
        }
    }

    fn call_target(&self, code: CodeAddr) -> RawTarget {
        let code = self.explorer.setting.image.whole_function(code);
        match self.explorer.known.stubs.get(&code.address) {
            Some(import) => RawTarget::Import(*import),
            None => RawTarget::Code(code),
        }
    }

    fn call(&mut self, op: u32, call: RawCall) -> Effect {
        self.found.calls.insert(op, call);
        let known = self.explorer.known;
        let returns = match call.target {
            RawTarget::Code(code) => !known.no_return.contains(&code.address),
            RawTarget::Import(import) => known.import_returns(import),
            RawTarget::System | RawTarget::Unresolved => true,
        };
        Effect::Calls { returns }
    }

    /// Where a jump to an address leads: on in this function, or to another one. `call` is what to note in the second
    /// case; falling through has none and is noted as a tail call only into a known function.
    pub(super) fn place(
        &mut self,
        to: VirtAddr,
        context: Context,
        call: Option<(u32, RawCall)>,
        state: &State,
    ) -> RawPlace {
        let known = self.explorer.known;
        let entry = self.found.entry.address;
        let code = CodeAddr { address: to, short: self.explorer.is_short(context) };
        let whole = self.explorer.setting.image.whole_function(code).address;
        let inside = known.fragments.contains(&to) || known.is_unwound_inside(to) && !known.is_entry(to);
        let other = if to == entry || inside && whole == to {
            false
        } else if whole != to && whole != entry || known.is_entry(to) || known.stubs.contains_key(&to) {
            true
        } else {
            let outside = to < entry || self.border.is_some_and(|border| to >= border);
            // With the stack as it was at entry, an unconditional jump elsewhere is the last call of the function.
            let roles = self.explorer.setting.roles;
            let last = call.is_some_and(|(_, call)| !call.conditional);
            outside && last && state.depth(roles).unwrap_or(0) == 0 && !self.found.blocks.contains_key(&to)
        };
        if !other {
            let mapped = self.explorer.setting.image.access(to).is_some_and(|access| access.execute);
            return if mapped { RawPlace::To(to, context) } else { RawPlace::Stop(Stop::Unmapped) };
        }
        let target = self.call_target(code);
        let (op, call) = call.unwrap_or_else(|| {
            let op = (self.found.ops.len() as u32).saturating_sub(1) | FALLS;
            (op, RawCall { address: to, target, indirect: false, tail: true, conditional: false })
        });
        self.found.calls.insert(op, RawCall { target, tail: true, ..call });
        RawPlace::TailCall(op)
    }

    /// Code addresses in argument registers at a call.
    fn note_arguments(&mut self, state: &State) {
        let setting = &self.explorer.setting;
        for register in &setting.roles.arguments {
            if let Some(Value::Number(number)) = state.read(*register, setting.table.big_endian()) {
                self.note_code(number);
            }
        }
    }

    /// Code addresses that are stored.
    fn note_stored(&mut self, op: &Op, walk: &Walk<'_, '_>) {
        let stored = op.input(2).filter(|_| op.opcode() == Opcode::Store);
        match stored.and_then(|stored| walk.value(stored)) {
            // A call's return address is stored as well, on the stack just below the top: it is the next instruction.
            Some(Value::Number(number)) => {
                let own = self.found.instructions.last().map(|instruction| instruction.end().0);
                if own != Some(number) {
                    self.note_code(number);
                }
            }
            Some(Value::ReturnAddress) => self.found.saves_link = true,
            Some(Value::Stack(_) | Value::Import(_)) | None => {}
        }
    }

    /// Constants among the code that it reads itself.
    fn note_literal(&mut self, op: &Op, walk: &Walk<'_, '_>) {
        let setting = &self.explorer.setting;
        let read = match op.opcode() {
            Opcode::Load => match (op.input(1).and_then(|pointer| walk.value(pointer)), op.output()) {
                (Some(Value::Number(address)), Some(output)) => Some((address, output.size)),
                _ => None,
            },
            Opcode::Branch | Opcode::CBranch | Opcode::Call => None,
            _ => op
                .input(0)
                .filter(|input| input.space == setting.table.code_space())
                .map(|input| (input.offset, input.size)),
        };
        if let Some(read) = read.filter(|(address, _)| setting.image.is_code(VirtAddr(*address))) {
            self.found.literals.insert(read);
        }
    }

    /// Code addresses that a resolver computes: it returns one of them.
    fn note_choice(&mut self, op: &Op, walk: &Walk<'_, '_>) {
        let resolves = self.explorer.known.resolvers.contains(&self.found.entry.address);
        if let (true, Opcode::Copy | Opcode::IntAdd, Some(output)) = (resolves, op.opcode(), op.output())
            && let Some(Value::Number(number)) = walk.evaluate(op, output, self.found.ops.inputs(op))
        {
            self.note_code(number);
        }
    }

    fn note_code(&mut self, number: u64) {
        let image = self.explorer.setting.image;
        let code = image.code_addr(number);
        if number != 0 && image.is_code(code.address) && code.address != self.found.entry.address {
            self.found.taken.insert(code);
        }
    }

    /// The register that a call of a thunk loads with the address behind the call.
    pub(super) fn pc_thunk_register(&self, flow: &Flow) -> Option<Varnode> {
        let [Way { kind: WayKind::Call(target), .. }] = flow.ways[..] else { return None };
        self.explorer.setting.pc_thunk_register(target)
    }
}
