// A small supply chain as the HTTP interface would tell it to its operator. Written for the browser tests from the types
// in crates/record and docs/api.md; digests and signatures are made up. Not part of the product.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha = (text) => createHash('sha256').update(text).digest('hex');
const ref = ({ id, name }) => ({ id, name });

export const organizations = [
  { id: 'org-sdk', name: 'Hotaru Semiconductor Software', kind: 'software-manufacturer', relation: 'upstream' },
  { id: 'org-kawa', name: 'Kawa Devices', kind: 'equipment-manufacturer', relation: 'upstream' },
  { id: 'org-minato', name: 'Minato Systems Integration', kind: 'integrator', relation: 'supplier' },
  { id: 'org-water', name: '緑川市上下水道局', kind: 'operator', relation: 'self' },
].map((one) => ({ ...one, keys: [{ key_id: `ed25519:${sha(one.id).slice(0, 16)}`, state: 'active' }] }));
const [sdk, kawa, minato, water] = organizations;

export const session = {
  account: { id: 'acc-1', name: '佐藤 明' }, organization: ref(water), role: 'engineer', csrf: 'csrf-1', expires_at: '2026-11-25T09:00:00Z',
};

// --- products and releases

const release = (id, product, name, version, supplier) => ({ id, product, name, version, supplier: ref(supplier) });
const chip = release('rel-sdk-5', 'prd-sdk', 'HS-7 board support package', '5.1.0', sdk);
const router = release('rel-kr-321', 'prd-kr', 'KR-200 edge router', '3.2.1', kawa);
const routerOld = release('rel-kr-310', 'prd-kr', 'KR-200 edge router', '3.1.0', kawa);
const rtu = release('rel-rtu-20', 'prd-rtu', 'KT-40 remote terminal unit', '2.0.4', kawa);
const scada = release('rel-scada-84', 'prd-scada', 'Minato Water SCADA', '8.4.2', minato);
const historian = release('rel-hist-3', 'prd-hist', 'Minato Historian', '3.0.1', minato);
export const releaseRefs = [chip, router, routerOld, rtu, scada, historian];

export const products = [
  { id: 'prd-kr', name: 'KR-200 edge router', kind: 'equipment', supplier: ref(kawa), own: false, releases: 2, latest: router },
  { id: 'prd-rtu', name: 'KT-40 remote terminal unit', kind: 'equipment', supplier: ref(kawa), own: false, releases: 1, latest: rtu },
  { id: 'prd-hist', name: 'Minato Historian', kind: 'software', supplier: ref(minato), own: false, releases: 1, latest: historian },
  { id: 'prd-scada', name: 'Minato Water SCADA', kind: 'software', supplier: ref(minato), own: false, releases: 1, latest: scada },
  { id: 'prd-sdk', name: 'HS-7 board support package', kind: 'software', supplier: ref(sdk), own: false, releases: 1, latest: chip },
];

// --- evidence

const plant = { id: 'sys-plant', name: 'Midorikawa purification plant' };
const pumps = { id: 'sys-pumps', name: 'Pumping stations north' };

let serial = 0;
function evidence(type, issuer, at, about, outcome, more = {}) {
  serial += 1;
  const id = more.id ?? `ev-${String(serial).padStart(3, '0')}`;
  const full = (more.level ?? 'full') === 'full';
  return {
    id, type, predicate_type: full ? `https://example.org/predicates/${type}/v1` : null, level: 'full', issuer: ref(issuer), registered_at: at,
    release: about.version ? about : null, system: about.version ? null : about, state: 'current', supersedes: null, superseded_by: null,
    withdrawn_because: null, outcome, subjects: about.version ? [{ name: `${about.name.split(' ')[0].toLowerCase()}-${about.version}.bin`, sha256: sha(about.id) }] : null,
    media_type: 'application/json', size: 18_234, tlp: 'amber', embargo_until: null,
    key_id: full ? issuer.keys[0].key_id : null, statement_sha256: full ? sha(id) : null, ...more,
  };
}

