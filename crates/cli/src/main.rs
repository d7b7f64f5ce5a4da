//! The `sukashi` command: argv, terminal, progress, exit codes.

fn main() {}
