// The HTTP interface of docs/api.md, typed. Nothing else in the pages knows a URL of the server.

import type { Artifact, Aspects, Assessment, Drawing, Finding, Inspection, Level, ReviewState, Severity, Status, SystemModel } from './records';

export interface OrganizationRef { id: string; name: string }
export interface SystemRef { id: string; name: string }
export interface ReleaseRef { id: string; product: string; name: string; version: string; supplier: OrganizationRef }
export interface Page<T> { items: T[]; next: string | null }

export type EvidenceType =
  | 'sbom' | 'inspection' | 'vex' | 'assessment' | 'provenance' | 'verification-summary' | 'system-registration'
  | 'disclosure-grant' | 'head' | 'countermeasure-applied' | 'withdrawal' | 'key-rotation' | 'key-revocation' | 'delegation'
  | 'commitment' | 'answer' | 'other';
export type EvidenceState = 'current' | 'superseded' | 'withdrawn';

export interface Outcome {
  complete?: boolean;
  findings?: Partial<Record<Severity | 'rejected', number>>;
  coverage?: number;
  components?: number;
  goals?: number;
  goals_reached?: number;
  verdicts?: Partial<Record<string, number>>;
}

export interface Evidence {
  id: string;
  type: EvidenceType;
  predicate_type: string | null;
  level: Level;
  issuer: OrganizationRef;
  registered_at: string;
  release: ReleaseRef | null;
  system: SystemRef | null;
  state: EvidenceState;
  supersedes: string | null;
  superseded_by: string | null;
  withdrawn_because: string | null;
  outcome: Outcome | null;
  subjects: { name: string; sha256: string }[] | null;
  media_type: string | null;
  size: number | null;
  tlp: string | null;
  embargo_until: string | null;
  key_id: string | null;
  statement_sha256: string | null;
  /** The commitment that proves what is shown of the document. */
  commitment?: string | null;
  /** Parts of the document that did not come along from another instance. */
  opaque?: number | null;
}

/** Below the level redacted, the document itself is not disclosed. */
export const hasDocument = (one: Evidence): boolean => one.level !== 'exists' && one.level !== 'outcome';

export type Role = 'viewer' | 'engineer' | 'publisher' | 'approver' | 'administrator' | 'auditor';
export interface Session {
  account: { id: string; name: string };
  organization: OrganizationRef;
  role: Role;
  csrf: string;
  expires_at: string | null;
}

export interface SystemSummary extends SystemRef {
  owner: OrganizationRef;
  assets: number;
  aspects: Aspects;
  model: string | null;
  assessment: string | null;
}
export interface Asset {
  id: string;
  name: string;
  kind: 'equipment' | 'software';
  parent: string | null;
  release: ReleaseRef | null;
  declared: { purl?: string | null; sha256?: string | null; product?: string | null; version?: string | null };
  source: 'model' | 'import' | 'manual';
  confidence: 'exact' | 'likely' | 'declared';
  aspects: Aspects;
}
export interface SystemDetail extends SystemSummary { asset_list: Asset[]; evidence: Evidence[] }

export type ProductKind = 'software' | 'equipment' | 'system';
export interface Product {
  id: string;
  name: string;
  kind: ProductKind;
  supplier: OrganizationRef;
  own: boolean;
  releases: number;
  latest: ReleaseRef | null;
}
export interface Release {
  id: string;
  product: string;
  name: string;
  version: string;
  supplier: OrganizationRef;
  released_at: string | null;
  artifacts: { name: string; sha256: string; size: number | null }[];
  parts: ReleaseRef[];
  aspects: Aspects;
}
export interface ProductDetail extends Product { release_list: Release[] }
export interface ReleaseDetail extends Release {
  evidence: Evidence[];
  installed_in: { system: SystemRef; asset: string }[];
  previous: ReleaseRef | null;
}
export interface Component {
  name: string;
  version: string | null;
  purl: string | null;
  cpe: string | null;
  licences: string[];
  supplier: string | null;
}
export interface FindingSummary {
  id: string;
  rule: string;
  severity: Severity;
  score: number;
  title: string;
  artifact: string;
  function: string | null;
  review: ReviewState;
  evidence: string;
}
/** `flow` is the control-flow picture with the route marked, where there is one. */
export interface FindingDetail { evidence: Evidence; artifact: Artifact | null; finding: Finding; flow?: Drawing | null }

