//! Who takes part: 50 suppliers of one operator, with their releases, keys and tokens.

use anyhow::Context as _;
use client::{Http, Reach, Remote};
use share::{NewLink, NewRelease, OrganizationKind, Places, Platform, ProductKind, Role, Viewer};
use statement::{PredicateType, SigningKey, Statement, Subject};

use super::material::{Dice, sbom};

pub(crate) const ORGANIZATIONS: usize = 50;
/// Releases of one product.
const RELEASES: usize = 20;

/// Tokens of those who take part.
pub(crate) struct Parties {
    /// Of the suppliers, to register with.
    pub(crate) suppliers: Vec<String>,
    /// Of the operator, to look.
    pub(crate) watching: String,
    /// Of the operator, to register its systems.
    pub(super) operating: String,
}

pub(crate) struct Supplier {
    number: usize,
    pub(crate) remote: Remote,
}

/// Organizations, links, releases and tokens, made without HTTP; `releases` of each supplier.
pub(crate) async fn prepare(places: &Places, releases: usize) -> anyhow::Result<Parties> {
    let platform = Platform::open_at(places).await?;
    let admin = platform.local_administrator();
    let operator = platform.add_organization(&admin, "Operator", OrganizationKind::Operator).await?;
    platform.add_key(&admin, &operator, key(ORGANIZATIONS).public()).await?;
    let account = platform.add_account(&admin, &operator, "root", Role::Administrator, true).await?;
    let viewer = platform.viewer(&admin, &account).await?;
    let watching = token(&platform, &viewer, Role::Viewer).await?;
    let operating = token(&platform, &viewer, Role::Publisher).await?;
    let mut suppliers = Vec::new();
    for n in 0..ORGANIZATIONS {
        let id = platform
            .add_organization(&admin, &format!("S{n}"), OrganizationKind::SoftwareManufacturer)
            .await?;
        platform.add_key(&admin, &id, key(n).public()).await?;
        let account = platform.add_account(&admin, &id, "root", Role::Administrator, false).await?;
        let own = platform.viewer(&admin, &account).await?;
        let new = NewLink {
            supplier: id,
            customer: operator.clone(),
            products: None,
            valid_from: None,
            valid_to: None,
        };
        let link = platform.propose_link(&own, new).await?;
        platform.accept_link(&viewer, &link).await?;
        for first in (0..releases).step_by(RELEASES) {
            let product = platform.add_product(&own, &product(n, first), ProductKind::Equipment).await?;
            for release in first..(first + RELEASES).min(releases) {
                let artifacts = vec![("firmware.bin".to_owned(), digest(n, release), None)];
                let release = NewRelease { version: version(release), artifacts, parts: Vec::new() };
                platform.add_release(&own, &product, release).await?;
            }
        }
        suppliers.push(token(&platform, &own, Role::Publisher).await?);
    }
    platform.close().await;
    Ok(Parties { suppliers, watching, operating })
}

async fn token(platform: &Platform, of: &Viewer, role: Role) -> anyhow::Result<String> {
    Ok(platform.add_token(of, "bench", role).await?.secret.reveal().to_owned())
}

fn key(n: usize) -> SigningKey {
    SigningKey::from_seed(&[n as u8 + 1; 32])
}

/// The operator's.
pub(super) fn operator_key() -> SigningKey {
    key(ORGANIZATIONS)
}

/// Name of the product of a supplier's release.
pub(super) fn product(supplier: usize, release: usize) -> String {
    format!("P{supplier}-{}", release / RELEASES)
}

/// Version of a release in its product.
pub(super) fn version(release: usize) -> String {
    (release % RELEASES + 1).to_string()
}

/// Digest of what a supplier's release delivers.
pub(super) fn digest(supplier: usize, release: usize) -> record::Sha256 {
    let mut bytes = [supplier as u8 + 1; 32];
    bytes.iter_mut().zip((release as u64).to_be_bytes()).for_each(|(byte, of_release)| *byte = of_release);
    record::Sha256(bytes)
}

pub(crate) fn suppliers(url: &str, tokens: &[String]) -> anyhow::Result<Vec<Supplier>> {
    let supplier = |(number, token): (usize, &String)| {
        Ok(Supplier { number, remote: Remote::new(Http::new(url, Some(token), Reach::Anywhere)?) })
    };
    tokens.iter().enumerate().map(supplier).collect()
}

impl Supplier {
    /// A bill of materials of one of its releases, signed.
    pub(super) fn signed(&self, release: usize, document: &str) -> anyhow::Result<Vec<u8>> {
        let subject = vec![Subject::new("firmware.bin", digest(self.number, release))];
        let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, document)?;
        Ok(statement.sign(&[&key(self.number)])?.to_json()?)
    }
}

/// Who registers the bill of materials number `n`, and of which release.
pub(super) fn of_number(suppliers: &[Supplier], n: usize) -> anyhow::Result<(&Supplier, usize)> {
    let supplier = suppliers.get(n % ORGANIZATIONS).context("no supplier")?;
    Ok((supplier, n / ORGANIZATIONS))
}

/// A small statement about the supplier's release, another one for each `n`.
pub(crate) fn small(of: &Supplier, n: usize) -> anyhow::Result<Vec<u8>> {
    of.signed(0, &sbom(&mut Dice(n as u64), 20))
}
