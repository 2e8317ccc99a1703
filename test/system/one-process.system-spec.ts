import { jest } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { eventually } from '#testing';
import { verifyEvidence } from '../../apps/cli/src/verify/index.js';
import { startInstance } from '../../apps/sandbox/src/instance/instance.module.js';
import {
  call,
  evidenceOf,
  exchangeIdOf,
  ledger,
  MYGOV,
  PERSONS,
  startBus,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus({ mode: 'one-process' })));
afterAll(() => bus.end());

const first = { target: `${PERSONS}/TEST000001`, client: MYGOV, purpose: 'citizen-view' };

describe('the sandbox without Java', () => {
  it('answers the first call, and its evidence is good', async () => {
    const answer = await call(bus.instance, first);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { familyName: 'Testzade-001' }]);
    expect(answer.headers.get('x-road-service')).toBe(PERSONS);
    const evidence = await eventually(() => evidenceOf(bus.instance, exchangeIdOf(answer)));
    expect(verifyEvidence(evidence, await readFile(bus.instance.trustFile), {})).toMatchObject({ ok: true });
    expect(await ledger(bus.instance, 'population')).toHaveLength(1);
  });

  it('says what is missing, and runs nothing but PostgreSQL and one process', () => {
    expect(bus.instance.missing).toEqual(expect.any(String));
    expect(bus.instance.pid('gateway')).toBe(bus.instance.pid('registry'));
    expect(bus.instance.pid('postgres')).toEqual(expect.any(Number));
    expect(bus.instance.kafkaBrokers).toBe('');
  });

  it('keeps everything in data/fallback, and empties it at each start', async () => {
    const base = dirname(bus.instance.dataDir);
    expect((await readdir(base)).sort()).toEqual(['fallback', 'logs', 'run.json']);
    const before = await readFile(bus.instance.trustFile, 'utf8');
    await bus.instance.stop();
    const again = await startInstance({ dataDir: base, mode: 'one-process' });
    bus = { instance: again, end: () => again.stop() };
    expect(await readFile(again.trustFile, 'utf8')).not.toBe(before);
    expect((await call(again, first)).status).toBe(200);
  });
});
