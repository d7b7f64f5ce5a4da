//! `sukashi pull --tea`: documents from any server of the Transparency Exchange API.
//!
//! The server's word is only where a document is and what its checksum is. What is signed is verified with the trust file;
//! what is not is kept and called unsigned.

use std::path::Path;

use client::{Artifact, Download, DownloadError, Format, Integrity, Tea, TeaError, TeaRelease, Tei};
use statement::{Statement, Trust, Unverified};

use crate::commands::Context;
use crate::commands::platform::Platform;
use crate::escape;
use crate::failure::Failure;
use crate::log;
use crate::outcome::Outcome;
use crate::output::write_into;

/// Longest part of a file name that a server's words make, in bytes.
const MAX_PART: usize = 80;

/// What to pull.
pub(crate) struct Wanted<'a> {
    /// TEI or address.
    pub(crate) source: &'a str,
    /// Only about releases of products with this name.
    pub(crate) product: Option<&'a str>,
    /// Only about this version.
    pub(crate) version: Option<&'a str>,
    /// Whose keys are accepted.
    pub(crate) trust: Option<&'a Trust>,
}

/// Whose word a document is.
enum Signed {
    /// Nobody's that could be checked.
    Not,
    /// A statement, and there is no trust file.
    Unverified,
    /// These organizations'.
    By(Vec<String>),
    /// A statement that does not verify.
    Wrong(anyhow::Error),
}

pub(crate) fn pull(
    wanted: &Wanted<'_>,
    platform: &Platform,
    folder: &Path,
    context: &mut Context,
) -> anyhow::Result<Outcome> {
    let token = platform.token_in_file()?;
    let asked = ask(wanted.source, platform, token.as_deref());
    let (tea, found) = asked.map_err(|error| explained(error, token.is_some()))?;
    let fits = |f: &&client::Found| {
        wanted.product.is_none_or(|p| f.product() == p) && wanted.version.is_none_or(|v| f.version() == v)
    };
    let mut pulling = Pulling { tea: &tea, trust: wanted.trust, folder, kept: 0, outcome: Outcome::Clean };
    let mut releases = 0_u64;
    for found in found.iter().filter(fits) {
        releases = releases.saturating_add(1);
        match tea.release(found) {
            Ok(release) => pulling.release(&release, context)?,
            Err(error) => {
                let title = format!("{} {}", escape::line(found.product()), escape::line(found.version()));
                pulling.missing(&format!("{title} is not shown: {:#}", anyhow::Error::new(error)));
            }
        }
    }
    if releases == 0 {
        anyhow::bail!("the server shows no such release; hint: leave out `--product` to see all");
    }
    context.output.line(&format!("pulled {} documents about {releases} releases", pulling.kept))?;
    Ok(pulling.outcome)
}

/// The server, and what it shows.
fn ask(source: &str, platform: &Platform, token: Option<&str>) -> anyhow::Result<(Tea, Vec<client::Found>)> {
    if !Tei::is_meant(source) {
        let tea = Tea::at(source, token)?;
        let found = tea.list()?;
        return Ok((tea, found));
    }
    let tei: Tei = source.parse()?;
    let tea = match platform.url() {
        Some(url) => Tea::at(url, token)?,
        None => Tea::of(&tei, token)?,
    };
    let found = tea.discover(&tei)?;
    Ok((tea, found))
}

/// With what to do where a server does not know who asks.
fn explained(error: anyhow::Error, with_token: bool) -> anyhow::Error {
    let status = match error.downcast_ref() {
        Some(TeaError::Fetch(fetching)) => fetching.status(),
        _ => None,
    };
    let hint = match status {
        Some(401 | 403) if with_token => {
            "it takes another token than that in `--token-file`; ask whoever runs it"
        }
        Some(401 | 403) => "this server wants a token, in a file: `--token-file`",
        _ => return error,
    };
    error.context(format!("the server does not let you in; hint: {hint}"))
}

struct Pulling<'a> {
    tea: &'a Tea,
    trust: Option<&'a Trust>,
    folder: &'a Path,
    kept: u64,
    outcome: Outcome,
}

