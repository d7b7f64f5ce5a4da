//! What does this instruction do?
//!
//! Bytes, an address and a context value become P-code operations: a small register-transfer language that is the
//! same for every processor. The meaning of each instruction comes from Ghidra's compiled SLEIGH tables (`.sla`,
//! format version 4), read by our own runtime.
//!
//! Not here: files, programs, control flow across instructions. The caller walks the code and carries context along
//! its edges.

pub mod pcode;
