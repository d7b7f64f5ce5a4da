//! `sukashi.inspection/1`: what was found in one delivered artifact, and what could not be seen.
//!
//! A record holds no times and no memory figures: the same input gives the same bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Address, BlindSpot, ControlFlow, Sha256};

/// The format's name and major version; a document of another format does not read as this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InspectionFormat {
    /// The only version so far.
    #[default]
    #[serde(rename = "sukashi.inspection/1")]
    V1,
}

/// The whole record: the thing that gets signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inspection {
    /// Always `sukashi.inspection/1`.
    pub schema: InspectionFormat,
    /// False where input was damaged or unsupported, or a budget cut the work; `blind_spots` say which.
    pub complete: bool,
    /// False where time or memory, not work units, cut the work: another run may differ.
    pub reproducible: bool,
    /// What made the record.
    pub tool: Tool,
    /// What was inspected.
    pub subject: Subject,
    /// Every program, script and image found, sorted by path.
    pub artifacts: Vec<Artifact>,
    /// Sorted by score, highest first, then by id.
    pub findings: Vec<Finding>,
    /// What was not seen.
    pub blind_spots: Vec<BlindSpot>,
    /// The bill of materials made from the same bytes.
    pub components: Option<ComponentsReference>,
    /// Sums over all artifacts.
    pub totals: InspectionTotals,
}

/// The program that made a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `sukashi`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Which detectors ran, sorted by rule.
    pub detectors: Vec<DetectorVersion>,
}

/// A detector and the version of its logic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DetectorVersion {
    /// Rule id, such as `hidden-command`.
    pub rule: String,
    /// Raised whenever the same input may give another answer.
    pub version: u32,
}

/// What was inspected: a file, or a directory (then only its name is known).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// File or directory name, without its folder.
    pub name: String,
    /// Digest of the file.
    pub sha256: Option<Sha256>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// Media type of the file.
    pub media_type: Option<String>,
}

/// A program, script or image inside the subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Path inside the subject, without a leading slash.
    pub path: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: ArtifactKind,
    /// Instruction set, as in Debian's architecture names (`mipsel`, `arm64`); programs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Without a symbol table; programs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripped: Option<bool>,
    /// How much of a program was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What a program can do, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
}

/// Kinds of artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// An ELF executable or shared object.
    Elf,
    /// A PE executable or library.
    Pe,
    /// Source text that an interpreter runs.
    Script,
    /// Something with files inside.
    Image,
}

/// What share of a program's code was decoded, reached and understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Functions recovered.
    pub functions: u64,
    /// Bytes of executable sections or segments.
    pub code_bytes: u64,
    /// Of these, bytes that decode as instructions.
    pub decoded_bytes: u64,
    /// Of these, bytes in a recovered function.
    pub reached_bytes: u64,
    /// Calls through a computed address.
    pub indirect_calls: u64,
    /// Of these, calls whose targets are known.
    pub resolved_indirect_calls: u64,
    /// False where a budget cut the analysis of this program.
    pub complete: bool,
}

/// One kind of operation a program can perform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Capability {
    /// Name of the operation, such as `process.exec`.
    pub name: String,
    /// Places in the code that perform it.
    pub count: u64,
}

/// One suspected unauthorized functionality, with evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Fingerprint: rule and structure, not addresses, so that it survives a rebuild. Unique in the record.
    pub id: String,
    /// The detector's rule id.
    pub rule: String,
    /// High or critical means: an expert should look today.
    pub severity: Severity,
    /// 0–100.
    pub score: u8,
    /// One line, English.
    pub title: String,
    /// Values of the sentence, so that pages and reports can render it in another language.
    pub params: BTreeMap<String, String>,
    /// Path of the artifact.
    pub artifact: String,
    /// The one place to look first.
    pub location: Location,
    /// Where data from outside enters.
    pub source: Option<Source>,
    /// What opens the way.
    pub trigger: Option<Trigger>,
    /// What then happens.
    pub payload: Option<Payload>,
    /// From source through trigger to payload.
    pub route: Vec<RouteStep>,
    /// Whether an input that reaches the payload was found and replayed.
    pub witness: Option<Witness>,
    /// Two or three sentences in plain language.
    pub why: String,
    /// Lines of code that show it.
    pub evidence: Vec<Evidence>,
    /// Control flow of the functions on the route, for drawing. Absent in findings that are not about machine code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_flow: Option<ControlFlow>,
    /// What a person said of it.
    pub review: Review,
}

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Known for completeness.
    Info,
    /// Worth knowing.
    Low,
    /// Look when there is time.
    Medium,
    /// Look today.
    High,
    /// Look now.
    Critical,
}

