//! A client of the Transparency Exchange API 0.4.0 (OWASP, Ecma TC54): from the identifier on a delivery, or a server's
//! address, to documents about releases.
//!
//! The interface says where documents are and what their checksums are; it signs nothing. Whether a document is signed,
//! and by whom, is for whoever has it.
//!
//! Answers are a stranger's: they are bounded in size and number, and lead only to public addresses ([`Reach::Public`]).
//!
//! [`Reach::Public`]: crate::Reach::Public

mod checksum;
mod fetch;
mod objects;
mod tei;

use std::collections::BTreeSet;

use record::Sha256;

use crate::remote::percent_encoded;
use crate::tea::fetch::Fetcher;
use crate::tea::objects::{
    Collection, ComponentRelease, Discovered, Distribution, Page, ProductRelease, WellKnown, roots,
};

pub use crate::tea::checksum::{Checksum, Integrity, OtherContent};
pub use crate::tea::fetch::FetchError;
pub use crate::tea::objects::{Artifact, Format};
pub use crate::tea::tei::{Tei, TeiError};

/// Longest answer that is not a document, in bytes.
const MAX_ANSWER: u64 = 16 << 20;

/// Longest document, in bytes.
const MAX_DOCUMENT: u64 = statement::MAX_ENVELOPE_BYTES as u64;

/// Most releases of one server.
const MAX_RELEASES: usize = 100_000;

/// Most components of a release that are asked for.
const MAX_COMPONENTS: usize = 1000;

/// Releases in one answer.
const PAGE: usize = 100;

/// Where discovery begins.
const WELL_KNOWN: &str = "/.well-known/tea";

/// Why a server did not say what there is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TeaError {
    /// A request.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// No server speaks a version that is spoken here.
    #[error("`{at}` names no server that speaks version 0.4.0 of the interface")]
    Version {
        /// Who was asked.
        at: String,
    },
    /// The server does not know it.
    #[error("nothing is known of `{tei}`; hint: some servers need a token, `--token-file`")]
    Unknown {
        /// The identifier.
        tei: String,
    },
    /// More than one may have.
    #[error("the server has more than {limit} {what}")]
    Limit {
        /// What.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is something else.
    #[error(transparent)]
    Other(#[from] OtherContent),
    /// The server does not say where it is.
    #[error("the server does not say where it is")]
    Nowhere,
}

/// A document as it was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// It.
    pub bytes: Vec<u8>,
    /// What its checksums say.
    pub integrity: Integrity,
}

/// A release, and the documents about it and about what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeaRelease {
    /// Its id there.
    pub uuid: String,
    /// Name of the product; the id where the server gives none.
    pub product: String,
    /// Version.
    pub version: String,
    /// The delivered files that have a SHA-256: description and digest.
    pub files: Vec<(String, Sha256)>,
    /// Documents, each once.
    pub artifacts: Vec<Artifact>,
    /// Releases of components that the server names and does not show.
    pub not_shown: Vec<String>,
}

/// A release in the list of a server.
#[derive(Clone, Debug)]
pub struct Found {
    root: String,
    release: ProductRelease,
}

impl Found {
    /// Name of the product; the id where the server gives none.
    pub fn product(&self) -> &str {
        self.release.product_name.as_deref().unwrap_or(&self.release.uuid)
    }

    /// Version.
    pub fn version(&self) -> &str {
        &self.release.version
    }
}

/// A server of the interface.
#[derive(Debug)]
pub struct Tea {
    fetcher: Fetcher,
}

impl Tea {
    /// The server at `url`: where its discovery document is, or, with a path, the interface itself. `token` goes to this
    /// server alone.
    ///
    /// # Errors
    /// If it is no address, or a token would cross a network in clear.
    pub fn at(url: &str, token: Option<&str>) -> Result<Self, TeaError> {
        Ok(Self { fetcher: Fetcher::new(url, token)? })
    }

    /// The server that the domain of `tei` stands for.
    ///
    /// # Errors
    /// As [`Tea::at`].
    pub fn of(tei: &Tei, token: Option<&str>) -> Result<Self, TeaError> {
        Self::at(&format!("https://{}", tei.domain()), token)
    }

    /// Where the interface is, best first.
    fn roots(&self) -> Result<Vec<String>, TeaError> {
        let named = self.fetcher.named();
        if named.path() != "/" {
            return Ok(vec![named.as_str().trim_end_matches('/').to_owned()]);
        }
        let at = format!("{}{WELL_KNOWN}", named.as_str().trim_end_matches('/'));
        let known: WellKnown = self.fetcher.json(&at, MAX_ANSWER)?;
        match roots(&known.endpoints) {
            none if none.is_empty() => Err(TeaError::Version { at }),
            some => Ok(some),
        }
    }

    /// `ask` of the first server that can be reached.
    fn of_first<T>(
        roots: &[String],
        mut ask: impl FnMut(&str) -> Result<T, FetchError>,
    ) -> Result<T, TeaError> {
        let mut last = None;
        for root in roots {
            match ask(root) {
                Err(error) if error.is_elsewhere_perhaps() => last = Some(error),
                done => return Ok(done?),
            }
        }
        Err(last.map_or_else(|| TeaError::Version { at: "the server".to_owned() }, TeaError::Fetch))
    }

