//! Any bytes in any language: an instruction or an error.
//!
//! Input: language, two words of context, address, then the bytes of memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sleigh::{LanguageId, Lifter, table};

fuzz_target!(|input: (u8, [u32; 2], u64, &[u8])| {
    let (language, bits, address, bytes) = input;
    let Some(language) = LanguageId::ALL.get(usize::from(language) % LanguageId::ALL.len()) else { return };
    let Ok(table) = table(*language) else { return };
    let mut context = table.default_context();
    for variable in table.variables().iter().filter(|variable| variable.flow) {
        let word = bits[usize::from(variable.word & 1)];
        context = context.with(variable, word >> variable.shift);
    }
    let mut lifter = Lifter::new(table);
    let _ = lifter.text(bytes, address, context);
    if let Ok(lifted) = lifter.lift(bytes, address, context) {
        assert!(lifted.length as usize <= bytes.len());
        assert!(lifted.ops.len() <= 4096 && lifted.commits.len() <= 64);
    }
});
