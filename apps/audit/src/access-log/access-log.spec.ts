import { systemClock, type SubsystemId } from '#kernel';
import { silentLogger } from '#platform';
import { generateSigningKey, jwkSigner, statementLeafHash } from '#signing';
import { eventually } from '#testing';
import { AccessLog } from './access-log.service.js';
import type { AccessLogStore } from './access-log.store.js';

const access = { reader: 'T/GOV/1/a' as SubsystemId, act: 'searched', query: '{}' } as const;

/** A log in memory, into which stamps come or do not. */
function scene(options: { takes?: boolean; keeps?: boolean; patienceMs?: number } = {}) {
  const { takes = true, keeps = true, patienceMs = 2_000 } = options;
  const log = { takes, failsToLook: false, leaves: new Map<string, number>(), kept: 0, sent: [] as string[] };
  const store = {
    keep: () => (keeps ? Promise.resolve(void (log.kept += 1)) : Promise.reject(new TypeError('no database'))),
    standing: (hashes: readonly Buffer[]) => {
      if (log.failsToLook) return Promise.reject(new TypeError('no database'));
      const found = hashes.map((hash) => hash.toString('hex')).filter((hash) => log.leaves.has(hash));
      return Promise.resolve(new Map(found.map((hash) => [hash, { index: log.leaves.get(hash) ?? -1, log: 'T/0/1' }])));
    },
  } as unknown as AccessLogStore;
  const bus = {
    publish: (records: readonly { readonly value: unknown }[]) => {
      for (const { value } of records) {
        const jws = String(value);
        log.sent.push(jws);
        const hash = statementLeafHash(jws).toString('hex');
        if (log.takes && !log.leaves.has(hash)) log.leaves.set(hash, log.leaves.size);
      }
      return Promise.reject(new TypeError('the broker did not answer'));
    },
  };
  const signer = jwkSigner(generateSigningKey());
  const service = new AccessLog({ bus, store, signer, clock: systemClock, logger: silentLogger(), patienceMs });
  return { log, service };
}

describe('the record of accesses', () => {
  it('resolves with the leaf when it stands, whatever the sender was told', async () => {
    const { service } = scene();
    const [first, second] = await Promise.all([service.record(access), service.record(access)]);
    expect([first.leaf, second.leaf].sort()).toEqual([0, 1]);
    expect(first.id).not.toBe(second.id);
  });

  it('is refused when the leaf does not stand in time', async () => {
    const { service } = scene({ takes: false, patienceMs: 60 });
    await expect(service.record(access)).rejects.toMatchObject({ code: 'access-unrecorded' });
  });

  it('sends the same bytes again until they stand', async () => {
    const { log, service } = scene({ takes: false, patienceMs: 10_000 });
    const recorded = service.record(access);
    await eventually(() => log.sent.length === 1);
    log.takes = true;
    expect((await recorded).leaf).toBe(0);
    expect(new Set(log.sent).size).toBe(1);
    expect(log.sent.length).toBe(2);
  });

  it('outlives a database that does not answer for a while', async () => {
    const { log, service } = scene();
    log.failsToLook = true;
    const recorded = service.record(access);
    await eventually(() => log.sent.length === 1);
    log.failsToLook = false;
    expect((await recorded).leaf).toBe(0);
  });

  it('stamps nothing that it could not keep', async () => {
    const { log, service } = scene({ keeps: false });
    await expect(service.record(access)).rejects.toThrow('no database');
    expect(log.sent).toEqual([]);
  });

  it('takes no more than it can wait for, and lets everybody go when it closes', async () => {
    const { log, service } = scene({ takes: false });
    const waiting = Array.from({ length: 256 }, () => service.record(access));
    await expect(service.record(access)).rejects.toMatchObject({ code: 'access-busy' });
    await eventually(() => log.sent.length === 256);
    service.stop();
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome.status).toBe('rejected');
  });
});
