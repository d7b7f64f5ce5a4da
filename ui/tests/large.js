// How long the status page takes for a system of 50,000 parts, and how smoothly it scrolls: a row of the table of measures.
// `npm run bench`; prints Markdown, asserts nothing.

import { chromium } from 'playwright-core';
import { serve } from './mock/serve.js';
import * as world from './mock/world.js';

const EQUIPMENT = 500;
const SOFTWARE = 99;
const ROUNDS = 5;

/** One system whose parts are copies of one that is there, each with its own name. */
function large() {
  const [system] = world.status.nodes;
  const sample = system.children.find((node) => node.children.length > 0);
  const copy = (node, id, children) => ({ ...node, id, name: `${node.name} ${id}`, children });
  const software = (n) => Array.from({ length: SOFTWARE }, (_, m) => copy(sample.children[m % sample.children.length], `as-${n}-${m}`, []));
  const equipment = Array.from({ length: EQUIPMENT }, (_, n) => copy(sample, `as-${n}`, software(n)));
  return { ...world.status, nodes: [{ ...system, children: equipment }] };
}

/** Longest of the usual pauses between two frames while the page is scrolled through, in milliseconds. */
function scrolled() {
  return new Promise((done) => {
    const [pauses, step] = [[], document.documentElement.scrollHeight / 120];
    let [last, count] = [performance.now(), 0];
    requestAnimationFrame(function frame(now) {
      pauses.push(now - last);
      last = now;
      scrollBy(0, step);
      count += 1;
      if (count < 120) requestAnimationFrame(frame);
      else done(pauses.sort((a, b) => a - b)[Math.floor(pauses.length * 0.9)]);
    });
  });
}

const server = await serve();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const body = JSON.stringify(large());
const rows = { map: [], table: [] };
for (const [view, query, drawn] of [['map', '', '.map .chip'], ['table', '?view=table', 'tbody tr']]) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
    await page.route('**/api/v1/status', (route) => route.fulfill({ contentType: 'application/json', body }));
    await page.goto(`http://127.0.0.1:${server.address().port}/${query}`);
    await page.locator(drawn).first().waitFor();
    const first = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
    rows[view].push({ first, pause: await page.evaluate(scrolled) });
    await page.close();
  }
}
await browser.close();
server.close();
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log('| measure | here | must | goal |\n|---|---|---|---|');
for (const [view, rounds] of Object.entries(rows)) {
  const [first, pause] = [median(rounds.map((one) => one.first)) / 1000, median(rounds.map((one) => one.pause))];
  console.log(`| status page with ${EQUIPMENT * (SOFTWARE + 1) + 1} parts, ${view}: first paint / frames while scrolling | ${first.toFixed(2)} s / ${Math.round(1000 / pause)} a second | 3 s | 1 s / 60 |`);
}
