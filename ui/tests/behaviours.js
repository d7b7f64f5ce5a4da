// What a person does, beyond looking. Each test fails when the thing it names stops working.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';

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
    name: 'an image goes to the server in pieces, and on from where it broke off',
    async run(page) {
      const [image, arrived] = [Buffer.alloc(9_000_000, 7), []];
      let busy = true;
      await page.route('**/api/v1/uploads', (route) => {
        assert.deepEqual(route.request().postDataJSON(), { name: 'router.bin', size: image.length, sha256: null });
        assert.equal(route.request().headers()['x-sukashi-csrf'], 'csrf-1');
        return route.fulfill({ status: 201, json: { id: 'job-running', name: 'router.bin', size: image.length, received: 0 } });
      });
      await page.route('**/api/v1/uploads/job-running', (route) => route.fulfill({ json: { id: 'job-running', received: arrived.reduce((sum, part) => sum + part.length, 0) } }));
      await page.route('**/api/v1/uploads/job-running/pieces?place=*', (route) => {
        const place = Number(new URL(route.request().url()).searchParams.get('place'));
        assert.equal(place, arrived.reduce((sum, part) => sum + part.length, 0));
        if (place > 0 && busy) {
          busy = false;
          return route.fulfill({ status: 503, json: { code: 'unavailable' } });
        }
        arrived.push(route.request().postDataBuffer());
        return route.fulfill({ json: { id: 'job-running', received: place + arrived.at(-1).length } });
      });
      await page.goto('/upload');
      await page.clock.resume();
      await page.locator('input[type=file]').setInputFiles({ name: 'router.bin', mimeType: 'application/octet-stream', buffer: image });
      await page.getByRole('heading', { name: 'Inspecting router-3.2.2.bin' }).waitFor();
      assert.match(page.url(), /job=job-running/);
      assert.ok(Buffer.concat(arrived).equals(image));
      page.complaints.length = 0;
    },
  },
  {
    name: 'a bill of materials is signed in the browser, byte for byte, and registered',
    mock: 'publisher',
    async run(page) {
      const text = '{ "bomFormat": "CycloneDX",\n "specVersion": "1.6", "components": [ {"name": "zlib", "version": "1.50"} ] }';
      let [publicKey, statement, about] = [null, null, null];
      await page.route('**/api/v1/organizations/*/keys', (route) => {
        publicKey = route.request().postDataJSON().public_key;
        return route.fulfill({ status: 201, json: { key_id: 'k' } });
      });
      await page.route('**/api/v1/products', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 201, json: { id: 'prd-new' } }) : route.fallback()));
      await page.route('**/api/v1/products/prd-new/releases', (route) => route.fulfill({ status: 201, json: { id: 'rel-new' } }));
      await page.route('**/api/v1/statements?*', (route) => {
        [statement, about] = [route.request().postDataJSON(), new URL(route.request().url()).searchParams.get('release')];
        return route.fulfill({ status: 201, json: { id: 'ev-new' } });
      });
      await page.goto('/upload');
      await page.locator('input[type=file]').setInputFiles({ name: 'sbom.json', mimeType: 'application/json', buffer: Buffer.from(text) });
      await page.getByText('CycloneDX 1.6 · 1 component').waitFor();
      await page.getByRole('button', { name: 'Make a key' }).click();
      await page.getByRole('button', { name: 'Register this key' }).click();
      await page.getByLabel('Product').fill('KX-1');
      await page.getByLabel('Version').fill('2.0');
      await page.getByLabel('Delivered file').setInputFiles({ name: 'kx-1.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('firmware') });
      await page.getByRole('button', { name: 'Sign and register' }).click();
      await page.getByRole('status').filter({ hasText: 'Registered.' }).waitFor();
      const payload = Buffer.from(statement.payload, 'base64');
      const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'base64')]);
      const message = Buffer.concat([Buffer.from(`DSSEv1 ${statement.payloadType.length} ${statement.payloadType} ${payload.length} `), payload]);
      const [{ keyid, sig }] = statement.signatures;
      assert.ok(verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), Buffer.from(sig, 'base64')));
      assert.equal(keyid, createHash('sha256').update(der).digest('hex'));
      assert.ok(payload.toString().endsWith(`"predicate":${text}}`), payload.toString());
      assert.equal(about, 'rel-new');
      // The key is still there after the page was left, and cannot be taken out.
      await page.reload();
      const kept = await page.evaluate(() => new Promise((done) => {
        indexedDB.open('sukashi', 1).onsuccess = (event) => {
          event.target.result.transaction('keys').objectStore('keys').getAll().onsuccess = (found) => done(found.target.result.map((pair) => pair.privateKey.extractable));
        };
      }));
      assert.deepEqual(kept, [false]);
    },
  },
  {
    name: 'a small window needs no sideways scrolling',
    async run(page) {
      await page.setViewportSize({ width: 360, height: 740 });
      for (const path of ['/', '/risk/sys-plant', '/evidence/ev-insp/findings/f-5d41c2', '/chain', '/upload?job=job-done', '/releases/rel-kr-321?tab=inspection']) {
        await page.goto(path);
        await heading(page).waitFor();
        await page.waitForLoadState('networkidle');
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${path} is ${over} pixels too wide`);
      }
    },
  },
];
