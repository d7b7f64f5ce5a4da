#![no_main]
use datalog::{Options, Pattern, Program, Session, Source};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = text.parse::<Pattern>();
    let source = Source { name: "fuzz", text };
    let Ok(program) = Program::load(&[source]) else { return };
    let _ = program.read_facts(source);
    let mut session = Session::new(program, Options { max_derived: 1000, ..Options::default() });
    let _ = session.commit();
});
