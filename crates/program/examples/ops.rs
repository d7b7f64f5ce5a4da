//! Prints the operations of one function: `ops FILE ADDRESS`.
#![allow(clippy::print_stdout, reason = "a terminal program")]

use program::image::{ImageLimits, load};
use program::{Effort, VirtAddr, analyze};

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(address)) = (args.next(), args.next()) else { return };
    let Ok(address) = u64::from_str_radix(address.trim_start_matches("0x"), 16) else { return };
    let Some(program) = std::fs::read(path)
        .ok()
        .and_then(|bytes| load(bytes, &ImageLimits::default()).ok())
        .and_then(|image| analyze(image, &Effort::default()).ok())
    else {
        return;
    };
    let Some(function) = program.function_at(VirtAddr(address)).and_then(|id| program.function(id)) else {
        return;
    };
    for block in &function.blocks {
        println!("{}..{} {:?}", block.start, block.end, block.exit);
        for instruction in function.instructions(block) {
            println!("  {}", instruction.address);
            for op in function.instruction_ops(instruction) {
                let named = op.user_op().and_then(|number| program.table().ok()?.user_op(number));
                let inputs: Vec<String> = match named {
                    Some(_) => function
                        .ops()
                        .inputs(op)
                        .map(|v| format!("{}:{:x}:{}", v.space.0, v.offset, v.size))
                        .collect(),
                    None => Vec::new(),
                };
                println!("    {op:?} {} {}", named.unwrap_or_default(), inputs.join(" "));
            }
        }
    }
}
