//! Any bytes, anywhere, in any context: an instruction or an error, never a panic, never without bound.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "help for tests")]

use proptest::prelude::*;
use sleigh::{Context, LanguageId, LiftError, Lifter, table};

/// Larger than the largest instruction known (574 operations).
const MOST_OPS: usize = 4096;

/// Arbitrary bits in the variables that travel from instruction to instruction, defaults elsewhere.
fn valid(language: LanguageId, bits: [u32; 2]) -> Context {
    let table = table(language).unwrap();
    let mut context = table.default_context();
    for variable in table.variables().iter().filter(|v| v.flow) {
        let value = bits[usize::from(variable.word)] >> variable.shift;
        context = context.with(variable, value);
    }
    context
}

fn check(language: LanguageId, bytes: &[u8], address: u64, context: Context) {
    let table = table(language).unwrap();
    let mut lifter = Lifter::new(table);
    let text = lifter.text(bytes, address, context);
    let Ok(lifted) = lifter.lift(bytes, address, context) else { return };
    assert!(lifted.length > 0 && lifted.length as usize <= bytes.len());
    assert!(lifted.ops.len() <= MOST_OPS);
    for (index, op) in lifted.ops.iter().enumerate() {
        assert!(op.opcode().inputs().contains(&lifted.inputs(op).count()), "{op:?}");
        let target = op.input(0).filter(|target| target.is_constant());
        if let (sleigh::pcode::Opcode::Branch | sleigh::pcode::Opcode::CBranch, Some(target)) =
            (op.opcode(), target)
        {
            let distance = i64::from(target.offset as u32 as i32);
            assert!((0..=lifted.ops.len() as i64).contains(&(index as i64 + distance)), "{op:?}");
        }
    }
    assert!(text.is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_lift_or_fail(
        language in proptest::sample::select(LanguageId::ALL),
        bytes in proptest::collection::vec(any::<u8>(), 0..33),
        address in any::<u64>(),
        bits in any::<[u32; 2]>(),
        plain in any::<bool>(),
    ) {
        let table = table(language).unwrap();
        let context = if plain { table.default_context() } else { valid(language, bits) };
        check(language, &bytes, address & !u64::from(table.alignment() - 1), context);
    }

    #[test]
    fn no_shorter_piece_of_an_instruction_lifts(
        language in proptest::sample::select(LanguageId::ALL),
        bytes in any::<[u8; 32]>(),
    ) {
        let table = table(language).unwrap();
        let context = table.default_context();
        let mut lifter = Lifter::new(table);
        let length = match lifter.lift(&bytes, 0x1000, context) {
            Ok(lifted) => lifted.length,
            Err(LiftError::Unimplemented { length, .. }) => length,
            Err(_) => 0,
        };
        for end in 0..length as usize {
            // What is missing reads as zero, so that another instruction may be recognised; it must not fit either.
            let error = lifter.lift(&bytes[..end], 0x1000, context).unwrap_err();
            prop_assert!(!matches!(error, LiftError::Unimplemented { .. }), "{}", error);
        }
    }

    #[test]
    fn contexts_that_no_caller_has_do_no_harm(
        language in proptest::sample::select(LanguageId::ALL),
        bytes in proptest::collection::vec(any::<u8>(), 16..33),
        bits in any::<[u32; 2]>(),
    ) {
        let mut lifter = Lifter::new(table(language).unwrap());
        let _ = lifter.lift(&bytes, 0x1000, Context(bits));
    }

    #[test]
    fn a_lifter_forgets_the_instruction_before(
        language in proptest::sample::select(LanguageId::ALL),
        first in any::<[u8; 32]>(),
        second in any::<[u8; 32]>(),
    ) {
        let table = table(language).unwrap();
        let context = table.default_context();
        let mut used = Lifter::new(table);
        let _ = used.lift(&first, 0x1000, context);
        let mut fresh = Lifter::new(table);
        let (used, fresh) = (used.lift(&second, 0x2000, context), fresh.lift(&second, 0x2000, context));
        match (used, fresh) {
            (Ok(used), Ok(fresh)) => {
                prop_assert_eq!(used.length, fresh.length);
                prop_assert_eq!(used.ops, fresh.ops);
                prop_assert_eq!(used.commits, fresh.commits);
            }
            (used, fresh) => prop_assert_eq!(used.err(), fresh.err()),
        }
    }
}
