//! Enumerations of the interface.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// What an organization does in the chain.
    OrganizationKind {
        /// Makes software.
        SoftwareManufacturer,
        /// Makes devices.
        EquipmentManufacturer,
        /// Builds systems.
        Integrator,
        /// Runs systems.
        Operator,
        /// Checks.
        Auditor,
        /// The platform itself, for what it states under a delegation.
        Instance,
    }
    /// What a product is.
    ProductKind {
        /// A program or library.
        Software,
        /// A device with its firmware.
        Equipment,
        /// A delivered system.
        System,
    }
    /// Where a piece of evidence stands.
    EvidenceState {
        /// The latest word.
        Current,
        /// A later one replaces it.
        Superseded,
        /// Its issuer took it back.
        Withdrawn,
    }
    /// Where a supply link stands.
    LinkState {
        /// One side has agreed.
        Proposed,
        /// Both have, and it is in force.
        Active,
        /// Over, or not in force yet.
        Ended,
    }
    /// Whether a key may still sign.
    KeyState {
        /// It may.
        Active,
        /// It may not; what it signed before stays registered.
        Revoked,
    }
    /// How an organization stands to the viewer's.
    Relation {
        /// The viewer's own.
        #[serde(rename = "self")]
        Own,
        /// Delivers to it.
        Supplier,
        /// Receives from it.
        Customer,
        /// Further up the chain.
        Upstream,
    }
    /// How sure it is that an asset is that release.
    Confidence {
        /// The digest is that of a delivered artifact.
        Exact,
        /// Name and version fit one release.
        Likely,
        /// Nothing fits; only the owner's word.
        Declared,
    }
    /// Traffic Light Protocol 2.0.
    Tlp {
        /// No limit.
        Clear,
        /// The community.
        Green,
        /// The recipients' organizations and their clients.
        Amber,
        /// The recipients' organizations.
        #[serde(rename = "amber+strict")]
        AmberStrict,
        /// The recipients; nobody gets it by default.
        Red,
    }
    /// What evidence is pulled from.
    PeerKind {
        /// Another instance: statements with their place in its log.
        Instance,
        /// A server of the Transparency Exchange API: signed statements among its documents, without a log.
        Tea,
    }
    /// What a change is.
    ChangeKind {
        /// New evidence.
        EvidenceRegistered,
        /// Evidence that replaces earlier evidence.
        EvidenceSuperseded,
        /// Evidence taken back.
        EvidenceWithdrawn,
        /// A new release.
        ReleaseAdded,
        /// A supply link proposed, agreed or ended.
        LinkChanged,
        /// Somebody may see more or less.
        DisclosureChanged,
        /// A key added or revoked.
        KeyChanged,
        /// A system assessed anew by the instance.
        Reassessed,
        /// A vulnerability became known in a component.
        VulnerabilityKnown,
        /// A question answered.
        Answered,
        /// A known exploited vulnerability widened what is shown.
        Emergency,
    }
    /// Why a viewer is told of a change.
    ChangeReason {
        /// It is about something installed in a system of theirs.
        Installed,
        /// It comes from a supplier.
        Supplier,
        /// It is their own.
        Own,
        /// It was granted to them.
        Granted,
    }
}
