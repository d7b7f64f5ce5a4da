// VEX documents of the usual kinds, reduced to one line per vulnerability.

export interface VexLine { id: string; status: string; reason: string; product: string }

type Json = Record<string, unknown>;
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const ids = (items: Json[], key: string): string => items.map((item) => text(item[key])).filter(Boolean).join(', ');

/** OpenVEX and CycloneDX; what is neither gives no line. */
export function vexLines(document: Json): VexLine[] {
  if (Array.isArray(document['statements'])) return list(document['statements']).map(openVex);
  return list(document['vulnerabilities']).map(cycloneDx);
}

function openVex(one: Json): VexLine {
  const vulnerability = one['vulnerability'];
  const id = typeof vulnerability === 'string' ? vulnerability : text((vulnerability as Json | undefined)?.['name']);
  const reason = text(one['impact_statement']) || text(one['action_statement']) || text(one['status_notes']) || text(one['justification']).replaceAll('_', ' ');
  return { id, status: text(one['status']), reason, product: ids(list(one['products']), '@id') };
}

function cycloneDx(one: Json): VexLine {
  const analysis = (one['analysis'] ?? {}) as Json;
  const reason = text(analysis['detail']) || text(analysis['justification']).replaceAll('_', ' ');
  return { id: text(one['id']), status: text(analysis['state']), reason, product: ids(list(one['affects']), 'ref') };
}
