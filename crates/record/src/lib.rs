//! What do exchanged documents look like?
//!
//! The types of every `sukashi.*/1` format, with their JSON Schemas. They are promises to scripts and to other
//! organizations: adding an optional field is free, renaming or removing one is a breaking change.
//!
//! Not here: how a document comes to be. These types carry no logic beyond reading and writing themselves, so that
//! engines which must not know each other can meet in them.

mod assessment;
mod common;
mod control_flow;
mod inspection;
mod schema;
mod status;

pub use assessment::{
    Assessment, AssessmentDifference, AssessmentFormat, AssessmentTotals, ChokePoint, Countermeasure,
    CountermeasureKind, Days, Goal, GoalChange, GoalResidual, Path, Plan, Probability, RulePack, Step,
    SystemSummary, Verdict, VerdictChange, VulnerabilityDb, VulnerabilityVerdict,
};
pub use common::{Address, BlindSpot, ParseAddressError, ParseSha256Error, Sha256};
pub use control_flow::{ControlFlow, FlowBlock, FlowEdge, FlowEdgeKind, FlowFunction, FlowMark};
pub use inspection::{
    Artifact, ArtifactKind, Capability, ComponentsReference, Coverage, DetectorVersion, Evidence, Finding,
    Inspection, InspectionFormat, InspectionTotals, Location, Payload, Review, ReviewState, RouteStep,
    Severity, Source, SourceKind, Subject, Tool, Trigger, TriggerValue, Witness, WitnessInput, WitnessStatus,
};
pub use schema::{Format, schema_of};
pub use status::{AspectState, AspectStatus, NodeKind, Permille, Status, StatusFormat, StatusNode};
