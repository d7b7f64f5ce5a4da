// A key made in the browser, on a real platform: signs a bill of materials on the page *Upload*; the platform accepts it,
// and the command verifies what was registered with that key alone. SUKASHI=PATH names the command.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SUKASHI = process.env.SUKASHI ?? '../target/debug/sukashi';
const SBOM = JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'library', name: 'zlib', version: '1.3' }] });

async function started(folder) {
  const child = spawn(SUKASHI, ['serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, link] = /(http:\S+login\S+)/.exec(line) ?? [];
    if (link) return { child, link };
  }
  throw new Error('the platform ended before it was ready');
}

function check(holds, what) {
  if (!holds) throw new Error(`FAILED: ${what}`);
  console.log(`ok: ${what}`);
}

/** Signs `SBOM` on the page; the registered statement, and the keys of the organization. */
async function signed(page) {
  await page.goto('/upload');
  await page.locator('input[type=file]').setInputFiles({ name: 'router.cdx.json', mimeType: 'application/json', buffer: Buffer.from(SBOM) });
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByRole('button', { name: 'Register this key' }).click();
  await page.getByText('Registered.').first().waitFor({ timeout: 10_000 });
  await page.getByLabel('Product').fill('KR-200');
  await page.getByLabel('Version').fill('1.0');
  await page.getByLabel('Delivered file').setInputFiles({ name: 'router.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('firmware') });
  await page.getByRole('button', { name: 'Sign and register' }).click();
  const said = page.getByRole('status').filter({ hasText: 'Registered.' }).or(page.getByRole('alert').filter({ hasText: /./ }));
  await said.first().waitFor({ timeout: 10_000 });
  check((await said.first().textContent()).startsWith('Registered.'), `the page says: ${await said.first().textContent()}`);
  const ask = async (path) => (await page.request.get(`/api/v1${path}`)).json();
  const [evidence] = (await ask('/evidence?type=sbom')).items;
  const session = await ask('/session');
  const own = (await ask('/organizations')).items.find((one) => one.id === session.organization.id);
  return { evidence, statement: await (await page.request.get(`/api/v1/evidence/${evidence.id}/statement`)).text(), keys: own.keys };
}

const folder = await mkdtemp(join(tmpdir(), 'signing-'));
const { child, link } = await started(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
try {
  const context = await browser.newContext({ baseURL: new URL('/', link).href });
  const page = await context.newPage();
  await page.addInitScript(() => localStorage.setItem('language', 'en'));
  await page.goto(link);
  await page.waitForLoadState('networkidle');
  const { evidence, statement, keys } = await signed(page);
  check(evidence.outcome.components === 1 && evidence.release.version === '1.0', 'the platform took what the browser signed');
  const key = keys.find((one) => one.key_id === evidence.key_id);
  check(key?.state === 'active', 'it was signed by the key that the page registered');
  const trust = { schema: 'sukashi.trust/1', organizations: [{ name: 'Maker', keys: [{ key_id: key.key_id, public_key: key.public_key }] }] };
  await writeFile(join(folder, 'trust.json'), JSON.stringify(trust));
  await writeFile(join(folder, 'sbom.dsse.json'), statement);
  const envelope = JSON.parse(statement);
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('zlib', 'zlob');
  await writeFile(join(folder, 'changed.dsse.json'), JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }));
  const verify = (name) => spawnSync(SUKASHI, ['verify', join(folder, name), '--trust', join(folder, 'trust.json'), '--offline'], { encoding: 'utf8' });
  const good = verify('sbom.dsse.json');
  check(good.status === 0 && good.stdout.includes('signed by `Maker`'), 'the command verifies it with that key alone');
  check(verify('changed.dsse.json').status === 1, 'and nothing else under that signature');
} finally {
  await browser.close();
  child.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