export const evidenceList = [
  evidence('assessment', minato, '2026-11-24T06:10:00Z', plant, { complete: true, goals: 3, goals_reached: 2, verdicts: { exploitable: 3, 'not-reachable': 3, mitigated: 1, 'not-affected': 1, unknown: 1 } }, { id: 'ev-assess' }),
  evidence('inspection', kawa, '2026-11-23T08:00:00Z', router, { complete: true, findings: { critical: 2, high: 1, medium: 1, low: 0, info: 0, rejected: 1 }, coverage: 953 }, { id: 'ev-insp', supersedes: 'ev-insp-old' }),
  evidence('sbom', kawa, '2026-11-23T07:58:00Z', router, { complete: true, components: 12 }, { id: 'ev-sbom', level: 'redacted' }),
  evidence('vex', kawa, '2026-11-21T03:12:00Z', router, { verdicts: { 'not-affected': 2, exploitable: 1 } }, { id: 'ev-vex' }),
  evidence('provenance', kawa, '2026-11-20T02:00:00Z', router, null, { id: 'ev-prov' }),
  evidence('system-registration', water, '2026-11-18T01:30:00Z', plant, null, { id: 'ev-model' }),
  evidence('countermeasure-applied', minato, '2026-11-12T09:40:00Z', plant, null),
  evidence('sbom', minato, '2026-10-30T05:00:00Z', scada, { components: 148 }),
  evidence('inspection', minato, '2026-10-30T05:10:00Z', scada, { findings: { medium: 1 }, coverage: 871 }, { level: 'outcome', subjects: null, media_type: null, size: null }),
  evidence('sbom', kawa, '2026-06-02T05:00:00Z', rtu, { components: 31 }, { level: 'outcome', subjects: null, media_type: null, size: null }),
  evidence('sbom', sdk, '2026-05-11T02:00:00Z', chip, null, { level: 'exists', subjects: null, media_type: null, size: null, tlp: null }),
  evidence('inspection', kawa, '2026-08-14T08:00:00Z', router, { findings: { critical: 2, high: 0, medium: 1 }, coverage: 948 }, { id: 'ev-insp-old', state: 'superseded', superseded_by: 'ev-insp' }),
  evidence('vex', kawa, '2026-08-01T08:00:00Z', router, null, { state: 'withdrawn', withdrawn_because: 'issued for the wrong release' }),
];
evidenceList.push(evidence('answer', sdk, '2026-11-22T04:00:00Z', chip, null, { id: 'ev-answer' }));
export const affected = (id) => ({
  vulnerability: id,
  releases: id === 'CVE-2014-0160' ? [{ release: router, evidence: 'ev-sbom', installed_in: [{ system: plant, asset: 'as-router' }] }, { release: routerOld, evidence: 'ev-sbom', installed_in: [] }] : [],
});
const byId = (id) => evidenceList.find((one) => one.id === id);

// --- status

const aspect = (state, why, by = null, at = null, more = {}) => ({ state, by: by?.name ?? null, at, valid_until: null, evidence: null, why, ...more });
const known = (by, at, why, evidenceId = null, more = {}) => aspect('known', why, by, at, { evidence: evidenceId, ...more });
const nothing = (why) => aspect('none', why);
const node = (id, kind, name, supplier, configuration, inspection, risk, children = []) => ({ id, kind, name, supplier: supplier?.name ?? null, configuration, inspection, risk, children });
const assessed = known(minato, '2026-11-24T06:10:00Z', 'Assessed with the current model and vulnerability data.', 'ev-assess', { valid_until: '2026-12-24T00:00:00Z' });
const listed = known(kawa, '2026-11-23T07:58:00Z', 'Listed in the bill of materials of KR-200 3.2.1.', 'ev-sbom');
const program = (id, name, coverage, extra = {}) => node(id, 'software', name, kawa, listed, known(kawa, '2026-11-23T08:00:00Z', 'Inspected as a part of KR-200 3.2.1.', 'ev-insp', { coverage }), assessed, [], extra);

const routerNode = node('as-router', 'equipment', 'edge-router (KR-200 3.2.1)', kawa, known(kawa, '2026-11-23T07:58:00Z', 'Bill of materials with 12 components; 4 of them are not disclosed.', 'ev-sbom'),
  known(kawa, '2026-11-23T08:00:00Z', 'Inspected; two critical findings are accepted.', 'ev-insp', { coverage: 953 }), assessed,
  [program('as-busybox', 'BusyBox 1.35.0', 961), program('as-devmgrd', 'devmgrd 3.2.1', 978), program('as-dnsmasq', 'dnsmasq 2.75', 944), program('as-dropbear', 'Dropbear 2022.83', 957), program('as-httpd', 'httpd 3.2.1', 982), program('as-openssl', 'OpenSSL 1.0.1f', 902), program('as-zlib', 'zlib 1.2.11', 999)]);
const scadaNode = node('as-scada', 'equipment', 'scada1', minato, known(minato, '2026-10-30T05:00:00Z', 'Bill of materials with 148 components.'),
  aspect('partial', 'The operating system was not inspected.', minato, '2026-10-30T05:10:00Z', { coverage: 871 }), assessed,
  [node('as-scada-sw', 'software', 'Minato Water SCADA 8.4.2', minato, known(minato, '2026-10-30T05:00:00Z', 'Bill of materials with 148 components.'), known(minato, '2026-10-30T05:10:00Z', 'Outcome disclosed: one finding, medium.', null, { coverage: 871 }), assessed), node('as-win', 'software', 'Windows Server 2022', null, aspect('partial', 'Name and version only, from a scan.', water, '2026-11-18T01:30:00Z'), nothing('Nobody registered an inspection.'), assessed)]);
