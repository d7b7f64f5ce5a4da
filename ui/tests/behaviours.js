// What a person does, beyond looking. Each test fails when the thing it names stops working.

import assert from 'node:assert/strict';

const heading = (page) => page.getByRole('heading', { level: 1 });

export const behaviours = [
  {
    name: 'choosing a part shows whose word it is, and the address can be shared',
    async run(page) {
      await page.goto('/');
      await page.getByRole('button', { name: /more.*edge-router/ }).click();
      await page.getByRole('button', { name: /^OpenSSL 1\.0\.1f/ }).click();
      const chosen = page.getByRole('region', { name: 'Chosen part' });
      await chosen.getByText('By Kawa Devices').first().waitFor();
      assert.match(page.url(), /part=as-openssl/);
      await page.reload();
      await chosen.getByRole('heading', { name: 'OpenSSL 1.0.1f' }).waitFor();
    },
  },
  {
    name: 'the table holds every part of the map',
    async run(page) {
      await page.goto('/?view=table');
      for (;;) {
        const closed = page.getByRole('button', { name: /^Expand / });
        await page.locator('tbody tr').first().waitFor();
        if ((await closed.count()) === 0) break;
        await closed.first().click();
      }
      assert.equal(await page.locator('tbody tr').count(), 23);
    },
  },
  {
    name: 'the language is remembered',
    async run(page) {
      await page.goto('/products');
      await page.getByRole('button', { name: '日本語' }).click();
      await heading(page).filter({ hasText: '製品' }).waitFor();
      assert.equal(await page.evaluate(() => localStorage.getItem('language')), 'ja');
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'ja');
    },
  },
  {
    name: 'the pages can be walked with the keyboard alone',
    async run(page) {
      await page.goto('/');
      await page.locator('.map').waitFor();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
      await page.getByRole('link', { name: 'Risk', exact: true }).focus();
      await page.keyboard.press('Enter');
      await heading(page).filter({ hasText: 'Risk' }).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
      await page.goBack();
      await page.locator('.map').waitFor();
    },
  },
  {
    name: 'a pasted link logs in',
    mock: 'out',
    async run(page) {
      await page.goto('/audit');
      await page.getByLabel('Link or its token').fill('http://127.0.0.1:7878/login?token=abc');
      const sent = page.waitForRequest((request) => request.method() === 'POST');
      await page.getByRole('button', { name: 'Log in' }).click();
      assert.deepEqual((await sent).postDataJSON(), { token: 'abc' });
      await heading(page).filter({ hasText: 'Audit' }).waitFor();
    },
  },
  {
    name: 'logging out carries the token against forged requests',
    async run(page) {
      await page.goto('/');
      const sent = page.waitForRequest((request) => request.method() === 'DELETE');
      await page.getByRole('button', { name: 'Log out' }).click();
      assert.equal((await sent).headers()['x-sukashi-csrf'], 'csrf-1');
      await heading(page).filter({ hasText: 'Log in' }).waitFor();
    },
  },
  {
    name: 'the route on the control-flow graph has as many marked lines as the table has steps to take',
    async run(page) {
      await page.goto('/evidence/ev-insp/findings/f-5d41c2');
      await page.locator('[data-route=edge]').first().waitFor();
      assert.equal(await page.locator('[data-route=edge]').count(), 9);
      assert.equal(await page.locator('[data-route=node]').count(), 10);
      await page.getByRole('button', { name: 'Table' }).click();
      assert.equal(await page.locator('[data-route=row]').count(), 6);
    },
  },
  {
    name: 'text from an analysed program stays text',
    async run(page) {
      await page.route('**/api/v1/**/findings/f-5d41c2', async (route) => {
        const answer = await (await route.fetch()).json();
        answer.finding.trigger.condition = '<img src=x onerror=alert(1)>';
        answer.finding.why = '<script>alert(2)</script>';
        await route.fulfill({ json: answer });
      });
      await page.goto('/evidence/ev-insp/findings/f-5d41c2');
      await page.getByText('<script>alert(2)</script>').waitFor();
      assert.equal(await page.locator('main img').count(), 0);
      assert.deepEqual(page.complaints, []);
    },
  },
  {
    name: 'a verdict filter shows only that verdict and keeps it in the address',
    async run(page) {
      await page.goto('/risk/sys-plant');
      await page.getByRole('button', { name: /^Not reachable/ }).click();
      assert.equal(await page.getByRole('region', { name: 'Vulnerabilities in this system' }).locator('tbody tr').count(), 3);
      assert.match(page.url(), /verdict=not-reachable/);
    },
  },
  {
    name: 'components and findings that changed are named, others are not',
    async run(page) {
      await page.goto('/releases/rel-kr-321?tab=changes');
      const rows = page.locator('section', { hasText: 'Components' }).locator('tbody tr');
      await rows.first().waitFor();
      const texts = (await rows.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
      assert.deepEqual(texts, ['Updated busybox 1.34.1-2 1.35.0-1', 'Added devmgrd — 3.2.1', 'Removed telnetd 0.17-3 —', 'Added timed — 3.2.1']);
    },
  },
  {
    name: 'a server that does not answer is said so, and asked again',
    async run(page) {
      await page.route('**/api/v1/products*', (route) => route.abort());
      await page.goto('/products');
      await page.getByText('The server does not answer').waitFor();
      await page.unroute('**/api/v1/products*');
      page.complaints.length = 0;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'KR-200 edge router' }).waitFor();
    },
  },
  {
    name: 'a small window needs no sideways scrolling',
    async run(page) {
      await page.setViewportSize({ width: 360, height: 740 });
      for (const path of ['/', '/risk/sys-plant', '/evidence/ev-insp/findings/f-5d41c2', '/chain', '/releases/rel-kr-321?tab=inspection']) {
        await page.goto(path);
        await heading(page).waitFor();
        await page.waitForLoadState('networkidle');
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${path} is ${over} pixels too wide`);
      }
    },
  },
];
