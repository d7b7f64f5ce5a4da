//! `sukashi serve`: the platform, over HTTP, until told to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use pipeline::demo::{self, Person};
use server::{Mail, Oidc, ServeOptions, Site, Tls};
use share::{AccountId, OrganizationKind, Places, Platform, Role};
use tokio::net::TcpListener;
use tracing::info;

use crate::commands::{Context, vuln};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::settings::{Setting, Settings};

/// Serve the platform: pages and HTTP interface.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sukashi serve
  sukashi serve --data /var/lib/sukashi --listen 127.0.0.1:7878
  sukashi serve --listen 0.0.0.0:7878 --behind-proxy
  sukashi serve --listen 0.0.0.0:443 --tls-certificate chain.pem --tls-key key.pem
  sukashi serve --database postgres://sukashi@db/sukashi --blobs s3://sukashi")]
pub(crate) struct Args {
    #[command(flatten)]
    places: PlacesArgs,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The vulnerability database that answers and re-assessments use.
    #[arg(long, value_name = "FILE")]
    vuln_db: Option<PathBuf>,
    /// Address of figures for Prometheus; whoever reaches it may read them.
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// A proxy in front speaks TLS; needed to listen beyond this machine.
    #[arg(long)]
    behind_proxy: bool,
    /// PEM file with the certificate of this platform and those between it and a root; TLS without a proxy.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// PEM file with its key.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Print a login link for whoever manages the instance, also after the first start.
    #[arg(long)]
    login_link: bool,
    /// TOML file that says how people log in by OpenID Connect.
    #[arg(long, value_name = "FILE")]
    login: Option<PathBuf>,
    /// TOML file that says how e-mail is sent.
    #[arg(long, value_name = "FILE")]
    mail: Option<PathBuf>,
    /// Leave matching, assessing and telling to `sukashi worker` (needs `--database`).
    #[arg(long)]
    answers_only: bool,
}

/// Where a platform keeps what it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct PlacesArgs {
    /// Data directory; made where it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// PostgreSQL server (`postgres://…`) instead of SQLite in the data directory; PGPASSWORD has the password.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// S3 bucket (`s3://BUCKET/PREFIX?endpoint=…&region=…`) instead of files; credentials from AWS_ACCESS_KEY_ID and
    /// AWS_SECRET_ACCESS_KEY.
    #[arg(long, value_name = "URL")]
    pub(crate) blobs: Option<String>,
}

impl PlacesArgs {
    /// What was typed or set.
    ///
    /// # Errors
    /// If no data directory is set.
    pub(crate) fn places(&self, settings: &Settings) -> anyhow::Result<Places> {
        let data = match &self.data {
            Some(data) => data.clone(),
            None => {
                settings.parsed(Setting::Data)?.context("no data directory is set; hint: use `--data`")?
            }
        };
        let or = |typed: &Option<String>, setting| match typed {
            Some(url) => Ok(Some(url.clone())),
            None => settings.parsed(setting),
        };
        let (database, blobs) = (or(&self.database, Setting::Database)?, or(&self.blobs, Setting::Blobs)?);
        Ok(Places { data, database, blobs })
    }
}

pub(crate) fn run(args: &Args, context: &mut Context) -> anyhow::Result<Outcome> {
    let settings = &context.settings;
    let places = args.places.places(settings)?;
    if args.answers_only && places.database.is_none() {
        bail!(
            "nobody else can work on a directory that is served; hint: use `--database`, or leave out `--answers-only`"
        );
    }
    let listen = address(args.listen, settings)?;
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::load(certificate, key)?),
        _ => None,
    };
    if !listen.ip().is_loopback() && !args.behind_proxy && tls.is_none() {
        bail!(
            "`{listen}` can be reached from other machines, and this is not encrypted; hint: use `--tls-certificate` and `--tls-key`, or put a proxy with TLS in front and say `--behind-proxy`"
        );
    }
    let oidc = args.login.as_deref().map(oidc).transpose()?;
    let mail = args.mail.as_deref().map(mail).transpose()?;
    runtime()?.block_on(async {
        let listener = bind(listen).await?;
        let metrics = match args.metrics {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let options = ServeOptions {
            behind_proxy: args.behind_proxy,
            metrics,
            answers_only: args.answers_only,
            tls,
            ..ServeOptions::default()
        };
        let people = demo::people(&places.data)?;
        let platform = Arc::new(Platform::open_at(&places).await?);
        let first = !platform.has_accounts().await?;
        let people = match (first, args.login_link) {
            (true, _) => vec![set_up(&platform).await?],
            (false, true) => vec![administrator(&platform).await?],
            (false, false) => people,
        };
        let site = site(platform, args.vuln_db.as_deref(), settings)?;
        let site = match oidc {
            Some(oidc) => site.with_oidc(oidc),
            None => site,
        };
        let site = match mail {
            Some(mail) => site.with_mail(mail),
            None => site,
        };
        serve(site, listener, options, &people, &mut context.output).await
    })?;
    Ok(Outcome::Clean)
}

