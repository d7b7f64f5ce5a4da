// What needs a person's attention, per part of the status map. The map itself says only what is known.

import { api, type Asset, type Evidence, type SystemDetail } from './api';
import type { Assessment, Status, StatusNode } from './records';

/** Beyond this many systems, each is looked at only when it is opened. */
const LOOKED_AT = 12;

export interface Alerts {
  /** Vulnerabilities with the verdict exploitable, by node id. */
  exploitable: Map<string, number>;
  /** Critical and high findings that nobody rejected, by node id. */
  findings: Map<string, number>;
  /** Goals of an attacker, by system id. */
  goals: Map<string, { reached: number; all: number }>;
  /** The release a node is, where the platform knows it. */
  release: Map<string, string>;
}

export async function alertsOf(status: Status): Promise<Alerts> {
  const alerts: Alerts = { exploitable: new Map(), findings: new Map(), goals: new Map(), release: new Map() };
  const systems = status.nodes.filter((node) => node.kind === 'system').slice(0, LOOKED_AT);
  const [inspections, details] = await Promise.all([
    api.evidenceList({ type: 'inspection', state: 'current' }),
    Promise.all(systems.map((node) => look(node.id))),
  ]);
  const found = findingsByRelease(inspections);
  for (const [system, assessed] of details) {
    if (system === null) continue;
    for (const asset of system.asset_list) noteRelease(alerts, found, asset.id, asset.release?.id);
    if (assessed !== null) noteAssessment(alerts, system, assessed.assessment);
  }
  for (const node of flat(status.nodes)) noteRelease(alerts, found, node.id, found.has(node.id) ? node.id : undefined);
  return alerts;
}

async function look(id: string): Promise<[SystemDetail | null, { assessment: Assessment } | null]> {
  const system = await api.system(id).catch(() => null);
  return [system, system?.assessment ? await api.assessment(id).catch(() => null) : null];
}

function noteRelease(alerts: Alerts, found: Map<string, number>, node: string, release: string | undefined): void {
  if (release === undefined) return;
  alerts.release.set(node, release);
  const count = found.get(release) ?? 0;
  if (count > 0) alerts.findings.set(node, count);
}

function noteAssessment(alerts: Alerts, system: SystemDetail, assessment: Assessment): void {
  const reached = assessment.goals.filter((goal) => goal.reached).length;
  alerts.goals.set(system.id, { reached, all: assessment.goals.length });
  const bad = assessment.vulnerabilities.filter((one) => one.verdict === 'exploitable');
  if (bad.length > 0) alerts.exploitable.set(system.id, new Set(bad.map((one) => one.id)).size);
  for (const asset of system.asset_list) {
    const here = bad.filter((one) => concerns(one, asset, system.asset_list)).length;
    if (here > 0) alerts.exploitable.set(asset.id, here);
  }
}

function concerns(one: { host: string; component: string }, asset: Asset, all: Asset[]): boolean {
  if (asset.kind === 'equipment') return asset.name === one.host;
  const holder = all.find((other) => other.id === asset.parent);
  return holder?.name === one.host && (asset.declared.purl === one.component || asset.name === one.component);
}

function findingsByRelease(inspections: Evidence[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { release, outcome } of inspections) {
    const count = (outcome?.findings?.critical ?? 0) + (outcome?.findings?.high ?? 0);
    if (release !== null && count > 0) counts.set(release.id, (counts.get(release.id) ?? 0) + count);
  }
  return counts;
}

/** All nodes, holders before what they hold. */
export function flat(nodes: StatusNode[]): StatusNode[] {
  const list: StatusNode[] = [];
  const open = [...nodes].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    list.push(node);
    for (const child of [...node.children].reverse()) open.push(child);
  }
  return list;
}
