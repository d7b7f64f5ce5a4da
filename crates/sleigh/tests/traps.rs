//! Instructions that lifters get wrong, each with what Ghidra's own translator yields.

mod support;

use sleigh::LanguageId::{
    Aarch64, ArmLe, CortexM, Mips32Be, Mips32Le, Ppc32Be, Ppc64Le, Riscv32, Riscv64, X86, X86_64,
};
use sleigh::{Commit, LiftError, Lifter, table};
use support::{ADDRESS, lift, lift_with, ops};

const THUMB: &[(&str, u32)] = &[("TMode", 1)];

fn commit(address: u64, mask: u32, bits: u32, flow: bool) -> Commit {
    Commit { address, word: 0, mask, bits, flow }
}

#[test]
fn the_bits_of_a_commit_are_those_at_its_place_among_the_context_changes() {
    for (language, set) in [(ArmLe, THUMB), (CortexM, &[])] {
        let blx = lift(language, "00f000e8", set).unwrap();
        assert_eq!(blx.commits, [commit(0x1004, 0x8000_0000, 0, true)]);
        assert_eq!(blx.ops.last().unwrap(), "CALL ram:1004:4");
    }
}

#[test]
fn arm_calls_thumb_through_a_commit_that_flows() {
    let blx = lift(ArmLe, "000000fa", &[]).unwrap();
    assert_eq!(
        blx.ops,
        [
            "lr = COPY const:1004:4",
            "ISAModeSwitch = COPY const:1:1",
            "TB = COPY ISAModeSwitch",
            "CALL ram:1008:4"
        ]
    );
    assert_eq!(blx.commits, [commit(0x1008, 0x8000_0000, 0x8000_0000, true)]);

    let table = table(ArmLe).unwrap();
    let arm = table.default_context();
    let thumb = support::context(table, THUMB);
    assert_eq!(table.context_at(ADDRESS, arm, &blx.commits, 0x1008), thumb);
    assert_eq!(table.context_at(ADDRESS, arm, &blx.commits, 0x1004), arm);
    // Beyond the call the mode travels on its own.
    assert_eq!(table.context_at(0x1008, thumb, &[], 0x100a), thumb);
}

#[test]
fn an_it_block_makes_the_next_instruction_conditional_and_silent_about_flags() {
    let it = lift(ArmLe, "08bf", THUMB).unwrap();
    assert_eq!(it.commits, [commit(0x1002, 0x07fc_0000, 0x0020_0000, false)]);

    let inside = lift_with(ArmLe, "0120", |table| {
        let thumb = support::context(table, THUMB);
        table.context_at(ADDRESS - 2, thumb, &[commit(ADDRESS, 0x07fc_0000, 0x0020_0000, false)], ADDRESS)
    });
    let inside = inside.unwrap().ops;
    assert_eq!(
        inside[..4],
        [
            "unique:280:1 = INT_NOTEQUAL ZR const:0:1",
            "unique:1380:1 = BOOL_NEGATE unique:280:1",
            "CBRANCH ram:1002:4 unique:1380:1",
            "r0 = COPY const:1:4",
        ]
    );
    let outside = lift(ArmLe, "0120", THUMB).unwrap().ops;
    let sets_flags = |ops: &[String]| ops.iter().any(|op| op.starts_with("ZR =") || op.starts_with("NG ="));
    assert!(!sets_flags(&inside));
    assert!(sets_flags(&outside));
}

#[test]
fn a_copy_of_pc_to_lr_makes_the_following_jump_a_call() {
    let mov = lift(ArmLe, "0fe0a0e1", &[]).unwrap();
    assert_eq!(mov.commits, [commit(0x1004, 0x4000_0000, 0x4000_0000, false)]);
    assert_eq!(lift(ArmLe, "13ff2fe1", &[("LRset", 1)]).unwrap().ops.last().unwrap(), "CALLIND pc");
    assert_eq!(ops(ArmLe, "13ff2fe1").last().unwrap(), "BRANCHIND pc");
}

