// The pages on a real platform: starts `sukashi demo`, logs in as each role, and follows every link there is.
// SUKASHI=PATH names the command (default ../target/debug/sukashi); PICTURES=DIR keeps a screenshot of every page.
// Each page must have a heading, the chosen language, no complaint of the browser, no failed request, and no sideways
// scrolling. Prints `N pages, N failed`.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none'];
/** Of pages that differ only in what they show, such as findings, so many are opened for a role and language. */
const ALIKE = 3;
/** A demonstration has these, one login link each. */
const ROLES = 4;

async function started(folder) {
  const child = spawn(process.env.SUKASHI ?? '../target/debug/sukashi', ['demo', '--listen', '127.0.0.1:0', '--data', join(folder, 'demo')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const links = new Map();
  for await (const line of createInterface({ input: child.stdout })) {
    const [, role, link] = /^ready: (\S+) (\S+)$/.exec(line) ?? [];
    if (role) links.set(role, link);
    if (links.size === ROLES) return { child, links };
  }
  throw new Error('the demonstration ended before it was ready');
}

/** What is the same about `/evidence/ev-1/findings/f-2` and `/evidence/ev-3/findings/f-4`. */
const kind = (path) => path.replaceAll(/\/[^/?]*[0-9][^/?]*/g, '/:id');

async function look(page, path, language) {
  const complaints = [];
  const onConsole = (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text());
  const onError = (error) => complaints.push(error.message);
  const onResponse = (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`);
  page.on('console', onConsole).on('pageerror', onError).on('response', onResponse);
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: 10_000 });
  await page.waitForLoadState('networkidle');
  const seen = await page.evaluate(() => ({
    language: document.documentElement.lang,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    links: [...document.querySelectorAll('a[href]')].map((link) => new URL(link.href)).filter((url) => url.origin === location.origin).map((url) => url.pathname + (url.searchParams.has('tab') ? `?tab=${url.searchParams.get('tab')}` : '')),
  }));
  page.off('console', onConsole).off('pageerror', onError).off('response', onResponse);
  if (seen.language !== language) complaints.push(`the document is in ${seen.language}`);
  if (seen.overflow > 0) complaints.push(`${seen.overflow} pixels wider than the window`);
  return { complaints, links: seen.links.filter((link) => !/^\/(api|log|login|tea)(\/|$)/.test(link)) };
}

async function follow(context, role, login, language, results) {
  const page = await context.newPage();
  await page.addInitScript((l) => { localStorage.setItem('language', l); localStorage.setItem('theme', 'light'); }, language);
  await page.goto(login);
  await page.waitForLoadState('networkidle');
  const open = ['/'];
  const known = new Set(open);
  const alike = new Map();
  while (open.length > 0) {
    const path = open.shift();
    const { complaints, links } = await look(page, path, language);
    results.pages += 1;
    if (complaints.length > 0) {
      results.failed += 1;
      console.log(`FAILED ${role} ${language} ${path}\n  ${complaints.join('\n  ')}`);
    }
    if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `${role}-${language}${path.replaceAll(/[/?=]/g, '-')}.png`), fullPage: true });
    for (const link of links) {
      const count = alike.get(kind(link)) ?? 0;
      if (known.has(link) || count >= ALIKE) continue;
      alike.set(kind(link), count + 1);
      known.add(link);
      open.push(link);
    }
  }
  await page.close();
}

const folder = await mkdtemp(join(tmpdir(), 'demo-'));
const { child, links } = await started(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
const results = { pages: 0, failed: 0 };
try {
  // A login link works once: both languages share the session.
  for (const [role, login] of links) {
    const context = await browser.newContext({ baseURL: new URL('/', login).href, viewport: { width: 1360, height: 900 }, timezoneId: 'Asia/Tokyo' });
    for (const language of ['en', 'ja']) await follow(context, role, language === 'en' ? login : '/', language, results);
    await context.close();
  }
} finally {
  await browser.close();
  child.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
console.log(`${results.pages} pages, ${results.failed} failed`);
process.exitCode = results.failed > 0 || results.pages < 2 * ROLES ? 1 : 0;
