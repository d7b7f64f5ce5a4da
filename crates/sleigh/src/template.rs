//! From templates to P-code.
//!
//! The main template of each node is run in the order its parent demands (`BUILD`). Operands that are pointers cost a
//! `LOAD` before or a `STORE` behind the operation that uses them. Branches inside one instruction name labels first;
//! when all operations are known the labels become distances.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers from the table were checked when it was loaded; slot numbers are made by the resolver"
)]

use crate::error::Fault;
use crate::handle::{Handle, Scope, located, place};
use crate::pcode::{MAX_INPUTS, NO_VARNODE, Op, Opcode, Ops, SpaceId, Varnode};
use crate::resolve::Tree;
use crate::table::{BUILD, Constant, DELAY_SLOT, LABEL, NONE, OpTemplate, Table, VarnodeTemplate};

const MAX_DEPTH: u32 = 128;
const MAX_OPS: usize = 4096;
const MAX_LABELS: usize = 4096;
/// Templates run for one instruction.
const MAX_BUILDS: u32 = 4096;
const UNSET: u32 = u32::MAX;
/// Place, above the table's last temporary, of the address of a part of a pointed-to operand.
const PART_ADDRESS: u64 = 0x100;

/// The operations of an instruction in the making; the memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub ops: Ops,
    /// Operation that each label stands before.
    labels: Vec<u32>,
    /// Operations whose first input is a label.
    branches: Vec<u32>,
    inputs: Vec<Varnode>,
    builds: u32,
}

/// Builds one instruction.
pub(crate) struct Engine<'a> {
    pub table: &'a Table,
    /// The instructions in the delay slot.
    pub delayed: &'a [Tree],
    pub out: &'a mut Output,
}

/// One node being built.
#[derive(Clone, Copy)]
struct Node<'a> {
    scope: Scope<'a>,
    /// Bits that keep temporaries of different instructions apart.
    unique: u64,
    /// Number of its first label.
    labels: usize,
}

impl Output {
    pub(crate) fn clear(&mut self) {
        self.ops.clear();
        self.labels.clear();
        self.branches.clear();
        self.builds = 0;
    }

    fn push(&mut self, op: Op) -> Result<(), Fault> {
        if self.ops.len() >= MAX_OPS {
            return Err(Fault::Limit);
        }
        self.ops.push_op(op);
        Ok(())
    }

    /// Turns labels into distances.
    fn resolve_branches(&mut self) -> Result<(), Fault> {
        for index in &self.branches {
            let op = self.ops.op_mut(*index as usize).ok_or(Fault::Unsupported)?;
            let label = self.labels.get(op.first_offset() as usize);
            let target = label.filter(|target| **target != UNSET).ok_or(Fault::Unsupported)?;
            op.set_distance(u64::from(*target).wrapping_sub(u64::from(*index)));
        }
        Ok(())
    }
}