#[test]
fn a_delay_slot_runs_before_the_jump_and_counts_in_the_length() {
    let beq = lift(Mips32Be, "10400003afbf001c", &[]).unwrap();
    assert_eq!(beq.length, 8);
    assert_eq!(
        beq.ops,
        [
            "unique:1200:1 = INT_EQUAL v0 const:0:4",
            "unique:100:4 = INT_ADD sp const:1c:4",
            "unique:180:4 = COPY const:0:4",
            "unique:180:4 = COPY unique:100:4",
            "STORE const:3:8 unique:180:4 ra",
            "CBRANCH ram:1010:4 unique:1200:1",
        ]
    );
    assert!(ops(Mips32Be, "0320f80900000000").contains(&"ra = COPY const:1008:4".to_owned()));
}

#[test]
fn a_likely_branch_skips_its_slot_when_not_taken() {
    let ops = ops(Mips32Be, "50400003afbf001c");
    assert_eq!(
        ops,
        [
            "unique:7d00:1 = INT_EQUAL v0 const:0:4",
            "unique:7d80:1 = BOOL_NEGATE unique:7d00:1",
            "CBRANCH ram:1008:4 unique:7d80:1",
            "unique:100:4 = INT_ADD sp const:1c:4",
            "unique:180:4 = COPY const:0:4",
            "unique:180:4 = COPY unique:100:4",
            "STORE const:3:8 unique:180:4 ra",
            "BRANCH ram:1010:4",
        ]
    );
}

#[test]
fn a_branch_without_a_usable_slot_is_an_error() {
    assert_eq!(lift(Mips32Be, "1000000310000002", &[]), Err(LiftError::NestedDelaySlot { address: 0x1004 }));
    assert_eq!(lift(Mips32Be, "10000003", &[]), Err(LiftError::Truncated { address: 0x1004 }));
    assert_eq!(lift(Mips32Le, "03000010", &[]), Err(LiftError::Truncated { address: 0x1004 }));
}

#[test]
fn a_part_of_an_operand_in_memory_has_its_address_computed_first() {
    assert_eq!(
        ops(X86_64, "0f6a5e98"),
        [
            "unique:4700:8 = INT_ADD RSI const:ffffffffffffff98:8",
            "MM3_Da = COPY MM3_Db",
            "unique:1c6d80:8 = INT_ADD unique:4700:8 const:4:8",
            "unique:6b04:4 = LOAD const:3:8 unique:1c6d80:8",
            "MM3_Db = COPY unique:6b04:4",
        ]
    );
}

#[test]
fn user_operations_take_any_number_of_inputs() {
    assert_eq!(ops(Ppc32Be, "7fe00008"), ["CALLOTHER trapWord const:1f:1 r0 r0"]);
    assert_eq!(
        ops(X86_64, "c4c2650652ca")[1..3],
        [
            "unique:6c80:32 = LOAD const:3:8 unique:4700:8",
            "unique:117080:32 = CALLOTHER vphsubd_avx2 YMM2 YMM3 unique:6c80:32",
        ]
    );
}

#[test]
fn conditional_execution_branches_inside_the_instruction() {
    let moveq = ops(ArmLe, "0100a003");
    assert_eq!(moveq[1], "CBRANCH ram:1004:4 unique:2680:1");
    let cmov = ops(X86_64, "0f44c1");
    assert_eq!(cmov[1], "RAX = INT_ZEXT EAX");
    assert_eq!(cmov[3], "CBRANCH ram:1003:8 unique:3dc00:1");
}

#[test]
fn repetition_branches_to_its_own_address() {
    let movsb = ops(X86_64, "f3a4");
    assert_eq!(movsb[1], "CBRANCH ram:1002:8 unique:13480:1");
    assert_eq!(movsb.last().unwrap(), "BRANCH ram:1000:8");
}

#[test]
fn branches_inside_an_instruction_are_distances_in_operations() {
    let cpuid = ops(X86_64, "0fa2");
    assert_eq!(cpuid[2], "CBRANCH const:21:4 unique:40880:1");
    assert!(cpuid[2 + 0x21].contains("CALLOTHER cpuid_basic_info"));
    // Backwards, and once to the end.
    let vld2 = ops(ArmLe, "9f036cf4");
    assert_eq!(vld2[16], "BRANCH const:fffffff5:4");
}

