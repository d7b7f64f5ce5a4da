//! ARM: data between instructions, and calls from one instruction set into the other. `images/literals.c` keeps its
//! mapping symbols, which say where data stands; a copy without them must be understood as well.

use program::image::{Image, ImageLimits, Mode, load};
use program::{BlindSpotKind, Effort, Program, VirtAddr, analyze};

fn image() -> Image {
    let path = format!("{}/tests/images/literals-arm.so", env!("CARGO_MANIFEST_DIR"));
    load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap()
}

fn addresses(program: &Program) -> Vec<VirtAddr> {
    let each = program.functions.iter().flat_map(|function| {
        function.blocks.iter().flat_map(|block| function.instructions(block).iter().map(|i| i.address))
    });
    each.collect()
}

#[test]
fn constants_and_tables_between_instructions_are_never_instructions() {
    let image = image();
    let data = |at: VirtAddr| {
        let after = image.mode_marks.partition_point(|mark| mark.address <= at);
        after.checked_sub(1).and_then(|i| image.mode_marks.get(i)).map(|mark| mark.mode) == Some(Mode::Data)
    };
    let mut stripped = image.clone();
    stripped.mode_marks.clear();
    stripped.symbols.retain(|symbol| symbol.exported);
    for each in [image.clone(), stripped] {
        let program = analyze(each, &Effort::default()).unwrap();
        let wrong: Vec<VirtAddr> = addresses(&program).into_iter().filter(|at| data(*at)).collect();
        assert_eq!(wrong, []);
        // The first entry of the linkage table jumps into the loader; nothing behind it is unknown.
        let own = |spot: &&program::BlindSpot| spot.address > VirtAddr(0x144);
        let jumps = program.blind_spots.iter().filter(own);
        assert_eq!(jumps.filter(|spot| spot.kind == BlindSpotKind::UnresolvedJump).count(), 0);
        assert!(program.functions.len() >= 2);
    }
}

#[test]
fn a_call_into_the_other_instruction_set_is_walked_in_it() {
    let mut image = image();
    let narrow = image.symbols.iter().find(|symbol| symbol.name == "narrow").unwrap().address;
    image.mode_marks.clear();
    image.symbols.retain(|symbol| symbol.exported);
    let program = analyze(image, &Effort::default()).unwrap();
    let function = program.function_at(narrow).and_then(|id| program.function(id)).unwrap();
    // push {r4, lr} and its like: two bytes.
    assert_eq!(function.instructions(&function.blocks[0])[0].length, 2);
    assert!(function.calls.iter().any(|call| matches!(call.target, program::CallTarget::Import(_))));
}