export type OrganizationKind = 'software-manufacturer' | 'equipment-manufacturer' | 'integrator' | 'operator' | 'auditor';
export interface Organization extends OrganizationRef {
  kind: OrganizationKind;
  relation: 'self' | 'supplier' | 'customer' | 'upstream';
  keys: { key_id: string; state: 'active' | 'revoked' }[];
}
export interface SupplyLink {
  id: string;
  supplier: OrganizationRef;
  customer: OrganizationRef;
  products: { id: string; name: string }[] | null;
  state: 'proposed' | 'active' | 'ended';
  valid_from: string | null;
  valid_to: string | null;
}
export interface Disclosure {
  id: string;
  audience: OrganizationRef;
  scope: { kind: 'default' | 'everything' | 'product' | 'release' | 'evidence'; id: string | null; name: string | null };
  types: EvidenceType[] | null;
  level: Level | 'hidden';
  until: string | null;
  granted_at: string | null;
}
export interface Access { at: string; organization: OrganizationRef; evidence: Evidence; level: Level }
export interface Change {
  cursor: string;
  at: string;
  kind:
    | 'evidence-registered' | 'evidence-superseded' | 'evidence-withdrawn' | 'release-added' | 'link-changed'
    | 'disclosure-changed' | 'key-changed' | 'reassessed' | 'answered' | 'emergency' | 'vulnerability-known';
  organization: OrganizationRef;
  evidence: Evidence | null;
  release: ReleaseRef | null;
  system: SystemRef | null;
  why: string;
  rule: string;
  params: Record<string, string>;
}
/** Who of mine is affected by a vulnerability, as far as the components may be seen. */
export interface Affected {
  vulnerability: string;
  releases: { release: ReleaseRef; evidence: string; installed_in: { system: SystemRef; asset: string }[] }[];
}
/** The platform's answer to a question about components that are not shown. */
export interface Answer { vulnerability: string; verdict: 'affected' | 'not-affected' | 'unknown' }
export interface Upload { id: string; name: string; size: number; received: number }
export type JobState = 'waiting' | 'running' | 'done' | 'dead';
export interface Job {
  id: string;
  name: string;
  state: JobState;
  attempts: number;
  done: number;
  total: number;
  error: string | null;
  results: { kind: 'inspection' | 'sbom'; sha256: string; size: number }[];
  created_at: string;
}
/** An instance that evidence is pulled from. */
export interface Peer {
  id: string;
  name: string;
  url: string;
  kind: 'instance' | 'tea';
  organization: OrganizationRef;
  log_key: string | null;
  tree_size: number;
  pulled_at: string | null;
  failures: number;
  error: string | null;
  faults: string[];
}
export interface LogHead { origin: string; tree_size: number; root_hash: string; checkpoint: string; key: string }
export interface Proof { log_index: number; tree_size: number; leaf_hash: string; salt: string; hashes: string[]; checkpoint: string }

/** An RFC 9457 problem, or a failure to reach the server (`code` is then `unreachable`). */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly hint: string | null) {
    super(detail);
  }
}

const BASE = '/api/v1';
const PAGE = 200;
/** A list longer than this is shown in part, and says so. */
const LONGEST = 20_000;

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Accept: 'application/json', ...init.headers };
  let response: Response;
  try {
    response = await fetch(BASE + path, { ...init, headers, credentials: 'same-origin' });
  } catch {
    throw new Problem(0, 'unreachable', '', null);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Problem(response.status, body.code ?? 'unknown', body.detail ?? body.title ?? '', body.hint ?? null);
}

async function read<T>(path: string): Promise<T> {
  return (await ask(path)).json() as Promise<T>;
}

/** `null` where there is no such thing, or not for us. */
async function readIfThere<T>(path: string): Promise<T | null> {
  try {
    return await read<T>(path);
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return null;
    throw problem;
  }
}

async function all<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const join = path.includes('?') ? '&' : '?';
    const cursor: string = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const page: Page<T> = await read(`${path}${join}limit=${PAGE}${cursor}`);
    items.push(...page.items);
    after = page.next;
  } while (after !== null && items.length < LONGEST);
  return items;
}

const part = encodeURIComponent;

function write<T>(path: string, csrf: string, body: BodyInit | null, type = 'application/json'): Promise<T> {
  return ask(path, { method: 'POST', body, headers: { 'Content-Type': type, 'X-Sukashi-CSRF': csrf } }).then((response) => response.json() as Promise<T>);
}

