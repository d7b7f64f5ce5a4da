//! What compilers do to calls and comparisons, on libraries that they made; sources and commands stand beside them.

use flow::{Effort, Facts, Labels, Test, Value};
use program::image::{ImageLimits, load};
use program::{BlockId, CallTarget, FuncId, Program, analyze};

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

#[test]
fn a_comparison_that_is_put_in_two_places_is_one_of_whole_texts() {
    let program = program("inlined-ppc64le.so");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    let (function, call) = call_of(&facts, "system");
    let block = facts.function(function).unwrap().calls[&call].block;
    let guards = facts.guards(function, block);
    let compared = guards.iter().find_map(|guard| match guard.test {
        Test::Text { left, right, .. } if guard.holds => Some((left, facts.text(function, right))),
        _ => None,
    });
    let (left, text) = compared.unwrap();
    assert_eq!(text, Some(&b"k9-0f3a"[..]));
    assert_eq!(facts.function(function).unwrap().arena.get(left), Value::Parameter(0));
}

#[test]
fn a_prefix_compared_in_place_is_one_of_texts() {
    let program = program("prefix-ppc64le.so");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    assert_eq!(secret(&facts, "/bin/true").as_deref(), Some(&b"q8v-"[..]));
}

/// What the requests of `request.c` are compared with before a command runs.
fn secret(facts: &Facts<'_>, command: &str) -> Option<Vec<u8>> {
    let (function, block) = runs(facts, command);
    facts.guards(function, block).iter().find_map(|guard| match guard.test {
        Test::Text { right, .. } if guard.holds => facts.text(function, right).map(<[u8]>::to_vec),
        _ => None,
    })
}

/// The function and block that run a command.
fn runs(facts: &Facts<'_>, command: &str) -> (FuncId, BlockId) {
    let found = facts.functions().find_map(|(function, own)| {
        let mut sites =
            own.calls.iter().filter(|(call, _)| facts.callee_name(function, **call) == Some("system"));
        let site =
            sites.find(|(_, site)| facts.text(function, site.arguments[0]) == Some(command.as_bytes()))?;
        Some((function, site.1.block))
    });
    found.unwrap()
}

#[test]
fn texts_are_decoded_in_loops_that_wait_for_requests() {
    for name in ["request-riscv64.so", "request-arm64.so", "request-ppc64le.so"] {
        let program = program(name);
        let facts = Facts::of(&program, &Effort::default()).unwrap();
        assert_eq!(secret(&facts, "/bin/sync").as_deref(), Some(&b"ss73naspg"[..]), "{name}");
    }
}

#[test]
fn a_select_inside_one_instruction_is_a_choice() {
    let program = program("request-arm64.so");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    let selected = program.functions().find(|(_, code)| code.name.as_deref() == Some("selected")).unwrap().0;
    let own = facts.function(selected).unwrap();
    let returned = *own.returns.values().next().unwrap();
    let Value::Choice { then, otherwise, .. } = own.arena.get(returned) else { panic!() };
    assert_eq!(own.arena.get(then), Value::Parameter(1));
    assert_eq!(own.arena.number(otherwise), Some(1));
}

#[test]
fn the_words_of_the_command_line_reach_main_on_power() {
    let program = program("start-ppc64le");
    let facts = Facts::of(&program, &Effort::default()).unwrap();
    let (function, call) = call_of(&facts, "system");
    let command = facts.function(function).unwrap().calls[&call].arguments[0];
    assert!(facts.labels(function, command).meets(Labels::ARGUMENT));
}
