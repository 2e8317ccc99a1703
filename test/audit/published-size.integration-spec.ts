import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { fixedTopics } from '#contracts';
import { isolatedBus, testBus, uniqueName } from '#testing';
import { checkpointText, ed25519Seed, noteSigner, parseVkey, signNote, type NoteKey, type NoteSigner } from '#tlog';
import type { Bus } from '#bus';
import { newestPublished } from '../../apps/audit/src/sequencer/published-size.service.js';

jest.setTimeout(60_000);

const newSigner = (name: string): NoteSigner => {
  const { publicKey, sign } = ed25519Seed(randomBytes(32));
  return noteSigner(name, publicKey, sign);
};
const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const own = newSigner(ORIGIN);
const parsed = parseVkey(own.vkey);
const key = (parsed.ok ? parsed.value : undefined) as NoteKey;
const noteOf = async (signer: NoteSigner, size: number) =>
  Buffer.from(await signNote(checkpointText(signer.name, size, randomBytes(32)), [signer]));

const garbage = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`garbage ${at}`));

describe('the size of the newest published checkpoint (audit-log.md §3.4)', () => {
  const buses: Bus[] = [];
  let shared: Bus;
  beforeAll(async () => {
    shared = await testBus();
  });
  afterAll(() => shared.close());

  const topicOf = async (values: Buffer[]): Promise<Bus> => {
    const bus = isolatedBus(shared, uniqueName('published'));
    buses.push(bus);
    await bus.ensureTopics([fixedTopics.checkpoints]);
    await bus.publish(values.map((value) => ({ topic: fixedTopics.checkpoints.name, partition: 0, value })));
    return bus;
  };
  const limits = { window: 4, maxWindows: 3, timeoutMs: 10_000 };
  const sizeOn = async (bus: Bus, changes: Partial<typeof limits> = {}) => {
    const newest = await newestPublished(bus, key, uniqueName('reader'), { ...limits, ...changes });
    return newest[0]?.size ?? 0;
  };

  it('is 0 where nothing was published, or nothing of ours', async () => {
    expect(await sizeOn(await topicOf([]))).toBe(0);
    expect(await sizeOn(await topicOf([...garbage(5), await noteOf(newSigner(ORIGIN), 9)]))).toBe(0);
  });

  it('is told with every tree that was published at its size', async () => {
    const bus = await topicOf([await noteOf(own, 40), await noteOf(own, 41), await noteOf(own, 41)]);
    expect(await newestPublished(bus, key, uniqueName('reader'), { ...limits, window: 9 })).toHaveLength(2);
  });

  it('is found behind garbage, notes of other logs, and forged ones of ours', async () => {
    const behind = [
      ...garbage(4),
      await noteOf(newSigner('other.example/log'), 900),
      await noteOf(newSigner(ORIGIN), 901),
    ];
    const bus = await topicOf([await noteOf(own, 40), await noteOf(own, 41), ...behind]);
    expect(await sizeOn(bus)).toBe(41);
  });

  it('is refused, not 0, where ours may stand beyond what is looked at', async () => {
    const bus = await topicOf([await noteOf(own, 41), ...garbage(20)]);
    await expect(sizeOn(bus)).rejects.toMatchObject({ code: 'checkpoints-unread' });
    expect(await sizeOn(bus, { maxWindows: 10 })).toBe(41);
  });

  it('is refused, not 0, when the topic does not answer in time', async () => {
    const bus = await topicOf([await noteOf(own, 41)]);
    const deaf: Bus = {
      ...bus,
      subscribe: (options) => bus.subscribe({ ...options, ...('each' in options ? { each: () => undefined } : {}) }),
    };
    await expect(sizeOn(deaf, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'checkpoints-unread' });
  });
});
