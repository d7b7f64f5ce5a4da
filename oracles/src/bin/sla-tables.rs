//! Writes the compiled tables and processor specifications of our languages into a folder.

use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

use sleigh_config::{
    processor_aarch64, processor_arm, processor_mips, processor_power_pc, processor_riscv, processor_x86,
};

fn main() -> io::Result<()> {
    let Some(folder) = env::args().nth(1) else {
        return Err(io::Error::other("usage: sla-tables FOLDER"));
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for (name, bytes) in files() {
        fs::write(folder.join(name), bytes)?;
    }
    writeln!(io::stdout(), "{} files in {}", files().len(), folder.display())
}

fn files() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("AARCH64.sla", processor_aarch64::SLA_AARCH64.as_ref()),
        ("AARCH64.pspec", processor_aarch64::PSPEC_AARCH64.as_ref()),
        ("ARM8_be.sla", processor_arm::SLA_ARM8_BE.as_ref()),
        ("ARM8_le.sla", processor_arm::SLA_ARM8_LE.as_ref()),
        ("ARM8m_le.sla", processor_arm::SLA_ARM8M_LE.as_ref()),
        ("ARMCortex.pspec", processor_arm::PSPEC_ARMCORTEX.as_ref()),
        ("ARMt.pspec", processor_arm::PSPEC_ARMT.as_ref()),
        ("ARMtTHUMB.pspec", processor_arm::PSPEC_ARMTTHUMB.as_ref()),
        ("RV32GC.pspec", processor_riscv::PSPEC_RV32GC.as_ref()),
        ("RV64GC.pspec", processor_riscv::PSPEC_RV64GC.as_ref()),
        ("mips32.pspec", processor_mips::PSPEC_MIPS32.as_ref()),
        ("mips32be.sla", processor_mips::SLA_MIPS32BE.as_ref()),
        ("mips32le.sla", processor_mips::SLA_MIPS32LE.as_ref()),
        ("mips64.pspec", processor_mips::PSPEC_MIPS64.as_ref()),
        ("mips64be.sla", processor_mips::SLA_MIPS64BE.as_ref()),
        ("mips64le.sla", processor_mips::SLA_MIPS64LE.as_ref()),
        ("ppc_32.pspec", processor_power_pc::PSPEC_PPC_32.as_ref()),
        ("ppc_32_be.sla", processor_power_pc::SLA_PPC_32_BE.as_ref()),
        ("ppc_64.pspec", processor_power_pc::PSPEC_PPC_64.as_ref()),
        ("ppc_64_isa_altivec_be.sla", processor_power_pc::SLA_PPC_64_ISA_ALTIVEC_BE.as_ref()),
        ("ppc_64_isa_altivec_le.sla", processor_power_pc::SLA_PPC_64_ISA_ALTIVEC_LE.as_ref()),
        ("riscv.ilp32d.sla", processor_riscv::SLA_RISCV_ILP32D.as_ref()),
        ("riscv.lp64d.sla", processor_riscv::SLA_RISCV_LP64D.as_ref()),
        ("x86-64.pspec", processor_x86::PSPEC_X86_64.as_ref()),
        ("x86-64.sla", processor_x86::SLA_X86_64.as_ref()),
        ("x86.pspec", processor_x86::PSPEC_X86.as_ref()),
        ("x86.sla", processor_x86::SLA_X86.as_ref()),
    ]
}