/// A place in an artifact; what does not apply is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// In the file's own virtual addresses.
    pub address: Option<Address>,
    /// Name of the function, or one made from its address.
    pub function: Option<String>,
    /// Line of a script or text file, from 1.
    pub line: Option<u64>,
}

/// Where data from outside enters a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Kind of input.
    pub kind: SourceKind,
    /// The function or mechanism, such as `recv`.
    pub via: String,
    /// Where.
    pub address: Option<Address>,
}

/// Kinds of input source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A socket.
    Network,
    /// A file, pipe or standard input.
    File,
    /// The environment.
    Environment,
    /// The command line.
    Argument,
    /// A device node or register.
    Device,
    /// The clock.
    Time,
    /// A parameter of an exported function: whoever calls it.
    Parameter,
    /// Needs no input.
    None,
}

/// The condition on input, time or state that opens the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// Where it is tested.
    pub address: Option<Address>,
    /// Readable condition, such as `input[5..16] == "…"`.
    pub condition: String,
    /// The value that satisfies it, where there is one.
    pub value: Option<TriggerValue>,
}

/// A value as text (escaped where not printable) and as bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TriggerValue {
    /// For reading.
    pub text: String,
    /// The exact bytes, lower-case hexadecimal.
    pub hex: String,
}

/// The sensitive operation that runs, or the authentication that is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payload {
    /// Where.
    pub address: Option<Address>,
    /// Name of the operation, such as `process.exec`.
    pub operation: String,
    /// With arguments where known: `system("/bin/sh")`.
    pub detail: String,
}

/// One place on the way from source to payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteStep {
    /// Where.
    pub address: Option<Address>,
    /// In which function.
    pub function: Option<String>,
    /// What happens there.
    pub note: String,
}

/// Whether the finding was proven by replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// Outcome.
    pub status: WitnessStatus,
    /// The input that was replayed.
    pub input: Option<WitnessInput>,
    /// How it was found and replayed, or why not.
    pub how: String,
}

/// Bytes handed to the replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WitnessInput {
    /// Lower-case hexadecimal.
    pub hex: String,
}

/// Outcomes of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessStatus {
    /// The payload was reached by this input and not by a random one.
    Confirmed,
    /// No input can reach it.
    Refuted,
    /// Not tried.
    NotAttempted,
    /// Cannot be tried; `how` says why.
    NotPossible,
}

/// A line of disassembly, pseudo-code or text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Where.
    pub address: Option<Address>,
    /// The line, escaped.
    pub text: String,
}

/// What a reviewer decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Decision.
    pub state: ReviewState,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When, as the review file states it (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Decisions of a reviewer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    /// Nobody decided yet.
    #[default]
    Open,
    /// It is real.
    Accepted,
    /// It is not, or it is authorized; it no longer counts.
    Rejected,
}

/// The bill of materials that belongs to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentsReference {
    /// Such as `cyclonedx-1.7`.
    pub format: String,
    /// Digest of the document.
    pub sha256: Sha256,
}

/// Sums over all artifacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InspectionTotals {
    /// Files of any kind.
    pub files: u64,
    /// Programs analysed.
    pub programs: u64,
    /// Bytes of code in them.
    pub code_bytes: u64,
    /// Work done, in work units.
    pub work_units: u64,
}
