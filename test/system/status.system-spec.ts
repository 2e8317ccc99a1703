import { jest } from '@jest/globals';
import { eventually } from '#testing';
import { call, fault, MYGOV, PERSONS, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

interface Status {
  readonly state: string;
  readonly troubles: readonly { process: string; part?: string; state: string; since: string; reason?: string }[];
  readonly processes: readonly { id: string; app: string; state: string; parts: readonly { part: string }[] }[];
}

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

async function status(): Promise<Status> {
  const answer = await fetch(`${bus.instance.registryUrl}/v1/status`, { signal: AbortSignal.timeout(15_000) });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Status;
}

/** A consumer that was replaced while a busy machine started it is shown for a minute. */
const healthy = () => eventually(async () => (await status()).state === 'ok', { timeoutMs: 100_000 });
const trouble = (process: string, part?: string) =>
  eventually(async () => (await status()).troubles.find((one) => one.process === process && one.part === part), {
    timeoutMs: 30_000,
  });

describe('GET /v1/status', () => {
  it('shows every process and its parts when all is well', async () => {
    await healthy();
    const { processes } = await status();
    expect(processes.map(({ id, app, state }) => [id, app, state])).toEqual([
      ['DEMO/registry1', 'registry', 'ok'],
      ['DEMO/gw1', 'gateway', 'ok'],
      ['DEMO/cn1', 'connector', 'ok'],
      ['DEMO/cn2', 'connector', 'ok'],
      ['DEMO/audit1', 'audit', 'ok'],
      ['DEMO/feedback1', 'feedback', 'ok'],
    ]);
    const parts = (id: string) => processes.find((one) => one.id === id)?.parts.map(({ part }) => part);
    expect(parts('DEMO/gw1')).toEqual(
      expect.arrayContaining(['kafka', 'consumers', 'database', 'log', 'registry-copy']),
    );
    expect(parts('DEMO/cn1')).toEqual(expect.arrayContaining(['requests', 'journal', 'clocks', `agency ${PERSONS}`]));
    expect(parts('DEMO/feedback1')).toEqual(expect.arrayContaining(['key-store', 'opening-key', 'log', 'index']));
    expect(parts('DEMO/audit1')).toEqual(expect.arrayContaining(['sequencer', 'log', 'sweeper']));
  });

  it('says since when a connector is down, and that it is back', async () => {
    await healthy();
    const beforeMs = Date.now();
    await bus.instance.takeDown('cn2');
    const down = await trouble('DEMO/cn2');
    expect(down).toMatchObject({ state: 'down', reason: 'does not answer' });
    const sinceMs = Date.parse(down.since);
    // Trouble that returns within 30 s keeps its first time, and its start may have been one.
    expect(sinceMs).toBeGreaterThanOrEqual(beforeMs - 30_000);
    expect(sinceMs).toBeLessThanOrEqual(Date.now());
    // It stays the same trouble while it lasts.
    expect((await trouble('DEMO/cn2')).since).toBe(down.since);
    await bus.instance.bringBack('cn2');
    await healthy();
  });

  it('says since when an agency is let be, and that its breaker has closed', async () => {
    await healthy();
    const ask = () => call(bus.instance, { target: `${PERSONS}/TEST000001`, client: MYGOV, purpose: 'citizen-view' });
    await fault(bus.instance, 'population', { mode: 'down' });
    await Promise.all(Array.from({ length: 15 }, ask));
    const down = await trouble('DEMO/cn1', `agency ${PERSONS}`);
    expect(down.reason).toContain('breaker');
    await fault(bus.instance, 'population', { mode: 'ok' });
    await eventually(async () => (await ask()).status === 200, { timeoutMs: 30_000 });
    await healthy();
  });

  it('is for programs of this machine, not for web pages', async () => {
    const { registryUrl, gatewayUrl } = bus.instance;
    const headers = { Origin: 'http://evil.example' };
    expect((await fetch(`${registryUrl}/v1/status`, { headers })).status).toBe(403);
    expect((await fetch(`${gatewayUrl}/status`, { headers })).status).toBe(403);
  });

  it('names no person', async () => {
    await call(bus.instance, { target: `${PERSONS}/TEST000017`, client: MYGOV, purpose: 'citizen-view' });
    expect(JSON.stringify(await status())).not.toContain('TEST0000');
  });
});
