//! `sukashi demo`: four companies, one router with a back door, and a waterworks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use pipeline::{Vulnerabilities, demo};
use server::{ServeOptions, Site};
use tracing::info;

use crate::commands::{Context, serve};
use crate::outcome::Outcome;
use crate::settings::Setting;

/// Play a supply chain of four companies through the real engines, and serve it.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi demo
  sukashi demo --data ./demo --listen 127.0.0.1:0")]
pub(crate) struct Args {
    /// Directory of the demonstration; continued if there is one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let listen = serve::address(args.listen, &context.settings)?;
    let data = match &args.data {
        Some(data) => data.clone(),
        // Beside the real one, never in it.
        None => context
            .settings
            .parsed::<PathBuf>(Setting::Data)?
            .context("no data directory is set")?
            .with_file_name("demo"),
    };
    let data = serve::absolute(&data)?;
    if let Some(parent) = data.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create `{}`", parent.display()))?;
    }
    serve::runtime()?.block_on(async {
        let listener = serve::bind(listen).await?;
        info!("the demonstration lies in `{}`", data.display());
        let demo = demo::open(&data).await?;
        guide(&demo.people, context)?;
        let known = Vulnerabilities::open(&demo.vulnerabilities)
            .with_context(|| format!("cannot use `{}`", demo.vulnerabilities.display()))?;
        let site = Site::new(Arc::new(demo.platform)).with_vulnerabilities(Arc::new(known));
        serve::serve(site, listener, ServeOptions::default(), &demo.people, &mut context.output).await
    })?;
    Ok(Outcome::Clean)
}

/// What to look at; not data.
fn guide(people: &[demo::Person], context: &Context) -> anyhow::Result<()> {
    use std::io::{IsTerminal, Write};
    if context.output.is_closed() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let mut text = String::from("four companies, one supply chain; each link below logs in once:\n");
    text.extend(people.iter().rev().map(|person| format!("  {:<24} {}\n", person.role, person.organization)));
    text += "start as the operator: Status shows what runs where, Risk how it is attacked,\n";
    text += "and the router of the equipment maker has a finding. Ctrl-C ends.\n";
    std::io::stderr().write_all(text.as_bytes()).context("cannot write to the terminal")
}
