// The browser tests: every page in both languages and both themes, in the chromium of the system.
// SUKASHI_UI_URL=http://… runs them against a server that is already there (its first page must need no login then);
// PICTURES=DIR keeps screenshots. Prints `N passed, N failed`.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { behaviours } from './behaviours.js';
import { serve } from './mock/serve.js';
import { pages } from './pages.js';

const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const results = { passed: 0, failed: 0 };

async function check(name, work) {
  try {
    await work();
    results.passed += 1;
  } catch (error) {
    results.failed += 1;
    console.log(`FAILED ${name}\n  ${String(error.message ?? error).split('\n').slice(0, 12).join('\n  ')}`);
  }
}

/** A page with its choices made, its clock stopped, and everything it complains about collected. */
async function opened(context, base, { language, theme, mock }) {
  await context.clearCookies();
  if (mock) await context.addCookies([{ name: 'mock', value: mock, url: base }]);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !/status of 401/.test(message.text()) && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(error.message));
  await page.clock.setFixedTime(new Date('2026-11-24T09:00:00Z'));
  await page.addInitScript(([l, t]) => { localStorage.setItem('language', l); localStorage.setItem('theme', t); }, [language, theme]);
  return page;
}

async function noBarriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const text = violations.map((v) => `${v.id}: ${v.help} (${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join('; ')})`);
  if (text.length > 0) throw new Error(text.join('\n'));
}

async function looksRight(page, { name, url, expect }, language) {
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: 10_000 });
  await page.waitForLoadState('networkidle');
  for (const selector of expect ?? []) await page.locator(selector).first().waitFor({ state: 'attached', timeout: 5_000 });
  const lang = await page.evaluate(() => document.documentElement.lang);
  if (lang !== language) throw new Error(`document is in ${lang}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (overflow > 0) throw new Error(`${name} is ${overflow} pixels wider than the window`);
}

const server = process.env.SUKASHI_UI_URL ? null : await serve();
const base = process.env.SUKASHI_UI_URL ?? `http://127.0.0.1:${server.address().port}`;
const folder = await mkdtemp(join(tmpdir(), 'pages-'));
const context = await chromium.launchPersistentContext(folder, { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS, baseURL: base, viewport: { width: 1360, height: 900 }, locale: 'en-GB', timezoneId: 'Asia/Tokyo' });

for (const language of ['en', 'ja']) {
  for (const theme of ['light', 'dark']) {
    for (const one of pages) {
      const label = `${one.name} ${language} ${theme}`;
      const page = await opened(context, base, { language, theme, mock: one.mock });
      await check(label, () => looksRight(page, one, language));
      await check(`${label}: axe`, () => noBarriers(page));
      await check(`${label}: console`, () => { if (page.complaints.length > 0) throw new Error(page.complaints.join('\n')); });
      if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `${one.name}-${language}-${theme}.png`), fullPage: true });
      await page.close();
    }
  }
}
for (const { name, mock, run } of behaviours) {
  const page = await opened(context, base, { language: 'en', theme: 'light', mock });
  await check(name, () => run(page));
  await page.close();
}

await context.close();
server?.close();
await rm(folder, { recursive: true, force: true });
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exit(results.failed === 0 ? 0 : 1);
