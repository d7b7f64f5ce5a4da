//! What is computed once when a table is loaded, because decoding asks for it all the time.

use crate::handle::Export;
use crate::program::Programs;
use crate::table::{
    BUILD, CommitTarget, Constant, Constructor, ContextChange, ContextCommit, DELAY_SLOT, Index, LABEL,
    Range, Table, VarnodeTemplate,
};
use crate::validate::MAX_SPACES;

impl Table {
    pub(crate) fn build_index(&self) -> Index {
        let mut masks = [0; MAX_SPACES];
        masks.iter_mut().zip(&self.spaces).for_each(|(mask, space)| *mask = space.mask);
        let mut by_name: Vec<u32> = (0..self.registers.len() as u32).collect();
        by_name.sort_by_key(|number| (self.register_at(*number).0, *number));
        by_name.dedup_by_key(|number| self.register_at(*number).0);
        let backwards = (0..self.registers.len() as u32).rev();
        let by_place = backwards.map(|number| (self.register_at(number).1, number)).collect();
        let exports = self.handles.iter().map(|handle| Export::of(self, handle)).collect();
        Index {
            exports,
            used: self.used_operands(),
            by_name,
            by_place,
            flow: self.flow_bits(),
            programs: Programs::compile(self),
            masks,
        }
    }

    /// Operands whose handles matter. Those that are only printed, or only parts of another's value, do not.
    fn used_operands(&self) -> Vec<bool> {
        let mut used = vec![false; self.operands.len()];
        for constructor in &self.constructors {
            let first = constructor.operands.first;
            let mut mark = |operand: u32| {
                if let Some(used) = used.get_mut((first + operand) as usize) {
                    *used = true;
                }
            };
            self.template_operands(constructor).into_iter().for_each(&mut mark);
            for change in self.changes.get(constructor.changes.indices()).unwrap_or_default() {
                if let ContextChange::Commit(ContextCommit {
                    target: CommitTarget::Operand(operand), ..
                }) = change
                {
                    mark(*operand);
                }
            }
        }
        used
    }

    fn template_operands(&self, constructor: &Constructor) -> Vec<u32> {
        let Some(template) = self.templates.get(constructor.template as usize) else { return Vec::new() };
        let mut found = Vec::new();
        if let Some(h) = self.handles.get(template.handle as usize) {
            let constants = [h.space, h.size, h.pointer_space, h.pointer_offset, h.pointer_size];
            let constants = constants.into_iter().chain([h.temporary_space, h.temporary_offset]);
            found.extend(constants.filter_map(Constant::operand));
        }
        let ops = self.ops.get(template.ops.indices()).unwrap_or_default();
        for op in ops.iter().filter(|op| !matches!(op.code, BUILD | DELAY_SLOT | LABEL)) {
            let inputs = Range { first: op.first, count: u32::from(op.inputs) };
            let inputs = self.template_inputs.get(inputs.indices()).unwrap_or_default();
            for varnode in inputs.iter().chain([&op.output]) {
                match self.varnodes.get(*varnode as usize) {
                    Some(VarnodeTemplate::Whole(operand)) => found.push(*operand),
                    Some(VarnodeTemplate::General(number)) => {
                        let constants = self.general_varnodes.get(*number as usize).into_iter().flatten();
                        found.extend(constants.filter_map(|constant| constant.operand()));
                    }
                    Some(VarnodeTemplate::Fixed(_)) | None => {}
                }
            }
        }
        found
    }
}