const historianNode = node('as-hist', 'equipment', 'historian', minato, known(minato, '2026-10-30T05:00:00Z', 'Declared in the model.'), nothing('Nobody registered an inspection.'), assessed,
  [node('as-hist-sw', 'software', 'Minato Historian 3.0.1', minato, aspect('partial', 'No bill of materials; name and version from the model.', water, '2026-11-18T01:30:00Z'), nothing('Nobody registered an inspection.'), assessed)]);
const plcNode = node('as-plc', 'equipment', 'filter-plc', kawa, aspect('stale', 'The bill of materials is for 2.0.4; the scan found 2.0.6.', kawa, '2026-06-02T05:00:00Z', { valid_until: '2026-11-01T00:00:00Z' }), nothing('Nobody registered an inspection.'), aspect('stale', 'The configuration changed after the assessment.', minato, '2026-11-24T06:10:00Z', { evidence: 'ev-assess' }),
  [node('as-rtu-fw', 'software', 'KT-40 firmware 2.0.4', kawa, aspect('stale', 'Another version was found in a scan.', kawa, '2026-06-02T05:00:00Z'), nothing('Nobody registered an inspection.'), aspect('stale', 'The configuration changed after the assessment.', minato, '2026-11-24T06:10:00Z'))]);
const stationNode = node('as-eng', 'equipment', 'engineering-station', minato, aspect('partial', 'Two of five programs are known.', water, '2026-11-18T01:30:00Z'), nothing('Nobody registered an inspection.'), assessed,
  [node('as-office', 'software', 'LibreOffice 7.4.7', null, aspect('partial', 'Name and version only, from a scan.', water, '2026-11-18T01:30:00Z'), nothing('Nobody registered an inspection.'), assessed)]);
const plantNode = node(plant.id, 'system', plant.name, water, aspect('stale', 'The configuration of filter-plc is out of date.', water, '2026-11-18T01:30:00Z', { evidence: 'ev-model' }), nothing('Five parts were never inspected.'), aspect('stale', 'The configuration of filter-plc changed after the assessment.', minato, '2026-11-24T06:10:00Z', { evidence: 'ev-assess', valid_until: '2026-12-24T00:00:00Z' }), [routerNode, stationNode, plcNode, historianNode, scadaNode]);
const pumpNode = (n) => node(`as-pump${n}`, 'equipment', `pump-rtu-${n}`, kawa, known(kawa, '2026-06-02T05:00:00Z', 'Bill of materials with 31 components; outcome disclosed.'), nothing('Nobody registered an inspection.'), nothing('This system has not been assessed yet.'), []);
const pumpsNode = node(pumps.id, 'system', pumps.name, water, known(water, '2026-09-01T02:00:00Z', 'Every host is declared.'), nothing('Four parts were never inspected.'), nothing('This system has not been assessed yet.'), [1, 2, 3, 4].map(pumpNode));
export const status = { schema: 'sukashi.status/1', nodes: [plantNode, pumpsNode] };