impl Pulling<'_> {
    fn release(&mut self, release: &TeaRelease, context: &mut Context) -> anyhow::Result<()> {
        let title = format!("{} {}", escape::line(&release.product), escape::line(&release.version));
        for part in &release.not_shown {
            self.missing(&format!("{title}: component release `{}` is not shown", escape::line(part)));
        }
        for artifact in &release.artifacts {
            for (place, format) in artifact.formats.iter().enumerate() {
                self.document(release, artifact, (place, format), context)?;
            }
        }
        Ok(())
    }

    fn missing(&mut self, why: &str) {
        log::failure(&Failure::of(&anyhow::anyhow!("{why}")));
        self.outcome = self.outcome.max(Outcome::Partial);
    }

    fn document(
        &mut self,
        release: &TeaRelease,
        artifact: &Artifact,
        (place, format): (usize, &Format),
        context: &mut Context,
    ) -> anyhow::Result<()> {
        let name = file_name(release, artifact, place, format);
        tracing::info!("pulling {name}");
        let Download { bytes, integrity } = match self.tea.download(format) {
            Ok(download) => download,
            Err(error @ DownloadError::Other(_)) => {
                let text = format!("`{name}` is not kept: {error}");
                log::failure(&Failure::of(&anyhow::anyhow!("{text}")));
                self.outcome = Outcome::Found;
                return Ok(());
            }
            Err(error) => {
                self.missing(&format!("`{name}` is not there: {:#}", anyhow::Error::new(error)));
                return Ok(());
            }
        };
        let signed = signed(&bytes, format, self.trust);
        if let Signed::Wrong(error) = &signed {
            log::failure(&Failure::of(&anyhow::anyhow!("`{name}`: {error:#}")));
            self.outcome = Outcome::Found;
        }
        write_into(self.folder, Path::new(&name), &bytes)?;
        self.kept = self.kept.saturating_add(1);
        self.signature_beside(&name, format)?;
        context.output.line(&format!("{name}  {}, {}", described(&signed), compared(&integrity)))
    }

    /// Keeps what lies beside a document as its signature; which form it has is not said, so it is not checked.
    fn signature_beside(&mut self, name: &str, format: &Format) -> anyhow::Result<()> {
        let Some(url) = &format.signature_url else { return Ok(()) };
        match self.tea.signature(url) {
            Ok(bytes) => write_into(self.folder, Path::new(&format!("{name}.sig")), &bytes),
            Err(error) => {
                self.missing(&format!(
                    "the signature of `{name}` is not there: {:#}",
                    anyhow::Error::new(error)
                ));
                Ok(())
            }
        }
    }
}

fn signed(bytes: &[u8], format: &Format, trust: Option<&Trust>) -> Signed {
    let claim = match Unverified::<Statement>::read(bytes) {
        Ok(claim) => claim,
        Err(error) if format.is_envelope() => return Signed::Wrong(error.into()),
        Err(_) => return Signed::Not,
    };
    let Some(trust) = trust else { return Signed::Unverified };
    match claim.verify(&trust.key_ring()) {
        Ok(verified) => Signed::By(verified.signers().iter().map(|s| s.organization.clone()).collect()),
        Err(error) => Signed::Wrong(error.into()),
    }
}

fn described(signed: &Signed) -> String {
    match signed {
        Signed::Not => "unsigned".to_owned(),
        Signed::Unverified => "signed, not verified".to_owned(),
        Signed::By(names) => format!("signed by `{}`", escape::line(&names.join("`, `"))),
        Signed::Wrong(_) => "signature not accepted".to_owned(),
    }
}

fn compared(integrity: &Integrity) -> String {
    match integrity {
        Integrity::Same(algorithm) => format!("{algorithm} fits"),
        Integrity::Unknown => "no checksum to compare with".to_owned(),
    }
}

/// `KR-200-1.4.2/BOM-0123….json`: made of what a server says, so only of harmless characters.
fn file_name(release: &TeaRelease, artifact: &Artifact, place: usize, format: &Format) -> String {
    let media = format.media_type.as_deref().unwrap_or_default();
    let extension = match media {
        _ if format.is_envelope() => "dsse.json",
        _ if media.ends_with("json") => "json",
        _ if media.ends_with("xml") => "xml",
        _ if media.starts_with("text/") => "txt",
        _ => "bin",
    };
    let number = if place == 0 { String::new() } else { format!(".{}", place.saturating_add(1)) };
    let revision = if artifact.version == 1 { String::new() } else { format!(".v{}", artifact.version) };
    let folder = format!("{}-{}", harmless(&release.product), harmless(&release.version));
    let stem = format!("{}-{}", harmless(&artifact.r#type), harmless(&artifact.uuid));
    format!("{folder}/{stem}{revision}{number}.{extension}")
}

/// Letters, digits and `.-_`; no leading dot, and short enough for a part of a file name.
fn harmless(text: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut name = String::new();
    for c in text.chars().map(kept) {
        if name.len().saturating_add(c.len_utf8()) > MAX_PART {
            break;
        }
        name.push(if name.is_empty() && c == '.' { '_' } else { c });
    }
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_server_cannot_leave_the_folder() {
        let table = [
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("", "_"),
            ("..", "_."),
            ("KR-200", "KR-200"),
            ("水道局", "水道局"),
            ("a\u{1b}[2J", "a__2J"),
        ];
        for (text, name) in table {
            assert_eq!(harmless(text), name);
        }
        assert_eq!(harmless(&"水".repeat(5000)).len(), MAX_PART - MAX_PART % 3);
    }
}
