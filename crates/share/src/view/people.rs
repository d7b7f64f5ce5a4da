//! Sessions, organizations and their keys.

use schemars::JsonSchema;
use serde::Serialize;
use statement::{KeyId, PublicKey, Timestamp};

use crate::ids::OrganizationId;
use crate::view::{AccountRef, KeyState, OrganizationKind, OrganizationRef, PeerKind, Relation};
use crate::viewer::Role;

views! {
    /// Where an organization wants to be told of changes.
    WebhookView {
        /// Id.
        id: String,
        /// Address.
        url: String,
        /// Deliveries that failed in a row.
        failures: u32,
        /// Given up; remove it and add it again.
        dead: bool,
        /// Next attempt after a failure.
        next_at: Option<Timestamp>,
        /// Since when.
        created_at: Timestamp,
    }
    /// A token for scripts, without its secret.
    TokenView {
        /// To revoke it by.
        id: String,
        /// What it is called.
        name: String,
        /// What it may do at most.
        role: Role,
        /// Whether it manages the instance as well.
        instance: bool,
        /// Since when.
        created_at: Timestamp,
    }
    /// One attempt to tell a webhook or mailbox of changes.
    DeliveryView {
        /// Counts the attempts of its webhook, from 1.
        attempt: u64,
        /// When.
        at: Timestamp,
        /// How many changes it held.
        changes: u64,
        /// Why it was not told; null where it was.
        error: Option<String>,
    }
    /// Another instance that evidence is pulled from.
    PeerView {
        /// Id.
        id: String,
        /// What it is called here.
        name: String,
        /// Its address.
        url: String,
        /// What it is.
        kind: PeerKind,
        /// For whom it is pulled.
        organization: OrganizationRef,
        /// Verifier key of its log, as pinned; null where it has none.
        log_key: Option<String>,
        /// Leaves of its log under the last checkpoint that was verified.
        tree_size: u64,
        /// When it was last pulled without failure.
        pulled_at: Option<Timestamp>,
        /// Pulls that failed in a row.
        failures: u32,
        /// Why the last one failed.
        error: Option<String>,
        /// What is wrong with what suppliers say of how much there is: left out, taken back, contradicted, stale.
        faults: Vec<String>,
        /// When it is pulled next.
        next_at: Timestamp,
        /// Since when.
        created_at: Timestamp,
    }
    /// A line of the audit trail.
    AuditView {
        /// When.
        at: Timestamp,
        /// By whom.
        account: AccountRef,
        /// HTTP method.
        method: String,
        /// Path without query.
        path: String,
        /// HTTP status of the answer.
        status: u16,
    }
    /// The answer of `/session`.
    SessionView {
        /// Who.
        account: AccountRef,
        /// Of which organization.
        organization: OrganizationRef,
        /// What they may do.
        role: Role,
        /// To be sent back in the header `X-Sukashi-CSRF` with every write.
        csrf: String,
        /// When the session ends.
        expires_at: Option<Timestamp>,
    }
    /// A key of an organization.
    KeyView {
        /// Id.
        key_id: KeyId,
        /// The key, to pin in a trust file after comparing the id with its owner's.
        public_key: PublicKey,
        /// Whether it may sign.
        state: KeyState,
    }
    /// An organization.
    OrganizationView {
        /// Id.
        id: OrganizationId,
        /// Name.
        name: String,
        /// What it does.
        kind: OrganizationKind,
        /// How it stands to the viewer.
        relation: Relation,
        /// Its keys.
        keys: Vec<KeyView>,
    }
}