const aspects = ({ configuration, inspection, risk }) => ({ configuration, inspection, risk });
const releaseOf = { 'as-router': router, 'as-scada-sw': scada, 'as-hist-sw': historian, 'as-rtu-fw': rtu };
const purls = { 'as-openssl': 'pkg:opkg/libopenssl@1.0.1f-2', 'as-dnsmasq': 'pkg:opkg/dnsmasq@2.75-1', 'as-busybox': 'pkg:opkg/busybox@1.35.0-1', 'as-zlib': 'pkg:opkg/zlib@1.2.11-3' };
function assets(parent, nodes) {
  return nodes.flatMap((one) => [
    { id: one.id, name: one.name.replace(/ \(.*/, ''), kind: one.kind, parent, release: releaseOf[one.id] ?? null, declared: { purl: purls[one.id] ?? null, sha256: null, product: null, version: null }, source: 'model', confidence: releaseOf[one.id] ? 'exact' : 'declared', aspects: aspects(one) },
    ...assets(one.id, one.children),
  ]);
}
const system = (ids, top, model, assessment) => ({ ...ids, owner: ref(water), assets: assets(null, top.children).length, aspects: aspects(top), model, assessment });
export const systems = [system(plant, plantNode, 'ev-model', 'ev-assess'), system(pumps, pumpsNode, null, null)];
export const systemDetails = {
  [plant.id]: { ...systems[0], asset_list: assets(null, plantNode.children), evidence: evidenceList.filter((one) => one.system?.id === plant.id) },
  [pumps.id]: { ...systems[1], asset_list: assets(null, pumpsNode.children), evidence: [] },
};

export const model = {
  schema: 'sukashi.system/1', name: plant.name,
  zones: { outside: { title: 'Internet' }, office: { title: 'Office' }, control: { title: 'Control room' }, field: { title: 'Field' } },
  networks: { wan: { zone: 'outside' }, lan: { zone: 'office', cidr: '10.0.1.0/24' }, ctl: { zone: 'control', cidr: '10.0.2.0/24' }, cell: { zone: 'field', cidr: '10.0.3.0/24' } },
  hosts: {
    'edge-router': { kind: 'router', interfaces: [{ network: 'lan', address: '10.0.1.1' }] },
    'engineering-station': { kind: 'workstation', interfaces: [{ network: 'lan', address: '10.0.1.20' }] },
    'mail-gateway': { kind: 'server', interfaces: [{ network: 'lan', address: '10.0.1.9' }] },
    scada1: { kind: 'server', interfaces: [{ network: 'ctl', address: '10.0.2.5' }] },
    historian: { kind: 'server', interfaces: [{ network: 'ctl', address: '10.0.2.6' }] },
    'filter-plc': { kind: 'plc', interfaces: [{ network: 'cell', address: '10.0.3.9' }] },
    'dosing-plc': { kind: 'plc', interfaces: [{ network: 'cell', address: '10.0.3.10' }] },
  },
};

const step = (rule, technique, from, at, explain, fact, because, vulnerability = null, params = {}) => ({ rule, technique, at, from, vulnerability, fact, because, explain, params });
const viaRouter = [
  step('finding-in-service', 'T1190', 'zone:outside', 'host:edge-router', 'The attacker sends the hidden request to devmgrd on the edge router and gets a shell as root.', 'runs_code(a1, edge-router, root)', ['reaches(zone-outside, edge-router, tcp, 9034)', 'finding(edge-router, f-5d41c2, hidden-command)'], null, { A: 'a1', F: 'f-5d41c2', R: 'hidden-command', S: 'devmgrd', H: 'edge-router', U: 'root' }),
  step('pivot', 'T1021', 'host:edge-router', 'host:scada1', 'From the router the attacker reaches the control room, because the router is the firewall between them.', 'reaches(a1, scada1, tcp, 1433)', ['runs_code(a1, edge-router, root)', 'forwards(edge-router, ctl)']),
  step('remote-exploit', 'T1210', 'host:edge-router', 'host:scada1', 'The attacker exploits the database service of the SCADA server.', 'runs_code(a1, scada1, system)', ['reaches(a1, scada1, tcp, 1433)', 'vulnerable(scada1, CVE-2023-36884)'], 'CVE-2023-36884', { A: 'a1', H: 'scada1', U: 'system', V: 'CVE-2023-36884' }),
  step('write-controller', 'T0836', 'host:scada1', 'host:filter-plc', 'The controller accepts commands from the SCADA server without authentication.', 'controls(a1, filter-plc)', ['runs_code(a1, scada1, system)', 'accepts(filter-plc, modbus)']),
];
const viaUsb = [
  step('infected-media', 'T1091', 'person:maintenance', 'host:engineering-station', 'A maintenance contractor carries an infected USB stick to the engineering station.', 'runs_code(a1, engineering-station, user)', ['carries(maintenance, usb-1)', 'opens(maintenance, engineering-station)']),
  step('stored-credential', 'T1552', 'host:engineering-station', 'host:scada1', 'The station holds a stored password of the SCADA server.', 'runs_code(a1, scada1, operator)', ['runs_code(a1, engineering-station, user)', 'stores(engineering-station, scada-operator)']),
  step('write-controller', 'T0836', 'host:scada1', 'host:filter-plc', 'The controller accepts commands from the SCADA server without authentication.', 'controls(a1, filter-plc)', ['runs_code(a1, scada1, operator)', 'accepts(filter-plc, modbus)']),
];
const verdict = (id, host, component, cvss, epss, kev, word, why, path_count = 0) => ({ id, host, component, cvss, epss, kev, verdict: word, why, path_count });
export const assessment = {
  schema: 'sukashi.assessment/1', complete: true, system: { name: plant.name, sha256: sha('model'), hosts: 7, facts: 412 }, vuln_db: { sha256: sha('db'), date: '2026-11-22' },
  rules: [{ pack: 'core', sha256: sha('core') }, { pack: 'identity', sha256: sha('identity') }], seed: 1,
  goals: [
    { id: 'g1', title: 'Filter control is manipulated', reached: true, probability: { mean: 0.31, low: 0.29, high: 0.33 }, days: { p10: 3, p50: 20, p90: 90 }, paths: [{ probability: 0.22, days: 12, steps: viaRouter }, { probability: 0.11, days: 34, steps: viaUsb }] },
    { id: 'g2', title: 'Process data leave the plant', reached: true, probability: { mean: 0.24, low: 0.22, high: 0.26 }, days: { p10: 2, p50: 15, p90: 70 }, paths: [{ probability: 0.24, days: 9, steps: viaRouter.slice(0, 3) }] },
    { id: 'g3', title: 'Chlorine dosing is stopped', reached: false, probability: null, days: null, paths: [] },
  ],
  vulnerabilities: [
    verdict('CVE-2014-0160', 'edge-router', 'pkg:opkg/libopenssl@1.0.1f-2', 7.5, 0.944, true, 'exploitable', 'Reachable from zone outside on tcp/443; the service runs with the affected library.', 3),
    verdict('CVE-2017-14491', 'edge-router', 'pkg:opkg/dnsmasq@2.75-1', 9.8, 0.877, false, 'exploitable', 'Reachable from zone office on udp/53.', 1),
    verdict('CVE-2023-36884', 'scada1', 'cpe:2.3:o:microsoft:windows_server_2022:-:*:*:*:*:*:*:*', 7.5, 0.931, true, 'exploitable', 'Reachable from edge-router once an attacker runs code there.', 2),
    verdict('CVE-2022-48174', 'edge-router', 'pkg:opkg/busybox@1.35.0-1', 9.8, 0.005, false, 'not-reachable', 'No service passes input to the shell of BusyBox: no fact feeds_input(_, edge-router, ash).'),
    verdict('CVE-2018-25032', 'edge-router', 'pkg:opkg/zlib@1.2.11-3', 7.5, 0.003, false, 'not-affected', 'The supplier states: compression with a memory level above 8 is not used.'),
    verdict('CVE-2021-36369', 'edge-router', 'pkg:opkg/dropbear@2022.83-1', 7.5, 0.004, false, 'not-reachable', 'SSH is filtered by rule 3 of fw-outer.'),
    verdict('CVE-2023-48795', 'historian', 'pkg:generic/openssh@9.2', 5.9, 0.72, false, 'mitigated', 'Strict key exchange is enforced by the applied countermeasure c4.'),
    verdict('CVE-2023-6186', 'engineering-station', 'pkg:deb/debian/libreoffice@7.4.7', 8.8, 0.006, false, 'not-reachable', 'Nobody opens documents from outside on this host.'),
    verdict('CVE-2024-38063', 'historian', 'cpe:2.3:o:microsoft:windows_10:22h2:*:*:*:*:*:*:*', 9.8, 0.881, false, 'unknown', 'Whether IPv6 is enabled on historian is not in the model.'),
  ],
  choke_points: [{ fact: 'runs_code(a1, scada1, _)', goals: ['g1', 'g2'], share_of_paths: 1 }, { fact: 'runs_code(a1, edge-router, root)', goals: ['g1', 'g2'], share_of_paths: 0.67 }],
  countermeasures: [
    { id: 'c1', kind: 'filter', target: 'filter:fw-outer deny tcp/9034 from zone:outside', cost: 1, stops: ['g1', 'g2'] },
    { id: 'c2', kind: 'patch', target: 'software:kr-200 3.2.1 → 3.2.2', cost: 3, stops: ['g1', 'g2'] },
    { id: 'c3', kind: 'usage', target: 'usage:maintenance scans media before use', cost: 1.5, stops: ['g1'] },
    { id: 'c5', kind: 'credential', target: 'credential:scada-operator not stored on engineering-station', cost: 1, stops: ['g1'] },
    { id: 'c6', kind: 'monitor', target: 'host:filter-plc unexpected writes', cost: 2, stops: [] },
  ],
  plan: { chosen: ['c1', 'c5'], cost: 2, optimal: true, residual: [{ goal: 'g1', reached: false, probability: 0 }, { goal: 'g2', reached: false, probability: 0 }, { goal: 'g3', reached: false, probability: 0 }] },
  blind_spots: [{ what: 'filter-plc: version 2.0.6 is not described by any evidence', why: 'the supplier registered 2.0.4' }], totals: { facts_derived: 9_214 },
};

// --- inspection

const coverage = (functions, code, reached, indirect, resolved) => ({ functions, code_bytes: code, decoded_bytes: code - 12, reached_bytes: reached, indirect_calls: indirect, resolved_indirect_calls: resolved, complete: true });
const artifact = (path, size, cover, capabilities) => ({ path, sha256: sha(path), size, kind: 'elf', architecture: 'mipsel', stripped: true, coverage: cover, capabilities });
export const artifacts = [
  artifact('bin/busybox', 812_044, coverage(1_912, 640_112, 615_147, 221, 164), [{ name: 'file.write', count: 61 }, { name: 'network.connect', count: 12 }, { name: 'process.exec', count: 14 }]),
  artifact('usr/sbin/devmgrd', 18_424, coverage(41, 9_216, 9_013, 2, 2), [{ name: 'network.listen', count: 1 }, { name: 'process.exec', count: 2 }]),
  artifact('usr/sbin/httpd', 22_100, coverage(58, 12_560, 12_334, 4, 3), [{ name: 'file.read', count: 5 }, { name: 'network.listen', count: 1 }]),
];
const hidden = {
  id: 'f-5d41c2', rule: 'hidden-command', severity: 'critical', score: 97, title: 'A request that no help text names hands the connection to a shell', params: { command: 'sdk_diag 8841' }, artifact: 'usr/sbin/devmgrd',
  location: { address: '0x401b4c', function: 'handle', line: null },
  source: { kind: 'network', via: 'recv', address: '0x401e18' },
  trigger: { address: '0x401b4c', condition: 'input[0..13] == "sdk_diag 8841"', value: { text: 'sdk_diag 8841', hex: '73646b5f646961672038383431' } },
  payload: { address: '0x401ab0', operation: 'process.exec', detail: 'execl("/bin/sh", "sh", "-i")' },
  route: [
    { address: '0x401e18', function: 'serve', note: 'receives up to 255 bytes from the socket' },
    { address: '0x401e50', function: 'serve', note: 'cuts the line at the first line break, calls handle' },
    { address: '0x401a6c', function: 'handle', note: 'compares with the documented requests HELLO, LOGIN, STATUS, HELP' },
    { address: '0x401b4c', function: 'handle', note: 'compares with "sdk_diag 8841"; equal: calls support_shell' },
    { address: '0x401a84', function: 'support_shell', note: 'copies the socket to standard input, output and error' },
    { address: '0x401ab0', function: 'support_shell', note: 'runs /bin/sh' },
  ],
  witness: { status: 'confirmed', input: { hex: '73646b5f6469616720383834310d0a' }, how: 'Replayed in the emulator: the payload is reached with this input and with none of 64 random ones.' },
  why: 'Whoever can reach TCP port 9034 gets a shell without logging in. The request is compared with a fixed text that neither the help text nor the other requests mention, and it is tested before the session is authenticated.',
  evidence: [
    { address: '0x401b40', text: 'lui   a1, 0x40' }, { address: '0x401b44', text: 'addiu a1, a1, 0x2128      ; "sdk_diag 8841"' }, { address: '0x401b48', text: 'move  a0, s1' },
    { address: '0x401b4c', text: 'jal   strcmp' }, { address: '0x401b54', text: 'bnez  v0, 0x401b84' }, { address: '0x401b5c', text: 'jal   support_shell' },
    { address: '0x401aa0', text: 'addiu a0, a0, 0x20e4      ; "/bin/sh"' }, { address: '0x401ab0', text: 'jal   execl' },
  ],
  review: { state: 'accepted', reason: 'Left over from chip bring-up; will be removed in 3.2.2.', by: 'T. Mori, Kawa Devices', at: '2026-11-23T07:30:00Z' },
};
const credential = {
  ...hidden, id: 'f-91b07e', rule: 'hardcoded-credential', severity: 'critical', score: 95, title: 'A fixed password opens every device', params: {}, location: { address: '0x401940', function: 'check_password', line: null },
  trigger: { address: '0x401940', condition: 'input[6..] == "Kx7#field-service"', value: { text: 'Kx7#field-service', hex: '4b7837236669656c642d73657276696365' } },
  payload: { address: '0x401958', operation: 'authentication.granted', detail: 'return 1' }, route: hidden.route.slice(0, 3), witness: null, evidence: [{ address: '0x401940', text: 'jal   strcmp' }], review: { state: 'accepted', reason: 'Field service password of the chip maker.', by: 'T. Mori, Kawa Devices', at: '2026-11-23T07:31:00Z' },
  why: 'The password is compared before the configured one, so changing the configured one does not help.',
};
const account = {
  ...hidden, id: 'f-0c7714', rule: 'default-account', severity: 'high', score: 74, title: 'Account `service` has a maker’s default password', params: { account: 'service' }, artifact: 'etc/shadow', location: { address: null, function: null, line: 3 },
  source: null, trigger: null, payload: { address: null, operation: 'authentication.granted', detail: 'login as service' }, route: [], witness: null, evidence: [{ address: null, text: 'service:$1$…:19000:0:99999:7:::' }], review: { state: 'open' }, why: 'The password is the same in every delivered device.',
};
const clock = { ...account, id: 'f-a12b90', rule: 'time-trigger', severity: 'medium', score: 41, title: 'Behaviour depends on a fixed date', params: {}, artifact: 'usr/sbin/timed', location: { address: '0x400e10', function: 'tick', line: null }, review: { state: 'rejected', reason: 'End of a leap-second table; authorized.', by: 'T. Mori, Kawa Devices', at: '2026-11-23T07:33:00Z' }, payload: null, source: { kind: 'time', via: 'time', address: '0x400e08' }, why: 'A constant date is compared with the clock.' };
export const inspection = {
  schema: 'sukashi.inspection/1', complete: true, reproducible: true, tool: { name: 'sukashi', version: '0.1.0', detectors: [{ rule: 'default-account', version: 1 }, { rule: 'hardcoded-credential', version: 1 }, { rule: 'hidden-command', version: 1 }, { rule: 'shell-on-socket', version: 1 }] },
  subject: { name: 'router-mipsel.bin', sha256: sha('router'), size: 1_204_224, media_type: null }, artifacts, findings: [hidden, credential, account, clock],
  blind_spots: [{ artifact: 'bin/busybox', what: '57 calls through a computed address', why: 'targets depend on a table filled at run time' }, { artifact: 'usr/lib/libvendor.so', what: '1 file', why: 'encrypted' }],
  components: null, totals: { files: 64, programs: 3, code_bytes: 661_888, work_units: 91_422_104 },
};
export const flow = JSON.parse(readFileSync(new URL('flow.json', import.meta.url), 'utf8'));
const summary = (one, evidenceId) => ({ id: one.id, rule: one.rule, severity: one.severity, score: one.score, title: one.title, artifact: one.artifact, function: one.location.function, review: one.review.state, evidence: evidenceId });
export const findings = { [router.id]: inspection.findings.map((one) => summary(one, 'ev-insp')), [routerOld.id]: [summary(hidden, 'ev-insp-old'), summary(credential, 'ev-insp-old')] };

const component = (name, version, licence) => ({ name, version, purl: `pkg:opkg/${name}@${version}`, cpe: null, licences: [licence], supplier: null });
const base = [component('busybox', '1.35.0-1', 'GPL-2.0-only'), component('devmgrd', '3.2.1', 'LicenseRef-Hotaru'), component('dnsmasq', '2.75-1', 'GPL-2.0-or-later'), component('dropbear', '2022.83-1', 'MIT'), component('libc', '2.36-1', 'LGPL-2.1-or-later'), component('libopenssl', '1.0.1f-2', 'OpenSSL'), component('zlib', '1.2.11-3', 'Zlib'), component('timed', '3.2.1', 'LicenseRef-Kawa')];
export const components = { [router.id]: base, [routerOld.id]: [component('busybox', '1.34.1-2', 'GPL-2.0-only'), ...base.slice(2, 7), component('telnetd', '0.17-3', 'BSD-3-Clause')] };

export const releases = Object.fromEntries(releaseRefs.map((one) => {
  const top = one === router ? routerNode : one === scada ? scadaNode.children[0] : one === historian ? historianNode.children[0] : plcNode.children[0];
  return [one.id, {
    ...one, released_at: one === routerOld ? '2026-08-14T00:00:00Z' : '2026-11-20T00:00:00Z', artifacts: [{ name: one === router ? 'router-mipsel.bin' : `${one.product}.bin`, sha256: sha(one.id), size: 1_204_224 }], parts: one === router ? [chip] : [], aspects: aspects(top),
    evidence: evidenceList.filter((e) => e.release?.id === one.id && e.state === 'current'), installed_in: one === router ? [{ system: plant, asset: 'as-router' }] : [], previous: one === router ? routerOld : null,
  }];
}));
export const history = Object.fromEntries(releaseRefs.map((one) => [one.id, evidenceList.filter((e) => e.release?.id === one.id)]));

export const documents = {
  'ev-insp': inspection,
  'ev-assess': assessment,
  'ev-answer': { vulnerability: 'CVE-2022-0778', verdict: 'not-affected', vuln_db: sha('db') },
  'ev-vex': {
    '@context': 'https://openvex.dev/ns/v0.2.0', statements: [
      { vulnerability: { name: 'CVE-2014-0160' }, products: [{ '@id': 'pkg:opkg/libopenssl@1.0.1f-2' }], status: 'affected', action_statement: 'Update to KR-200 3.2.2 when it is released.' },
      { vulnerability: { name: 'CVE-2018-25032' }, products: [{ '@id': 'pkg:opkg/zlib@1.2.11-3' }], status: 'not_affected', justification: 'vulnerable_code_not_in_execute_path', impact_statement: 'Compression with a memory level above 8 is not used.' },
      { vulnerability: { name: 'CVE-2022-48174' }, products: [{ '@id': 'pkg:opkg/busybox@1.35.0-1' }], status: 'under_investigation' },
    ],
  },
};
const checkpoint = `sukashi.example/log\n${evidenceList.length + 29}\n${Buffer.from(sha('root'), 'hex').toString('base64')}\n\n— sukashi.example/log ${Buffer.from(sha('sig')).toString('base64').slice(0, 88)}\n`;
export const log = { origin: 'sukashi.example/log', tree_size: evidenceList.length + 29, root_hash: sha('root'), checkpoint, key: `sukashi.example/log+4fa2b1c9+${Buffer.from(sha('logkey'), 'hex').toString('base64')}` };
export const statement = (one) => ({ payloadType: 'application/vnd.in-toto+json', payload: Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1' })).toString('base64'), signatures: [{ keyid: one.key_id, sig: Buffer.from(sha(`sig${one.id}`)).toString('base64') }] });
export const proof = (one) => ({ log_index: evidenceList.indexOf(one) + 11, tree_size: log.tree_size, leaf_hash: sha(`leaf${one.id}`), salt: sha(`salt${one.id}`), hashes: [1, 2, 3, 4, 5].map((n) => sha(`${one.id}${n}`)), checkpoint });

// --- chain

const link = (id, supplier, customer, items, state = 'active') => ({ id, supplier: ref(supplier), customer: ref(customer), products: items, state, valid_from: '2025-04-01T00:00:00Z', valid_to: null });
export const supplyLinks = [
  link('lnk-1', sdk, kawa, [{ id: 'prd-sdk', name: 'HS-7 board support package' }]), link('lnk-2', kawa, minato, [{ id: 'prd-kr', name: 'KR-200 edge router' }, { id: 'prd-rtu', name: 'KT-40 remote terminal unit' }]), link('lnk-3', minato, water, null),
];
export const disclosures = [
  { id: 'dis-0', audience: ref(minato), scope: { kind: 'evidence', id: 'ev-model', name: plant.name }, types: ['system-registration'], level: 'full', until: '2027-03-31T00:00:00Z', granted_at: '2026-04-01T00:00:00Z' },
  { id: 'dis-1', audience: ref(kawa), scope: { kind: 'default', id: null, name: null }, types: null, level: 'hidden', until: null, granted_at: null },
];
export const accesses = [{ at: '2026-11-24T05:58:00Z', organization: ref(minato), evidence: byId('ev-model'), level: 'full' }];

let cursor = 0;
const change = (at, kind, organization, more) => ({ cursor: String((cursor += 1)), at, kind, organization: ref(organization), evidence: null, release: null, system: null, why: '', rule: 'installed', params: {}, ...more });
export const changes = [
  change('2026-11-20T02:00:00Z', 'release-added', kawa, { release: router }),
  change('2026-11-21T03:12:00Z', 'evidence-registered', kawa, { evidence: byId('ev-vex'), release: router }),
  change('2026-11-23T08:00:00Z', 'evidence-superseded', kawa, { evidence: byId('ev-insp'), release: router }),
  change('2026-11-24T06:10:00Z', 'evidence-registered', minato, { evidence: byId('ev-assess'), system: plant, rule: 'supplier' }),
];

// --- uploads, and instances that are pulled from

const job = (id, name, state, more) => ({ id, name, state, attempts: 1, done: 3, total: 3, error: null, results: [], next_at: null, created_at: '2026-11-24T05:40:00Z', ...more });
export const jobs = [
  job('job-running', 'router-3.2.2.bin', 'running', { done: 1 }),
  job('job-done', 'router-mipsel.bin', 'done', { results: [{ kind: 'inspection', sha256: sha('job-inspection'), size: 48_211 }, { kind: 'sbom', sha256: sha('job-sbom'), size: 20_114 }] }),
  job('job-dead', 'notes.txt', 'dead', { attempts: 3, error: 'nothing in the file can be read, or an engine failed on it' }),
];
const peer = (id, name, more) => ({ id, name, url: `https://${name}.example`, organization: ref(water), kind: 'instance', log_key: log.key, tree_size: 412, pulled_at: '2026-11-24T08:59:00Z', failures: 0, error: null, faults: [], ...more });
export const peers = [peer('peer-kawa', 'kawa', {}), peer('peer-minato', 'minato', { failures: 3, error: 'the log was forked or changed', pulled_at: null }), peer('peer-acme', 'acme', { kind: 'tea', log_key: null, tree_size: 0 }), peer('peer-umi', 'umi', { faults: ['head of supply link `l-1` counts 4 statements, which are not the ones given'] })];
