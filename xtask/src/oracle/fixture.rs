//! Reduced sets for the ordinary tests: `crates/sleigh/tests/fixtures/LANGUAGE.zst`.
//!
//! One instruction after the other, compressed by zstd; numbers as LEB128 unless a width is given:
//! address, context word 0, context word 1, length u8, bytes, number of ops, ops; an op is opcode u8, inputs u8,
//! output present u8, varnodes (output first); a varnode is space u8, size, offset.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use sleigh::pcode::Varnode;
use sleigh::{Context, LanguageId};

use super::process::OracleOp;

/// Instructions recorded for each language.
pub(crate) const WANTED: usize = 24_000;

/// One instruction with the reference's answer.
pub(crate) struct Sample {
    pub(crate) address: u64,
    pub(crate) context: Context,
    pub(crate) bytes: Vec<u8>,
    pub(crate) ops: Vec<OracleOp>,
}

pub(crate) fn write(language: LanguageId, samples: &[Sample]) -> anyhow::Result<()> {
    let mut out = Vec::new();
    samples.iter().for_each(|sample| encode(sample, &mut out));
    let folder = Path::new("crates/sleigh/tests/fixtures");
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let path = folder.join(format!("{}.zst", language.name()));
    let packed = zstd::encode_all(out.as_slice(), 19).context("cannot compress")?;
    println!("{}: {} instructions, {} bytes", path.display(), samples.len(), packed.len());
    fs::write(&path, packed).with_context(|| format!("cannot write `{}`", path.display()))
}

fn encode(sample: &Sample, out: &mut Vec<u8>) {
    number(sample.address, out);
    sample.context.0.iter().for_each(|word| number(u64::from(*word), out));
    out.push(sample.bytes.len() as u8);
    out.extend(&sample.bytes);
    number(sample.ops.len() as u64, out);
    for op in &sample.ops {
        out.extend([op.opcode, op.inputs.len() as u8, u8::from(op.output.is_some())]);
        op.output.iter().for_each(|v| varnode(*v, out));
        // The first input of LOAD (2) and STORE (3) is a pointer of the host.
        let host_pointer = matches!(op.opcode, 2 | 3);
        for (i, v) in op.inputs.iter().enumerate() {
            varnode(if i == 0 && host_pointer { Varnode { offset: 0, ..*v } } else { *v }, out);
        }
    }
}

fn varnode(v: Varnode, out: &mut Vec<u8>) {
    out.push(v.space.0);
    number(u64::from(v.size), out);
    number(v.offset, out);
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
