// @openfeature/ofrep-web-provider and @growthbook/growthbook as the registry has them, in a page of a real Chromium.
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { attributes, unit, write } from './flags.js';
import { ask, start } from './server.js';

const MODULES = new URL('./node_modules/', import.meta.url).pathname;
// What a bundler would do: names of packages to files.
const IMPORTS = {
  imports: {
    '@openfeature/core': '/modules/@openfeature/core/dist/esm/index.js',
    '@openfeature/web-sdk': '/modules/@openfeature/web-sdk/dist/esm/index.js',
    '@openfeature/ofrep-web-provider': '/modules/@openfeature/ofrep-web-provider/index.esm.js',
    '@openfeature/ofrep-core': '/modules/@openfeature/ofrep-web-provider/node_modules/@openfeature/ofrep-core/index.esm.js',
    '@growthbook/growthbook': '/modules/@growthbook/growthbook/dist/bundles/esm.min.js',
  },
};
const PAGE = `<!doctype html><meta charset="utf-8"><title>A community</title><script type="importmap">${JSON.stringify(IMPORTS)}</script>`;

let server, site, context, profile, origin;

before(async () => {
  server = await start();
  await write(server.address);
  site = createServer((request, answer) => {
    const file = join(MODULES, normalize(request.url.replace('/modules/', '')));
    if (request.url.startsWith('/modules/') && file.startsWith(MODULES) && statSync(file, { throwIfNoEntry: false })?.isFile()) {
      answer.setHeader('content-type', 'text/javascript');
      createReadStream(file).pipe(answer);
    } else {
      answer.setHeader('content-type', 'text/html');
      answer.end(PAGE);
    }
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  // Another origin than the server's, as in real life.
  origin = `http://127.0.0.1:${site.address().port}`;
  profile = mkdtempSync(join(tmpdir(), 'anklang-chromium-'));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
});
after(async () => {
  await context?.close();
  site?.close();
  rmSync(profile, { recursive: true, force: true });
  await server?.stop();
});

async function open() {
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(origin);
  return { page, wrong };
}

test('@openfeature/ofrep-web-provider agrees with the server and is told of a change', async () => {
  const { page, wrong } = await open();
  const user = { targetingKey: unit(8), country: 'FR', plan: 'basic' };
  const evaluated = await page.evaluate(async ([baseUrl, context]) => {
    const { OpenFeature, ProviderEvents } = await import('@openfeature/web-sdk');
    const { OFREPWebProvider } = await import('@openfeature/ofrep-web-provider');
    window.changes = [];
    OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (event) => window.changes.push(event.flagsChanged));
    await OpenFeature.setContext(context);
    await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, pollInterval: -1 }));
    window.flags = OpenFeature.getClient();
    return [window.flags.getStringDetails('digest', 'none'), window.flags.getObjectDetails('layout/main', {}),
      window.flags.getStringDetails('plain', 'none'), window.flags.getNumberDetails('german', 0)];
  }, [server.address, user]);
  for (const details of evaluated) {
    const alone = await ask(server.address, 'POST', `/ofrep/v1/evaluate/flags/${details.flagKey}`, { context: user });
    assert.deepEqual([details.value, details.variant, details.reason], [alone.value, alone.variant, alone.reason]);
  }
  // The page is listening before anything changes.
  await until(server.address, 1);
  await ask(server.address, 'PUT', '/v1/features/plain', { default: 'changed' });
  await page.waitForFunction(() => window.flags.getStringValue('plain', 'none') === 'changed', null, { timeout: 10_000 });
  assert.deepEqual(await page.evaluate(() => window.changes.flat().includes('plain')), true);
  const other = await page.evaluate(async (id) => {
    const { OpenFeature } = await import('@openfeature/web-sdk');
    await OpenFeature.setContext({ targetingKey: id, country: 'DE' });
    return window.flags.getNumberDetails('german', 0).value;
  }, unit(9));
  assert.equal(other, 1.5, 'another context is another answer');
  assert.deepEqual(wrong, []);
  await page.close();
});

test('@growthbook/growthbook in a page evaluates the payload and is told of a change', async () => {
  const { page, wrong } = await open();
  const [digest, plain] = await page.evaluate(async ([apiHost, attributes]) => {
    const { GrowthBook } = await import('@growthbook/growthbook');
    window.gb = new GrowthBook({ apiHost, clientKey: 'sdk-key', attributes });
    await window.gb.init({ timeout: 5_000, streaming: true });
    return [window.gb.getFeatureValue('digest', 'none'), window.gb.getFeatureValue('plain', 'none')];
  }, [server.address, attributes(11)]);
  const { id, ...rest } = attributes(11);
  const alone = await ask(server.address, 'POST', '/ofrep/v1/evaluate/flags/digest', { context: { targetingKey: id, ...rest } });
  assert.deepEqual([digest, plain], [alone.value, 'changed']);
  await until(server.address, 1);
  await ask(server.address, 'PUT', '/v1/features/plain', { default: 'again' });
  await page.waitForFunction(() => window.gb.getFeatureValue('plain', 'none') === 'again', null, { timeout: 10_000 });
  assert.deepEqual(wrong, []);
  await page.close();
});

/** Waits until so many streams are open. */
async function until(address, streams) {
  for (let patience = 0; patience < 100; patience += 1) {
    const metrics = await (await fetch(`${address}/metrics`)).text();
    if (Number(metrics.match(/^anklang_streams_open (\d+)$/m)?.[1]) >= streams) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no stream was opened');
}
