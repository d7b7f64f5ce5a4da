// What two releases differ in, from their lists of components and findings.

import type { Component, FindingSummary } from './api';

export type Change = 'added' | 'removed' | 'updated';
export interface ComponentChange { name: string; change: Change; before: string | null; now: string | null }
export interface FindingChange { finding: FindingSummary; change: 'added' | 'removed' }

const key = (one: Component): string => one.purl?.replace(/@.*$/, '') ?? one.cpe?.split(':').slice(0, 5).join(':') ?? one.name;
const versions = (list: Component[] | undefined): string | null => (list ? list.map((one) => one.version ?? '?').sort().join(', ') : null);

export function componentChanges(before: Component[], now: Component[]): ComponentChange[] {
  const [old, fresh] = [Map.groupBy(before, key), Map.groupBy(now, key)];
  const changes: ComponentChange[] = [];
  for (const name of [...new Set([...old.keys(), ...fresh.keys()])].sort()) {
    const [a, b] = [versions(old.get(name)), versions(fresh.get(name))];
    const shown = (fresh.get(name) ?? old.get(name))?.[0]?.name ?? name;
    if (a !== b) changes.push({ name: shown, change: a === null ? 'added' : b === null ? 'removed' : 'updated', before: a, now: b });
  }
  return changes;
}

/** Findings keep their id over a rebuild, so equal ids are the same finding. */
export function findingChanges(before: FindingSummary[], now: FindingSummary[]): FindingChange[] {
  const [old, fresh] = [new Set(before.map((one) => one.id)), new Set(now.map((one) => one.id))];
  return [
    ...now.filter((one) => !old.has(one.id)).map((finding) => ({ finding, change: 'added' as const })),
    ...before.filter((one) => !fresh.has(one.id)).map((finding) => ({ finding, change: 'removed' as const })),
  ];
}
