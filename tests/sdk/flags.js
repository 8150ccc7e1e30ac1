// The flags that every SDK is asked about, and how many units they must agree on.
import { ask } from './server.js';

export const UNITS = 10_000;

/** The unit of a number; some are written as people write their names. */
export const unit = (n) => `${['unit', 'é', '😀', 'a/b', 'Größe'][n % 5]}-${n}`;

/** What is known of a unit. */
export const attributes = (n) => ({ id: unit(n), country: ['DE', 'FR', 'US'][n % 3], plan: n % 7 === 0 ? 'pro' : 'basic' });

/** The flags to compare; `layout/main` has a slash, as keys may. */
export const FLAGS = ['digest', 'layout/main', 'layer-one', 'layer-two', 'rollout', 'german', 'ship', 'needs-digest', 'plain'];

const halves = [{ key: 'control', weight: 0.5, value: 'weekly' }, { key: 'daily', weight: 0.5, value: 'daily' }];

/** Writes them down and starts the experiments. */
export async function write(address) {
  const put = (path, document) => ask(address, 'PUT', path, document);
  await put('/v1/layers/front', {});
  await put('/v1/holdouts/quarter', { share: 0.1 });
  await put('/v1/segments/pros', { condition: { plan: 'pro' } });
  await put('/v1/experiments/digest', { variants: halves, holdouts: ['quarter'] });
  await put('/v1/experiments/layout', { coverage: 0.8, variants: [
    { key: 'a', weight: 0.2, value: { columns: 1 } }, { key: 'b', weight: 0.3, value: { columns: 2 } },
    { key: 'c', weight: 0.5, value: { columns: 3 } }] });
  await put('/v1/features/layout/main'.replace('layout/main', 'layout%2Fmain'),
    { default: { columns: 0 }, rules: [{ segments: ['pros'], value: { columns: 9 }, id: 'pros' }, { experiment: 'layout' }] });
  await put('/v1/experiments/layer-one', { variants: halves, layer: { key: 'front', from: 0, to: 0.5 } });
  await put('/v1/experiments/layer-two', { variants: halves, layer: { key: 'front', from: 0.5, to: 1 }, audience: { country: { $ne: 'US' } } });
  await put('/v1/features/rollout', { default: false, rules: [{ value: true, coverage: 0.3 }] });
  await put('/v1/features/german', { default: 0.5, rules: [{ condition: { country: 'DE' }, value: 1.5 }] });
  await put('/v1/experiments/ship', { variants: halves });
  await put('/v1/features/needs-digest', { default: 'no', rules: [
    { prerequisites: [{ feature: 'digest', condition: { value: 'daily' } }], value: 'yes' }] });
  await put('/v1/features/plain', { default: 'hello' });
  for (const key of ['digest', 'layout', 'layer-one', 'layer-two', 'ship']) {
    await ask(address, 'POST', `/v1/experiments/${key}/start`, {});
  }
  await ask(address, 'POST', '/v1/experiments/ship/stop', { ship: 'daily' });
}

/** Runs `work` for every number below `count`, a few at a time, and gives the results in order. */
export async function each(count, work) {
  const results = new Array(count);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next;
      next += 1;
      results[n] = await work(n);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return results;
}
