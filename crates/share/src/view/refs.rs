//! Things to link to.

use record::Sha256;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::{AccountId, OrganizationId, ProductId, ReleaseId};

views! {
    /// An organization, to link to.
    OrganizationRef {
        /// Id.
        id: OrganizationId,
        /// Name.
        name: String,
    }
    /// Something with an id and a name.
    NamedRef {
        /// Id.
        id: String,
        /// Name.
        name: String,
    }
    /// The account of a session.
    AccountRef {
        /// Id.
        id: AccountId,
        /// Name.
        name: String,
    }
    /// A release, to link to.
    ReleaseRef {
        /// Id.
        id: ReleaseId,
        /// Its product.
        product: ProductId,
        /// The product's name.
        name: String,
        /// Version.
        version: String,
        /// Who delivers it.
        supplier: OrganizationRef,
    }
    /// A subject of a statement.
    SubjectView {
        /// Name.
        name: String,
        /// Digest.
        sha256: Sha256,
    }
}
