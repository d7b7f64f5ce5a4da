//! Any bytes, written over a small program of one of five processors: whole-program facts within their budget, and the
//! names that are given to library functions are those of functions.
#![no_main]

mod programs;

libfuzzer_sys::fuzz_target!(|input: (u8, Vec<(u16, Vec<u8>)>)| {
    let (which, changes) = input;
    let Some(mut program) = programs::changed(which, &changes) else { return };
    let before = program.functions().filter(|(_, code)| code.name.is_some()).count();
    flow::recognize(&mut program);
    let named = program.functions().filter(|(_, code)| code.name.is_some()).count();
    assert!(named >= before);
    let effort = flow::Effort { code_bytes: 20_000, ..flow::Effort::default() };
    let Ok(facts) = flow::Facts::of(&program, &effort) else { return };
    for (function, own) in facts.functions() {
        for (call, site) in &own.calls {
            facts.guards(function, site.block);
            facts.knowledge(function, *call);
            for value in &site.arguments {
                facts.text(function, *value);
                facts.labels(function, *value);
            }
        }
        facts.effects(function);
    }
});