#[test]
fn traps_are_indirect_jumps_fed_by_a_user_operation() {
    let ud2 = ops(X86_64, "0f0b");
    assert_eq!(ud2, ["unique:70800:8 = CALLOTHER invalidInstructionException", "BRANCHIND unique:70800:8"]);
    for (language, hex, set, name) in
        [(ArmLe, "f000f0e7", &[][..], "software_udf"), (ArmLe, "00de", THUMB, "software_udf")]
    {
        let ops = lift(language, hex, set).unwrap().ops;
        assert!(ops.iter().any(|op| op.contains(name)), "{ops:?}");
        assert!(ops.iter().any(|op| op.starts_with("BRANCHIND")), "{ops:?}");
    }
}

#[test]
fn software_interrupts_are_indirect_calls() {
    assert_eq!(ops(X86_64, "cd80"), ["unique:4df80:8 = CALLOTHER swi const:80:1", "CALLIND unique:4df80:8"]);
    let int3 = ops(X86_64, "cc");
    assert_eq!(int3[1..], ["CALLIND unique:4de00:8", "RETURN const:0:1"]);
    for (language, hex, name) in
        [(X86_64, "0f05", "syscall"), (Aarch64, "010000d4", "CallSupervisor"), (Riscv64, "73000000", "ecall")]
    {
        assert!(ops(language, hex).iter().any(|op| op.contains(name)), "{name}");
    }
}

#[test]
fn a_call_to_the_next_instruction_is_a_jump() {
    let get_pc = ops(X86, "e800000000");
    assert_eq!(get_pc[2], "BRANCH ram:1005:4");
    assert_eq!(ops(Ppc32Be, "429f0005"), ["LR = COPY const:1004:4", "BRANCH ram:1004:4"]);
    assert_eq!(ops(Mips32Be, "0411000100000000"), ["ra = COPY const:1008:4", "BRANCH ram:1008:4"]);
}

#[test]
fn absolute_memory_operands_are_places_not_loads() {
    assert_eq!(ops(X86_64, "488b0518000000"), ["RAX = COPY ram:101f:8"]);
    assert_eq!(ops(X86_64, "ff2500000000"), ["BRANCHIND ram:1006:8"]);
}

#[test]
fn an_instruction_may_do_nothing() {
    for (hex, length) in [("f30f1efa", 4), ("6690", 2)] {
        let nop = lift(X86_64, hex, &[]).unwrap();
        assert_eq!((nop.length, nop.ops.len()), (length, 0));
    }
    // The tables spell the usual `nop` of this processor as what it is.
    assert_eq!(ops(Ppc32Be, "60000000"), ["r0 = INT_OR r0 const:0:4"]);
}

#[test]
fn stores_may_address_registers() {
    assert!(ops(ArmLe, "9f036cf4").contains(&"STORE const:4:8 unique:1fe80:4 unique:20080:4".to_owned()));
    let arm = table(ArmLe).unwrap();
    assert_eq!(arm.register_space().0, 4);
}

#[test]
fn a_mask_read_from_the_constant_space_is_kept_as_a_copy() {
    // rldic r9,r9,2,54
    let mut lifter = Lifter::new(table(Ppc64Le).unwrap());
    let bytes = [0xa8, 0x15, 0x29, 0x79];
    let lifted = lifter.lift(&bytes, 0x1000, table(Ppc64Le).unwrap().default_context()).unwrap();
    let loads = |ops: &[sleigh::pcode::Op]| {
        ops.iter().filter(|op| op.opcode() == sleigh::pcode::Opcode::Load).count()
    };
    let mut kept = sleigh::pcode::Ops::default();
    lifted.append_to(&mut kept);
    assert_eq!((loads(lifted.ops), loads(kept.as_slice())), (1, 0));
    assert_eq!(lifted.ops.len(), kept.len());
}

#[test]
fn many_operands_and_deep_trees_are_decoded() {
    let vadduhm = ops(Ppc64Le, "40680010");
    assert_eq!(vadduhm.len(), 8);
    assert!(vadduhm.iter().all(|op| op.contains("INT_ADD")));
    let vldmia = ops(ArmLe, "1f0a90ec");
    assert_eq!(vldmia.iter().filter(|op| op.contains("= LOAD")).count(), 31);
}

