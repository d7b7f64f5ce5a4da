//! The `sukashi` command: argv, terminal, progress, exit codes.
//!
//! What was typed ([`args`]) becomes what it means (the `Plan` of each file in [`commands`]) in one place, with
//! [`settings`] filling in what was not typed. Data goes to standard output through [`output`], everything else to
//! standard error through [`log`]. Each command ends with an [`outcome`].
//!
//! Not here: HTTP, and any knowledge of what is suspicious, vulnerable or attackable.

use std::process::ExitCode;

mod args;
mod commands;
mod escape;
mod failure;
mod input;
mod log;
mod outcome;
mod output;
mod progress;
mod quantity;
mod settings;

fn main() -> ExitCode {
    match args::parse() {
        Ok(args) => commands::run(&args),
        Err(error) => {
            // Help and version come this way too; nobody is left to tell if the terminal is gone.
            let _ = error.print();
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}
