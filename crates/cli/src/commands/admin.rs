//! `sukashi admin`: looking after a data directory.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use share::Platform;

use crate::commands::{Context, serve};
use crate::escape;
use crate::outcome::Outcome;
use crate::settings::Setting;

/// Back up, restore and verify a platform's data directory.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi admin backup /var/backups/sukashi-2026-11-27
  sukashi admin restore /var/backups/sukashi-2026-11-27 --data /var/lib/sukashi
  sukashi admin rebuild --verify")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Data directory.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Copy everything to a new directory; the platform may go on meanwhile.
    #[command(before_help = "Examples:
  sukashi admin backup /var/backups/sukashi-2026-11-27")]
    Backup {
        /// Directory to make.
        into: PathBuf,
    },
    /// Put a backup back as a new data directory, and verify it.
    #[command(before_help = "Examples:
  sukashi admin restore /var/backups/sukashi-2026-11-27 --data /var/lib/sukashi")]
    Restore {
        /// A backup.
        from: PathBuf,
    },
    /// Derive again what can be derived: the tiles of the log. The platform must not run.
    #[command(before_help = "Examples:
  sukashi admin rebuild --verify")]
    Rebuild {
        /// Change nothing; check every statement, signature, entry, tile and checkpoint: 0 all well, 1 not.
        #[arg(long)]
        verify: bool,
    },
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let data = match &args.data {
        Some(data) => data.clone(),
        None => {
            context.settings.parsed(Setting::Data)?.context("no data directory is set; hint: use `--data`")?
        }
    };
    serve::runtime()?.block_on(async {
        match &args.command {
            Command::Backup { into } => {
                share::back_up(&data, into).await?;
                context.output.line(&format!("backed up to {}", into.display()))?;
                Ok(Outcome::Clean)
            }
            Command::Restore { from } => {
                share::restore(from, &data)?;
                verify(&data, context).await
            }
            Command::Rebuild { verify: true } => verify(&data, context).await,
            Command::Rebuild { verify: false } => {
                let platform = open(&data).await?;
                let tiles = platform.rebuild_log(&platform.local_administrator()).await?;
                platform.close().await;
                context.output.line(&format!("{tiles} tiles written"))?;
                Ok(Outcome::Clean)
            }
        }
    })
}

/// A directory that is there: nothing is made.
async fn open(data: &std::path::Path) -> anyhow::Result<Platform> {
    anyhow::ensure!(data.join("version").exists(), "`{}` is not a data directory", data.display());
    Ok(Platform::open(data).await?)
}

async fn verify(data: &std::path::Path, context: &mut Context) -> anyhow::Result<Outcome> {
    let platform = open(data).await?;
    let found = platform.check_integrity(&platform.local_administrator()).await?;
    platform.close().await;
    for fault in &found.faults {
        tracing::error!("{}", escape::line(fault));
    }
    let summary =
        format!("{} statements, {} log entries, root {}", found.statements, found.entries, found.root);
    context.output.line(&summary)?;
    Ok(Outcome::found(!found.faults.is_empty()))
}
