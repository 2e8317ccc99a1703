import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startPostgres } from '#local';
import { eventually } from '#testing';
import {
  ENTITLEMENTS,
  evidenceOf,
  MYGOV,
  PERSONS,
  startBus,
  temporaryDirectory,
  VISITS,
  type BusUnderTest,
} from '../../system/spec-support/bus-under-test.js';
import { makeDoor, type Door } from '../degradation/spec-support/door.js';

jest.setTimeout(180_000);

interface Composed {
  readonly composition: { readonly complete: boolean; readonly tookMs: number };
  readonly parts: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly exchangeId: string;
    readonly tookMs: number;
    readonly problem?: { readonly code: string };
  }[];
}

const DEADLINE_MS = 3_000;
/** For a busy machine to come back to what it has to do; far less than what is waited for in vain. */
const LATE_MS = 1_500;
const TARGETS = [
  ['person', `${PERSONS}/TEST000005`],
  ['address', `${PERSONS}/TEST000005/address`],
  ['aid', `${ENTITLEMENTS}/TEST000005`],
  ['visits', `${VISITS}/TEST000005`],
] as const;

let door: Door;
let bus: BusUnderTest;
/** What was started, to be ended in the other order, also when the rest of the start failed. */
const undo: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  const directory = await temporaryDirectory();
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const logFile = join(directory, 'postgres.log');
  const dataDir = join(directory, 'postgres');
  const postgres = await startPostgres({ dataDir, port: await freePort(), password: 'fault', logFile, durable: false });
  undo.push(() => postgres.stop());
  door = await makeDoor(Number(new URL(postgres.url).port));
  undo.push(() => door.shut());
  const url = new URL(postgres.url);
  url.port = String(door.port);
  // Long enough that whoever waits for a row is caught waiting.
  const gateway = { DATABASE_URL: url.href, KEREGE_GATEWAY_ROW_GRACE_MS: '8000' };
  bus = await startBus({ databaseUrl: postgres.url, env: { gateway } });
  undo.push(() => bus.end());
});
afterAll(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
beforeEach(() => eventually(async () => (await compose()).composition.complete));

async function compose(): Promise<Composed> {
  const parts = TARGETS.map(([name, target]) => ({ name, target: `/r1/${target}` }));
  const answer = await fetch(`${bus.instance.gatewayUrl}/v1/compositions`, {
    method: 'POST',
    headers: { 'X-Road-Client': MYGOV, 'Content-Type': 'application/json' },
    body: JSON.stringify({ deadlineMs: DEADLINE_MS, purpose: 'citizen-view', parts }),
    signal: AbortSignal.timeout(30_000),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Composed;
}

async function stateOf(id: string): Promise<{ state: string }> {
  const url = `${bus.instance.gatewayUrl}/v1/exchanges/${id}`;
  return (await (await fetch(url, { headers: { 'X-Road-Client': MYGOV } })).json()) as { state: string };
}

it('without the connector of some parts is complete for the others, and answered by its deadline', async () => {
  bus.instance.pause('cn1');
  let composed: Composed;
  try {
    composed = await compose();
  } finally {
    bus.instance.resume('cn1');
  }
  expect(composed.composition.tookMs).toBeLessThan(DEADLINE_MS + LATE_MS);
  expect(composed.parts.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['person', expect.stringMatching(/^(failed|pending)$/)],
    ['address', expect.stringMatching(/^(failed|pending)$/)],
    ['aid', 'answered'],
    ['visits', 'answered'],
  ]);
  for (const { exchangeId } of composed.parts.slice(0, 2))
    expect(await eventually(() => evidenceOf(bus.instance, exchangeId))).toBeDefined();
});

it('without its rows claims no outcome, is answered by its deadline all the same, and has each end once', async () => {
  door.jam();
  let composed: Composed;
  try {
    composed = await compose();
  } finally {
    await door.open();
  }
  expect(composed.composition.tookMs).toBeLessThan(DEADLINE_MS + LATE_MS);
  for (const part of composed.parts) {
    expect(part).toMatchObject({
      outcome: 'pending',
      problem: { code: 'outcome-pending', exchangeId: part.exchangeId },
    });
    expect(part).not.toHaveProperty('body');
  }
  // Nobody waits for them any more, and each comes to its end all the same.
  for (const { exchangeId } of composed.parts)
    await eventually(async () => ['answered', 'failed'].includes((await stateOf(exchangeId)).state));
});
