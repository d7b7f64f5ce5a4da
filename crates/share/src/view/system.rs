//! Systems and their assets.

use record::Assessment;
use schemars::JsonSchema;
use serde::Serialize;
use statement::{AssetKind, DeclaredRelease};

use crate::ids::{EvidenceId, SystemId};
use crate::view::{Aspects, Confidence, EvidenceView, OrganizationRef, ReleaseRef};

views! {
    /// A row of the tree-table of a system.
    AssetView {
        /// Id, unique in the system.
        id: String,
        /// Name.
        name: String,
        /// What it is.
        kind: AssetKind,
        /// The asset it is a part of.
        parent: Option<String>,
        /// Which release it is, where the viewer knows one.
        release: Option<ReleaseRef>,
        /// What the owner declares.
        declared: DeclaredRelease,
        /// Where the asset comes from.
        source: &'static str,
        /// How sure the release is.
        confidence: Confidence,
        /// What is known of it.
        aspects: Aspects,
    }
    /// A system.
    SystemView {
        /// Id.
        id: SystemId,
        /// Name.
        name: String,
        /// Whose it is.
        owner: OrganizationRef,
        /// How many assets it has.
        assets: u64,
        /// What is known of it.
        aspects: Aspects,
        /// The registration of its model.
        model: Option<EvidenceId>,
        /// Its latest assessment.
        assessment: Option<EvidenceId>,
        /// The assets; null in lists.
        asset_list: Option<Vec<AssetView>>,
        /// Current evidence about it; null in lists.
        evidence: Option<Vec<EvidenceView>>,
    }
    /// The latest assessment of a system.
    AssessmentView {
        /// The evidence.
        evidence: EvidenceView,
        /// The document.
        assessment: Assessment,
    }
}
