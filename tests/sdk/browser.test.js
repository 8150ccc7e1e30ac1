// @segment/analytics-next as npm has it, in a page of a real Chromium; only its host is changed.
import assert from 'node:assert/strict';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { facts, fill, member, start } from './server.js';
import { tell } from './story.js';

const BUNDLES = new URL('./node_modules/@segment/analytics-next/dist/umd/', import.meta.url).pathname;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
// The page's own site: another origin than the server's, as in real life.
const PAGE = '<!doctype html><meta charset="utf-8"><title>A community</title><script src="/sdk/index.js"></script>';

let server, site, context, profile, origin;

before(async () => {
  server = await start();
  await fill(server.address);
  site = createServer((request, answer) => {
    const file = join(BUNDLES, basename(new URL(request.url, 'http://x').pathname));
    if (request.url.startsWith('/sdk/') && existsSync(file)) {
      answer.setHeader('content-type', 'text/javascript');
      createReadStream(file).pipe(answer);
    } else {
      answer.setHeader('content-type', 'text/html');
      answer.end(PAGE);
    }
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${site.address().port}`;
  profile = mkdtempSync(join(tmpdir(), 'anklang-chromium-'));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
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

/** A page with the SDK loaded, and everything that went wrong in it. */
async function open(settings) {
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('requestfailed', (request) => wrong.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (answer) => answer.status() >= 400 && !answer.url().endsWith('favicon.ico')
    && wrong.push(`${answer.url()}: ${answer.status()}`));
  await page.goto(origin);
  await page.evaluate(async (loaded) => {
    const { AnalyticsBrowser } = window.AnalyticsNext ?? {};
    if (!AnalyticsBrowser) throw new Error('the SDK is not there');
    const [analytics] = await AnalyticsBrowser.load(...loaded);
    window.analytics = analytics;
  }, settings);
  return { page, wrong };
}

function speaker(page, id) {
  return {
    identify: (traits) => page.evaluate(([user, values]) => window.analytics.identify(user, values), [id, traits]).then(() => {}),
    track: (event, properties) => page.evaluate(([name, values]) => window.analytics.track(name, values), [event, properties]).then(() => {}),
  };
}

test('@segment/analytics-next, pointed here by cdnURL alone, changes a list', async () => {
  const { page, wrong } = await open([{ writeKey: 'wk', cdnURL: server.address }, {}]);
  await tell(server.address, 'segment-browser', 'gardening', speaker(page, 'segment-browser'));
  const { ids } = await member(server.address, 'segment-browser');
  assert.equal(ids.length, 2, 'the browser\'s anonymous id is theirs from the log-in on');
  assert.deepEqual(wrong, []);
  await page.close();
});

test('@segment/analytics-next, batching, with its apiHost given, changes a list', async () => {
  const host = server.address.replace('http://', '');
  const integrations = { 'Segment.io': { apiHost: `${host}/v1`, protocol: 'http',
    deliveryStrategy: { strategy: 'batching', config: { size: 1, timeout: 100 } } } };
  const { page, wrong } = await open([{ writeKey: 'wk', cdnURL: server.address }, { integrations }]);
  await page.evaluate(() => window.analytics.reset());
  await tell(server.address, 'segment-batching', 'baking', speaker(page, 'segment-batching'));
  await page.evaluate(() => window.analytics.page('Home'));
  const pages = async () => (await facts(server.address, 'segment-batching')).filter((fact) => fact.verb === 'viewed');
  const { until } = await import('./server.js');
  await until('the page view arrives', async () => (await pages()).length === 1);
  assert.deepEqual(wrong, []);
  await page.close();
});
