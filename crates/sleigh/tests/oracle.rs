//! The lifter against recorded answers of Ghidra's own translator: tens of thousands of distinct instructions of real
//! programs for each language, without C++.
//!
//! `cargo xtask oracle sleigh --record` writes the fixtures (their form is described there) and compares millions.

use sleigh::pcode::{Opcode, SpaceId, Varnode};
use sleigh::{Context, LanguageId, Lifted, Lifter, table};

/// Fewer would mean that a fixture was lost or cut.
const ENOUGH: usize = 20_000;

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("fixture ends inside a record");
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn varnode(&mut self) -> Varnode {
        let space = SpaceId(self.byte());
        let size = u16::try_from(self.number()).unwrap();
        Varnode { space, size, offset: self.number() }
    }

    fn op(&mut self) -> Recorded {
        let opcode = Opcode::from_code(self.byte()).expect("opcode");
        let (inputs, output) = (self.byte(), self.byte());
        let output = (output == 1).then(|| self.varnode());
        Recorded { opcode, output, inputs: (0..inputs).map(|_| self.varnode()).collect() }
    }
}

#[derive(Debug, PartialEq)]
struct Recorded {
    opcode: Opcode,
    output: Option<Varnode>,
    inputs: Vec<Varnode>,
}

/// What ours does, with the first input of LOAD and STORE blanked: the reference holds a pointer of the host there.
fn ours(lifted: &Lifted<'_>) -> Vec<Recorded> {
    let record = |op: &sleigh::pcode::Op| {
        let mut inputs: Vec<Varnode> = lifted.inputs(op).collect();
        if matches!(op.opcode(), Opcode::Load | Opcode::Store) {
            inputs[0].offset = 0;
        }
        Recorded { opcode: op.opcode(), output: op.output(), inputs }
    };
    lifted.ops.iter().map(record).collect()
}

fn check(language: LanguageId) {
    let path = format!("{}/tests/fixtures/{}.zst", env!("CARGO_MANIFEST_DIR"), language.name());
    let packed = std::fs::read(&path).unwrap_or_else(|e| panic!("cannot read `{path}`: {e}"));
    let plain = zstd::decode_all(packed.as_slice()).unwrap();
    let mut reader = Reader(&plain);
    let mut lifter = Lifter::new(table(language).unwrap());
    let mut count = 0;
    while !reader.0.is_empty() {
        let address = reader.number();
        let context = Context([reader.number(), reader.number()].map(|w| u32::try_from(w).unwrap()));
        let length = reader.byte();
        let bytes = reader.bytes(usize::from(length));
        let ops: Vec<Recorded> = (0..reader.number()).map(|_| reader.op()).collect();
        let lifted = lifter.lift(&bytes, address, context);
        let lifted = lifted.unwrap_or_else(|e| panic!("{}: {bytes:02x?}: {e}", language.name()));
        assert_eq!(lifted.length, u32::from(length), "{}: length of {bytes:02x?}", language.name());
        assert_eq!(ours(&lifted), ops, "{}: {bytes:02x?} at {address:#x}", language.name());
        count += 1;
    }
    assert!(count >= ENOUGH, "{}: only {count} instructions recorded", language.name());
}

macro_rules! languages {
    ($($name:ident $id:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            check(LanguageId::$id);
        })*

        #[test]
        fn every_language_is_compared() {
            assert_eq!(LanguageId::ALL, [$(LanguageId::$id),*]);
        }
    };
}

languages! {
    x86 X86, x86_64 X86_64, aarch64 Aarch64, arm_le ArmLe, arm_be ArmBe, cortex_m CortexM, mips32_be Mips32Be,
    mips32_le Mips32Le, mips64_be Mips64Be, mips64_le Mips64Le, ppc32_be Ppc32Be, ppc64_le Ppc64Le,
    ppc64_be Ppc64Be, riscv64 Riscv64, riscv32 Riscv32,
}