#[test]
fn a_constructor_without_export_reads_as_an_empty_constant() {
    assert_eq!(ops(Aarch64, "74f1590f"), ["q20 = CALLOTHER NEON_bfdot q11 const:0:0"]);
}

#[test]
fn a_hole_in_a_register_list_is_an_error() {
    assert_eq!(lift(Mips32Be, "d775588c", &[]), Err(LiftError::IllegalIndex { address: ADDRESS }));
}

#[test]
fn an_instruction_without_semantics_still_has_a_length_and_a_text() {
    for (language, hex) in [(Riscv64, "57700002"), (Riscv32, "57700002"), (Mips32Be, "46c6f62f")] {
        assert_eq!(lift(language, hex, &[]), Err(LiftError::Unimplemented { address: ADDRESS, length: 4 }));
    }
    let table = table(Riscv64).unwrap();
    let text =
        Lifter::new(table).text(&support::bytes("57700002"), ADDRESS, table.default_context()).unwrap();
    assert_eq!((text.mnemonic.as_str(), text.operands.as_str()), ("vsetvli", "zero, zero, 0x20"));
}

#[test]
fn zeros_are_no_instruction() {
    assert_eq!(lift(Riscv64, "0000", &[]), Err(LiftError::NoMatch { address: ADDRESS }));
    assert_eq!(lift(Ppc32Be, "00000000", &[]), Err(LiftError::NoMatch { address: ADDRESS }));
}

#[test]
fn an_address_between_instructions_is_an_error() {
    let table = table(Aarch64).unwrap();
    let lifted = Lifter::new(table).lift(&[0; 16], 0x1002, table.default_context()).unwrap_err();
    assert_eq!(lifted, LiftError::Unaligned { address: 0x1002 });
}

#[test]
fn the_zero_register_is_read_as_a_number_and_written_like_any_other() {
    assert_eq!(ops(Mips32Be, "24000005"), ["zero = COPY const:5:4"]);
    assert!(ops(Riscv64, "13000000").iter().all(|op| op.starts_with("unique:")));
    assert!(!ops(Aarch64, "1f0001eb").iter().any(|op| op.starts_with("xzr =")));
}

#[test]
fn every_shorter_piece_of_an_instruction_is_an_error() {
    let whole = [
        (ArmLe, "000000fa"),
        (Mips32Be, "10400003afbf001c"),
        (X86_64, "0f6a5e98"),
        (X86_64, "c4c2650652ca"),
        (X86_64, "488b0518000000"),
        (X86, "e800000000"),
        (Aarch64, "1f0001eb"),
        (Ppc64Le, "40680010"),
        (Riscv64, "13000000"),
    ];
    for (language, hex) in whole {
        lift(language, hex, &[]).unwrap();
        for end in (0..hex.len()).step_by(2) {
            let error = lift(language, &hex[..end], &[]).unwrap_err();
            assert!(
                matches!(error, LiftError::Truncated { .. } | LiftError::NoMatch { .. }),
                "{hex} {end} {error}"
            );
        }
    }
}

#[test]
fn text_is_what_listings_print() {
    let text = |language, hex: &str| {
        let table = table(language).unwrap();
        Lifter::new(table).text(&support::bytes(hex), ADDRESS, table.default_context()).unwrap().to_string()
    };
    assert_eq!(text(X86_64, "0f6a5e98"), "PUNPCKHDQ MM3, qword ptr [RSI + -0x68]");
    assert_eq!(text(X86_64, "488b0518000000"), "MOV RAX,qword ptr [0x101f]");
    assert_eq!(text(Mips32Be, "10400003afbf001c"), "beq v0, zero, 0x1010");
    assert_eq!(text(ArmLe, "0100a003"), "moveq r0,#0x1");
    assert_eq!(text(Aarch64, "1f0001eb"), "cmp x0, x1");
    assert_eq!(text(X86_64, "f30f1efa"), "ENDBR64");
}
