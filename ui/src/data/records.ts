// Types of the exchanged documents: docs/schema/*.json. Fields the pages do not read are left out.

export type Level = 'exists' | 'outcome' | 'redacted' | 'full' | 'full-and-reshare';
export type AspectName = 'configuration' | 'inspection' | 'risk';
export type AspectState = 'known' | 'partial' | 'stale' | 'none';

export interface AspectStatus {
  state: AspectState;
  by: string | null;
  at: string | null;
  valid_until: string | null;
  evidence: string | null;
  /** Thousandths of code reached. */
  coverage?: number;
  why: string;
}

export type Aspects = Record<AspectName, AspectStatus>;
export type NodeKind = 'system' | 'equipment' | 'software';

export interface StatusNode extends Aspects {
  id: string;
  kind: NodeKind;
  name: string;
  supplier: string | null;
  children: StatusNode[];
}

export interface Status {
  schema: 'sukashi.status/1';
  nodes: StatusNode[];
}

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';
export type ReviewState = 'open' | 'accepted' | 'rejected';
export type WitnessStatus = 'confirmed' | 'refuted' | 'not-attempted' | 'not-possible';
export type SourceKind = 'network' | 'file' | 'environment' | 'argument' | 'device' | 'time' | 'parameter' | 'none';

export interface Finding {
  id: string;
  rule: string;
  severity: Severity;
  score: number;
  title: string;
  params: Record<string, string>;
  artifact: string;
  location: { address: string | null; function: string | null; line: number | null };
  source: { kind: SourceKind; via: string; address: string | null } | null;
  trigger: { address: string | null; condition: string; value: { text: string; hex: string } | null } | null;
  payload: { address: string | null; operation: string; detail: string } | null;
  route: RouteStep[];
  witness: { status: WitnessStatus; input: { hex: string } | null; how: string } | null;
  why: string;
  evidence: { address: string | null; text: string }[];
  review: { state: ReviewState; reason?: string; by?: string; at?: string };
}

export interface RouteStep {
  address: string | null;
  function: string | null;
  note: string;
}

export interface Coverage {
  functions: number;
  code_bytes: number;
  decoded_bytes: number;
  reached_bytes: number;
  indirect_calls: number;
  resolved_indirect_calls: number;
  complete: boolean;
}

export interface Artifact {
  path: string;
  sha256: string;
  size: number;
  kind: 'elf' | 'pe' | 'script' | 'image';
  architecture?: string;
  stripped?: boolean;
  coverage?: Coverage;
  capabilities?: { name: string; count: number }[];
}

export interface BlindSpot {
  artifact?: string;
  what: string;
  why: string;
}

export interface Inspection {
  /** The last three are null for a directory. */
  subject: { name: string; sha256: string | null; size: number | null; media_type: string | null };
  schema: 'sukashi.inspection/1';
  complete: boolean;
  reproducible: boolean;
  tool: { name: string; version: string; detectors: { rule: string; version: number }[] };
  artifacts: Artifact[];
  findings: Finding[];
  blind_spots: BlindSpot[];
  totals: { files: number; programs: number; code_bytes: number; work_units: number };
}

export type Verdict = 'exploitable' | 'not-reachable' | 'mitigated' | 'not-affected' | 'unknown';
export type CountermeasureKind = 'patch' | 'filter' | 'remove' | 'credential' | 'account' | 'usage' | 'monitor';

export interface Step {
  rule: string;
  technique: string | null;
  at: string | null;
  from: string | null;
  vulnerability: string | null;
  fact: string;
  because: string[];
  explain: string;
  params: Record<string, string>;
}

export interface AttackPath {
  probability: number;
  days: number;
  steps: Step[];
}

export interface Goal {
  id: string;
  title: string;
  reached: boolean;
  probability: { mean: number; low: number; high: number } | null;
  days: { p10: number; p50: number; p90: number } | null;
  paths: AttackPath[];
}

export interface VulnerabilityVerdict {
  id: string;
  host: string;
  component: string;
  cvss: number | null;
  epss: number | null;
  kev: boolean;
  verdict: Verdict;
  why: string;
  path_count: number;
}

export interface Countermeasure {
  id: string;
  kind: CountermeasureKind;
  target: string;
  cost: number;
  stops: string[];
}

export interface Plan {
  chosen: string[];
  cost: number;
  optimal: boolean;
  residual: { goal: string; reached: boolean; probability: number }[];
}

export interface Assessment {
  schema: 'sukashi.assessment/1';
  complete: boolean;
  system: { name: string; sha256: string; hosts: number; facts: number };
  vuln_db: { sha256: string; date: string } | null;
  rules: { pack: string; sha256: string }[];
  goals: Goal[];
  vulnerabilities: VulnerabilityVerdict[];
  choke_points: { fact: string; goals: string[]; share_of_paths: number }[];
  countermeasures: Countermeasure[];
  plan: Plan | null;
  blind_spots: BlindSpot[];
}

/** The parts of `sukashi.system/1` that the network picture shows. */
export interface SystemModel {
  name?: string;
  zones?: Record<string, { title?: string } | null>;
  networks?: Record<string, { zone: string; cidr?: string } | null>;
  hosts?: Record<string, { title?: string; kind?: string; interfaces?: { network: string; address?: string }[] } | null>;
}

/** Output of `crates/layout`: positions, texts and marks of a graph. */
export interface Drawing {
  size: { width: number; height: number };
  nodes: { x: number; y: number; width: number; height: number }[];
  edges: { x: number; y: number }[][];
  bending: 'vertical' | 'horizontal' | 'none';
  settled: boolean;
  texts: { lines: string[]; badge: string | null; mark: Mark }[];
  marks: Mark[];
}

export type Mark = 'plain' | 'muted' | 'first' | 'middle' | 'last';