impl Engine<'_> {
    /// Runs the templates of an instruction; `next` is the address after its delay slot.
    pub(crate) fn run(&mut self, tree: &Tree, next: u64) -> Result<(), Fault> {
        self.build(tree, 0, next, 0, false)?;
        if self.out.branches.is_empty() { Ok(()) } else { self.out.resolve_branches() }
    }

    fn build(&mut self, tree: &Tree, slot: usize, next: u64, depth: u32, delayed: bool) -> Result<(), Fault> {
        let table = self.table;
        let own = tree.slots[slot];
        let constructor = &table.constructors[own.constructor as usize];
        if constructor.template == NONE {
            return Err(Fault::Unimplemented);
        }
        let template = &table.templates[constructor.template as usize];
        let labels = self.out.labels.len();
        self.out.builds += 1;
        if depth > MAX_DEPTH
            || self.out.builds > MAX_BUILDS
            || labels + usize::from(template.labels) > MAX_LABELS
        {
            return Err(Fault::Limit);
        }
        if template.labels > 0 {
            self.out.labels.resize(labels + usize::from(template.labels), UNSET);
        }
        let first = usize::from(own.first);
        let handles = &tree.handles[first..first + constructor.operands.count as usize];
        let scope = Scope { table, handles, start: tree.address, next };
        let node = Node { scope, unique: (tree.address & table.unique_mask) << 4, labels };
        for op in &table.ops[template.ops.indices()] {
            match op.code {
                BUILD if tree.slots[first + op.first as usize].constructor == NONE => {}
                BUILD => self.build(tree, first + op.first as usize, next, depth + 1, delayed)?,
                LABEL => self.out.labels[labels + op.first as usize] = self.out.ops.len() as u32,
                DELAY_SLOT if delayed => return Err(Fault::NestedDelaySlot),
                DELAY_SLOT => {
                    let slots = self.delayed;
                    slots.iter().try_for_each(|slot| self.build(slot, 0, slot.next, depth + 1, true))?;
                }
                _ => self.emit(&node, op)?,
            }
        }
        Ok(())
    }

    /// One ordinary operation, with the accesses to memory that its operands need.
    fn emit(&mut self, node: &Node<'_>, template: &OpTemplate) -> Result<(), Fault> {
        let opcode = Opcode::from_code(template.code).ok_or(Fault::Unsupported)?;
        let first = template.first as usize;
        let inputs = &self.table.template_inputs[first..first + usize::from(template.inputs)];
        if inputs.len() > 3 {
            return self.emit_many(node, opcode, template.output, inputs);
        }
        let mut all = [NO_VARNODE; 3];
        for (varnode, input) in all.iter_mut().zip(inputs) {
            *varnode = self.input(node, *input)?;
        }
        if let (Opcode::Branch | Opcode::CBranch, [target, ..]) = (opcode, inputs)
            && self.is_label(*target)
        {
            self.branch(node, &mut all[0]);
        }
        if template.output == NONE {
            return self.out.push(Op::pack(opcode, None, all, template.inputs));
        }
        if let Some(output) = self.plain(node, template.output) {
            return self.out.push(Op::pack(opcode, Some(output), all, template.inputs));
        }
        let (output, pointer) = self.varnode(node, template.output)?;
        self.out.push(Op::pack(opcode, Some(output), all, template.inputs))?;
        match pointer {
            Some(pointer) => self.store(node, &pointer, output),
            None => Ok(()),
        }
    }

    /// An operation whose inputs do not fit in it.
    fn emit_many(
        &mut self,
        node: &Node<'_>,
        opcode: Opcode,
        output: u32,
        inputs: &[u32],
    ) -> Result<(), Fault> {
        if inputs.len() > MAX_INPUTS || self.out.ops.len() + inputs.len() >= MAX_OPS {
            return Err(Fault::Limit);
        }
        let mut staged = std::mem::take(&mut self.out.inputs);
        staged.clear();
        for input in inputs {
            staged.push(self.input(node, *input)?);
        }
        let output = if output == NONE { None } else { Some(self.varnode(node, output)?) };
        self.out.ops.push(opcode, output.map(|(varnode, _)| varnode), &staged);
        self.out.inputs = staged;
        match output {
            Some((output, Some(pointer))) => self.store(node, &pointer, output),
            _ => Ok(()),
        }
    }

    fn is_label(&self, varnode: u32) -> bool {
        match self.table.varnodes[varnode as usize] {
            VarnodeTemplate::General(number) => {
                let [_, offset, _] = self.table.general_varnodes[number as usize];
                matches!(offset, Constant::Relative(_))
            }
            _ => false,
        }
    }

    /// Numbers the label for the whole instruction and remembers to resolve it.
    fn branch(&mut self, node: &Node<'_>, target: &mut Varnode) {
        target.offset = target.offset.wrapping_add(node.labels as u64);
        self.out.branches.push(self.out.ops.len() as u32);
    }

    /// A varnode to read: what it is now, with a load before if it is pointed to.
    #[inline]
    fn input(&mut self, node: &Node<'_>, template: u32) -> Result<Varnode, Fault> {
        if let Some(varnode) = self.plain(node, template) {
            return Ok(varnode);
        }
        let (varnode, pointer) = self.varnode(node, template)?;
        if let Some(pointer) = pointer {
            self.load(node, &pointer, varnode)?;
        }
        Ok(varnode)
    }

    /// The usual cases, in which nothing can go wrong: a varnode of the template, or an operand that is no pointer and
    /// small.
    #[inline]
    fn plain(&self, node: &Node<'_>, template: u32) -> Option<Varnode> {
        match self.table.varnodes[template as usize] {
            VarnodeTemplate::Fixed(varnode) => Some(varnode),
            VarnodeTemplate::Whole(operand) => {
                let handle = &node.scope.handles[operand as usize];
                let plain = !handle.is_dynamic() && handle.size < 255;
                plain.then(|| {
                    located(self.table, node.unique, handle.space, handle.offset, handle.size as u16)
                })
            }
            VarnodeTemplate::General(_) => None,
        }
    }

    /// The place a varnode template stands for, and the pointer to go through if there is one.
    #[inline]
    fn varnode<'n>(&self, node: &Node<'n>, template: u32) -> Result<(Varnode, Option<Pointer<'n>>), Fault> {
        match self.table.varnodes[template as usize] {
            VarnodeTemplate::Fixed(varnode) => Ok((varnode, None)),
            VarnodeTemplate::Whole(operand) => {
                let handle = &node.scope.handles[operand as usize];
                let varnode =
                    place(self.table, node.unique, handle.own_space(), handle.own_offset(), handle.size)?;
                Ok((varnode, handle.is_dynamic().then_some(Pointer { handle, part: 0 })))
            }
            VarnodeTemplate::General(number) => self.general(node, number),
        }
    }

    fn general<'n>(&self, node: &Node<'n>, number: u32) -> Result<(Varnode, Option<Pointer<'n>>), Fault> {
        let [space, offset, size] = self.table.general_varnodes[number as usize];
        let scope = &node.scope;
        let varnode =
            place(self.table, node.unique, scope.space(space), scope.number(offset), scope.size(size))?;
        let handle = offset.operand().map(|operand| &scope.handles[operand as usize]);
        let part = match offset {
            Constant::HandlePart(_, part, _) => part,
            _ => 0,
        };
        let pointer = handle.filter(|handle| handle.is_dynamic()).map(|handle| Pointer { handle, part });
        Ok((varnode, pointer))
    }

    fn load(&mut self, node: &Node<'_>, pointer: &Pointer<'_>, into: Varnode) -> Result<(), Fault> {
        let address = self.address(node, pointer)?;
        self.out.push(Op::new(Opcode::Load, Some(into), &[pointer.target(), address]))
    }

    fn store(&mut self, node: &Node<'_>, pointer: &Pointer<'_>, from: Varnode) -> Result<(), Fault> {
        let address = self.address(node, pointer)?;
        self.out.push(Op::new(Opcode::Store, None, &[pointer.target(), address, from]))
    }

    /// The varnode that holds the address, after adding the offset of the part wanted.
    fn address(&mut self, node: &Node<'_>, pointer: &Pointer<'_>) -> Result<Varnode, Fault> {
        let Handle { pointer_space, offset, pointer_size, .. } = *pointer.handle;
        let whole = place(self.table, node.unique, pointer_space, offset, pointer_size)?;
        if pointer.part == 0 {
            return Ok(whole);
        }
        let offset = self.table.unique_base.wrapping_add(PART_ADDRESS);
        let sum = Varnode { space: self.table.unique_space, offset, size: whole.size };
        let part = Varnode::constant(u64::from(pointer.part), whole.size);
        self.out.push(Op::new(Opcode::IntAdd, Some(sum), &[whole, part]))?;
        Ok(sum)
    }
}

/// An operand in memory.
#[derive(Clone, Copy)]
struct Pointer<'n> {
    handle: &'n Handle,
    /// Bytes from the address to the part wanted.
    part: u16,
}

impl Pointer<'_> {
    /// Number of the space pointed into, as `LOAD` and `STORE` want it.
    fn target(&self) -> Varnode {
        Varnode { space: SpaceId::CONSTANT, offset: u64::from(self.handle.space), size: 8 }
    }
}
