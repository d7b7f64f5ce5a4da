//! Lines of disassembly: for evidence, and for pictures of control flow.

use program::{Block, FuncId, Function, Program, VirtAddr};
use record::{Address, Evidence};
use sleigh::Lifter;

/// Instructions shown before the place.
const BEFORE: usize = 3;
/// Bytes that hold any instruction.
const LONGEST: usize = 32;

/// The instructions of a place's block that lead to it, and the place itself.
pub(crate) fn around(program: &Program, function: FuncId, place: VirtAddr) -> Vec<Evidence> {
    let Some(code) = program.function(function) else { return Vec::new() };
    let holds = |block: &&Block| code.instructions(block).iter().any(|i| i.address == place);
    let Some(block) = code.blocks.iter().find(holds) else { return Vec::new() };
    let mut lines = of_block(program, code, block);
    let end = lines.iter().position(|line| line.address == Some(Address(place.0)));
    lines.truncate(end.map_or(0, |end| end + 1));
    let skip = lines.len().saturating_sub(BEFORE + 1);
    lines.split_off(skip)
}

/// Every instruction of a block.
pub(crate) fn of_block(program: &Program, code: &Function, block: &Block) -> Vec<Evidence> {
    let Ok(table) = program.table() else { return Vec::new() };
    let mut lifter = Lifter::new(table);
    let mut context = block.context;
    let mut lines = Vec::new();
    for instruction in code.instructions(block) {
        let at = instruction.address;
        let bytes = program.image.bytes_from(at);
        let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
        let text = lifter.text(bytes, at.0, context).map_or_else(|_| "?".to_owned(), |text| text.to_string());
        lines.push(Evidence { address: Some(Address(at.0)), text });
        if let Ok(lifted) = lifter.lift(bytes, at.0, context) {
            context = table.context_at(at.0, context, lifted.commits, instruction.end().0);
        }
    }
    lines
}