fn oidc(file: &Path) -> anyhow::Result<Oidc> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{shown}`"))?;
    let settings =
        toml::from_str(&text).with_context(|| format!("`{shown}` does not say how people log in"))?;
    Oidc::new(settings).with_context(|| format!("cannot use `{shown}`"))
}

/// How e-mail is sent, from a file.
///
/// # Errors
/// If it does not read, or no e-mail can be sent that way.
pub(crate) fn mail(file: &Path) -> anyhow::Result<Mail> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{shown}`"))?;
    let settings =
        toml::from_str(&text).with_context(|| format!("`{shown}` does not say how e-mail is sent"))?;
    Mail::new(&settings).with_context(|| format!("cannot use `{shown}`"))
}

/// The platform with vulnerability data: those named, or the usual ones if they are there.
pub(crate) fn site(
    platform: Arc<Platform>,
    typed: Option<&Path>,
    settings: &Settings,
) -> anyhow::Result<Site> {
    let file = vuln::database(typed, settings)?;
    let (program, arguments) = examiner()?;
    let site = Site::new(platform).with_examiner(program, arguments);
    if typed.is_none() && !file.exists() {
        return Ok(site);
    }
    let shown = file.display().to_string();
    site.with_vulnerability_file(file).with_context(|| format!("cannot use `{shown}`"))
}

/// What examines uploads: this program, without network where the system lets us.
fn examiner() -> anyhow::Result<(PathBuf, Vec<String>)> {
    let (program, own) = (this_program()?, "examine-upload".to_owned());
    let cut_off = pipeline::cut_off();
    let (Some(words), Some(name)) = (cut_off, program.to_str().map(str::to_owned)) else {
        tracing::warn!(
            hint = "install util-linux and allow user namespaces, or close the network of the unit",
            "uploads are examined by a process that is not cut off from the network"
        );
        return Ok((program, vec![own]));
    };
    let mut words = words.into_iter().chain([name, own]);
    let first = words.next().map(PathBuf::from).unwrap_or(program);
    Ok((first, words.collect()))
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot tell where this program lies")
}

/// The address that was typed or set.
///
/// # Errors
/// If what is set is no address.
pub(crate) fn address(typed: Option<SocketAddr>, settings: &Settings) -> anyhow::Result<SocketAddr> {
    match typed {
        Some(address) => Ok(address),
        None => settings.parsed(Setting::Listen)?.context("no address is set; hint: use `--listen`"),
    }
}

/// What asynchronous parts run on.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("cannot start threads")
}

/// Takes the address before any work is done.
///
/// # Errors
/// If another program has it.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let hint = "end the other program, or choose another port with `--listen`";
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on `{address}`; hint: {hint}"))
}

/// Prints a login link for each of `people`, and serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// If links cannot be made, or serving ends by itself.
pub(crate) async fn serve(
    site: Site,
    listener: TcpListener,
    options: ServeOptions,
    people: &[Person],
    output: &mut Output,
) -> anyhow::Result<()> {
    let platform = Arc::clone(site.platform());
    let address = listener.local_addr().context("cannot tell the address")?;
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    for person in people {
        let url = login(&platform, &person.account, &format!("{scheme}://{address}")).await?;
        output.line(&format!("ready: {} {url}", person.role))?;
    }
    if people.is_empty() {
        output.line(&format!("ready: {scheme}://{address}/"))?;
    }
    let stop = signals()?;
    server::serve(Arc::new(site), listener, options, stop).await?;
    info!("ended");
    Ok(())
}

async fn login(platform: &Platform, account: &AccountId, site: &str) -> anyhow::Result<String> {
    let link = platform.login_link(&platform.local_administrator(), account).await?;
    Ok(format!("{site}/login?token={}", link.reveal()))
}

/// Completes when the process is told to end.
pub(crate) fn signals() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A first start: an organization, and somebody who may manage the instance.
async fn set_up(platform: &Platform) -> anyhow::Result<Person> {
    let admin = platform.local_administrator();
    let name = "My organization";
    let organization = platform.add_organization(&admin, name, OrganizationKind::Operator).await?;
    let account =
        platform.add_account(&admin, &organization, "administrator", Role::Administrator, true).await?;
    Ok(Person { role: "administrator".to_owned(), organization: name.to_owned(), account })
}

/// Whoever manages the instance, for another login link.
async fn administrator(platform: &Platform) -> anyhow::Result<Person> {
    let account = platform.first_administrator(&platform.local_administrator()).await?;
    let account = account.context("nobody manages this instance; hint: was the directory made by `demo`?")?;
    Ok(Person { role: "administrator".to_owned(), organization: String::new(), account })
}

/// The same path, whatever the working directory becomes.
///
/// # Errors
/// If there is no working directory.
pub(crate) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot use `{}`", path.display()))
}
