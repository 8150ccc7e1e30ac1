// OpenFeature's and GrowthBook's SDKs as the registries have them, in Node and in Python: whoever evaluates, a unit gets the
// same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { GrowthBook, GrowthBookClient, clearCache, setPolyfills } from '@growthbook/growthbook';
import { growthbookTrackingPlugin } from '@growthbook/growthbook/plugins';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { EventSource } from 'eventsource';
import { FLAGS, UNITS, attributes, each, unit, write } from './flags.js';
import { ask, facts, start, until } from './server.js';

// Node 20 has none of its own.
setPolyfills({ EventSource });

let server;
before(async () => {
  server = await start();
  await write(server.address);
});
after(async () => {
  await clearCache(); // ends the SDK's streams, which outlive its instances
  await server.stop();
});

const post = (path, body, headers) =>
  fetch(server.address + path, { method: 'POST', headers, body: JSON.stringify(body) });
const context = (n) => {
  const { id, ...rest } = attributes(n);
  return { targetingKey: id, ...rest };
};
/** Value and variant, where an experiment gave one. */
const told = (value, variant) => JSON.stringify([value, variant ?? null]);
const ofOfrep = (flag) => told(flag.value, flag.metadata.experiment && flag.variant);
const ofGrowthBook = (result) => told(result.value, result.source === 'experiment' ? result.experimentResult.key : null);

/** Everything one unit is given by GrowthBook's JavaScript SDK from the payload. */
async function local(payload) {
  const client = new GrowthBookClient().initSync({ payload });
  return Array.from({ length: UNITS }, (_, n) => {
    const scoped = client.createScopedInstance({ attributes: attributes(n) });
    return FLAGS.map((flag) => ofGrowthBook(scoped.evalFeature(flag)));
  });
}

/** What a program writes that is given this to read. */
async function output(program, args, input) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(input);
  const chunks = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  assert.equal(await ended, 0, `${program} ${args.join(' ')}`);
  return Buffer.concat(chunks).toString();
}

/** Runs the Python script and gives the lines of JSON it writes. */
async function python(...args) {
  const script = new URL('./python/flags.py', import.meta.url).pathname;
  const asked = JSON.stringify({ flags: FLAGS, units: Array.from({ length: UNITS }, (_, n) => attributes(n)) });
  const text = await output(process.env.PYTHON ?? 'python3', [script, server.address, ...args], asked);
  return text.trim().split('\n').map((line) => JSON.parse(line));
}

function same(name, expected, got) {
  assert.equal(got.length, expected.length, name);
  expected.forEach((row, n) => assert.deepEqual(got[n], row, `${name}: the ${n}th`));
}

test('ten thousand units get the same from every evaluation', async (t) => {
  const payload = await ask(server.address, 'GET', '/api/features/sdk-key');
  const expected = await local(payload);
  const seen = FLAGS.map((_, at) => new Set(expected.map((row) => row[at])).size);
  assert.deepEqual(seen, [3, 5, 3, 3, 2, 2, 1, 2, 1], 'every arm, and those who are outside');

  const single = async (key, n) => ofOfrep(await (await post(`/ofrep/v1/evaluate/flags/${key}`, { context: context(n) })).json());
  await t.test('OFREP, one by one', async () => {
    const at = FLAGS.indexOf('layout/main');
    same('single', expected.map((row) => row[at]), await each(UNITS, (n) => single('layout/main', n)));
    const all = await each(200, (n) => Promise.all(FLAGS.map((key) => single(key, n))));
    same('single, every flag', expected.slice(0, all.length), all);
  });
  await t.test('OFREP, all at once', async () => {
    const bulk = await each(UNITS, async (n) => {
      const { flags } = await (await post('/ofrep/v1/evaluate/flags', { context: context(n) })).json();
      return FLAGS.map((key) => ofOfrep(flags.find((flag) => flag.key === key)));
    });
    same('bulk', expected, bulk);
  });
  await t.test('GrowthBook, evaluated remotely', async () => {
    const remote = await each(UNITS, async (n) => {
      const { features } = await (await post('/api/eval/sdk-key', { attributes: attributes(n) })).json();
      return FLAGS.map((key, at) => {
        const rule = features[key].rules?.[0];
        const experiment = JSON.parse(expected[n][at])[1] !== null;
        return told(rule ? rule.force : features[key].defaultValue, experiment ? rule.tracks.at(-1).result.key : null);
      });
    });
    same('remote', expected, remote);
  });
  await t.test('GrowthBook for Python, from the payload', async () => {
    const rows = (await python('local')).map((row) => row.map((cell) => told(...cell)));
    // The Python SDK hashes code points where the JavaScript SDK hashes UTF-16 units: beyond the first 65,536 characters
    // they disagree with one another, whatever a server does.
    const alike = (n) => [...unit(n)].every((letter) => letter.length === 1);
    same('Python', expected.filter((_, n) => alike(n)), rows.filter((_, n) => alike(n)));
  });
});

