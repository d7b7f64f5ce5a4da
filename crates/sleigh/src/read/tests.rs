//! The reader on a real table, whole and damaged.

use std::io::{Read, Write};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::read;
use crate::error::LoadError;
use crate::table::Table;
use crate::{LanguageId, Lifter, baked, table};

const SLA: &[u8] = include_bytes!("../../tests/data/riscv.ilp32d.sla");
const PSPEC: &[u8] = include_bytes!("../../tests/data/RV32GC.pspec");

fn inflated() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let mut bytes = Vec::new();
        ZlibDecoder::new(&SLA[4..]).read_to_end(&mut bytes).unwrap();
        bytes
    })
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(b"sla\x04".to_vec(), Compression::none());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn lift_some(table: &Table) {
    let mut lifter = Lifter::new(table);
    for seed in 0..512_u64 {
        let bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bytes = [bits.to_le_bytes(), (!bits).to_le_bytes()].concat();
        let _ = lifter.lift(&bytes, bits & 0xfff0, table.default_context());
        let _ = lifter.text(&bytes, bits & 0xfff0, table.default_context());
    }
}

#[test]
fn the_committed_table_is_what_the_reader_makes_of_the_specification() {
    let read = baked::plain(&read(SLA, PSPEC).unwrap());
    let embedded = baked::plain(table(LanguageId::Riscv32).unwrap());
    assert!(read == embedded, "run `cargo xtask bake-sleigh`");
}

#[test]
fn what_is_no_table_is_named() {
    assert_eq!(read(b"", PSPEC).unwrap_err(), LoadError::NotSla);
    assert_eq!(read(b"\x7fELF....", PSPEC).unwrap_err(), LoadError::NotSla);
    assert_eq!(read(b"sla\x03....", PSPEC).unwrap_err(), LoadError::Version { version: 3 });
    assert_eq!(read(b"sla\x04....", PSPEC).unwrap_err(), LoadError::Inflate);
    assert_eq!(read(&SLA[..SLA.len() / 2], PSPEC).unwrap_err(), LoadError::Inflate);
    assert_eq!(read(&packed(b""), PSPEC).unwrap_err(), LoadError::Truncated { offset: 0 });
    let cut = &inflated()[..1000];
    assert!(matches!(read(&packed(cut), PSPEC), Err(LoadError::Truncated { offset: 999..=1001 })));
    let more = [inflated(), &[0x60]].concat();
    assert_eq!(read(&packed(&more), PSPEC).unwrap_err(), LoadError::Encoding { offset: inflated().len() });
}

#[test]
fn an_unknown_variable_in_the_processor_specification_is_an_error() {
    let pspec = br#"<context_set space="ram"><set name="NoSuch" val="1"/></context_set>"#;
    assert!(matches!(read(SLA, pspec), Err(LoadError::Specification { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_damaged_table_is_an_error_or_harmless(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = inflated().to_vec();
        for (index, value) in &changes {
            bytes[index.index(inflated().len())] = *value;
        }
        if let Ok(table) = read(&packed(&bytes), PSPEC) {
            lift_some(&table);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_damaged_embedded_form_is_an_error_or_harmless(
        index in any::<proptest::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut bytes = baked::plain(table(LanguageId::Riscv32).unwrap());
        let index = index.index(bytes.len());
        bytes[index] = value;
        if let Ok(table) = baked::decode(&zstd::bulk::compress(&bytes, 1).unwrap()) {
            lift_some(&table);
        }
    }
}
