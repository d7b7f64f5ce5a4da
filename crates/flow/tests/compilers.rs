//! What compilers do to calls, on libraries that they made; sources and commands stand beside them.

use flow::{Effort, Facts, Value};
use program::image::{ImageLimits, load};
use program::{CallTarget, FuncId, Program, analyze};

fn program(name: &str) -> Program {
    let path = format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"));
    let image = load(std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap();
    analyze(image, &program::Effort::default()).unwrap()
}

/// Function and number of the only call of a name.
fn call_of(facts: &Facts<'_>, name: &str) -> (FuncId, u32) {
    let calls = facts.functions().flat_map(|(id, own)| own.calls.keys().map(move |call| (id, *call)));
    let mut calls = calls.filter(|(id, call)| facts.callee_name(*id, *call) == Some(name));
    let found = calls.next().unwrap();
    assert_eq!(calls.next(), None);
    found
}

#[test]
fn local_functions_of_32_bit_x86_take_arguments_in_registers() {
    let program = program("local-i386.so");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    for (name, number) in [("system", 0), ("puts", 1)] {
        let (function, call) = call_of(&facts, name);
        let own = facts.function(function).unwrap();
        let argument = own.calls[&call].arguments[0];
        assert_eq!(own.arena.get(argument), Value::Parameter(number), "{name}");
    }
    let (callee, _) = call_of(&facts, "system");
    let (entry, _) = call_of(&facts, "strcmp");
    let calls = facts.function(entry).unwrap().calls.values();
    let mut passed: Vec<Option<&[u8]>> = calls
        .filter(|site| site.target == CallTarget::Function(callee))
        .flat_map(|site| site.arguments.iter().take(2).map(|value| facts.text(entry, *value)))
        .collect();
    passed.sort();
    assert_eq!(passed, [None, Some(&b"/bin/false"[..]), Some(b"/bin/true"), Some(b"one")]);
}

#[test]
fn a_spent_effort_leaves_out_what_is_far_from_the_library() {
    let program = program("local-i386.so");
    let all = Facts::of(&program, &Effort::default()).unwrap();
    assert_eq!((all.cut, all.complete), (0, true));
    let (near, _) = call_of(&all, "system");
    let code_bytes = program.function(near).unwrap().code_bytes();
    let few = Facts::of(&program, &Effort { code_bytes, ..Effort::default() }).unwrap();
    let own = program.functions().filter(|(_, function)| function.stub.is_none()).map(|(id, _)| id);
    let (followed, left_out): (Vec<FuncId>, Vec<FuncId>) =
        own.partition(|id| few.function(*id).unwrap().complete);
    assert_eq!(followed, [near]);
    assert_eq!((few.cut, few.complete), (left_out.len() as u64, false));
    assert_eq!(call_of(&few, "system").0, near);
}