test('@openfeature/ofrep-provider', async () => {
  await OpenFeature.setProviderAndWait('ofrep', new OFREPProvider({ baseUrl: server.address }));
  const client = OpenFeature.getClient('ofrep');
  const payload = await ask(server.address, 'GET', '/api/features/sdk-key');
  for (let n = 0; n < 200; n += 1) {
    const gb = new GrowthBook({ attributes: attributes(n) }).initSync({ payload });
    const details = await client.getStringDetails('digest', 'none', context(n));
    const expected = gb.evalFeature('digest');
    assert.equal(details.value, expected.value);
    assert.equal(details.reason, expected.source === 'experiment' ? 'SPLIT' : 'STATIC');
    if (details.reason === 'SPLIT') assert.equal(details.variant, expected.experimentResult.key);
    const layout = await client.getObjectValue('layout/main', {}, context(n));
    assert.deepEqual(layout, gb.getFeatureValue('layout/main', {}), 'a key with a slash');
  }
  const german = await client.getNumberDetails('german', 0, { targetingKey: 'ana', country: 'DE' });
  assert.deepEqual([german.value, german.reason], [1.5, 'TARGETING_MATCH']);
  const missing = await client.getStringDetails('no/such', 'mine', context(1));
  assert.deepEqual([missing.value, missing.errorCode], ['mine', 'FLAG_NOT_FOUND']);
  const nobody = await client.getBooleanDetails('rollout', true, {});
  assert.deepEqual([nobody.value, nobody.errorCode], [true, 'TARGETING_KEY_MISSING']);
  const mistyped = await client.getBooleanDetails('plain', true, context(1));
  assert.deepEqual([mistyped.value, mistyped.errorCode], [true, 'TYPE_MISMATCH']);
});

test('openfeature-provider-ofrep and growthbook for Python', async () => {
  const payload = await ask(server.address, 'GET', '/api/features/sdk-key');
  const expected = await local(payload);
  const rows = await python('ofrep', '100');
  // Asked over OFREP, the server hashes, so every unit agrees.
  const report = rows.pop();
  same('Python over OFREP', expected.slice(0, 100), rows.map((row) => row.map((cell) => told(...cell))));
  assert.deepEqual(report.reasons, { plain: 'STATIC', german: 'TARGETING_MATCH', 'no/such': 'FLAG_NOT_FOUND', rollout: 'TARGETING_KEY_MISSING' });
  assert.equal(report.fetched, expected[7][0], 'the Python SDK fetches the payload itself');
  assert.equal(report.remote, JSON.parse(expected[7][0])[0], 'and evaluates remotely');
});

test('open-feature-ofrep for Rust', { skip: !process.env.RUST_CHECK && 'RUST_CHECK names no binary of tests/sdk/rust' }, async () => {
  const units = Array.from({ length: 100 }, (_, n) => unit(n));
  const lines = (await output(process.env.RUST_CHECK, [server.address], units.join('\n'))).trim().split('\n');
  assert.equal(lines.pop(), 'Err(FlagNotFound)');
  const expected = await Promise.all(units.map(async (id) => {
    const flag = await (await post('/ofrep/v1/evaluate/flags/digest', { context: { targetingKey: id } })).json();
    return `${flag.value} ${flag.variant}`;
  }));
  assert.deepEqual(lines, expected);
});

test('@growthbook/growthbook is told of a change, evaluates remotely, and reports exposures', async () => {
  const options = (n) => ({ apiHost: server.address, clientKey: 'sdk-key', attributes: attributes(n) });
  const gb = new GrowthBook(options(3));
  const loaded = await gb.init({ timeout: 5_000, streaming: true });
  assert.ok(loaded.success, `${loaded.error}`);
  assert.equal(gb.getFeatureValue('plain', 'none'), 'hello');
  await ask(server.address, 'PUT', '/v1/features/plain', { default: 'changed' });
  await until('the change arrives', () => gb.getFeatureValue('plain', 'none') === 'changed');
  const viewed = [];
  const remote = new GrowthBook({ ...options(4), remoteEval: true,
    trackingCallback: (experiment, result) => viewed.push([experiment.key, result.key]) });
  assert.ok((await remote.init({ timeout: 5_000 })).success);
  const here = new GrowthBook({ ...options(4) }).initSync({ payload: await ask(server.address, 'GET', '/api/features/sdk-key') });
  const expected = here.evalFeature('layout/main');
  assert.deepEqual(remote.getFeatureValue('layout/main', null), expected.value);
  assert.deepEqual(viewed, [['layout', expected.experimentResult.key]]);

  const person = { id: 'plugin-user', country: 'DE', browser: 'firefox' };
  const tracked = new GrowthBook({ ...options(5), attributes: person, plugins: [growthbookTrackingPlugin({ ingestorHost: server.address })] });
  await tracked.init({ timeout: 5_000 });
  const given = tracked.evalFeature('layout/main').experimentResult;
  tracked.logEvent('Reply Posted', { discussion_id: 'd1' });
  const exposed = await until('the exposure arrives', async () => {
    const all = await facts(server.address, 'plugin-user');
    return all.some((fact) => fact.verb === 'replied') && all.find((fact) => fact.type === 'exposed' && fact.experiment === 'layout');
  });
  assert.deepEqual([exposed.unit, exposed.variant, exposed.props.country, exposed.props.browser], ['plugin-user', given.key, 'DE', 'firefox']);
  assert.match(exposed.props.client, /^growthbook-plugin js /);
  [gb, remote, here, tracked].forEach((instance) => instance.destroy());
});

test('a server that is told to stop ends its streams and does not wait for them', async () => {
  const other = await start();
  const stream = await fetch(`${other.address}/sub/sdk-key`);
  const read = stream.text();
  const begun = Date.now();
  await other.stop('SIGTERM');
  assert.ok(Date.now() - begun < 10_000, 'in time');
  assert.match(await read, /event: features/);
});
