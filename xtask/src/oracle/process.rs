//! The reference as a child process. The protocol stands in `oracles/src/bin/sleigh-oracle.rs`.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use sleigh::pcode::{SpaceId, Varnode};
use sleigh::{LanguageId, Table, table};

/// One operation as the reference gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OracleOp {
    pub(crate) opcode: u8,
    pub(crate) output: Option<Varnode>,
    pub(crate) inputs: Vec<Varnode>,
}

/// What the reference says of one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Lifted { length: u32, ops: Vec<OracleOp> },
    Refused,
    Crashed,
}

/// A running reference for one language and default context.
pub(crate) struct Oracle {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The reference's space numbers in our numbering.
    spaces: Vec<SpaceId>,
}

impl Oracle {
    /// `thumb` chooses the processor specification that begins in Thumb state.
    pub(crate) fn start(language: LanguageId, thumb: bool, tables: &Path) -> anyhow::Result<Self> {
        let (sla, pspec) = files(language, thumb);
        let mut child = tool("sleigh-oracle")
            .args([tables.join(sla), tables.join(pspec)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `sleigh-oracle`")?;
        let input = BufWriter::new(child.stdin.take().context("no standard input")?);
        let mut output =
            BufReader::with_capacity(1 << 20, child.stdout.take().context("no standard output")?);
        let spaces = read_spaces(&mut output, table(language)?)?;
        Ok(Self { child, input, output, spaces })
    }

    /// Lifts at each offset, all in one fresh copy of the reference (or several, if it crashes).
    pub(crate) fn lift(
        &mut self,
        address: u64,
        bytes: &[u8],
        offsets: &[u32],
    ) -> anyhow::Result<Vec<Answer>> {
        self.input.write_all(&[1])?;
        self.send(address, bytes, offsets)?;
        offsets.iter().map(|_| self.answer()).collect()
    }

    /// Time for translating every offset `rounds` times, and how many translations that were.
    pub(crate) fn time(
        &mut self,
        address: u64,
        bytes: &[u8],
        offsets: &[u32],
        rounds: u32,
    ) -> anyhow::Result<(Duration, u64)> {
        self.input.write_all(&[2])?;
        self.input.write_all(&rounds.to_le_bytes())?;
        self.send(address, bytes, offsets)?;
        let nanoseconds = u64::from_le_bytes(self.read()?);
        Ok((Duration::from_nanos(nanoseconds), u64::from_le_bytes(self.read()?)))
    }

    fn send(&mut self, address: u64, bytes: &[u8], offsets: &[u32]) -> anyhow::Result<()> {
        self.input.write_all(&address.to_le_bytes())?;
        self.input.write_all(&u32::try_from(bytes.len())?.to_le_bytes())?;
        self.input.write_all(bytes)?;
        self.input.write_all(&u32::try_from(offsets.len())?.to_le_bytes())?;
        offsets.iter().try_for_each(|o| self.input.write_all(&o.to_le_bytes()))?;
        self.input.flush().context("the reference ended")
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        Ok(match self.read::<1>()? {
            [0] => {
                let length = u32::from_le_bytes(self.read()?);
                let count = u32::from_le_bytes(self.read()?);
                Answer::Lifted { length, ops: (0..count).map(|_| self.op()).collect::<anyhow::Result<_>>()? }
            }
            [1] => Answer::Refused,
            [2] => Answer::Crashed,
            [other] => bail!("the reference answered {other}"),
        })
    }

    fn op(&mut self) -> anyhow::Result<OracleOp> {
        let [opcode, inputs, output] = self.read()?;
        let output = if output == 1 { Some(self.varnode()?) } else { None };
        let inputs = (0..inputs).map(|_| self.varnode()).collect::<anyhow::Result<_>>()?;
        Ok(OracleOp { opcode, output, inputs })
    }

    fn varnode(&mut self) -> anyhow::Result<Varnode> {
        let [space] = self.read()?;
        let offset = u64::from_le_bytes(self.read()?);
        let size = u32::from_le_bytes(self.read()?);
        let space = self.spaces.get(usize::from(space)).copied().unwrap_or(SpaceId(u8::MAX));
        Ok(Varnode { space, offset, size: u16::try_from(size).unwrap_or(u16::MAX) })
    }

    fn read<const N: usize>(&mut self) -> anyhow::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.output.read_exact(&mut bytes).context("the reference ended")?;
        Ok(bytes)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // Nothing is lost: the child holds no state worth saving, and may already be gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_spaces(output: &mut impl Read, table: &Table) -> anyhow::Result<Vec<SpaceId>> {
    let mut byte = [0];
    output.read_exact(&mut byte).context("the reference did not start")?;
    let mut spaces = Vec::new();
    for _ in 0..byte[0] {
        output.read_exact(&mut byte)?;
        let mut name = vec![0; usize::from(byte[0])];
        output.read_exact(&mut name)?;
        let ours = table.spaces().iter().position(|s| s.name.as_bytes() == name);
        spaces.push(SpaceId(ours.and_then(|i| u8::try_from(i).ok()).unwrap_or(u8::MAX)));
    }
    Ok(spaces)
}

/// The reference's table and processor specification.
fn files(language: LanguageId, thumb: bool) -> (&'static str, &'static str) {
    let arm = if thumb { "ARMtTHUMB.pspec" } else { "ARMt.pspec" };
    match language {
        LanguageId::X86 => ("x86.sla", "x86.pspec"),
        LanguageId::X86_64 => ("x86-64.sla", "x86-64.pspec"),
        LanguageId::Aarch64 => ("AARCH64.sla", "AARCH64.pspec"),
        LanguageId::ArmLe => ("ARM8_le.sla", arm),
        LanguageId::ArmBe => ("ARM8_be.sla", arm),
        LanguageId::CortexM => ("ARM8m_le.sla", "ARMCortex.pspec"),
        LanguageId::Mips32Be => ("mips32be.sla", "mips32.pspec"),
        LanguageId::Mips32Le => ("mips32le.sla", "mips32.pspec"),
        LanguageId::Mips64Be => ("mips64be.sla", "mips64.pspec"),
        LanguageId::Mips64Le => ("mips64le.sla", "mips64.pspec"),
        LanguageId::Ppc32Be => ("ppc_32_be.sla", "ppc_32.pspec"),
        LanguageId::Ppc64Le => ("ppc_64_isa_altivec_le.sla", "ppc_64.pspec"),
        LanguageId::Ppc64Be => ("ppc_64_isa_altivec_be.sla", "ppc_64.pspec"),
        LanguageId::Riscv64 => ("riscv.lp64d.sla", "RV64GC.pspec"),
        LanguageId::Riscv32 => ("riscv.ilp32d.sla", "RV32GC.pspec"),
        other => unreachable_language(other),
    }
}

fn unreachable_language(language: LanguageId) -> (&'static str, &'static str) {
    eprintln!("no reference tables are listed for `{}`", language.name());
    ("", "")
}

/// Runs a program of `oracles/` to its end.
pub(crate) fn run_tool(name: &str, args: &[&str]) -> anyhow::Result<()> {
    let status = tool(name).args(args).status().with_context(|| format!("cannot start `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed");
    }
    Ok(())
}

fn tool(name: &str) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    let manifest =
        ["run", "--quiet", "--release", "--manifest-path", "oracles/Cargo.toml", "--bin", name, "--"];
    // A target folder of its own: the two workspaces would otherwise rebuild each other's dependencies.
    let folder = std::env::var("SUKASHI_ORACLE_TARGET").unwrap_or_else(|_| "oracles/target".to_owned());
    command.args(manifest).env("CARGO_TARGET_DIR", folder);
    command
}
