//! Products and releases.

use record::{AspectStatus, Sha256};
use schemars::JsonSchema;
use serde::Serialize;
use statement::Timestamp;

use crate::ids::{EvidenceId, ProductId, ReleaseId};
use crate::view::{EvidenceView, NamedRef, OrganizationRef, ProductKind, ReleaseRef};

views! {
    /// The three aspects of a thing.
    Aspects {
        /// Is its configuration known?
        configuration: AspectStatus,
        /// Was it inspected?
        inspection: AspectStatus,
        /// Is its risk assessed?
        risk: AspectStatus,
    }
    /// A delivered file.
    ArtifactView {
        /// File name.
        name: String,
        /// Digest.
        sha256: Sha256,
        /// Bytes.
        size: Option<u64>,
    }
    /// A release.
    ReleaseView {
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
        /// When it was added.
        released_at: Timestamp,
        /// Files it consists of.
        artifacts: Vec<ArtifactView>,
        /// Releases inside it, as far as the viewer sees them.
        parts: Vec<ReleaseRef>,
        /// What is known of it.
        aspects: Aspects,
        /// Current evidence; null in lists.
        evidence: Option<Vec<EvidenceView>>,
        /// Own systems it is installed in; null in lists.
        installed_in: Option<Vec<InstalledIn>>,
        /// The release before it; null in lists.
        previous: Option<ReleaseRef>,
    }
    /// A place where a release is installed.
    InstalledIn {
        /// The system.
        system: NamedRef,
        /// The asset's id.
        asset: String,
    }
    /// A release that a vulnerability affects.
    AffectedRelease {
        /// The release.
        release: ReleaseRef,
        /// The bill of materials that lists the component.
        evidence: EvidenceId,
        /// Own systems it is installed in.
        installed_in: Vec<InstalledIn>,
    }
    /// Who of mine is affected.
    AffectedView {
        /// The vulnerability.
        vulnerability: String,
        /// Releases with an affected component.
        releases: Vec<AffectedRelease>,
    }
    /// A product.
    ProductView {
        /// Id.
        id: ProductId,
        /// Name.
        name: String,
        /// What it is.
        kind: ProductKind,
        /// Who delivers it.
        supplier: OrganizationRef,
        /// Whether that is the viewer's organization.
        own: bool,
        /// Releases the viewer sees.
        releases: u64,
        /// The newest of them.
        latest: Option<ReleaseRef>,
        /// All of them, newest first; null in lists.
        release_list: Option<Vec<ReleaseView>>,
    }
}
