import { replyTopic } from '#contracts';
import { firstSnapshot, logsOf } from './first-snapshot.js';
import { manifestPayload } from './manifest.js';

describe('the first snapshot', () => {
  it('names the registry and its reply topic, and no member', () => {
    const snapshot = firstSnapshot('DEMO/registry1', []);
    expect(snapshot).toMatchObject({ instance: 'DEMO', number: 1, members: [], topics: {} });
    expect(snapshot.instances).toMatchObject([
      { id: 'DEMO/registry1', kind: 'registry', reply: replyTopic('DEMO/registry1').name },
    ]);
  });

  it('takes origin and shard of a log from its vkey, also where the key holds a plus', () => {
    const vkey = 'audit.demo.example/DEMO/3/2026h2+0badcafe+AQ+/x=';
    expect(logsOf([vkey])).toEqual([{ origin: 'audit.demo.example/DEMO/3/2026h2', vkey, shard: 3, state: 'open' }]);
  });
});

describe('a manifest', () => {
  const input = { number: 7, digests: 'snapshot 00\n', nowMs: 1_000, lifetimeMs: 600_000, previous: undefined };

  it('has no prev when it is the first, and binds number, digests and expiry', () => {
    const first = manifestPayload(input);
    expect(first).not.toHaveProperty('prev');
    expect(first).toMatchObject({ t: 'registry.manifest', n: 7, until: 601_000 });
    const renewal = manifestPayload({ ...input, previous: Buffer.alloc(32, 1) });
    expect(renewal).toMatchObject({ n: first.n, doc: first.doc, prev: Buffer.alloc(32, 1).toString('base64url') });
    expect(renewal.id).not.toBe(first.id);
  });
});
