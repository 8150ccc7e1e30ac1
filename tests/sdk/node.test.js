// The SDKs for servers, as npm has them; only their host is changed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Analytics } from '@segment/analytics-node';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { facts, fill, start, until } from './server.js';
import { tell } from './story.js';

let server;
before(async () => {
  server = await start();
  await fill(server.address);
});
after(() => server.stop());

test('@segment/analytics-node changes a list', async () => {
  const failures = [];
  const analytics = new Analytics({ writeKey: 'wk', host: server.address, flushAt: 1 });
  analytics.on('error', (error) => failures.push(error));
  const sent = (call) => new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
  await tell(server.address, 'segment-node', 'gardening', {
    identify: (traits) => sent((done) => analytics.identify({ userId: 'segment-node', traits }, done)),
    track: (event, properties) => sent((done) => analytics.track({ userId: 'segment-node', event, properties }, done)),
  });
  await analytics.closeAndFlush();
  assert.deepEqual(failures, []);
});

test('@segment/analytics-node delivers a full batch, page, group and alias', async () => {
  const analytics = new Analytics({ writeKey: 'wk', host: server.address, flushAt: 20, flushInterval: 100 });
  const failures = [];
  analytics.on('error', (error) => failures.push(error));
  for (let n = 0; n < 50; n += 1) {
    analytics.track({ anonymousId: 'visitor-1', event: 'Discussion Viewed', properties: { discussion_id: `baking-${1 + (n % 6)}` } });
  }
  analytics.page({ anonymousId: 'visitor-1', name: 'Home', properties: { path: '/' } });
  analytics.group({ userId: 'visitor', groupId: 'bakers' });
  analytics.alias({ userId: 'visitor', previousId: 'visitor-1' });
  await analytics.closeAndFlush();
  assert.deepEqual(failures, []);
  const all = await until('the alias joins both', async () => {
    const found = await facts(server.address, 'visitor');
    return found.length >= 53 && found;
  });
  assert.equal(all.filter((fact) => fact.verb === 'viewed').length, 51);
});

test('@rudderstack/rudder-sdk-node changes a list', async () => {
  const analytics = new RudderAnalytics('wk', { dataPlaneUrl: server.address, flushAt: 1, logLevel: 'error' });
  const sent = (call) => new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
  const flush = () => sent((done) => analytics.flush(done));
  await tell(server.address, 'rudder-node', 'cycling', {
    identify: async (traits) => { analytics.identify({ userId: 'rudder-node', traits }); await flush(); },
    track: async (event, properties) => { analytics.track({ userId: 'rudder-node', event, properties }); await flush(); },
  });
});