export const api = {
  session: () => read<Session>('/session'),
  /** How one can log in beside login links. */
  ways: () => read<{ oidc: { name: string } | null }>('/login'),
  login: (token: string) =>
    ask('/login', { method: 'POST', body: JSON.stringify({ token }), headers: { 'Content-Type': 'application/json' } }),
  logout: (csrf: string) => ask('/session', { method: 'DELETE', headers: { 'X-Sukashi-CSRF': csrf } }),
  status: () => read<Status>('/status'),
  changes: (since: string | null) =>
    read<{ items: Change[]; next: string }>(`/changes${since === null ? '' : `?since=${part(since)}`}`),
  systems: () => all<SystemSummary>('/systems'),
  system: (id: string) => read<SystemDetail>(`/systems/${part(id)}`),
  model: (id: string) => readIfThere<SystemModel>(`/systems/${part(id)}/model`),
  assessment: (id: string) =>
    readIfThere<{ evidence: Evidence; assessment: Assessment }>(`/systems/${part(id)}/assessment`),
  vulnerability: (id: string) => read<Affected>(`/vulnerabilities/${part(id)}`),
  products: () => all<Product>('/products'),
  product: (id: string) => read<ProductDetail>(`/products/${part(id)}`),
  release: (id: string) => read<ReleaseDetail>(`/releases/${part(id)}`),
  components: (id: string) => all<Component>(`/releases/${part(id)}/components`),
  findings: (id: string) => all<FindingSummary>(`/releases/${part(id)}/findings`),
  history: (id: string) => all<Evidence>(`/releases/${part(id)}/history`),
  evidenceList: (query: Record<string, string>) => all<Evidence>(`/evidence?${new URLSearchParams(query)}`),
  evidence: (id: string) => read<Evidence>(`/evidence/${part(id)}`),
  document: <T>(id: string) => readIfThere<T>(`/evidence/${part(id)}/document`),
  inspection: (id: string) => readIfThere<Inspection>(`/evidence/${part(id)}/document`),
  statement: (id: string) => readIfThere<Envelope>(`/evidence/${part(id)}/statement`),
  proof: (id: string) => readIfThere<Proof>(`/evidence/${part(id)}/proof`),
  finding: (id: string, finding: string) => read<FindingDetail>(`/evidence/${part(id)}/findings/${part(finding)}`),
  organizations: () => all<Organization>('/organizations'),
  supplyLinks: () => all<SupplyLink>('/supply-links'),
  disclosures: () => all<Disclosure>('/disclosures'),
  accesses: () => all<Access>('/accesses'),
  log: () => read<LogHead>('/log'),
  /** `null` for whoever may not see them. */
  peers: () =>
    all<Peer>('/peers').catch((problem: unknown) => {
      if (problem instanceof Problem && (problem.status === 403 || problem.status === 404)) return null;
      throw problem;
    }),
  jobs: () => all<Job>('/jobs'),
  job: (id: string) => read<Job>(`/jobs/${part(id)}`),
  retryJob: (id: string, csrf: string) => write<Job>(`/jobs/${part(id)}/retry`, csrf, null),
  /** A result as text: it is signed byte for byte. */
  result: (id: string, kind: 'inspection' | 'sbom') => ask(`/jobs/${part(id)}/results/${kind}`).then((response) => response.text()),
  resultAddress: (id: string, kind: 'inspection' | 'sbom') => `${BASE}/jobs/${part(id)}/results/${kind}`,
  beginUpload: (name: string, size: number, csrf: string) => write<Upload>('/uploads', csrf, JSON.stringify({ name, size, sha256: null })),
  upload: (id: string) => read<Upload>(`/uploads/${part(id)}`),
  sendPiece: (id: string, place: number, piece: Blob, csrf: string) =>
    write<Upload>(`/uploads/${part(id)}/pieces?place=${place}`, csrf, piece, 'application/octet-stream'),
  cancelUpload: (id: string, csrf: string) => ask(`/uploads/${part(id)}`, { method: 'DELETE', headers: { 'X-Sukashi-CSRF': csrf } }),
  addKey: (organization: string, publicKey: string, csrf: string) =>
    write<{ key_id: string }>(`/organizations/${part(organization)}/keys`, csrf, JSON.stringify({ public_key: publicKey })),
  addProduct: (name: string, kind: ProductKind, csrf: string) => write<{ id: string }>('/products', csrf, JSON.stringify({ name, kind })),
  addRelease: (product: string, version: string, artifacts: { name: string; sha256: string; size: number | null }[], csrf: string) =>
    write<{ id: string }>(`/products/${part(product)}/releases`, csrf, JSON.stringify({ version, artifacts })),
  register: (envelope: Envelope, release: string, csrf: string) =>
    write<{ id: string; by?: unknown }>(`/statements?release=${part(release)}`, csrf, JSON.stringify(envelope)),
};

/** A DSSE envelope. */
export interface Envelope { payloadType: string; payload: string; signatures: { keyid?: string; sig: string }[] }
