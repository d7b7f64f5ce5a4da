//! What reading functions return: the JSON of the HTTP interface (`docs/api.md`), already cut to the viewer's level.

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "kebab-case")]
            pub enum $name { $($(#[$variant_doc])* $variant,)* }
        )*
    };
}

mod chain;
mod evidence;
mod job;
mod log;
mod outcome;
mod people;
mod product;
mod refs;
mod system;
mod words;

pub use chain::{
    AccessView, AnswerView, ChangeView, DisclosureView, HeadView, LinkListView, LinkView, PendingView,
    ScopeView,
};
pub use evidence::{ComponentView, EvidenceView, FindingSummary, FindingView, ShownView};
pub use job::{JobResultView, JobState, JobView, UploadView};
pub use log::{LogProof, LogView};
pub use outcome::{FindingCounts, Outcome, VerdictCounts};
pub use people::{
    AuditView, DeliveryView, KeyView, OrganizationView, PeerView, SessionView, TokenView, WebhookView,
};
pub use product::{
    AffectedRelease, AffectedView, ArtifactView, Aspects, InstalledIn, ProductView, ReleaseView,
};
pub use refs::{AccountRef, NamedRef, OrganizationRef, ReleaseRef, SubjectView};
pub use system::{AssessmentView, AssetView, SystemView};
pub use words::{
    ChangeKind, ChangeReason, Confidence, EvidenceState, KeyState, LinkState, OrganizationKind, PeerKind,
    ProductKind, Relation, Tlp,
};
