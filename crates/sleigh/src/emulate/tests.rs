//! Memory, registers and control.
