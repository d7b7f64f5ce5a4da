// A stand-in for the server in development and browser tests: the built pages and the answers of world.js, behind the
// content policy that the pages must live with. `node tests/mock/serve.js [PORT]`; not part of the product.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as world from './world.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const list = (items) => ({ items: items ?? [], next: null });
const evidence = (id) => world.evidenceList.find((one) => one.id === id);
const full = (one) => one?.level === 'full';

/** Answers by path, for the operator; `undefined` is 404. */
const ROUTES = [
  [/^\/session$/, () => world.session],
  [/^\/status$/, () => world.status],
  [/^\/systems$/, () => list(world.systems)],
  [/^\/systems\/([^/]+)$/, (id) => world.systemDetails[id]],
  [/^\/systems\/([^/]+)\/model$/, (id) => (id === 'sys-plant' ? world.model : undefined)],
  [/^\/systems\/([^/]+)\/assessment$/, (id) => (id === 'sys-plant' ? { evidence: evidence('ev-assess'), assessment: world.assessment } : undefined)],
  [/^\/vulnerabilities\/([^/]+)$/, (id) => world.affected(id)],
  [/^\/products$/, () => list(world.products)],
  [/^\/products\/([^/]+)$/, (id) => product(id)],
  [/^\/releases\/([^/]+)$/, (id) => world.releases[id]],
  [/^\/releases\/([^/]+)\/components$/, (id) => list(world.components[id])],
  [/^\/releases\/([^/]+)\/findings$/, (id) => list(world.findings[id])],
  [/^\/releases\/([^/]+)\/history$/, (id) => list(world.history[id])],
  [/^\/evidence$/, (_, query) => list(world.evidenceList.filter((one) => (query.get('state') === 'any' || one.state === 'current') && (!query.get('type') || one.type === query.get('type'))))],
  [/^\/evidence\/([^/]+)$/, (id) => evidence(id)],
  [/^\/evidence\/([^/]+)\/document$/, (id) => world.documents[id]],
  [/^\/evidence\/([^/]+)\/findings\/([^/]+)$/, (id, _, path) => finding(id, path.split('/').at(-1))],
  [/^\/evidence\/([^/]+)\/statement$/, (id) => (full(evidence(id)) ? world.statement(evidence(id)) : undefined)],
  [/^\/evidence\/([^/]+)\/proof$/, (id) => (full(evidence(id)) ? world.proof(evidence(id)) : undefined)],
  [/^\/organizations$/, () => list(world.organizations)],
  [/^\/supply-links$/, () => list(world.supplyLinks)],
  [/^\/disclosures$/, () => list(world.disclosures)],
  [/^\/accesses$/, () => list(world.accesses)],
  [/^\/changes$/, (_, query) => ({ items: query.get('since') ? [] : world.changes, next: '99' })],
  [/^\/log$/, () => world.log],
  [/^\/peers$/, () => list(world.peers)],
  [/^\/jobs$/, () => list(world.jobs)],
  [/^\/jobs\/([^/]+)$/, (id) => world.jobs.find((one) => one.id === id)],
  [/^\/jobs\/([^/]+)\/results\/([^/]+)$/, (id, _, path) => (path.endsWith('/sbom') ? { bomFormat: 'CycloneDX', components: world.components['rel-kr-321'] } : world.inspection)],
];

function product(id) {
  const one = world.products.find((p) => p.id === id);
  return one && { ...one, release_list: Object.values(world.releases).filter((r) => r.product === id) };
}

function finding(id, name) {
  const found = world.inspection.findings.find((one) => one.id === name);
  return found && { evidence: evidence(id), artifact: world.artifacts.find((a) => a.path === found.artifact) ?? null, finding: found, flow: name === 'f-5d41c2' ? world.flow : null };
}

function problem(response, status, code, title) {
  response.writeHead(status, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, code, detail: title, hint: null }));
}

/** The cookie `mock=empty` gives an instance with nothing in it, `mock=out` one where nobody is logged in,
    `mock=publisher` somebody who may register. */
function answerApi(request, response, url) {
  const mode = /mock=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  const path = url.pathname.slice('/api/v1'.length);
  if (request.method === 'POST' && path === '/login') {
    response.setHeader('Set-Cookie', 'mock=in; Path=/');
    return json(response, world.session);
  }
  if (path === '/login') return json(response, { oidc: mode === 'elsewhere' ? { name: 'Company login' } : null });
  if (mode === 'publisher' && path === '/session') return json(response, { ...world.session, role: 'publisher' });
  if (mode === 'out' || mode === 'elsewhere') return problem(response, 401, 'not-logged-in', 'Log in first');
  if (request.method === 'DELETE') return response.writeHead(204).end();
  if (mode === 'empty' && path === '/status') return json(response, { schema: 'sukashi.status/1', nodes: [] });
  if (mode === 'empty' && path !== '/session' && path !== '/log') return json(response, list([]));
  for (const [pattern, answer] of ROUTES) {
    const found = pattern.exec(path);
    const body = found && answer(decodeURIComponent(found[1] ?? ''), url.searchParams, path);
    if (body) return json(response, body);
  }
  return problem(response, 404, 'not-found', 'There is no such thing');
}

function json(response, body) {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function answerFile(response, path) {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const name = extname(wanted) === '' ? 'index.html' : wanted;
  try {
    const body = await readFile(join(DIST, name));
    response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

export function serve(port = 0) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname.startsWith('/api/v1/')) answerApi(request, response, url);
    else void answerFile(response, url.pathname);
  });
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 7879));
  console.log(`http://127.0.0.1:${server.address().port}`);
}
