//! System calls that a program makes itself: numbers to names.
//!
//! The table stands in `knowledge/syscalls.txt`; names are those of the C library's wrappers, whose meaning
//! [`crate::facts_of`] knows.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use program::image::{Abi, Image};
use sleigh::LanguageId;

use crate::knowledge::facts_of;

const FILE: &str = include_str!("../knowledge/syscalls.txt");

/// Columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Numbering {
    X86_64,
    X86,
    Arm,
    Generic,
    MipsO32,
    MipsN64,
    MipsN32,
    Ppc,
}

const COLUMNS: [Numbering; 8] = [
    Numbering::X86_64,
    Numbering::X86,
    Numbering::Arm,
    Numbering::Generic,
    Numbering::MipsO32,
    Numbering::MipsN64,
    Numbering::MipsN32,
    Numbering::Ppc,
];

static NAMES: LazyLock<BTreeMap<(Numbering, u64), &'static str>> =
    LazyLock::new(|| FILE.lines().flat_map(row).collect());

fn row(line: &'static str) -> Vec<((Numbering, u64), &'static str)> {
    let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
    let Some(name) = words.next() else { return Vec::new() };
    let numbers = COLUMNS.into_iter().zip(words);
    numbers.filter_map(|(column, word)| Some(((column, word.parse().ok()?), name))).collect()
}

/// The name of a system call on the image's processor, if it is one of those that matter.
pub(crate) fn name_of(image: &Image, number: u64) -> Option<&'static str> {
    // x32 marks its numbers with a bit of their own.
    let number = if image.abi == Abi::X32 { number & !0x4000_0000 } else { number };
    any_name_of(image, number).filter(|name| !facts_of(name).is_empty())
}

/// The name of any system call.
pub(crate) fn any_name_of(image: &Image, number: u64) -> Option<&'static str> {
    NAMES.get(&(numbering(image)?, number)).copied()
}

/// The number of a system call.
pub(crate) fn number_of(image: &Image, name: &str) -> Option<u64> {
    let own = numbering(image)?;
    NAMES
        .iter()
        .find(|((numbering, _), known)| *numbering == own && **known == name)
        .map(|((_, number), _)| *number)
}

fn numbering(image: &Image) -> Option<Numbering> {
    Some(match (image.language, image.abi) {
        (LanguageId::X86, _) => Numbering::X86,
        (LanguageId::X86_64, _) => Numbering::X86_64,
        (LanguageId::Aarch64 | LanguageId::Riscv32 | LanguageId::Riscv64, _) => Numbering::Generic,
        (LanguageId::ArmLe | LanguageId::ArmBe, _) => Numbering::Arm,
        (LanguageId::Mips32Be | LanguageId::Mips32Le, _) => Numbering::MipsO32,
        (LanguageId::Mips64Be | LanguageId::Mips64Le, Abi::MipsN32) => Numbering::MipsN32,
        (LanguageId::Mips64Be | LanguageId::Mips64Le, _) => Numbering::MipsN64,
        (LanguageId::Ppc32Be | LanguageId::Ppc64Be | LanguageId::Ppc64Le, _) => Numbering::Ppc,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_all_columns_and_no_number_stands_twice() {
        let rows: Vec<&str> = FILE
            .lines()
            .map(|line| line.split('#').next().unwrap().trim())
            .filter(|l| !l.is_empty())
            .collect();
        assert!(rows.is_sorted());
        let mut count = 0;
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(words.len(), 1 + COLUMNS.len(), "{row}");
            count += words.iter().skip(1).filter(|word| **word != "-").count();
        }
        assert_eq!(count, NAMES.len());
    }
}
