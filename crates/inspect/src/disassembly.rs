//! Lines of disassembly around a place, for evidence.

use program::{FuncId, Program, VirtAddr};
use record::{Address, Evidence};
use sleigh::Lifter;

/// Instructions shown before the place.
const BEFORE: usize = 3;

/// The instructions of a place's block that lead to it, and the place itself.
pub(crate) fn around(program: &Program, function: FuncId, place: VirtAddr) -> Vec<Evidence> {
    let (Some(code), Ok(table)) = (program.function(function), program.table()) else { return Vec::new() };
    let Some(block) = code
        .blocks
        .iter()
        .find(|block| code.instructions(block).iter().any(|instruction| instruction.address == place))
    else {
        return Vec::new();
    };
    let mut lifter = Lifter::new(table);
    let mut context = block.context;
    let mut lines = Vec::new();
    for instruction in code.instructions(block) {
        let at = instruction.address;
        let bytes = program.image.bytes_from(at);
        let bytes = bytes.get(..32).unwrap_or(bytes);
        let text = lifter.text(bytes, at.0, context).map_or_else(|_| "?".to_owned(), |text| text.to_string());
        lines.push(Evidence { address: Some(Address(at.0)), text });
        if at == place {
            break;
        }
        if let Ok(lifted) = lifter.lift(bytes, at.0, context) {
            context = table.context_at(at.0, context, lifted.commits, instruction.end().0);
        }
    }
    let skip = lines.len().saturating_sub(BEFORE + 1);
    lines.split_off(skip)
}
