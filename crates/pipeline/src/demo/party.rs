//! A company: its account, its key, and the steps it takes on the platform.

use record::Sha256;
use share::{
    NewLink, NewRelease, OrganizationId, OrganizationKind, Platform, ProductKind, Registration, ReleaseId,
    Role, Viewer,
};
use statement::{
    DisclosureGrant, DisclosureLevel, GrantScope, SigningKey, Statement, Subject, Unverified,
    WriteStatementError,
};

use super::{DemoError, Person};

pub(super) struct Party {
    pub(super) name: &'static str,
    id: OrganizationId,
    key: SigningKey,
    viewer: Viewer,
}

/// A release to announce: product, its kind, version, the delivered file, and what is inside.
pub(super) struct Announcement<'a> {
    pub(super) product: &'a str,
    pub(super) kind: ProductKind,
    pub(super) version: &'a str,
    pub(super) file: &'a str,
    pub(super) sha256: Sha256,
    pub(super) size: u64,
    pub(super) parts: Vec<ReleaseId>,
}

impl Party {
    /// Founds the company.
    pub(super) async fn found(
        platform: &Platform,
        name: &'static str,
        kind: OrganizationKind,
        role: &str,
    ) -> Result<(Self, Person), DemoError> {
        let admin = platform.local_administrator();
        let step = "be founded";
        let key = SigningKey::generate().map_err(DemoError::step(name, "make a key"))?;
        let id = platform.add_organization(&admin, name, kind).await.map_err(DemoError::step(name, step))?;
        platform.add_key(&admin, &id, key.public()).await.map_err(DemoError::step(name, step))?;
        let account = platform.add_account(&admin, &id, role, Role::Administrator, false).await;
        let account = account.map_err(DemoError::step(name, step))?;
        let viewer = platform.viewer(&admin, &account).await.map_err(DemoError::step(name, step))?;
        let person = Person { role: role.to_owned(), organization: name.to_owned(), account };
        Ok((Self { name, id, key, viewer }, person))
    }

    /// Agrees with a customer on a supply link.
    pub(super) async fn supplies(&self, platform: &Platform, customer: &Self) -> Result<(), DemoError> {
        let link = NewLink {
            supplier: self.id.clone(),
            customer: customer.id.clone(),
            products: None,
            valid_from: None,
            valid_to: None,
        };
        let step = "agree on a supply link";
        let id = platform.propose_link(&self.viewer, link).await.map_err(DemoError::step(self.name, step))?;
        platform.accept_link(&customer.viewer, &id).await.map_err(DemoError::step(customer.name, step))
    }

    /// Announces a release of a new product.
    pub(super) async fn announces(
        &self,
        platform: &Platform,
        what: Announcement<'_>,
    ) -> Result<ReleaseId, DemoError> {
        let step = "announce a release";
        let product = platform.add_product(&self.viewer, what.product, what.kind).await;
        let product = product.map_err(DemoError::step(self.name, step))?;
        let release = NewRelease {
            version: what.version.to_owned(),
            artifacts: vec![(what.file.to_owned(), what.sha256, Some(what.size))],
            parts: what.parts,
        };
        let release = platform.add_release(&self.viewer, &product, release).await;
        release.map_err(DemoError::step(self.name, step))
    }

    /// Signs a statement and registers it.
    pub(super) async fn registers(
        &self,
        platform: &Platform,
        statement: Result<Statement, WriteStatementError>,
        registration: Registration,
    ) -> Result<(), DemoError> {
        let sign = DemoError::step(self.name, "write a statement");
        let statement = match statement {
            Ok(statement) => statement,
            Err(error) => return Err(sign(error)),
        };
        let envelope =
            statement.sign(&[&self.key]).map_err(DemoError::step(self.name, "sign a statement"))?;
        let verified = Unverified::from(envelope).verify(&platform.own_keys(&self.viewer));
        let verified = verified.map_err(DemoError::step(self.name, "verify its own statement"))?;
        let registered = platform.register(&self.viewer, verified, registration).await;
        registered.map(drop).map_err(DemoError::step(self.name, "register a statement"))
    }

    /// Lets a customer see everything at a level.
    pub(super) async fn grants(
        &self,
        platform: &Platform,
        to: &Self,
        level: DisclosureLevel,
    ) -> Result<(), DemoError> {
        let grant = DisclosureGrant {
            scope: GrantScope::Everything,
            types: None,
            level,
            valid_until: None,
            emergency: false,
        };
        let audience = Subject::new(to.name, to.key.public().id().0);
        self.registers(platform, Statement::new(vec![audience], &grant), Registration::default()).await
    }
}
