//! E-mail: which server takes it, who may get it, and sending it. What it says is `letter`'s business.

mod letter;

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use lettre::{Address, Message, SmtpTransport, Transport as _};
use serde::Deserialize;
use share::ChangeView;

pub(crate) use letter::Language;

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How e-mail is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Host that takes it.
    pub server: String,
    /// Its port; otherwise 465 with TLS from the start, and 587.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// File with the certificate (PEM) that vouches for the server, beside the authorities that browsers know.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// Name to log in with; none where the server asks for none.
    #[serde(default)]
    pub user: Option<String>,
    /// File with the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Sender, such as `Sukashi <sukashi@works.example>`.
    pub from: String,
    /// Address of this platform as browsers know it, for links.
    pub address: String,
    /// Mailboxes may be in these domains only; empty for any.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// After the first words, by STARTTLS; without it nothing is sent.
    #[default]
    Starttls,
    /// From the start.
    Tls,
    /// Not at all; only to a server on this machine.
    None,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailSettingsError {
    /// The sender is no mailbox.
    #[error("`from` is no mailbox; hint: write it like `Sukashi <sukashi@works.example>`")]
    From(#[source] lettre::address::AddressError),
    /// E-mail would cross a network in clear.
    #[error("`{server}` is not on this machine, and e-mail to it would not be encrypted")]
    Clear {
        /// The server.
        server: String,
    },
    /// The certificate cannot be read.
    #[error("cannot read the certificate in `{path}`")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The password cannot be read.
    #[error("cannot read the password in `{path}`")]
    Password {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server's name is none.
    #[error("cannot send e-mail to `{server}`")]
    Server {
        /// The server.
        server: String,
        /// Why.
        #[source]
        source: lettre::transport::smtp::Error,
    },
}

/// Sends e-mail.
pub struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
    address: String,
    domains: Vec<String>,
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("the letter cannot be written")]
    Letter(#[from] lettre::error::Error),
    #[error("the mail server did not take the letter")]
    Server(#[from] lettre::transport::smtp::Error),
}

/// A mailbox that is told of changes, in a language; stored as a `mailto:` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    address: Address,
    language: Language,
}

impl Recipient {
    /// `mailto:ADDRESS`, perhaps with `?language=ja`.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("mailto:")?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let language = match query {
            "" | "language=en" => Language::English,
            "language=ja" => Language::Japanese,
            _ => return None,
        };
        Some(Self { address: address.parse().ok()?, language })
    }
}

/// Programs that answer letters do not answer this one (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn is_here(server: &str) -> bool {
    server == "localhost" || server.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// What is asked of the server's certificate.
fn trusted(settings: &MailSettings) -> Result<TlsParametersBuilder, MailSettingsError> {
    let builder = TlsParameters::builder(settings.server.clone());
    let Some(path) = &settings.certificate_file else { return Ok(builder) };
    let failed = |source| MailSettingsError::Certificate { path: path.clone(), source };
    let pem = std::fs::read(path).map_err(|e| failed(e.into()))?;
    Ok(builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| failed(e.into()))?))
}

impl Mail {
    /// Checks the settings; nobody is connected to yet.
    pub fn new(settings: &MailSettings) -> Result<Self, MailSettingsError> {
        let server = settings.server.as_str();
        let failed = |source| MailSettingsError::Server { server: server.to_owned(), source };
        let parameters = || trusted(settings)?.build().map_err(failed);
        let (port, tls) = match settings.encryption {
            Encryption::Starttls => (SUBMISSION_PORT, Tls::Required(parameters()?)),
            Encryption::Tls => (SUBMISSIONS_PORT, Tls::Wrapper(parameters()?)),
            Encryption::None if is_here(server) => (SMTP_PORT, Tls::None),
            Encryption::None => return Err(MailSettingsError::Clear { server: server.to_owned() }),
        };
        let mut builder = SmtpTransport::builder_dangerous(server).port(port).tls(tls);
        if let Some(port) = settings.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(path)) = (&settings.user, &settings.password_file) {
            let text = std::fs::read_to_string(path)
                .map_err(|source| MailSettingsError::Password { path: path.clone(), source })?;
            let password = text.lines().next().unwrap_or_default().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.timeout(Some(PATIENCE)).build(),
            from: settings.from.parse().map_err(MailSettingsError::From)?,
            address: settings.address.trim_end_matches('/').to_owned(),
            domains: settings.domains.iter().map(|d| d.to_ascii_lowercase()).collect(),
        })
    }

    /// Whether it may be sent there.
    pub(crate) fn serves(&self, to: &Recipient) -> bool {
        self.domains.is_empty() || self.domains.contains(&to.address.domain().to_ascii_lowercase())
    }

    /// Sends one letter with `changes`. Blocks.
    pub(crate) fn send(&self, to: &Recipient, changes: &[ChangeView]) -> Result<(), MailError> {
        let letter = letter::write(to.language, &self.address, changes);
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.address.clone()))
            .subject(letter.subject)
            .message_id(None)
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)?;
        self.transport.send(&message)?;
        Ok(())
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_mailbox_and_a_language() {
        let japanese = Recipient::of_url("mailto:ops@water.example?language=ja").unwrap();
        assert_eq!(
            (japanese.language, japanese.address.to_string().as_str()),
            (Language::Japanese, "ops@water.example")
        );
        assert_eq!(Recipient::of_url("mailto:ops@water.example").unwrap().language, Language::English);
        for url in [
            "https://a.example",
            "mailto:",
            "mailto:a",
            "mailto:a@b?cc=c@d",
            "mailto:a@b\r\nTo: c@d",
            "mailto:a@b,c@d",
        ] {
            assert_eq!(Recipient::of_url(url), None, "{url:?}");
        }
    }

    #[test]
    fn letters_do_not_cross_a_network_in_clear() {
        let settings = MailSettings {
            server: "mail.example".to_owned(),
            port: None,
            encryption: Encryption::None,
            certificate_file: None,
            user: None,
            password_file: None,
            from: "Sukashi <s@works.example>".to_owned(),
            address: "https://p.example".to_owned(),
            domains: vec!["Water.example".to_owned()],
        };
        assert!(matches!(Mail::new(&settings), Err(MailSettingsError::Clear { .. })));
        let mail = Mail::new(&MailSettings { encryption: Encryption::Tls, ..settings.clone() }).unwrap();
        assert!(mail.serves(&Recipient::of_url("mailto:ops@water.EXAMPLE").unwrap()));
        assert!(!mail.serves(&Recipient::of_url("mailto:ops@other.example").unwrap()));
        let nobody = MailSettings { from: "nobody".to_owned(), encryption: Encryption::Tls, ..settings };
        assert!(matches!(Mail::new(&nobody), Err(MailSettingsError::From(_))));
    }
}
