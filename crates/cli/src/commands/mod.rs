//! The commands, one file each: what is typed (`Args`), what it means (`Plan`, where the two differ), and how the
//! answer looks. The work itself is done by the engines.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::outcome::{Outcome, USAGE};
use crate::output::Output;
use crate::settings::{Setting, Settings};
use crate::{args, log};

mod admin;
mod assess;
mod attest;
mod bom;
mod completions;
mod config;
mod datalog;
mod demo;
mod detectors;
mod diff;
mod examine_upload;
mod federation;
mod inspect;
mod keys;
mod licences;
mod man;
mod platform;
mod pull;
mod register;
mod schema;
mod serve;
mod status;
mod system;
mod tea;
mod verify;
mod vuln;
mod worker;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Inspect(inspect::Args),
    Diff(diff::Args),
    Bom(bom::Args),
    Vuln(vuln::Args),
    System(system::Args),
    Assess(assess::Args),
    Datalog(datalog::Args),
    Keys(keys::Args),
    Attest(attest::Args),
    Verify(verify::Args),
    Serve(serve::Args),
    Worker(worker::Args),
    Admin(admin::Args),
    Register(register::Args),
    Pull(pull::Args),
    Status(status::Args),
    Federation(federation::Args),
    Config(config::Args),
    Detectors(detectors::Args),
    Schema(schema::Args),
    Licences(licences::Args),
    Completions(completions::Args),
    Man(man::Args),
    ExamineUpload(examine_upload::Args),
}

/// What every command works with.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) output: Output,
}

/// Carries out what was typed, and says how it ended.
pub(crate) fn run(args: &args::Args) -> ExitCode {
    // A bug must not look like an answer: nothing that panics may end with 0, 1 or 3.
    let result = catch_unwind(AssertUnwindSafe(|| try_run(args)));
    let result = result.unwrap_or_else(|_| {
        Err(anyhow::anyhow!("the program failed; hint: this is a bug, please report it with the lines above"))
    });
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            log::failure(&Failure::of(&error));
            ExitCode::from(USAGE)
        }
    }
}

fn try_run(args: &args::Args) -> anyhow::Result<Outcome> {
    let global = &args.global;
    let verbosity = if global.quiet { -1 } else { i8::try_from(global.verbose).unwrap_or(i8::MAX) };
    let loaded = Settings::load(global.config.as_deref(), &|name| std::env::var_os(name));
    let format = match (&loaded, global.log_format) {
        (_, Some(typed)) => Ok(Some(typed)),
        (Ok(settings), None) => settings.parsed(Setting::LogFormat),
        (Err(_), None) => Ok(None),
    };
    log::start(format.as_ref().ok().copied().flatten().unwrap_or_default(), verbosity);
    format?;
    let mut context = Context { settings: loaded?, output: Output::default() };
    match &args.command {
        Command::Inspect(args) => inspect::run(args, &mut context),
        Command::Diff(args) => diff::run(args, &mut context),
        Command::Bom(args) => bom::run(args, &mut context),
        Command::Vuln(args) => vuln::run(args, &mut context),
        Command::Assess(args) => assess::run(args, &mut context),
        Command::Keys(args) => keys::run(args, &mut context),
        Command::Attest(args) => attest::run(args, &mut context),
        Command::Verify(args) => verify::run(args, &mut context),
        Command::Demo(args) => demo::run(args, &mut context),
        Command::Serve(args) => serve::run(args, &mut context),
        Command::Worker(args) => worker::run(args, &mut context),
        Command::Admin(args) => admin::run(args, &mut context),
        Command::Register(args) => register::run(args, &mut context),
        Command::Pull(args) => pull::run(args, &mut context),
        Command::Status(args) => status::run(args, &mut context),
        Command::Federation(args) => federation::run(args, &mut context),
        Command::System(args) => system::run(args, &mut context),
        Command::Datalog(args) => datalog::run(args, &mut context),
        Command::Config(args) => config::run(args, &mut context),
        Command::Detectors(args) => detectors::run(args, &mut context),
        Command::Schema(args) => schema::run(args, &mut context),
        Command::Licences(args) => licences::run(args, &mut context),
        Command::Completions(args) => completions::run(args, &mut context),
        Command::Man(args) => man::run(args, &mut context),
        Command::ExamineUpload(args) => examine_upload::run(args),
    }
}
