// The story that every SDK tells, each in its own words: somebody chooses a subject, and their list is about it; they reply
// to one of its discussions and like another, and both are no longer missed.
import assert from 'node:assert/strict';
import { facts, missed, until } from './server.js';

const about = (tag) => (id) => id.startsWith(`${tag}-`);

/**
 * `sdk` sends `identify(traits)` and `track(event, properties)` for this member and resolves when they are sent.
 */
export async function tell(address, id, tag, sdk) {
  const before = await missed(address, id);
  await sdk.identify({ interests: [tag], name: `${id} by SDK` });
  await until('the interests arrive', async () => (await facts(address, id)).some((fact) => fact.type === 'member_put'));
  const chosen = await missed(address, id);
  assert.notDeepEqual(chosen, before, 'the declared interest changes the list');
  assert.ok(about(tag)(chosen[0]), `the first is about ${tag}: ${chosen}`);
  assert.ok(chosen.filter(about(tag)).length > before.filter(about(tag)).length, `${before} became ${chosen}`);

  const [replied, liked] = chosen.filter(about(tag));
  await sdk.track('Reply Posted', { discussion_id: replied, body: 'I think so too' });
  await sdk.track('Discussion Liked', { discussion_id: liked });
  const verbs = async () => (await facts(address, id)).filter((fact) => fact.type === 'engaged').map((fact) => fact.verb);
  await until('the reply and the like arrive', async () => {
    const done = await verbs();
    return done.includes('replied') && done.includes('liked');
  });
  const after = await missed(address, id);
  assert.ok(!after.includes(replied) && !after.includes(liked), `${replied} and ${liked} are still missed: ${after}`);

  const all = await facts(address, id);
  const reply = all.find((fact) => fact.verb === 'replied');
  assert.equal(reply.item, replied);
  assert.equal(reply.props.text, 'I think so too');
  assert.equal(all.filter((fact) => fact.verb === 'replied').length, 1, 'once, whatever was sent again');
  assert.ok(Math.abs(Date.parse(reply.at) - Date.now()) < 60_000, `at ${reply.at}`);
}
