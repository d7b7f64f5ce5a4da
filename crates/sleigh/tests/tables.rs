//! The embedded tables: properties every caller relies on.

use sleigh::pcode::{SpaceId, Varnode};
use sleigh::{Context, LanguageId, SpaceKind, table};

/// Default context, alignment, bytes of an address, big-endian: the values of the processor specifications.
const ROWS: &[(LanguageId, [u32; 2], u32, u8, bool)] = &[
    (LanguageId::X86, [0x0500_0000, 0], 1, 4, false),
    (LanguageId::X86_64, [0x8900_0000, 0], 1, 8, false),
    (LanguageId::Aarch64, [0, 0], 4, 8, false),
    (LanguageId::ArmLe, [0, 0], 2, 4, false),
    (LanguageId::ArmBe, [0, 0], 2, 4, true),
    (LanguageId::CortexM, [0x8000_0000, 0], 2, 4, false),
    (LanguageId::Mips32Be, [2, 0], 2, 4, true),
    (LanguageId::Mips32Le, [2, 0], 2, 4, false),
    (LanguageId::Mips64Be, [2, 0], 2, 8, true),
    (LanguageId::Mips64Le, [2, 0], 2, 8, false),
    (LanguageId::Ppc32Be, [0, 0], 2, 4, true),
    (LanguageId::Ppc64Le, [0, 0], 2, 8, false),
    (LanguageId::Ppc64Be, [0, 0], 2, 8, true),
    (LanguageId::Riscv64, [0xb588_a800, 2], 2, 8, false),
    (LanguageId::Riscv32, [0xb588_a801, 0], 2, 4, false),
];

#[test]
fn every_language_loads_with_its_properties() {
    assert_eq!(ROWS.iter().map(|row| row.0).collect::<Vec<_>>(), LanguageId::ALL);
    for (language, context, alignment, address_size, big_endian) in ROWS {
        let table = table(*language).unwrap();
        assert_eq!(table.default_context(), Context(*context), "{language:?}");
        assert_eq!(table.alignment(), *alignment, "{language:?}");
        assert_eq!(table.address_size(), *address_size, "{language:?}");
        assert_eq!(table.big_endian(), *big_endian, "{language:?}");
        assert!(table.resident_bytes() < 20_000_000, "{language:?}");
    }
}

#[test]
fn spaces_are_found_by_kind() {
    for language in LanguageId::ALL {
        let table = table(*language).unwrap();
        assert_eq!(table.space_kind(SpaceId::CONSTANT), Some(SpaceKind::Constant));
        assert_eq!(table.space_kind(table.unique_space()), Some(SpaceKind::Unique));
        assert_eq!(table.space_kind(table.code_space()), Some(SpaceKind::Memory));
        assert_eq!(table.space_kind(table.register_space()), Some(SpaceKind::Register));
        assert_eq!(table.space_kind(SpaceId(15)), None);
    }
}

#[test]
fn registers_are_found_by_name_by_place_and_by_part() {
    let table = table(LanguageId::X86_64).unwrap();
    let rax = table.register("RAX").unwrap();
    assert_eq!(rax.size, 8);
    assert_eq!(table.register_name(rax), Some("RAX"));
    let ah = table.register("AH").unwrap();
    let third = Varnode { offset: ah.offset + 1, size: 1, ..ah };
    assert_eq!(table.register_name(third), None);
    assert_eq!(table.containing_register(third), Some(("EAX", table.register("EAX").unwrap())));
    assert_eq!(table.register("rax"), None);
}

#[test]
fn undecodable_bytes_are_stepped_over_by_the_unit_of_the_mode() {
    let step = |language, set: &[(&str, u32)]| {
        let table = table(language).unwrap();
        let start = table.default_context();
        let context =
            set.iter().fold(start, |c, (name, value)| c.with(table.variable(name).unwrap(), *value));
        table.step_on_error(context)
    };
    assert_eq!(step(LanguageId::X86_64, &[]), 1);
    assert_eq!(step(LanguageId::ArmLe, &[]), 4);
    assert_eq!(step(LanguageId::ArmLe, &[("TMode", 1)]), 2);
    assert_eq!(step(LanguageId::CortexM, &[]), 2);
    assert_eq!(step(LanguageId::Mips32Be, &[]), 4);
    assert_eq!(step(LanguageId::Mips32Be, &[("ISA_MODE", 1)]), 2);
    assert_eq!(step(LanguageId::Ppc64Le, &[]), 4);
    assert_eq!(step(LanguageId::Riscv64, &[]), 2);
    assert_eq!(step(LanguageId::Aarch64, &[]), 4);
}

#[test]
fn a_context_variable_keeps_to_its_bits() {
    let table = table(LanguageId::ArmLe).unwrap();
    let condition = table.variable("condit").unwrap();
    let context = Context::default().with(condition, u32::MAX);
    assert_eq!(context, Context([0x07fc_0000, 0]));
    assert_eq!(context.value(condition), 0x1ff);
}
