//! `sukashi worker`: matching, assessing and telling for platforms that are served by other processes.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use share::Platform;
use tracing::info;

use crate::commands::Context;
use crate::commands::serve::{self, PlacesArgs};
use crate::outcome::Outcome;

/// Work for a platform that other processes serve, until told to stop.
///
/// Matches what is registered with vulnerability data, assesses systems anew, tells webhooks and asks witnesses. Of
/// several workers one does each kind of work; another goes on where it vanishes.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi worker --database postgres://sukashi@db/sukashi --data /var/lib/sukashi")]
pub(crate) struct Args {
    #[command(flatten)]
    places: PlacesArgs,
    /// The vulnerability database that matching and re-assessments use.
    #[arg(long, value_name = "FILE")]
    vuln_db: Option<PathBuf>,
    /// TOML file that says how e-mail is sent.
    #[arg(long, value_name = "FILE")]
    mail: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let places = args.places.places(&context.settings)?;
    if places.database.is_none() {
        bail!(
            "a worker needs a database that others use as well; hint: use `--database`; with SQLite, `sukashi serve` works by itself"
        );
    }
    let mail = args.mail.as_deref().map(serve::mail).transpose()?;
    serve::runtime()?.block_on(async {
        let platform = Arc::new(Platform::open_at(&places).await?);
        let site = serve::site(platform, args.vuln_db.as_deref(), &context.settings)?;
        let site = Arc::new(match mail {
            Some(mail) => site.with_mail(mail),
            None => site,
        });
        let stop = serve::signals()?;
        context.output.line("ready: working")?;
        server::work(site, stop).await;
        info!("ended");
        Ok(Outcome::Clean)
    })
}
