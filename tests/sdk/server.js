// A running `anklang serve` with an empty data folder, and what the checks ask of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS_MAX = 60_000;
const ARRIVE_MS_MAX = 20_000;

/** Starts the binary that ANKLANG_BIN names. */
export async function start() {
  const binary = process.env.ANKLANG_BIN;
  if (!binary) throw new Error('ANKLANG_BIN must name the anklang binary');
  const folder = mkdtempSync(join(tmpdir(), 'anklang-sdk-'));
  // Settings of whoever runs the checks are not the server's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANKLANG_')));
  const args = ['serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')];
  const child = spawn(binary, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('the server did not listen')), START_MS_MAX).unref();
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = line.match(/^listening on (http.*)$/) ?? [];
      if (found) resolve(found);
    });
  });
  const stop = (signal = 'SIGKILL') =>
    new Promise((resolve) => {
      child.removeAllListeners('exit');
      child.once('exit', () => resolve(rmSync(folder, { recursive: true, force: true })));
      child.kill(signal);
    });
  return { address, stop };
}

/** Sends JSON and reads JSON; anything but success is an error. */
export async function ask(address, method, path, body) {
  const answer = await fetch(address + path, { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Six discussions each about three subjects, opened within the last hours by others, each with a reply by another. */
export async function fill(address) {
  for (const tag of ['gardening', 'cycling', 'baking']) {
    for (let n = 1; n <= 6; n += 1) {
      const hours = n + tag.length / 10;
      const item = { title: `${tag} ${n}`, tags: [tag], author: `author-${n}`,
        created_at: new Date(Date.now() - hours * 3_600_000).toISOString() };
      await ask(address, 'PUT', `/v1/items/${tag}-${n}`, item);
    }
  }
}

/** The ids of a member's missed list, for the last day. */
export async function missed(address, member) {
  const since = new Date(Date.now() - 86_400_000).toISOString();
  const list = await ask(address, 'GET', `/v1/members/${member}/missed?limit=10&seed=1&since=${since}`);
  return list.items.map((item) => item.id);
}

/** What is known of a member; none where nobody has the id. */
export async function member(address, id) {
  const answer = await fetch(`${address}/v1/members/${id}`);
  return answer.status === 404 ? undefined : answer.json();
}

/** Every fact about a member. */
export async function facts(address, id) {
  const answer = await fetch(`${address}/v1/members/${id}/export`);
  if (answer.status === 404) return [];
  return (await answer.text()).trim().split('\n').map((line) => JSON.parse(line));
}

/** Waits until something is so. SDKs that post in their own time give no other sign. */
export async function until(what, is) {
  const patience = Date.now() + ARRIVE_MS_MAX;
  for (;;) {
    const found = await is();
    if (found) return found;
    if (Date.now() > patience) throw new Error(`${what}: not within ${ARRIVE_MS_MAX} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