    /// The releases that a TEI stands for.
    ///
    /// # Errors
    /// If the server cannot be asked or does not know it.
    pub fn discover(&self, tei: &Tei) -> Result<Vec<Found>, TeaError> {
        let query = format!("discovery?tei={}", percent_encoded(tei.as_str()));
        let asked = |root: &str| self.fetcher.json::<Vec<Discovered>>(&format!("{root}/{query}"), MAX_ANSWER);
        let unknown = || TeaError::Unknown { tei: tei.as_str().to_owned() };
        let discovered = match Self::of_first(&self.roots()?, asked) {
            Err(TeaError::Fetch(error)) if error.status() == Some(404) => return Err(unknown()),
            other => other?,
        };
        limit("releases", discovered.len(), MAX_RELEASES)?;
        let mut found = Vec::new();
        for one in &discovered {
            let roots = roots(&one.servers);
            if roots.is_empty() {
                return Err(TeaError::Version { at: tei.as_str().to_owned() });
            }
            let path = format!("productRelease/{}", percent_encoded(&one.product_release_uuid));
            found.push(Self::of_first(&roots, |root| {
                let release = self.fetcher.json(&format!("{root}/{path}"), MAX_ANSWER)?;
                Ok(Found { root: root.to_owned(), release })
            })?);
        }
        if found.is_empty() { Err(unknown()) } else { Ok(found) }
    }

    /// Every release that the server lists.
    ///
    /// # Errors
    /// If it cannot be asked, or has too many.
    pub fn list(&self) -> Result<Vec<Found>, TeaError> {
        let roots = self.roots()?;
        let page = |root: &str, from: usize| {
            let path = format!("{root}/productReleases?pageOffset={from}&pageSize={PAGE}");
            self.fetcher.json::<Page>(&path, MAX_ANSWER)
        };
        let (root, mut next) = Self::of_first(&roots, |root| Ok((root.to_owned(), page(root, 0)?)))?;
        let mut found: Vec<Found> = Vec::new();
        loop {
            let (total, got) = (next.total_results, next.results.len());
            found.extend(next.results.into_iter().map(|release| Found { root: root.clone(), release }));
            limit("releases", found.len(), MAX_RELEASES)?;
            if got == 0 || found.len() as u64 >= total {
                return Ok(found);
            }
            next = page(&root, found.len())?;
        }
    }

    /// What there is about a release: its newest collection, and those of the components it names by release.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn release(&self, found: &Found) -> Result<TeaRelease, TeaError> {
        let Found { root, release } = found;
        let uuid = percent_encoded(&release.uuid);
        let own = format!("{root}/productRelease/{uuid}/collection/latest");
        let mut collections = vec![self.fetcher.json::<Collection>(&own, MAX_ANSWER)?];
        let parts: BTreeSet<&String> = release.components.iter().filter_map(|c| c.release.as_ref()).collect();
        limit("components in a release", parts.len(), MAX_COMPONENTS)?;
        let (mut files, mut not_shown) = (Vec::new(), Vec::new());
        for part in parts {
            let path = format!("{root}/componentRelease/{}", percent_encoded(part));
            let part = match self.fetcher.json::<ComponentRelease>(&path, MAX_ANSWER) {
                Err(error) if error.status() == Some(404) => {
                    not_shown.push(part.clone());
                    continue;
                }
                other => other?,
            };
            files.extend(part.release.distributions.iter().filter_map(file));
            collections.push(part.latest_collection);
        }
        let mut seen = BTreeSet::new();
        let all = collections.into_iter().flat_map(|c| c.artifacts);
        let artifacts = all.filter(|a| seen.insert((a.uuid.clone(), a.version))).collect();
        let (product, version) = (found.product().to_owned(), release.version.clone());
        Ok(TeaRelease { uuid: release.uuid.clone(), product, version, files, artifacts, not_shown })
    }

    /// A document, compared with its checksums.
    ///
    /// # Errors
    /// If it cannot be fetched, or is not what the server describes.
    pub fn download(&self, format: &Format) -> Result<Download, DownloadError> {
        let url = format.url.as_deref().ok_or(DownloadError::Nowhere)?;
        let bytes = self.fetcher.get(url, MAX_DOCUMENT)?;
        let integrity = checksum::compare(&format.checksums, &bytes)?;
        Ok(Download { bytes, integrity })
    }

    /// What lies beside a document as its signature.
    ///
    /// # Errors
    /// If it cannot be fetched.
    pub fn signature(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.fetcher.get(url, MAX_ANSWER)
    }
}

fn file(distribution: &Distribution) -> Option<(String, Sha256)> {
    let sha256 = |c: &&Checksum| c.alg_type.replace('_', "-").eq_ignore_ascii_case("SHA-256");
    let digest = distribution.checksums.iter().find(sha256)?.alg_value.to_ascii_lowercase().parse().ok()?;
    Some((distribution.description.clone().unwrap_or_else(|| "file".to_owned()), digest))
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), TeaError> {
    if found > limit { Err(TeaError::Limit { what, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
