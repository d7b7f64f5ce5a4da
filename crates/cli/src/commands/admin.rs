//! `sukashi admin`: looking after a data directory.

use std::path::PathBuf;

use clap::Subcommand;
use share::{Places, Platform};

use crate::commands::Context;
use crate::commands::serve::{self, PlacesArgs};
use crate::escape;
use crate::outcome::Outcome;

/// Back up, restore, move and verify a platform.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi admin backup /var/backups/sukashi-2026-11-27
  sukashi admin restore /var/backups/sukashi-2026-11-27 --data /var/lib/sukashi
  sukashi admin migrate --to-database postgres://sukashi@db/sukashi
  sukashi admin rebuild --verify")]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Data directory.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL server of the platform, if it is not in the data directory.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// S3 bucket of the platform's envelopes, if they are not in the data directory.
    #[arg(long, global = true, value_name = "URL")]
    blobs: Option<String>,
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
    /// Move the platform to other stores, while it is served; from the end on it is written only there.
    #[command(before_help = "Examples:
  sukashi admin migrate --to-database postgres://sukashi@db/sukashi --to-blobs s3://sukashi
  sukashi admin migrate --database postgres://sukashi@db/sukashi --to-data /var/lib/sukashi-here")]
    Migrate {
        /// Data directory there; the same one unless given.
        #[arg(long, value_name = "DIR")]
        to_data: Option<PathBuf>,
        /// PostgreSQL server; SQLite in the data directory unless given.
        #[arg(long, value_name = "URL")]
        to_database: Option<String>,
        /// S3 bucket; files in the data directory unless given.
        #[arg(long, value_name = "URL")]
        to_blobs: Option<String>,
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
    let typed =
        PlacesArgs { data: args.data.clone(), database: args.database.clone(), blobs: args.blobs.clone() };
    let places = typed.places(&context.settings)?;
    serve::runtime()?.block_on(async {
        match &args.command {
            Command::Backup { into } => {
                share::back_up(&places, into).await?;
                context.output.line(&format!("backed up to {}", into.display()))?;
                Ok(Outcome::Clean)
            }
            Command::Restore { from } => {
                share::restore(from, &places).await?;
                verify(&places, context).await
            }
            Command::Migrate { to_data, to_database, to_blobs } => {
                let data = to_data.clone().unwrap_or_else(|| places.data.clone());
                let to = Places { data, database: to_database.clone(), blobs: to_blobs.clone() };
                migrate(&places, &to, context).await
            }
            Command::Rebuild { verify: true } => verify(&places, context).await,
            Command::Rebuild { verify: false } => {
                let platform = open(&places).await?;
                let tiles = platform.rebuild_log(&platform.local_administrator()).await?;
                platform.close().await;
                context.output.line(&format!("{tiles} tiles written"))?;
                Ok(Outcome::Clean)
            }
        }
    })
}

async fn migrate(from: &Places, to: &Places, context: &mut Context) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        from != to,
        "it is there already; hint: use `--to-database`, `--to-blobs` or `--to-data`"
    );
    let moved = share::move_platform(from, to).await?;
    context.output.line(&format!("{} rows and {} statements moved", moved.rows, moved.envelopes))?;
    verify(to, context).await
}

/// A directory that is there: nothing is made.
async fn open(places: &Places) -> anyhow::Result<Platform> {
    let data = &places.data;
    anyhow::ensure!(data.join("version").exists(), "`{}` is not a data directory", data.display());
    Ok(Platform::open_at(places).await?)
}

async fn verify(places: &Places, context: &mut Context) -> anyhow::Result<Outcome> {
    let platform = open(places).await?;
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
